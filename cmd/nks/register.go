package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"nks/bankday"
	"nks/gateway"
	"nks/internal/app"
	"nks/internal/command"
	"nks/register"
)

// registerCommands are what can be asked of the register.
func registerCommands() []command.Command {
	return []command.Command{
		{Name: "show", Args: "HOLDER", Summary: "show what the register has on a holder: CPR, CVR, SE or P and the number, or the number alone where it is one holder's",
			Run: registerShowCommand, Examples: []string{"register show --config /srv/nks/nks.toml CVR 12345674",
				"register show --on 2005-06-30 --known 2005-08-11T06:00:00+02:00 P 1000000001"}},
		{Name: "agreements", Args: "[NUMBER]", Summary: "show the agreements that decide about an execution day, all or those of a number", Run: registerAgreementsCommand,
			Examples: []string{"register agreements --config /srv/nks/nks.toml BANK-1", "register agreements --on 2005-09-01 --known 2005-08-11T06:00:00+02:00"}},
		{Name: "applications", Args: "[ID...]", Summary: "show applications for accounts with all their steps: those that wait, or those of the given numbers",
			Run: registerApplicationsCommand, Examples: []string{"register applications --config /srv/nks/nks.toml", "register applications 101 --json"}},
		{Name: "claims", Args: "[CREDITOR]", Summary: "show what creditors claim, and what was taken for it", Run: registerClaimsCommand,
			Examples: []string{"register claims --config /srv/nks/nks.toml 4101"}},
		{Name: "choices", Args: "[AUTHORITY]", Summary: "show what authorities want done with money that has nowhere to go", Run: registerChoicesCommand,
			Examples: []string{"register choices --config /srv/nks/nks.toml 4101", "register choices --on 2005-09-01 --known 2005-08-11T06:00:00+02:00"}},
	}
}

func registerShowCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	onDay := fs.String("on", "", "`date` whose end the holder is shown as of, as 2005-08-11; default: now")
	knownText := fs.String("known", "", "`time` as of whose knowledge it is shown, as 2005-08-11T04:30:00+02:00; default: now")
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	asked, err := holdersNamed(words)
	if err != nil {
		return err
	}
	knownAt, err := command.Time("known", *knownText)
	if err != nil {
		return err
	}
	days, err := bankday.New()
	if err != nil {
		return err
	}
	on, err := endOf("on", *onDay, days.Location())
	if err != nil {
		return err
	}
	return withTables(ctx, p, *config, func(ctx context.Context, t tables) error {
		now, err := app.BusinessTime(ctx, t.config, t.db)
		if err != nil {
			return err
		}
		s := &showHolder{explainText: explainText{out: p.Out, location: days.Location()}, q: t.db.Pool().DB, on: on, knownAt: knownAt}
		if s.on.IsZero() {
			s.on = now
		}
		if s.knownText = "now"; s.knownAt.IsZero() {
			s.knownAt = everything()
		} else {
			s.knownText = "at " + s.at(s.knownAt)
		}
		return s.show(ctx, asked)
	})
}

// holdersNamed are the holders that words may mean: one, or one of each kind that has numbers of this width.
func holdersNamed(words []string) ([]gateway.Holder, error) {
	words = strings.Fields(strings.Join(words, " "))
	kinds := []gateway.HolderKind{gateway.CPR, gateway.CVR, gateway.SE, gateway.PNR}
	if len(words) == 2 {
		var named []gateway.HolderKind
		for _, k := range kinds {
			if strings.EqualFold(words[0], k.String()) {
				named = append(named, k)
			}
		}
		if named == nil {
			return nil, command.Usagef("the kind of holder must be one of CPR, CVR, SE, P")
		}
		kinds, words = named, words[1:]
	}
	if len(words) != 1 {
		return nil, command.Usagef("name one holder, as CVR 12345674")
	}
	var asked []gateway.Holder
	for _, k := range kinds {
		h := gateway.Holder{Kind: k, ID: strings.ReplaceAll(words[0], "-", "")}
		if _, err := h.Number(); err == nil && isNumber(h.ID) {
			asked = append(asked, h)
		}
	}
	if asked == nil {
		// The number is not repeated: it may be a citizen's, mistyped.
		return nil, command.Usagef("the number must have 10 digits for CPR and P, 8 for CVR and SE")
	}
	return asked, nil
}

