package act

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/night"
)

// Kinds of decisions about a night.
const (
	KindNightHold        = "night-hold"
	KindNightLift        = "night-lift"
	KindMoveReceiveBy    = "move-receive-by"
	KindMoveSendBy       = "move-send-by"
	KindReleaseNow       = "release-now"
	KindReleaseLimit     = "release-limit"
	KindReleaseOverLimit = "release-over-limit"
)

// Parameters of these kinds, beside whatOf and subjectOf.
const (
	fromOf  = "from"
	untilOf = "until"
	dayOf   = "on"
	timeOf  = "at"
	limitOf = "limit"
	mostOf  = "most"
)

// instant is how an instant is given, in Copenhagen.
const instant = "2006-01-02 15:04"

// nightKinds are the kinds of decisions about a night.
func nightKinds() []Kind {
	what := Parameter{Name: whatOf, Help: "`what`: all, bank, authority or agreement"}
	of := Parameter{Name: subjectOf, Help: "its `number`, or the bank's id; none of all", Optional: true}
	day, at := Parameter{Name: dayOf, Help: "banking `day`, such as 2005-08-11"}, Parameter{Name: timeOf, Help: "`time` of day in Copenhagen, such as 07:30"}
	return []Kind{
		{Name: KindNightHold, Summary: "nothing of a bank, an agreement, an authority or of all is released or sent", Thing: gateway.ThingControl,
			Takes: []Parameter{what, of, {Name: fromOf, Help: "`when` it begins, such as \"2005-08-11 05:00\"; now when not given", Optional: true},
				{Name: untilOf, Help: "`when` it ends by itself; when it is lifted, when not given", Optional: true}},
			Example: `decide night-hold --what bank --of BEC --until "2005-08-12 05:00" --by "A. Hansen" --why "BEC asked for it by telephone: K. Olsen"`,
			persons: one, find: (*Desk).newNightHold, do: nightHold, again: true},
		{Name: KindNightLift, Summary: "a hold ends, or a cut-off is moved back", Thing: gateway.ThingControl, ByID: true,
			Example: `decide night-lift 12 --by "A. Hansen" --why "BEC is ready: K. Olsen"`,
			persons: two, find: (*Desk).nightControls, do: nightLift, again: true},
		{Name: KindMoveReceiveBy, Summary: "on one banking day the receive-by is another, and what waits is planned anew", Thing: gateway.ThingControl,
			Takes:   []Parameter{what, of, day, at},
			Example: `decide move-receive-by --what authority --of 4101 --on 2005-08-11 --at 07:30 --by "A. Hansen" --why "4101 is late, and asked for it"`,
			persons: two, find: (*Desk).newCutOff, do: moveCutOff(gateway.EffectReceiveBy), again: true},
		{Name: KindMoveSendBy, Summary: "on one banking day a bank's send-by is another, as it has agreed to", Thing: gateway.ThingControl,
			Takes:   []Parameter{what, of, day, at},
			Example: `decide move-send-by --what bank --of BEC --on 2005-08-11 --at 10:00 --by "A. Hansen" --why "by telephone, at BEC: K. Olsen"`,
			persons: two, find: (*Desk).newCutOff, do: moveCutOff(gateway.EffectSendBy), again: true},
		{Name: KindReleaseNow, Summary: "what waits for its release leaves at once", Thing: gateway.ThingControl,
			Takes:   []Parameter{what, of, {Name: untilOf, Help: "what would be released until `when`; in a day when not given", Optional: true}},
			Example: `decide release-now --what agreement --of 0000112233 --until "2005-08-11 06:00" --by "A. Hansen" --why "BEC closes early"`,
			persons: two, find: (*Desk).newRelease, do: releaseNow, again: true},
		{Name: KindReleaseLimit, Summary: "what is over a limit waits for two persons before it is released", Thing: gateway.ThingLimit,
			Takes: []Parameter{{Name: whatOf, Help: "`what`: all, authority or agreement"}, of, {Name: limitOf, Help: "`limit`: payment, bundle, day or history"},
				{Name: mostOf, Help: "the `most`, in øre; of history how many times the highest of the last days; 0 is no limit"}},
			Example: `decide release-limit --what agreement --of 0000112233 --limit payment --most 100000000 --by "A. Hansen" --why "4101 pays nobody a million"`,
			persons: two, find: (*Desk).releaseLimit, do: setReleaseLimit, again: true},
		{Name: KindReleaseOverLimit, Summary: "what is over a limit is released, exactly as it was seen", Thing: gateway.ThingOverLimit, ByID: true,
			Example: `decide release-over-limit 3 --by "A. Hansen" --why "4101 has confirmed the sum by telephone"`,
			persons: two, find: (*Desk).overLimits, do: freeOverLimit},
	}
}

