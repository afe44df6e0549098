package nksxml

import (
	"fmt"
	"io"
	"time"
)

// ReadAnswer reads any answer: it returns a *Receipt0, *Receipt1, *Response2, *Response5, *Response7, *Response8 or
// *Response9. It holds the whole answer. Faults of the document are *Error.
func ReadAnswer(r io.Reader, limits Limits) (any, error) {
	w := newWalker(r, limits)
	doc := w.answer()
	if w.err != nil {
		return nil, w.err
	}
	return doc, nil
}

// Read reads an answer of one type, e.g. Read[Response8]. Another answer is an error.
func Read[T Receipt0 | Receipt1 | Response2 | Response5 | Response7 | Response8 | Response9](r io.Reader, limits Limits) (*T, error) {
	doc, err := ReadAnswer(r, limits)
	if err != nil {
		return nil, err
	}
	answer, ok := doc.(*T)
	if !ok {
		return nil, fmt.Errorf("nksxml: read %T: document is a %T", answer, doc)
	}
	return answer, nil
}

func (w *walker) answer() (doc any) {
	switch {
	case w.maybe(elNKSReceipt0):
		doc = w.receipt0()
	case w.maybe(elNKSReceipt1):
		doc = w.receipt1()
	case w.maybe(elNKSResponse2):
		d := new(Response2)
		w.answerHeader(answerIDs[elNKSResponse2], &d.Header)
		w.general(&d.General, &d.Group)
		d.Blocks = w.statuses(0, false)
		doc = d
	case w.maybe(elNKSResponse5):
		d := new(Response5)
		w.answerHeader(answerIDs[elNKSResponse5], &d.Header)
		w.general(&d.General, &d.Group)
		d.Blocks = w.statuses(0, false)
		doc = d
	case w.maybe(elNKSResponse7):
		d := new(Response7)
		w.general(&d.General, nil)
		d.Blocks = w.statuses(1, true)
		doc = d
	case w.maybe(elNKSResponse8):
		doc = w.response8()
	case w.maybe(elNKSResponse9):
		d := new(Response9)
		w.general(&d.General, nil)
		d.Blocks = w.statuses(1, true)
		doc = d
	default:
		w.unexpected()
	}
	w.close()
	w.finish()
	return doc
}

// answerIDs is ebms:id of each MessageHeader.
var answerIDs = map[symbol]string{
	elNKSReceipt0:  "Kvitteringssvar 0 NKS2C",
	elNKSReceipt1:  "Kvitteringssvar 1 NKS2C",
	elNKSResponse2: "Retursvar 2 NKS2C",
	elNKSResponse5: "Retursvar 5 NKS2C",
}

func (w *walker) openAnswerHeader(id string) {
	typ := &textType{min: 1, max: len(id), token: true, oneOf: []string{id}}
	w.openWith(elAnswerHeader, 0, []attribute{
		{nsEBMS, "id", typ, nil},
		{nsEBMS, "version", &typeVersion, nil},
	})
}

// messageData takes MessageData of an answer.
func (w *walker) messageData(h *AnswerHeader, needRef bool) {
	w.open(elMessageData, 0)
	w.str(elMessageId, &typeID, &h.MessageID)
	w.clock(elTimestamp, &h.Timestamp)
	if needRef || w.at(elRefToMessageId) {
		w.str(elRefToMessageId, &typeID, &h.RefToMessageID)
	}
	w.close()
}

// clock takes a time as a clock reading.
func (w *walker) clock(s symbol, to *time.Time) {
	var t DateTime
	w.dateTime(s, &t)
	*to = t.Time
}

func (w *walker) receipt0() *Receipt0 {
	d := new(Receipt0)
	w.openAnswerHeader(answerIDs[elNKSReceipt0])
	w.parties(elFrom, 1, &d.Header.From)
	if w.at(elTo) {
		w.parties(elTo, 0, &d.Header.To)
	}
	w.str(elAction, &typeAction0, nil)
	w.messageData(&d.Header, false)
	w.faults(&d.Errors)
	w.close()
	w.settle()
	return d
}

func (w *walker) receipt1() *Receipt1 {
	d := new(Receipt1)
	w.openAnswerHeader(answerIDs[elNKSReceipt1])
	w.parties(elFrom, 1, &d.Header.From)
	w.parties(elTo, 1, &d.Header.To)
	w.str(elAction, &typeAction1, &d.Action)
	w.messageData(&d.Header, true)
	switch {
	case w.at(elDescription):
		w.str(elDescription, &typeReason, &d.Note)
	case w.at(elErrorList):
		w.faults(&d.Errors)
	}
	w.close()
	w.settle()
	return d
}

