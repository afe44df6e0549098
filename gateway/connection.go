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

// The verdicts. What could not be played says why; it has not passed, and does not stand in the way.
const (
	VerdictPassed      Verdict = "passed"
	VerdictFailed      Verdict = "failed"
	VerdictNotPossible Verdict = "not possible here"
)

// ConformanceCase is a case of the connection test as it was played.
type ConformanceCase struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Rule    string  `json:"rule"`
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why,omitempty"` // it failed, or was not possible
}

// ConformanceReport is what a connection test has come to, as nks conformance keeps it.
type ConformanceReport struct {
	Supplier string            `json:"supplier"`
	Gateway  string            `json:"gateway"` // its name, the addressee
	Begun    time.Time         `json:"begun"`   // the machine's time
	Ended    time.Time         `json:"ended"`
	Cases    []ConformanceCase `json:"cases"`
}

// fewestPassed is how many cases must have passed for a report to say anything: those that need no bank.
const fewestPassed = 10

// Count is how many cases have come to a verdict.
func (r ConformanceReport) Count(v Verdict) (n int) {
	for _, c := range r.Cases {
		if c.Verdict == v {
			n++
		}
	}
	return n
}

// Passed reports whether no case has failed, every case has a verdict, and enough have passed.
func (r ConformanceReport) Passed() bool {
	passed := r.Count(VerdictPassed)
	return passed >= fewestPassed && passed+r.Count(VerdictNotPossible) == len(r.Cases)
}

// String is the sum of it.
func (r ConformanceReport) String() string {
	word := "failed"
	if r.Passed() {
		word = "passed"
	}
	return fmt.Sprintf("%s: %d of %d cases passed, %d failed, %d not possible", word, r.Count(VerdictPassed), len(r.Cases), r.Count(VerdictFailed), r.Count(VerdictNotPossible))
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
