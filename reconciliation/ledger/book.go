package ledger

import (
	"cmp"
	"slices"
)

// Balance is one account of one agreement over some time, in øre.
type Balance struct {
	Key
	Account Account `json:"account"`
	Opening int64   `json:"opening_ore"`
	In      int64   `json:"in_ore"`
	Out     int64   `json:"out_ore"` // positive
}

// Closing is what the account stands at in the end.
func (b Balance) Closing() int64 { return b.Opening + b.In - b.Out }

// entry is what a book keeps a balance by.
type entry struct {
	Key
	account Account
}

// Book is balances, and what has moved them.
type Book struct {
	balances     map[entry]*Balance
	Transactions []Transaction
}

// NewBook opens a book with what the accounts stood at before.
func NewBook(opening []Balance) *Book {
	b := &Book{balances: map[entry]*Balance{}}
	for _, o := range opening {
		b.of(entry{o.Key, o.Account}).Opening += o.Closing()
	}
	return b
}

func (b *Book) of(e entry) *Balance {
	if b.balances[e] == nil {
		b.balances[e] = &Balance{Key: e.Key, Account: e.account}
	}
	return b.balances[e]
}

// Add enters a movement. What the table does not have is an error that is ErrCannotBe, and is not entered.
func (b *Book) Add(m Movement) error {
	t, err := Enter(m)
	if err != nil {
		return err
	}
	b.Transactions = append(b.Transactions, t)
	for _, l := range t.Legs {
		balance := b.of(entry{t.Key, l.Account})
		if l.Ore > 0 {
			balance.In += l.Ore
		} else {
			balance.Out -= l.Ore
		}
	}
	return nil
}

// Balances are those that stand at something or have moved, by agreement and in the order of the accounts.
func (b *Book) Balances() []Balance {
	var all []Balance
	for _, e := range b.balances {
		if e.Opening != 0 || e.In != 0 || e.Out != 0 {
			all = append(all, *e)
		}
	}
	slices.SortFunc(all, func(x, y Balance) int {
		return cmp.Or(compareKeys(x.Key, y.Key), cmp.Compare(slices.Index(Accounts(), x.Account), slices.Index(Accounts(), y.Account)))
	})
	return all
}

// Closing is what an account of an agreement stands at in the end.
func (b *Book) Closing(k Key, a Account) int64 {
	if e := b.balances[entry{k, a}]; e != nil {
		return e.Closing()
	}
	return 0
}

func compareKeys(x, y Key) int {
	return cmp.Or(cmp.Compare(x.Authority, y.Authority), cmp.Compare(x.Agreement, y.Agreement), cmp.Compare(x.Currency, y.Currency))
}
