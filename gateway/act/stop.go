package act

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/bank"
)

// Kinds of decisions to stop.
const (
	KindStop          = "stop"
	KindStopBundle    = "stop-bundle"
	KindStopSelection = "stop-selection"
	KindUndoStop      = "undo-stop"
	KindUndoDecision  = "undo-stop-of"
)

// Parameters of a selection.
const (
	authorityOf  = "authority"
	supplierOf   = "supplier"
	benefitOf    = "benefit"
	agreementOf  = "agreement"
	paidOnOf     = "day"
	recipientOf  = "recipient"
	toOf         = "to"
	endToEndIDOf = "ids"
)

// mostListed bounds a list of EndToEndIds, in characters.
const mostListed = 8 << 20

// Stopped is what a decision to stop did with one payment.
type Stopped = bank.Stopped

// EachStopped gives every payment that a decision to stop, or to let go, was about.
func (d *Desk) EachStopped(ctx context.Context, decision int64, give func(Stopped) error) error {
	return d.bank.EachStopped(ctx, decision, give)
}

func stopKinds() []Kind {
	narrows := func(name, help string) Parameter { return Parameter{Name: name, Help: help, Optional: true} }
	return []Kind{
		{Name: KindStop, Summary: "a payment does not go: while it waits, and until its file is handed over", Thing: gateway.ThingPayment, ByID: true,
			Example: `decide stop 16777217 --by "A. Hansen" --why "4101 asked for it by telephone"`,
			persons: one, find: (*Desk).stoppable, together: stopPayments, again: true},
		{Name: KindStopBundle, Summary: "all payments of a delivery are stopped that have not been handed over", Thing: gateway.ThingDelivery, ByID: true,
			Example: `decide stop-bundle 281018369 --by "A. Hansen" --why "4101 has sent it twice"`,
			persons: one, find: (*Desk).bundles, do: stopBundle, again: true},
		{Name: KindStopSelection, Summary: "payments of an authority are stopped that have not been handed over; what is not given may be anything", Thing: gateway.ThingSelection,
			Takes: []Parameter{{Name: authorityOf, Help: "`number` of the authority"}, narrows(supplierOf, "`name` of the data supplier"), narrows(benefitOf, "benefit `type`"),
				narrows(agreementOf, "agreement `number`"), narrows(paidOnOf, "requested or execution `day`, as 2005-08-12"),
				narrows(recipientOf, "`number` of the recipient, such as \"CPR 0101701234\"; its keyed hash stays on record"),
				narrows(fromOf, "the least amount, in `øre`"), narrows(toOf, "the largest amount, in `øre`"),
				{Name: endToEndIDOf, Help: "`file` with the EndToEndIds of those that are meant, one a line", Optional: true, File: true, Most: mostListed}},
			Example: `decide stop-selection --authority 4101 --benefit 0120 --day 2005-08-12 --by "A. Hansen" --why "wrong rates"`,
			persons: one, find: (*Desk).selection, do: stopSelection, again: true},
		{Name: KindUndoStop, Summary: "a stopped payment goes", Thing: gateway.ThingPayment, ByID: true,
			Example: `decide undo-stop 16777217 --by "A. Hansen" --why "4101 has asked for it"`,
			persons: two, find: (*Desk).stoppable, together: undoPayments, again: true},
		{Name: KindUndoDecision, Summary: "what a decision has stopped goes, but for what another has stopped, too", Thing: gateway.ThingDecision, ByID: true,
			Example: `decide undo-stop-of 12 --by "A. Hansen" --why "the rates were right"`,
			persons: two, find: (*Desk).stopDecisions, do: undoDecision, again: true},
	}
}

// stoppable is payments, with whether they are stopped. That one goes on meanwhile is no reason to decide anew: it is stopped
// where it still can be. They are not locked: stopping does that, in the order in which everybody does.
func (d *Desk) stoppable(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT p.id, p.authority, g.bank_centre AS bank, CASE s.kind WHEN 'stopped' THEN 'stopped' ELSE 'not stopped' END AS state
		FROM unnest($1::bigint[]) AS asked (id) JOIN delivery d ON d.id = delivery_of(asked.id) JOIN payment p ON p.month = d.month AND p.id = asked.id
		JOIN release_group g ON g.id = p.group_id LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id`, of, gateway.ThingPayment)
}

// bundles is deliveries whose payments are known.
func (d *Desk) bundles(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT id, authority, NULL AS bank, CASE WHEN state IN ('read', 'checked') THEN 'accepted' ELSE state::text END AS state
		FROM delivery WHERE id = ANY ($1::bigint[])`, of, gateway.ThingDelivery)
}

// selection is the one thing that a selection is. The number of a recipient is replaced by its keyed hash before anything is
// written down.
func (d *Desk) selection(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	if given := of.Content[recipientOf]; given != "" {
		hash, err := d.holderHash(ctx, x, given)
		if err != nil {
			return nil, err
		}
		of.Content[recipientOf] = hash
	}
	if _, err := d.selected(ctx, x, of); err != nil {
		return nil, err
	}
	_, authority, err := d.heldSubject(ctx, x, authorityOf, of.Content[authorityOf])
	if err != nil {
		return nil, err
	}
	return []gateway.DecisionItem{{Thing: gateway.ThingSelection, Authority: authority, State: "chosen"}}, nil
}

