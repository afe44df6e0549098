package bank

import (
	_ "embed"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
	"nks/pgscript"
)

//go:embed sql/posting_tables.sql
var postingTablesScript string

// The temporary tables of what banks have booked, as COPY fills them.

func postingTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.heard_posting", Columns: []string{"n", "message", "report", "statement", "account", "reference", "posted_on", "value_on", "ore",
		"charge_ore", "parts", "text", "unclear"}}
}

func partTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.heard_part", Columns: []string{"n", "part", "reference", "ore", "charge_ore", "ordered_ore", "foreign_amount", "foreign_currency", "rate",
		"account", "code", "text"}}
}

func lineTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.heard_line", Columns: []string{"n", "part", "reference", "control_ref", "message_no", "lin"}}
}

func statementTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.heard_statement", Columns: []string{"n", "message", "statement", "account", "number", "day", "opening_ore", "closing_ore", "entries",
		"entries_ore", "adds_up", "unclear"}}
}

// booked gathers postings and statements of a file in temporary tables.
type booked struct{ postings, parts, lines, statements *pgcopy.Rows }

// bookings makes the tables when the first is heard: most files have none.
func (h *hearing) bookings() (*booked, error) {
	if h.booked == nil {
		if err := pgscript.Run(h.ctx, h.x, postingTablesScript, nil); err != nil {
			return nil, err
		}
		h.booked = &booked{pgcopy.New(postingTable()), pgcopy.New(partTable()), pgcopy.New(lineTable()), pgcopy.New(statementTable())}
	}
	return h.booked, nil
}

func (b *booked) flush(h *hearing) error {
	for _, t := range []struct {
		table pgcopy.Table
		rows  *pgcopy.Rows
	}{{postingTable(), b.postings}, {partTable(), b.parts}, {lineTable(), b.lines}, {statementTable(), b.statements}} {
		if err := h.copyIn(t.table, t.rows); err != nil {
			return err
		}
	}
	return nil
}

// day gives a date; none is NULL.
func day(r *pgcopy.Rows, column string, d gateway.Date) {
	if d.IsZero() {
		r.Null(column)
		return
	}
	r.Day(column, d.At(0, time.UTC))
}

// Posting implements gateway.BankSink.
func (h *hearing) Posting(p gateway.BankPosting) error {
	b, err := h.bookings()
	if err != nil {
		return err
	}
	h.n++
	r := b.postings
	r.Int4("n", int32(h.n))
	r.Int4("message", int32(p.Message))
	r.Text("report", string(p.Report))
	r.Int4("statement", int32(p.Statement))
	r.Optional("account", p.Account)
	r.Text("reference", p.Reference)
	day(r, "posted_on", p.PostedOn)
	day(r, "value_on", p.ValueOn)
	r.OptionalInt8("ore", p.Ore)
	r.Int8("charge_ore", p.ChargeOre)
	parts := len(p.Parts)
	if parts == 0 {
		parts = len(p.LineRefs)
	}
	r.Int4("parts", int32(parts))
	r.Optional("text", p.Text)
	r.Optional("unclear", p.Unclear)
	r.End()
	for i := range p.Parts {
		b.part(h.n, i+1, &p.Parts[i])
	}
	for i, ref := range p.LineRefs {
		b.line(h.n, i+1, ref)
	}
	if r.Size()+b.parts.Size() >= postgres.PieceBytes {
		return b.flush(h)
	}
	return nil
}

func (b *booked) part(n, no int, p *gateway.PostingPart) {
	r := b.parts
	r.Int4("n", int32(n))
	r.Int4("part", int32(no))
	r.Optional("reference", p.Reference)
	r.Int8("ore", p.Ore)
	r.Int8("charge_ore", p.ChargeOre)
	r.OptionalInt8("ordered_ore", p.OrderedOre)
	r.OptionalInt8("foreign_amount", p.ForeignAmount)
	r.Optional("foreign_currency", p.ForeignCurrency)
	r.Optional("rate", p.Rate)
	r.Optional("account", p.Account)
	r.Optional("code", p.Code)
	r.Optional("text", p.Text)
	r.End()
}

// line is a line of ours that a posting names; one that cannot be ours has no control number.
func (b *booked) line(n, no int, reference string) {
	ref, err := gateway.ParseLineRef(reference)
	if err != nil {
		ref = gateway.LineRef{}
	}
	r := b.lines
	r.Int4("n", int32(n))
	r.Int4("part", int32(no))
	r.Text("reference", reference)
	r.OptionalInt8("control_ref", int64(ref.Control))
	r.Int4("message_no", int32(ref.No))
	r.Int4("lin", int32(ref.LineNo))
	r.End()
}

// Statement implements gateway.BankSink.
func (h *hearing) Statement(s gateway.BankStatement) error {
	b, err := h.bookings()
	if err != nil {
		return err
	}
	h.n++
	r := b.statements
	r.Int4("n", int32(h.n))
	r.Int4("message", int32(s.Message))
	r.Int4("statement", int32(s.No))
	r.Optional("account", s.Account)
	r.Text("number", s.Number)
	day(r, "day", s.Day)
	r.Int8("opening_ore", s.OpeningOre)
	r.Int8("closing_ore", s.ClosingOre)
	r.Int4("entries", int32(s.Entries))
	r.Int8("entries_ore", s.EntriesOre)
	r.Bool("adds_up", s.AddsUp())
	r.Optional("unclear", s.Unclear)
	r.End()
	return nil
}
