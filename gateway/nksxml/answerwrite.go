package nksxml

import (
	"fmt"
	"io"
)

// Write writes an answer as ReadAnswer returns them. What the schema would not take is an error; w may then have got a
// part of the document.
func Write(w io.Writer, doc any) error {
	switch d := doc.(type) {
	case *Receipt0:
		return writeReceipt(w, elNKSReceipt0, &typeAction0, "Bad XML", &d.Header, d.Errors, "")
	case *Receipt1:
		if (d.Action == Rejected) != (len(d.Errors) > 0) {
			return fmt.Errorf("nksxml: write NKSReceipt1: errors stand in it when it rejects and only then")
		}
		if d.Action == Rejected && d.Note != "" {
			return fmt.Errorf("nksxml: write NKSReceipt1: a note stands in it when it accepts and only then")
		}
		return writeReceipt(w, elNKSReceipt1, &typeAction1, d.Action, &d.Header, d.Errors, d.Note)
	case *Response2:
		return writeStatuses(w, d, d.Blocks)
	case *Response5:
		return writeStatuses(w, d, d.Blocks)
	case *Response7:
		return writeStatuses(w, d, d.Blocks)
	case *Response9:
		return writeStatuses(w, d, d.Blocks)
	case *Response8:
		out := NewResponse8Writer(w, &d.General)
		for i := range d.Blocks {
			_ = out.Begin(&d.Blocks[i].Debit)
			for j := range d.Blocks[i].Transfers {
				_ = out.Tx(&d.Blocks[i].Transfers[j])
			}
		}
		return out.End()
	}
	return fmt.Errorf("nksxml: write %T: not an answer", doc)
}

func writeStatuses(w io.Writer, head StatusHead, blocks [][]Status) error {
	out := NewStatusWriter(w, head)
	for _, block := range blocks {
		_ = out.Begin()
		for i := range block {
			_ = out.Tx(&block[i])
		}
	}
	return out.End()
}

func writeReceipt(w io.Writer, root symbol, action *textType, status string, h *AnswerHeader, faults []Fault, note string) error {
	x := newXMLWriter(w, root)
	x.root(root, true, false)
	x.header(root, h, func() { x.str(elAction, action, status) }, func() {
		x.maybeStr(elDescription, &typeReason, note)
		x.faults(root, faults)
	})
	return x.finish(root)
}

// header writes a MessageHeader, with what some documents have in it.
func (x *xmlWriter) header(root symbol, h *AnswerHeader, action, faults func()) {
	x.start(elAnswerHeader, xmlAttr{"ebms:id", answerIDs[root], &typeID}, xmlAttr{"ebms:version", "2.0", &typeVersion})
	x.parties(elFrom, h.From)
	if root != elNKSReceipt0 || len(h.To) > 0 {
		x.parties(elTo, h.To)
	}
	action()
	x.start(elMessageData)
	x.str(elMessageId, &typeID, h.MessageID)
	x.clock(elTimestamp, h.Timestamp)
	if root != elNKSReceipt0 || h.RefToMessageID != "" {
		x.str(elRefToMessageId, &typeID, h.RefToMessageID)
	}
	x.end(elMessageData)
	faults()
	x.end(elAnswerHeader)
}

func (x *xmlWriter) parties(s symbol, ids []string) {
	if len(ids) < 1 || len(ids) > maxParties {
		x.fail(s, fmt.Sprintf("%d parties", len(ids)))
	}
	x.start(s)
	for _, id := range ids {
		x.str(elPartyId, &typeID, id)
	}
	x.end(s)
}

func (x *xmlWriter) faults(root symbol, faults []Fault) {
	if len(faults) == 0 {
		if root == elNKSReceipt0 {
			x.fail(elErrorList, "no error")
		}
		return
	}
	x.start(elErrorList, xmlAttr{"ebms:highestSeverity", "Error", &typeSeverity})
	for _, f := range faults {
		x.start(elError, xmlAttr{"ebms:errorCode", f.Code, &typeCode}, xmlAttr{"ebms:severity", "Error", &typeSeverity})
		x.str(elDescription, &typeReason, f.Description)
		x.end(elError)
	}
	x.end(elErrorList)
}

// StatusHead is a *Response2, *Response5, *Response7 or *Response9, of which all but its Blocks is written.
type StatusHead interface {
	writeHead(*xmlWriter) (root symbol, originals bool, atLeast int)
}

func (d *Response2) writeHead(x *xmlWriter) (symbol, bool, int) {
	x.root(elNKSResponse2, true, true)
	x.header(elNKSResponse2, &d.Header, func() {}, func() {})
	x.general(&d.General, func() {
		x.str(elGrpSts, &typeGroupStatus, d.Group.Status)
		x.str(elStsRsn, &typeStatusCode, d.Group.Reason)
		x.maybeStr(elAddtlInf, &typeReason, d.Group.Text)
	})
	return elNKSResponse2, false, 0
}

func (d *Response5) writeHead(x *xmlWriter) (symbol, bool, int) {
	x.root(elNKSResponse5, true, true)
	x.header(elNKSResponse5, &d.Header, func() {}, func() {})
	x.general(&d.General, func() {
		x.str(elGrpSts, &typeGroupStatus, d.Group.Status)
		x.maybeStr(elStsRsn, &typeStatusCode, d.Group.Reason)
		x.maybeStr(elAddtlInf, &typeReason, d.Group.Text)
	})
	return elNKSResponse5, false, 0
}

func (d *Response7) writeHead(x *xmlWriter) (symbol, bool, int) {
	x.root(elNKSResponse7, false, true)
	x.general(&d.General, func() {})
	return elNKSResponse7, true, 1
}

