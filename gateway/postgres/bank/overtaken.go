package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/overtaken.sql
var overtakenScript string

//go:embed sql/reopen.sql
var reopenScript string

//go:embed sql/stopped_since.sql
var stoppedSinceSQL string

// whyOvertaken is why an interchange is void that has an order in the place of one which the bank may have carried out.
const whyOvertaken = "the bank contradicts its reject, for which this was ordered"

// reopen looks whether news contradict a reject for which something else has been ordered since. What no attempt can have brought to
// the bank is void then, and the payment stands by its earlier order again, for the news to follow: nobody is to be paid twice.
// What the bank may have stays. It reports whether a payment stands by an earlier order. // second-floor "Orders from more than one source"
func (s *Store) reopen(ctx context.Context, x *postgres.Session, news gateway.News, heard func() error, args pgscript.Args) (bool, error) {
	if !contradictsReject(news) {
		return false, nil
	}
	if err := s.unstop(ctx, x, args); err != nil {
		return false, err
	}
	if err := pgscript.Run(ctx, x, overtakenScript, args); err != nil {
		return false, err
	}
	var later []struct {
		ID   int64  `db:"id"`
		Bank string `db:"bank"`
	}
	err := x.SelectContext(ctx, &later, `SELECT i.id, i.bank FROM interchange i WHERE i.id IN (SELECT later_id FROM overtaken) ORDER BY i.bank, i.id`)
	if err != nil || len(later) == 0 {
		return false, err
	}
	for _, i := range later {
		if err := s.voidOvertaken(ctx, x, i.ID, i.Bank); err != nil {
			return false, err
		}
	}
	r, err := x.ExecContext(ctx, `UPDATE overtaken t SET reopened = true FROM order_line l WHERE l.interchange_id = t.later_id AND l.message_no = t.later_message
		AND l.lin = t.later_lin AND l.state = 'void'`)
	if err != nil {
		return false, fmt.Errorf("overtaken orders: %w", err)
	}
	if err := heard(); err != nil { // what became void were news, too
		return false, err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, s.standEarlier(ctx, x, args)
}

// whyUnstopped is why a stop does not hold any more.
const whyUnstopped = "the bank contradicts its reject, after which this was stopped"

// unstop lets go what was stopped after the reject that news contradict: the bank may have paid it before, and a stop cannot hide that.
func (s *Store) unstop(ctx context.Context, x *postgres.Session, args pgscript.Args) error {
	p, err := s.choose(ctx, x, Chosen{payments: stoppedSinceSQL, args: pgscript.Args{"since": args["since"], "recorded": args["recorded"]}})
	if err == nil && p != nil {
		err = p.keepStill(ctx)
	}
	if err == nil && p != nil {
		_, err = p.undone(ctx)
	}
	if err == nil && p != nil {
		err = p.undo(ctx, sql.NullInt64{}, whyUnstopped)
	}
	if err != nil {
		return fmt.Errorf("what was stopped: %w", err)
	}
	return nil
}

// contradictsReject reports whether news contradict that the bank has rejected an order.
func contradictsReject(news gateway.News) bool {
	for _, scope := range []gateway.Scope{gateway.ScopeOrder, gateway.ScopeBulk} {
		if news != gateway.NewsCameBack && gateway.Follow(news, scope, gateway.AtBankRejected).Effect == gateway.Disputes {
			return true
		}
	}
	return false
}

// voidOvertaken makes an interchange void, if that may be.
func (s *Store) voidOvertaken(ctx context.Context, x *postgres.Session, id int64, bank string) error {
	if err := x.LockLines(ctx, bank); err != nil {
		return err
	}
	var state gateway.InterchangeState
	var mayBeOut bool
	err := x.QueryRowContext(ctx, `SELECT state, may_be_out_since IS NOT NULL FROM interchange WHERE id = $1 FOR UPDATE`, id).Scan(&state, &mayBeOut)
	if err != nil {
		return fmt.Errorf("interchange %d: %w", id, err)
	}
	if state.MayStop(mayBeOut) {
		_, err = s.makeVoid(ctx, x, id, 0, whyOvertaken)
	}
	return err
}

// standEarlier has payments stand by their earlier orders.
func (s *Store) standEarlier(ctx context.Context, x *postgres.Session, args pgscript.Args) error {
	closes, err := x.HoldMonths(ctx, `SELECT month FROM overtaken UNION SELECT order_month FROM overtaken
		UNION SELECT i.month FROM overtaken t JOIN interchange i ON i.id = t.later_id`)
	if err == nil && closes {
		err = x.CarryMoved(ctx, `SELECT month, payment_id FROM overtaken WHERE reopened`, `SELECT DISTINCT NULL::bigint AS group_id, interchange_id, message_no, lin FROM overtaken WHERE reopened
			UNION SELECT NULL, later_id, later_message, later_lin FROM overtaken WHERE reopened`, nil)
	}
	if err == nil {
		err = pgscript.Run(ctx, x, reopenScript, args)
	}
	if err != nil {
		return fmt.Errorf("stand by earlier orders: %w", err)
	}
	return nil
}

// stoodVoid notes, once it is judged what follows, that payments which stand by their earlier orders stood where the later one was void.
func stoodVoid(ctx context.Context, x *postgres.Session) error {
	_, err := x.ExecContext(ctx, `UPDATE judged j SET was = 'void' FROM overtaken t WHERE t.reopened AND j.payment_id = t.payment_id AND j.attempt = t.attempt`)
	if err != nil {
		return fmt.Errorf("where payments stood: %w", err)
	}
	return nil
}
