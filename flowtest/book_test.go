package flowtest_test

import (
	"context"

	"nks/reconciliation"
)

// booksHold demands that what every fact has moved has left each account at what the states of the payments say.
func (w *world) booksHold() {
	w.t.Helper()
	b, err := reconciliation.Balance(context.Background(), w.db)
	if err != nil {
		w.t.Error(err)
		return
	}
	for _, u := range b.Book.Unexplained {
		w.t.Errorf("books: %s %s: %s", u.Authority, u.Agreement, u.Why)
	}
	for _, d := range b.Differences {
		w.t.Errorf("books: %s %s, %s: %d by what moved it, %d by where payments are", d.Authority, d.Agreement, d.Account, d.ByEvents, d.ByStates)
	}
	for _, t := range b.Book.Transactions {
		sum := int64(0)
		for _, l := range t.Legs {
			sum += l.Ore
		}
		if sum != 0 {
			w.t.Errorf("books: %+v adds up to %d", t, sum)
		}
	}
}
