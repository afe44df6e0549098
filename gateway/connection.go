package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// ConnectionState is how far an authority is connected by a payout system (udbetalingssystem). // B33.1-6
type ConnectionState string

// The states, in their order.
const (
	ConnectionRequested ConnectionState = "requested"
	ConnectionAgreed    ConnectionState = "agreed"
	ConnectionTesting   ConnectionState = "testing"
	ConnectionLive      ConnectionState = "live"      // it pays
	ConnectionConnected ConnectionState = "connected" // with everything that it pays
	ConnectionDispensed ConnectionState = "dispensed" // it need not be connected
	ConnectionEnded     ConnectionState = "ended"
)

// Pays reports whether bundles are taken of an authority that is connected so far.
func (s ConnectionState) Pays() bool { return s == ConnectionLive || s == ConnectionConnected }

// RightPayments is what a payout system must be entitled to before its bundles are taken.
const RightPayments = "payments"

// ConnectionRule says of which bundles it counts how far their authority is connected.
type ConnectionRule string

// The rules. None is that of a test environment, where those who are not live yet try.
const (
	ConnectionsIgnored  ConnectionRule = ""
	ConnectionsRecorded ConnectionRule = "recorded" // of those that have a connection on record
	ConnectionsRequired ConnectionRule = "required" // of all
)

// PayoutSystem is a payout system that a data supplier has for an authority: a bundle names both, and no system.
type PayoutSystem struct {
	State  ConnectionState // "": it is on record for a later day
	Rights []string
}

// Admits reports whether a bundle is taken of an authority that its data supplier has these payout systems for. One that is live is enough. // B33.1-6
func (r ConnectionRule) Admits(systems []PayoutSystem) bool {
	if r == ConnectionsIgnored || len(systems) == 0 && r == ConnectionsRecorded {
		return true
	}
	return slices.ContainsFunc(systems, func(s PayoutSystem) bool { return s.State.Pays() && slices.Contains(s.Rights, RightPayments) })
}

// RightAccounts is what a payout system must be entitled to before the register takes changes and queries of it. // B18.2
const RightAccounts = "accounts"

// AdmitsAccounts reports whether changes and queries of accounts are taken of an authority that its data supplier has these payout systems for:
// one must be live with that right, and on record with it where connections are ignored. Unlike bundles, there is no agreement to go by instead.
func (r ConnectionRule) AdmitsAccounts(systems []PayoutSystem) bool {
	return slices.ContainsFunc(systems, func(s PayoutSystem) bool {
		return (s.State.Pays() || r == ConnectionsIgnored) && slices.Contains(s.Rights, RightAccounts)
	})
}

// Lack is something without which a connection takes no bundles.
type Lack string

// What may be lacking, in the order in which it comes.
const (
	LackRequest   Lack = "request" // nobody has asked for it, or it is over
	LackAgreement Lack = "agreement"
	LackTesting   Lack = "testing" // it is not in test
	LackReport    Lack = "report"  // no report of a connection test is on record
	LackPassed    Lack = "passed"  // the last report has not passed
	LackPersons   Lack = "persons" // two persons, who let it go live
	LackPayments  Lack = "payments"
)

// Shown is what has been shown of a payout system before it goes live.
type Shown struct {
	Reported, Passed bool // the last report
	Waived           bool // a dispensation from the test
}

// Lacks is what a connection lacks before bundles are taken by it.
func (s ConnectionState) Lacks(rights []string, shown Shown) (all []Lack) {
	steps := []ConnectionState{ConnectionRequested, ConnectionAgreed, ConnectionTesting}
	for i, lack := range []Lack{LackRequest, LackAgreement, LackTesting} {
		if !s.Pays() && slices.Index(steps, s) < i {
			all = append(all, lack)
		}
	}
	if !s.Pays() {
		switch {
		case shown.Passed || shown.Waived:
		case shown.Reported:
			all = append(all, LackPassed)
		default:
			all = append(all, LackReport)
		}
		all = append(all, LackPersons)
	}
	if !slices.Contains(rights, RightPayments) {
		all = append(all, LackPayments)
	}
	return all
}

// Kinds of decisions about connections.
const (
	DecisionConnection  = "connection"
	DecisionConformance = "conformance-report"
	DecisionWaiveTest   = "waive-test"
)

