package gateway

import (
	"slices"
	"strings"
)

// News is what becomes known of a payment, by our own work, a person's decision or the bank.
type News string

// News of our own work and of persons.
const (
	NewsRejected        News = "rejected by the check"
	NewsNotPayable      News = "not payable"
	NewsStopped         News = "stopped"
	NewsStopUndone      News = "stop undone"
	NewsHeld            News = "held"
	NewsFreed           News = "freed"
	NewsOrdered         News = "ordered"
	NewsVoided          News = "order void"
	NewsPaidBack        News = "settled" // what came back went where its authority chose
	NewsSettledExecuted News = "dispute settled: executed"
	NewsSettledRejected News = "dispute settled: rejected"
	NewsSettledOpen     News = "dispute settled: with the bank"
)

// News of the bank, and of its silence.
const (
	NewsAccepted           News = "accepted"            // CONTRL 7 or 8, a validation, or silence, as the profile says
	NewsAcceptedAfter      News = "accepted after all"  // CONTRL 7 after CONTRL 4
	NewsExecuted           News = "executed"            // BANSTA
	NewsAssumed            News = "executed by silence" // nothing came until the deadline
	NewsBankRejected       News = "rejected by the bank"
	NewsBankRejectedAfter  News = "rejected after all" // CONTRL 4 after CONTRL 7
	NewsRefusedAsDuplicate News = "refused as duplicate"
	NewsOtherAmount        News = "another amount"
	NewsCameBack           News = "came back"
)

// Scope is about how much at once something is known.
type Scope string

// The scopes.
const (
	ScopeOrder Scope = "order" // one payment by itself
	ScopeBulk  Scope = "bulk"  // a group, line, message or interchange
	ScopePart  Scope = "part"  // an order that stands by itself, of a line about which something is known as a whole
)

// Effect is what news does to a payment in some position.
type Effect string

// The effects.
const (
	Takes    Effect = "takes"    // it moves on
	Repeats  Effect = "repeats"  // known already: nothing happens
	Keeps    Effect = "keeps"    // noted; the payment stays where it is
	Disputes Effect = "disputes" // a contradiction: nothing is owed and answered until a person decides
	Refuses  Effect = "refuses"  // cannot be: a decision is refused, a bank's word is an exception
)

// Following is what follows from news. Of the bank's, Certainty is how sure it is.
type Following struct {
	Effect    Effect
	Answer    AnswerKind    // that its authority is owed; 0: none
	Exception ExceptionKind // that is raised; empty: none
}

// Certainty is how sure it is what the news means.
func (f Following) Certainty() Certainty { return f.Effect.Certainty() }

// BankNews is the news of the bank itself.
func BankNews() []News {
	return []News{NewsAccepted, NewsAcceptedAfter, NewsExecuted, NewsBankRejected, NewsBankRejectedAfter, NewsRefusedAsDuplicate, NewsOtherAmount, NewsCameBack}
}

// Carries is what a payment or line becomes when the news takes: its fact, and the state of a line.
func (n News) Carries() (FactKind, LineState) {
	switch n {
	case NewsExecuted, NewsSettledExecuted:
		return FactExecuted, LineExecuted
	case NewsAssumed:
		return FactExecuted, LineAssumed
	case NewsVoided:
		return FactVoid, LineVoid
	case NewsSettledOpen:
		return FactDisputeSettled, LineWithBank
	case NewsCameBack:
		return FactCameBack, LineExecuted
	}
	return FactBankRejected, LineRejected
}

// followRow is one row of the table of what may follow: for each position, in the order of Positions, the first letter of
// an effect in upper case, R for Refuses and S for Repeats (the same again).
type followRow struct {
	cells  string
	news   News
	scopes string // in which the cells are so
}

