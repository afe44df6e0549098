package act

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Intent is what somebody asks to be decided.
type Intent struct {
	Kind    string
	IDs     []int64           // of the kind's things, where it takes ids
	Content map[string]string // the kind's parameters
	By, Why string
	// Within is how long it may be approved; 0: a day.
	Within time.Duration
}

// Decided is a decision with what has become of it so far.
type Decided struct {
	gateway.Decision
	Steps []gateway.DecisionStep `json:"steps"`
}

// Limits of what may be asked.
const (
	mostThings    = 1000
	mostText      = 2000 // characters of a reason, a name or a parameter
	defaultWithin = 24 * time.Hour
	mostWithin    = 31 * 24 * time.Hour
)

// errRehearsed ends a transaction that must not be kept.
var errRehearsed = errors.New("rehearsed")

// Preview is what a decision would be, and what would become of what it is about. Nothing of it is kept.
func (d *Desk) Preview(ctx context.Context, in Intent) (asked gateway.Decision, err error) {
	err = d.bank.Transact(ctx, "preview", func(x *postgres.Session) error {
		if asked, _, err = d.ask(ctx, x, in); err != nil {
			return err
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	return asked, err
}

// Decide records a decision. One that a single person may make is carried out at once where names are believed; every other waits
// for Approve: by who asks, where persons sign, and by another person where something is let go.
func (d *Desk) Decide(ctx context.Context, in Intent) (done Decided, err error) {
	err = d.bank.Transact(ctx, "decide", func(x *postgres.Session) error {
		asked, signs, err := d.ask(ctx, x, in)
		if err != nil {
			return err
		}
		if err := d.decisions.Record(ctx, x, &asked); err != nil {
			return err
		}
		if !signs {
			if err := d.decisions.Note(ctx, x, asked.ID, gateway.DecisionStep{Step: gateway.StepSigned, Person: asked.By}); err != nil {
				return err
			}
			if asked.Persons == 1 {
				if err := d.execute(ctx, x, asked); err != nil {
					return err
				}
			}
		}
		done, err = d.decided(ctx, x, asked.ID)
		return err
	})
	if err == nil && done.took(gateway.StepExecuted) {
		err = d.decisions.Keep(ctx, done.ID)
	}
	return done, err
}

// ask finds what a decision is about, rehearses it, and reports whether persons must sign it.
func (d *Desk) ask(ctx context.Context, x *postgres.Session, in Intent) (asked gateway.Decision, signs bool, err error) {
	k, err := kindOf(in.Kind)
	if err != nil {
		return asked, false, err
	}
	if err := in.check(k); err != nil {
		return asked, false, err
	}
	if signs, err = d.signs(ctx, x, in.By); err != nil {
		return asked, false, err
	}
	now := d.bank.Now().UTC().Truncate(time.Microsecond)
	asked = gateway.Decision{Kind: k.Name, Content: map[string]string{}, Persons: 1, By: strings.TrimSpace(in.By), Why: strings.TrimSpace(in.Why), AskedAt: now,
		ExpiresAt: now.Add(in.Within), Environment: d.rules.Environment}
	if in.Within == 0 {
		asked.ExpiresAt = now.Add(defaultWithin)
	}
	for _, p := range k.Takes {
		asked.Content[p.Name] = strings.TrimSpace(in.Content[p.Name])
	}
	for _, id := range in.IDs {
		asked.Items = append(asked.Items, gateway.DecisionItem{Thing: k.Thing, ID: id})
	}
	found, err := k.find(d, ctx, x, asked)
	if err != nil {
		return asked, false, err
	}
	if k.ByID && len(found) < len(in.IDs) {
		return asked, false, fmt.Errorf("%s %d: %w", k.Thing, missing(in.IDs, found), gateway.ErrNotFound)
	}
	asked.Items = found
	for _, i := range found {
		asked.Persons = max(asked.Persons, k.persons(i))
	}
	return asked, signs, d.rehearse(ctx, x, k, &asked)
}

// rehearse notes for each thing what would become of it; nothing that could be decided is gateway.ErrMovedOn.
func (d *Desk) rehearse(ctx context.Context, x *postgres.Session, k Kind, asked *gateway.Decision) error {
	done := 0
	err := x.Rehearse(ctx, func() error {
		for n, i := range asked.Items {
			o, err := d.outcome(ctx, x, k, *asked, i, i)
			if err != nil {
				return err
			}
			asked.Items[n].Preview = o.What
			if o.Done {
				done++
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case done == 0 && len(asked.Items) > 0:
		i := asked.Items[0]
		return fmt.Errorf("%s %d %s: %w", i.Thing, i.ID, i.Preview, gateway.ErrMovedOn)
	}
	return nil
}

// Approve records that a person stands for a decision: who asked for it, with a signature, or another person. When all have who
// must, it is carried out in the same transaction. A decision that has expired is refused, and so noted.
func (d *Desk) Approve(ctx context.Context, id int64, by, signature string) (done Decided, err error) {
	var refused error
	err = d.bank.Transact(ctx, "approve", func(x *postgres.Session) error {
		asked, err := d.decided(ctx, x, id)
		if err != nil {
			return err
		}
		if err := asked.refused(d.rules.Environment, d.bank.Now()); err != nil {
			if refused = err; errors.Is(err, gateway.ErrExpired) && !asked.took(gateway.StepExpired) {
				return d.decisions.Note(ctx, x, id, gateway.DecisionStep{Step: gateway.StepExpired})
			}
			return err
		}
		if err := d.stand(ctx, x, &asked, by, signature); err != nil {
			return err
		}
		if asked, err = d.decided(ctx, x, id); err != nil {
			return err
		}
		if asked.WaitsFor() == "" {
			if err := d.execute(ctx, x, asked.Decision); err != nil {
				return err
			}
		}
		done, err = d.decided(ctx, x, id)
		return err
	})
	if err == nil && done.took(gateway.StepExecuted) {
		err = d.decisions.Keep(ctx, id)
	}
	if err == nil && refused != nil {
		err = fmt.Errorf("approve: decision %d: %w", id, refused)
	}
	return done, err
}

// refused says why a decision on record may not be carried out; nil when it may.
func (d *Decided) refused(environment string, now time.Time) error {
	sum, err := d.Sum()
	switch {
	case err != nil:
		return err
	case d.took(gateway.StepExecuted):
		return gateway.ErrDecided
	case sum != d.Hash || d.Environment != environment:
		return gateway.ErrChanged
	case d.took(gateway.StepExpired) || !now.Before(d.ExpiresAt):
		return gateway.ErrExpired
	}
	return nil
}

// execute carries a decision out for all that is as it was when it was asked, and notes it; when nothing is, it is
// gateway.ErrMovedOn and nothing is noted.
func (d *Desk) execute(ctx context.Context, x *postgres.Session, asked gateway.Decision) error {
	k, err := kindOf(asked.Kind)
	if err == nil && !k.whileQuiet {
		err = d.bank.Quiet.Refuse()
	}
	if err != nil {
		return err
	}
	found, err := k.find(d, ctx, x, asked)
	if err != nil {
		return err
	}
	var outcomes []gateway.Outcome
	done := false
	for _, i := range asked.Items {
		var now gateway.DecisionItem
		if n := slices.IndexFunc(found, func(f gateway.DecisionItem) bool { return f.ID == i.ID }); n >= 0 {
			now = found[n]
		}
		o, err := d.outcome(ctx, x, k, asked, i, now)
		if err != nil {
			return err
		}
		outcomes, done = append(outcomes, o), done || o.Done
	}
	if !done {
		return fmt.Errorf("%s %d %s: %w", outcomes[0].Thing, outcomes[0].ID, outcomes[0].What, gateway.ErrMovedOn)
	}
	err = d.decisions.Note(ctx, x, asked.ID, gateway.DecisionStep{Step: gateway.StepExecuted, Outcome: outcomes})
	if err != nil {
		return err
	}
	x.AfterCommit(func() {
		d.bank.Log.Info().Int64("decision", asked.ID).Str("kind", asked.Kind).Int("things", len(outcomes)).Msg("decision carried out")
	})
	return nil
}

// check holds what is asked against the kind's definition and the limits.
func (in Intent) check(k Kind) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s: %w", k.Name, fmt.Sprintf(format, args...), gateway.ErrIntent)
	}
	for name, value := range map[string]string{"by": in.By, "why": in.Why} {
		if n := utf8.RuneCountInString(strings.TrimSpace(value)); n == 0 || n > mostText {
			return bad("%s must have 1 to %d characters", name, mostText)
		}
	}
	for _, p := range k.Takes {
		if p.Optional && strings.TrimSpace(in.Content[p.Name]) == "" {
			continue
		}
		if n := utf8.RuneCountInString(strings.TrimSpace(in.Content[p.Name])); n == 0 || n > mostText {
			return bad("%s must have 1 to %d characters", p.Name, mostText)
		}
	}
	switch {
	case looksLikeCPR.MatchString(in.Why):
		return bad("the reason names somebody by CPR number, and stays on record")
	case k.ByID && (len(in.IDs) == 0 || len(in.IDs) > mostThings):
		return bad("takes the ids of 1 to %d of: %s", mostThings, k.Thing)
	case !k.ByID && len(in.IDs) > 0:
		return bad("takes no ids")
	case in.Within < 0 || in.Within > mostWithin:
		return bad("must be approved within %v at most", mostWithin)
	}
	ids := slices.Sorted(slices.Values(in.IDs))
	if len(slices.Compact(ids)) != len(in.IDs) {
		return bad("names one %s twice", k.Thing)
	}
	return nil
}

// looksLikeCPR finds what may be a citizen's number: a reason stays on record for ever.
var looksLikeCPR = regexp.MustCompile(`\b(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[- ]?\d{4}\b`)

// missing is the first id that was not found.
func missing(ids []int64, found []gateway.DecisionItem) int64 {
	for _, id := range ids {
		if !slices.ContainsFunc(found, func(i gateway.DecisionItem) bool { return i.ID == id }) {
			return id
		}
	}
	return 0
}
