package act

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/bank"
)

// Kinds of decisions, as the command line and the table call them.
const (
	KindArrived      = "arrived"
	KindNotArrived   = "not-arrived"
	KindClose        = "close"
	KindHearAgain    = "hear-again"
	KindNoneOfOurs   = "none-of-ours"
	KindReadAgain    = "read-again"
	KindVoid         = "void"
	KindHold         = "hold"
	KindFree         = "free"
	KindAddPerson    = "add-person"
	KindRemovePerson = "remove-person"
	KindJournalLost  = "journal-lost"

	KindLegalHold = "legal-hold"
	KindLiftHold  = "lift-legal-hold"
	KindRetention = "retention"

	KindStandingChoice    = "standing-choice"
	KindMatch             = "match"
	KindPostingNoneOfOurs = "posting-none-of-ours"

	KindSettleExecuted  = "settle-executed"
	KindSettleRejected  = "settle-rejected"
	KindSettleWithBank  = "settle-with-bank"
	KindPaymentExecuted = "payment-executed"
	KindPaymentRejected = "payment-rejected"
	KindPaymentWithBank = "payment-with-bank"
)

// Parameter is what a kind of decision takes beside the things that it is about.
type Parameter struct {
	Name, Help string
	Optional   bool
	File       bool // it is the content of a file
	Most       int  // characters of it; 0: as of any text
}

// most is how many characters it may have.
func (p Parameter) most() int {
	if p.Most > 0 {
		return p.Most
	}
	return mostText
}

// Kind is a kind of decision: all that there is to say of it.
type Kind struct {
	Name    string
	Summary string
	Thing   gateway.Thing
	// ByID: it takes the ids of things; otherwise its parameters say what it is about.
	ByID bool
	// Takes are its parameters; those that are not optional must be given.
	Takes   []Parameter
	Example string

	// whileQuiet: it can be decided about a database that was set back.
	whileQuiet bool
	// again: it is carried out once more in a database that was set back to before it; what it is about has the same id there.
	again bool
	// persons is how many must stand for it: one where something is held back or nothing waits, two where something is let go.
	persons func(gateway.DecisionItem) int
	// find locks the things and says how they are. What is not there is left out.
	find func(*Desk, context.Context, *postgres.Session, gateway.Decision) ([]gateway.DecisionItem, error)
	// do carries it out for one thing and says what has become of it; in a rehearsal the decision has no number yet.
	// gateway.ErrLostOwnership: the thing has moved on.
	do func(*Desk, context.Context, *postgres.Session, gateway.Decision, gateway.DecisionItem) (string, error)
	// together is do for all things at once, in their order; nil: one after the other.
	together func(*Desk, context.Context, *postgres.Session, gateway.Decision, []gateway.DecisionItem) ([]gateway.Outcome, error)
}

// Kinds is every kind of decision that there is.
func Kinds() []Kind {
	return slices.Concat(paymentKinds(), stopKinds(), recallKinds(), inquiryKinds(), followUpKinds(), nightKinds(), connectionKinds(), parkedKinds(), letterKinds(), accountKinds(), convertKinds())
}

