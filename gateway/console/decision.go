package console

import (
	"fmt"
	"strconv"

	"nks/gateway"
)

// Outcome is the key of what was decided of the payment's account, or would be now.
func (v *paymentView) Outcome() string {
	d := v.Decision
	switch {
	case !d.Decided && d.Found():
		return "decision.would"
	case !d.Decided && d.Doubled():
		return "decision.held"
	case !d.Decided:
		return "decision.wouldnot"
	case v.byCheque():
		return "decision.cheque"
	case v.Early.Kind != "not_payable":
		return "decision.went"
	case v.ForAgreement():
		return "decision.agreement"
	}
	return "decision.returned"
}

// byCheque reports whether the payment became a cheque for want of an account.
func (v *paymentView) byCheque() bool { return gateway.AccountRule(v.Order.Rule) == gateway.ByCheque }

// OutcomeRule is the key of the rule by which the account was chosen, or would be; empty without an account.
func (v *paymentView) OutcomeRule() string {
	d := v.Decision
	switch {
	case !d.Decided && d.Found():
		return "rule." + strconv.Itoa(int(d.Rule))
	case d.Decided && v.Early.Kind != "not_payable" && !v.byCheque():
		return "rule." + strconv.Itoa(v.Order.Rule)
	}
	return ""
}

// OutcomeVersion is the version of the account that the payment goes to; 0: none.
func (v *paymentView) OutcomeVersion() int64 {
	switch {
	case v.Decision.Decided:
		return v.Decision.Ordered
	case v.Decision.Found():
		return v.Decision.Version
	}
	return 0
}

// OutcomeReason is the key of why there is no account; empty where there is one, or the register was not the reason.
func (v *paymentView) OutcomeReason() string {
	d := v.Decision
	if d.Twice {
		return "decision.twice"
	}
	if d.Found() || v.ForAgreement() || d.Decided && v.Early.Kind != "not_payable" && !v.byCheque() {
		return ""
	}
	return fmt.Sprintf("noaccount.%d", d.Reason)
}