func (d *Response9) writeHead(x *xmlWriter) (symbol, bool, int) {
	x.root(elNKSResponse9, false, true)
	x.general(&d.General, func() {})
	return elNKSResponse9, true, 1
}

// general writes GnlInf and OrgnlGrpRefInfAndSts.
func (x *xmlWriter) general(g *General, status func()) {
	x.start(elGnlInf)
	x.str(elPmtInitnStsId, &typeID, g.StatusID)
	x.clock(elCreDtTm, g.Created)
	x.start(elInitgPty)
	x.start(elOrgId)
	x.start(elPrtryId)
	x.str(elId, &typeID, g.Authority)
	x.raw(elIssr, "ADMID")
	x.end(elPrtryId)
	x.end(elOrgId)
	x.end(elInitgPty)
	x.end(elGnlInf)
	x.start(elOrgnlGrpRefInfAndSts)
	x.str(elGrpId, &typeID, g.GroupID)
	x.raw(elOrgnlMsgTp, MessageType)
	status()
	x.end(elOrgnlGrpRefInfAndSts)
}

// blocks keeps the OrgnlPmtInf of a response in order: each has at least one payment.
type blocks struct {
	open       bool
	count, txs int
}

func (b *blocks) begin(x *xmlWriter) {
	b.end(x)
	b.open = true
	b.count++
	b.txs = 0
	x.start(elOrgnlPmtInf)
}

func (b *blocks) tx(x *xmlWriter) {
	if !b.open {
		x.fail(elOrgnlTxRefInfAndSts, "outside of an OrgnlPmtInf")
		return
	}
	b.txs++
}

func (b *blocks) end(x *xmlWriter) {
	if !b.open {
		return
	}
	if b.txs == 0 {
		x.fail(elOrgnlPmtInf, "without payments")
	}
	x.end(elOrgnlPmtInf)
	b.open = false
}

// StatusWriter writes response 2, 5, 7 or 9 payment by payment, in constant memory. Each method returns the first error of
// all so far.
type StatusWriter struct {
	x         *xmlWriter
	root      symbol
	originals bool
	atLeast   int
	blocks    blocks
}

// NewStatusWriter begins the document.
func NewStatusWriter(w io.Writer, head StatusHead) *StatusWriter {
	s := &StatusWriter{x: newXMLWriter(w, elOrgnlPmtInf)}
	s.root, s.originals, s.atLeast = head.writeHead(s.x)
	s.x.what = elements[s.root].local
	return s
}

// Begin begins an OrgnlPmtInf: one for each payment, or for each of the bundle's debits.
func (s *StatusWriter) Begin() error {
	s.blocks.begin(s.x)
	return s.x.err
}

// Tx writes one payment.
func (s *StatusWriter) Tx(t *Status) error {
	x := s.x
	s.blocks.tx(x)
	x.start(elOrgnlTxRefInfAndSts)
	x.paymentID(t.InstrID, t.EndToEndID)
	x.str(elTxSts, &typeStatus, t.Status)
	x.maybeStr(elStsRsn, &typeStatusCode, t.Reason)
	x.maybeStr(elAddtlInf, &typeReason, t.Text)
	if t.Original != nil {
		if !s.originals || t.Original.Account.Kind != NoAccount || t.Original.Agent.Present {
			x.fail(elOrgnlTxInf, "has no place in this document")
		}
		x.original(t.Original)
	}
	x.end(elOrgnlTxRefInfAndSts)
	return x.err
}

// End ends the document.
func (s *StatusWriter) End() error {
	s.blocks.end(s.x)
	if s.blocks.count < s.atLeast {
		s.x.fail(elOrgnlPmtInf, "missing")
	}
	return s.x.finish(s.root)
}

// Response8Writer writes response 8 payment by payment, in constant memory. Each method returns the first error of all so
// far.
type Response8Writer struct {
	x      *xmlWriter
	blocks blocks
}

// NewResponse8Writer begins the document.
func NewResponse8Writer(w io.Writer, g *General) *Response8Writer {
	x := newXMLWriter(w, elNKSResponse8)
	x.root(elNKSResponse8, false, true)
	x.general(g, func() {})
	return &Response8Writer{x: x}
}

// Begin begins an OrgnlPmtInf.
func (r *Response8Writer) Begin(d *Debit) error {
	x := r.x
	r.blocks.begin(x)
	x.date(elReqdExctnDt, d.ExecutionDate)
	x.start(elDbtr)
	x.start(elOrgId)
	x.str(elBkPtyId, &typeID, d.Agreement)
	x.end(elOrgId)
	x.end(elDbtr)
	x.start(elDbtrAcct)
	x.start(elId)
	x.str(elBBAN, &typeID, d.Account)
	x.end(elId)
	x.end(elDbtrAcct)
	x.maybeStr(elDbtPurp, &typeText, d.Purpose)
	return x.err
}

// Tx writes one payment.
func (r *Response8Writer) Tx(t *Transfer) error {
	x := r.x
	r.blocks.tx(x)
	x.start(elOrgnlTxRefInfAndSts)
	x.paymentID(t.InstrID, t.EndToEndID)
	x.str(elTxSts, &typeStatus, t.Status)
	x.original(&t.Original)
	x.end(elOrgnlTxRefInfAndSts)
	return x.err
}

// End ends the document.
func (r *Response8Writer) End() error {
	r.blocks.end(r.x)
	if r.blocks.count == 0 {
		r.x.fail(elOrgnlPmtInf, "missing")
	}
	return r.x.finish(elNKSResponse8)
}
