package image

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/register"
)

// record is a holder that has changed since the image was filled: every version that any change since then knew of. So it
// can be asked as of each of them, and a later record of the holder has all that an earlier one has.
type record struct {
	holders  []holderVersion
	accounts []accountVersion
}

type holderVersion struct {
	status gateway.HolderStatus
	ended  gateway.Date
	parent int64
	span
}

type accountVersion struct {
	account
	span
}

// read gathers what a change knew of the holder at an instant; false when that is two things at once.
func (r *record) read(counter, at int64, f *facts) bool {
	f.reset()
	found := 0
	for i := range r.holders {
		if h := &r.holders[i]; h.counts(counter, at) {
			f.Status, f.Ended, f.Parent = h.status, h.ended, h.parent
			found++
		}
	}
	for i := range r.accounts {
		if a := &r.accounts[i]; a.knownAt(counter) {
			f.add(a.account)
		}
	}
	return found < 2
}

// errTooMany means that so much has changed that the image is better filled anew.
var errTooMany = errors.New("too many holders have changed")

// changes are the holders that changed after one change, up to what the caller's snapshot sees.
func changes(ctx context.Context, q register.Asker, after int64, most int) (map[holderKey]*record, error) {
	all := map[holderKey]*record{}
	n := 0
	err := forEach(ctx, q, `SELECT holder_kind, holder_id FROM nks.register_change WHERE counter > $1 LIMIT $2`, func(r pgx.CollectableRow) error {
		var kind gateway.HolderKind
		var number int64
		err := r.Scan(&kind, &number)
		all[keyOf(kind, number)] = &record{}
		n++
		return err
	}, after, most+1)
	switch {
	case err != nil:
		return nil, fmt.Errorf("changes: %w", err)
	case n > most:
		return nil, errTooMany
	}
	return all, nil
}

// changedOnes is a subquery of the holders that are asked for, in $1 and $2; $3 is the change that the image was filled at.
const changedOnes = `unnest($1::smallint[], $2::bigint[]) AS c (kind, id)`

// since is the condition that a change from $3 on knew of the version v.
const since = `(v.closed > $3 OR v.closed IS NULL)`

// readRecords fills the records of changed holders with all that changes since counter knew of.
func readRecords(ctx context.Context, q register.Asker, all map[holderKey]*record, counter int64) error {
	if len(all) == 0 {
		return nil
	}
	kinds, ids := make([]int16, 0, len(all)), make([]int64, 0, len(all))
	for key := range all {
		kinds, ids = append(kinds, int16(key&3)+1), append(ids, int64(key>>2))
	}
	const versions = `CROSS JOIN LATERAL (SELECT * FROM nks.holder_version v WHERE v.id = c.id AND v.kind = c.kind AND `
	const columns = `SELECT c.kind, c.id, v.status, v.ended_on, coalesce(v.parent, 0)` + spanColumns + ` FROM ` + changedOnes + ` ` + versions
	// What is known and what was closed are found by indexes of their own.
	err := forEach(ctx, q, columns+`v.recorded_to IS NULL OFFSET 0) v UNION ALL `+columns+`v.recorded_to IS NOT NULL AND `+since+` OFFSET 0) v`,
		func(r pgx.CollectableRow) error { return scanHolder(r, all) }, kinds, ids, counter)
	if err == nil {
		err = forEach(ctx, q, `SELECT c.kind, c.id, v.id, v.account_kind, CASE v.account_kind WHEN 1 THEN v.account ELSE '' END, v.locked,
			coalesce(v.authority, ''), coalesce(v.benefit_type, '')`+spanColumns+` FROM `+changedOnes+`
			CROSS JOIN LATERAL (SELECT * FROM nks.account_version v WHERE v.holder_id = c.id AND v.holder_kind = c.kind AND `+since+` OFFSET 0) v`,
			func(r pgx.CollectableRow) error { return scanAccount(r, all) }, kinds, ids, counter)
	}
	if err != nil {
		return fmt.Errorf("changed holders: %w", err)
	}
	return nil
}

func scanHolder(r pgx.CollectableRow, all map[holderKey]*record) error {
	var kind gateway.HolderKind
	var number int64
	var v holderVersion
	var ended sql.NullTime
	var when spanRow
	err := r.Scan(append([]any{&kind, &number, &v.status, &ended, &v.parent}, when.fields()...)...)
	if ended.Valid {
		v.ended = gateway.DateOf(ended.Time)
	}
	v.span = when.span()
	if of := all[keyOf(kind, number)]; of != nil {
		of.holders = append(of.holders, v)
	}
	return err
}

func scanAccount(r pgx.CollectableRow, all map[holderKey]*record) error {
	var kind gateway.HolderKind
	var number int64
	var v accountVersion
	var digits string
	var when spanRow
	err := r.Scan(append([]any{&kind, &number, &v.ID, &v.kind, &digits, &v.Locked, &v.Authority, &v.BenefitType}, when.fields()...)...)
	v.span = when.span()
	v.AccountVersion.From, v.AccountVersion.To = timeOf(v.span.from), timeOf(v.span.to)
	if domestic, is := digitsOf(&row{kind: v.kind, digits: []byte(digits)}); is {
		v.digits = domestic
	} else if v.kind == gateway.DomesticBBAN {
		v.kind = gateway.NoAccount // its text is not what it must be: SQL tells
	}
	if of := all[keyOf(kind, number)]; of != nil {
		of.accounts = append(of.accounts, v)
	}
	return err
}
