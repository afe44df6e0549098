package ledger

import (
	"slices"
	"strings"

	"nks/gateway"
)

// Event is what moves money: a fact, by its kind, or what is true of many payments at once.
type Event string

// The events that are no facts.
const (
	Received Event = "received" // a bundle was read: its payments are claimed
	Ordered  Event = "ordered"  // an order was frozen
)

// Of is the event that a fact of a kind is.
func Of(kind gateway.FactKind) Event { return Event(kind) }

// Events is every event, in the order of the flow.
func Events() []Event {
	all := []Event{Received, Ordered}
	for _, k := range gateway.FactKinds() {
		all = append(all, Of(k))
	}
	return all
}

// Cell says where an event moves what stands in a position. A cell without accounts cannot be; one whose accounts are the same is noted,
// and moves nothing.
type Cell struct {
	Event    Event
	Position gateway.Position
	From, To Account // an account of executed orders stands for cheques, too
}

// Can reports whether the event can be about what stands in the position.
func (c Cell) Can() bool { return c.To != "" }

// tableRow has a letter for each position, in the order of gateway.Positions: where the event moves what stands there. = is
// nowhere, - that it cannot be.
type tableRow struct {
	cells string
	event Event
}

// tableRows is the table of what events move.
func tableRows() []tableRow {
	return []tableRow{
		// unread held     rejected    frozen unsure accepted executed back disputed
		//   waiting stopped not payable  void  with bank assumed rejected settled missing
		{"W - - - - - - - - - - - - - - - - -", Received},
		{"- T - - - - - T - - - - - T T T - -", Ordered},
		{"S - - = - - - - - - - - - - - - - -", Of(gateway.FactRejected)},
		{"S S S - - - - S - - - - - - - - - -", Of(gateway.FactStopped)},
		{"- - - W - - - - - - - - - - - - - -", Of(gateway.FactStopUndone)},
		{"- = - - - - - - - - - - - - - - - -", Of(gateway.FactHeld)},
		{"- - = - - - - - - - - - - - - - - -", Of(gateway.FactFreed)},
		{"- S - - - - - S - - - - - - - - - -", Of(gateway.FactNotPayable)},
		{"- = - - - - - - - - - - - - - - - -", Of(gateway.FactAwaitsAccount)},
		{"- - - - - - - - S S S S - - - - S -", Of(gateway.FactBankRejected)},
		{"- - - - - - - - P P P = - - - - P -", Of(gateway.FactExecuted)},
		{"- - - - - - - - R R R R R - R R - -", Of(gateway.FactCameBack)},
		{"- - - - - - - - - - - - - - B B - -", Of(gateway.FactToSender)},
		{"- - - - - - - - - - - - - - C C - -", Of(gateway.FactByCheque)},
		{"- - - - - - - - - - - - - - E E - -", Of(gateway.FactToErrorAccount)},
		{"- - - - - - - - - - - - - - H H - -", Of(gateway.FactByHand)},
		{"- - - - - - - - - - - - - - H H - -", Of(gateway.FactGivenUp)},
		{"- - - - - - - D D D D D D D D D - -", Of(gateway.FactDisputed)}, // also where what was ordered for a reject is void
		{"- - - - - - - - - - - - - - - - T -", Of(gateway.FactDisputeSettled)},
		{"- - - - - - W - - - - - - - - - - -", Of(gateway.FactVoid)},
	}
}

// Table is the whole table of what events move.
func Table() []Cell {
	var cells []Cell
	for _, row := range tableRows() {
		for i, letter := range strings.Fields(row.cells) {
			at := gateway.Positions()[i]
			c := Cell{Event: row.event, Position: at}
			if letter != "-" {
				c.From = from(row.event, at)
				c.To = accountByLetter(letter, c.From)
			}
			cells = append(cells, c)
		}
	}
	return cells
}

// find is the cell of an event and position; one that cannot be where there is none.
func find(event Event, at gateway.Position) Cell {
	cells := Table()
	i := slices.IndexFunc(cells, func(c Cell) bool { return c.Event == event && c.Position == at })
	if i < 0 {
		return Cell{Event: event, Position: at}
	}
	return cells[i]
}

// from is the account that an event takes from where a payment stands somewhere. Of what has come back, the money itself is what is
// settled or ordered anew, and the rest is what may come back, too, or be contradicted.
func from(event Event, at gateway.Position) Account {
	switch at {
	case gateway.AtUnread:
		if event == Received {
			return Claims
		}
		return Waiting
	case gateway.AtCameBack, gateway.AtSettled:
		if event == Of(gateway.FactCameBack) || event == Of(gateway.FactDisputed) {
			return Rest
		}
		return Return
	}
	return accountOf(at.State(gateway.Transfer))
}

func accountByLetter(letter string, from Account) Account {
	switch letter {
	case "W":
		return Waiting
	case "T":
		return InTransit
	case "S":
		return Sender
	case "P":
		return Recipients
	case "R":
		return Return
	case "B":
		return Back
	case "C":
		return Reissued
	case "E":
		return Error
	case "H":
		return ByHand
	case "D":
		return Disputed
	}
	return from
}
