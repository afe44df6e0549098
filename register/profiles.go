package register

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/pgscript"
)

// Served is work for who serves the booking centres: other profiles count by now.
const Served = "banks"

// Profile is a version of how a booking centre is reached, written to and understood.
type Profile struct {
	Version  int64
	Bank     string
	From, To time.Time // when it counts; zero: always, and for ever
	Closed   bool      // something else is known by now of that time
}

// Profiles reads every version of every booking centre's profile, also those that are closed, without what they say.
func Profiles(ctx context.Context, q Queryer) (all []Profile, err error) {
	err = each(ctx, q, `SELECT id, bank, nullif(valid_from, '-infinity'), valid_to, recorded_to IS NOT NULL FROM nks.bank_profile_version ORDER BY bank, valid_from, id`,
		func(r *sql.Rows) error {
			var p Profile
			var from, to sql.NullTime
			err := r.Scan(&p.Version, &p.Bank, &from, &to, &p.Closed)
			p.From, p.To = from.Time, to.Time
			all = append(all, p)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("profiles of banks: %w", err)
	}
	return all, nil
}

// ProfileText is what a version of a profile says, which never changes.
func ProfileText(ctx context.Context, q Queryer, version int64) (text []byte, err error) {
	err = each(ctx, q, `SELECT profile FROM nks.bank_profile_version WHERE id = $1`, func(r *sql.Rows) error { return r.Scan(&text) }, version)
	if err != nil {
		return nil, fmt.Errorf("profile %d: %w", version, err)
	}
	return text, nil
}

// ProfileChange is what becomes of booking centres' profiles.
type ProfileChange struct {
	Banks    []string
	Profiles [][]byte // JSON, one for each of Banks
	End      []string // banks that are no longer served
	// File is what was loaded; empty: the configuration, which counts for an empty table alone.
	File string
	From gateway.Date     // since which day it counts; zero: since it is recorded
	Now  func() time.Time // business time
}

// ChangeProfiles records profiles, and tells how many were changed, one that ends among them. What is recorded already makes nothing.
func ChangeProfiles(ctx context.Context, db *sqlx.DB, c ProfileChange) (changed int64, err error) {
	fail := func(err error) (int64, error) { return 0, fmt.Errorf("profiles of banks: %w", err) }
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return fail(err)
	}
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := lock(ctx, tx); err != nil {
		return fail(err)
	}
	by := origin{what: "load", files: []string{c.File}}
	if c.File == "" {
		by = origin{what: "configuration"}
		var known bool
		if err := tx.QueryRowxContext(ctx, `SELECT EXISTS (SELECT FROM nks.bank_profile_version)`).Scan(&known); err != nil || known {
			return 0, err
		}
	}
	of, err := beginChange(ctx, tx, c.Now, c.From, copenhagen)
	if err != nil {
		return fail(err)
	}
	if changed, err = c.record(ctx, tx, of); err != nil || changed == 0 {
		return 0, err
	}
	if _, err := of.end(ctx, tx, by, false); err != nil {
		return fail(err)
	}
	if err := tell(ctx, tx, Served, Changed, Released); err != nil {
		return fail(err)
	}
	if err := tx.Commit(); err != nil {
		return fail(err)
	}
	return changed, nil
}

func (c ProfileChange) record(ctx context.Context, tx *sqlx.Tx, of change) (changed int64, err error) {
	const table, staged, endedProfiles = "nks.bank_profile_version", "load_bank_profile", "ended profiles"
	texts := make([]string, len(c.Profiles))
	for i, p := range c.Profiles {
		texts[i] = string(p)
	}
	args := of.args()
	args["banks"], args["profiles"], args["ended"] = c.Banks, texts, append([]string{}, c.End...)
	const ended = `v.bank = ANY (@ended::text[]) AND v.recorded_to IS NULL AND (v.valid_to > @effective::timestamptz OR v.valid_to IS NULL)`
	steps := []pgscript.Step{{Name: "profiles given", Statement: `CREATE TEMP TABLE ` + staged + ` ON COMMIT DROP AS
		SELECT bank, profile::jsonb FROM unnest(@banks::text[], @profiles::text[]) AS given (bank, profile)`}}
	steps = append(steps, versioned(staged, table, "bank", "profile", adding+table)...)
	steps = append(steps,
		pgscript.Step{Name: endedProfiles, Statement: `UPDATE nks.bank_profile_version v SET recorded_to = greatest(@now::timestamptz, v.recorded_from), closed = @counter::bigint
			WHERE ` + ended},
		pgscript.Step{Name: "what was before", Statement: `INSERT INTO nks.bank_profile_version (bank, profile, valid_from, valid_to, recorded_from, counter)
			SELECT v.bank, v.profile, v.valid_from, @effective::timestamptz, @now::timestamptz, @counter::bigint FROM nks.bank_profile_version v
			WHERE v.bank = ANY (@ended::text[]) AND v.closed = @counter::bigint AND v.valid_from < @effective::timestamptz`})
	err = pgscript.RunSteps(ctx, tx, steps, args, func(name string, rows int64) {
		if name == changedRows || name == endedProfiles {
			changed += rows
		}
	})
	return changed, err
}
