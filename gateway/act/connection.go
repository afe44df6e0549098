package act

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// Kinds of decisions about connections.
const (
	KindConnection  = gateway.DecisionConnection
	KindConformance = gateway.DecisionConformance
	KindWaiveTest   = gateway.DecisionWaiveTest
)

// Parameters of them.
const (
	systemOf      = "system"
	authoritiesOf = "authorities"
	stateOf       = "state"
	rightsOf      = "rights"
	responsibleOf = "responsible"
	effectiveOf   = "effective"
	reportOf      = "report"
)

// mostAuthorities bounds how many are connected by one system in one decision; mostReport the characters of a report.
const (
	mostAuthorities = 1000
	mostReport      = 40_000
)

// ConnectionRecord is all that is on record of one connection. // B33.1-6
type ConnectionRecord struct {
	History []register.Connection `json:"history"` // oldest first
	// Decided are the decisions about it that were carried out, with the reports and dispensations of its system, oldest first.
	Decided []Decided `json:"decided"`
}

// Connections are all that are in force, or will be.
func (d *Desk) Connections(ctx context.Context) (all []register.Connection, err error) {
	err = d.bank.Transact(ctx, "connections", func(x *postgres.Session) error {
		all, err = register.Connections(ctx, x, d.bank.Now())
		return err
	})
	return all, err
}

// Connection is the record of one, or gateway.ErrNotFound.
func (d *Desk) Connection(ctx context.Context, system, authority string) (r ConnectionRecord, err error) {
	err = d.bank.Transact(ctx, "connection", func(x *postgres.Session) error {
		if r.History, err = register.ConnectionHistory(ctx, x, system, authority, d.bank.Now()); err != nil {
			return err
		}
		if len(r.History) == 0 {
			return fmt.Errorf("connection of %s by %s: %w", authority, system, gateway.ErrNotFound)
		}
		for _, kind := range []string{KindConnection, KindWaiveTest, KindConformance} {
			done, err := d.decisions.Executed(ctx, x, kind, systemOf, system)
			if err != nil {
				return err
			}
			for _, one := range done {
				if kind != KindConformance && !slices.Contains(strings.Fields(one.Content[authoritiesOf]), authority) {
					continue
				}
				full, err := d.decided(ctx, x, one.ID)
				if err != nil {
					return err
				}
				r.Decided = append(r.Decided, full)
			}
		}
		slices.SortFunc(r.Decided, func(a, b Decided) int { return cmp.Compare(a.ID, b.ID) })
		return nil
	})
	return r, err
}

func connectionKinds() []Kind {
	system := Parameter{Name: systemOf, Help: "the payout `system`, as payout_systems.csv has it"}
	return []Kind{
		{Name: KindConnection, Summary: "how far authorities are connected by a payout system; going live needs a passed report or a dispensation", Thing: gateway.ThingConnection,
			Takes: []Parameter{system, {Name: authoritiesOf, Help: "`numbers` of the authorities, separated by blanks: one system may serve several", Most: 36 * mostAuthorities},
				{Name: stateOf, Help: "`state`: requested, agreed, testing, live, connected, dispensed or ended"},
				{Name: responsibleOf, Help: "the authority's `person`; otherwise as before", Optional: true, Most: 200},
				{Name: rightsOf, Help: "`rights`: payments, accounts, lookups, separated by blanks; otherwise as before", Optional: true},
				{Name: effectiveOf, Help: "the `day` from whose beginning it counts, such as 2005-08-15; otherwise at once", Optional: true}},
			Example: `decide connection --system KOM-LON --authorities "4101 5200" --state requested --responsible "P. Rosen" --rights payments --by "A. Hansen" --why "letter of 4101"`,
			persons: personsToConnect, find: (*Desk).connections, do: connect, again: true},
		{Name: KindConformance, Summary: "the report of a connection test of a payout system, which nks conformance has made", Thing: gateway.ThingConnection,
			Takes:   []Parameter{system, {Name: reportOf, Help: "`file` summary.json of the report", File: true, Most: mostReport}},
			Example: `decide conformance-report --system KOM-LON --report report/summary.json --by "A. Hansen" --why "the test of 2005-08-11"`,
			persons: one, find: (*Desk).payoutSystem, do: keepReport, again: true},
		{Name: KindWaiveTest, Summary: "a dispensation from the connection test: authorities may go live by a payout system without a passed report; the reason says why", Thing: gateway.ThingConnection,
			Takes:   []Parameter{system, {Name: authoritiesOf, Help: "`numbers` of the authorities, separated by blanks", Most: 36 * mostAuthorities}},
			Example: `decide waive-test --system KOM-LON --authorities 4101 --by "A. Hansen" --why "dispensation of the ministry, 2005-123"`,
			persons: two, find: (*Desk).connections, do: waiveTest, again: true},
	}
}

