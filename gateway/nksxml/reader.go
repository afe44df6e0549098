package nksxml

import "io"

// Reader reads an NKSPayment from beginning to end, in constant memory.
type Reader struct {
	w       *walker
	header  Header
	began   bool
	block   Block
	payment Payment
	inBlock bool
	done    bool
}

// NewReader reads the document from r, which may be of any size up to the limit. Zero limits are the defaults.
func NewReader(r io.Reader, limits Limits) *Reader {
	return &Reader{w: newWalker(r, limits)}
}

// Header reads up to the first debit. It may be called at any time; the header stays.
//
// An *Error is a fault of the document, everything else of the source. No error is recoverable.
func (r *Reader) Header() (*Header, error) {
	if !r.began {
		r.began = true
		r.readHeader()
		r.w.settle()
		if r.w.err != nil {
			r.dropEmptyParties()
		}
	}
	if r.w.err != nil {
		return nil, r.w.err
	}
	return &r.header, nil
}

// Partial is what of the header was readable, whatever happened afterwards: who sent the document and under which
// reference. Nothing of it is known before Header or Next was called.
func (r *Reader) Partial() Header { return r.header }

// dropEmptyParties takes back the party at which reading failed.
func (r *Reader) dropEmptyParties() {
	for _, list := range []*[]string{&r.header.From, &r.header.To} {
		if n := len(*list); n > 0 && (*list)[n-1] == "" {
			*list = (*list)[:n-1]
		}
	}
}

func (r *Reader) readHeader() {
	w, h := r.w, &r.header
	w.open(elNKSPayment, 0)
	w.openWith(elMessageHeader, 0, []attribute{
		{nsEBMS, "id", &typeID, nil},
		{nsEBMS, "version", &typeVersion, nil},
	})
	h.MessageLine = w.line()
	w.parties(elFrom, 1, &h.From)
	w.parties(elTo, 1, &h.To)
	w.open(elMessageData, 0)
	w.str(elMessageId, &typeID, &h.MessageID)
	w.dateTime(elTimestamp, &h.Timestamp)
	w.close()
	w.close()

	w.open(elGrpHdr, 0)
	h.GroupLine = w.line()
	w.str(elGrpId, &typeID, &h.GroupID)
	w.dateTime(elCreDtTm, &h.Created)
	w.str(elAuthstn, &typeAuthstn, &h.Authstn)
	w.long(elCtrlSum, &h.CtrlSum)
	w.count(elNbOfTxs, &h.NbOfTxs)
	w.boolean(elGrpg, &h.Grouped)
	w.initiator(&h.Authority)
	if w.maybe(elInstrNks) {
		h.Instruction = new(Instruction)
		w.str(elCd, &typeCode, &h.Instruction.Code)
		w.maybeStr(elAddtInf, &typeText, &h.Instruction.Info)
		w.close()
	}
	w.close()
}

// Next reads the next payment. After the last one, when the document has also come to a correct end, the error is io.EOF.
//
// The Payment, its Block and their slices are used again by the next call; strings may be kept.
func (r *Reader) Next() (*Payment, error) {
	if _, err := r.Header(); err != nil {
		return nil, err
	}
	w := r.w
	for w.err == nil && !r.done {
		switch {
		case !r.inBlock && (r.block.Seq == 0 || w.at(elPmtInf)):
			r.readBlock()
		case !r.inBlock:
			w.close()
			w.finish()
			r.done = w.err == nil
		case r.payment.Seq == 0 || w.at(elPmtTx):
			r.readPayment()
			if w.err == nil {
				return &r.payment, nil
			}
		default:
			w.close()
			r.inBlock = false
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	return nil, io.EOF
}

func (r *Reader) readBlock() {
	w, b := r.w, &r.block
	*b = Block{Seq: b.Seq + 1}
	w.open(elPmtInf, b.Seq)
	b.Line = w.line()
	if w.at(elReqdExctnDt) {
		w.date(elReqdExctnDt, &b.ExecutionDate)
	}
	w.str(elPmtMtdByFrstAgt, &typeCode, &b.Method)
	if w.maybe(elCdtTrfTpId) {
		w.str(elLclInstrm, &typeCode, &b.Instrument)
		w.close()
	}
	w.debtor(&b.Agreement, &b.DebitAccount)
	w.maybeStr(elDbtPurp, &typeText, &b.Purpose)
	w.settle()
	r.inBlock = true
	r.payment.Seq = 0
}

// line is where the element just opened begins.
func (w *walker) line() int { return w.tok.in.lineOf(w.tok.in.keep) + 1 }

func (r *Reader) readPayment() {
	w, p := r.w, &r.payment
	p.reset(&r.block)
	w.open(elPmtTx, p.Seq)
	p.Line = w.line()
	w.paymentID(&p.InstrID, &p.EndToEndID)
	if w.maybe(elPurp) {
		w.maybeStr(elPrtry, &typeText, &p.Purpose)
		w.close()
	}
	w.amount(&p.Amount, &p.Currency, &p.TransferCurrency)
	if w.at(elCdtr) {
		w.creditor(&p.Creditor)
	}
	if w.at(elCdtrAcct) {
		w.account(&p.Account)
	}
	if w.at(elFnlAgt) {
		w.agent(&p.Agent)
	}
	w.maybeStr(elChrgBr, &typeCode, &p.ChargeBearer)
	if w.maybe(elInstrForFnlAgt) {
		w.str(elPrtry, &typeText, &p.InstrForFinalAgent)
		w.close()
	}
	if w.maybe(elInstrForFrstAgt) {
		w.str(elPrtry, &typeText, &p.InstrForFirstAgent)
		w.close()
	}
	for n := 1; n <= maxRemittance && w.at(elRmtInf); n++ {
		w.remittance(n, &p.Remittance)
	}
	w.boolean(elIncompletePaymentIndicator, &p.Incomplete)
	w.str(elBenefitType, &typeID, &p.BenefitType)
	w.close()
	w.settle()
	p.Creditor.settleIssuer()
}

// remittance takes the n'th RmtInf. The list has room for all, so that its elements do not move.
func (w *walker) remittance(n int, list *[]Remittance) {
	*list = append(*list, Remittance{})
	m := &(*list)[n-1]
	w.open(elRmtInf, n)
	if w.maybeStr(elUstrd, &typeText, &m.Value) {
		m.Kind = Unstructured
		w.close()
		return
	}
	w.open(elStrd, 0)
	if w.maybeStr(elCdtrRef, &typeText, &m.Value) {
		m.Kind = CreditorRef
	} else {
		m.Kind = DocumentRef
		w.str(elDocRefNb, &typeText, &m.Value)
	}
	w.close()
	w.close()
}

// reset empties the payment for the next one of the block and keeps its lists' memory.
func (p *Payment) reset(b *Block) {
	creditorLines, agentLines, remittance := p.Creditor.Lines[:0], p.Agent.Lines[:0], p.Remittance[:0]
	if remittance == nil {
		creditorLines = make([]string, 0, maxAddressLines)
		agentLines = make([]string, 0, maxAddressLines)
		remittance = make([]Remittance, 0, maxRemittance)
	}
	*p = Payment{Block: b, Seq: p.Seq + 1}
	p.Creditor.Lines, p.Agent.Lines, p.Remittance = creditorLines, agentLines, remittance
}
