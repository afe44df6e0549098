package gateway

import (
	"fmt"
	"slices"
	"strings"
)

// Settlement is what is done with money that has nowhere to go.
type Settlement string

// The settlements.
const (
	SettleReturn  Settlement = "return"        // it is, or stays, where its authority has it: nothing is ordered
	SettleCheque  Settlement = "cheque"        // a cheque is ordered
	SettleError   Settlement = "error_account" // a transfer to the authority's own error account is ordered
	SettleAccount Settlement = "complete"      // a transfer to the account that has arrived is ordered
	SettleWait    Settlement = "wait"          // it waits for an account
)

// Stranded is money that has nowhere to go, as it is when that is judged.
type Stranded struct {
	Cause Cause
	// Unpaid is why the register gives no account to pay it to; empty: it gives one, and another than the one that failed.
	Unpaid  Unpaid
	Address bool // of the recipient, that a cheque can be sent to
	Cheques bool // the bank writes them
	// ToAuthority: the recipient is an authority, which is never sent a cheque. // B28
	ToAuthority bool
	// ReturnAlways is the bundle's own instruction, which is about payments without an account alone.
	ReturnAlways bool
	// Again: what a choice had ordered for it has failed in its turn.
	Again bool
	// Over: it was held for as long as the choice says.
	Over bool
}

// Settle decides what is done, and, where that is not what was chosen, why. How much of a payment it is makes no difference: what came
// back in part is settled as that part. // B25.4 // B35-36 // G-faulty
func Settle(c StandingChoice, s Stranded) (Settlement, Unpaid) {
	if s.Cause == CauseNoAccount && (s.Unpaid == UnpaidUnknown || s.Unpaid == UnpaidCeased || s.Unpaid == UnpaidDebit) {
		return SettleReturn, s.Unpaid // it was not due at all
	}
	if s.Cause == CauseNoAccount && s.ReturnAlways {
		return SettleReturn, s.lack()
	}
	if s.Again {
		return SettleReturn, UnpaidAgain
	}
	switch c.Does {
	case HoldForAccount:
		switch {
		case s.Unpaid == "":
			return SettleAccount, ""
		case !s.Over && s.mayWait():
			return SettleWait, ""
		}
		return s.otherwise(c, c.Otherwise, s.lack())
	case SendCheque:
		if why := s.noCheque(); why != "" {
			return s.otherwise(c, c.Otherwise, why)
		}
		return SettleCheque, ""
	}
	return s.otherwise(c, c.Does, s.lack())
}

// otherwise carries a fall-back out; a cheque that cannot be is the end of it.
func (s Stranded) otherwise(c StandingChoice, what Choice, why Unpaid) (Settlement, Unpaid) {
	switch what {
	case ToErrorAccount:
		return SettleError, why
	case SendCheque:
		if no := s.noCheque(); no != "" {
			return SettleReturn, no
		}
		return SettleCheque, why
	}
	return SettleReturn, why
}

// lack is why there is no account, in the case of a payment that was due without one.
func (s Stranded) lack() Unpaid {
	if s.Cause != CauseNoAccount {
		return ""
	}
	return s.Unpaid
}

// mayWait reports whether an account may still arrive: not for nobody, and not for the dead.
func (s Stranded) mayWait() bool {
	switch s.Unpaid {
	case UnpaidNoAccount, UnpaidEmigrated, UnpaidNoFallback:
		return true
	}
	return false
}

// noCheque is why there can be no cheque; empty: there can. A benefit that goes to a locked specific account only does not become
// one, nor does what is due to nobody. // B25.4
func (s Stranded) noCheque() Unpaid {
	switch {
	case s.Unpaid == UnpaidUnknown || s.Unpaid == UnpaidCeased || s.Unpaid == UnpaidNoFallback:
		return s.Unpaid
	case s.ToAuthority:
		return UnpaidAuthority
	case s.Cause == CauseNoAccount && s.Unpaid == UnpaidEmigrated && (!s.Cheques || !s.Address):
		return UnpaidEmigrated
	case !s.Cheques:
		return UnpaidNoCheques
	case !s.Address:
		return UnpaidNoAddress
	}
	return ""
}

// SettlementText is what an authority is told of what is done: why it is not what was chosen, and until which day it waits.
func SettlementText(does Settlement, why Unpaid, until Date) string {
	text := TextAtSender
	switch does {
	case SettleCheque:
		text = TextChequeUsed
	case SettleError:
		text = TextErrorAccountUsed
	case SettleAccount:
		text = TextToAccount
	case SettleWait:
		text = TextAwaitsAccount + until.String()
	}
	switch why {
	case "":
		return text
	case UnpaidNoAddress:
		return TextNoAddress + ". " + text
	case UnpaidNoCheques:
		return TextNoCheques + ". " + text
	case UnpaidAuthority:
		return TextNoChequeToAuthority + ". " + text
	case UnpaidAgain:
		return TextFailedAgain + ". " + text
	}
	return why.Text() + ". " + text
}

// CameBackText is what an authority is told of money that came back: what the bank says, how much it is, and what is done.
func CameBackText(bank string, ore int64, done string) string {
	return joined(bank, TextCameBack+Kroner(ore), done)
}

// RejectedText is what an authority is told of what the bank has rejected, and is not simply back.
func RejectedText(bank, done string) string { return joined(bank, done) }

func joined(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	for i, p := range parts[:len(parts)-1] {
		parts[i] = strings.TrimRight(p, ". ")
	}
	return strings.Join(parts, ". ")
}

// Kroner is an amount as it is written in Danish: kroner, comma, øre.
func Kroner(ore int64) string { return fmt.Sprintf("%d,%02d", ore/100, ore%100) }

// HoldUntil is the last day on which something is kept that is kept for some banking days from a day on: that day itself is none of
// them.
func HoldUntil(c Calendar, from Date, days int) Date {
	for ; days > 0; days-- {
		from = from.AddDays(1)
		for !c.IsBankingDay(from) {
			from = from.AddDays(1)
		}
	}
	return from
}