// becomes stands in the state of what a decision moves, before the state that it is moved to.
const becomes = ", becomes "

func personsToConnect(i gateway.DecisionItem) int {
	_, target, _ := strings.Cut(i.State, becomes)
	return gateway.ConnectionState(target).Persons()
}

// payers are the authorities of a decision.
func payers(content map[string]string) ([]string, error) {
	all := strings.Fields(content[authoritiesOf])
	if n := len(slices.Compact(slices.Sorted(slices.Values(all)))); n == 0 || n != len(all) || n > mostAuthorities {
		return nil, fmt.Errorf("authorities must be 1 to %d, each once: %w", mostAuthorities, gateway.ErrIntent)
	}
	return all, nil
}

// connections are the connections of a decision as they are: the number of each is its place among the authorities.
func (d *Desk) connections(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	authorities, err := payers(of.Content)
	if err != nil {
		return nil, err
	}
	if _, err := register.SupplierOfSystem(ctx, x, of.Content[systemOf], d.bank.Now()); err != nil {
		return nil, err
	}
	all, err := register.Connections(ctx, x, d.bank.Now())
	if err != nil {
		return nil, err
	}
	var found []gateway.DecisionItem
	for n, a := range authorities {
		var known bool
		if err := x.GetContext(ctx, &known, `SELECT EXISTS (SELECT FROM authority WHERE authority = $1)`, a); err != nil {
			return nil, fmt.Errorf("authority %s: %w", a, err)
		}
		if !known {
			return nil, fmt.Errorf("authority %s: %w", a, gateway.ErrNotFound)
		}
		state := "is " + string(cmp.Or(connectionOf(all, of.Content[systemOf], a).State, "not asked for"))
		if target := of.Content[stateOf]; target != "" {
			state += becomes + target
		}
		found = append(found, gateway.DecisionItem{Thing: gateway.ThingConnection, ID: int64(n + 1), Authority: a, State: state})
	}
	return found, nil
}

// connectionOf is the zero Connection where there is none.
func connectionOf(all []register.Connection, system, authority string) register.Connection {
	i := slices.IndexFunc(all, func(c register.Connection) bool { return c.System == system && c.Authority == authority })
	if i < 0 {
		return register.Connection{}
	}
	return all[i]
}

// connect moves one connection on.
func connect(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	from, err := effective(by, d.bank.Location)
	if err != nil {
		return "", err
	}
	// It follows what is so when it counts, which another decision may have changed until then.
	at, then := d.bank.Now(), ""
	if gateway.DateOf(at.In(d.bank.Location)).Before(from) {
		at, then = from.At(0, d.bank.Location), ", from "+from.String()
	}
	all, err := register.Connections(ctx, x, at)
	if err != nil {
		return "", err
	}
	system, state := by.Content[systemOf], gateway.ConnectionState(by.Content[stateOf])
	was := connectionOf(all, system, i.Authority)
	if !state.MayFollow(was.State) {
		return "", fmt.Errorf("authority %s by %s is %s%s, and cannot be %s next: %w", i.Authority, system, cmp.Or(was.State, "not asked for"), then, state, gateway.ErrIntent)
	}
	shown := ""
	if state == gateway.ConnectionLive {
		if shown, err = d.mayGoLive(ctx, x, system, i.Authority); err != nil {
			return "", err
		}
	}
	c := register.ConnectionChange{System: system, Authority: i.Authority, State: state, Responsible: cmp.Or(by.Content[responsibleOf], was.Responsible), Rights: strings.Fields(by.Content[rightsOf]),
		From: from, Decision: by.ID, Now: d.bank.Now, Location: d.bank.Location}
	if len(c.Rights) == 0 {
		c.Rights = was.Rights
	}
	if c.Responsible == "" {
		return "", fmt.Errorf("authority %s: who is responsible there must be named: %w", i.Authority, gateway.ErrIntent)
	}
	if state.Pays() && !slices.Contains(c.Rights, gateway.RightPayments) {
		shown += ", without the right to payments: none of its bundles is taken by it"
	}
	err = register.ChangeConnection(ctx, x, c)
	return fmt.Sprintf("authority %s by %s is %s%s%s", i.Authority, system, state, shown, then), err
}