// selected is which payments a selection means.
func (d *Desk) selected(ctx context.Context, x *postgres.Session, of gateway.Decision) (bank.Chosen, error) {
	c := of.Content
	s := bank.Selection{Authority: c[authorityOf], Supplier: c[supplierOf], BenefitType: c[benefitOf], Agreement: c[agreementOf], Day: c[paidOnOf]}
	if s.Day != "" {
		if _, err := gateway.ParseDate(s.Day); err != nil {
			return bank.Chosen{}, fmt.Errorf("%s %q must be a day, as 2005-08-12: %w", paidOnOf, s.Day, gateway.ErrIntent)
		}
	}
	for name, to := range map[string]*int64{fromOf: &s.From, toOf: &s.To} {
		n, err := strconv.ParseInt(c[name], 10, 64)
		if c[name] != "" && (err != nil || n <= 0) {
			return bank.Chosen{}, fmt.Errorf("%s %q must be a whole number of øre, above 0: %w", name, c[name], gateway.ErrIntent)
		}
		*to = n
	}
	if list := c[endToEndIDOf]; list != "" {
		s.EndToEndIDs = lines(list)
	}
	if hash := c[recipientOf]; hash != "" {
		hashes, err := d.retention.BeginHashes(ctx, x)
		if err != nil {
			return bank.Chosen{}, err
		}
		s.Recipient = func(kind gateway.HolderKind, number int64) bool { return hashes.Holder(kind, number) == hash }
	}
	return d.bank.Select(s), nil
}

// lines are the lines of a text that have something in them, without what stands around it.
func lines(text string) []string {
	all := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// stopDecisions is decisions that have stopped something.
func (d *Desk) stopDecisions(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT d.id, NULL AS authority, NULL AS bank, CASE WHEN EXISTS (SELECT FROM decision_step s WHERE s.decision_id = d.id AND s.step = 'undone') THEN 'undone'
			WHEN EXISTS (SELECT FROM decision_step s WHERE s.decision_id = d.id AND s.step = 'executed') THEN 'carried out' ELSE 'not carried out' END AS state
		FROM decision d WHERE d.id = ANY ($1::bigint[]) AND d.kind LIKE 'stop%'`, of, gateway.ThingDecision)
}

// stops carries out a decision to stop, or says what would become of it while it has no number yet.
func (d *Desk) stops(ctx context.Context, x *postgres.Session, by gateway.Decision, which bank.Chosen) (string, error) {
	var s bank.Stops
	var err error
	if by.ID == 0 {
		s, err = d.bank.WouldStop(ctx, x, which)
	} else {
		s, err = d.bank.Stop(ctx, x, which, by.ID, by.Why)
	}
	return d.became(s, err)
}

// undoes is stops of a decision that lets go.
func (d *Desk) undoes(ctx context.Context, x *postgres.Session, by gateway.Decision, which bank.Chosen) (string, error) {
	var s bank.Stops
	var err error
	if by.ID == 0 {
		s, err = d.bank.WouldUndo(ctx, x, which)
	} else {
		s, err = d.bank.UndoStop(ctx, x, which, by.ID, by.Why)
	}
	return d.became(s, err)
}

// became says what has become of payments; gateway.ErrLostOwnership: nothing.
func (d *Desk) became(s bank.Stops, err error) (string, error) {
	if err == nil && !s.Any() {
		err = notDone(s.Text(d.bank.Location))
	}
	return s.Text(d.bank.Location), err
}

func stopBundle(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	if i.State != "accepted" {
		return "", gateway.ErrLostOwnership
	}
	return d.stops(ctx, x, by, bank.OfDelivery(i.ID).WithParts())
}

func stopSelection(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
	which, err := d.selected(ctx, x, by)
	if err != nil {
		return "", err
	}
	return d.stops(ctx, x, by, which.WithParts())
}

func undoDecision(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	if i.State != "carried out" {
		return "", gateway.ErrLostOwnership
	}
	what, err := d.undoes(ctx, x, by, bank.StoppedBy(i.ID))
	if err == nil && by.ID != 0 {
		err = d.decisions.Note(ctx, x, i.ID, gateway.DecisionStep{Step: gateway.StepUndone, UndoneBy: by.ID})
	}
	return what, err
}

func stopPayments(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, all []gateway.DecisionItem) ([]gateway.Outcome, error) {
	return d.ofEach(ctx, x, all, by, (*Desk).stops)
}

func undoPayments(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, all []gateway.DecisionItem) ([]gateway.Outcome, error) {
	return d.ofEach(ctx, x, all, by, (*Desk).undoes)
}

// ofEach decides about payments in one go, and says what has become of each.
func (d *Desk) ofEach(ctx context.Context, x *postgres.Session, all []gateway.DecisionItem, by gateway.Decision,
	decide func(*Desk, context.Context, *postgres.Session, gateway.Decision, bank.Chosen) (string, error)) ([]gateway.Outcome, error) {
	if _, err := decide(d, ctx, x, by, bank.ByID(idsOf(gateway.Decision{Items: all})).WithParts()); notAgain(err) != nil {
		return nil, err
	}
	became, err := d.bank.OfEach(ctx, x)
	if err != nil {
		return nil, err
	}
	outcomes := make([]gateway.Outcome, 0, len(all))
	for _, i := range all {
		done := became[i.ID]
		outcomes = append(outcomes, gateway.Outcome{Thing: i.Thing, ID: i.ID, Done: done.Done(), What: done.Text(d.bank.Location)})
	}
	return outcomes, nil
}
