package postgres

import (
	"errors"
	"io"
	"strconv"

	"nks/gateway"
)

const copyPayments = `COPY payment (month, id, group_id, ore, holder, holder_kind, type, account_kind, complete, e2e, benefit_type,
	authority, los_unit, instr_id, transfer_currency, account, bic, bank_code, statement_text, debit_text, read_code, detail) FROM STDIN`

// copyChunk is how much is handed to COPY at a time.
const copyChunk = 64 << 10

// paymentRows reads a bundle as rows of COPY, one payment at a time: memory does not grow with the bundle.
type paymentRows struct {
	store    *Store
	delivery delivered
	bundle   gateway.Bundle
	payer    payerOf
	groups   map[groupKey]*newGroup
	ordered  []*newGroup
	payments int
	ore      int64
	// line writes one payment of a group.
	line func(b []byte, g *newGroup, item *gateway.BundleItem) ([]byte, error)

	buf        []byte
	rest       []byte
	done       bool
	err        error // errRefused, or an error of our own
	unreadable error // *gateway.UnreadableError
}

// Read implements io.Reader. A bundle that is refused is read to its end all the same, since a document that cannot be
// read at all is told first.
func (r *paymentRows) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if r.done {
			return 0, io.EOF
		}
		r.fill()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *paymentRows) fill() {
	r.buf = r.buf[:0]
	for len(r.buf) < copyChunk {
		item, err := r.bundle.Next()
		if errors.Is(err, io.EOF) {
			r.done = true
			if r.bundle.Refused() {
				r.err = errRefused
			}
			break
		}
		if err != nil {
			r.err = err
			var bad *gateway.UnreadableError
			if errors.As(err, &bad) {
				r.unreadable, r.err = err, errRefused
			}
			break
		}
		if r.bundle.Refused() {
			r.buf = r.buf[:0]
			continue
		}
		if r.err = r.row(item); r.err != nil {
			break
		}
	}
	r.rest = r.buf
	if r.err != nil {
		r.rest = nil
	}
}

func (r *paymentRows) row(item *gateway.BundleItem) error {
	g := r.group(item.Debit)
	if g == nil {
		return nil
	}
	r.payments++
	g.payments++
	r.ore += item.Payment.Ore
	g.ore += item.Payment.Ore
	var err error
	r.buf, err = r.line(r.buf, g, item)
	return err
}

// payment is a line of the table payment.
func (r *paymentRows) payment(b []byte, g *newGroup, item *gateway.BundleItem) ([]byte, error) {
	p := &item.Payment
	b = append(b, r.store.month(r.delivery.ReceivedAt)...)
	b = number(b, gateway.PaymentID(r.delivery.ID, r.payments))
	b = number(b, g.id)
	b = number(b, p.Ore)
	if p.Holder.Kind == gateway.NoHolder {
		b = append(b, "\t\\N\t\\N"...)
	} else {
		b = append(append(b, '\t'), p.Holder.ID...)
		b = number(b, int64(p.Holder.Kind))
	}
	b = number(b, int64(p.Type))
	if p.Account.Kind == gateway.NoAccount {
		b = append(b, "\t\\N"...)
	} else {
		b = number(b, int64(p.Account.Kind))
	}
	b = append(b, '\t', boolByte(p.Complete), '\t')
	b = escape(b, p.EndToEndID)
	b = escape(append(b, '\t'), p.BenefitType)
	b = escape(append(b, '\t'), r.bundle.Head().Authority)
	unit := ""
	if g.agreement != nil {
		unit = g.agreement.LOSUnit
	}
	debitText := ""
	if !r.bundle.Head().Grouped {
		debitText = item.Debit.Text
	}
	for _, s := range []string{unit, p.InstrID, p.TransferCurrency, p.Account.Number, p.Account.BIC, p.Account.BankCode, p.Text,
		debitText, string(item.Fault)} {
		b = optional(b, s)
	}
	b = append(b, '\t')
	if p.Detail == nil {
		b = append(b, '\\', 'N')
	} else {
		json, err := appendJSON(nil, p.Detail)
		if err != nil {
			return b, err
		}
		b = escape(b, string(json))
	}
	return append(b, '\n'), nil
}

// group is the release group of a debit block; nil when the bundle has too many, and is refused.
func (r *paymentRows) group(d *gateway.Debit) *newGroup {
	today := gateway.DateOf(r.delivery.ReceivedAt.In(r.store.Location))
	agreement, fault := r.payer.judgeDebit(d, today)
	key := groupKey{agreement: d.Agreement, account: d.DebitAccount, requested: d.RequestedOn, fault: fault}
	if g := r.groups[key]; g != nil {
		return g
	}
	if len(r.ordered) >= min(r.store.Rules.GroupsPerDelivery, gateway.MaxGroups) {
		r.bundle.Refuse(gateway.CodeBundleLimit)
		return nil
	}
	g := &newGroup{id: gateway.GroupID(r.delivery.ID, len(r.ordered)+1), key: key, agreement: agreement, debitText: d.Text}
	r.groups[key] = g
	r.ordered = append(r.ordered, g)
	return g
}

func number(b []byte, n int64) []byte { return strconv.AppendInt(append(b, '\t'), n, 10) }

func boolByte(v bool) byte {
	if v {
		return 't'
	}
	return 'f'
}

// optional writes a tab and a value; the empty one is NULL.
func optional(b []byte, s string) []byte {
	b = append(b, '\t')
	if s == "" {
		return append(b, '\\', 'N')
	}
	return escape(b, s)
}

// escape writes a value of COPY's text format.
func escape(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\':
			b = append(b, '\\', '\\')
		case '\t':
			b = append(b, '\\', 't')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, c)
		}
	}
	return b
}
