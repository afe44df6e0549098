package release

import (
	"encoding/json"
	"fmt"

	"nks/gateway"
)

// frozenOrder is an order as the tables hold it, and as it is held before it stands there: whoever renders it, the same
// bytes come of it.
type frozenOrder struct {
	seq                    int
	reference              string // how those of delivery and attempt begin
	e2e                    string
	ore                    int64
	currency               string
	typ, kind              int16
	account, bic, bankCode string
	text, debitText        string
	detail, beneficiary    string // JSON; the latter counts where both say something
}

// tell makes of an order what the codec is told. It is used again and again: a million of them would be garbage.
func (o *frozenOrder) tell(order *gateway.Order) error {
	*order = gateway.Order{Seq: o.seq, Reference: gateway.BankReference{Head: o.reference, EndToEndID: o.e2e}.String(), Ore: o.ore,
		TransferCurrency: o.currency, Type: gateway.PaymentType(o.typ), Text: o.text, DebitText: o.debitText,
		Account: gateway.Account{Kind: gateway.AccountKind(o.kind), Number: o.account, BIC: o.bic, BankCode: o.bankCode}}
	details := []string{o.detail, o.beneficiary}
	if order.Type == gateway.ErrorOrder { // the recipient does not stand in it
		order.Text, details = "", details[1:]
	}
	for _, stored := range details {
		if stored == "" {
			continue
		}
		if err := json.Unmarshal([]byte(stored), &order.Detail); err != nil {
			return fmt.Errorf("detail: %w", err)
		}
	}
	return nil
}
