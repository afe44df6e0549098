// Package intake turns the customers' documents into payments, and says of each bundle and payment what is wrong with
// it by itself: everything that needs no register and no memory of earlier bundles.
package intake

import (
	"errors"
	"io"
	"slices"

	"nks/gateway"
	"nks/gateway/nksxml"
)

// tooOld is how many calendar days an execution date may lie back.
const tooOld = 5

// Bundle reads one NKSPayment document.
type Bundle struct {
	rules  gateway.BundleRules
	reader *nksxml.Reader
	header *nksxml.Header
	item   gateway.BundleItem
	debit  gateway.Debit
	block  int

	payments int64
	sum      int64
	overflow bool
	blocks   int64
	faults   []gateway.Code
}

// Open reads the bundle's head. It is a gateway.OpenBundle.
func Open(r io.Reader, rules gateway.BundleRules) (gateway.Bundle, error) {
	b := &Bundle{rules: rules, reader: nksxml.NewReader(r, nksxml.Limits{Bytes: rules.DocumentBytes})}
	h, err := b.reader.Header()
	if err != nil {
		return b, unreadable(err)
	}
	b.header = h
	b.judgeHead()
	return b, nil
}

// unreadable says an error of the document in the gateway's terms; any other error stays what it is.
func unreadable(err error) error {
	var bad *nksxml.Error
	if !errors.As(err, &bad) {
		return err
	}
	return &gateway.UnreadableError{Line: bad.Line, Path: bad.Path, Text: bad.Error()}
}

// Head implements gateway.Bundle.
func (b *Bundle) Head() gateway.BundleHead {
	h := b.header
	if h == nil {
		part := b.reader.Partial()
		h = &part
	}
	head := gateway.BundleHead{MessageLine: h.MessageLine, GroupLine: h.GroupLine, MessageID: h.MessageID, GroupRef: h.GroupID, Authority: h.Authority, Grouped: h.Grouped}
	if len(h.From) > 0 {
		head.Sender = h.From[0]
	}
	if len(h.From) > 1 {
		head.SenderEAN = h.From[1]
	}
	head.ReturnAlways = h.Instruction != nil && h.Instruction.Code == "NOCDTRACCT" && h.Instruction.Info == "RETUR"
	return head
}

func (b *Bundle) judgeHead() {
	h := b.header
	if len(h.From) == 0 || !b.rules.SelfNamed && h.From[0] != b.rules.Supplier {
		b.fault(gateway.CodeWrongSender)
	}
	if len(h.To) == 0 || !slices.Contains(b.rules.Addressed, h.To[0]) {
		b.fault(gateway.CodeWrongEnvironment)
	}
	if h.Instruction != nil && (h.Instruction.Code != "NOCDTRACCT" || h.Instruction.Info != "RETUR") {
		b.fault(gateway.CodeInstruction)
	}
}

func (b *Bundle) fault(c gateway.Code) {
	if !slices.Contains(b.faults, c) {
		b.faults = append(b.faults, c)
	}
}

// Refuse implements gateway.Bundle.
func (b *Bundle) Refuse(c gateway.Code) { b.fault(c) }

// Next implements gateway.Bundle.
func (b *Bundle) Next() (*gateway.BundleItem, error) {
	p, err := b.reader.Next()
	if errors.Is(err, io.EOF) {
		b.judgeTotals()
		return nil, io.EOF
	}
	if err != nil {
		return nil, unreadable(err)
	}
	if p.Block.Seq != b.block {
		b.block = p.Block.Seq
		b.blocks++
		b.beginBlock(p.Block)
	}
	b.payments++
	b.add(p.Amount)
	if b.payments > int64(b.rules.BundlePayments) {
		b.fault(gateway.CodeBundleLimit)
	}
	b.item = gateway.BundleItem{Debit: &b.debit, Line: p.Line, Faults: b.item.Faults[:0]}
	b.item.Faults = convert(p, &b.item.Payment, b.item.Faults)
	if len(b.item.Faults) > 0 {
		b.item.Fault = b.item.Faults[0]
	}
	return &b.item, nil
}

func (b *Bundle) add(amount int64) {
	sum := b.sum + amount
	if (sum > b.sum) != (amount > 0) && amount != 0 {
		b.overflow = true
	}
	b.sum = sum
}

func (b *Bundle) beginBlock(k *nksxml.Block) {
	d := gateway.Debit{No: k.Seq, Line: k.Line, Agreement: k.Agreement, DebitAccount: k.DebitAccount, Text: k.Purpose}
	if account, ok := gateway.NormalizeBBAN(k.DebitAccount); ok {
		d.DebitAccount = account
	}
	date := gateway.Date{Year: k.ExecutionDate.Year, Month: k.ExecutionDate.Month, Day: k.ExecutionDate.Day}
	switch {
	case k.ExecutionDate.IsZero():
		d.Fault = gateway.CodeExecutionDate
	case date.DaysUntil(b.rules.Today) > tooOld:
		d.RequestedOn = date
		b.fault(gateway.CodeTooOld)
	case b.rules.Today.DaysUntil(date) > b.rules.DaysAhead:
		d.RequestedOn, d.Fault = date, gateway.CodeExecutionDate
	default:
		d.RequestedOn = date
	}
	if d.Fault == "" && (k.Method != "TRF" || typeOf(k.Instrument) == 0) {
		d.Fault = gateway.CodePaymentMethod
	}
	b.debit = d
}

func (b *Bundle) judgeTotals() {
	if b.overflow || b.sum != b.header.CtrlSum {
		b.fault(gateway.CodeControlSum)
	}
	if b.payments != b.header.NbOfTxs {
		b.fault(gateway.CodeCount)
	}
	if b.header.Grouped && b.blocks != 1 || !b.header.Grouped && b.blocks != b.payments {
		b.fault(gateway.CodeGrouping)
	}
}

// Fault implements gateway.Bundle.
func (b *Bundle) Fault() gateway.Code {
	var first gateway.Code
	for _, c := range b.faults {
		if first == "" || c.Rank() < first.Rank() {
			first = c
		}
	}
	return first
}

// Refused implements gateway.Bundle.
func (b *Bundle) Refused() bool { return len(b.faults) > 0 }

func typeOf(instrument string) gateway.PaymentType {
	switch instrument {
	case "":
		return gateway.Transfer
	case "IBK":
		return gateway.PaymentSlip
	case "UBB":
		return gateway.ForeignOrder
	}
	return 0
}
