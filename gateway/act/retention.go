package act

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/retention"
)

// Parameters of the kinds about what is kept.
const (
	whatOf    = "what"
	subjectOf = "of"
	keptOf    = "kind"
	monthsOf  = "months"
)

// hashedHolder is a holder as it stands in a decision: nobody's number is kept for ever.
var hashedHolder = regexp.MustCompile(`^[0-9a-f]{32}$`)

// newHold is what must not be erased. A holder's number is replaced by its keyed hash before anything is written down.
func (d *Desk) newHold(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	if err := d.retention.StopDropping(ctx, x); err != nil {
		return nil, err
	}
	what := of.Content[whatOf]
	subject, authority, err := d.heldSubject(ctx, x, what, of.Content[subjectOf])
	if err != nil {
		return nil, err
	}
	of.Content[subjectOf] = subject
	id, err := d.retention.Held(ctx, x, what, subject)
	if err != nil {
		return nil, err
	}
	state := "may be erased"
	if id != 0 {
		state = fmt.Sprintf("is held by legal hold %d", id)
	}
	return []gateway.DecisionItem{{Thing: gateway.ThingLegalHold, Authority: authority, State: state}}, nil
}

// heldSubject is what a hold is on, as it is stored, and whose it is, where that is known.
func (d *Desk) heldSubject(ctx context.Context, x *postgres.Session, what, given string) (subject, authority string, err error) {
	switch what {
	case "payment":
		id, err := strconv.ParseInt(given, 10, 64)
		if err != nil || id <= 0 {
			return "", "", fmt.Errorf("a payment is our number of it: %w", gateway.ErrIntent)
		}
		err = x.GetContext(ctx, &authority, `SELECT coalesce(min(p.authority), '') FROM delivery d JOIN payment p ON p.month = d.month AND p.id = $2
			WHERE d.id = $1 AND d.month >= first_kept()`,
			gateway.DeliveryOf(id), id)
		if err == nil && authority == "" {
			err = fmt.Errorf("payment %d: %w", id, gateway.ErrNotFound)
		}
		return strconv.FormatInt(id, 10), authority, err
	case "authority":
		var known bool
		err := x.GetContext(ctx, &known, `SELECT EXISTS (SELECT FROM authority WHERE authority = $1)`, given)
		if err == nil && !known {
			err = fmt.Errorf("authority %s: %w", given, gateway.ErrNotFound)
		}
		return given, given, err
	case "month":
		m, err := gateway.ParseMonth(given)
		if err != nil {
			return "", "", fmt.Errorf("%w: %w", err, gateway.ErrIntent)
		}
		gone, err := d.retention.Gone(ctx, x, m)
		if err == nil && gone {
			err = fmt.Errorf("month %s is dropped: %w", m.Name(), gateway.ErrIntent)
		}
		return m.Name(), "", err
	case "holder":
		subject, err := d.holderHash(ctx, x, given)
		return subject, "", err
	}
	return "", "", fmt.Errorf("what is held must be payment, holder, authority or month: %w", gateway.ErrIntent)
}

func (d *Desk) holderHash(ctx context.Context, x *postgres.Session, given string) (string, error) {
	if hashedHolder.MatchString(given) {
		return given, nil // it is carried out as it was asked
	}
	kind, digits, _ := strings.Cut(given, " ")
	for _, k := range []gateway.HolderKind{gateway.CPR, gateway.CVR, gateway.SE, gateway.PNR} {
		if k.String() != kind || len(digits) != k.Digits() {
			continue
		}
		number, err := gateway.Holder{Kind: k, ID: digits}.Number()
		if err != nil {
			break
		}
		hashes, err := d.retention.BeginHashes(ctx, x)
		if err != nil {
			return "", err
		}
		return hashes.Holder(k, number), nil
	}
	// What was given is not repeated: it may be somebody's number.
	return "", fmt.Errorf("a holder is its kind and number, as CPR 0101701234: %w", gateway.ErrIntent)
}

func setHold(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	if i.State != "may be erased" {
		return "", gateway.ErrLostOwnership
	}
	return "is kept, with its month and all later ones", d.retention.SetHold(ctx, x, by.Content[whatOf], by.Content[subjectOf], by.ID)
}

func (d *Desk) holds(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	found, err := d.retention.LockHolds(ctx, x, idsOf(of))
	if err != nil {
		return nil, err
	}
	var items []gateway.DecisionItem
	for _, h := range found {
		state := "stands"
		if h.Lifted {
			state = "is lifted"
		}
		items = append(items, gateway.DecisionItem{Thing: gateway.ThingLegalHold, ID: h.ID, State: state})
	}
	return items, nil
}

func liftHold(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return "is lifted", d.retention.LiftHold(ctx, x, i.ID, by.ID)
}

// rule is the rule of a kind, as it is.
func (d *Desk) rule(ctx context.Context, _ *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	months, err := strconv.Atoi(of.Content[monthsOf])
	if err != nil {
		return nil, fmt.Errorf("months must be a number: %w", gateway.ErrIntent)
	}
	kind := retention.Kind(of.Content[keptOf])
	if err := retention.CheckRule(kind, months); err != nil {
		return nil, err
	}
	rules, err := d.retention.Rules(ctx)
	if err != nil {
		return nil, err
	}
	k := slices.IndexFunc(rules, func(r retention.Rule) bool { return r.Kind == kind })
	return []gateway.DecisionItem{{Thing: gateway.ThingRetention, State: keptFor(rules[k].Months)}}, nil
}

func keptFor(months int) string {
	if months == 0 {
		return "kept for ever"
	}
	return fmt.Sprintf("kept for %d months", months)
}

func setRule(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
	months, err := strconv.Atoi(by.Content[monthsOf])
	if err != nil {
		return "", fmt.Errorf("months: %w", err)
	}
	return by.Content[keptOf] + " are " + keptFor(months), d.retention.SetRule(ctx, x, retention.Kind(by.Content[keptOf]), months, by.ID)
}
