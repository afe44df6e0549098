// Package lab decides what is odd about a payment's payee before the payment is released, and what is done about it. It is pure:
// who asks brings the facts, and the history as sums.
package lab

import "strings"

// Finding is one thing that may be odd about a payment.
type Finding uint8

// What is looked for.
const (
	Dead           Finding = iota // the holder is dead
	Ceased                        // the company has ceased
	Emigrated                     // the holder has left the country
	Guardianship                  // somebody else acts for the holder
	Dormant                       // the holder was paid before, and then nothing for Setting.Days days
	ManyHolders                   // Setting.Count holders or more share the account
	NewAccount                    // first payment to an account known for Setting.Days days or less
	ChangedAccount                // the account took another's place Setting.Days days ago or less
	Duplicate                     // the same payee, amount and purpose within Setting.Days days
	Outlier                       // more than Setting.Percent of the largest of at least Setting.Count payments before
	BlockedAccount                // the account is on a blocked list
	BlockedHolder                 // the holder is on a blocked list
	Kinds          = iota         // how many there are
)

// names are the findings as reference data writes them.
func names() [Kinds]string {
	return [Kinds]string{"dead", "ceased", "emigrated", "guardianship", "dormant", "many-holders", "new-account", "changed-account", "duplicate", "outlier",
		"blocked-account", "blocked-holder"}
}

// String is the finding as reference data writes it.
func (f Finding) String() string {
	if int(f) >= Kinds {
		return "unknown"
	}
	return names()[f]
}

// ParseFinding is the finding of that name; false: there is none.
func ParseFinding(name string) (Finding, bool) {
	for f, n := range names() {
		if n == name {
			return Finding(f), true
		}
	}
	return 0, false
}

// Set is some of the findings.
type Set uint16

// Has reports whether a finding is among them.
func (s Set) Has(f Finding) bool { return s>>f&1 == 1 }

// With is the set and one more.
func (s Set) With(f Finding) Set { return s | 1<<f }

// String is the names, in the order of the findings, with spaces between.
func (s Set) String() string {
	var all []string
	for f := Finding(0); int(f) < Kinds; f++ {
		if s.Has(f) {
			all = append(all, f.String())
		}
	}
	return strings.Join(all, " ")
}
