package postgres

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// findAllFaults gathers every error of every payment of the delivery in the temporary table fault, and gives each
// payment without one its EndToEndId. Whether the recipients exist is asked by a connection of its own meanwhile.
func (s *Store) findAllFaults(ctx context.Context, x *session, d delivered) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		faults []byte
		err    error
	}
	asked := make(chan answer, 1)
	go func() {
		faults, err := s.strangers(ctx, d)
		asked <- answer{faults, err}
	}()
	untaken, err := s.takeKeysFirst(ctx, x, d)
	if err != nil {
		cancel()
	}
	a := <-asked
	switch {
	case err != nil:
		return err
	case a.err != nil:
		return fmt.Errorf("recipients: %w", a.err)
	}
	if err := s.giveKeysBack(ctx, x, d, a.faults); err != nil {
		return err
	}
	return s.findDuplicates(ctx, x, d, untaken)
}

// stranger is the error of a recipient that does not exist, or is dead (2) or ceased (3); an emigrated one may be
// paid. // B18.3 // B22.3
func (s *Store) stranger(rows string) string {
	return `SELECT w.id, h.life IS NULL AS unknown FROM (` + rows + ` ORDER BY holder, holder_kind OFFSET 0) w
		LEFT JOIN LATERAL ` + s.Register.LifeOf("w") + ` h ON true WHERE h.life IS NULL OR h.life IN (2, 3)`
}

// findStrangers adds the errors of the recipients of the temporary table bundle to fault.
func (s *Store) findStrangers(ctx context.Context, x *session) error {
	_, err := x.ExecContext(ctx, `INSERT INTO fault SELECT w.id, r.code, r.rank
		FROM (`+s.stranger(`SELECT id, holder_kind, holder FROM bundle WHERE NOT complete AND holder IS NOT NULL`)+`) w
		JOIN code_rank r ON r.code = CASE WHEN w.unknown THEN $1::text ELSE $2::text END`,
		string(gateway.CodeUnknownRecipient), string(gateway.CodeRecipientCeased))
	if err == nil {
		_, err = x.ExecContext(ctx, `ANALYZE fault`)
	}
	if err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	return nil
}

// strangers is the same of a delivery's payments as they are stored, as rows of COPY. The loss of its connection is not
// held against the delivery.
func (s *Store) strangers(ctx context.Context, d delivered) ([]byte, error) {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return nil, temporary(err)
	}
	defer func() { _ = conn.Close() }()
	faults, err := s.strangersBy(ctx, conn, d)
	if err != nil && passes(conn, err) {
		err = temporary(err)
	}
	return faults, err
}

func (s *Store) strangersBy(ctx context.Context, conn *sqlx.Conn, d delivered) ([]byte, error) {
	rows, err := conn.QueryContext(ctx, s.stranger(`SELECT id, holder_kind, holder FROM payment
		WHERE month = $1 AND id BETWEEN $2 AND $3 AND NOT complete AND holder IS NOT NULL`), d.Month, d.first(), d.last())
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var faults []byte
	for rows.Next() {
		var id int64
		var unknown bool
		if err := rows.Scan(&id, &unknown); err != nil {
			return nil, err
		}
		code := gateway.CodeRecipientCeased
		if unknown {
			code = gateway.CodeUnknownRecipient
		}
		faults = append(optional(strconv.AppendInt(faults, id, 10), string(code)), '\n')
	}
	return faults, rows.Err()
}

// takeKeysFirst gives each payment without an error so far its EndToEndId for ever, in the order of the bundle, and
// leaves those that came too late in the temporary table untaken. Keys are taken in key order, so that two bundles with
// the same keys cannot wait for each other.
func (s *Store) takeKeysFirst(ctx context.Context, x *session, d delivered) (untaken int64, err error) {
	if err := s.bundleOf(ctx, x, d); err != nil {
		return 0, err
	}
	if err := s.findFaults(ctx, x, d.Authority.String); err != nil {
		return 0, err
	}
	if _, err := x.ExecContext(ctx, `CREATE TEMP TABLE untaken (id bigint) ON COMMIT DROP`); err != nil {
		return 0, fmt.Errorf("keys: %w", err)
	}
	r, err := x.ExecContext(ctx, `
		WITH taken AS (
			INSERT INTO payment_key (payer_id, e2e, payment_id)
			SELECT $1, p.e2e, p.id FROM bundle p
			WHERE NOT EXISTS (SELECT 1 FROM fault f WHERE f.payment_id = p.id)
			ORDER BY p.e2e, p.id
			ON CONFLICT DO NOTHING
			RETURNING payment_id)
		INSERT INTO untaken
		SELECT p.id FROM bundle p
		WHERE NOT EXISTS (SELECT 1 FROM fault f WHERE f.payment_id = p.id)
		  AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.payment_id = p.id)`, d.PayerID.Int64)
	if err != nil {
		return 0, fmt.Errorf("keys: %w", err)
	}
	return r.RowsAffected()
}

