package bank

import (
	"bytes"
	"context"
	_ "embed"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
	"nks/pgscript"
)

//go:embed sql/tables.sql
var tablesScript string

// makeTables makes the temporary tables of a hearing; they go with the transaction.
func makeTables(ctx context.Context, x *postgres.Session) error {
	return pgscript.Run(ctx, x, tablesScript, nil)
}

// statusTable is the temporary table bank_status.
func statusTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.bank_status", Columns: []string{"n", "message_ref", "lin", "seq", "reference", "meaning", "ore", "code", "text"}}
}

// heardContrl is a CONTRL and its number in the file; its messages have the numbers after it.
type heardContrl struct {
	gateway.Contrl
	n int
}

// hearing gathers what stands in a file: CONTRLs in memory (few), statuses in the temporary table bank_status (many).
type hearing struct {
	ctx         context.Context
	x           *postgres.Session
	controls    []heardContrl
	unknown     []fact // messages of types that are not known
	unknownMore int    // beyond the first of them
	n           int    // of the last statement
	statuses    *pgcopy.Rows
	booked      *booked // nil: the file has no posting and no statement
}

func newHearing(ctx context.Context, x *postgres.Session) *hearing {
	return &hearing{ctx: ctx, x: x, statuses: pgcopy.New(statusTable())}
}

// mostContrls bounds what one file may hold.
const mostContrls = 10_000

func tooManyContrls() error {
	return &gateway.UnreadableError{Text: "more than 10,000 CONTRL messages in one file"}
}

// Contrl implements gateway.BankSink.
func (h *hearing) Contrl(c gateway.Contrl) error {
	if len(h.controls) == mostContrls {
		return tooManyContrls()
	}
	h.controls = append(h.controls, heardContrl{c, h.n + 1})
	h.n += 1 + len(c.Messages)
	return nil
}

// Unknown implements gateway.BankSink.
func (h *hearing) Unknown(messageType string) error {
	if len(h.unknown) == mostItems {
		h.unknownMore++
		return nil
	}
	h.n++
	h.unknown = append(h.unknown, fact{N: h.n, Kind: kindMessage, Meaning: messageType})
	return nil
}

// Status implements gateway.BankSink.
func (h *hearing) Status(s gateway.BankStatus) error {
	h.n++
	h.statuses.Int4("n", int32(h.n))
	h.statuses.Optional("message_ref", s.MessageRef)
	h.statuses.OptionalInt8("lin", int64(s.Line))
	h.statuses.OptionalInt8("seq", int64(s.Seq))
	h.statuses.Optional("reference", s.Reference)
	h.statuses.Text("meaning", string(s.Meaning))
	h.statuses.OptionalInt8("ore", s.Ore)
	h.statuses.Optional("code", s.Code)
	h.statuses.Optional("text", s.Text)
	h.statuses.End()
	if h.statuses.Size() >= postgres.PieceBytes {
		return h.flush()
	}
	return nil
}

func (h *hearing) flush() error {
	if err := h.copyIn(statusTable(), h.statuses); err != nil || h.booked == nil {
		return err
	}
	return h.booked.flush(h)
}

// copyIn copies the rows that were gathered into their table.
func (h *hearing) copyIn(table pgcopy.Table, gathered *pgcopy.Rows) error {
	if gathered.Len() == 0 {
		return nil
	}
	rows, err := gathered.Take()
	if err != nil {
		return err
	}
	_, err = h.x.CopyIn(h.ctx, table.Statement(), bytes.NewReader(rows))
	return err
}