// reachOf is what a decision about a night is about.
func (d *Desk) reachOf(ctx context.Context, x *postgres.Session, of gateway.Decision) (reach gateway.Reach, subject string, item gateway.DecisionItem, err error) {
	reach, subject = gateway.Reach(of.Content[whatOf]), of.Content[subjectOf]
	item.Thing = gateway.ThingControl
	switch reach {
	case gateway.ReachBank:
		item.Bank = subject
	case gateway.ReachAuthority:
		item.Authority = subject
	}
	return reach, subject, item, d.night.CheckSubject(ctx, x, reach, subject)
}

// instantOf is the instant of a parameter; zero where it is not given.
func (d *Desk) instantOf(of gateway.Decision, name string) (time.Time, error) {
	given := of.Content[name]
	if given == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(instant, given, d.bank.Location)
	if err != nil {
		return t, fmt.Errorf("%s %q: want YYYY-MM-DD HH:MM: %w", name, given, gateway.ErrIntent)
	}
	return t, nil
}

func (d *Desk) newNightHold(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	reach, subject, item, err := d.reachOf(ctx, x, of)
	if err != nil {
		return nil, err
	}
	held, err := d.night.Held(ctx, x, reach, subject)
	item.State = "not held"
	if held != 0 {
		item.State = fmt.Sprintf("held by %d", held)
	}
	return []gateway.DecisionItem{item}, err
}

func nightHold(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	if i.State != "not held" {
		return "", gateway.ErrLostOwnership
	}
	c := gateway.NightControl{Effect: gateway.EffectHold, Reach: gateway.Reach(by.Content[whatOf]), Subject: by.Content[subjectOf]}
	var err error
	if c.From, err = d.instantOf(by, fromOf); err != nil {
		return "", err
	}
	if c.Until, err = d.instantOf(by, untilOf); err != nil {
		return "", err
	}
	kept, err := d.night.Hold(ctx, x, c, by.ID)
	until := "in a day"
	if !c.Until.IsZero() {
		until = "until " + by.Content[untilOf]
	}
	return fmt.Sprintf("%s is held: %d payments, %d øre, due %s, and %d files of %d payments, %d øre, that are not sent", c.Name(), kept.Payments, kept.Ore, until,
		kept.Files, kept.FilePayments, kept.FileOre), err
}

// nightControls is controls that are not over, as two persons see them.
func (d *Desk) nightControls(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	found, err := d.night.Lock(ctx, x, idsOf(of))
	var items []gateway.DecisionItem
	for _, c := range found {
		i := gateway.DecisionItem{Thing: gateway.ThingControl, ID: c.ID, State: NightName(c)}
		switch c.Reach {
		case gateway.ReachBank:
			i.Bank = c.Subject
		case gateway.ReachAuthority:
			i.Authority = c.Subject
		}
		items = append(items, i)
	}
	return items, err
}

// NightName is a control in words.
func NightName(c night.Control) string {
	who := gateway.NightControl{Reach: c.Reach, Subject: c.Subject}.Name()
	if c.Effect == gateway.EffectHold {
		return who + " is held"
	}
	return fmt.Sprintf("%s of %s is %s on %s", strings.ReplaceAll(string(c.Effect), "_", "-"), who, *c.MovedTo, *c.On)
}

func nightLift(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	found, err := d.night.Lock(ctx, x, []int64{i.ID})
	if err != nil || len(found) == 0 {
		return "", movedOn(fmt.Errorf("control %d: %w", i.ID, orNotFound(err)))
	}
	if c := found[0]; c.Effect == gateway.EffectHold {
		kept, err := d.night.Waiting(ctx, x, c.Reach, c.Subject, d.Now())
		if err == nil {
			_, err = d.night.Lift(ctx, x, i.ID, by.ID)
		}
		return fmt.Sprintf("%d payments, %d øre, are released, and %d files of %d payments, %d øre, are sent", kept.Payments, kept.Ore, kept.Files, kept.FilePayments, kept.FileOre), err
	}
	r, err := d.night.Lift(ctx, x, i.ID, by.ID)
	return "is as it was: " + planned(r), err
}

// orNotFound is an error, or that there is no such thing.
func orNotFound(err error) error {
	if err == nil {
		return gateway.ErrNotFound
	}
	return err
}

// planned says what another plan was made for.
func planned(r night.Replanned) string {
	return fmt.Sprintf("%d groups of %d payments, %d øre, are planned anew: %d are released earlier and %d later, %d are executed on an earlier day and %d on a later one",
		r.Groups, r.Payments, r.Ore, r.Earlier, r.Later, r.Sooner, r.Delayed)
}

func (d *Desk) newCutOff(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	_, _, item, err := d.reachOf(ctx, x, of)
	item.State = "to be moved"
	return []gateway.DecisionItem{item}, err
}

// moveCutOff moves a cut-off of one banking day.
func moveCutOff(effect gateway.ControlEffect) func(*Desk, context.Context, *postgres.Session, gateway.Decision, gateway.DecisionItem) (string, error) {
	return func(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
		c := gateway.NightControl{Effect: effect, Reach: gateway.Reach(by.Content[whatOf]), Subject: by.Content[subjectOf]}
		var err error
		if c.On, err = gateway.ParseDate(by.Content[dayOf]); err == nil {
			c.MovedTo, err = gateway.ParseTimeOfDay(by.Content[timeOf])
		}
		if err != nil {
			return "", fmt.Errorf("%w: %w", err, gateway.ErrIntent)
		}
		r, err := d.night.Move(ctx, x, c, by.ID)
		return fmt.Sprintf("%s is %s on %s: %s", strings.ReplaceAll(string(effect), "_", "-"), by.Content[timeOf], c.On, planned(r)), err
	}
}