// giveKeysBack adds the recipients' errors, and takes the keys from these payments again.
func (s *Store) giveKeysBack(ctx context.Context, x *session, d delivered, faults []byte) error {
	if len(faults) == 0 {
		return nil
	}
	if _, err := x.ExecContext(ctx, `CREATE TEMP TABLE stranger (id bigint, code text) ON COMMIT DROP`); err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	if _, err := x.copyIn(ctx, `COPY pg_temp.stranger FROM STDIN`, bytes.NewReader(faults)); err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	for _, step := range []struct {
		query string
		args  []any
	}{
		{`ANALYZE stranger`, nil},
		{`DELETE FROM payment_key k USING (SELECT p.id, p.e2e FROM stranger s JOIN bundle p ON p.id = s.id) p
			WHERE k.payer_id = $1 AND k.e2e = p.e2e AND k.payment_id = p.id`, []any{d.PayerID.Int64}},
		{`INSERT INTO fault (payment_id, code, rank) SELECT s.id, r.code, r.rank FROM stranger s JOIN code_rank r ON r.code = s.code`, nil},
		{`ANALYZE fault`, nil},
	} {
		if _, err := x.ExecContext(ctx, step.query, step.args...); err != nil {
			return fmt.Errorf("recipients: %w", err)
		}
	}
	return nil
}

// findDuplicates gives the keys that came free to the next who asked for them, tells everybody else that an EndToEndId
// is used up, and marks each payment's leading error.
func (s *Store) findDuplicates(ctx context.Context, x *session, d delivered, untaken int64) error {
	duplicate := string(gateway.CodeDuplicatePayment)
	if untaken > 0 {
		_, err := x.ExecContext(ctx, `
			WITH late AS (SELECT p.id, p.e2e FROM untaken u JOIN bundle p ON p.id = u.id
				WHERE NOT EXISTS (SELECT 1 FROM fault f WHERE f.payment_id = p.id)),
			taken AS (
				INSERT INTO payment_key (payer_id, e2e, payment_id)
				SELECT $1, e2e, id FROM late ORDER BY e2e, id
				ON CONFLICT DO NOTHING
				RETURNING payment_id)
			INSERT INTO fault (payment_id, code, rank)
			SELECT l.id, r.code, r.rank FROM late l JOIN code_rank r ON r.code = $2
			WHERE NOT EXISTS (SELECT 1 FROM taken t WHERE t.payment_id = l.id)`, d.PayerID.Int64, duplicate)
		if err != nil {
			return fmt.Errorf("duplicates: %w", err)
		}
	}
	_, err := x.ExecContext(ctx, `INSERT INTO fault (payment_id, code, rank)
		SELECT DISTINCT p.id, r.code, r.rank FROM fault f JOIN bundle p ON p.id = f.payment_id
		CROSS JOIN LATERAL (SELECT k.payment_id FROM payment_key k WHERE k.payer_id = $1 AND k.e2e = p.e2e LIMIT 1) k
		JOIN code_rank r ON r.code = $2
		WHERE k.payment_id <> p.id AND NOT EXISTS (SELECT 1 FROM fault o WHERE o.payment_id = p.id AND o.code = $2)`,
		d.PayerID.Int64, duplicate)
	if err != nil {
		return fmt.Errorf("keys of faulty payments: %w", err)
	}
	_, err = x.ExecContext(ctx, `UPDATE fault SET told = true WHERE ctid IN (
		SELECT DISTINCT ON (payment_id) ctid FROM fault ORDER BY payment_id, rank)`)
	if err != nil {
		return fmt.Errorf("leading errors: %w", err)
	}
	return nil
}
