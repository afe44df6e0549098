package postgres

import (
	"context"
	"fmt"
	"time"
)

// applySaid carries out what a bank said about orders and lines, gathered in the temporary table said
// (n, message_ref, lin, seq, reference, meaning, code, text), all of one file at once. What cannot be decided
// becomes an exception; what was said before does no harm.
func (s *Store) applySaid(ctx context.Context, x *session, bank Bank, document int64, now time.Time) error {
	if err := s.resolveSaid(ctx, x, bank); err != nil {
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

const saidTable = `CREATE TEMP TABLE said (n int PRIMARY KEY, message_ref text, lin bigint, seq bigint, reference text COLLATE "C",
	meaning text NOT NULL, code text, text text) ON COMMIT DROP`

// resolveSaid finds what each word is about: by its place in our message, by its reference, or by both. // bank-edifact "BANSTA"
func (s *Store) resolveSaid(ctx context.Context, x *session, bank Bank) error {
	steps := []struct {
		query string
		args  []any
	}{
		{`ANALYZE said`, nil},
		// Each lookup below is by a whole key: LATERAL with LIMIT keeps it that, however little the planner knows of tables
		// that have just grown.
		{`CREATE TEMP TABLE by_place ON COMMIT DROP AS
			SELECT s.n, l.interchange_id, l.message_no, l.lin, o.seq, o.month, o.payment_id, o.attempt
			FROM said s JOIN message m ON m.ref = s.message_ref
			JOIN interchange i ON i.id = m.interchange_id AND i.bank = $1 AND ` + mayHaveLeft + `
			JOIN order_line l ON l.interchange_id = m.interchange_id AND l.message_no = m.no AND l.lin = s.lin
			LEFT JOIN LATERAL (SELECT b.seq, b.month, b.payment_id, b.attempt FROM bank_order b
				WHERE b.interchange_id = l.interchange_id AND b.message_no = l.message_no AND b.lin = l.lin AND b.seq = s.seq LIMIT 1) o ON true
			WHERE s.seq IS NULL OR o.payment_id IS NOT NULL`, []any{bank.ID}},
		{`CREATE TEMP TABLE by_reference ON COMMIT DROP AS
			SELECT s.n, o.interchange_id, o.message_no, o.lin, o.seq, o.month, o.payment_id, o.attempt
			FROM said s
			JOIN bank_reference r ON r.number = CASE WHEN s.reference ~ '^[0-9]{8}.' THEN left(s.reference, 8)::int END
			JOIN delivery d ON d.id = r.delivery_id
			CROSS JOIN LATERAL (SELECT k.payment_id FROM payment_key k
				WHERE k.payer_id = d.payer_id AND k.e2e = substr(s.reference, 9) LIMIT 1) k
			CROSS JOIN LATERAL (SELECT b.* FROM bank_order b
				WHERE b.month = d.month AND b.payment_id = k.payment_id AND b.attempt = r.attempt LIMIT 1) o
			JOIN interchange i ON i.id = o.interchange_id AND i.bank = $1 AND ` + mayHaveLeft + `
			WHERE s.reference IS NOT NULL AND k.payment_id >> 24 = d.id`, []any{bank.ID}},
		{`CREATE TEMP TABLE word ON COMMIT DROP AS
			SELECT s.n, s.meaning, s.code, s.text,
				coalesce(p.interchange_id, r.interchange_id) AS interchange_id, coalesce(p.message_no, r.message_no) AS message_no,
				coalesce(p.lin, r.lin) AS lin, coalesce(r.seq, p.seq) AS seq, coalesce(r.month, p.month) AS month,
				coalesce(r.payment_id, p.payment_id) AS payment_id, coalesce(r.attempt, p.attempt) AS attempt,
				CASE WHEN p.n IS NULL AND r.n IS NULL THEN 'nothing of ours'
					WHEN p.n IS NULL AND s.message_ref IS NOT NULL AND s.lin IS NOT NULL THEN 'the reference is ours, the place is not'
					WHEN r.n IS NULL AND s.reference IS NOT NULL THEN 'the place is ours, the reference is not'
					WHEN p.n IS NOT NULL AND r.n IS NOT NULL AND (p.interchange_id, p.message_no, p.lin) IS DISTINCT FROM
						(r.interchange_id, r.message_no, r.lin) THEN 'place and reference name different lines'
					WHEN p.payment_id <> r.payment_id THEN 'place and reference name different payments'
					END AS trouble
			FROM said s LEFT JOIN by_place p USING (n) LEFT JOIN by_reference r USING (n)`, nil},
		{`ANALYZE word`, nil},
	}
	for i, st := range steps {
		if _, err := x.ExecContext(ctx, st.query, st.args...); err != nil {
			return fmt.Errorf("resolve step %d: %w", i, err)
		}
	}
	return nil
}

// raiseUndecided makes one exception per word that names nothing or two things, and one for all that are too many.
func (s *Store) raiseUndecided(ctx context.Context, x *session, bank Bank, document int64) error {
	var undecided []struct {
		N       int    `db:"n"`
		Trouble string `db:"trouble"`
	}
	err := x.SelectContext(ctx, &undecided, `SELECT n, trouble FROM word WHERE trouble IS NOT NULL ORDER BY n LIMIT 1000`)
	if err != nil {
		return fmt.Errorf("undecided: %w", err)
	}
	for _, u := range undecided {
		if err := s.raise(ctx, x, "bank word undecided", fmt.Sprintf("%s document %d item %d", bank.ID, document, u.N), u.Trouble); err != nil {
			return err
		}
	}
	r, err := x.ExecContext(ctx, `DELETE FROM word WHERE trouble IS NOT NULL`)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil || n <= int64(len(undecided)) {
		return err
	}
	return s.raise(ctx, x, "bank word undecided", fmt.Sprintf("%s document %d", bank.ID, document), fmt.Sprintf("%d more words", n-int64(len(undecided))))
}

// proveSent marks the interchanges that the bank speaks of as sent, whatever our own side of the sending knows of them.
func (s *Store) proveSent(ctx context.Context, x *session) error {
	var proven []int64
	err := x.SelectContext(ctx, &proven, `SELECT DISTINCT i.id FROM word w JOIN interchange i ON i.id = w.interchange_id WHERE i.state <> 'sent'`)
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

// applyRejects ends the orders that the bank refused; of several words about one order the first counts. A reject of
// what the bank has executed is not decided here: that money comes back by a posting or not at all.
func (s *Store) applyRejects(ctx context.Context, x *session, document int64, now time.Time) error {
	_, err := x.ExecContext(ctx, `
		WITH refused AS (
			INSERT INTO payment_event (month, payment_id, attempt, kind, code, text, at, source)
			SELECT DISTINCT ON (w.payment_id, w.attempt) w.month, w.payment_id, w.attempt, 'bank_rejected'::event_kind, w.code, w.text, $1::timestamptz, $2::bigint
			FROM word w JOIN order_line l USING (interchange_id, message_no, lin)
			WHERE w.meaning = 'rejected' AND w.payment_id IS NOT NULL AND l.state NOT IN ('rejected', 'executed')
			ORDER BY w.payment_id, w.attempt, w.n
			ON CONFLICT DO NOTHING RETURNING month, payment_id, attempt, text)
		INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, status, code, text, caused_at)
		SELECT 9, payment_id >> 24, month, payment_id, attempt, 'RJCT', '0001', text, $1::timestamptz FROM refused`, now, document)
	if err != nil {
		return fmt.Errorf("reject orders: %w", err)
	}
	_, err = x.ExecContext(ctx, `UPDATE order_line l SET state = 'rejected', code = w.code, text = w.text, changed_at = $1
		FROM (SELECT DISTINCT ON (interchange_id, message_no, lin) * FROM word
			WHERE meaning = 'rejected' AND payment_id IS NULL ORDER BY interchange_id, message_no, lin, n) w
		WHERE l.interchange_id = w.interchange_id AND l.message_no = w.message_no AND l.lin = w.lin
		  AND l.state IN ('frozen', 'with_bank', 'accepted')`, now)
	if err != nil {
		return fmt.Errorf("reject lines: %w", err)
	}
	if err := s.oweRejectedLines(ctx, x, now, `SELECT interchange_id FROM word WHERE meaning = 'rejected' AND payment_id IS NULL`); err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, raiseMany+`
		SELECT DISTINCT 'reject after execution', `+placeOfWord+`, 'the bank has said executed before', $1::timestamptz
		FROM word w JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = w.interchange_id
		LEFT JOIN payment_event e ON e.month = w.month AND e.payment_id = w.payment_id AND e.attempt = w.attempt
		WHERE w.meaning = 'rejected' AND w.payment_id IS NOT NULL AND (e.kind = 'executed' OR e.kind IS NULL AND l.state = 'executed')`+openAnew, now)
	if err != nil {
		return fmt.Errorf("reject after execution: %w", err)
	}
	return s.raiseExecuted(ctx, x, now, `SELECT DISTINCT interchange_id, message_no, lin FROM word WHERE meaning = 'rejected' AND payment_id IS NULL`)
}

// Many exceptions of one kind, in one statement; as raise does it.
const (
	raiseMany   = `INSERT INTO exception (kind, subject, detail, raised_at) `
	placeOfLine = `i.bank || ' ' || i.control_ref || ' message ' || l.message_no || ' LIN ' || l.lin`
	placeOfWord = placeOfLine + ` || coalesce(' SEQ ' || w.seq, '')`
	openAnew    = ` ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail, raised_at = excluded.raised_at,
		closed_at = NULL, closed_by = NULL, approved_by = NULL WHERE exception.closed_at IS NOT NULL`
)

// raiseExecuted raises an exception for each line that a query names (its parameters from $2) and that the bank rejects
// as a whole though it has executed it, or an order of it.
func (s *Store) raiseExecuted(ctx context.Context, x *session, now time.Time, lines string, args ...any) error {
	_, err := x.ExecContext(ctx, raiseMany+`
		SELECT 'reject after execution', `+placeOfLine+`, 'the bank has said executed before', $1::timestamptz
		FROM (`+lines+`) n JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = l.interchange_id
		WHERE l.state = 'executed' OR EXISTS (SELECT 1 FROM bank_order o JOIN payment_event e USING (month, payment_id, attempt)
			WHERE o.interchange_id = l.interchange_id AND o.message_no = l.message_no AND o.lin = l.lin AND e.kind = 'executed')`+openAnew,
		append([]any{now}, args...)...)
	if err != nil {
		return fmt.Errorf("reject after execution: %w", err)
	}
	return nil
}

// raiseRejected raises an exception for each word of execution about what the bank has rejected before: its authority
// has been told so.
func (s *Store) raiseRejected(ctx context.Context, x *session, now time.Time) error {
	_, err := x.ExecContext(ctx, raiseMany+`
		SELECT DISTINCT 'executed after reject', `+placeOfWord+`, 'the bank has rejected it before', $1::timestamptz
		FROM word w JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = w.interchange_id
		LEFT JOIN payment_event e ON e.month = w.month AND e.payment_id = w.payment_id AND e.attempt = w.attempt
		WHERE w.meaning = 'executed' AND (e.kind = 'bank_rejected' OR e.kind IS NULL AND l.state = 'rejected')`+openAnew, now)
	if err != nil {
		return fmt.Errorf("executed after reject: %w", err)
	}
	return nil
}

// oweRejectedLines owes response 9 for every order of the rejected lines of the interchanges that a query names.
func (s *Store) oweRejectedLines(ctx context.Context, x *session, now time.Time, interchanges string, args ...any) error {
	_, err := x.ExecContext(ctx, `INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, status, code, text, caused_at)
		SELECT 9, o.payment_id >> 24, o.month, o.payment_id, o.attempt, 'RJCT', '0001', l.text, $1::timestamptz
		FROM order_line l CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.interchange_id = l.interchange_id
			AND b.message_no = l.message_no AND b.lin = l.lin OFFSET 0) o
		WHERE l.state = 'rejected' AND l.interchange_id IN (`+interchanges+`)
		  AND NOT EXISTS (SELECT 1 FROM payment_event e WHERE e.month = o.month AND e.payment_id = o.payment_id AND e.attempt = o.attempt)
		ON CONFLICT DO NOTHING`, append([]any{now}, args...)...)
	if err != nil {
		return fmt.Errorf("owe response 9: %w", err)
	}
	return nil
}

// applyProgress moves lines on to accepted and executed, and single orders to executed.
func (s *Store) applyProgress(ctx context.Context, x *session, bank Bank, document int64, now time.Time) error {
	if err := s.applyValidation(ctx, x, bank, now); err != nil {
		return err
	}
	// What the bank has carried out it has, whatever else it has said.
	_, err := s.acceptLines(ctx, x, now, `SELECT DISTINCT interchange_id, message_no, lin FROM word WHERE meaning = 'executed' AND payment_id IS NULL`)
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO payment_event (month, payment_id, attempt, kind, code, text, at, source)
		SELECT DISTINCT ON (w.payment_id, w.attempt) w.month, w.payment_id, w.attempt, 'executed'::event_kind, w.code, w.text, $1::timestamptz, $2::bigint
		FROM word w JOIN order_line l USING (interchange_id, message_no, lin)
		WHERE w.meaning = 'executed' AND w.payment_id IS NOT NULL AND l.state IN ('with_bank', 'accepted')
		ORDER BY w.payment_id, w.attempt, w.n ON CONFLICT DO NOTHING`, now, document)
	if err != nil {
		return fmt.Errorf("execute orders: %w", err)
	}
	_, err = x.ExecContext(ctx, `UPDATE order_line l SET state = 'executed', changed_at = $1
		FROM word w WHERE w.meaning = 'executed' AND w.payment_id IS NULL AND l.state IN ('with_bank', 'accepted')
		  AND l.interchange_id = w.interchange_id AND l.message_no = w.message_no AND l.lin = w.lin`, now)
	if err != nil {
		return fmt.Errorf("execute lines: %w", err)
	}
	return s.raiseRejected(ctx, x, now)
}

// applyValidation notes the lines that the bank's validation answer speaks for, by its profile, and accepts those whose
// interchange CONTRL has accepted; the others wait for it.
func (s *Store) applyValidation(ctx context.Context, x *session, bank Bank, now time.Time) error {
	var validated string
	switch bank.Acceptance {
	case AcceptedByLine:
		validated = `SELECT DISTINCT interchange_id, message_no, lin FROM word WHERE meaning = 'accepted' AND payment_id IS NULL`
	case AcceptedByMessage:
		validated = `SELECT DISTINCT l.interchange_id, l.message_no, l.lin FROM word w JOIN order_line l USING (interchange_id, message_no)
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
		FROM word w JOIN order_line l USING (interchange_id, message_no) JOIN interchange i ON i.id = l.interchange_id
		WHERE l.validated_at IS NOT NULL AND i.contrl = 'accepted'`)
	return err
}

// acceptLines records that the bank has the lines that a query names (its parameters from $2), and owes response 8
// for them: once per line and delivery, for what is not rejected. It tells how many lines moved on.
func (s *Store) acceptLines(ctx context.Context, x *session, now time.Time, lines string, args ...any) (int, error) {
	var moved int
	err := x.QueryRowContext(ctx, `
		WITH accepted AS (
			UPDATE order_line l SET state = 'accepted', changed_at = $1::timestamptz FROM (`+lines+`) a
			WHERE l.interchange_id = a.interchange_id AND l.message_no = a.message_no AND l.lin = a.lin
			  AND l.state = 'with_bank' RETURNING l.interchange_id, l.message_no, l.lin),
		owed AS (
			INSERT INTO answer_due (kind, delivery_id, month, interchange_id, message_no, lin, payments, status, caused_at)
			SELECT 8, o.payment_id >> 24, min(o.month), o.interchange_id, o.message_no, o.lin, count(*), 'ACPT', $1::timestamptz
			FROM accepted a CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.interchange_id = a.interchange_id
				AND b.message_no = a.message_no AND b.lin = a.lin OFFSET 0) o
			WHERE NOT EXISTS (SELECT 1 FROM payment_event e WHERE e.month = o.month AND e.payment_id = o.payment_id
				AND e.attempt = o.attempt AND e.kind = 'bank_rejected')
			GROUP BY o.payment_id >> 24, o.interchange_id, o.message_no, o.lin
			ON CONFLICT DO NOTHING)
		SELECT count(*) FROM accepted`, append([]any{now}, args...)...).Scan(&moved)
	if err != nil {
		return 0, fmt.Errorf("accept lines: %w", err)
	}
	return moved, nil
}
