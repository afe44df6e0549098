// Package night carries out what persons decide about a night: what is held, which cut-offs are moved, what is released at once, and
// what may leave by its sums. It writes night_control, release_limit, over_limit (that it is freed) and release_group (when it is
// released, and for which day).
package night

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Store carries out decisions about nights. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days  gateway.Days
	Banks postgres.Centres
}

// Control is a hold or a moved cut-off that is not over.
type Control struct {
	ID      int64                 `db:"id" json:"id"` // of the decision that made it
	Effect  gateway.ControlEffect `db:"effect" json:"effect"`
	Reach   gateway.Reach         `db:"reach" json:"reach"`
	Subject string                `db:"subject" json:"subject,omitempty"`
	From    time.Time             `db:"from_at" json:"from"`
	Until   *time.Time            `db:"until_at" json:"until,omitempty"`
	On      *string               `db:"on_day" json:"on,omitempty"`
	MovedTo *string               `db:"moved_to" json:"moved_to,omitempty"`
	// Keeps is what is due now and waits for a hold; nil of a cut-off.
	Keeps *postgres.Held `db:"-" json:"keeps,omitempty"`
}

const controls = `SELECT id, effect, reach, subject, from_at, until_at, on_day::text AS on_day, to_char(moved_to, 'HH24:MI') AS moved_to FROM night_control WHERE ended_at IS NULL`

// Controls lists those that are not over, with what each hold keeps.
func (s *Store) Controls(ctx context.Context) ([]Control, error) {
	list := []Control{}
	if err := s.DB.SelectContext(ctx, &list, controls+` ORDER BY id`); err != nil {
		return nil, fmt.Errorf("night controls: %w", postgres.Transient(err))
	}
	for i := range list {
		c := &list[i]
		if c.Effect != gateway.EffectHold {
			continue
		}
		held, err := s.Waiting(ctx, s.DB, c.Reach, c.Subject, s.Now())
		if err != nil {
			return nil, err
		}
		c.Keeps = &held
	}
	return list, nil
}

// Lock reads and locks controls that are not over by their numbers.
func (s *Store) Lock(ctx context.Context, x *postgres.Session, ids []int64) (list []Control, err error) {
	if err = x.SelectContext(ctx, &list, controls+` AND id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE`, ids); err != nil {
		return nil, fmt.Errorf("night controls: %w", err)
	}
	return list, nil
}

// Held is the number of a hold on exactly a reach and subject that is not over; 0: there is none.
func (s *Store) Held(ctx context.Context, x *postgres.Session, reach gateway.Reach, subject string) (id int64, err error) {
	err = x.GetContext(ctx, &id, `SELECT coalesce(min(id), 0) FROM night_control WHERE effect = 'hold' AND reach = $1 AND subject = $2 AND ended_at IS NULL`, reach, subject)
	if err != nil {
		return 0, fmt.Errorf("hold of %s %s: %w", reach, subject, err)
	}
	return id, nil
}

// CheckSubject is gateway.ErrNotFound when a reach has no such subject, and gateway.ErrIntent when there is no such reach.
func (s *Store) CheckSubject(ctx context.Context, x *postgres.Session, reach gateway.Reach, subject string) error {
	query := ""
	switch reach {
	case gateway.ReachAll:
		if subject != "" {
			return fmt.Errorf("what is about all is of nobody: %w", gateway.ErrIntent)
		}
		return nil
	case gateway.ReachBank:
		banks, err := s.Banks.Known(ctx, x)
		if err == nil && !slices.Contains(banks.IDs(), subject) {
			err = fmt.Errorf("bank %q: %w", subject, gateway.ErrNotFound)
		}
		return err
	case gateway.ReachAuthority:
		query = `SELECT EXISTS (SELECT FROM authority WHERE authority = $1)`
	case gateway.ReachAgreement:
		query = `SELECT EXISTS (SELECT FROM agreement WHERE agreement = $1)`
	default:
		return fmt.Errorf("%q must be all, bank, authority or agreement: %w", reach, gateway.ErrIntent)
	}
	var known bool
	err := x.GetContext(ctx, &known, query, subject)
	if err == nil && !known {
		err = fmt.Errorf("%s %q: %w", reach, subject, gateway.ErrNotFound)
	}
	return err
}

// mostAhead is how far ahead a hold may begin, or a cut-off be moved.
const mostAhead = 31 * 24 * time.Hour

