package retention

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Kind is what a rule says how long to keep.
type Kind string

// The kinds.
const (
	Payments  Kind = "payments"  // a month's rows, all of them
	Documents Kind = "documents" // its raw bytes: deliveries, interchanges, banks' files, answers
	Looks     Kind = "looks"     // what the log tells of looks at payments and searches for them
)

// Kinds is every kind that a rule may be of.
func Kinds() []Kind { return []Kind{Payments, Documents, Looks} }

// Rule is for how many months after its end something of a month is kept.
type Rule struct {
	Kind     Kind       `db:"kind" json:"kind"`
	Months   int        `db:"months" json:"months"` // 0: for ever
	Since    *time.Time `db:"since" json:"since,omitempty"`
	Decision *int64     `db:"decision" json:"decision,omitempty"` // nil: nobody has decided
}

// mostMonths is how long something may be kept by a rule that is not for ever.
const mostMonths = 600

// Hold is what must not be erased, whatever the rules say.
type Hold struct {
	ID       int64     `db:"id" json:"id"`
	What     string    `db:"what" json:"what"`       // payment, holder, authority, month
	Subject  string    `db:"subject" json:"subject"` // of a holder its keyed hash
	Since    time.Time `db:"since" json:"since"`
	Decision int64     `db:"decision" json:"decision"`
	Lifted   bool      `db:"lifted" json:"-"`
}

// Rules are those that count.
func (s *Store) Rules(ctx context.Context) ([]Rule, error) {
	var rules []Rule
	err := s.DB.SelectContext(ctx, &rules, `SELECT k.kind, coalesce(r.months, 0) AS months, r.since, r.decision FROM unnest($1::text[]) WITH ORDINALITY AS k (kind, place)
		LEFT JOIN LATERAL (SELECT * FROM retention_rule q WHERE q.kind = k.kind ORDER BY q.id DESC LIMIT 1) r ON true ORDER BY k.place`, names(Kinds()))
	if err != nil {
		return nil, fmt.Errorf("retention rules: %w", postgres.Transient(err))
	}
	return rules, nil
}

func names(kinds []Kind) []string {
	list := make([]string, 0, len(kinds))
	for _, k := range kinds {
		list = append(list, string(k))
	}
	return list
}

// CheckRule is gateway.ErrIntent when there can be no such rule.
func CheckRule(kind Kind, months int) error {
	if !slices.Contains(Kinds(), kind) {
		return fmt.Errorf("kind %q must be one of %v: %w", kind, Kinds(), gateway.ErrIntent)
	}
	if months < 0 || months > mostMonths {
		return fmt.Errorf("months must be between 0, for ever, and %d: %w", mostMonths, gateway.ErrIntent)
	}
	return nil
}

// SetRule has something kept for so many months from now on, by a decision.
func (s *Store) SetRule(ctx context.Context, x *postgres.Session, kind Kind, months int, decision int64) error {
	if err := CheckRule(kind, months); err != nil {
		return err
	}
	_, err := x.ExecContext(ctx, `INSERT INTO retention_rule (kind, months, since, decision) VALUES ($1, $2, $3, $4)`, kind, months, s.Now(), decision)
	if err != nil {
		return fmt.Errorf("retention rule: %w", err)
	}
	return nil
}

const holds = `SELECT id, what, subject, since, decision, lifted_at IS NOT NULL AS lifted FROM legal_hold`

// Holds are those that stand.
func (s *Store) Holds(ctx context.Context) ([]Hold, error) {
	var list []Hold
	if err := s.DB.SelectContext(ctx, &list, holds+` WHERE lifted_at IS NULL ORDER BY id`); err != nil {
		return nil, fmt.Errorf("legal holds: %w", postgres.Transient(err))
	}
	return list, nil
}

// LockHolds reads and locks holds by their numbers.
func (s *Store) LockHolds(ctx context.Context, x *postgres.Session, ids []int64) ([]Hold, error) {
	var list []Hold
	if err := x.SelectContext(ctx, &list, holds+` WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE`, ids); err != nil {
		return nil, fmt.Errorf("legal holds: %w", err)
	}
	return list, nil
}

// StopDropping keeps anything from beginning to be dropped until the transaction ends: what a hold is on then either is held or gone.
func (s *Store) StopDropping(ctx context.Context, x *postgres.Session) error {
	if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock_shared(hashtextextended('nks.retention', 0))`); err != nil {
		return fmt.Errorf("stop dropping: %w", err)
	}
	return nil
}

// Gone reports whether a month is dropped, or is being dropped.
func (s *Store) Gone(ctx context.Context, x *postgres.Session, month gateway.Month) (gone bool, err error) {
	if err = x.GetContext(ctx, &gone, `SELECT EXISTS (SELECT FROM month WHERE month = $1::date AND dropping_at IS NOT NULL)`, month.String()); err != nil {
		return false, fmt.Errorf("month %s: %w", month.Name(), err)
	}
	return gone, nil
}

// Held is the number of a hold that stands on a subject; 0: there is none.
func (s *Store) Held(ctx context.Context, x *postgres.Session, what, subject string) (id int64, err error) {
	err = x.GetContext(ctx, &id, `SELECT coalesce(max(id), 0) FROM legal_hold WHERE what = $1 AND subject = $2 AND lifted_at IS NULL`, what, subject)
	if err != nil {
		return 0, fmt.Errorf("legal hold: %w", err)
	}
	return id, nil
}

// SetHold keeps something from being erased, by a decision.
func (s *Store) SetHold(ctx context.Context, x *postgres.Session, what, subject string, decision int64) error {
	_, err := x.ExecContext(ctx, `INSERT INTO legal_hold (what, subject, since, decision) VALUES ($1, $2, $3, $4)`, what, subject, s.Now(), decision)
	if err != nil {
		return fmt.Errorf("legal hold: %w", err)
	}
	return nil
}

// LiftHold ends a hold, by a decision; gateway.ErrLostOwnership when it is lifted already.
func (s *Store) LiftHold(ctx context.Context, x *postgres.Session, id, decision int64) error {
	return x.UpdateOne(ctx, `UPDATE legal_hold SET lifted_at = $2, lifted_by = $3 WHERE id = $1 AND lifted_at IS NULL`, id, s.Now(), decision)
}

// partsLeft are the tables that still have a partition of a month.
func partsLeft(ctx context.Context, q sqlx.QueryerContext, month gateway.Month) (parts []string, err error) {
	if err = sqlx.SelectContext(ctx, q, &parts, `SELECT name FROM month_parts_left($1::date)`, month.String()); err != nil {
		return nil, fmt.Errorf("partitions of %s: %w", month.Name(), postgres.Transient(err))
	}
	return parts, nil
}
