package retention

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Proof is what is left of a month.
type Proof struct {
	Month      string           `json:"month"`
	Dropped    bool             `json:"dropped"`
	Partitions map[string]int   `json:"partitions"` // of each table with months: 1, or 0 where it is gone
	Rows       map[string]int64 `json:"rows"`       // in other tables, in clear
	Hashes     int64            `json:"hashes"`     // of EndToEndIds, which stay
	Findings   []string         `json:"findings"`
}

// Prove looks for anything that is left of a month, in every table. gateway.ErrNotFound: there never was such a month.
func (s *Store) Prove(ctx context.Context, month gateway.Month) (*Proof, error) {
	p := &Proof{Month: month.Name(), Partitions: map[string]int{}, Rows: map[string]int64{}, Findings: []string{}}
	err := s.Transact(ctx, "prove that "+month.Name()+" is dropped", func(x *postgres.Session) error {
		if _, err := x.ExecContext(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`); err != nil {
			return err
		}
		return p.look(ctx, x, month)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Proof) look(ctx context.Context, x *postgres.Session, month gateway.Month) error {
	err := x.GetContext(ctx, &p.Dropped, `SELECT dropped_at IS NOT NULL FROM month WHERE month = $1::date`, month.String())
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: nothing is known of it", gateway.ErrNotFound)
	}
	if err != nil {
		return err
	}
	if !p.Dropped {
		p.Findings = append(p.Findings, "it is not dropped")
	}
	var parts []struct {
		Name  string `db:"parent"`
		There int    `db:"there"`
	}
	if err := x.SelectContext(ctx, &parts, `SELECT parent, (to_regclass('nks.' || name) IS NOT NULL)::int AS there FROM month_parts($1::date)`, month.String()); err != nil {
		return err
	}
	for _, t := range parts {
		p.Partitions[t.Name] = t.There
		if t.There > 0 {
			p.Findings = append(p.Findings, "its partition of "+t.Name+" is there")
		}
	}
	var rows []struct {
		Name string `db:"name"`
		N    int64  `db:"n"`
	}
	// Payment keys have no index by payment: they are all looked at.
	err = x.SelectContext(ctx, &rows, `SELECT name, n FROM month_rows_left($1::date)
		UNION ALL SELECT 'payment_key', count(*) FROM payment_key WHERE delivery_of(payment_id) >= month_deliveries($1::date) AND delivery_of(payment_id) < month_deliveries($2::date)`,
		month.String(), month.Next().String())
	if err != nil {
		return err
	}
	for _, t := range rows {
		p.Rows[t.Name] = t.N
		if t.N > 0 {
			p.Findings = append(p.Findings, fmt.Sprintf("%d rows of it are in %s", t.N, t.Name))
		}
	}
	return x.GetContext(ctx, &p.Hashes, `SELECT count(*) FROM payment_key_hash WHERE delivery_of(payment_id) >= month_deliveries($1::date)
		AND delivery_of(payment_id) < month_deliveries($2::date)`, month.String(), month.Next().String())
}

// Standing is a month that is not dropped, and what the rules and holds make of it.
type Standing struct {
	Month            string     `json:"month"`
	DocumentsDropped bool       `json:"documents_dropped"`
	KeptUntil        *time.Time `json:"kept_until,omitempty"` // by the rules; nil: for ever
	Against          []string   `json:"against"`              // what stands against dropping it, beside time
}

// Standing tells how long the first closed month that is kept is kept yet; nil: there is none.
func (s *Store) Standing(ctx context.Context) (*Standing, error) {
	var first struct {
		Month sql.NullTime `db:"month"`
		Gone  bool         `db:"gone"`
	}
	err := s.DB.GetContext(ctx, &first, `SELECT month, documents_dropped_at IS NOT NULL AS gone FROM month WHERE state = 'closed' AND dropping_at IS NULL ORDER BY month LIMIT 1`)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("first month that is kept: %w", postgres.Transient(err))
	}
	m := gateway.MonthOf(first.Month.Time)
	t := &Standing{Month: m.Name(), DocumentsDropped: first.Gone, Against: []string{}}
	until, err := s.until(ctx, m, Payments)
	if err != nil {
		return nil, err
	}
	if !until.IsZero() {
		t.KeptUntil = &until
	}
	hashes, err := s.Hashes(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	inner, outer := hashes.Blocks()
	if err := s.DB.SelectContext(ctx, &t.Against, `SELECT n || ' ' || what FROM open_of_month($1::date, $2, $3)`, m.String(), inner, outer); err != nil {
		return nil, fmt.Errorf("what is open of %s: %w", m.Name(), postgres.Transient(err))
	}
	return t, nil
}
