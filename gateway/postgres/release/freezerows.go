package release

import (
	"context"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
)

// orderTable is the table bank_order.
func orderTable() pgcopy.Table {
	return pgcopy.Table{Name: "bank_order", Columns: []string{"month", "payment_id", "payer_id", "authority", "ore", "interchange_id", "account_version", "message_no", "lin",
		"seq", "attempt", "type", "account_kind", "rule", "account", "bic", "bank_code", "transfer_currency", "beneficiary"}}
}

// messageTable is the table message.
func messageTable() pgcopy.Table {
	return pgcopy.Table{Name: "message", Columns: []string{"interchange_id", "no", "ref", "payments", "ore"}}
}

// lineTable is the table order_line as freezing fills it.
func lineTable() pgcopy.Table {
	return pgcopy.Table{Name: "order_line", Columns: []string{"interchange_id", "message_no", "lin", "debit_account", "type", "transfer_currency",
		"payments", "ore", "payment_ore", "attempt"}}
}

// dueTable is the table answer_due as a release fills it.
func dueTable() pgcopy.Table {
	return pgcopy.Table{Name: "answer_due", Columns: []string{"kind", "delivery_id", "month", "payment_id", "attempt", "status", "code", "text", "caused_at"}}
}

// tallyTable is the table answer_due_tally.
func tallyTable() pgcopy.Table {
	return pgcopy.Table{Name: "answer_due_tally", Columns: []string{"delivery_id", "kind", "payments", "first_at", "last_at"}}
}

// changeTable is the table text_change.
func changeTable() pgcopy.Table {
	return pgcopy.Table{Name: "text_change", Columns: []string{"interchange_id", "message_no", "lin", "seq", "field", "what"}}
}

func (f *freezer) addOrder(to *pgcopy.Rows, p *completed, message, lin, seq int) {
	payer := f.payers[gateway.DeliveryOf(p.id)]
	to.Day("month", f.frozenIn)
	to.Int8("payment_id", p.id)
	to.Int4("payer_id", payer.ID)
	to.Text("authority", payer.Authority)
	to.Int8("ore", p.ore)
	to.Int8("interchange_id", f.ic.id)
	to.OptionalInt8("account_version", p.version)
	to.Int4("message_no", int32(message))
	to.Int4("lin", int32(lin))
	to.Int4("seq", int32(seq))
	to.Int2("attempt", p.attempt)
	to.Int2("type", p.typ)
	to.Int2("account_kind", p.kind)
	to.Int2("rule", p.rule)
	to.Text("account", p.account)
	to.Optional("bic", p.bic)
	to.Optional("bank_code", p.bankCode)
	to.Optional("transfer_currency", p.currency)
	to.JSON("beneficiary", p.beneficiary)
	to.End()
}

func addLine(to *pgcopy.Rows, interchange int64, message int, l lineRow) {
	to.Int8("interchange_id", interchange)
	to.Int4("message_no", int32(message))
	to.Int4("lin", int32(l.Lin))
	to.Text("debit_account", l.Debit)
	to.Int2("type", l.Type)
	to.Optional("transfer_currency", l.Currency.String)
	to.Int4("payments", int32(l.Payments))
	to.Int8("ore", l.Ore)
	to.OptionalInt8("payment_ore", l.PaymentOre)
	to.Int2("attempt", l.Attempt)
	to.End()
}

func addMessage(to *pgcopy.Rows, interchange int64, no int, ref string, payments int, ore int64) {
	to.Int8("interchange_id", interchange)
	to.Int4("no", int32(no))
	to.Text("ref", ref)
	to.Int4("payments", int32(payments))
	to.Int8("ore", ore)
	to.End()
}

// unpaid gathers what is told of payments that are returned before any order, or become cheques.
type unpaid struct {
	facts, dues, tally *pgcopy.Rows
	owed               map[int64]int64 // how many of the dues are of a delivery
}

func newUnpaid() *unpaid {
	return &unpaid{facts: pgcopy.New(postgres.NewFactTable()), dues: pgcopy.New(dueTable()), tally: pgcopy.New(tallyTable()), owed: map[int64]int64{}}
}

// unpaidRows is how many are stored at a time.
const unpaidRows = 5000

// add ends a payment that no order is made for, and owes its authority response 7; a cheque is told by response 7 too.
func (u *unpaid) add(ctx context.Context, f *freezer, p *completed) error {
	about := p.attempt
	if about == neverOrdered+1 {
		about = neverOrdered // what has never been ordered ends before any attempt
	}
	status, code, text := gateway.StatusAccepted, "", p.tells
	if p.reason != "" {
		status, code, text = gateway.StatusRejected, string(gateway.CodeNoAccount), p.reason.Text()
		u.fact(f, p.id, about, gateway.FactNotPayable, code, text)
	}
	return u.owe(ctx, f, p.id, about, status, code, text)
}

// wait keeps a payment until an account arrives, and owes its authority response 7 about that.
func (u *unpaid) wait(ctx context.Context, f *freezer, p *completed) error {
	text := gateway.SettlementText(gateway.SettleWait, "", f.until(p))
	u.fact(f, p.id, neverOrdered, gateway.FactAwaitsAccount, "", text)
	return u.owe(ctx, f, p.id, neverOrdered, gateway.StatusAccepted, "", text)
}

func (u *unpaid) fact(f *freezer, payment int64, about int16, kind gateway.FactKind, code, text string) {
	u.facts.Day("month", f.months[gateway.DeliveryOf(payment)])
	u.facts.Int8("payment_id", payment)
	u.facts.Int2("attempt", about)
	u.facts.Text("kind", string(kind))
	u.facts.Optional("code", code)
	u.facts.Text("text", text)
	u.facts.End()
}

// owe owes response 7.
func (u *unpaid) owe(ctx context.Context, f *freezer, payment int64, about int16, status, code, text string) error {
	delivery := gateway.DeliveryOf(payment)
	u.dues.Int2("kind", int16(gateway.Response7))
	u.dues.Int8("delivery_id", delivery)
	u.dues.Day("month", f.months[delivery])
	u.dues.Int8("payment_id", payment)
	u.dues.Int2("attempt", about)
	u.dues.Text("status", status)
	u.dues.Optional("code", code)
	u.dues.Text("text", text)
	u.dues.Instant("caused_at", f.asOf)
	u.dues.End()
	u.owed[delivery]++
	if u.dues.Len() < unpaidRows {
		return nil
	}
	return u.flush(ctx, f)
}

func (u *unpaid) flush(ctx context.Context, f *freezer) error {
	if err := f.copy(ctx, dueTable(), u.dues); err != nil {
		return err
	}
	for delivery, n := range u.owed {
		u.tally.Int8("delivery_id", delivery)
		u.tally.Int2("kind", int16(gateway.Response7))
		u.tally.Int8("payments", n)
		u.tally.Instant("first_at", f.asOf)
		u.tally.Instant("last_at", f.asOf)
		u.tally.End()
	}
	clear(u.owed)
	if err := f.copy(ctx, tallyTable(), u.tally); err != nil || u.facts.Len() == 0 {
		return err
	}
	if err := f.copy(ctx, postgres.NewFactTable(), u.facts); err != nil {
		return err
	}
	return f.pipe.do(func() error { return f.store.RecordFacts(ctx, f.x) })
}
