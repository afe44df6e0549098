package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"maps"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// Chosen is which payments somebody wants stopped, or let go.
type Chosen struct {
	// payments gives month, payment_id and ore of each, once.
	payments string
	args     pgscript.Args
	// waiting leaves out what is at its end: it is not meant.
	waiting bool
	// parts: what was taken of the payments for claims is meant, too.
	parts bool
	// recipient leaves out payments to others; nil: to anybody.
	recipient func(gateway.HolderKind, int64) bool
}

// ByID chooses payments by their ids.
func ByID(ids []int64) Chosen {
	return Chosen{payments: `SELECT p.month, p.id, p.ore FROM unnest(@ids::bigint[]) AS asked (id)
		CROSS JOIN LATERAL (SELECT q.month, q.id, q.ore FROM payment q WHERE q.month = month_of(delivery_of(asked.id)) AND q.id = asked.id LIMIT 1) p
		WHERE p.month >= first_kept()`, args: pgscript.Args{"ids": ids}}
}

// OfDelivery chooses all payments of a delivery that are not at their end.
func OfDelivery(id int64) Chosen {
	return Chosen{payments: `SELECT p.month, p.id, p.ore FROM payment p WHERE p.month = month_of(@delivery) AND p.id BETWEEN @first_payment AND @last_payment`,
		args: pgscript.Args{"delivery": id, "first_payment": gateway.PaymentID(id, 0), "last_payment": gateway.PaymentID(id, gateway.MaxBundlePayments)}, waiting: true}
}

// WithParts means what was taken of the payments for claims, too.
func (which Chosen) WithParts() Chosen {
	which.parts = true
	return which
}

// StoppedBy chooses the payments that a decision has stopped and that no other decision has stopped, too, and not undone.
func StoppedBy(decision int64) Chosen {
	return Chosen{payments: `SELECT o.month, o.payment_id, o.ore FROM stop_outcome o WHERE o.decision_id = @by AND o.outcome IN ('stopped', 'again')
		AND NOT EXISTS (SELECT FROM stop_outcome l WHERE l.payment_id = o.payment_id AND l.n > o.n AND l.outcome = 'goes')
		AND NOT EXISTS (SELECT FROM stop_outcome e WHERE e.payment_id = o.payment_id AND e.decision_id <> o.decision_id AND e.outcome IN ('stopped', 'again')
			AND e.n > coalesce((SELECT max(g.n) FROM stop_outcome g WHERE g.payment_id = o.payment_id AND g.outcome = 'goes'), 0)
			AND NOT EXISTS (SELECT FROM decision_step u WHERE u.decision_id = e.decision_id AND u.step = 'undone'))`,
		args: pgscript.Args{"by": decision}}
}

//go:embed sql/stop_tables.sql
var stopTablesScript string

//go:embed sql/stop_where.sql
var stopWhereSQL string

//go:embed sql/stop_lock.sql
var stopLockScript string

// mostStopped bounds how many payments one decision stops.
const mostStopped = 2_000_000

// stopping is payments in the temporary table of that name, with the months that are looked at for them.
type stopping struct {
	*Store
	x    *postgres.Session
	args pgscript.Args
}

