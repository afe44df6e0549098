// Package witness computes a second time, and in its own way, what became of every payment.
//
// It believes nobody's tables. It reads the bytes: what authorities sent, what banks received, what banks answered,
// and what authorities got back; with a naive EDIFACT splitter and encoding/xml, sharing no code with the gateway. Its
// sums must equal the gateway's ledger, and its findings must be none.
package witness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
)

// Sum is a number of payments and their amount in øre.
type Sum struct {
	Count int64 `json:"count"`
	Oere  int64 `json:"oere"`
}

func (s *Sum) add(oere int64) {
	s.Count++
	s.Oere += oere
}

// States divides the received payments: every one stands in exactly one of the others.
type States struct {
	Received Sum `json:"received"`  // payments of bundles that receipt 1 accepted
	Rejected Sum `json:"rejected"`  // response 2
	Stopped  Sum `json:"stopped"`   // response 5
	Returned Sum `json:"returned"`  // response 7 RJCT, or rejected by the bank
	Executed Sum `json:"executed"`  // the bank's word, or its silence where that is its way
	Cheque   Sum `json:"cheque"`    // executed as a cheque
	CameBack Sum `json:"came_back"` // executed, and money of it is back, all or a part, and nothing ordered for that
	Settled  Sum `json:"settled"`   // ordered to its authority's error account, and executed; what else is settled stands in its authority's books
	Disputed Sum `json:"disputed"`  // the bank has contradicted itself, and nobody has asked it since
	Waiting  Sum `json:"waiting"`   // none of these yet
	// Undecided is the part of Waiting of which the bank has said what cannot be understood, or may have: what names no
	// order may concern every one at that bank.
	Undecided Sum `json:"undecided"`
	// Unnamed is the part of Executed and Cheque of which money is back, by the bank's journal, though no report names it.
	Unnamed Sum `json:"unnamed"`
	// OverDebited is øre that were debited for orders abroad beyond what was ordered, as far as it is reported by order, and RatesTook what is missing, by the
	// rate, of what came back of them. Both may be below 0.
	OverDebited int64 `json:"over_debited"`
	RatesTook   int64 `json:"rates_took"`
}

// AuthorityStates are the states of one authority's payments.
type AuthorityStates struct {
	Authority string `json:"authority"`
	States
	Money Money `json:"money"` // of its accounts
}

// Bank is what a bank centre was told to pay and what it said about that.
type Bank struct {
	Centre   string `json:"centre"`
	Ordered  Sum    `json:"ordered"`
	Rejected Sum    `json:"rejected"`
	Executed Sum    `json:"executed"`
	Disputed Sum    `json:"disputed"`
	Paid     Sum    `json:"paid"` // what it really executed, by its own journal, whatever it said
	Back     Sum    `json:"back"` // orders of which money came back, and how much, by its own journal, whatever it reported
	// Asked are orders that it was asked to give back; Granted and Refused what it has answered.
	Asked   Sum `json:"asked"`
	Granted Sum `json:"granted"`
	Refused Sum `json:"refused"`
	// UndecidedStatements are those that name no order: in a file that cannot be read or has the number of another, too.
	UndecidedStatements int `json:"undecided_statements"`
}

// Kinds of findings.
const (
	PaidTwice       = "paid twice"             // more than one order of a payment that its bank did not reject
	UnknownOrder    = "order of no payment"    // no authority sent such a payment
	WrongAmount     = "wrong amount"           // the order's differs from the payment's
	WrongAccount    = "wrong account"          // the order's, or response 8's, differs
	WrongDebit      = "wrong debit"            // other agreement or payout account than the payment's
	Forbidden       = "ordered against answer" // an order of a payment that was answered as rejected, returned or stopped
	DoubleAnswer    = "answered twice"         // two documents of a kind for one thing
	StrayAnswer     = "answer to nothing"      // about no delivery or payment, or one that cannot have it
	Contradiction   = "answer contradicts"     // with what the bank said, or within itself
	NoAnswer        = "no answer"              // the due document is missing
	RepeatedControl = "control number again"   // the bank got the same interchange number twice
	Unreadable      = "unreadable"             // an answer, or a file at the bank, that cannot be read
)

// Finding is one thing that is not as it must be.
type Finding struct {
	Kind string `json:"kind"`
	What string `json:"what"`
}