func (w *walker) answerHeader(id string, h *AnswerHeader) {
	w.openAnswerHeader(id)
	w.parties(elFrom, 1, &h.From)
	w.parties(elTo, 1, &h.To)
	w.messageData(h, true)
	w.close()
	w.settle()
}

// faults takes ErrorList.
func (w *walker) faults(to *[]Fault) {
	w.openWith(elErrorList, 0, []attribute{{nsEBMS, "highestSeverity", &typeSeverity, nil}})
	for n := 1; w.err == nil && (n == 1 || w.at(elError)); n++ {
		var f Fault
		w.openWith(elError, n, []attribute{{nsEBMS, "errorCode", &typeCode, &f.Code}, {nsEBMS, "severity", &typeSeverity, nil}})
		w.str(elDescription, &typeReason, &f.Description)
		w.close()
		w.settle()
		*to = append(*to, f)
	}
	w.close()
}

// general takes GnlInf and OrgnlGrpRefInfAndSts, with the bundle's status if there is one to be.
func (w *walker) general(g *General, status *GroupStatus) {
	w.open(elGnlInf, 0)
	w.str(elPmtInitnStsId, &typeID, &g.StatusID)
	w.clock(elCreDtTm, &g.Created)
	w.initiator(&g.Authority)
	w.close()
	w.open(elOrgnlGrpRefInfAndSts, 0)
	w.str(elGrpId, &typeID, &g.GroupID)
	w.str(elOrgnlMsgTp, &typeMessageType, nil)
	if status != nil {
		w.str(elGrpSts, &typeGroupStatus, &status.Status)
		w.maybeStr(elStsRsn, &typeStatusCode, &status.Reason)
		w.maybeStr(elAddtlInf, &typeReason, &status.Text)
	}
	w.close()
	w.settle()
}

// statuses takes the OrgnlPmtInf of responses 2, 5, 7 and 9.
func (w *walker) statuses(atLeast int, originals bool) (blocks [][]Status) {
	for n := 1; w.err == nil && (n <= atLeast || w.at(elOrgnlPmtInf)); n++ {
		w.open(elOrgnlPmtInf, n)
		var block []Status
		for m := 1; w.err == nil && (m == 1 || w.at(elOrgnlTxRefInfAndSts)); m++ {
			block = append(block, w.status(m, originals))
		}
		w.close()
		blocks = append(blocks, block)
	}
	return blocks
}

func (w *walker) status(n int, originals bool) (s Status) {
	w.open(elOrgnlTxRefInfAndSts, n)
	w.paymentID(&s.InstrID, &s.EndToEndID)
	w.str(elTxSts, &typeStatus, &s.Status)
	w.maybeStr(elStsRsn, &typeStatusCode, &s.Reason)
	w.maybeStr(elAddtlInf, &typeReason, &s.Text)
	if originals && w.at(elOrgnlTxInf) {
		s.Original = new(Original)
		w.original(s.Original, false)
	}
	w.close()
	w.settle()
	if s.Original != nil {
		s.Original.Creditor.settleIssuer()
	}
	return s
}

// original takes OrgnlTxInf, whose order is not that of a payment.
func (w *walker) original(o *Original, withAccount bool) {
	w.open(elOrgnlTxInf, 0)
	w.amount(&o.Amount, &o.Currency, &o.TransferCurrency)
	w.boolean(elIncompletePaymentIndicator, &o.Incomplete)
	if w.at(elCdtr) {
		w.creditor(&o.Creditor)
	}
	if withAccount && w.at(elCdtrAcct) {
		w.account(&o.Account)
	}
	if withAccount && w.at(elFnlAgt) {
		w.agent(&o.Agent)
	}
	w.close()
}

func (w *walker) response8() *Response8 {
	d := new(Response8)
	w.general(&d.General, nil)
	for n := 1; w.err == nil && (n == 1 || w.at(elOrgnlPmtInf)); n++ {
		var t Transfers
		w.open(elOrgnlPmtInf, n)
		w.date(elReqdExctnDt, &t.Debit.ExecutionDate)
		w.debtor(&t.Debit.Agreement, &t.Debit.Account)
		w.maybeStr(elDbtPurp, &typeText, &t.Debit.Purpose)
		w.settle()
		for m := 1; w.err == nil && (m == 1 || w.at(elOrgnlTxRefInfAndSts)); m++ {
			t.Transfers = append(t.Transfers, w.transfer(m))
		}
		w.close()
		d.Blocks = append(d.Blocks, t)
	}
	return d
}

func (w *walker) transfer(n int) (t Transfer) {
	w.open(elOrgnlTxRefInfAndSts, n)
	w.paymentID(&t.InstrID, &t.EndToEndID)
	w.str(elTxSts, &typeStatus, &t.Status)
	w.original(&t.Original, true)
	w.close()
	w.settle()
	t.Original.Creditor.settleIssuer()
	return t
}
