package bank

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// applyStatuses carries out what a bank says of orders and lines, gathered in the temporary table bank_status, all of one
// file at once. What cannot be decided becomes an exception; what came before does no harm.
func (s *Store) applyStatuses(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, document int64, now time.Time) error {
	if err := match(ctx, x, bank); err != nil {
		return err
	}
	if err := s.raiseUndecided(ctx, x, bank, document); err != nil {
		return err
	}
	if err := s.proveSent(ctx, x); err != nil {
		return err
	}
	if err := s.applyRejects(ctx, x, document, now); err != nil {
		return err
	}
	return s.applyProgress(ctx, x, bank, document, now)
}

//go:embed sql/match.sql
var matchScript string

// match finds what each status is about: by its place in our message, by its reference, or by both. // bank-edifact "BANSTA"
func match(ctx context.Context, x *postgres.Session, bank gateway.BankCentre) error {
	return pgscript.Run(ctx, x, matchScript, pgscript.Args{"bank": bank.ID})
}

// raiseUndecided makes one exception per status that names nothing or two things, and one for all that are too many.
func (s *Store) raiseUndecided(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, document int64) error {
	var undecided []struct {
		N       int    `db:"n"`
		Trouble string `db:"trouble"`
	}
	err := x.SelectContext(ctx, &undecided, `SELECT n, trouble FROM matched WHERE trouble IS NOT NULL ORDER BY n LIMIT 1000`)
	if err != nil {
		return fmt.Errorf("undecided: %w", err)
	}
	for _, u := range undecided {
		if err := s.Raise(ctx, x, gateway.BankStatusUndecided, fmt.Sprintf("%s document %d item %d", bank.ID, document, u.N), u.Trouble); err != nil {
			return err
		}
	}
	r, err := x.ExecContext(ctx, `DELETE FROM matched WHERE trouble IS NOT NULL`)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil || n <= int64(len(undecided)) {
		return err
	}
	return s.RaiseDetail(ctx, x, gateway.BankStatusUndecided, fmt.Sprintf("%s document %d", bank.ID, document), gateway.DetailMoreStatuses.With(n-int64(len(undecided))))
}

// proveSent marks the interchanges that the bank speaks of as sent, whatever our own side of the sending knows of them.
func (s *Store) proveSent(ctx context.Context, x *postgres.Session) error {
	var proven []int64
	err := x.SelectContext(ctx, &proven, `SELECT DISTINCT i.id FROM matched w JOIN interchange i ON i.id = w.interchange_id WHERE i.state <> 'sent'`)
	if err != nil {
		return fmt.Errorf("interchanges spoken of: %w", err)
	}
	for _, id := range proven {
		if err := s.sent(ctx, x, id); err != nil {
			return err
		}
	}
	return nil
}

//go:embed sql/reject.sql
var rejectScript string

// applyRejects ends the orders that the bank refused; of several statuses about one order the first counts. A reject of
// what the bank has executed is not decided here: that money comes back by a posting or not at all.
func (s *Store) applyRejects(ctx context.Context, x *postgres.Session, document int64, now time.Time) error {
	args := rejection(now)
	args["document"] = document
	err := pgscript.Run(ctx, x, rejectScript, args)
	if err != nil {
		return err
	}
	if err := s.oweRejectedLines(ctx, x, now, `SELECT interchange_id FROM matched WHERE meaning = 'rejected' AND payment_id IS NULL`, nil); err != nil {
		return err
	}
	err = s.RaiseMany(ctx, x, gateway.RejectAfterExecution, `SELECT DISTINCT `+placeOfStatus+`, 'the bank has said executed before'
		FROM matched w JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = w.interchange_id
		LEFT JOIN payment_event e ON e.month = w.month AND e.payment_id = w.payment_id AND e.attempt = w.attempt
		WHERE w.meaning = 'rejected' AND w.payment_id IS NOT NULL AND `+stateBefore+` IN ('executed', 'cheque')`, nil)
	if err != nil {
		return err
	}
	return s.raiseExecuted(ctx, x, `SELECT DISTINCT interchange_id, message_no, lin FROM matched WHERE meaning = 'rejected' AND payment_id IS NULL`, nil)
}

// stateBefore is where the order, or the whole line, that a status is about was already: it stands in interchange i and
// line l, with event e.
const stateBefore = `state_of(NULL, 'released', l.type, e.kind, l.state, i.state)`

// How exceptions name places of a message.
const (
	placeOfLine   = `i.bank || ' ' || i.control_ref || ' message ' || l.message_no || ' LIN ' || l.lin`
	placeOfStatus = placeOfLine + ` || coalesce(' SEQ ' || w.seq, '')`
)

// raiseExecuted raises an exception for each line that a query names and that the bank rejects as a whole though it has
// executed it, or an order of it.
func (s *Store) raiseExecuted(ctx context.Context, x *postgres.Session, lines string, args pgscript.Args) error {
	return s.RaiseMany(ctx, x, gateway.RejectAfterExecution, `SELECT `+placeOfLine+`, 'the bank has said executed before'
		FROM (`+lines+`) n JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = l.interchange_id
		WHERE l.state = 'executed' OR EXISTS (SELECT 1 FROM bank_order o JOIN payment_event e USING (month, payment_id, attempt)
			WHERE o.interchange_id = l.interchange_id AND o.message_no = l.message_no AND o.lin = l.lin AND e.kind = 'executed')`, args)
}

