package bank

import (
	"fmt"
	"strings"
)

// Words of Reports.Debmul.
const (
	DebmulNone  = "none"  // the same as nothing at all: no DEBMUL
	DebmulLine  = "line"  // a LIN per debit posting, naming the lines that it debits
	DebmulParts = "parts" // and in it a SEQ for each order
)

// Reports is what a centre tells of its accounts, and how money comes back. A centre moves money on its accounts, and has
// it in its journal, whether it reports it or not. Rates are per mille, and functions of the seed and of what payers call
// their orders.
type Reports struct {
	Debmul string `json:"debmul,omitempty"`
	Cremul bool   `json:"cremul,omitempty"`
	Finsta string `json:"finsta,omitempty"` // time of day at which the statements of the day before go; empty: none
	// ReturnAccounts has the account that returns of a payout account are credited to, both as registration number/account;
	// an account that is not in it gets its returns itself.
	ReturnAccounts map[string]string `json:"return_accounts,omitempty"`
	Returns        Returns           `json:"returns,omitzero"`
	// Abroad: of orders in another currency that come to something else by the rate, debited and come back.
	Abroad     int          `json:"abroad,omitempty"`
	Debits     Debits       `json:"debits,omitzero"`
	Misbehaves ReportFaults `json:"misbehaves,omitzero"`
}

// Returns is how executed orders come back: ordinary things, that are nobody's fault.
type Returns struct {
	PerMille int `json:"per_mille,omitempty"` // of executed orders come back
	Within   int `json:"within,omitempty"`    // one to so many weekdays after the booking; nought is one
	Part     int `json:"part,omitempty"`      // of returns: half of the amount, the rest stays with the recipient
	Fee      int `json:"fee,omitempty"`       // less a fee that is kept back
	Two      int `json:"two,omitempty"`       // all of it in two parts, on two weekdays
	Merged   int `json:"merged,omitempty"`    // of days: one credit for all that comes back to an account; else one for each
}

// Debits is how orders are debited, within what the guide allows.
type Debits struct {
	Split  int `json:"split,omitempty"`  // of lines: in two postings
	Joint  int `json:"joint,omitempty"`  // of lines: in one posting with the line before
	Charge int `json:"charge,omitempty"` // of postings: with a charge in it
}

// ReportFaults is what a gateway must bear of reports. The money is moved as the journal has it, whatever they say; More
// and Rejected are wrong movements.
type ReportFaults struct {
	Twice     int `json:"twice,omitempty"`     // a report comes again, as the same bytes or in a new interchange
	Reordered int `json:"reordered,omitempty"` // a report comes a weekday later, after what was booked after it
	Late      int `json:"late,omitempty"`      // a report comes three weekdays later
	Early     int `json:"early,omitempty"`     // of interchanges: booked, reported and come back before a word was said of them
	More      int `json:"more,omitempty"`      // of returns and debit postings: more is moved than was ordered
	Unnamed   int `json:"unnamed,omitempty"`   // of returns and debit postings: no reference
	Unknown   int `json:"unknown,omitempty"`   // of returns: a reference that nobody gave
	Stray     int `json:"stray,omitempty"`     // of days on which money comes back: a credit that is no return of anything
	Rejected  int `json:"rejected,omitempty"`  // of rejected orders: booked all the same, and come back
	Sum       int `json:"sum,omitempty"`       // of credits: MOA of the LIN is not the sum of its SEQ
	Balance   int `json:"balance,omitempty"`   // of statements: the closing balance is not the opening one and the entries
	Missing   int `json:"missing,omitempty"`   // of statements: never sent
}

// WithReports has a profile report what it books in every way, and lets money come back; it does nothing wrong by it.
func WithReports(p Profile) Profile {
	p.Reports = Reports{
		Debmul: DebmulLine, Cremul: true, Finsta: "06:00",
		Returns: Returns{PerMille: 20, Within: 5, Part: 150, Fee: 150, Two: 100, Merged: 500},
		Debits:  Debits{Split: 100, Joint: 100, Charge: 100},
		Abroad:  500,
	}
	if p.Executed == ExecutedSeq {
		p.Reports.Debmul = DebmulParts
	}
	return p
}

func (p Profile) checkReports() error {
	r := p.Reports
	if r.Debmul != "" && !oneOf(r.Debmul, "none line parts") {
		return fmt.Errorf("%w: reports.debmul is %q, may be: none line parts", ErrProfile, r.Debmul)
	}
	if _, ofDay, err := parseMoment(r.Finsta); err != nil || r.Finsta != "" && ofDay < 0 {
		return fmt.Errorf("%w: reports.finsta is %q, must be a time of day HH:MM", ErrProfile, r.Finsta)
	}
	for from, to := range r.ReturnAccounts {
		for _, a := range []string{from, to} {
			if bank, account, ok := strings.Cut(a, "/"); !ok || bank == "" || account == "" {
				return fmt.Errorf("%w: reports.return_accounts has %q, must be registration number/account", ErrProfile, a)
			}
		}
	}
	if r.Returns.Within < 0 || r.Returns.Within > 250 {
		return fmt.Errorf("%w: reports.returns.within is %d, must be 0 to 250 weekdays", ErrProfile, r.Returns.Within)
	}
	if err := r.checkRates(); err != nil {
		return err
	}
	if (r.Returns.PerMille > 0 || r.Misbehaves.Rejected > 0) && len(p.Reasons) == 0 {
		return fmt.Errorf("%w: returns without reasons", ErrProfile)
	}
	return nil
}

// checkRates compares every rate with a whole.
func (r Reports) checkRates() error {
	t, d, m := r.Returns, r.Debits, r.Misbehaves
	for _, rate := range []struct {
		name string
		is   int
	}{
		{"returns.per_mille", t.PerMille}, {"returns.part", t.Part}, {"returns.fee", t.Fee}, {"returns.two", t.Two}, {"returns.merged", t.Merged},
		{"abroad", r.Abroad}, {"debits.split", d.Split}, {"debits.joint", d.Joint}, {"debits.charge", d.Charge},
		{"misbehaves.twice", m.Twice}, {"misbehaves.reordered", m.Reordered}, {"misbehaves.late", m.Late}, {"misbehaves.early", m.Early},
		{"misbehaves.more", m.More}, {"misbehaves.unnamed", m.Unnamed}, {"misbehaves.unknown", m.Unknown}, {"misbehaves.stray", m.Stray},
		{"misbehaves.rejected", m.Rejected}, {"misbehaves.sum", m.Sum}, {"misbehaves.balance", m.Balance}, {"misbehaves.missing", m.Missing},
	} {
		if rate.is < 0 || rate.is > 1000 {
			return fmt.Errorf("%w: reports.%s is %d, must be 0 to 1000 per mille", ErrProfile, rate.name, rate.is)
		}
	}
	return nil
}