// paymentKinds are the kinds of decisions about payments, files, persons, and what is kept.
func paymentKinds() []Kind {
	return []Kind{
		{Name: KindArrived, Summary: "the bank has an interchange of which nobody knew it: it counts as sent", Thing: gateway.ThingInterchange, ByID: true,
			Example: `decide arrived 17 --by "A. Hansen" --why "by telephone, at BEC: K. Olsen"`,
			persons: two, find: (*Desk).interchanges, do: resolved(true, "counts as sent"), again: true},
		{Name: KindNotArrived, Summary: "the bank has not got an interchange of which nobody knew it: the same bytes go again", Thing: gateway.ThingInterchange, ByID: true,
			Example: `decide not-arrived 17 --by "A. Hansen" --why "by telephone, at BEC: K. Olsen"`,
			persons: two, find: (*Desk).interchanges, do: resolved(false, "the same bytes go again, under the same name and number")},
		{Name: KindClose, Summary: "an exception has been dealt with", Thing: gateway.ThingException, ByID: true,
			Example: `decide close 12 13 --by "A. Hansen" --why "the supplier knows"`,
			persons: personsToClose, find: (*Desk).exceptionItems, do: closeException},
		{Name: KindHearAgain, Summary: "a parked file of a bank is heard once more", Thing: gateway.ThingBankFile, ByID: true,
			Example: `decide hear-again 41 --by "A. Hansen" --why "the profile knows the code now"`,
			persons: two, find: (*Desk).bankFiles, do: hearAgain},
		{Name: KindNoneOfOurs, Summary: "nothing in a parked file of a bank is about us", Thing: gateway.ThingBankFile, ByID: true,
			Example: `decide none-of-ours 41 --by "A. Hansen" --why "BEC: meant for another customer"`,
			persons: two, find: (*Desk).bankFiles, do: noneOfOurs},
		{Name: KindReadAgain, Summary: "a delivery that was set aside is tried again", Thing: gateway.ThingDelivery, ByID: true,
			Example: `decide read-again 9 --by "A. Hansen" --why "the disk has room again"`,
			persons: two, find: (*Desk).deliveries, do: readAgain},
		{Name: KindVoid, Summary: "an interchange that is not sent never will be; its payments are ordered anew", Thing: gateway.ThingInterchange, ByID: true,
			Example: `decide void 17 --by "A. Hansen" --why "the wrong debit account"`,
			persons: two, find: (*Desk).unsent, do: void, again: true},
		{Name: KindHold, Summary: "a waiting payment is held back, at once", Thing: gateway.ThingPayment, ByID: true,
			Example: `decide hold 16777217 --by "A. Hansen" --why "4101 asked for it by telephone"`,
			persons: one, find: (*Desk).payments, do: hold, again: true},
		{Name: KindFree, Summary: "a held payment goes", Thing: gateway.ThingPayment, ByID: true,
			Example: `decide free 16777217 --by "A. Hansen" --why "the first was not paid, says BEC"`,
			persons: two, find: (*Desk).payments, do: free, again: true},
		{Name: KindJournalLost, Summary: "the journal of a node is gone for good, and the database was not set back", Thing: gateway.ThingJournal,
			Takes:   []Parameter{{Name: nodeOf, Help: "`name` of the node"}},
			Example: `decide journal-lost --node gateway1 --by "A. Hansen" --why "its disk died; the database runs on since"`,
			persons: two, find: (*Desk).journalNode, do: journalLost, whileQuiet: true},
		settles(KindSettleExecuted, bank.SettledExecuted, "what is disputed in an interchange was executed: response 8"),
		settles(KindSettleRejected, bank.SettledRejected, "what is disputed in an interchange was not, and will not be: response 9"),
		settles(KindSettleWithBank, bank.SettledWithBank, "what is disputed in an interchange is still with the bank, whose word counts again"),
		settlesPayment(KindPaymentExecuted, bank.SettledExecuted, "a disputed payment was executed: response 8"),
		settlesPayment(KindPaymentRejected, bank.SettledRejected, "a disputed payment was not, and will not be: response 9"),
		settlesPayment(KindPaymentWithBank, bank.SettledWithBank, "a disputed payment is still with the bank, whose word counts again"),
		{Name: KindMatch, Summary: "a part of a credit is money that came back of a payment", Thing: gateway.ThingPosting,
			Takes: []Parameter{{Name: postingOf, Help: "`number` of the posting, as nks postings lists it"}, {Name: partOf, Help: "`number` of its part; 0 where the bank tells none"},
				{Name: paymentOf, Help: "`number` of the payment"},
				{Name: attemptOf, Help: "`number` of its order; otherwise the one that the bank names, or the last", Optional: true}},
			Example: `decide match --posting 73667279060994 --part 1 --payment 16777217 --by "A. Hansen" --why "by telephone, at BEC: K. Olsen"`,
			persons: two, find: (*Desk).postingPart, do: matchPosting},
		{Name: KindPostingNoneOfOurs, Summary: "what is not matched of a posting concerns none of our payments", Thing: gateway.ThingPosting, ByID: true,
			Example: `decide posting-none-of-ours 73667279060994 --by "A. Hansen" --why "the authority's own payment in"`,
			persons: two, find: (*Desk).postings, do: postingNoneOfOurs},
		{Name: KindAddPerson, Summary: "somebody may decide from now on", Thing: gateway.ThingPerson,
			Takes:   []Parameter{{Name: nameOf, Help: "`name` of the person"}, {Name: keyOf, Help: "the person's public `key`, as it stands in an .pub file"}},
			Example: `decide add-person --name "C. Berg" --key "ssh-ed25519 AAAA…" --by "A. Hansen" --why "new on the desk"`,
			persons: two, find: (*Desk).newPerson, do: addPerson, again: true},
		{Name: KindRemovePerson, Summary: "somebody may decide no longer", Thing: gateway.ThingPerson,
			Takes:   []Parameter{{Name: nameOf, Help: "`name` of the person"}},
			Example: `decide remove-person --name "C. Berg" --by "A. Hansen" --why "has left"`,
			persons: two, find: (*Desk).knownPerson, do: removePerson, again: true},
		{Name: KindLegalHold, Summary: "something must not be erased, whatever the rules say: it keeps its month, and all later ones", Thing: gateway.ThingLegalHold,
			Takes:   []Parameter{{Name: whatOf, Help: "`what`: payment, holder, authority or month"}, {Name: subjectOf, Help: "its `number`, such as 16777217, \"CPR 0101701234\", 4101, 2005-08"}},
			Example: `decide legal-hold --what authority --of 4101 --by "A. Hansen" --why "case 12 of the court"`,
			persons: one, find: (*Desk).newHold, do: setHold, again: true},
		{Name: KindLiftHold, Summary: "a legal hold is over: what it kept goes when its time is over", Thing: gateway.ThingLegalHold, ByID: true,
			Example: `decide lift-legal-hold 3 --by "A. Hansen" --why "case 12 is closed"`,
			persons: two, find: (*Desk).holds, do: liftHold, again: true},
		{Name: KindRetention, Summary: "for how many months after its end something of a month is kept", Thing: gateway.ThingRetention,
			Takes:   []Parameter{{Name: keptOf, Help: "`kind`: payments, documents or looks"}, {Name: monthsOf, Help: "`months` after the end of its month; 0 is for ever"}},
			Example: `decide retention --kind payments --months 60 --by "A. Hansen" --why "the law on bookkeeping"`,
			persons: two, find: (*Desk).rule, do: setRule, again: true},
		{Name: KindStandingChoice, Summary: "what an authority wants done with money that has nowhere to go, from now on", Thing: gateway.ThingChoice,
			Takes: []Parameter{{Name: authorityOf, Help: "`number` of the authority"}, {Name: benefitOf, Help: "`benefit` type, or all"},
				{Name: causeOf, Help: "`cause`: no_account, bank_rejected or came_back"},
				{Name: choiceOf, Help: "`choice`: return, \"cheque else return\", \"error_account N\", \"hold 10 else cheque\"; after else also \"error_account N\""}},
			Example: `decide standing-choice --authority 4101 --benefit all --cause came_back --choice "hold 10 else cheque" --by "A. Hansen" --why "letter of 4101"`,
			persons: two, find: (*Desk).standingChoice, do: setChoice, again: true},
	}
}