// raiseRejected raises an exception for each status of execution about what the bank has rejected before: its authority
// has been told so.
func (s *Store) raiseRejected(ctx context.Context, x *postgres.Session) error {
	return s.RaiseMany(ctx, x, gateway.ExecutedAfterReject, `SELECT DISTINCT `+placeOfStatus+`, 'the bank has rejected it before'
		FROM matched w JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = w.interchange_id
		LEFT JOIN payment_event e ON e.month = w.month AND e.payment_id = w.payment_id AND e.attempt = w.attempt
		WHERE w.meaning = 'executed' AND `+stateBefore+` = 'returned'`, nil)
}

//go:embed sql/rejected_lines.sql
var rejectedLinesSQL string

// rejection is what response 9 says of an order that the bank has refused.
func rejection(now time.Time) pgscript.Args {
	return pgscript.Args{"now": now, "response": int(gateway.Response9), "status": gateway.StatusRejected, "code": string(gateway.CodeBankReject)}
}

// oweRejectedLines owes response 9 for every order of the rejected lines of the interchanges that a query names.
func (s *Store) oweRejectedLines(ctx context.Context, x *postgres.Session, now time.Time, interchanges string, args pgscript.Args) error {
	all := rejection(now)
	maps.Copy(all, args)
	_, err := x.ExecContext(ctx, strings.Replace(rejectedLinesSQL, "/*interchanges*/", interchanges, 1), all)
	if err != nil {
		return fmt.Errorf("owe response 9: %w", err)
	}
	return nil
}

// applyProgress moves lines on to accepted and executed, and single orders to executed.
func (s *Store) applyProgress(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, document int64, now time.Time) error {
	if err := s.applyValidation(ctx, x, bank, now); err != nil {
		return err
	}
	// What the bank has carried out it has, whatever else it has said.
	_, err := s.acceptLines(ctx, x, now, `SELECT DISTINCT interchange_id, message_no, lin FROM matched WHERE meaning = 'executed' AND payment_id IS NULL`, nil)
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO payment_event (month, payment_id, attempt, kind, code, text, at, source)
		SELECT DISTINCT ON (w.payment_id, w.attempt) w.month, w.payment_id, w.attempt, 'executed'::event_kind, w.code, w.text, $1::timestamptz, $2::bigint
		FROM matched w JOIN order_line l USING (interchange_id, message_no, lin)
		WHERE w.meaning = 'executed' AND w.payment_id IS NOT NULL AND l.state IN ('with_bank', 'accepted')
		ORDER BY w.payment_id, w.attempt, w.n ON CONFLICT DO NOTHING`, now, document)
	if err != nil {
		return fmt.Errorf("execute orders: %w", err)
	}
	_, err = x.ExecContext(ctx, `UPDATE order_line l SET state = 'executed', changed_at = $1
		FROM matched w WHERE w.meaning = 'executed' AND w.payment_id IS NULL AND l.state IN ('with_bank', 'accepted')
		  AND l.interchange_id = w.interchange_id AND l.message_no = w.message_no AND l.lin = w.lin`, now)
	if err != nil {
		return fmt.Errorf("execute lines: %w", err)
	}
	return s.raiseRejected(ctx, x)
}

// applyValidation notes the lines that the bank's validation answer speaks for, by its profile, and accepts those whose
// interchange CONTRL has accepted; the others wait for it.
func (s *Store) applyValidation(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) error {
	var validated string
	switch bank.Acceptance {
	case gateway.AcceptedByLine:
		validated = `SELECT DISTINCT interchange_id, message_no, lin FROM matched WHERE meaning = 'accepted' AND payment_id IS NULL`
	case gateway.AcceptedByMessage:
		validated = `SELECT DISTINCT l.interchange_id, l.message_no, l.lin FROM matched w JOIN order_line l USING (interchange_id, message_no)
			WHERE w.meaning IN ('rejected', 'accepted')`
	default:
		return nil
	}
	_, err := x.ExecContext(ctx, `UPDATE order_line l SET validated_at = $1 FROM (`+validated+`) v
		WHERE l.interchange_id = v.interchange_id AND l.message_no = v.message_no AND l.lin = v.lin AND l.validated_at IS NULL`, now)
	if err != nil {
		return fmt.Errorf("validated lines: %w", err)
	}
	_, err = s.acceptLines(ctx, x, now, `SELECT DISTINCT l.interchange_id, l.message_no, l.lin
		FROM matched w JOIN order_line l USING (interchange_id, message_no) JOIN interchange i ON i.id = l.interchange_id
		WHERE l.validated_at IS NOT NULL AND i.contrl = 'accepted'`, nil)
	return err
}

//go:embed sql/accept.sql
var acceptSQL string

// acceptLines records that the bank has the lines that a query names, and owes response 8
// for them: once per line and delivery, for what is not rejected. It tells how many lines moved on.
func (s *Store) acceptLines(ctx context.Context, x *postgres.Session, now time.Time, lines string, args pgscript.Args) (int, error) {
	all := maps.Clone(args)
	if all == nil {
		all = pgscript.Args{}
	}
	all["now"], all["response"], all["status"] = now, int(gateway.Response8), gateway.StatusAccepted
	var moved int
	err := x.QueryRowContext(ctx, strings.Replace(acceptSQL, "/*lines*/", lines, 1), all).Scan(&moved)
	if err != nil {
		return 0, fmt.Errorf("accept lines: %w", err)
	}
	return moved, nil
}