// effective is the day from which a decision is to count; zero where it names none. One that is over when the second person approves
// counts at once.
func effective(by gateway.Decision, loc *time.Location) (gateway.Date, error) {
	given := by.Content[effectiveOf]
	if given == "" {
		return gateway.Date{}, nil
	}
	day, err := gateway.ParseDate(given)
	if err != nil {
		return day, fmt.Errorf("%s: %w: %w", effectiveOf, err, gateway.ErrIntent)
	}
	if day.Before(gateway.DateOf(by.AskedAt.In(loc))) {
		return day, fmt.Errorf("%s %s lies in the past, and nothing counts before it is recorded: %w", effectiveOf, day, gateway.ErrIntent)
	}
	return day, nil
}

// mayGoLive says on what grounds an authority may pay by a system: the last report of the system has passed, whichever of its authorities it
// was made for, or a dispensation. // B33.1-6 // B33.2
func (d *Desk) mayGoLive(ctx context.Context, x *postgres.Session, system, authority string) (string, error) {
	reports, err := d.decisions.Executed(ctx, x, KindConformance, systemOf, system)
	if err != nil {
		return "", err
	}
	why := "no report of a connection test is on record"
	if len(reports) > 0 {
		r, err := gateway.ReadConformanceReport(reports[0].Content[reportOf])
		if err != nil {
			return "", fmt.Errorf("decision %d: %w", reports[0].ID, err)
		}
		if r.Passed() {
			return fmt.Sprintf(", by the report of decision %d", reports[0].ID), nil
		}
		why = fmt.Sprintf("the report of decision %d has %s", reports[0].ID, r)
	}
	free, err := d.decisions.Executed(ctx, x, KindWaiveTest, systemOf, system)
	if err != nil {
		return "", err
	}
	for _, f := range free {
		if slices.Contains(strings.Fields(f.Content[authoritiesOf]), authority) {
			return fmt.Sprintf(", by the dispensation of decision %d", f.ID), nil
		}
	}
	return "", fmt.Errorf("authority %s cannot go live by %s: %s, and no dispensation: %w", authority, system, why, gateway.ErrIntent)
}

// payoutSystem is the system that a report is about.
func (d *Desk) payoutSystem(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	supplier, err := register.SupplierOfSystem(ctx, x, of.Content[systemOf], d.bank.Now())
	if err != nil {
		return nil, err
	}
	return []gateway.DecisionItem{{Thing: gateway.ThingConnection, ID: 0, State: "is run by " + supplier}}, nil
}

// keepReport takes a report, also of a test that has failed: the last one counts.
func keepReport(_ *Desk, _ context.Context, _ *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	r, err := gateway.ReadConformanceReport(by.Content[reportOf])
	if err != nil {
		return "", err
	}
	if i.State != "is run by "+r.Supplier {
		return "", fmt.Errorf("the report is of data supplier %s, and the system %s: %w", r.Supplier, i.State, gateway.ErrIntent)
	}
	return r.String(), nil
}

func waiveTest(_ *Desk, _ context.Context, _ *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return fmt.Sprintf("authority %s may go live by %s without a passed report", i.Authority, by.Content[systemOf]), nil
}