// choose puts payments in the temporary table stopping, with where they stand; nil when there are none.
func (s *Store) choose(ctx context.Context, x *postgres.Session, which Chosen) (*stopping, error) {
	err := x.PlanForMonths(ctx)
	if err == nil {
		err = pgscript.Run(ctx, x, stopTablesScript, nil)
	}
	if err != nil {
		return nil, err
	}
	r, err := x.ExecContext(ctx, `INSERT INTO stopping (month, payment_id, ore) `+which.payments+fmt.Sprintf(` LIMIT %d`, mostStopped+1), which.args)
	if err != nil {
		return nil, fmt.Errorf("payments: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n > mostStopped {
		return nil, fmt.Errorf("more than %d payments: %w", mostStopped, gateway.ErrIntent)
	}
	if err := which.narrow(ctx, x); err != nil {
		return nil, err
	}
	if err := which.addParts(ctx, x); err != nil {
		return nil, err
	}
	p := &stopping{Store: s, x: x}
	if p.args, err = p.months(ctx); err != nil || p.args == nil {
		return nil, err
	}
	if err := p.look(ctx); err != nil {
		return nil, err
	}
	if which.waiting {
		_, err = x.ExecContext(ctx, `DELETE FROM stopping WHERE position IN ($1, $2, $3, $4, $5, $6, $7, $8)`, gateway.AtRejected, gateway.AtNotPayable, gateway.AtAssumed,
			gateway.AtExecuted, gateway.AtBankRejected, gateway.AtCameBack, gateway.AtSettled, gateway.AtMissing)
	}
	return p, err
}

// narrow takes out what goes to another recipient. The numbers of recipients leave the database, and nothing of them stays.
func (which Chosen) narrow(ctx context.Context, x *postgres.Session) error {
	if which.recipient == nil {
		return nil
	}
	var all []struct {
		Kind   gateway.HolderKind `db:"holder_kind"`
		Number int64              `db:"holder"`
	}
	err := x.SelectContext(ctx, &all, `SELECT DISTINCT p.holder_kind, p.holder FROM stopping t JOIN payment p ON p.month = t.month AND p.id = t.payment_id
		WHERE p.holder IS NOT NULL AND p.holder_kind IS NOT NULL`)
	if err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	kind, number := gateway.HolderKind(0), int64(-1)
	for _, h := range all {
		if which.recipient(h.Kind, h.Number) {
			kind, number = h.Kind, h.Number
		}
	}
	_, err = x.ExecContext(ctx, `DELETE FROM stopping t USING payment p WHERE p.month = t.month AND p.id = t.payment_id
		AND (p.holder_kind, p.holder) IS DISTINCT FROM ($1::smallint, $2::bigint)`, int16(kind), number)
	if err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	return nil
}

// addParts adds what was taken of the payments for claims.
func (which Chosen) addParts(ctx context.Context, x *postgres.Session) error {
	if !which.parts {
		return nil
	}
	_, err := x.ExecContext(ctx, `INSERT INTO stopping (month, payment_id, ore) SELECT s.month, s.part_id, s.ore FROM stopping t JOIN set_off s ON s.payment_id = t.payment_id
		ON CONFLICT DO NOTHING`)
	if err != nil {
		return fmt.Errorf("parts: %w", err)
	}
	return nil
}

// months bounds the months of the payments, of their orders and of their deliveries.
func (p *stopping) months(ctx context.Context) (pgscript.Args, error) {
	var since sql.NullTime
	if err := p.x.QueryRowContext(ctx, `SELECT min(month) FROM stopping`).Scan(&since); err != nil || !since.Valid {
		return nil, err
	}
	from, until := since.Time.Format(time.DateOnly), p.thisMonth()
	first, after, err := deliveriesOf(ctx, p.x, from, until)
	return pgscript.Args{"since": from, "until": until, "first": first, "after": after}, err
}

func (p *stopping) with(more pgscript.Args) pgscript.Args {
	all := maps.Clone(p.args)
	maps.Copy(all, more)
	return all
}

// look finds where the payments stand.
func (p *stopping) look(ctx context.Context) error {
	_, err := p.x.ExecContext(ctx, `ANALYZE stopping`)
	if err == nil {
		_, err = p.x.ExecContext(ctx, stopWhereSQL, p.with(nil))
	}
	if err != nil {
		return fmt.Errorf("where payments stand: %w", err)
	}
	return nil
}

// mostLooks is how often payments are looked for that move on while others are waited for.
const mostLooks = 8

// keepStill keeps the payments where they are until the transaction ends. Locks are taken in the order that everybody keeps: banks,
// deliveries, groups, lines. Payments that have gone elsewhere while one was waited for are locked anew, there.
func (p *stopping) keepStill(ctx context.Context) error {
	for range mostLooks {
		if _, err := p.x.ExecContext(ctx, `SAVEPOINT still`); err != nil {
			return err
		}
		moved, err := p.lock(ctx)
		if err != nil || moved == 0 {
			return err
		}
		if _, err := p.x.ExecContext(ctx, `ROLLBACK TO SAVEPOINT still`); err != nil {
			return err
		}
		if err := p.look(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the payments move all the time", gateway.ErrTransient)
}

// lock locks the places of the payments and tells how many have moved elsewhere meanwhile.
func (p *stopping) lock(ctx context.Context) (moved int, err error) {
	var banks []string
	err = p.x.SelectContext(ctx, &banks, `SELECT DISTINCT bank FROM stopping WHERE position = $1`, gateway.AtFrozen)
	if err == nil {
		err = p.LockLines(ctx, p.x, banks)
	}
	if err == nil {
		err = pgscript.Run(ctx, p.x, stopLockScript, p.with(nil))
	}
	if err == nil {
		err = p.look(ctx)
	}
	if err == nil {
		err = p.x.QueryRowContext(ctx, `SELECT count(*) FROM stopping t JOIN stop_locked k USING (payment_id)
			WHERE t.group_id IS DISTINCT FROM k.group_id OR t.position IN ('frozen', 'void') AND (t.position, t.interchange_id) IS DISTINCT FROM (k.position, k.interchange_id)`).
			Scan(&moved)
	}
	if err != nil {
		return 0, fmt.Errorf("lock payments: %w", err)
	}
	return moved, nil
}

// gathersStatistics has statistics gathered of what many payments have added, once that is committed.
func (p *stopping) gathersStatistics(ctx context.Context, s Stops) {
	n, _ := s.count(IsStopped, Goes)
	p.x.AfterCommit(func() {
		for _, month := range []string{fmt.Sprint(p.args["since"]), p.thisMonth()} {
			at, err := time.Parse(time.DateOnly, month)
			if err == nil {
				err = p.Analyze(context.WithoutCancel(ctx), at, n)
			}
			if err != nil {
				p.Log.Warn().Err(err).Msg("no statistics of what was stopped")
			}
		}
	})
}
