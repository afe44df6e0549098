package gateway

import (
	"fmt"
	"slices"
	"time"
)

// Acceptance is what makes a bank's acceptance of the orders, once CONTRL has not refused them.
type Acceptance string

// What can make a bank's acceptance.
const (
	AcceptedByContrl  Acceptance = "contrl"      // CONTRL 7 alone
	AcceptedByLine    Acceptance = "bansta_line" // BANSTA for each LIN
	AcceptedByMessage Acceptance = "bansta_seq"  // BANSTA for single orders; it speaks for the whole message
	AcceptedBySilence Acceptance = "silence"     // no reject until the deadline
)

// Acceptances is every Acceptance that a profile may name.
func Acceptances() []Acceptance {
	return []Acceptance{AcceptedByContrl, AcceptedByLine, AcceptedByMessage, AcceptedBySilence}
}

// BankCentre is one booking centre as the flow needs it.
type BankCentre struct {
	ID string
	// Version is of its profile, which counts from From to To; zero times: always, and for ever.
	Version  int64
	From, To time.Time
	// Closed: something else is known by now of that time. It decides about nothing but what was made by it.
	Closed bool

	Codec      BankCodec
	Acceptance Acceptance
	// ReceiptIsFinal reports that CONTRL 8 is all that comes.
	ReceiptIsFinal bool
	SendBy         time.Duration // since midnight, Copenhagen
	Files          FileNames
	LeadDays       int // banking days
	// Salaries are the cut-offs of salaries and pensions; nil: they have none of their own. // B1-salary
	Salaries *KindCutOffs
	// Cheques reports whether the bank sends cheques.
	Cheques bool
	// DebitText reports whether the payer's text on its own statement goes with each line: each text is a line of its own.
	DebitText bool
	// AcceptanceDeadline: so long after CONTRL without a reject, a message counts as accepted.
	AcceptanceDeadline time.Duration
	// ExecutedDeadline: so long after 09:00 of the execution day without a status, an order counts as executed, where
	// the profile says that silence is the bank's answer; 0 where it does not.
	ExecutedDeadline time.Duration
	// StatusDeadline: so long after 09:00 of the execution day without a status, somebody must ask, where the profile says
	// that the bank tells what it has executed; 0 where it does not.
	StatusDeadline time.Duration
	// DebitDeadline: so long after 09:00 of the execution day without a posting that debits what was executed, somebody must ask, where the
	// profile says that the bank tells its postings; 0 where it does not.
	DebitDeadline time.Duration
	// ContrlDeadline: so long after sending without CONTRL, somebody must ask.
	ContrlDeadline time.Duration
}

// executedFrom is the time of day at which the recipient has the money.
const executedFrom = 9 * time.Hour

// ExecutedFrom is when recipients have the money of an execution day.
func ExecutedFrom(day Date, loc *time.Location) time.Time { return day.At(executedFrom, loc) }

// ExecutedBySilence is when silence makes an order of an execution day executed.
func (b BankCentre) ExecutedBySilence(executesOn Date, loc *time.Location) time.Time {
	return executesOn.At(executedFrom, loc).Add(b.ExecutedDeadline)
}

// ExecutedThrough is the last execution day whose orders silence has made executed by now.
func (b BankCentre) ExecutedThrough(now time.Time, loc *time.Location) Date {
	return LastExecutionDay(now.Add(-b.ExecutedDeadline), loc)
}

// LastExecutionDay is the last day on which recipients have had their money by a time.
func LastExecutionDay(t time.Time, loc *time.Location) Date {
	t = t.In(loc)
	d := DateOf(t)
	if d.At(executedFrom, loc).After(t) {
		d = d.AddDays(-1)
	}
	return d
}

// BankCentres is every version of every booking centre's profile that is known.
type BankCentres []BankCentre

// InForce finds the profile of a booking centre that counts at an instant; ErrNotFound when none does.
func (all BankCentres) InForce(id string, at time.Time) (BankCentre, error) {
	i := slices.IndexFunc(all, func(b BankCentre) bool {
		return b.ID == id && !b.Closed && !b.From.After(at) && (b.To.IsZero() || b.To.After(at))
	})
	if i < 0 {
		return BankCentre{}, fmt.Errorf("bank centre %q has no profile that is in force: %w", id, ErrNotFound)
	}
	return all[i], nil
}

// Serving finds the profile by which a booking centre is spoken to at an instant: the one in force, else the last one that was.
func (all BankCentres) Serving(id string, at time.Time) (BankCentre, error) {
	found, err := all.InForce(id, at)
	for _, b := range all {
		if err != nil && b.ID == id && !b.Closed && !b.To.IsZero() && !b.To.After(at) && !b.To.Before(found.To) {
			found = b
		}
	}
	if found.ID != "" {
		err = nil
	}
	return found, err
}

// ByVersion finds the profile that something was made by; ErrNotFound when it is not known.
func (all BankCentres) ByVersion(id string, version int64) (BankCentre, error) {
	i := slices.IndexFunc(all, func(b BankCentre) bool { return b.ID == id && b.Version == version })
	if i < 0 {
		return BankCentre{}, fmt.Errorf("version %d of the profile of bank centre %q is not known: %w", version, id, ErrNotFound)
	}
	return all[i], nil
}

// IDs is the ids of all booking centres.
func (all BankCentres) IDs() []string {
	var ids []string
	for _, b := range all {
		if !slices.Contains(ids, b.ID) {
			ids = append(ids, b.ID)
		}
	}
	return ids
}

// Days is which days banks work, and where.
type Days struct {
	Calendar Calendar
	Location *time.Location
}

// Terms are the terms of an agreement at a booking centre.
func (d Days) Terms(a Agreement, b BankCentre) Terms {
	return Terms{ReceiveBy: a.ReceiveBy, SendBy: b.SendBy, LeadDays: b.LeadDays, Calendar: d.Calendar, Location: d.Location}
}

// BankTerms are the terms of a booking centre alone, whose send-by controls may have moved.
func (d Days) BankTerms(b BankCentre, controls NightControls) Terms {
	t := d.Terms(Agreement{}, b)
	t.Controls, t.For = controls, About{Bank: b.ID}
	return t
}
