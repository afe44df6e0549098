package bank

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// LedgerReturn is money of an order that came back, by one posting.
type LedgerReturn struct {
	Oere    int64 // came back
	Fee     int64 // kept back by the bank
	Foreign int64 // of what was transferred of another currency
	Date    string
	Account AccountName // credited
	ACK     string
	Names   string // reference that the report has of it; empty: none
}

// LedgerAccount is an account as the centre's journal has it. Only what has been booked is in it.
type LedgerAccount struct {
	AccountName
	Opening    int64
	Balance    int64
	Days       []LedgerDay // on which anything was booked, in the order of their dates
	Postings   []LedgerPosting
	Statements []LedgerStatement
}

// LedgerDay is what was booked on a day, by posting date.
type LedgerDay struct {
	Date            string
	Debits, Credits int64 // both positive
	Balance         int64 // at its end
}

// LedgerPosting is one amount booked.
type LedgerPosting struct {
	ACK     string
	Date    string
	Oere    int64 // debit negative
	Charge  int64 // included in a debit
	Groups  []string
	Returns int // in a credit
}

// LedgerStatement is a statement that was made, sent or not. Stated is the closing balance in it, which may be wrong.
type LedgerStatement struct {
	Number           int
	Date             string
	Opening, Closing int64
	Stated           int64
	Entries          int
	Missing          bool
}

// Accounts are the accounts in the order of their names.
func (l *Ledger) Accounts() []*LedgerAccount {
	all := make([]*LedgerAccount, 0, len(l.accounts))
	for _, a := range l.accounts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(x, y *LedgerAccount) int { return strings.Compare(x.String(), y.String()) })
	return all
}

// Account is one account; the zero one where nothing was ever booked on it.
func (l *Ledger) Account(name AccountName) *LedgerAccount {
	if a := l.accounts[name]; a != nil {
		return a
	}
	return &LedgerAccount{AccountName: name, Opening: openingBalance, Balance: openingBalance}
}

// CameBack is what came back of an order and what was kept back of it.
func (o *LedgerOrder) CameBack() (oere, fee int64) {
	for _, r := range o.Returns {
		oere += r.Oere
		fee += r.Fee
	}
	return oere, fee
}

// take books a posting.
func (a *LedgerAccount) take(p *postingLine) {
	a.Balance += p.Oere
	a.Postings = append(a.Postings, LedgerPosting{
		ACK: p.ACK, Date: p.Date, Oere: p.Oere, Charge: p.Charge, Groups: p.Groups, Returns: len(p.Parts),
	})
	at, known := slices.BinarySearchFunc(a.Days, p.Date, func(d LedgerDay, date string) int { return cmp.Compare(d.Date, date) })
	if !known {
		before := a.Opening
		if at > 0 {
			before = a.Days[at-1].Balance
		}
		a.Days = slices.Insert(a.Days, at, LedgerDay{Date: p.Date, Balance: before})
	}
	a.Days[at].Debits += max(0, -p.Oere)
	a.Days[at].Credits += max(0, p.Oere)
	for i := at; i < len(a.Days); i++ {
		a.Days[i].Balance += p.Oere
	}
}

func (r *ledgerReader) booked(b *bookedLine) error {
	plan, known := r.plans[b.Answer]
	if !known || plan.Kind != answerBook {
		return fmt.Errorf("booking %q was never planned", b.Answer)
	}
	r.ledger.Waiting--
	debits := false
	for _, p := range r.bookings[b.Answer] {
		if r.ledger.accounts[p.AccountName] == nil {
			r.ledger.accounts[p.AccountName] = r.ledger.Account(p.AccountName)
		}
		r.ledger.accounts[p.AccountName].take(p)
		debits = debits || p.Cause == causeDebit
		for _, part := range p.Parts {
			if o := r.ledger.Orders[part.Order]; o != nil {
				o.Returns = append(o.Returns, LedgerReturn{
					Oere: part.Oere, Fee: part.Fee, Foreign: part.Foreign, Date: p.Date, Account: p.AccountName, ACK: p.ACK, Names: part.Names,
				})
			}
		}
	}
	for _, f := range r.files[serialOf(b.Answer)].orders {
		if debits && f.order != nil && f.order.Date == plan.Date && f.booked {
			f.order.Debited += f.debit
		}
	}
	return nil
}

func (r *ledgerReader) closed(c *closedLine) error {
	if plan, known := r.plans[c.Answer]; !known || plan.Kind != answerClose {
		return fmt.Errorf("closing %q was never planned", c.Answer)
	}
	for _, s := range c.Statements {
		a := r.ledger.accounts[s.AccountName]
		if a == nil {
			return fmt.Errorf("statement of %s, which has none", s.AccountName)
		}
		a.Statements = append(a.Statements, LedgerStatement{
			Number: s.Number, Date: s.Date, Opening: s.Opening, Closing: s.Closing, Stated: cmp.Or(s.Stated, s.Closing),
			Entries: s.To - s.From, Missing: s.Missing,
		})
	}
	r.ledger.Waiting += len(c.Plan) - 1
	for _, p := range c.Plan {
		r.plans[p.ID] = p
	}
	return nil
}
