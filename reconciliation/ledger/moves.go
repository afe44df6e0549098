package ledger

import "slices"

// Moves are the events that can move what an account holds, in the order of Events.
func Moves(a Account) []Event {
	var all []Event
	for _, c := range Table() {
		if c.Can() && c.From != c.To && slices.Contains(c.accounts(), a) && !slices.Contains(all, c.Event) {
			all = append(all, c.Event)
		}
	}
	slices.SortStableFunc(all, func(x, y Event) int { return slices.Index(Events(), x) - slices.Index(Events(), y) })
	return all
}

// accounts are those that a cell can move something on: executed orders may be cheques or to an error account, and a return is divided.
func (c Cell) accounts() []Account {
	all := []Account{c.From, c.To}
	if slices.Contains(all, Recipients) {
		all = append(all, Cheques, Error)
	}
	if c.To == Return && c.From != Return {
		all = append(all, Fees, Exchange, Rest)
	}
	return all
}
