package witness

import (
	"slices"
	"sort"
	"strings"
)

// Money is what banks have reported of an account, by DEBMUL and CREMUL: each posting once, in however many files it stands.
type Money struct {
	Debited Sum   `json:"debited"` // debit postings, charges included
	Charged int64 `json:"charged"` // øre of charges in them
	// CameBack counts returns that name an order by its reference; Unknown those that name none, and credits that are not the sum
	// of their returns.
	CameBack Sum   `json:"came_back"`
	Kept     int64 `json:"kept"` // øre of fees that banks kept of what came back
	Unknown  Sum   `json:"unknown"`
}

func (m *Money) add(o Money) {
	for _, s := range []struct{ to, of *Sum }{{&m.Debited, &o.Debited}, {&m.CameBack, &o.CameBack}, {&m.Unknown, &o.Unknown}} {
		s.to.Count += s.of.Count
		s.to.Oere += s.of.Oere
	}
	m.Charged += o.Charged
	m.Kept += o.Kept
}

// Account is what one bank centre has reported of one account.
type Account struct {
	Centre    string `json:"centre"`
	Account   string `json:"account"`   // fourteen digits
	Authority string `json:"authority"` // whose payments are debited from it, or come back to it; empty: nobody's, or several's
	Money
	Credits Sum `json:"credits"` // credit postings, as their lines have them

	Statements int   `json:"statements"`
	Missing    int   `json:"missing"`    // numbers between the first and the last that never came
	Unbalanced int   `json:"unbalanced"` // whose entries or opening balance do not lead to what they say
	Closing    int64 `json:"closing"`    // of the last
	// Unreported counts entries of statements that no DEBMUL or CREMUL has, Unstated postings that no statement has, and
	// Contradicted postings whose reference has come with another amount or date.
	Unreported   int `json:"unreported"`
	Unstated     int `json:"unstated"`
	Contradicted int `json:"contradicted"`
}

type accountKey struct {
	bank    int16
	account string
}

// postingKey is what a posting is known by, never its file: two that are alike in one message are two.
type postingKey struct {
	accountKey
	reference, date string
	oere            int64
	again           int
}

// posting is where one has been seen.
type posting struct{ reported, stated bool }

type statementKey struct {
	accountKey
	number int
}

// balances are those of one statement.
type balances struct{ opening, closing, entries int64 }

// money is everything that was read of accounts.
type money struct {
	reported   map[accountKey]*Account
	postings   map[postingKey]*posting
	statements map[statementKey]balances
}

func newMoney() money {
	return money{map[accountKey]*Account{}, map[postingKey]*posting{}, map[statementKey]balances{}}
}

func (w *witness) account(k accountKey) *Account {
	a := w.reported[k]
	if a == nil {
		a = &Account{Centre: w.banks[k.bank].Centre, Account: k.account}
		w.reported[k] = a
	}
	return a
}

// seen finds a posting, or enters it.
func (w *witness) seen(k postingKey) *posting {
	p := w.postings[k]
	if p == nil {
		p = &posting{}
		w.postings[k] = p
		w.account(k.accountKey)
	}
	return p
}

// signed reads an amount that may be negative.
func signed(s string) (int64, bool) {
	rest, negative := strings.CutPrefix(s, "-")
	n, ok := oereOf(rest)
	if negative {
		n = -n
	}
	return n, ok
}

// settleAccounts finds out whose accounts are, and what of them does not fit together.
func (w *witness) settleAccounts(authorities map[string]*AuthorityStates) {
	owners := w.owners()
	w.judgePostings()
	w.judgeStatements()
	for k, a := range w.reported {
		a.Authority = owners[k]
		if s := authorities[a.Authority]; s != nil {
			s.Money.add(a.Money)
		}
		w.report.Accounts = append(w.report.Accounts, *a)
	}
	sort.Slice(w.report.Accounts, func(i, k int) bool {
		a, b := w.report.Accounts[i], w.report.Accounts[k]
		return a.Centre < b.Centre || a.Centre == b.Centre && a.Account < b.Account
	})
}

// owners maps payout accounts to the authority whose payments name them, and their return accounts.
func (w *witness) owners() map[accountKey]string {
	found := map[string]string{}
	for i := range w.payments {
		p := &w.payments[i]
		name := w.deliveries[p.delivery].authority
		if other, known := found[p.debit]; known && other != name {
			name = ""
		}
		found[p.debit] = name
	}
	owners := map[accountKey]string{}
	for bank := range w.banks {
		for account, name := range found {
			owners[accountKey{int16(bank), account}] = name
		}
		for from, to := range w.profiles[bank].Reports.ReturnAccounts {
			owners[accountKey{int16(bank), written(to)}] = found[written(from)]
		}
	}
	return owners
}

// written makes an account of registration number/account.
func written(s string) string {
	registration, account, _ := strings.Cut(s, "/")
	return accountOf(segment{{"FII"}, {""}, {account}, {"", "", "", registration, "80"}})
}

func (w *witness) judgePostings() {
	type reference struct {
		accountKey
		reference string
	}
	first, contradicted := map[reference]postingKey{}, map[reference]bool{}
	for k, p := range w.postings {
		a := w.reported[k.accountKey]
		if !p.reported {
			a.Unreported++
		}
		if !p.stated {
			a.Unstated++
		}
		r := reference{k.accountKey, k.reference}
		other, known := first[r]
		if !known {
			first[r] = k
		} else if other.oere != k.oere || other.date != k.date {
			contradicted[r] = true
		}
	}
	for r := range contradicted {
		w.reported[r.accountKey].Contradicted++
	}
}

func (w *witness) judgeStatements() {
	numbers := map[accountKey][]int{}
	for k := range w.statements {
		numbers[k.accountKey] = append(numbers[k.accountKey], k.number)
	}
	for k, list := range numbers {
		slices.Sort(list)
		a := w.reported[k]
		a.Statements = len(list)
		a.Missing = list[len(list)-1] - list[0] + 1 - len(list)
		a.Closing = w.statements[statementKey{k, list[len(list)-1]}].closing
		for _, n := range list {
			s := w.statements[statementKey{k, n}]
			before, known := w.statements[statementKey{k, n - 1}]
			if s.opening+s.entries != s.closing || known && before.closing != s.opening {
				a.Unbalanced++
			}
		}
	}
}
