package gateway

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Choice is what an authority wants done with money that has nowhere to go. // B35-36 // G-faulty
type Choice string

// The choices.
const (
	ReturnToSender Choice = "return"
	SendCheque     Choice = "cheque"
	ToErrorAccount Choice = "error_account" // a fejlkonto of the authority's own
	HoldForAccount Choice = "hold"          // until an account arrives (ventekonto)
)

// Cause is why money has nowhere to go.
type Cause string

// The causes.
const (
	CauseNoAccount    Cause = "no_account"    // there was none when the payment was due
	CauseBankRejected Cause = "bank_rejected" // the bank did not carry the order out: nothing was debited for it
	CauseCameBack     Cause = "came_back"     // what was paid is here again, all of it or a part
)

// Causes is every cause.
func Causes() []Cause { return []Cause{CauseNoAccount, CauseBankRejected, CauseCameBack} }

// MostHoldDays bounds for how many banking days something is kept: a year of them.
const MostHoldDays = 250

// StandingChoice is a version of what an authority wants done, for one benefit type or all, in one case. // G-faulty
type StandingChoice struct {
	Version     int64 // 0: none was made, and the agreement's word or the default counts
	Authority   string
	BenefitType string // empty: all that have no choice of their own
	Cause       Cause
	Does        Choice
	HoldDays    int    // banking days, of HoldForAccount
	Otherwise   Choice // what is done where SendCheque cannot be, or when HoldForAccount is over
	Account     string // 14 digits, where ToErrorAccount is meant
}

// String is the choice in the words that ParseChoice reads.
func (c StandingChoice) String() string {
	text := string(c.Does)
	switch c.Does {
	case HoldForAccount:
		text += " " + strconv.Itoa(c.HoldDays) + " else " + string(c.Otherwise)
	case SendCheque:
		text += " else " + string(c.Otherwise)
	}
	if c.Account != "" {
		text += " " + c.Account
	}
	return text
}

// ChoiceRule is what ParseChoice says of what it cannot read.
const ChoiceRule = `must be "return", "cheque else return", "cheque else error_account N", "error_account N", or "hold DAYS else return", "… else cheque", ` +
	`"… else error_account N"; DAYS are 1 to 250 banking days, N is an account of 14 digits`

// ParseChoice reads what is chosen: a choice, and what is done otherwise.
func ParseChoice(text string) (c StandingChoice, err error) {
	words := strings.Split(text, " ")
	take := func() (word string) {
		if len(words) > 0 {
			word, words = words[0], words[1:]
		}
		return word
	}
	c.Does = Choice(take())
	last, may := c.Does, []Choice{ReturnToSender, ToErrorAccount, SendCheque, HoldForAccount}
	ok := slices.Contains(may, c.Does)
	if c.Does == HoldForAccount {
		c.HoldDays, err = strconv.Atoi(take())
		ok = ok && err == nil && c.HoldDays >= 1 && c.HoldDays <= MostHoldDays
		may = may[:3]
	} else {
		may = may[:2]
	}
	if c.Does == HoldForAccount || c.Does == SendCheque {
		ok = ok && take() == "else"
		c.Otherwise = Choice(take())
		last = c.Otherwise
		ok = ok && slices.Contains(may, last)
	}
	if last == ToErrorAccount {
		c.Account = take()
		ok = ok && len(c.Account) == 14 && AllDigits(c.Account) && strings.Trim(c.Account, "0") != ""
	}
	if !ok || len(words) > 0 || c.String() != text {
		return StandingChoice{}, fmt.Errorf("%w: choice %q %s", ErrIntent, text, ChoiceRule)
	}
	return c, nil
}

// StandingChoices are those of authorities that count at one instant.
type StandingChoices []StandingChoice

// For is what an authority wants in a case: its choice for the benefit type, else that for all, else what its agreement says of
// payments without an account; what a bank has rejected or sent back goes back to the sender by default.
func (all StandingChoices) For(authority, benefitType string, cause Cause, agreement Choice) StandingChoice {
	general := -1
	for i, c := range all {
		switch {
		case c.Authority != authority || c.Cause != cause:
		case c.BenefitType == benefitType && benefitType != "":
			return c
		case c.BenefitType == "":
			general = i
		}
	}
	if general >= 0 {
		return all[general]
	}
	c := StandingChoice{Authority: authority, Cause: cause, Does: ReturnToSender}
	if cause == CauseNoAccount && agreement == SendCheque {
		c.Does, c.Otherwise = SendCheque, ReturnToSender
	}
	return c
}

// Of is the choices of one authority in one case.
func (all StandingChoices) Of(authority string, cause Cause) StandingChoices {
	return slices.DeleteFunc(slices.Clone(all), func(c StandingChoice) bool { return c.Authority != authority || c.Cause != cause })
}

// ByVersion finds a version; false when it is not there.
func (all StandingChoices) ByVersion(version int64) (StandingChoice, bool) {
	i := slices.IndexFunc(all, func(c StandingChoice) bool { return c.Version == version })
	if i < 0 {
		return StandingChoice{}, false
	}
	return all[i], true
}
