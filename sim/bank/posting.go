package bank

import (
	"strings"
	"time"
)

// openingBalance is what every account has before its first posting, in øre: 10 milliard kroner.
const openingBalance int64 = 1_000_000_000_000

// AccountName is an account as it is written in FII.
type AccountName struct {
	Bank   string `json:"bank"` // registration number
	Number string `json:"acc"`
}

func (a AccountName) String() string { return a.Bank + "/" + a.Number }

// returnAccount is where money that was paid from an account comes back to.
func (r Reports) returnAccount(from AccountName) AccountName {
	if bank, number, ok := strings.Cut(r.ReturnAccounts[from.String()], "/"); ok {
		return AccountName{bank, number}
	}
	return from
}

// Causes of postings.
const (
	causeDebit  = "debit"
	causeReturn = "return"
	causeStray  = "stray" // a credit of nobody's
)

// postingLine is one amount that will be booked on an account. Postings stand with the orders of their file before its
// received line; the money is moved by the booked line that names their booking.
type postingLine struct {
	Kind    string `json:"k"`
	Booking string `json:"booking"` // id of the plan that books it
	AccountName
	ACK    string `json:"ack"` // the bank's own reference, one per posting
	Oere   int64  `json:"oere"`
	Date   string `json:"date"` // posting and value date, ccyymmdd
	Cause  string `json:"cause"`
	Charge int64  `json:"charge,omitempty"` // debit: included in the amount
	// Groups are the RFF+AEK of the lines that a debit is of. It is of the next Orders booked orders of its date.
	Groups []string `json:"aek,omitempty"`
	Orders int      `json:"orders,omitempty"`
	rated  bool     // of something that was exchanged: only while it is made
	// Stated is the amount that a report has instead of the true one; nought: it has that.
	Stated  int64        `json:"stated,omitempty"`
	Unnamed bool         `json:"unnamed,omitempty"` // debit: the report names no line
	Parts   []returnLine `json:"parts,omitempty"`   // of a credit
}

// reported is the amount in the LIN of a report, without its sign.
func (p *postingLine) reported() int64 {
	if p.Stated != 0 {
		return p.Stated
	}
	return max(p.Oere, -p.Oere)
}

// returnLine is one return in a credit.
type returnLine struct {
	Order    string      `json:"order,omitempty"` // RFF+CR of the order that it is of
	Names    string      `json:"names,omitempty"` // RFF+CR that the report has
	From     AccountName `json:"from"`            // account that it came back from
	Oere     int64       `json:"oere"`
	Ordered  int64       `json:"ordered,omitempty"`
	Fee      int64       `json:"fee,omitempty"`     // kept back
	Foreign  int64       `json:"foreign,omitempty"` // of an order abroad: what it came to, in minor units of Currency
	Currency string      `json:"cur,omitempty"`
	Why      int         `json:"why,omitempty"` // index into the profile's reasons
}

// bookedLine moves the money of all postings of a booking.
type bookedLine struct {
	Kind   string    `json:"k"`
	Answer string    `json:"answer"` // id of the plan
	At     time.Time `json:"at"`
}

// closedLine ends a day: the statements of the accounts that anything was booked on, and how they will go out.
type closedLine struct {
	Kind       string          `json:"k"`
	Answer     string          `json:"answer"`
	At         time.Time       `json:"at"`
	Statements []statementLine `json:"statements,omitempty"`
	Plan       []planned       `json:"plan,omitempty"`
}

// statementLine is a statement of account. From and To are a range of what was ever booked on the account.
type statementLine struct {
	AccountName
	Number  int    `json:"number"`
	Date    string `json:"date"`
	Opening int64  `json:"opening"`
	Closing int64  `json:"closing"`
	From    int    `json:"from"`
	To      int    `json:"to"`
	// Stated is the closing balance that the statement has instead of the true one; nought: it has that.
	Stated  int64 `json:"stated,omitempty"`
	Missing bool  `json:"missing,omitempty"` // it is never sent
}
