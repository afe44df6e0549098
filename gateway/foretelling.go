package gateway

import "fmt"

// Foretelling is when the recipients of a bundle are planned to have their money: the first and the last day of its groups. Zero:
// nothing is foretold. It is made when the bundle is read, before its payments are checked: for every group whose debit is right,
// by the agreement and the booking centre as they are known then. // G-deadline
type Foretelling struct{ First, Last Date }

// And is the foretelling of one more group.
func (f Foretelling) And(day Date) Foretelling {
	if f.First.IsZero() || day.Before(f.First) {
		f.First = day
	}
	if f.Last.Before(day) {
		f.Last = day
	}
	return f
}

// Text is what the authority reads of it; empty when nothing is foretold.
func (f Foretelling) Text() string {
	switch {
	case f.First.IsZero():
		return ""
	case f.First == f.Last:
		return fmt.Sprintf(textOnAccount, f.First)
	}
	return fmt.Sprintf(textOnAccountBetween, f.First, f.Last)
}

const (
	textOnAccount        = "På konto %s"
	textOnAccountBetween = "På konto tidligst %s, senest %s"
)
