package night

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// Replanned is what another plan was made for.
type Replanned struct {
	Groups, Payments, Ore int64
	Earlier, Later        int64 // groups whose release is
	Sooner, Delayed       int64 // groups whose execution day is earlier, later
}

// waiting is a group that is not due yet, with all that its plan is made by.
type waiting struct {
	ID          int64     `db:"id"`
	AgreementID int64     `db:"agreement_id"`
	RequestedOn time.Time `db:"requested_on"`
	CountsAt    time.Time `db:"counts_at"`
	Payments    int64     `db:"payments"`
	Ore         int64     `db:"ore"`
	Salaries    bool      `db:"salary"`
}

// replan plans anew what a control reaches, is not due and would go otherwise by the controls before.
func (s *Store) replan(ctx context.Context, x *postgres.Session, c gateway.NightControl, before gateway.NightControls) (r Replanned, err error) {
	now := s.Now()
	after, err := postgres.NightControls(ctx, x, now.In(s.Location))
	if err != nil {
		return r, err
	}
	var groups []waiting
	err = x.SelectContext(ctx, &groups, `SELECT g.id, g.agreement_id, g.requested_on, d.counts_at, g.payments, g.ore, g.salary FROM release_group g
		CROSS JOIN LATERAL (SELECT * FROM delivery e WHERE e.id = g.delivery_id OFFSET 0) d
		WHERE g.id IN (SELECT w.id FROM release_group w WHERE w.state = 'waiting' AND w.release_at > $1
				UNION ALL SELECT u.id FROM delivery f JOIN release_group u ON u.delivery_id = f.id WHERE f.state = 'read' AND u.state = 'unchecked' AND u.release_at > $1)
			AND night_reaches($2, $3, g.bank_centre, g.agreement_id)
		ORDER BY g.id FOR UPDATE OF g`, now, string(c.Reach), c.Subject)
	if err != nil {
		return r, fmt.Errorf("groups to plan anew: %w", err)
	}
	agreements, err := register.Agreements(ctx, x)
	if err != nil {
		return r, err
	}
	banks, err := s.Banks.Known(ctx, x)
	if err != nil {
		return r, err
	}
	was, is := gateway.Ways{Days: s.Days, Banks: banks, Controls: before}, gateway.Ways{Days: s.Days, Banks: banks, Controls: after}
	var ids []int64
	var releases []time.Time
	var days []string
	for _, g := range groups {
		versions, on := agreements.ByID(g.AgreementID), gateway.DateOf(g.RequestedOn)
		was.Salaries, is.Salaries = g.Salaries, g.Salaries
		old, plan, err := plans(was, is, versions, g.CountsAt, on)
		if err != nil {
			return r, fmt.Errorf("group %d: %w", g.ID, err)
		}
		if r.note(g, old, plan) {
			ids, releases, days = append(ids, g.ID), append(releases, plan.ReleaseAt), append(days, plan.ExecutesOn.String())
		}
	}
	x.Wakes(postgres.ToRelease)
	if err := postgres.WakeBanks(ctx, x, s.Banks, postgres.ToAwait); err != nil { // who sleep to a send-by
		return r, err
	}
	err = x.UpdateAll(ctx, len(ids), `UPDATE release_group g SET release_at = n.release_at, executes_on = n.executes_on, replanned_at = $4
		FROM unnest($1::bigint[], $2::timestamptz[], $3::date[]) n (id, release_at, executes_on) WHERE g.id = n.id AND g.state IN ('unchecked', 'waiting')`, ids, releases, days, s.Now())
	if err != nil {
		return r, fmt.Errorf("plan anew: %w", err)
	}
	return r, nil
}

// plans are the plans by two sets of controls; the same where there is no way by now, which its release will tell.
func plans(was, is gateway.Ways, versions gateway.Agreements, counts time.Time, on gateway.Date) (old, plan gateway.Plan, err error) {
	before, err := was.Planned(versions, counts, on)
	after := before
	if err == nil {
		after, err = is.Planned(versions, counts, on)
	}
	var none *gateway.NotInForceError
	if errors.As(err, &none) || errors.Is(err, gateway.ErrNotFound) {
		return old, old, nil
	}
	return before.Plan, after.Plan, err
}

// note counts a group that gets another plan, and reports whether it does.
func (r *Replanned) note(g waiting, old, plan gateway.Plan) bool {
	if old.ReleaseAt.Equal(plan.ReleaseAt) && old.ExecutesOn == plan.ExecutesOn {
		return false
	}
	r.Groups, r.Payments, r.Ore = r.Groups+1, r.Payments+g.Payments, r.Ore+g.Ore
	switch {
	case plan.ReleaseAt.Before(old.ReleaseAt):
		r.Earlier++
	case plan.ReleaseAt.After(old.ReleaseAt):
		r.Later++
	}
	switch {
	case plan.ExecutesOn.Before(old.ExecutesOn):
		r.Sooner++
	case old.ExecutesOn.Before(plan.ExecutesOn):
		r.Delayed++
	}
	return true
}