// newRelease is what would be released at once. Until when is on record, so that it means the same whenever it is carried out.
func (d *Desk) newRelease(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	_, _, item, err := d.reachOf(ctx, x, of)
	if of.Content[untilOf] == "" {
		of.Content[untilOf] = d.Now().In(d.bank.Location).Add(24 * time.Hour).Format(instant)
	}
	item.State = "waits for its release until " + of.Content[untilOf]
	return []gateway.DecisionItem{item}, err
}

func releaseNow(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
	until, err := d.instantOf(by, untilOf)
	if err != nil {
		return "", err
	}
	went, err := d.night.ReleaseNow(ctx, x, gateway.Reach(by.Content[whatOf]), by.Content[subjectOf], until)
	if err == nil && went.Groups == 0 {
		return "", gateway.ErrLostOwnership
	}
	return fmt.Sprintf("%d groups of %d payments, %d øre, are released now", went.Groups, went.Payments, went.Ore), err
}

// releaseLimit is a limit as it was set.
func (d *Desk) releaseLimit(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	_, _, item, err := d.reachOf(ctx, x, of)
	if err != nil {
		return nil, err
	}
	l, err := limitOfDecision(of)
	if err != nil {
		return nil, err
	}
	all, _, err := postgres.ReleaseLimits(ctx, x)
	if err != nil {
		return nil, err
	}
	item.Thing, item.State = gateway.ThingLimit, "was not set"
	for _, before := range all {
		if before.Reach == l.Reach && before.Subject == l.Subject && before.Limit == l.Limit {
			item.State = LimitName(before)
		}
	}
	return []gateway.DecisionItem{item}, night.CheckLimit(l)
}

func limitOfDecision(of gateway.Decision) (l gateway.ReleaseLimit, err error) {
	l = gateway.ReleaseLimit{Reach: gateway.Reach(of.Content[whatOf]), Subject: of.Content[subjectOf], Limit: gateway.Limit(of.Content[limitOf])}
	if l.Most, err = strconv.ParseInt(of.Content[mostOf], 10, 64); err != nil {
		return l, fmt.Errorf("%s must be a number: %w", mostOf, gateway.ErrIntent)
	}
	return l, nil
}

// LimitName is a limit in words.
func LimitName(l gateway.ReleaseLimit) string {
	who := gateway.NightControl{Reach: l.Reach, Subject: l.Subject}.Name()
	switch {
	case l.Most == 0:
		return fmt.Sprintf("%s: no limit of a %s", who, l.Limit)
	case l.Limit == gateway.LimitHistory:
		return fmt.Sprintf("%s: less than %d times the highest of its history", who, l.Most)
	}
	return fmt.Sprintf("%s: at most %d øre a %s", who, l.Most, l.Limit)
}

func setReleaseLimit(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
	l, err := limitOfDecision(by)
	if err != nil {
		return "", err
	}
	return LimitName(l), d.night.SetLimit(ctx, x, l, by.ID)
}

// overLimits is cases as they were seen: two persons let exactly that go.
func (d *Desk) overLimits(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	found, err := d.night.LockCases(ctx, x, idsOf(of))
	var items []gateway.DecisionItem
	for _, c := range found {
		state := fmt.Sprintf("agreement %s for %s: %d groups from %d, %d payments, %d øre; %s", c.Agreement, c.ExecutesOn, c.Groups, c.FirstGroup, c.Payments, c.Ore, c.Breaches)
		if c.Freed {
			state = "goes already"
		}
		items = append(items, gateway.DecisionItem{Thing: gateway.ThingOverLimit, ID: c.ID, Authority: c.Authority, Bank: c.Bank, State: state})
	}
	return items, err
}

func freeOverLimit(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return "is released as it was seen", d.night.Free(ctx, x, i.ID, by.ID)
}

// Night is what is in force of a night: controls with what they hold, limits, and what is over one.
type Night struct {
	Controls []night.Control       `json:"controls"`
	Limits   gateway.ReleaseLimits `json:"limits"`
	Over     []night.Case          `json:"over_limit"`
}

// Night reads what is in force.
func (d *Desk) Night(ctx context.Context) (n Night, err error) {
	if n.Controls, err = d.night.Controls(ctx); err != nil {
		return n, err
	}
	if n.Limits, err = d.night.Limits(ctx); err != nil {
		return n, err
	}
	n.Over, err = d.night.Cases(ctx)
	return n, err
}

// BeginLimits sets limits of all by the configuration, where none ever was set.
func (d *Desk) BeginLimits(ctx context.Context, limits gateway.Limits) error {
	return d.night.BeginLimits(ctx, limits)
}
