// Package dormant deletes accounts to which nothing was paid for five years. It writes dormant_pass; what a deletion changes in the
// register is done by register/accounts. // B18.4
package dormant

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
	"nks/register/accounts"
	"nks/register/law"
)

// years without a payment end an account. // B18.4
const years = 5

const (
	// versionsAtOnce is how many versions one transaction looks at, and deletedAtOnce how many it deletes: few enough that others can
	// change the register meanwhile.
	versionsAtOnce = 2000
	deletedAtOnce  = 50
	// versionsADay bounds the work of a day. A register of seven million accounts is gone through in a month, which is as exact as the
	// months are by which orders are known.
	versionsADay = 250_000
)

// Applications deletes accounts, by applications that stay as its proof.
type Applications interface {
	Apply(ctx context.Context, x register.Tx, asked []accounts.Application) ([]accounts.Outcome, error)
}

// Store goes through the register. Safe for concurrent use: one transaction at a time works.
type Store struct {
	*postgres.Base
	Applications Applications
}

// pass is how far the register has been gone through.
type pass struct {
	Day  time.Time `db:"day"`  // the last day on which it was worked at
	Left int       `db:"left"` // versions that this day may still look at
	Last int64     `db:"last"` // the last version that was looked at; 0: it begins
}

//go:embed sql/dormant.sql
var dormantSQL string

// found is an account to which nothing was paid.
type found struct {
	ID          int64              `db:"id"`
	HolderID    int64              `db:"holder_id"`
	HolderKind  gateway.HolderKind `db:"holder_kind"`
	Authority   string             `db:"authority"`
	BenefitType string             `db:"benefit_type"`
}

// Next looks at some accounts, and deletes those to which nothing was paid for five years; false: the day's work is done. Nothing is
// deleted while a month of those years is dropped, since nobody knows then what was paid. // B18.4
func (s *Store) Next(ctx context.Context) (worked bool, err error) {
	err = s.Transact(ctx, "dormant accounts", func(x *postgres.Session) error {
		today := gateway.DateOf(s.Now().In(s.Location))
		p, err := begin(ctx, x, today)
		if err != nil || p.Left == 0 {
			return err
		}
		worked = true
		return s.look(ctx, x, p, today)
	})
	return worked, err
}

// begin locks the pass, and has a new day begin.
func begin(ctx context.Context, x *postgres.Session, today gateway.Date) (p pass, err error) {
	if err = x.GetContext(ctx, &p, `SELECT day, "left", last FROM dormant_pass FOR UPDATE`); err != nil {
		return p, fmt.Errorf("pass: %w", err)
	}
	if gateway.DateOf(p.Day).Before(today) {
		p.Left = versionsADay
	}
	return p, nil
}

// look looks at the next versions of a pass.
func (s *Store) look(ctx context.Context, x *postgres.Session, p pass, today gateway.Date) error {
	var end struct {
		Last     int64 `db:"last"`
		Versions int   `db:"versions"`
	}
	err := x.GetContext(ctx, &end, `SELECT coalesce(max(id), 0) AS last, count(*) AS versions FROM (SELECT id FROM account_version WHERE id > $1 ORDER BY id LIMIT $2) v`,
		p.Last, min(versionsAtOnce, p.Left))
	if err != nil {
		return fmt.Errorf("next versions: %w", err)
	}
	// What is paid is read from months that must not go meanwhile.
	if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock_shared(hashtextextended('nks.retention', 0))`); err != nil {
		return fmt.Errorf("stop dropping: %w", err)
	}
	since := s.Now().AddDate(-years, 0, 0)
	var all []found
	month := gateway.MonthOf(since.In(s.Location))
	if err := x.SelectContext(ctx, &all, dormantSQL, p.Last, end.Last, since, month.String(), deletedAtOnce); err != nil {
		return fmt.Errorf("accounts to which nothing was paid: %w", err)
	}
	p.Last, p.Left = end.Last, p.Left-end.Versions
	switch {
	case len(all) == deletedAtOnce:
		p.Last = all[len(all)-1].ID
	case p.Left > 0 && end.Versions < versionsAtOnce: // the register is gone through: the next day begins anew
		p.Last, p.Left = 0, 0
	}
	if err := x.UpdateOne(ctx, `UPDATE dormant_pass SET day = $1::date, "left" = $2, last = $3`, today.String(), max(p.Left, 0), p.Last); err != nil {
		return fmt.Errorf("pass: %w", err)
	}
	return s.delete(ctx, x, all)
}

// delete deletes accounts as they were seen: one that has changed since is refused, and stays.
func (s *Store) delete(ctx context.Context, x *postgres.Session, all []found) error {
	if len(all) == 0 {
		return nil
	}
	asked := make([]accounts.Application, 0, len(all))
	for _, f := range all {
		asked = append(asked, accounts.Application{Channel: law.System, Action: law.Delete, Holder: gateway.HolderOf(f.HolderKind, f.HolderID), Authority: f.Authority,
			BenefitType: f.BenefitType, Expects: f.ID, By: postgres.ClosedByFlow, Why: "nothing was paid to it for five years", Source: "B18.4"})
	}
	outcomes, err := s.Applications.Apply(ctx, x, asked)
	if err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	deleted := 0
	for _, o := range outcomes {
		if o.State == law.InForce {
			deleted++
		}
	}
	s.Log.Info().Int("deleted", deleted).Int("kept", len(all)-deleted).Msg("accounts to which nothing was paid for five years are deleted")
	return nil
}

// NextDue is the beginning of the next day.
func (s *Store) NextDue(_ context.Context, after time.Time) (time.Time, error) {
	return gateway.DateOf(after.In(s.Location)).AddDays(1).At(0, s.Location), nil
}
