package release

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

//go:embed sql/weigh.sql
var weighSQL string

// largeError ends a release that meets payments over the limit of one payment. Nothing of it was done.
type largeError struct{ over int64 }

func (e *largeError) Error() string {
	return fmt.Sprintf("there are payments of more than %d øre", e.over)
}

// mostAside bounds how many payments over the limit wait by themselves, while the others of their groups go.
const mostAside = 100

// overCase is groups that were found over a limit.
type overCase struct {
	ID       int64     `db:"id"`
	Same     bool      `db:"same"`     // they are the groups that are asked about
	Breaches string    `db:"breaches"` // a line each
	Payments int64     `db:"payments"`
	Ore      int64     `db:"ore"`
	GroupOre int64     `db:"group_ore"`
	Limits   int64     `db:"limits"`
	AgainAt  time.Time `db:"again_at"`
	Freed    bool      `db:"freed"`
}

// weighed is what a unit is, and what it is held against.
type weighed struct {
	gateway.Leaving
	groupOre int64
	last     int64 // row of the limits
	limits   gateway.Limits
	history  []gateway.DaySums
	larger   int64 // payments over the limit of one
}

// overLimit reports whether a unit has to wait, since it is over a limit and two persons have not let it go as it is. Single
// payments over theirs are a largeError: they wait by themselves.
func (s *Store) overLimit(ctx context.Context, x *postgres.Session, u unit, way gateway.Way, groups []int64) (waits bool, err error) {
	w, err := s.limitsOf(ctx, x, u, way.Agreement, groups)
	if err != nil || !w.limits.Any() {
		return false, err
	}
	before, err := caseOf(ctx, x, groups)
	if err != nil {
		return false, err
	}
	same := before.Same && before.GroupOre == w.groupOre
	if same && !before.Freed && before.Limits == w.last {
		return true, s.raiseAgain(ctx, x, way, before.ID, groups[0], before.AgainAt)
	}
	if err := s.weigh(ctx, x, u, way, groups, &w); err != nil {
		return false, err
	}
	over := gateway.JudgeLimits(w.limits, w.Leaving, w.history)
	if len(over) == 0 || same && before.Freed && before.Payments == w.Payments && before.Ore == w.Ore && within(over, before) {
		return false, nil
	}
	if over[0].Limit == gateway.LimitPayment && w.Payments > 1 && w.larger <= mostAside {
		return false, &largeError{over[0].Most}
	}
	return true, s.openCase(ctx, x, u, way, groups, w, over)
}

// limitsOf reads the limits of an agreement. While there are any, one release at a time is held against those of a day.
func (s *Store) limitsOf(ctx context.Context, x *postgres.Session, u unit, a gateway.Agreement, groups []int64) (w weighed, err error) {
	all, last, err := postgres.ReleaseLimits(ctx, x)
	if err != nil {
		return w, err
	}
	w.last, w.limits = last, all.For(gateway.About{Bank: u.Bank, Authority: a.Authority, Agreement: a.Number})
	if !w.limits.Any() {
		return w, nil
	}
	if _, err = x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.day/' || $1::bigint, 0))`, a.ID); err != nil {
		return w, fmt.Errorf("limits of agreement %d: %w", a.ID, err)
	}
	if err = x.GetContext(ctx, &w.groupOre, `SELECT coalesce(sum(ore), 0)::bigint FROM release_group WHERE id = ANY ($1::bigint[])`, groups); err != nil {
		return w, fmt.Errorf("limits of agreement %d: %w", a.ID, err)
	}
	return w, nil
}

// weigh adds up what may leave of a unit, and what has left of its agreement before.
func (s *Store) weigh(ctx context.Context, x *postgres.Session, u unit, way gateway.Way, groups []int64, w *weighed) error {
	if err := x.PlanForMonths(ctx); err != nil {
		return err
	}
	over := w.limits[gateway.LimitPayment]
	err := x.QueryRowContext(ctx, weighSQL, groups, over).Scan(&w.Payments, &w.Ore, &w.Largest, &w.Bundle, &w.larger)
	if err != nil {
		return fmt.Errorf("sums of what would leave: %w", err)
	}
	day := way.Plan.ExecutesOn.String()
	err = x.GetContext(ctx, &w.Before, `SELECT payments, ore, largest FROM release_day WHERE agreement_id = $1 AND executes_on = $2`, u.AgreementID, day)
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		err = x.SelectContext(ctx, &w.history, `SELECT payments, ore, largest FROM release_day WHERE agreement_id = $1 AND executes_on < $2
			ORDER BY executes_on DESC LIMIT $3`, u.AgreementID, day, gateway.HistoryDays)
	}
	if err != nil {
		return fmt.Errorf("history of agreement %d: %w", u.AgreementID, err)
	}
	return nil
}

// within reports whether nothing is over a limit that two persons have not seen it to be over.
func within(over []gateway.Breach, seen overCase) bool {
	return !slices.ContainsFunc(over, func(b gateway.Breach) bool {
		return !slices.ContainsFunc(strings.Split(seen.Breaches, "\n"), func(text string) bool { return strings.HasPrefix(text, string(b.Limit)+": ") })
	})
}