func kindOf(name string) (Kind, error) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("%q is no kind of decision: %w", name, gateway.ErrIntent)
}

func one(gateway.DecisionItem) int { return 1 }
func two(gateway.DecisionItem) int { return 2 }

// personsToClose: what nothing waits for takes one person, everything else could let something go.
func personsToClose(i gateway.DecisionItem) int {
	if i.State == harmless {
		return 1
	}
	return 2
}

func resolved(bankHasIt bool, what string) func(*Desk, context.Context, *postgres.Session, gateway.Decision, gateway.DecisionItem) (string, error) {
	return func(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
		return what, d.bank.Resolve(ctx, x, i.ID, bankHasIt, by.ID)
	}
}

func closeException(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	if i.State == unknownStands {
		return "", fmt.Errorf("exception %d: it ends when somebody says whether the bank has the file: nks decide %s or %s: %w",
			i.ID, KindArrived, KindNotArrived, gateway.ErrIntent)
	}
	if i.Bank != "" {
		x.Wakes(postgres.ToRelease, postgres.ToSend(i.Bank), postgres.ToAwait(i.Bank)) // what is sent to it may have waited for that
	}
	return "closed", d.decisions.CloseException(ctx, x, i.ID, by.ID)
}

func hearAgain(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	if err := d.bank.HearAgain(ctx, x, i.ID, by.ID); err != nil {
		return "", err
	}
	return "is heard again", d.decisions.UndoEarlier(ctx, x, KindNoneOfOurs, i.Thing, i.ID, by.ID)
}

