package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// Voidable is an interchange of orders of which no attempt can have reached the bank.
type Voidable struct {
	ID         int64                 `db:"id"`
	Bank       string                `db:"bank"`
	ControlRef gateway.ControlNumber `db:"control_ref"`
	State      string                `db:"state"`
	Authority  string                `db:"authority"`
	ExecutesOn time.Time             `db:"executes_on"`
	Payments   int                   `db:"payments"`
	Ore        int64                 `db:"ore"`
}

// mostVoidable bounds what is listed.
const mostVoidable = 1000

// Voidable lists the interchanges that may be voided, by bank and control number; one that is being sent only when nobody
// owns the connection any more.
func (s *Store) Voidable(ctx context.Context) ([]Voidable, error) {
	var list []Voidable
	err := s.DB.SelectContext(ctx, &list, `SELECT id, bank, control_ref, state, authority, executes_on, payments, ore FROM interchange
		WHERE kind = 'PAYMUL' AND state IN ('frozen', 'rendered', 'sending') AND may_be_out_since IS NULL
		ORDER BY bank, control_ref LIMIT $1`, mostVoidable)
	if err != nil {
		return nil, fmt.Errorf("voidable interchanges: %w", err)
	}
	return list, nil
}

//go:embed sql/void.sql
var voidScript string

// InterchangeID is the id of the interchange that has a control number at a bank, the last one where those before it were void;
// gateway.ErrNotFound: none.
func (s *Store) InterchangeID(ctx context.Context, bank string, number gateway.ControlNumber) (id int64, err error) {
	err = s.DB.GetContext(ctx, &id, `SELECT id FROM interchange WHERE bank = $1 AND control_ref = $2 ORDER BY version DESC LIMIT 1`, bank, number)
	if errors.Is(err, sql.ErrNoRows) {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("bank %s interchange %d: %w", bank, number, err)
	}
	return id, nil
}

// Void ends an interchange of orders that is not sent, by a decision: it never will be, and its payments are due to be ordered
// anew, under the same control number. It tells how many. gateway.ErrNotFound: there is none; gateway.ErrLostOwnership: the
// bank may have it, or somebody is sending it.
func (s *Store) Void(ctx context.Context, x *postgres.Session, id, decision int64, why string) (payments int, err error) {
	if err := lockVoidable(ctx, x, id); err != nil {
		return 0, fmt.Errorf("void %d: %w", id, err)
	}
	return s.makeVoid(ctx, x, id, decision, why)
}

// makeVoid is Void of an interchange that may be voided, and is locked with its bank's lines.
func (s *Store) makeVoid(ctx context.Context, x *postgres.Session, id, decision int64, why string) (payments int, err error) {
	var bank string
	var lines int
	err = x.QueryRowContext(ctx, `SELECT bank, (SELECT count(*) FROM order_line l WHERE l.interchange_id = i.id) FROM interchange i WHERE id = $1`, id).Scan(&bank, &lines)
	if err != nil {
		return 0, fmt.Errorf("void %d: %w", id, err)
	}
	moved, err := s.follow(ctx, x, gateway.NewsVoided, source{decision: decision}, "", `SELECT 0, NULL, NULL, NULL, interchange_id, message_no, lin, NULL, NULL, @why::text
		FROM order_line WHERE interchange_id = @interchange`, pgscript.Args{"interchange": id, "why": why})
	if err == nil && moved != lines {
		err = fmt.Errorf("%w: %d lines of %d were as they were frozen", gateway.ErrCountMismatch, moved, lines)
	}
	if err == nil {
		payments, err = s.oweAgain(ctx, x, id)
	}
	for _, over := range []gateway.ExceptionKind{gateway.InterchangeFails, gateway.SendFails, gateway.SendByMissed} {
		if err == nil {
			err = s.CloseMended(ctx, x, over, id)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("void %d: %w", id, err)
	}
	x.Wakes(postgres.ToRelease, postgres.ToSend(bank), postgres.ToAwait(bank))
	return payments, nil
}

// lockVoidable locks an interchange and its bank's lines, if it may be voided.
func lockVoidable(ctx context.Context, x *postgres.Session, id int64) error {
	var bank, kind string
	var state gateway.InterchangeState
	var mayBeOut, owned bool
	err := x.QueryRowContext(ctx, `SELECT bank FROM interchange WHERE id = $1`, id).Scan(&bank)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrNotFound
	}
	if err == nil {
		err = x.LockLines(ctx, bank)
	}
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT kind, state, may_be_out_since IS NOT NULL FROM interchange WHERE id = $1 FOR UPDATE`, id).Scan(&kind, &state, &mayBeOut)
	}
	if err == nil && state == gateway.InterchangeSending {
		// Nobody becomes the owner of the connection while this transaction holds what an owner does.
		err = x.QueryRowContext(ctx, `SELECT NOT pg_try_advisory_xact_lock(`+leaseLock+`)`, bank).Scan(&owned)
	}
	if err == nil && (kind != "PAYMUL" || !state.MayVoid(mayBeOut, owned)) {
		err = fmt.Errorf("%w: it is no interchange of orders, may be at the bank, or is on its way", gateway.ErrLostOwnership)
	}
	return err
}

// oweAgain marks an interchange void whose lines are, and owes its payments another order, but for those that stand
// otherwise by themselves. It tells how many.
func (s *Store) oweAgain(ctx context.Context, x *postgres.Session, id int64) (payments int, err error) {
	month := s.thisMonth()
	since, err := sinceOf(ctx, x, `@interchange`, month, pgscript.Args{"interchange": id})
	if err != nil {
		return 0, err
	}
	n, err := pgscript.RunCounting(ctx, x, voidScript, pgscript.Args{"interchange": id, "since": since, "recorded": month,
		"today": gateway.DateOf(s.Now().In(s.Location)).String(), "now": s.Now()})
	return int(n), err
}