// caseOf is the case that is open of the unit with the same first group; zero: there is none.
func caseOf(ctx context.Context, x *postgres.Session, groups []int64) (c overCase, err error) {
	err = x.GetContext(ctx, &c, `SELECT id, groups = $2::bigint[] AS same, array_to_string(breaches, e'\n') AS breaches, payments, ore, group_ore, limits, again_at,
			freed_at IS NOT NULL AS freed
		FROM over_limit WHERE groups[1] = $1 AND ended_at IS NULL FOR UPDATE`, groups[0], groups)
	if errors.Is(err, sql.ErrNoRows) {
		return overCase{}, nil
	}
	if err != nil {
		return c, fmt.Errorf("case of group %d: %w", groups[0], err)
	}
	return c, nil
}

// openCase keeps what is over a limit for two persons, in the place of what was kept of its first group before.
func (s *Store) openCase(ctx context.Context, x *postgres.Session, u unit, way gateway.Way, groups []int64, w weighed, over []gateway.Breach) error {
	if err := s.EndOverLimit(ctx, x, groups); err != nil {
		return err
	}
	texts := make([]string, 0, len(over))
	for _, b := range over {
		texts = append(texts, b.String())
	}
	now := s.Now()
	again, err := s.nextSendBy(ctx, x, way.Bank, now)
	if err != nil {
		return err
	}
	var id int64
	err = x.QueryRowContext(ctx, `INSERT INTO over_limit (agreement_id, bank, executes_on, groups, payments, ore, largest, group_ore, breaches, limits, seen_at, again_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`, u.AgreementID, u.Bank, way.Plan.ExecutesOn.String(), groups, w.Payments, w.Ore,
		w.Largest, w.groupOre, texts, w.last, now, again).Scan(&id)
	if err != nil {
		return fmt.Errorf("over a limit: %w", err)
	}
	b := over[0]
	return s.RaiseDetail(ctx, x, gateway.OverLimit, strconv.FormatInt(groups[0], 10),
		b.Detail().With(id, way.Agreement.Number+" "+way.Plan.ExecutesOn.String(), w.Payments, w.Ore, b.Is, b.Most))
}

// raiseAgain tells anew of what still waits when a send-by has passed since it was told last.
func (s *Store) raiseAgain(ctx context.Context, x *postgres.Session, way gateway.Way, id, group int64, again time.Time) error {
	now := s.Now()
	if !again.Before(now) {
		return nil
	}
	next, err := s.nextSendBy(ctx, x, way.Bank, now)
	if err != nil {
		return err
	}
	subject := strconv.FormatInt(group, 10)
	var last struct {
		Code gateway.DetailCode `db:"detail_code"`
		Args gateway.DetailArgs `db:"args"`
	}
	err = x.GetContext(ctx, &last, `SELECT detail_code, to_jsonb(detail_args)::text AS args FROM exception WHERE kind = $1 AND subject = $2 ORDER BY id DESC LIMIT 1`, gateway.OverLimit, subject)
	if err == nil {
		err = s.Close(ctx, x, gateway.OverLimit, subject, postgres.ClosedByFlow)
	}
	if err == nil {
		err = s.RaiseDetail(ctx, x, gateway.OverLimit, subject, gateway.ExceptionDetail{Code: last.Code, Args: last.Args})
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `UPDATE over_limit SET again_at = $2 WHERE id = $1`, id, next)
	}
	if err != nil {
		return fmt.Errorf("case %d: %w", id, err)
	}
	return nil
}

// nextSendBy is the next send-by of a bank.
func (s *Store) nextSendBy(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) (time.Time, error) {
	controls, err := postgres.NightControls(ctx, x, now.In(s.Location))
	return s.Days.BankTerms(bank, controls).NextSendBy(now), err
}

// setLargeAside gives payments of more than an amount groups of their own, which wait until two persons let them go.
func (s *Store) setLargeAside(ctx context.Context, groups []int64, over int64) error {
	return s.Transact(ctx, "set large payments aside", func(x *postgres.Session) error {
		waiting, err := lockShared(ctx, x, groups)
		if err != nil {
			return err
		}
		var large []inDoubt
		err = x.SelectContext(ctx, &large, `SELECT p.month, p.id, p.group_id, p.ore FROM (SELECT DISTINCT delivery_id, month FROM release_group WHERE id = ANY ($1::bigint[])) g
			CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = g.month AND q.id BETWEEN g.delivery_id << 24 AND (g.delivery_id << 24) + 16777215
				AND q.group_id = ANY ($1::bigint[]) AND q.ore > $2 OFFSET 0) p
			WHERE NOT EXISTS (SELECT FROM standing e WHERE e.month = p.month AND e.payment_id = p.id AND e.kind IN ('rejected', 'stopped', 'held'))
			ORDER BY p.id LIMIT $3`, waiting, over, mostAside)
		if err != nil {
			return fmt.Errorf("payments over their limit: %w", err)
		}
		for _, p := range large {
			if _, err := x.MoveAside(ctx, p.Month, p.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
