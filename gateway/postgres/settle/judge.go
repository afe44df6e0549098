package settle

import (
	"time"

	"nks/gateway"
)

// outcome is what is done with what is due of one payment.
type outcome struct {
	of     *stranded // the last of them
	choice gateway.StandingChoice
	does   gateway.Settlement
	ore    int64
	until  gateway.Date // that it waits
}

// outcomes are those of a batch, by payment in the order of coming, and what each authority is told.
type outcomes struct {
	byPayment map[int64]int
	all       []outcome
	answers   []answered
	failed    []int64 // payments for which a choice has failed twice
}

// answered is a response 9, of one return or reject.
type answered struct {
	of   *stranded
	text string
}

func newOutcomes() *outcomes { return &outcomes{byPayment: map[int64]int{}} }

// judge decides about one return or reject. What comes back of a payment in several parts is settled together, and told by the part.
func (s *Store) judge(r *stranded, choices gateway.StandingChoices, bank gateway.BankCentre, now time.Time, out *outcomes) {
	n, known := out.byPayment[r.Payment]
	if !r.still() || known && r.Cause == gateway.CauseBankRejected { // rejected twice, with a dispute between: the same money
		return
	}
	choice := gateway.StandingChoice{Authority: r.Authority, Cause: r.Cause, Does: gateway.ReturnToSender}
	if !r.SetOff && !r.Recalled { // what was taken for a claim, or what persons wanted back, is the sender's again
		choice = choices.For(r.Authority, r.BenefitType, r.Cause, "")
	}
	does, why := gateway.SettleReturn, r.Why
	if r.GivenBack == 0 && !r.ByHand {
		does, why = gateway.Settle(choice, r.facts(bank))
	}
	o := outcome{of: r, choice: choice, does: does, ore: r.ore()}
	switch {
	case r.OpenAttempt != 0: // an earlier part is still to be ordered, and this goes with it
		o.does, why = r.OpenKind.settlement(), ""
		if r.Cause == gateway.CauseBankRejected { // once more, after a dispute: that is to be ordered for the same money
			o.ore = 0
		}
		o.until = gateway.DateOf(r.OpenUntil.Time)
	case choice.Does == gateway.HoldForAccount:
		o.until = gateway.HoldUntil(s.Days.Calendar, gateway.DateOf(now.In(s.Location)), choice.HoldDays)
	}
	does = o.does
	out.tell(r, does, why, o.until)
	if why == gateway.UnpaidAgain {
		out.failed = append(out.failed, r.Payment)
	}
	if !known {
		out.byPayment[r.Payment] = len(out.all)
		out.all = append(out.all, o)
		return
	}
	out.all[n].of, out.all[n].ore = r, out.all[n].ore+o.ore
}

// facts is what decides.
func (r *stranded) facts(bank gateway.BankCentre) gateway.Stranded {
	f := gateway.Stranded{Cause: r.Cause, Cheques: bank.Cheques, Again: r.OrderedBefore, Unpaid: gateway.UnpaidUnknown, ToAuthority: r.toAuthority}
	if r.found == nil {
		return f
	}
	f.Unpaid = r.found.Unpaid
	if f.Unpaid == "" && r.found.Account.Kind == r.AccountKind && r.found.Account.Number == r.Account {
		f.Unpaid = gateway.UnpaidNoAccount // the one that failed
	}
	f.Address = gateway.CanBeSentTo(&r.found.Address)
	return f
}

// tell says what is done. A reject that simply stays with its sender was told by the bank's own words.
func (out *outcomes) tell(r *stranded, does gateway.Settlement, why gateway.Unpaid, until gateway.Date) {
	done := gateway.SettlementText(does, why, until)
	switch {
	case r.GivenBack != 0:
		out.answers = append(out.answers, answered{r, done})
	case r.Cause == gateway.CauseCameBack:
		out.answers = append(out.answers, answered{r, gateway.CameBackText(r.text(), r.Moved, done)})
	case does != gateway.SettleReturn || why != "":
		out.answers = append(out.answers, answered{r, gateway.RejectedText(r.text(), done)})
	}
}