func isNumber(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// endOf is the last instant of the day that a flag names, zero where it is not given.
func endOf(name, value string, where *time.Location) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	d, err := gateway.ParseDate(value)
	if err != nil {
		return time.Time{}, command.Usagef("--%s %q: must be a date, such as 2005-08-11", name, value)
	}
	return d.AddDays(1).At(0, where).Add(-time.Microsecond), nil
}

// showHolder writes what the register has on a holder as of one instant, as known at another.
type showHolder struct {
	explainText
	q           register.Queryer
	on, knownAt time.Time
	knownText   string // of knownAt
}

// everything is an instant after whatever has been recorded: also what was recorded by a clock that was ahead.
func everything() time.Time { return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }

// show finds the one that is meant and writes it.
func (s *showHolder) show(ctx context.Context, asked []gateway.Holder) error {
	var found []gateway.Holder
	var on register.Holder
	for _, h := range asked {
		number, err := h.Number()
		if err != nil {
			return err
		}
		as, known, err := register.As(ctx, s.q, h.Kind, number, s.on, s.knownAt)
		if err != nil {
			return err
		}
		if known {
			found, on = append(found, h), as
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("%s: the register has nothing on record, as known %s", hidden(asked), s.knownText)
	case 1:
		return s.holder(ctx, found[0], &on)
	}
	return command.Usagef("%s: there is a %s and a %s of that number; say which", hidden(found), found[0].Kind, found[1].Kind)
}

// hidden names holders by one number, as it may stand in an error.
func hidden(h []gateway.Holder) string {
	// A number that may be a citizen's is hidden as a citizen's.
	return h[0].Masked()
}

func (s *showHolder) holder(ctx context.Context, h gateway.Holder, on *register.Holder) error {
	policy, err := register.PolicyAs(ctx, s.q, s.on, s.knownAt)
	if err != nil {
		return err
	}
	var versions []int64
	for _, v := range on.Accounts {
		versions = append(versions, v.ID)
	}
	records, err := register.Records(ctx, s.q, versions)
	if err != nil {
		return err
	}
	name := h.Masked()
	if h.Kind == gateway.CPR {
		name = "CPR " + name
	}
	s.line("%s, as of %s, as known %s", name, s.at(s.on), s.knownText)
	s.line("status: %s", s.status(h.Kind, on, &policy))
	if on.Parent != 0 {
		s.line("under: %s", gateway.HolderOf(gateway.CVR, on.Parent).Masked())
	}
	s.line("recorded: %s%s", s.at(on.Recorded), s.later(on.Recorded))
	if len(on.Accounts) == 0 {
		s.line("no account on record")
	}
	for i := range on.Accounts {
		s.account(&on.Accounts[i], records[on.Accounts[i].ID])
	}
	return s.err
}

// later says where an instant lies after the one that is asked about: what is told of that was not known on the day.
func (s *showHolder) later(recorded time.Time) string {
	if recorded.After(s.on) {
		return ", after the day asked about: what was known on it is not on record"
	}
	return ""
}

// status is the holder's status with its day, and for how long its accounts stay usable. // B18.3
func (s *showHolder) status(kind gateway.HolderKind, h *register.Holder, policy *register.Policy) string {
	text := map[gateway.HolderStatus]string{gateway.Alive: "alive", gateway.Dead: "dead", gateway.Ceased: "ceased", gateway.Emigrated: "emigrated"}[h.Status]
	if !h.Ended.IsZero() {
		text += " since " + h.Ended.String()
	}
	switch last, ok := policy.LastDay(kind, &h.Facts); {
	case !ok:
		return text + "; its accounts are not usable"
	case !last.IsZero():
		return text + "; its accounts are usable to the end of " + last.String()
	}
	return text
}

func (s *showHolder) account(v *register.AccountVersion, r register.Record) {
	force := "in force"
	switch {
	case s.on.Before(v.From):
		force = "not in force yet"
	case !v.InForce(s.on):
		force = "no longer in force"
	}
	s.line("version %d: %s\n  %s, %s, %s, recorded %s%s", v.ID, force, r.Account, v.Purpose(), s.span(v.From, v.To), s.at(r.Recorded), s.later(r.Recorded))
}
