package release

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
)

// freezer takes completed payments in order and makes interchanges of them, or ends those that no order is made for.
type freezer struct {
	*completion
	store      *Store
	x          *postgres.Session // used by pipe alone once payments are taken
	executesOn gateway.Date
	pipe       *pipeline
	seen       int
	doubtful   []int64     // payments that wait
	waits      []completed // those that wait for an account
	givenBack  []completed // what a choice had ordered for them cannot be

	references map[attempt]string // bank_reference
	ic         *freezing
	message    []completed // of the present message, in order
	split      *gateway.Splitter
	signedBy   []byte // fingerprint of the key that signs; nil: none does
	unpaid     *unpaid
	order      gateway.Order // that the codec was given last
}

// freezing is an interchange while its orders come.
type freezing struct {
	id int64
	postgres.OrderNumber
	totals   gateway.Totals
	prepared time.Time
	doc      *postgres.DocumentWriter
	w        gateway.OrderWriter
	broken   error // why it cannot be rendered; it stays frozen
	messages *pgcopy.Rows
	lines    *pgcopy.Rows
}

// since is the earliest month of a delivery of the unit.
func (f *freezer) since() time.Time {
	since := f.frozenIn
	for _, month := range f.months {
		if month.Before(since) {
			since = month
		}
	}
	return since
}

// prepare makes what the orders need: the partitions of their month, and the references of the deliveries.
func (f *freezer) prepare(ctx context.Context) error {
	month, err := f.store.EnsureMonth(ctx, f.store.DB, f.asOf) // on its own, as the references: the release may take long
	if err == nil {
		f.frozenIn, err = time.Parse(time.DateOnly, month.String())
	}
	if err == nil {
		f.references, err = f.store.references(ctx, f.attempts)
	}
	if err == nil {
		err = f.x.NewFacts(ctx)
	}
	return err
}

func (f *freezer) take(ctx context.Context, p *completed) error {
	f.seen++
	switch p.reason {
	case endedReason:
		return nil
	case doubtReason:
		f.doubtful = append(f.doubtful, p.id)
		return nil
	case waitsReason:
		if f.waits = append(f.waits, *p); f.groups == nil {
			return nil // that it does was told
		}
		return f.unpaid.wait(ctx, f, p)
	}
	if p.givenBack {
		f.givenBack = append(f.givenBack, *p)
		return nil
	}
	parts := f.setOffs.takeOf(p)
	err := f.place(ctx, p)
	for i := 0; err == nil && i < len(parts); i++ {
		err = f.place(ctx, &parts[i])
	}
	return err
}

// place gives a payment its place in an interchange, or ends it.
func (f *freezer) place(ctx context.Context, p *completed) error {
	if p.reason != "" || p.tells != "" {
		if err := f.unpaid.add(ctx, f, p); err != nil {
			return err
		}
	}
	if p.reason != "" {
		return nil
	}
	size := orderOverhead + 2*(len(p.e2e)+len(p.text)+len(p.detail)) + len(p.beneficiary)
	if f.bank.DebitText && p.debitText != "" {
		size += lineOverhead + 2*len(p.debitText) // it may be a LIN of its own
	}
	if !f.split.Fits(size) {
		if err := f.endInterchange(ctx); err != nil {
			return err
		}
	}
	if f.ic == nil {
		if err := f.beginInterchange(ctx); err != nil {
			return err
		}
	}
	f.message = append(f.message, *p)
	f.left = f.left.And(gateway.DaySums{Payments: 1, Ore: p.ore, Largest: p.ore})
	if f.split.Add(size) {
		return f.endMessage(ctx)
	}
	return nil
}

// beginInterchange draws a control number and begins the document.
func (f *freezer) beginInterchange(ctx context.Context) error {
	ic := &freezing{prepared: f.asOf.Truncate(time.Minute), messages: pgcopy.New(messageTable()), lines: pgcopy.New(lineTable())}
	err := f.pipe.wait(func() (err error) {
		if ic.OrderNumber, err = f.store.NextOrderNumber(ctx, f.x, f.bank.ID, f.void); err != nil {
			return err
		}
		err = f.x.QueryRowContext(ctx, `INSERT INTO interchange (kind, bank, control_ref, agreement, agreement_id, authority, executes_on,
				prepared_at, month, since, file_name, version, earlier_attempts, agreement_version, bank_version, signed_by)
				VALUES ('PAYMUL', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id`,
			f.bank.ID, ic.Number, f.agreement.Number, f.agreement.ID, f.agreement.AuthorityName, f.executesOn.String(), ic.prepared, f.frozenIn, f.since(),
			f.bank.Files.FinalName(ic.Number), ic.Version, ic.EarlierAttempts, f.agreement.Version, f.bank.Version, f.signedBy).Scan(&ic.id)
		if err != nil {
			return fmt.Errorf("interchange %d: %w", ic.Number, err)
		}
		if _, err = f.x.ExecContext(ctx, `INSERT INTO effect_unlooked (interchange_id, counter) VALUES ($1, $2)`, ic.id, f.counter); err != nil {
			return fmt.Errorf("interchange %d: %w", ic.Number, err)
		}
		f.x.Wakes(postgres.ToEffect)
		ic.doc, err = f.store.NewDocument(ctx, f.x)
		return err
	})
	if err != nil {
		return err
	}
	ic.doc.Through(later{f.pipe, f.x})
	ic.w, ic.broken = f.bank.Codec.Begin(ic.doc, gateway.Interchange{ControlRef: ic.Number.String(), Agreement: f.agreement.Number,
		Authority: f.agreement.AuthorityName, ExecutesOn: f.executesOn, Prepared: ic.prepared.In(f.store.Location)})
	f.ic = ic
	return nil
}

