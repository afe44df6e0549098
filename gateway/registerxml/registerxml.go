// Package registerxml reads and writes the documents about the register that banks and authorities' systems exchange with the gateway,
// machine to machine: the bank report, the caseworker interface's request, and the answer to both. docs/schemas has their schema, and
// docs/register-documents.md says what they mean.
//
// A document is streamed: one item is held at a time, however many there are. Reading is strict: whatever the schema does not allow is a
// fault with line, path and rule (*nksxml.Error).
package registerxml

import (
	"time"

	"nks/gateway"
)

// Namespace is that of all documents of this package.
const Namespace = "urn:nks:register:1"

// The root elements.
const (
	BankReport        = "BankReport"        // a bank tells of its customers' accounts // B26.1b
	CaseworkerRequest = "CaseworkerRequest" // an authority's system changes accounts, or asks for them // B18.2
	RegisterAnswer    = "RegisterAnswer"    // what became of either
)

// Head is what a document says of itself.
type Head struct {
	Root      string // BankReport or CaseworkerRequest
	MessageID string // the sender's own; it is used once
	Sender    string // the data supplier
	Bank      string // of a bank report: the bank as the bank directory calls it
	Authority string // of a caseworker request: on whose behalf
}

// Action is what an item asks for.
type Action string

// The actions; each is the name of an element. Register, Delete and Closed stand in bank reports; all but Closed in caseworker requests.
const (
	Register Action = "Register" // a new or another account
	Closed   Action = "Closed"   // the bank has closed the account: it counts as NemKonto until a day
	Delete   Action = "Delete"
	Lock     Action = "Lock"
	Unlock   Action = "Unlock"
	Limit    Action = "Limit" // the account ends on a day
	Promote  Action = "Promote"
	Query    Action = "Query"
)

// Unsaid stands in Expects where an item does not say which version its sender saw: bank reports never do.
const Unsaid int64 = -1

// Account is an account with the texts that go with one abroad.
type Account struct {
	gateway.Account
	Currency, BankName, BankAddress, BankCountry, HolderName, HolderAddress string
}

// Item is one thing that is told or asked.
type Item struct {
	Action                 Action
	Ref                    string // the sender's own; the outcome bears it
	Holder                 gateway.Holder
	Authority, BenefitType string // the purpose of a specific account; both empty: the NemKonto
	Account                Account
	Locked                 bool
	From, To               gateway.Date // the first day with it and the first day without it; zero: not said
	Expects                int64        // the version that the sender saw; 0: no account
	By, Why, Source        string       // who asks, why, and what shows that the holder has applied
}

// Answer is the head of an answer.
type Answer struct {
	ID      string // of the answer
	MadeAt  time.Time
	To      string // the data supplier
	About   string // MessageId of what is answered; empty: it could not be read
	Status  string // ACPT, PART, RJCT
	Repeats bool   // the document had been answered before: these are the outcomes of then
	Refused *Refusal
}

// Refusal is why a document was not taken as a whole.
type Refusal struct {
	Rule string // form, sender, connection, number
	Text string
	Line int    // 0: no line in particular
	Path string // of form: where
}

// Outcome is what became of an item.
type Outcome struct {
	Item        int // its place in the document, from 1
	Ref         string
	State       string // as docs/register-documents.md has them
	Rule, Text  string // why it is refused
	Application int64  // under which the register keeps it; 0: a query
	Version     int64  // the account version that it made; 0: none
	From        time.Time
	Holds       []Held // what is held now: of the item's purpose; of a query, of all purposes that the sender may see
}

// Held is an account that a holder has.
type Held struct {
	Authority, BenefitType string // both empty: the NemKonto
	Account                Account
	Version                int64 // to send back as Expects
	Locked, Later          bool  // Later: it does not count yet
	From, To               time.Time
}
