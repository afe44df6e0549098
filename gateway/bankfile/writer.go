package bankfile

import (
	"fmt"
	"io"

	"nks/edifact"
	"nks/gateway"
)

// Limits of D.96A PAYMUL and of UNB.
const (
	maxLines      = 9999
	maxSequences  = 9999
	maxControlRef = 14
	maxReference  = 35
)

// Writer writes one interchange of PAYMUL. It refuses what does not agree with
// what it was told before; after an error it does nothing more.
type Writer struct {
	codec *Codec
	edi   *outgoing
	in    gateway.Interchange
	err   error

	changes []gateway.TextChange
	scratch []string

	message          int // number of the open message, 0 before the first
	refs             map[string]bool
	lines            int // LIN of the open message
	line             gateway.Line
	orders           int  // of the line
	debitTextDropped bool // told of the line
	ore              int64
	inAll            struct {
		messageOrders, orders int
		ore                   int64
	}
}

var _ gateway.OrderWriter = (*Writer)(nil)

// Begin begins an interchange on out. The date of preparation is written as
// i.Prepared reads in its own location.
func (c *Codec) Begin(out io.Writer, i gateway.Interchange) (gateway.OrderWriter, error) {
	if len(i.ControlRef) == 0 || len(i.ControlRef) > maxControlRef || !gateway.AllDigits(i.ControlRef) {
		return nil, fmt.Errorf("%w: control reference %q is not 1 to 14 digits", ErrUnwritable, i.ControlRef)
	}
	if i.Agreement == "" || len([]rune(i.Agreement)) > maxReference {
		return nil, fmt.Errorf("%w: agreement number has not 1 to 35 characters", ErrUnwritable)
	}
	edi, err := c.begin(out, edifact.UNB{
		Sender: c.own(), Recipient: c.bank(),
		ControlRef: i.ControlRef, AckRequest: true, Agreement: i.Agreement, TestIndicator: c.testIndicator(),
	}, i.Prepared)
	if err != nil {
		return nil, err
	}
	return &Writer{codec: c, in: i, edi: edi, refs: map[string]bool{}}, nil
}

// Changes implements gateway.OrderWriter.
func (w *Writer) Changes() []gateway.TextChange { return w.changes }

// refuse keeps the first reason, with the place.
func (w *Writer) refuse(format string, values ...any) error {
	if w.err == nil {
		place := fmt.Sprintf("interchange %s message %d LIN %d SEQ %d: ", w.in.ControlRef, w.message, w.line.No, w.orders)
		w.err = fmt.Errorf("%w: "+place+format, append([]any{ErrUnwritable}, values...)...)
	}
	return w.err
}

// state is the first error, be it ours or of what lies below.
func (w *Writer) state() error {
	if w.err == nil && w.edi.Err() != nil {
		w.err = fmt.Errorf("interchange %s message %d LIN %d SEQ %d: %w", w.in.ControlRef, w.message, w.line.No, w.orders, w.edi.Err())
	}
	return w.err
}