func noneOfOurs(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return "stays parked, and concerns none of ours", d.bank.NoneOfOurs(ctx, x, i.ID, by.ID)
}

func readAgain(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return "is tried again", d.receive.ReadAgain(ctx, x, i.ID, by.ID)
}

func addPerson(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
	return "may decide", d.decisions.AddPerson(ctx, x, gateway.Person{Name: by.Content[nameOf], PublicKey: by.Content[keyOf]}, by.ID)
}

// fewestPersons can decide everything: with fewer nobody could be added any more.
const fewestPersons = 2

func removePerson(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	if err := d.decisions.RemovePerson(ctx, x, i.ID, by.ID); err != nil {
		return "", err
	}
	left, err := d.decisions.Persons(ctx, x)
	if err == nil && len(left) < fewestPersons {
		err = fmt.Errorf("%d would be left who may decide, and %d must be: %w", len(left), fewestPersons, gateway.ErrIntent)
	}
	return "may decide no longer", err
}

// outcomes carries a decision out for all of its things: found are they as they are now. What has moved on is left alone.
func (d *Desk) outcomes(ctx context.Context, x *postgres.Session, k Kind, by gateway.Decision, found []gateway.DecisionItem) ([]gateway.Outcome, error) {
	all := make([]gateway.Outcome, len(by.Items))
	var unchanged []gateway.DecisionItem
	var places []int
	for n, asked := range by.Items {
		all[n] = gateway.Outcome{Thing: asked.Thing, ID: asked.ID}
		var now gateway.DecisionItem
		if i := slices.IndexFunc(found, func(f gateway.DecisionItem) bool { return f.ID == asked.ID }); i >= 0 {
			now = found[i]
		}
		switch {
		case now.State == "":
			all[n].What = "is not there any more"
		case now.State != asked.State:
			all[n].What = fmt.Sprintf("has moved on: was %s, is %s", asked.State, now.State)
		case k.together != nil:
			unchanged, places = append(unchanged, asked), append(places, n)
		default:
			var err error
			if all[n], err = d.outcome(ctx, x, k, by, asked); err != nil {
				return nil, err
			}
		}
	}
	if len(unchanged) == 0 {
		return all, nil
	}
	done, err := k.together(d, ctx, x, by, unchanged)
	for i := range done {
		all[places[i]] = done[i]
	}
	return all, err
}

// notDone is a gateway.ErrLostOwnership that says itself how the thing is.
type notDone string

// Error implements error.
func (n notDone) Error() string { return string(n) }

// Unwrap implements errors.Is.
func (n notDone) Unwrap() error { return gateway.ErrLostOwnership }

// outcome carries a decision out for one thing that is as it was when it was asked.
func (d *Desk) outcome(ctx context.Context, x *postgres.Session, k Kind, by gateway.Decision, asked gateway.DecisionItem) (gateway.Outcome, error) {
	o := gateway.Outcome{Thing: asked.Thing, ID: asked.ID}
	var why notDone
	what, err := k.do(d, ctx, x, by, asked)
	switch {
	case errors.As(err, &why):
		o.What = why.Error()
		return o, nil
	case errors.Is(err, gateway.ErrLostOwnership):
		o.What = "is " + asked.State + ", and cannot be decided so"
		return o, nil
	case err != nil:
		return o, fmt.Errorf("%s %d: %w", asked.Thing, asked.ID, err)
	}
	o.Done, o.What = true, what
	return o, nil
}