// Hold keeps what it reaches from being released, ordered anew and sent, from a time on that is not before now. It tells what it keeps
// of what is due until it ends, or in a day.
func (s *Store) Hold(ctx context.Context, x *postgres.Session, c gateway.NightControl, decision int64) (kept postgres.Held, err error) {
	if err := x.ChangeNight(ctx, postgres.NightHolds); err != nil {
		return kept, err
	}
	now := s.Now()
	if c.From.Before(now) {
		c.From = now
	}
	until := sql.NullTime{Time: c.Until, Valid: !c.Until.IsZero()}
	by := c.From.Add(24 * time.Hour)
	switch {
	case c.From.After(now.Add(mostAhead)):
		return kept, fmt.Errorf("a hold begins within %v: %w", mostAhead, gateway.ErrIntent)
	case until.Valid && !c.Until.After(c.From):
		return kept, fmt.Errorf("a hold ends after it begins, and after now: %w", gateway.ErrIntent)
	case until.Valid:
		by = c.Until
	}
	_, err = x.ExecContext(ctx, `INSERT INTO night_control (id, effect, reach, subject, from_at, until_at) VALUES ($1, 'hold', $2, $3, $4, $5)`,
		decision, c.Reach, c.Subject, c.From, until)
	if err != nil {
		return kept, fmt.Errorf("hold %s: %w", c.Name(), err)
	}
	x.Wakes(postgres.ToRelease) // which sleeps to its beginning or end
	return s.Waiting(ctx, x, c.Reach, c.Subject, by)
}

// Move moves the receive-by or the send-by of one banking day, and plans anew what waits and is not due yet.
func (s *Store) Move(ctx context.Context, x *postgres.Session, c gateway.NightControl, decision int64) (r Replanned, err error) {
	now := s.Now().In(s.Location)
	today := gateway.DateOf(now)
	switch {
	case c.On.Before(today) || today.DaysUntil(c.On) > int(mostAhead/(24*time.Hour)):
		return r, fmt.Errorf("a cut-off is moved of today or one of the next %d days: %w", int(mostAhead/(24*time.Hour)), gateway.ErrIntent)
	case !s.Days.Calendar.IsBankingDay(c.On):
		return r, fmt.Errorf("%s is no banking day: %w", c.On, gateway.ErrIntent)
	case c.Effect == gateway.EffectSendBy && c.Reach != gateway.ReachBank && c.Reach != gateway.ReachAll:
		return r, fmt.Errorf("a send-by is a bank's, or all banks': %w", gateway.ErrIntent)
	}
	before, err := s.changing(ctx, x, now)
	if err != nil {
		return r, err
	}
	clock := fmt.Sprintf("%02d:%02d", int(c.MovedTo.Hours()), int(c.MovedTo.Minutes())%60)
	_, err = x.ExecContext(ctx, `INSERT INTO night_control (id, effect, reach, subject, from_at, until_at, on_day, moved_to)
		VALUES ($1, $2, $3, $4, $5, $6, $7::date, $8::time)`, decision, c.Effect, c.Reach, c.Subject, now, c.On.AddDays(1).At(0, s.Location), c.On.String(), clock)
	if err != nil {
		return r, fmt.Errorf("move %s of %s: %w", c.Effect, c.Name(), err)
	}
	return s.replan(ctx, x, c, before)
}

// changing keeps releases from being planned by others, and gives the controls as they are.
func (s *Store) changing(ctx context.Context, x *postgres.Session, now time.Time) (gateway.NightControls, error) {
	if err := x.ChangeNight(ctx, postgres.NightCutOffs); err != nil {
		return nil, err
	}
	return postgres.NightControls(ctx, x, now)
}

// Lift ends a control before its time; gateway.ErrLostOwnership when it is over. What it kept goes, and what it moved is planned anew.
func (s *Store) Lift(ctx context.Context, x *postgres.Session, id, decision int64) (r Replanned, err error) {
	now := s.Now().In(s.Location)
	before, err := s.changing(ctx, x, now)
	if err != nil {
		return r, err
	}
	if err := x.UpdateOne(ctx, `UPDATE night_control SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at IS NULL`, id, now, decision); err != nil {
		return r, err
	}
	if err := s.CloseMended(ctx, x, gateway.NightHold, id); err != nil {
		return r, err
	}
	x.Wakes(postgres.ToRelease)
	if err := postgres.WakeBanks(ctx, x, s.Banks, postgres.ToSend); err != nil {
		return r, err
	}
	i := slices.IndexFunc(before, func(c gateway.NightControl) bool { return c.ID == id })
	if i < 0 || before[i].Effect == gateway.EffectHold {
		return r, nil
	}
	return s.replan(ctx, x, before[i], before)
}

// ReleaseNow has what a reach has waiting until a time released at once, and tells how much.
func (s *Store) ReleaseNow(ctx context.Context, x *postgres.Session, reach gateway.Reach, subject string, until time.Time) (went postgres.Held, err error) {
	err = x.GetContext(ctx, &went, `WITH now_due AS (UPDATE release_group SET release_at = $3 WHERE state = 'waiting' AND release_at > $3 AND release_at <= $4
			AND night_reaches($1, $2, bank_centre, agreement_id) RETURNING payments, ore)
		SELECT count(*) AS groups, coalesce(sum(payments), 0)::bigint AS payments, coalesce(sum(ore), 0)::bigint AS ore FROM now_due`,
		string(reach), subject, s.Now(), until)
	if err != nil {
		return went, fmt.Errorf("release %s %s now: %w", reach, subject, err)
	}
	x.Wakes(postgres.ToRelease)
	return went, nil
}

// get reads one row; none is gateway.ErrNotFound.
func get(ctx context.Context, q sqlx.QueryerContext, to any, query string, args ...any) error {
	err := sqlx.GetContext(ctx, q, to, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrNotFound
	}
	return err
}