// Message begins the message with the number no, counted from 1, and the id
// that the bank's answers will name.
func (w *Writer) Message(no int, ref string) error {
	if err := w.endMessage(); err != nil {
		return err
	}
	if no != w.message+1 {
		return w.refuse("message %d comes out of order", no)
	}
	if len([]rune(ref)) == 0 || len([]rune(ref)) > maxReference || w.refs[ref] {
		return w.refuse("message %d has an id that is empty, too long, or used before", no)
	}
	w.refs[ref] = true
	w.message, w.lines, w.line, w.orders, w.inAll.messageOrders = no, 0, gateway.Line{}, 0, 0
	h := edifact.UNH{Ref: fmt.Sprint(no), Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN"}
	w.edi.opens(h)
	w.edi.Message(h)
	w.edi.Segment("BGM").Elem("452").Elem(ref).Elem("9")
	w.edi.Segment("DTM").Elem("137").Comp(w.in.Prepared.Format("20060102")).Comp("102")
	return w.state()
}

func (w *Writer) endMessage() error {
	if err := w.endLine(); err != nil || w.message == 0 {
		return err
	}
	if w.lines == 0 {
		return w.refuse("message without LIN")
	}
	w.edi.Segment("CNT").Elem("LIN").CompInt(w.lines)
	w.edi.Segment("CNT").Elem("SEQ").CompInt(w.inAll.messageOrders)
	w.edi.EndMessage()
	w.edi.closed()
	return w.state()
}

// Line begins a LIN. Its count and sum are written at once, and must be those
// of the orders that follow.
func (w *Writer) Line(l gateway.Line) error {
	if err := w.endLine(); err != nil {
		return err
	}
	if w.message == 0 || l.No != w.lines+1 || l.No > maxLines {
		return w.refuse("LIN %d comes out of order", l.No)
	}
	if l.Orders < 1 || l.Orders > maxSequences || l.Ore < 1 {
		return w.refuse("LIN %d is of %d orders and %d øre", l.No, l.Orders, l.Ore)
	}
	if len(l.DebitAccount) != 14 || !gateway.AllDigits(l.DebitAccount) {
		return w.refuse("LIN %d: debit account is not 14 digits", l.No)
	}
	if l.GroupRef == "" || len([]rune(l.GroupRef)) > maxReference {
		return w.refuse("LIN %d: group reference has not 1 to 35 characters", l.No)
	}
	w.lines, w.line, w.orders, w.ore, w.debitTextDropped = l.No, l, 0, 0, false
	return w.writeLine()
}

func (w *Writer) writeLine() error {
	l, e := &w.line, w.edi
	e.Segment("LIN").ElemInt(l.No)
	e.Segment("DTM").Elem("203").Comp(compact(w.in.ExecutesOn)).Comp("102")
	e.Segment("RFF").Elem("AEK").Comp(l.GroupRef)
	switch l.Type {
	case gateway.Transfer, gateway.ErrorOrder:
		e.Segment("BUS").Elem("").Elem("DO").Elem("").Elem("IBB")
	case gateway.Salary:
		e.Segment("BUS").Elem("").Elem("DO").Elem("").Elem("IBL")
	case gateway.PaymentSlip:
		e.Segment("BUS").Elem("").Elem("DO").Elem("").Elem("IBK")
	case gateway.ForeignOrder:
		e.Segment("BUS").Elem("").Elem("IN").Elem("").Elem("UBB")
	case gateway.Cheque:
		if !w.codec.profile.Cheques {
			return w.refuse("the bank writes no cheques")
		}
		e.Segment("BUS").Elem("").Elem("DO").Elem("").Elem("IBB")
	default:
		return w.refuse("payment type %d is unknown", l.Type)
	}
	e.Segment("MOA").Elem("9").CompAmount(l.Ore, 2).Comp("DKK")
	if other := currency(l.TransferCurrency); other != "DKK" {
		e.Segment("CUX").Elem("2").Comp("DKK").Elem("3").Comp(other)
	}
	w.domestic("OR", gateway.Account{Number: l.DebitAccount}, "DKK")
	e.Segment("NAD").Elem("OY").Elem("").Elem("")
	w.composite("authority", w.in.Authority, 5)
	if w.codec.profile.DebitText && l.DebitText != "" {
		e.Segment("PRC").Elem("11")
		e.Segment("FTX").Elem("AAI").Elem("").Elem("")
		w.composite(debitText, l.DebitText, freeTextLines)
	}
	return w.state()
}

// compact is a date as ccyymmdd (2379 code 102).
func compact(d gateway.Date) string { return fmt.Sprintf("%04d%02d%02d", d.Year, d.Month, d.Day) }

// currency is what the recipient gets; nothing means kroner.
func currency(s string) string {
	if s == "" {
		return "DKK"
	}
	return s
}

func (w *Writer) endLine() error {
	if err := w.state(); err != nil || w.line.No == 0 {
		return err
	}
	if w.orders != w.line.Orders || w.ore != w.line.Ore {
		return w.refuse("LIN says %d orders and %d øre, there are %d and %d", w.line.Orders, w.line.Ore, w.orders, w.ore)
	}
	w.inAll.messageOrders += w.orders
	w.inAll.orders += w.orders
	w.inAll.ore += w.ore
	w.line, w.orders, w.ore = gateway.Line{}, 0, 0
	return nil
}

// End checks the interchange as a whole and writes what is left of it.
func (w *Writer) End(frozen gateway.Totals) error {
	if err := w.endMessage(); err != nil {
		return err
	}
	written := gateway.Totals{Messages: w.message, Payments: w.inAll.orders, Ore: w.inAll.ore}
	if written.Payments < 1 {
		return w.refuse("nothing is ordered")
	}
	if written != frozen {
		return w.refuse("frozen with %d messages, %d payments, %d øre; there are %d, %d, %d",
			frozen.Messages, frozen.Payments, frozen.Ore, written.Messages, written.Payments, written.Ore)
	}
	if err := w.edi.finish(); err != nil {
		return fmt.Errorf("interchange %s: %w", w.in.ControlRef, err)
	}
	return nil
}
