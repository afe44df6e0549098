package act

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/settle"
)

// Kinds of decisions about payments that failed.
const (
	KindFollowUp   = "follow-up"
	KindPaidByHand = "paid-by-hand"
)

// Parameters of these.
const (
	bundleOf    = "bundle"
	codeOf      = "code"
	referenceOf = "reference"
)

// FollowedUp is what a decision to order failed payments anew did with one.
type FollowedUp = settle.FollowedUp

// FollowedUp lists what a decision to order failed payments anew did with each.
func (d *Desk) FollowedUp(ctx context.Context, decision int64) ([]FollowedUp, error) {
	return d.settle.FollowedUp(ctx, decision)
}

func followUpKinds() []Kind {
	narrows := func(name, help string) Parameter { return Parameter{Name: name, Help: help, Optional: true} }
	return []Kind{
		{Name: KindFollowUp, Summary: "payments that failed are ordered anew, to the account that counts now, where their money has never left", Thing: gateway.ThingSelection,
			Takes: []Parameter{{Name: authorityOf, Help: "`number` of the authority"}, narrows(bundleOf, "`number` of the delivery"), narrows(agreementOf, "agreement `number`"),
				narrows(paidOnOf, "`day` on which it became known, as 2005-08-12"), narrows(causeOf, "`cause`: bank_rejected, came_back or no_account"),
				narrows(codeOf, "`code` of the bank, as K0530")},
			Example: `decide follow-up --authority 4101 --day 2005-08-12 --code K0561 --by "A. Hansen" --why "4101: new accounts are registered"`,
			persons: two, find: (*Desk).failed, do: followUp},
		// What is paid outside is money that this gateway does not see.
		{Name: KindPaidByHand, Summary: "a payment that failed was made outside: nothing more is ordered for it", Thing: gateway.ThingPayment,
			Takes: []Parameter{{Name: paymentOf, Help: "`number` of the payment"}, {Name: referenceOf, Help: "`reference` of the payment outside"},
				{Name: evidenceOf, Help: "`where` it is on record"}},
			Example: `decide paid-by-hand --payment 16777217 --reference "2005-771" --evidence "account of 4101, 2005-08-15" --by "A. Hansen" --why "4101 has paid it itself"`,
			persons: two, find: (*Desk).inquiredPayment, do: paidByHand, again: true},
	}
}

// failures are which payments a decision means.
func failures(of gateway.Decision) (settle.Failures, error) {
	c := of.Content
	f := settle.Failures{Authority: c[authorityOf], Agreement: c[agreementOf], Day: c[paidOnOf], Cause: c[causeOf], Code: c[codeOf]}
	if f.Day == "" && c[bundleOf] == "" {
		return f, fmt.Errorf("%s or %s must be given: %w", bundleOf, paidOnOf, gateway.ErrIntent)
	}
	if _, err := gateway.ParseDate(f.Day); f.Day != "" && err != nil {
		return f, fmt.Errorf("%s %q must be a day, as 2005-08-12: %w", paidOnOf, f.Day, gateway.ErrIntent)
	}
	causes := gateway.Causes()
	if f.Cause != "" && !slices.Contains(causes, gateway.Cause(f.Cause)) {
		return f, fmt.Errorf("%s must be no_account, bank_rejected or came_back: %w", causeOf, gateway.ErrIntent)
	}
	if c[bundleOf] != "" {
		n, err := numberOf(c, bundleOf)
		if err != nil {
			return f, err
		}
		f.Delivery = n
	}
	return f, nil
}

// failed is the one thing that a selection of failed payments is. What is approved is exactly what was previewed: its state is how many there are, and
// how much, of those that go and of those that are refused.
func (d *Desk) failed(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	which, err := failures(of)
	if err != nil {
		return nil, err
	}
	_, authority, err := d.heldSubject(ctx, x, authorityOf, of.Content[authorityOf])
	if err != nil {
		return nil, err
	}
	all, err := d.settle.Failed(ctx, x, which)
	if err != nil {
		return nil, err
	}
	return []gateway.DecisionItem{{Thing: gateway.ThingSelection, Authority: authority, State: wouldFollow(all)}}, nil
}

// wouldFollow says how many payments are ordered anew, and how many are refused for which reason.
func wouldFollow(all []settle.Failed) string {
	var payments, ore int64
	refused := map[string]int{}
	for i := range all {
		if f := &all[i]; f.Why == "" {
			payments, ore = payments+1, ore+f.OrderOre
		} else {
			refused[f.Why]++
		}
	}
	parts := []string{fmt.Sprintf("%d payments of %d øre are ordered anew", payments, ore)}
	for _, why := range slices.Sorted(maps.Keys(refused)) {
		parts = append(parts, strconv.Itoa(refused[why])+" refused: "+why)
	}
	return strings.Join(parts, "; ")
}

func followUp(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
	which, err := failures(by)
	if err != nil {
		return "", err
	}
	all, err := d.settle.Failed(ctx, x, which)
	if err != nil {
		return "", err
	}
	text := wouldFollow(all)
	if !slices.ContainsFunc(all, func(f settle.Failed) bool { return f.Why == "" }) {
		return "", notDone(text)
	}
	if by.ID == 0 {
		return text, nil
	}
	return text, d.settle.OrderAgain(ctx, x, all, by.ID)
}

func paidByHand(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	if err := impersonal(by.Content, referenceOf); err != nil {
		return "", err
	}
	why, err := d.settle.PaidByHand(ctx, x, i.ID, by.ID, by.Content[referenceOf], by.Content[evidenceOf])
	if err == nil && why != "" {
		err = notDone(why)
	}
	if err != nil {
		return "", err
	}
	return "was paid outside: nothing more is ordered for it", nil
}