// MayFollow reports whether a connection may go to a state from another; "" is one that nobody has asked for yet. What is changed so much that it
// must be tested again goes back to testing.
func (s ConnectionState) MayFollow(before ConnectionState) bool {
	switch s {
	case ConnectionRequested:
		return slices.Contains([]ConnectionState{"", ConnectionEnded, ConnectionDispensed}, before)
	case ConnectionAgreed:
		return before == ConnectionRequested
	case ConnectionTesting:
		return slices.Contains([]ConnectionState{ConnectionAgreed, ConnectionLive, ConnectionConnected}, before)
	case ConnectionLive:
		return before == ConnectionTesting
	case ConnectionConnected:
		return before == ConnectionLive
	case ConnectionDispensed:
		return slices.Contains([]ConnectionState{"", ConnectionRequested, ConnectionAgreed, ConnectionTesting}, before)
	case ConnectionEnded:
		return before != "" && before != ConnectionEnded
	}
	return false
}

// Persons is how many must stand for it: going live, and being let off, let money go without what was to be shown before.
func (s ConnectionState) Persons() int {
	if s == ConnectionLive || s == ConnectionConnected || s == ConnectionDispensed {
		return 2
	}
	return 1
}

// Verdict is what a case of the connection test has come to.
type Verdict string

// The verdicts. What could not be played, or only in part, says why: it has not passed.
const (
	VerdictPassed      Verdict = "passed"
	VerdictFailed      Verdict = "failed"
	VerdictUnanswered  Verdict = "not answered" // waited for in vain
	VerdictNotPossible Verdict = "not possible here"
)

// ConformanceCase is a case of the connection test as it was played.
type ConformanceCase struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	Rule     string  `json:"rule"`
	Official bool    `json:"official"` // of the public connection test
	Verdict  Verdict `json:"verdict"`
	Why      string  `json:"why,omitempty"` // it has not passed
}

// ConformanceReport is what a connection test has come to, as nks conformance keeps it.
type ConformanceReport struct {
	Supplier string            `json:"supplier"`
	Gateway  string            `json:"gateway"` // its name, the addressee
	Begun    time.Time         `json:"begun"`   // the machine's time
	Ended    time.Time         `json:"ended"`
	Cases    []ConformanceCase `json:"cases"`
}

// fewestOfficial is how many of the fifteen official cases must have passed: without a stop, a bank that rejects and an account abroad there
// is still a test, with less there is none.
const fewestOfficial = 12

// Count is how many cases have come to a verdict.
func (r ConformanceReport) Count(v Verdict) (n int) {
	for _, c := range r.Cases {
		if c.Verdict == v {
			n++
		}
	}
	return n
}

// Faulty reports whether a case has failed, or was not answered.
func (r ConformanceReport) Faulty() bool {
	return r.Count(VerdictPassed)+r.Count(VerdictNotPossible) < len(r.Cases)
}

// Passed reports whether nothing is faulty, and enough has passed: unknown is no success.
func (r ConformanceReport) Passed() bool {
	official := 0
	for _, c := range r.Cases {
		if c.Official && c.Verdict == VerdictPassed {
			official++
		}
	}
	return !r.Faulty() && official >= fewestOfficial
}

// String is the sum of it.
func (r ConformanceReport) String() string {
	word := "incomplete"
	switch {
	case r.Passed():
		word = "passed"
	case r.Faulty():
		word = "failed"
	}
	return fmt.Sprintf("%s: %d of %d cases passed, %d failed, %d not answered, %d not possible here", word, r.Count(VerdictPassed), len(r.Cases), r.Count(VerdictFailed),
		r.Count(VerdictUnanswered), r.Count(VerdictNotPossible))
}

// ReadConformanceReport reads a report as it is kept. The error is an ErrIntent.
func ReadConformanceReport(text string) (r ConformanceReport, err error) {
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("the report is no summary.json of nks conformance: %w", ErrIntent)
	}
	if r.Supplier == "" || len(r.Cases) == 0 || r.Ended.Before(r.Begun) {
		return r, fmt.Errorf("the report has no supplier, no cases or no time: %w", ErrIntent)
	}
	return r, nil
}
