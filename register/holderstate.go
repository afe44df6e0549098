package register

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
	"nks/pgscript"
)

// HolderKey is a holder of a register.
type HolderKey struct {
	Kind gateway.HolderKind
	ID   int64
}

// Holder is the key with its digits.
func (k HolderKey) Holder() gateway.Holder { return gateway.HolderOf(k.Kind, k.ID) }

// HolderState is all that is known of a holder at an instant. A zero number or day is none. // B38
type HolderState struct {
	HolderKey
	Status                                gateway.HolderStatus
	Ended, Born, Bankrupt                 gateway.Date
	Parent, Successor, Guardian           int64
	Guardianship                          gateway.Guardianship
	Name, Street, Postcode, Town, Country string
}

// LockForChange has changes of the register wait for the caller's transaction, and the caller for those before it.
func LockForChange(ctx context.Context, tx Tx) error {
	if err := lock(ctx, tx); err != nil {
		return fmt.Errorf("lock the register: %w", err)
	}
	return nil
}

// HolderStates reads what is known now of holders; those that are not known are not among them.
func HolderStates(ctx context.Context, q Queryer, keys []HolderKey) (map[HolderKey]HolderState, error) {
	kinds, ids := make([]int16, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		kinds[i], ids[i] = int16(k.Kind), k.ID
	}
	all := make(map[HolderKey]HolderState, len(keys))
	err := each(ctx, q, `SELECT q.kind, q.id, h.status, h.ended_on, h.born_on, h.bankrupt_on, coalesce(h.parent, 0), coalesce(h.successor, 0), coalesce(h.guardian, 0),
			coalesce(h.guardianship, 0), coalesce(h.name, ''), coalesce(h.street, ''), coalesce(h.postcode, ''), coalesce(h.town, ''), coalesce(h.country, '')
		FROM unnest($1::smallint[], $2::bigint[]) AS q (kind, id) CROSS JOIN LATERAL (SELECT * FROM nks.holder_version h
			WHERE h.id = q.id AND h.kind = q.kind AND h.recorded_to IS NULL AND h.valid_to IS NULL OFFSET 0) h`, func(r *sql.Rows) error {
		var s HolderState
		var ended, born, bankrupt sql.NullTime
		err := r.Scan(&s.Kind, &s.ID, &s.Status, &ended, &born, &bankrupt, &s.Parent, &s.Successor, &s.Guardian, &s.Guardianship,
			&s.Name, &s.Street, &s.Postcode, &s.Town, &s.Country)
		s.Ended, s.Born, s.Bankrupt = dayOf(ended), dayOf(born), dayOf(bankrupt)
		all[s.HolderKey] = s
		return err
	}, kinds, ids)
	if err != nil {
		return nil, fmt.Errorf("holders: %w", err)
	}
	return all, nil
}

// dayOf is the zero Date of NULL.
func dayOf(t sql.NullTime) gateway.Date {
	if !t.Valid {
		return gateway.Date{}
	}
	return gateway.DateOf(t.Time)
}

// RecordHolders records what is known of holders from now on, each once, as one change of the register by a feed; the caller has
// LockForChange. It gives the number of the change; 0: all was known so before.
func RecordHolders(ctx context.Context, tx Tx, states []HolderState, clock func() time.Time, loc *time.Location) (counter int64, err error) {
	of, err := beginChange(ctx, tx, clock, gateway.Date{}, loc)
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `SET LOCAL nks.register_change = 'logged'; CREATE TEMP TABLE load_holder (`+holderTable+`) ON COMMIT DROP`); err != nil {
		return 0, fmt.Errorf("stage holders: %w", err)
	}
	const chunk = 20_000
	for from := 0; from < len(states); from += chunk {
		if err := stageHolders(ctx, tx, states[from:min(from+chunk, len(states))]); err != nil {
			return 0, fmt.Errorf("stage holders: %w", err)
		}
	}
	steps := append([]pgscript.Step{{Name: "statistics of holders", Statement: `ANALYZE load_holder`}}, merges("load_holder")...)
	changed := int64(0)
	err = pgscript.RunSteps(ctx, tx, append(steps, pgscript.Step{Name: "no more holders", Statement: `DROP TABLE load_holder`}), of.args(), func(name string, rows int64) {
		if name == changedRows {
			changed += rows
		}
	})
	if err != nil || changed == 0 {
		return 0, err
	}
	if _, err := of.end(ctx, tx, origin{what: "feed"}, false); err != nil {
		return 0, err
	}
	return of.counter, tell(ctx, tx, Changed, Released, Settled, Effected)
}

// stageHolders puts states into load_holder.
func stageHolders(ctx context.Context, tx Tx, states []HolderState) error {
	n := len(states)
	kinds, status, guardianship := make([]int16, n), make([]int16, n), make([]int16, n)
	var numbers [4][]int64
	var texts [8][]string
	for i := range numbers {
		numbers[i] = make([]int64, n)
	}
	for i := range texts {
		texts[i] = make([]string, n)
	}
	for i, s := range states {
		kinds[i], status[i], guardianship[i] = int16(s.Kind), int16(s.Status), int16(s.Guardianship)
		for c, number := range []int64{s.ID, s.Parent, s.Successor, s.Guardian} {
			numbers[c][i] = number
		}
		for c, text := range []string{isoDay(s.Ended), isoDay(s.Born), isoDay(s.Bankrupt), s.Name, s.Street, s.Postcode, s.Town, s.Country} {
			texts[c][i] = text
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO load_holder (kind, id, parent, status, ended_on, name, street, postcode, town, country, born_on, bankrupt_on,
			successor, guardian, guardianship)
		SELECT kind, id, nullif(parent, 0), status, nullif(ended, '')::date, nullif(name, ''), nullif(street, ''), nullif(postcode, ''), nullif(town, ''), nullif(country, ''),
			nullif(born, '')::date, nullif(bankrupt, '')::date, nullif(successor, 0), nullif(guardian, 0), nullif(guardianship, 0)
		FROM unnest($1::smallint[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
			$8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
			AS s (kind, status, guardianship, id, parent, successor, guardian, ended, born, bankrupt, name, street, postcode, town, country)`,
		kinds, status, guardianship, numbers[0], numbers[1], numbers[2], numbers[3], texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], texts[6], texts[7])
	return err
}

// isoDay is empty where no day is set.
func isoDay(d gateway.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