// followRows is the table of what may follow, from which SQL, documentation and tests are made. // second-floor "Facts"
func followRows() []followRow {
	const both, all = "order bulk", "order bulk part"
	return []followRow{
		// unread held     rejected    frozen unsure accepted executed back disputed
		//   waiting stopped not payable  void  with bank assumed rejected settled missing
		{"T R R T S R R R R R R R R R R R R R", NewsRejected, "order"}, // what is stopped before its check is checked all the same
		{"R T R R R S R T R R R R R R R R R R", NewsNotPayable, "order"},
		{"T T T S R R R T R R R R R R R R R R", NewsStopped, "order"},
		{"R R R T R R R R R R R R R R R R R R", NewsStopUndone, "order"},
		{"R T S R R R R R R R R R R R R R R R", NewsHeld, "order"},
		{"R R T R R R R R R R R R R R R R R R", NewsFreed, "order"},
		{"R T R R R R R T R R R R R T T R R R", NewsOrdered, both}, // also what its authority chose for what was refused or came back
		{"R R R R R R T S R R R R R R R R R R", NewsVoided, "bulk"},
		{"R R R R R R R R T T S S S K K K K R", NewsAccepted, all},
		{"R R R R R R R R K K K K K D K K K R", NewsAcceptedAfter, "bulk part"},
		{"R R R R R R R R T T T T S D S S K R", NewsExecuted, both},
		{"R R R R R R R R T T T T S K S S K R", NewsExecuted, "part"}, // what is executed as a whole may have been rejected in part
		{"R R R R R R R R K K T S S K K K K R", NewsAssumed, "bulk part"},
		{"R R R R R R R R T T T T D S K K K R", NewsBankRejected, all},
		{"R R R R R R R R D D D D D S K K K R", NewsBankRejectedAfter, "bulk part"},
		{"R R R R R R R R T K K K K K K K K R", NewsRefusedAsDuplicate, "bulk part"},
		{"R R R R R R R R D D D D D D D D K R", NewsOtherAmount, all},
		{"R R R R R R R R T T T T T D T T K R", NewsCameBack, "order"}, // in parts, too
		{"R R R R R R R R R R R R R R T S R R", NewsPaidBack, "order"},
		{"R R R R R R R R R R R R R R R R T R", NewsSettledExecuted, all},
		{"R R R R R R R R R R R R R R R R T R", NewsSettledRejected, all},
		{"R R R R R R R R R R R R R R R R T R", NewsSettledOpen, all},
	}
}

// FollowCell is one cell of the table of what may follow.
type FollowCell struct {
	News     News
	Scope    Scope
	Position Position
	Following
}

// FollowTable is the whole table of what may follow.
func FollowTable() []FollowCell {
	var cells []FollowCell
	for _, row := range followRows() {
		letters := strings.Fields(row.cells)
		for _, scope := range strings.Fields(row.scopes) {
			for i, at := range Positions() {
				cells = append(cells, FollowCell{row.news, Scope(scope), at, following(row.news, at, effectOf(letters[i]))})
			}
		}
	}
	return cells
}

// Follow is what news of a payment in a position does. What the table does not have is refused.
func Follow(news News, scope Scope, at Position) Following {
	cells := FollowTable()
	i := slices.IndexFunc(cells, func(c FollowCell) bool { return c.News == news && c.Scope == scope && c.Position == at })
	if i < 0 {
		return Following{Effect: Refuses}
	}
	return cells[i].Following
}

func effectOf(letter string) Effect {
	switch letter {
	case "T":
		return Takes
	case "S":
		return Repeats
	case "K":
		return Keeps
	case "D":
		return Disputes
	}
	return Refuses
}

func following(news News, at Position, effect Effect) Following {
	f := Following{Effect: effect}
	switch effect {
	case Takes:
		f.Answer = answerTo(news, at)
	case Disputes:
		f.Exception = contradiction(news)
	}
	if news == NewsRefusedAsDuplicate && (effect == Takes || effect == Keeps) {
		f.Exception = RefusedAsDuplicate
	}
	return f
}

// answerTo is the answer that news owes when it moves a payment on.
func answerTo(news News, at Position) AnswerKind {
	switch news {
	case NewsRejected:
		return Response2
	case NewsStopped:
		return Response5
	case NewsNotPayable:
		return Response7
	case NewsAccepted, NewsSettledExecuted:
		return Response8
	case NewsExecuted, NewsCameBack:
		// What the bank has carried out it has taken over; and money comes back of nothing else.
		if at == AtUnsure || at == AtBank {
			return Response8
		}
	case NewsBankRejected, NewsSettledRejected:
		return Response9
	}
	return 0
}

// contradiction is the exception that news raises where it contradicts what the bank has said before.
func contradiction(news News) ExceptionKind {
	switch news {
	case NewsAcceptedAfter:
		return ContrlAfterReject
	case NewsExecuted:
		return ExecutedAfterReject
	case NewsBankRejected:
		return RejectAfterExecution
	case NewsBankRejectedAfter:
		return ContrlRejectsAccepted
	case NewsCameBack:
		return CameBackUnpaid
	}
	return AmountDiffers
}
