package settle

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
	"nks/pgscript"
)

//go:embed sql/carry_out.sql
var carryOutScript string

// kind is what an obligation orders.
type kind string

// The kinds that a choice makes.
const (
	kindCheque   kind = "cheque"
	kindError    kind = "error_account"
	kindComplete kind = "complete"
)

// kindOf is what is to be ordered; empty: nothing.
func kindOf(does gateway.Settlement) kind {
	switch does {
	case gateway.SettleCheque:
		return kindCheque
	case gateway.SettleError:
		return kindError
	case gateway.SettleAccount, gateway.SettleWait:
		return kindComplete
	}
	return ""
}

// settlement is what an obligation of the kind comes to, as far as its authority was told.
func (k kind) settlement() gateway.Settlement {
	switch k {
	case kindCheque:
		return gateway.SettleCheque
	case kindError:
		return gateway.SettleError
	}
	return gateway.SettleWait
}

// settlingTable is the temporary table settling.
func settlingTable() pgcopy.Table {
	return pgcopy.Table{Name: "settling", Columns: []string{"month", "payment_id", "attempt", "payer_id", "cause", "kind", "joins", "text", "interchange_id", "message_no", "lin", "fact_n",
		"fact_month", "choice", "choice_version", "agreement_id", "debit_account", "ore", "due_on", "holder", "holder_kind", "hold_until", "posting_id", "posting_part"}}
}

// tellingTable is the temporary table telling.
func tellingTable() pgcopy.Table {
	return pgcopy.Table{Name: "telling", Columns: []string{"n", "delivery_id", "month", "payment_id", "attempt", "text", "replaces"}}
}

const temporaryTables = `CREATE TEMP TABLE settling (month date, payment_id bigint, attempt smallint, payer_id int, cause text, kind text, joins boolean, text text, interchange_id bigint,
		message_no int, lin int, fact_n int, fact_month date, choice text, choice_version bigint, agreement_id bigint, debit_account text, ore bigint, due_on date, holder bigint,
		holder_kind smallint, hold_until date, posting_id bigint, posting_part int) ON COMMIT DROP;
	CREATE TEMP TABLE telling (n int, delivery_id bigint, month date, payment_id bigint, attempt smallint, text text, replaces boolean, replaced boolean DEFAULT false) ON COMMIT DROP`

// carryOut writes what is done, in one go for the batch.
func (s *Store) carryOut(ctx context.Context, x *postgres.Session, all batch, out *outcomes, now time.Time) error {
	today := gateway.DateOf(now.In(s.Location))
	if _, err := x.ExecContext(ctx, temporaryTables); err != nil {
		return fmt.Errorf("temporary tables: %w", err)
	}
	settling := pgcopy.New(settlingTable())
	for i := range out.all {
		out.all[i].write(settling, all.interchange, today)
	}
	telling := pgcopy.New(tellingTable())
	for n, t := range out.answers {
		t.write(telling, n)
	}
	for table, rows := range map[string]*pgcopy.Rows{settlingTable().Statement(): settling, tellingTable().Statement(): telling} {
		if err := copyRows(ctx, x, table, rows); err != nil {
			return err
		}
	}
	if err := x.NewFacts(ctx); err != nil {
		return err
	}
	err := pgscript.Run(ctx, x, carryOutScript, pgscript.Args{"by_line": all.byLine, "today": today.String(), "now": now, "due": all.due, "response8": int(gateway.Response8),
		"response9": int(gateway.Response9), "rejected": gateway.StatusRejected, "rejectcode": string(gateway.CodeBankReject)})
	if err == nil {
		err = s.RecordFacts(ctx, x)
	}
	for _, payment := range out.failed {
		if err == nil {
			err = s.RaiseDetail(ctx, x, gateway.SettlementFailed, strconv.FormatInt(payment, 10), gateway.DetailFailedAgain.With())
		}
	}
	if err != nil {
		return err
	}
	s.Failpoint("after-settling-before-commit")
	x.Wakes(postgres.ToSettle, postgres.ToAnswer, postgres.ToRelease)
	return nil
}

func copyRows(ctx context.Context, x *postgres.Session, statement string, rows *pgcopy.Rows) error {
	if rows.Len() == 0 {
		return nil
	}
	b, err := rows.Take()
	if err == nil {
		_, err = x.CopyIn(ctx, statement, bytes.NewReader(b))
	}
	return err
}

func (o *outcome) write(to *pgcopy.Rows, interchange int64, today gateway.Date) {
	r, what := o.of, kindOf(o.does)
	due := today
	if o.does == gateway.SettleWait {
		due = o.until.AddDays(1)
	}
	to.Day("month", r.Month)
	to.Int8("payment_id", r.Payment)
	to.Int2("attempt", r.Attempt)
	to.Int4("payer_id", r.PayerID)
	to.Text("cause", string(r.Cause))
	to.Optional("kind", string(what))
	to.Bool("joins", r.OpenAttempt != 0)
	to.Text("text", gateway.SettlementText(o.does, "", o.until))
	to.Int8("interchange_id", interchange)
	to.Int4("message_no", int32(r.Message))
	to.Int4("lin", int32(r.Line))
	to.Int4("fact_n", int32(r.FactN))
	to.Day("fact_month", r.FactMonth)
	to.Text("choice", string(o.choice.Does))
	to.Int8("choice_version", o.choice.Version)
	to.Int8("agreement_id", r.AgreementID)
	to.Text("debit_account", r.where())
	to.Int8("ore", o.ore)
	to.Day("due_on", due.At(0, time.UTC))
	if what == kindComplete {
		to.Int8("holder", r.Holder)
		to.Int2("holder_kind", int16(r.HolderKind))
		to.Day("hold_until", o.until.At(0, time.UTC))
	} else {
		to.Null("holder")
		to.Null("holder_kind")
		to.Null("hold_until")
	}
	to.OptionalInt8("posting_id", r.PostingID)
	to.Int4("posting_part", int32(r.PostingPart))
	to.End()
}

func (t answered) write(to *pgcopy.Rows, n int) {
	to.Int4("n", int32(n))
	to.Int8("delivery_id", t.of.Delivery)
	to.Day("month", t.of.Month)
	to.Int8("payment_id", t.of.Payment)
	to.Int2("attempt", t.of.Attempt)
	to.Text("text", t.text)
	to.Bool("replaces", t.of.Cause == gateway.CauseBankRejected)
	to.End()
}