// endMessage places the orders of the present message, stores and renders them.
func (f *freezer) endMessage(ctx context.Context) error {
	if len(f.message) == 0 {
		return nil
	}
	ic := f.ic
	ic.totals.Messages++
	no, ore := ic.totals.Messages, int64(0)
	ref := gateway.MessageRef{Bank: f.bank.ID, Control: ic.Number, No: no}.String()
	if ic.broken == nil {
		ic.broken = ic.w.Message(no, ref)
	}
	orders := pgcopy.New(orderTable())
	for lin, rest := 1, f.message; len(rest) > 0; lin++ {
		line := f.sameLine(rest)
		row := lineRow{Lin: lin, Debit: line[0].debit, Type: line[0].typ, Attempt: line[0].attempt, Payments: len(line)}
		row.Currency.String, row.Currency.Valid = line[0].currency, line[0].currency != ""
		for i := range line {
			row.Ore, row.PaymentOre = row.Ore+line[i].ore, row.PaymentOre+line[i].whole
			f.addOrder(orders, &line[i], no, lin, i+1)
		}
		if !slices.ContainsFunc(line, func(p completed) bool { return p.whole != p.ore }) {
			row.PaymentOre = 0
		}
		ore += row.Ore
		addLine(ic.lines, ic.id, no, row)
		if err := f.renderLine(no, row, line); err != nil {
			return err
		}
		rest = rest[len(line):]
	}
	addMessage(ic.messages, ic.id, no, ref, len(f.message), ore)
	ic.totals.Payments += len(f.message)
	ic.totals.Ore += ore
	f.message = f.message[:0]
	f.split.EndMessage()
	return f.copy(ctx, orderTable(), orders)
}

// copy runs a COPY of rows later.
func (f *freezer) copy(ctx context.Context, table pgcopy.Table, rows *pgcopy.Rows) error {
	if rows.Len() == 0 {
		return nil
	}
	all, err := rows.Take()
	if err != nil {
		return err
	}
	return f.pipe.do(func() error {
		if _, err := f.x.CopyIn(ctx, table.Statement(), bytes.NewReader(all)); err != nil {
			return fmt.Errorf("freeze %s: %w", table.Name, err)
		}
		return nil
	})
}

// sameLine is the orders at the beginning that share a LIN: debit account, type and currency of transfer, and the payer's
// text where the bank takes it, and the attempt.
func (f *freezer) sameLine(orders []completed) []completed {
	first := &orders[0]
	for i := range orders {
		o := &orders[i]
		if o.debit != first.debit || o.typ != first.typ || o.currency != first.currency || o.attempt != first.attempt || f.bank.DebitText && o.debitText != first.debitText {
			return orders[:i]
		}
	}
	return orders
}

// renderLine writes a LIN with its orders, unless the interchange cannot be rendered anyway. An order that cannot be
// read is an error; one that cannot be written leaves the interchange frozen, for NextToRender to tell of.
func (f *freezer) renderLine(message int, row lineRow, line []completed) error {
	ic := f.ic
	if ic.broken == nil {
		ic.broken = ic.w.Line(row.line(ic.Number, message, line[0].debitText))
	}
	for i := range line {
		if ic.broken != nil {
			return nil
		}
		p := &line[i]
		frozen := frozenOrder{seq: i + 1, reference: f.references[attempt{gateway.DeliveryOf(p.id), p.attempt}], e2e: p.e2e, ore: p.ore, currency: p.currency, typ: p.typ,
			kind: p.kind, account: p.account, bic: p.bic, bankCode: p.bankCode, text: p.text, debitText: p.debitText, detail: p.detail, beneficiary: p.beneficiary}
		if err := frozen.tell(&f.order); err != nil {
			return fmt.Errorf("payment %d: %w", p.id, err)
		}
		ic.broken = ic.w.Order(&f.order)
	}
	return nil
}

// endInterchange stores what is left of the present interchange.
func (f *freezer) endInterchange(ctx context.Context) error {
	if err := f.endMessage(ctx); err != nil {
		return err
	}
	if err := f.unpaid.flush(ctx, f); err != nil || f.ic == nil {
		return err
	}
	ic := f.ic
	f.ic = nil
	f.split.EndInterchange()
	if err := f.copy(ctx, messageTable(), ic.messages); err != nil {
		return err
	}
	if err := f.copy(ctx, lineTable(), ic.lines); err != nil {
		return err
	}
	if ic.broken == nil {
		ic.broken = ic.w.End(ic.totals)
	}
	return f.pipe.wait(func() error { return f.store.keepInterchange(ctx, f.x, ic) })
}

// keepInterchange writes an interchange's totals, and that it is rendered, if it could be.
func (s *Store) keepInterchange(ctx context.Context, x *postgres.Session, ic *freezing) error {
	var document any
	var sum []byte
	state := "frozen"
	if ic.broken == nil {
		var err error
		if sum, err = ic.doc.Finish(ctx, x); err != nil {
			return err
		}
		if err := recordChanges(ctx, x, ic.id, ic.w.Changes()); err != nil {
			return err
		}
		document, state = ic.doc.ID(), "rendered"
	} else if err := x.DeleteDocument(ctx, ic.doc.ID()); err != nil {
		return fmt.Errorf("interchange %d: %w", ic.id, err)
	}
	err := x.UpdateOne(ctx, `UPDATE interchange SET messages = $2, payments = $3, ore = $4, state = $5::interchange_state, document_id = $6
		WHERE id = $1 AND state = 'frozen'`, ic.id, ic.totals.Messages, ic.totals.Payments, ic.totals.Ore, state, document)
	if err != nil {
		return fmt.Errorf("interchange %d: %w", ic.id, err)
	}
	return s.auditSums(ctx, x, ic.id, sum)
}
