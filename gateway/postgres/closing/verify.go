package closing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
)

// Verdict is what became of holding a closed month against its rows and the log.
type Verdict struct {
	Month    string `json:"month"`
	Payments int64  `json:"payments"` // by the rows
	Ore      int64  `json:"ore"`
	Entry    int64  `json:"audit_entry"`
	Placed   bool   `json:"placed"` // the entry has its place in the log's tree
	// Dropped: its rows are gone, and what was frozen is held against the log alone.
	Dropped  bool     `json:"dropped"`
	Findings []string `json:"findings"`
}

// Verify adds a closed month up anew from its rows, and holds that against what was frozen, and that against what the log was
// told; of a month that is dropped, or is being, what was frozen against the log alone. That the log is what was signed is sequence.Log's to verify. gateway.ErrNotFound: the month is not closed.
func (s *Store) Verify(ctx context.Context, month gateway.Month) (*Verdict, error) {
	v := &Verdict{Month: month.Name(), Findings: []string{}}
	err := s.Transact(ctx, "verify month "+month.Name(), func(x *postgres.Session) error {
		if _, err := x.ExecContext(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`); err != nil {
			return err
		}
		if err := x.PlanForMonths(ctx); err != nil {
			return err
		}
		return v.hold(ctx, x, month)
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (v *Verdict) find(format string, args ...any) {
	v.Findings = append(v.Findings, fmt.Sprintf(format, args...))
}

func (v *Verdict) hold(ctx context.Context, x *postgres.Session, month gateway.Month) error {
	stored := Frozen{Month: month.Name()}
	err := x.QueryRowContext(ctx, `SELECT payments, ore, encode(sums_sha256, 'hex'), encode(carried_sha256, 'hex'), audit_entry, dropping_at IS NOT NULL FROM month
		WHERE month = $1::date AND state = 'closed'`, month.String()).Scan(&stored.Payments, &stored.Ore, &stored.SumsSHA256, &stored.CarriedSHA256, &v.Entry, &v.Dropped)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: it is not closed", gateway.ErrNotFound)
	}
	if err != nil {
		return err
	}
	frozen, err := frozenSums(ctx, x, month)
	if err != nil {
		return err
	}
	if v.Dropped {
		return v.holdFrozen(ctx, x, stored, frozen)
	}
	rows, err := sumsOfRows(ctx, x, month)
	if err != nil {
		return err
	}
	carried, err := carriedDigest(ctx, x, month)
	if err != nil {
		return err
	}
	v.compare(frozen, rows)
	found := Frozen{Month: month.Name(), SumsSHA256: digest(rows), CarriedSHA256: carried}
	found.add(rows)
	v.Payments, v.Ore = found.Payments, found.Ore
	if stored != found {
		v.find("the month has %d payments, %d øre, digests %.8s and %.8s; its rows give %d, %d, %.8s and %.8s", stored.Payments, stored.Ore,
			stored.SumsSHA256, stored.CarriedSHA256, found.Payments, found.Ore, found.SumsSHA256, found.CarriedSHA256)
	}
	return v.holdAgainstLog(ctx, x, found)
}

// holdFrozen holds the sums of a month without rows against what the month and the log say.
func (v *Verdict) holdFrozen(ctx context.Context, x *postgres.Session, stored Frozen, frozen []Sum) error {
	// What was carried is gone, too: of it the log's word stands.
	found := Frozen{Month: stored.Month, SumsSHA256: digest(frozen), CarriedSHA256: stored.CarriedSHA256}
	found.add(frozen)
	v.Payments, v.Ore = found.Payments, found.Ore
	if stored != found {
		v.find("the month has %d payments, %d øre, digest %.8s; its sums give %d, %d and %.8s", stored.Payments, stored.Ore, stored.SumsSHA256,
			found.Payments, found.Ore, found.SumsSHA256)
	}
	return v.holdAgainstLog(ctx, x, found)
}

// compare tells each sum that the rows do not give.
func (v *Verdict) compare(frozen, rows []Sum) {
	type key struct{ supplier, authority, agreement, state string }
	of := func(s Sum) key { return key{s.Supplier, s.Authority, s.Agreement, string(s.State)} }
	left := map[key]Sum{}
	for _, s := range rows {
		left[of(s)] = s
	}
	for _, s := range frozen {
		if r := left[of(s)]; r != s {
			v.find("%s via %s, agreement %s, %s: %d payments, %d øre were frozen, and the rows give %d, %d", s.Authority, s.Supplier, s.Agreement, s.State,
				s.Payments, s.Ore, r.Payments, r.Ore)
		}
		delete(left, of(s))
	}
	for _, s := range rows {
		if _, is := left[of(s)]; is {
			v.find("%s via %s, agreement %s, %s: nothing was frozen, and the rows give %d payments, %d øre", s.Authority, s.Supplier, s.Agreement, s.State,
				s.Payments, s.Ore)
		}
	}
}

// holdAgainstLog compares with what the log was told, which its commitment proves.
func (v *Verdict) holdAgainstLog(ctx context.Context, x *postgres.Session, found Frozen) error {
	e, err := postgres.ReadEntry(ctx, x, v.Entry)
	if err != nil {
		return err
	}
	if v.Placed = e.Placed; e.Fault != "" {
		v.find("%s", e.Fault)
		return nil
	}
	var reported Frozen
	if err := json.Unmarshal([]byte(e.Text), &reported); err != nil || e.Kind != audit.FrozenSums || reported != found {
		v.find("entry %d of the log tells %s, and the rows give %d payments, %d øre, digest %.8s", v.Entry, e.Text, found.Payments, found.Ore, found.SumsSHA256)
	}
	return nil
}
