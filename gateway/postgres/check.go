package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
)

// delivered is what the steps need to know of a delivery.
type delivered struct {
	ID           int64          `db:"id"`
	Door         string         `db:"door"`
	Supplier     string         `db:"supplier"`
	DocumentID   int64          `db:"document_id"`
	SHA256       []byte         `db:"sha256"`
	ReceivedAt   time.Time      `db:"received_at"`
	Month        time.Time      `db:"month"`
	PayerID      sql.NullInt64  `db:"payer_id"`
	Authority    sql.NullString `db:"authority"`
	MessageID    sql.NullString `db:"message_id"`
	GroupRef     sql.NullString `db:"group_ref"`
	SenderEAN    sql.NullString `db:"sender_ean"`
	Grouped      sql.NullBool   `db:"grouped"`
	ReturnAlways bool           `db:"return_always"`
	Payments     int            `db:"payments"`
}

// first and last payment id that the delivery can have.
func (d delivered) first() int64 { return gateway.PaymentID(d.ID, 0) }
func (d delivered) last() int64  { return gateway.PaymentID(d.ID, gateway.MaxBundlePayments) }

const deliveredColumns = `id, door, supplier, document_id, sha256, received_at, month, payer_id, authority, message_id,
	group_ref, sender_ean, grouped, return_always, payments`

// claimDelivery locks the oldest delivery in a state that nobody else works on; ErrNotFound when there is none. The
// lock is the transaction's: a process that dies gives it back at once, and cannot come back later and commit.
func (s *Store) claimDelivery(ctx context.Context, x *session, state string) (delivered, error) {
	var d delivered
	err := x.GetContext(ctx, &d, `SELECT `+deliveredColumns+` FROM delivery
		WHERE state = $1::delivery_state AND failures < $2
		ORDER BY received_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`, state, s.Rules.ReadFailuresBefore)
	if errors.Is(err, sql.ErrNoRows) {
		return d, gateway.ErrNotFound
	}
	return d, err
}

// CheckNext checks every payment of the next bundle that was read, gives the good ones their keys, decides when each
// group is released, and answers with response 2. It tells whether there was anything to do.
func (s *Store) CheckNext(ctx context.Context) (bool, error) {
	worked := true
	var d delivered
	err := s.transact(ctx, "check", func(x *session) (err error) {
		d, err = s.claimDelivery(ctx, x, "read")
		if errors.Is(err, gateway.ErrNotFound) {
			worked = false
			return nil
		}
		if err != nil {
			return err
		}
		return s.check(ctx, x, d)
	})
	if err != nil && d.ID != 0 && !errors.Is(err, gateway.ErrTemporary) && ctx.Err() == nil {
		return true, errors.Join(err, s.noteFailure(ctx, d, err))
	}
	if err != nil || !worked {
		return worked, err
	}
	return true, s.grown(ctx, d.Month, d.Payments)
}

func (s *Store) check(ctx context.Context, x *session, d delivered) error {
	if err := s.findAllFaults(ctx, x, d); err != nil {
		return fmt.Errorf("delivery %d: %w", d.ID, err)
	}
	now := s.Now()
	_, err := x.ExecContext(ctx, `INSERT INTO payment_event (month, payment_id, attempt, kind, code, at)
		SELECT DISTINCT ON (payment_id) $1::date, payment_id, 0, 'rejected'::event_kind, code, $2::timestamptz
		FROM fault ORDER BY payment_id, rank`, d.Month, now)
	if err != nil {
		return fmt.Errorf("delivery %d: rejects: %w", d.ID, err)
	}
	_, err = x.ExecContext(ctx, `UPDATE release_group g SET state = CASE
			WHEN g.reject_code IS NULL AND coalesce(r.rejected, 0) < g.payments
			THEN 'waiting'::group_state ELSE 'rejected'::group_state END
		FROM release_group o LEFT JOIN (SELECT p.group_id, count(*) AS rejected
			FROM fault f JOIN bundle p ON p.id = f.payment_id WHERE f.told GROUP BY 1) r ON r.group_id = o.id
		WHERE o.id = g.id AND g.delivery_id = $1 AND g.state = 'unchecked'`, d.ID)
	if err != nil {
		return fmt.Errorf("delivery %d: groups: %w", d.ID, err)
	}
	if err := s.answerReception(ctx, x, d, now); err != nil {
		return fmt.Errorf("delivery %d: response 2: %w", d.ID, err)
	}
	if err := s.mended(ctx, x, deliveryFails, d.ID); err != nil {
		return err
	}
	return x.touch(ctx, `UPDATE delivery SET state = 'checked', checked_at = $2 WHERE id = $1 AND state = 'read'`, d.ID, now)
}

// bundleOf puts what the checks need of a delivery's payments in the temporary table bundle. Statements over a range of
// a table that has just grown are planned for a handful of rows; this copy knows its size.
func (s *Store) bundleOf(ctx context.Context, x *session, d delivered) error {
	_, err := x.ExecContext(ctx, `CREATE TEMP TABLE bundle ON COMMIT DROP AS
		SELECT p.id, p.group_id, p.e2e, p.benefit_type, p.holder, p.holder_kind, p.complete, p.read_code, g.reject_code AS debit_code
		FROM payment p JOIN release_group g ON g.id = p.group_id
		WHERE p.month = $1 AND p.id BETWEEN $2 AND $3 AND g.delivery_id = $4`, d.Month, d.first(), d.last(), d.ID)
	if err == nil {
		_, err = x.ExecContext(ctx, `ANALYZE bundle`)
	}
	if err != nil {
		return fmt.Errorf("bundle table: %w", err)
	}
	return nil
}

// findFaults gathers the errors of every payment in the temporary table bundle, but for unknown recipients and
// duplicates, in the temporary table fault.
func (s *Store) findFaults(ctx context.Context, x *session, authority string) error {
	benefits, err := s.Register.BenefitTypes(ctx, x, authority)
	if err != nil {
		return err
	}
	ranks := make([]string, 0, 64)
	order := make([]int, 0, 64)
	for i, c := range gateway.Codes() {
		ranks, order = append(ranks, string(c.Code)), append(order, i)
	}
	steps := []struct {
		name, query string
		args        []any
	}{
		{"fault table", `CREATE TEMP TABLE fault (payment_id bigint, code text, rank int, told boolean DEFAULT false) ON COMMIT DROP`, nil},
		{"rank table", `CREATE TEMP TABLE code_rank ON COMMIT DROP AS
			SELECT * FROM unnest($1::text[], $2::int[]) AS r (code, rank)`, []any{ranks, order}},
		{"read errors", `INSERT INTO fault SELECT p.id, c.code, r.rank
			FROM bundle p CROSS JOIN LATERAL (VALUES (p.debit_code), (p.read_code)) AS c (code)
			JOIN code_rank r ON r.code = c.code
			WHERE p.read_code IS NOT NULL OR p.debit_code IS NOT NULL`, nil},
		{"benefit types", `INSERT INTO fault SELECT p.id, r.code, r.rank
			FROM bundle p JOIN code_rank r ON r.code = $2 WHERE p.benefit_type <> ALL ($1::text[])`,
			[]any{benefits, string(gateway.CodeBenefitType)}},
		{"fault index", `CREATE INDEX ON fault (payment_id); ANALYZE fault`, nil},
	}
	for _, st := range steps {
		if _, err := x.ExecContext(ctx, st.query, st.args...); err != nil {
			return fmt.Errorf("%s: %w", st.name, err)
		}
	}
	return nil
}
