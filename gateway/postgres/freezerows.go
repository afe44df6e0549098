package postgres

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
)

const copyOrders = `COPY bank_order (month, payment_id, ore, interchange_id, account_version, message_no, lin, seq, attempt, type,
	account_kind, rule, account, bic, bank_code, transfer_currency, beneficiary) FROM STDIN`

// orderRow is a line of copyOrders.
func (f *freezer) orderRow(b []byte, p *completed, message, lin, seq int) []byte {
	b = append(b, f.months[deliveryOf(p.id)]...)
	b = number(number(number(b, p.id), p.ore), f.ic.id)
	if p.version == 0 {
		b = optional(b, "")
	} else {
		b = number(b, p.version)
	}
	for _, n := range []int{message, lin, seq, 1, int(p.typ), int(p.kind), int(p.rule)} {
		b = number(b, int64(n))
	}
	b = escape(append(b, '\t'), p.account)
	for _, text := range []string{p.bic, p.bankCode, p.currency, p.beneficiary} {
		b = optional(b, text)
	}
	return append(b, '\n')
}

// lineCopy appends a row of order_line.
func lineCopy(b []byte, interchange int64, message int, l lineRow) []byte {
	b = number(number(strconv.AppendInt(b, interchange, 10), int64(message)), int64(l.Lin))
	b = optional(b, l.Debit)
	b = optional(number(b, int64(l.Type)), l.Currency.String)
	return append(number(number(b, int64(l.Payments)), l.Ore), '\n')
}

// messageCopy appends a row of message.
func messageCopy(b []byte, interchange int64, no int, ref string, payments int, ore int64) []byte {
	b = optional(number(strconv.AppendInt(b, interchange, 10), int64(no)), ref)
	return append(number(number(b, int64(payments)), ore), '\n')
}

// deliveryOf is the delivery that a payment came with.
func deliveryOf(payment int64) int64 { return payment >> 24 }

// bankReference is what a bank answers with: the delivery's number and the authority's own key.
func bankReference(number int64, e2e string) string { return fmt.Sprintf("%08d", number) + e2e }

// messageRef is BGM 1004, unique for ever.
func messageRef(bank string, control int64, no int) string {
	return fmt.Sprintf("%s-%s-%04d", bank, controlRef(control), no)
}

// chequeRule is the rule of an order that the standing choice made a cheque.
const chequeRule = 4

// unpaid gathers what is told of payments that are returned before any order, or become cheques.
type unpaid struct {
	events, dues []byte
	n            int
}

// unpaidRows is how many are stored at a time.
const unpaidRows = 5000

// add ends a payment that no order is made for, and owes its authority response 7; a cheque is told by response 7 too.
func (u *unpaid) add(ctx context.Context, f *freezer, p *completed) error {
	at := f.asOf.Format(time.RFC3339Nano)
	delivery := deliveryOf(p.id)
	month := f.months[delivery]
	status, code, text := "ACPT", "", gateway.TextChequeUsed
	if p.reason != "" {
		status, code, text = "RJCT", string(gateway.CodeNoAccount), returnText(p.reason)
		u.events = number(append(u.events, month...), p.id)
		u.events = append(u.events, "\t0\treturned"...)
		u.events = append(optional(optional(optional(u.events, code), text), at), '\n')
	}
	u.dues = number(append(u.dues, '7'), delivery)
	u.dues = number(optional(u.dues, month), p.id)
	for _, v := range []string{status, code, text, at} {
		u.dues = optional(u.dues, v)
	}
	u.dues = append(u.dues, '\n')
	if u.n++; u.n < unpaidRows {
		return nil
	}
	return u.flush(ctx, f)
}

func (u *unpaid) flush(ctx context.Context, f *freezer) error {
	events, dues := u.events, u.dues
	*u = unpaid{}
	if err := f.copy(ctx, "returns", `COPY payment_event (month, payment_id, attempt, kind, code, text, at) FROM STDIN`, events); err != nil {
		return err
	}
	return f.copy(ctx, "answers due", `COPY answer_due (kind, delivery_id, month, payment_id, status, code, text, caused_at) FROM STDIN`, dues)
}

// returnText is what the authority is told of a payment that is not paid.
func returnText(reason string) string {
	switch reason {
	case "agreement":
		return gateway.CodeAgreementExpired.Danish()
	case "debit account":
		return gateway.CodeDebitAccount.Danish()
	case "unknown":
		return gateway.CodeUnknownRecipient.Danish()
	case "ceased":
		return gateway.CodeRecipientCeased.Danish()
	}
	return gateway.TextNoAccountReturned
}
