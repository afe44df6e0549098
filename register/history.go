package register

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
)

// Holder is what is on record of a holder.
type Holder struct {
	Facts
	Name, Street, Postcode, Town, Country string
	Recorded                              time.Time // since when the register has it so
}

// asKnown is the condition that a version was recorded, and not yet closed, at the instant $1.
const asKnown = `recorded_from <= $1 AND (recorded_to > $1 OR recorded_to IS NULL)`

// valid is the condition that a version counts at the instant $2.
const valid = `valid_from <= $2 AND (valid_to > $2 OR valid_to IS NULL)`

// As is a holder as it was on one instant, as the register knew it at another; false for one that it did not know then.
// The accounts are all that it knew of, in force on that instant or not, in the order of their beginning. Before its
// first load it knew nothing. // B22.4
func As(ctx context.Context, q Queryer, kind gateway.HolderKind, number int64, on, knownAt time.Time) (Holder, bool, error) {
	h, found := Holder{}, false
	fail := func(err error) (Holder, bool, error) {
		return Holder{}, false, fmt.Errorf("holder as known at %s: %w", knownAt.Format(time.RFC3339), err)
	}
	// What is known and what was closed are found by indexes of their own.
	version := `SELECT status, ended_on, coalesce(parent, 0), coalesce(name, ''), coalesce(street, ''), coalesce(postcode, ''), coalesce(town, ''),
		coalesce(country, ''), recorded_from FROM nks.holder_version WHERE id = $3 AND kind = $4 AND ` + valid + ` AND ` + asKnown
	err := each(ctx, q, version+` AND recorded_to IS NULL UNION ALL `+version+` AND recorded_to IS NOT NULL`, func(r *sql.Rows) error {
		var ended sql.NullTime
		err := r.Scan(&h.Status, &ended, &h.Parent, &h.Name, &h.Street, &h.Postcode, &h.Town, &h.Country, &h.Recorded)
		h.Ended, found = dateOf(ended), true
		return err
	}, knownAt, on, number, int16(kind))
	switch {
	case err != nil:
		return fail(err)
	case !found:
		return Holder{}, false, nil
	}
	err = each(ctx, q, `SELECT id, coalesce(authority, ''), coalesce(benefit_type, ''), locked, nullif(valid_from, '-infinity'), valid_to
		FROM nks.account_version WHERE holder_id = $2 AND holder_kind = $3 AND `+asKnown+` ORDER BY valid_from, id`, func(r *sql.Rows) error {
		var v AccountVersion
		var from, to sql.NullTime
		err := r.Scan(&v.ID, &v.Authority, &v.BenefitType, &v.Locked, &from, &to)
		v.From, v.To = from.Time, to.Time
		h.Accounts = append(h.Accounts, v)
		return err
	}, knownAt, number, int16(kind))
	if err != nil {
		return fail(err)
	}
	return h, true, nil
}

// WordsAs is what held for a payer and a benefit on one instant, as the register knew it at another.
func WordsAs(ctx context.Context, q Queryer, authority, benefitType string, on, knownAt time.Time) (Words, error) {
	var w Words
	err := each(ctx, q, `SELECT emigrated, p_numbers FROM nks.authority_word WHERE authority = $3 AND `+valid+` AND `+asKnown,
		func(r *sql.Rows) error { return r.Scan(&w.PaysEmigrated, &w.UsesPNumbers) }, knownAt, on, authority)
	if err == nil {
		// The authority's own counts before a general one: it comes last.
		err = each(ctx, q, `SELECT NOT fallback FROM nks.benefit_fallback WHERE benefit_type = $3 AND (authority = $4 OR authority IS NULL) AND `+valid+` AND `+asKnown+`
			ORDER BY authority NULLS FIRST`, func(r *sql.Rows) error { return r.Scan(&w.NoFallback) }, knownAt, on, benefitType, authority)
	}
	if err != nil {
		return Words{}, fmt.Errorf("words of authority %s: %w", authority, err)
	}
	return w, nil
}

// PolicyAs is the policy that held on one instant, as the register knew it at another. // B18.3
func PolicyAs(ctx context.Context, q Queryer, on, knownAt time.Time) (Policy, error) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return Policy{}, fmt.Errorf("policy: %w", err)
	}
	p := Policy{Location: copenhagen}
	err = each(ctx, q, `SELECT kind, days FROM nks.account_period WHERE `+valid+` AND `+asKnown, func(r *sql.Rows) error {
		var kind, days int
		err := r.Scan(&kind, &days)
		if err == nil {
			p.Days[kind] = days
		}
		return err
	}, knownAt, on)
	if err != nil {
		return Policy{}, fmt.Errorf("policy: %w", err)
	}
	return p, nil
}
