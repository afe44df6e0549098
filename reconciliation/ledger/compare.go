package ledger

import (
	"cmp"
	"maps"
	"slices"

	"nks/gateway"
)

// State is the payments of an agreement in one state, as the ledger by states has them. OrderOre is by their last orders, where there are any.
type State struct {
	Key
	State    gateway.PaymentState
	Payments int64
	Ore      int64
	OrderOre int64
}

// AfterReturns stands for all accounts together that hold what orders were of which something came back.
const AfterReturns Account = "after_returns"

// Difference is an account that the movements leave at one amount and the states at another, in øre.
type Difference struct {
	Key
	Account  Account `json:"account"`
	ByEvents int64   `json:"by_events_ore"`
	ByStates int64   `json:"by_states_ore"`
}

// Expected is what the accounts of each agreement stand at by where its payments are. A payment whose order was for less than itself, or of
// which something came back, has left the difference to the accounts after returns.
func Expected(states []State) []Balance {
	all := map[entry]int64{}
	for _, s := range states {
		account, order := accountOf(s.State), s.OrderOre
		switch s.State {
		case gateway.PaymentCameBack, gateway.PaymentSettled:
			account, order = AfterReturns, s.Ore
		case gateway.PaymentMissing:
			account, order = "missing", s.Ore
		}
		all[entry{s.Key, Claims}] -= s.Ore
		all[entry{s.Key, account}] += order
		all[entry{s.Key, AfterReturns}] += s.Ore - order
	}
	var list []Balance
	for e, ore := range all {
		list = append(list, Balance{Key: e.Key, Account: e.account, Opening: ore})
	}
	return list
}

// Compare sets what movements have left the accounts at against what the states say, and lists every account that differs.
func Compare(balances []Balance, states []State) []Difference {
	all := map[entry]*Difference{}
	of := func(k Key, a Account) *Difference {
		if a.AfterReturn() {
			a = AfterReturns
		}
		e := entry{k, a}
		if all[e] == nil {
			all[e] = &Difference{Key: k, Account: a}
		}
		return all[e]
	}
	for _, b := range balances {
		of(b.Key, b.Account).ByEvents += b.Closing()
	}
	for _, b := range Expected(states) {
		of(b.Key, b.Account).ByStates += b.Closing()
	}
	var list []Difference
	for _, d := range slices.Collect(maps.Values(all)) {
		if d.ByEvents != d.ByStates {
			list = append(list, *d)
		}
	}
	slices.SortFunc(list, func(x, y Difference) int { return cmp.Or(compareKeys(x.Key, y.Key), cmp.Compare(x.Account, y.Account)) })
	return list
}
