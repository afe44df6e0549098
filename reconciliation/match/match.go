// Package match decides which payment or line a booked amount is about: by reference, else by amount, account and date where
// nothing else can be meant. What only looks like it is a suggestion with its reason. The same input gives the same result in
// whatever order it comes; the package keeps nothing and asks nobody.
package match

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"nks/gateway"
)

// ErrInput is wrapped by the errors of Find: what was given can be matched in no way.
var ErrInput = errors.New("not to be matched")

// MaxOre is the largest amount of a part or a candidate.
const MaxOre = 1_000_000_000_000_000

// Kind is what a candidate is.
type Kind int8

// The kinds, in the order in which results list them.
const (
	Payment Kind = 1 // an attempt of a payment
	Line    Kind = 2 // a LIN of ours, as a bank debits it
)

// Subject is what a part can be about.
type Subject struct {
	Kind Kind
	ID   int64 // the payment, or the line's interchange
	No   int32 // the attempt, or the line's message
	Lin  int32 // of a line
}

// PaymentAttempt is the subject of a payment's attempt.
func PaymentAttempt(payment int64, attempt int32) Subject {
	return Subject{Kind: Payment, ID: payment, No: attempt}
}

// InterchangeLine is the subject of a line.
func InterchangeLine(interchange int64, message, lin int32) Subject {
	return Subject{Kind: Line, ID: interchange, No: message, Lin: lin}
}

func (s Subject) compare(o Subject) int {
	return cmp.Or(cmp.Compare(s.Kind, o.Kind), cmp.Compare(s.ID, o.ID), cmp.Compare(s.No, o.No), cmp.Compare(s.Lin, o.Lin))
}

// Way is which way the money goes.
type Way int8

// The ways.
const (
	Debit  Way = 1 // out of a payout account
	Return Way = 2 // back to the account where returns are credited
)

// Part is what is booked by itself in a posting: one return in a credit, one debited LIN or order in a debit.
type Part struct {
	ID       int64
	Account  string // that it is booked on
	Ore      int64  // credit +, debit -; øre
	PostedOn gateway.Date
	// References as the bank wrote them; several where one debit is of several lines. Empty ones count as missing.
	References []string
	// Counterparty is the account that a return comes from, or that an order was debited for; empty where the bank is silent.
	Counterparty string
	OrderedOre   int64 // what the bank says was ordered; 0: it does not say
	// ChargeOre is what the bank kept back of a return beside Ore, or has debited as its charge within Ore.
	ChargeOre int64
}

// way is by the sign; 0 when there is no amount.
func (p *Part) way() Way {
	switch {
	case p.Ore < 0:
		return Debit
	case p.Ore > 0:
		return Return
	}
	return 0
}

// about is how many øre of candidates the part speaks of: of a return what came back and what was kept of it, of a debit
// what was taken less the charge. 0: nothing that can be.
func (p *Part) about() int64 {
	switch {
	case p.Ore > MaxOre || p.Ore < -MaxOre || p.ChargeOre < 0 || p.ChargeOre > MaxOre:
		return 0
	case p.Ore > 0:
		return p.Ore + p.ChargeOre
	}
	return max(0, -p.Ore-p.ChargeOre)
}

// Candidate is a payment or line that money may still be booked for.
type Candidate struct {
	Subject Subject
	Way     Way
	// Reference is the order's RFF+CR, or the line's RFF+AEK. Candidates that share one are matched with it together.
	Reference string
	// Account is where it is to be booked; empty: anywhere, and then by reference alone.
	Account      string
	Counterparty string // the beneficiary's account, of a payment
	Ore          int64  // that can still come back, or be debited; øre
	OrderedOre   int64  // 0: not held against what the bank says
	ExecutesOn   gateway.Date
	Interchange  int64 // whose lines a bank may debit as one amount; 0: none
}

// Window is how many days before and after its execution day something may be booked, to be found without a reference.
type Window struct{ Before, After int }

// Windows are those of both ways.
type Windows struct{ Debit, Return Window }

// Rule is by what a part was matched. The numbers are stored; they never change meaning.
type Rule int16

// The rules, in their order.
const (
	ByReference     Rule = 1 // the one candidate with its reference
	ByPartsOf       Rule = 2 // with other parts of the day, all of one reference
	ByReferences    Rule = 3 // the sum of all candidates with its references
	ByAmount        Rule = 4 // amount, accounts and date fit one candidate, and that one no other part
	ByWholeGroup    Rule = 5 // the sum of all lines of an interchange or a day on that account
	ByPartsOfTheDay Rule = 6 // with all other parts of that account and day, the sum of one candidate
	byNothing       Rule = 0
	mostSuggestions      = 4 // of one part
	daysOfAWindow        = 3660
	mostInput            = math.MaxInt32
	firstDay             = math.MinInt32 // of what has no date
)

func (r Rule) String() string {
	switch r {
	case ByReference:
		return "by its reference"
	case ByPartsOf:
		return "by its reference, with other parts of the same"
	case ByReferences:
		return "by its references, as the sum of all that bear them"
	case ByAmount:
		return "by amount, accounts and date, which fit nothing else"
	case ByWholeGroup:
		return "by amount, account and date, as the sum of all lines of an interchange or a day"
	case ByPartsOfTheDay:
		return "by amount, account and date, with all other parts of the day"
	}
	return "by nothing"
}

// Reason is why a part is not matched.
type Reason string

// The reasons.
const (
	NoAmount         Reason = "it has no amount that a payment or line can have"
	NothingFits      Reason = "nothing fits its amount, accounts and date"
	UnknownReference Reason = "nothing that is open bears its reference"
	AnotherAmount    Reason = "another amount than is left"
	AnotherOrdered   Reason = "another amount was ordered than the bank says"
	AnotherAccount   Reason = "another account than it is to be booked on"
	SeveralParts     Reason = "other parts fit the same"
	SeveralFit       Reason = "it fits several"
	NoCounterparty   Reason = "the bank does not say which account it comes from"
	Undecided        Reason = "another part bears the same reference and is not certain"
)

// Use is øre of a candidate.
type Use struct {
	Subject Subject
	Ore     int64
}

// Match is a part that is certain. Its uses add up to what it speaks of: the amount and the charge that was kept of a
// return, the amount without the charge of a debit. Uses may be shared between results and are not to be changed.
type Match struct {
	Part int64
	Rule Rule
	Uses []Use
}

// Suggestion is what an unmatched part may be about.
type Suggestion struct {
	Part   int64
	Rule   Rule // that would match it
	Reason Reason
	Uses   []Use
}

// Unmatched is a part that is about nothing for certain.
type Unmatched struct {
	Part   int64
	Reason Reason
	Fits   int // how many things it fits; the first of them are suggested
}

// Result has every part once, as a match or unmatched, each list by the parts' posting date and number.
type Result struct {
	Matches     []Match
	Suggestions []Suggestion
	Unmatched   []Unmatched
}

// Find matches parts with candidates. Time and memory grow with the input alone. ErrInput: two parts or two candidates of one
// identity, or a candidate, window or number of things that cannot be.
func Find(parts []Part, candidates []Candidate, windows Windows) (Result, error) {
	m, err := newMatching(parts, candidates, windows)
	if err != nil {
		return Result{}, fmt.Errorf("match: %w", err)
	}
	m.byReference()
	m.byAmount()
	return m.result(), nil
}