// Report is the second computation's result.
type Report struct {
	Deliveries      int               `json:"deliveries"` // distinct files that the mailbox acknowledged
	BundlesAccepted int               `json:"bundles_accepted"`
	BundlesRejected int               `json:"bundles_rejected"` // by receipt 0 or 1
	Total           States            `json:"total"`
	Authorities     []AuthorityStates `json:"authorities"`
	Banks           []Bank            `json:"banks"`
	Accounts        []Account         `json:"accounts"` // of which a bank has reported anything
	// Unanswered counts deliveries and payments without their due document.
	Unanswered int `json:"unanswered"`
	// FindingCount counts all findings; Findings holds no more than the first thousand.
	FindingCount int       `json:"finding_count"`
	Findings     []Finding `json:"findings"`
}

// mostFindings bounds what a report repeats.
const mostFindings = 1000

// Accounted is the sum over all states but Received, which it must equal.
func (s States) Accounted() Sum {
	var sum Sum
	for _, p := range []Sum{s.Rejected, s.Stopped, s.Returned, s.Executed, s.Cheque, s.CameBack, s.Settled, s.Disputed, s.Waiting} {
		sum.Count += p.Count
		sum.Oere += p.Oere
	}
	return sum
}

// Compute reads everything below dir/sim. An error means that something could not be read at all; what is wrong with
// what was read stands in the report.
func Compute(ctx context.Context, dir string) (Report, error) {
	w := &witness{
		ctx: ctx, dir: filepath.Join(dir, "sim"),
		byE2E: map[string]int32{}, bundles: map[bundleKey]int32{}, messages: map[messageKey]*message{}, recalls: map[messageKey]*recalls{},
		money: newMoney(), anew: map[int32][]Finding{},
		controls: map[controlKey]*interchange{}, numbers: map[string]string{}, heard: map[sentKey]digest{},
		errorAccounts: map[string]bool{}, claims: map[string]*claim{},
	}
	if err := w.choices(filepath.Join(dir, "country")); err != nil {
		return Report{}, err
	}
	if err := w.readClaims(filepath.Join(dir, "country")); err != nil {
		return Report{}, err
	}
	suppliers, err := folders(filepath.Join(w.dir, "authority"))
	if err != nil {
		return Report{}, err
	}
	for _, s := range suppliers {
		if err := w.supplier(s); err != nil {
			return Report{}, err
		}
	}
	centres, err := folders(filepath.Join(w.dir, "bank"))
	if err != nil {
		return Report{}, err
	}
	for _, c := range centres {
		if err := w.bank(c); err != nil {
			return Report{}, err
		}
	}
	w.judge()
	return w.report, nil
}

// witness holds what was read: one record per payment and per order.
type witness struct {
	ctx    context.Context
	dir    string
	report Report
	money

	deliveries []delivery
	bundles    map[bundleKey]int32 // accepted deliveries
	payments   []payment
	byE2E      map[string]int32 // last payment of that id; earlier ones by payment.sameE2E
	numbers    map[string]string
	later      []later // answers to be read when the orders are known

	orders   []order
	anew     map[int32][]Finding // differences of orders after the first of their payment
	messages map[messageKey]*message
	recalls  map[messageKey]*recalls
	controls map[controlKey]*interchange
	heard    map[sentKey]digest // readable files of banks
	banks    []Bank
	profiles []profile

	claims        map[string]*claim // by number
	errorAccounts map[string]bool   // of authorities, by their standing choices
}

func (w *witness) find(kind, format string, args ...any) {
	w.report.FindingCount++
	if len(w.report.Findings) < mostFindings {
		w.report.Findings = append(w.report.Findings, Finding{kind, mask(fmt.Sprintf(format, args...))})
	}
}

// missing is a finding that counts as unanswered.
func (w *witness) missing(format string, args ...any) {
	w.report.Unanswered++
	w.find(NoAnswer, format, args...)
}

var tenDigits = regexp.MustCompile(`(^|[^0-9])([0-9]{6})[0-9]{4}($|[^0-9])`)

// mask hides the end of what may be a CPR number: payers put such numbers into their references.
func mask(s string) string { return tenDigits.ReplaceAllString(s, "$1$2-xxxx$3") }

// folders names the folders in dir, in order. A dir that is not there has none.
func folders(dir string) ([]string, error) { return names(dir, true) }

func names(dir string, folders bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("witness: %w", err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() == folders && e.Name()[0] != '.' {
			list = append(list, e.Name())
		}
	}
	sort.Strings(list)
	return list, nil
}
