package gateway

import (
	"errors"
	"math"
	"strings"
)

// Report is a message in which a bank tells what it has booked.
type Report string

// The reports.
const (
	DebitAdvice      Report = "DEBMUL"
	CreditAdvice     Report = "CREMUL"
	AccountStatement Report = "FINSTA"
)

// BankPosting is one amount that a bank has booked on an account. It is known by account, reference, day and amount, and by
// which of otherwise equal ones of its message it is; never by its file.
type BankPosting struct {
	Report    Report
	Message   int    // which message of the file, from 1
	Account   string // 14 digits; empty: not known
	Reference string // the bank's, RFF+ACK; empty: it gives none
	PostedOn  Date   // zero: not known
	ValueOn   Date   // zero: not said
	Ore       int64  // credits positive, debits negative; 0: not known
	ChargeOre int64  // the bank's charges in it
	Text      string
	LineRefs  []string // RFF+AEK: of the lines of ours that are debited
	Parts     []PostingPart
	Unclear   string // why nobody can say what it is made of; empty: somebody can
	Statement int    // which statement of its message it is an entry of, from 1; 0: of none
}

// PostingPart is what a posting is made of, as far as the bank says: of a credit one return, of a debit one order.
type PostingPart struct {
	Reference       string // ours of the order, RFF+CR; empty: not said
	Ore             int64
	ChargeOre       int64  // of a return: what the bank kept, beside Ore
	OrderedOre      int64  // what was ordered, as the bank says; 0: not said
	ForeignAmount   int64  // in minor units of ForeignCurrency
	ForeignCurrency string // empty: none
	Rate            string // kroner for one of ForeignCurrency, as a decimal number; empty: not said
	Account         string // the other's; empty: not said
	Code            string // Kxxxx
	Text            string
}

// Known reports whether the posting has what it is known by.
func (p BankPosting) Known() bool { return p.Account != "" && !p.PostedOn.IsZero() && p.Ore != 0 }

// ErrSumTooLarge: amounts add up to more than 64 bits hold.
var ErrSumTooLarge = errors.New("sum is too large")

// AddOre adds two amounts.
func AddOre(a, b int64) (int64, error) {
	if b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b {
		return 0, ErrSumTooLarge
	}
	return a + b, nil
}

// BankStatement is a bank's statement of one account; its entries are postings.
type BankStatement struct {
	Message    int    // which message of the file, from 1
	No         int    // which statement of it, from 1
	Account    string // 14 digits
	Number     string // one more each time
	Day        Date
	OpeningOre int64
	ClosingOre int64
	Entries    int
	EntriesOre int64  // what they add up to
	Unclear    string // why nobody can read it; empty: somebody can
}

// AddsUp reports whether opening balance and entries make the closing balance.
func (s BankStatement) AddsUp() bool {
	sum, err := AddOre(s.OpeningOre, s.EntriesOre)
	return err == nil && sum == s.ClosingOre
}

// shownDigits is how many of an account's last digits people are shown.
const shownDigits = 4

// ShownAccount is an account of an authority as exceptions and lists show it: its last four digits.
func ShownAccount(account string) string {
	if len(account) <= shownDigits {
		return account
	}
	return strings.Repeat("x", len(account)-shownDigits) + account[len(account)-shownDigits:]
}

// MatchRule is by what it is known what a part of a posting is about.
type MatchRule string

// The rules.
const (
	MatchedByReference MatchRule = "reference" // ours, that the bank names
	MatchedByAmount    MatchRule = "amount"    // account, amount and day fit nothing else
	MatchedBySum       MatchRule = "sum"       // of several
	MatchedByPersons   MatchRule = "persons"
)
