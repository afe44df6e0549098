package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"nks/gateway"
)

// orderOverhead is an upper bound of the bytes that an order takes beside its texts.
const orderOverhead = 420

// envelopeShare of an interchange's bytes is kept for what stands around the orders, and for the one that crosses the
// limit.
const envelopeShare = 32

// freeze splits the chosen orders into interchanges, messages, lines and sequences, gives each interchange the bank's
// next control number, and stores all of it. From here on rendering is a pure function of what is stored.
func (s *Store) freeze(ctx context.Context, x *session, bank Bank, a Agreement, executesOn gateway.Date, now time.Time) error {
	if err := s.place(ctx, x); err != nil {
		return err
	}
	if err := s.numberInterchanges(ctx, x, bank, a, executesOn, now); err != nil {
		return err
	}
	steps := []struct{ name, query string }{
		{"references", `INSERT INTO bank_reference (delivery_id, attempt)
			SELECT DISTINCT delivery_id, 1 FROM placed ORDER BY 1 ON CONFLICT DO NOTHING`},
		{"orders", `INSERT INTO bank_order (month, payment_id, ore, interchange_id, account_version, message_no, lin, seq,
				attempt, type, account_kind, rule, account, bic, bank_code, transfer_currency, beneficiary)
			SELECT p.month, p.payment_id, p.ore, i.interchange_id, p.account_version, p.message_no, p.lin, p.seq,
				1, p.type, p.account_kind, p.rule, p.account, p.bic, p.bank_code, p.transfer_currency, p.beneficiary
			FROM placed p JOIN numbered i USING (ic)
			ORDER BY p.ic, p.message_no, p.lin, p.seq`},
		{"messages", `INSERT INTO message (interchange_id, no, ref, payments, ore)
			SELECT i.interchange_id, p.message_no, i.prefix || lpad(p.message_no::text, 4, '0'), count(*), sum(p.ore)
			FROM placed p JOIN numbered i USING (ic) GROUP BY 1, 2, 3 ORDER BY 1, 2`},
		{"lines", `INSERT INTO order_line (interchange_id, message_no, lin, debit_account, type, transfer_currency, payments, ore)
			SELECT i.interchange_id, p.message_no, p.lin, p.debit_account, p.type, p.transfer_currency, count(*), sum(p.ore)
			FROM placed p JOIN numbered i USING (ic) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3`},
	}
	for _, st := range steps {
		if _, err := x.ExecContext(ctx, st.query); err != nil {
			return fmt.Errorf("freeze %s: %w", st.name, err)
		}
	}
	return nil
}

// place decides where each order stands. Orders that share debit account, type and currency of transfer come
// together; an interchange is full at a number of orders or of bytes, a message at a number of orders.
func (s *Store) place(ctx context.Context, x *session) error {
	minimum := s.Rules.InterchangeBytes / s.Rules.InterchangeOrders
	_, err := x.ExecContext(ctx, `CREATE TEMP TABLE placed ON COMMIT DROP AS
		SELECT m.*,
			dense_rank() OVER (PARTITION BY ic, message_no ORDER BY debit_account, type, coalesce(transfer_currency, ''))::int AS lin,
			row_number() OVER (PARTITION BY ic, message_no, debit_account, type, coalesce(transfer_currency, '') ORDER BY payment_id)::int AS seq
		FROM (SELECT w.*,
				((row_number() OVER (PARTITION BY ic ORDER BY debit_account, type, coalesce(transfer_currency, ''), payment_id) - 1) / $4 + 1)::int AS message_no
			FROM (SELECT c.*,
					((sum(greatest($1::bigint, $2::bigint + 2 * text_size + coalesce(length(beneficiary::text), 0)))
						OVER (ORDER BY debit_account, type, coalesce(transfer_currency, ''), payment_id) - 1)::bigint / $3::bigint)::int AS ic
				FROM chosen c WHERE reason IS NULL) w) m`,
		minimum, orderOverhead, s.Rules.InterchangeBytes-s.Rules.InterchangeBytes/envelopeShare, s.Rules.MessageOrders)
	if err != nil {
		return fmt.Errorf("place orders: %w", err)
	}
	if _, err := x.ExecContext(ctx, `ANALYZE placed`); err != nil {
		return fmt.Errorf("place orders: %w", err)
	}
	return nil
}

// numberInterchanges makes the interchanges, with control numbers from the bank's locked counter: no holes.
func (s *Store) numberInterchanges(ctx context.Context, x *session, bank Bank, a Agreement, executesOn gateway.Date, now time.Time) error {
	if _, err := x.ExecContext(ctx, `CREATE TEMP TABLE numbered (ic int PRIMARY KEY, interchange_id bigint, prefix text) ON COMMIT DROP`); err != nil {
		return fmt.Errorf("number interchanges: %w", err)
	}
	var totals []struct {
		IC       int   `db:"ic"`
		Messages int   `db:"messages"`
		Payments int   `db:"payments"`
		Ore      int64 `db:"ore"`
	}
	err := x.SelectContext(ctx, &totals, `SELECT ic, max(message_no) AS messages, count(*) AS payments, sum(ore)::bigint AS ore
		FROM placed GROUP BY ic ORDER BY ic`)
	if err != nil {
		return fmt.Errorf("number interchanges: %w", err)
	}
	for _, t := range totals {
		ref, err := nextControlRef(ctx, x, bank.ID)
		if err != nil {
			return err
		}
		var id int64
		err = x.QueryRowContext(ctx, `INSERT INTO interchange (kind, bank, control_ref, agreement, agreement_id, authority,
				executes_on, prepared_at, file_name, messages, payments, ore)
			VALUES ('PAYMUL', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
			bank.ID, ref, a.Number, a.ID, a.AuthorityName, executesOn.String(), now.Truncate(time.Minute),
			bank.fileName(ref), t.Messages, t.Payments, t.Ore).Scan(&id)
		if err != nil {
			return fmt.Errorf("interchange %d: %w", ref, err)
		}
		_, err = x.ExecContext(ctx, `INSERT INTO numbered VALUES ($1, $2, $3)`, t.IC, id,
			fmt.Sprintf("%s-%s-", bank.ID, controlRef(ref)))
		if err != nil {
			return fmt.Errorf("interchange %d: %w", ref, err)
		}
	}
	return nil
}

// nextControlRef draws UNB 0020 from the bank's counter; the row stays locked until the transaction ends, so that a
// number is either used or never was.
func nextControlRef(ctx context.Context, x *session, bank string) (int64, error) {
	var ref int64
	err := x.QueryRowContext(ctx, `INSERT INTO bank_counter AS c (bank, last) VALUES ($1, 1)
		ON CONFLICT (bank) DO UPDATE SET last = c.last + 1 RETURNING last`, bank).Scan(&ref)
	if err != nil {
		return 0, fmt.Errorf("control number of bank %s: %w", bank, err)
	}
	return ref, nil
}

// controlRef is UNB 0020 as it is written: 14 digits.
func controlRef(n int64) string { return fmt.Sprintf("%014d", n) }

// fileName is the final name of an interchange at the bank; it carries the control number, so that no two are alike.
func (b Bank) fileName(ref int64) string {
	return strings.ReplaceAll(b.FileName, "{ref}", controlRef(ref))
}

// tempName is the name of one attempt to put a file; it carries the attempt, so that a late writer of an earlier
// attempt cannot touch it.
func (b Bank) tempName(ref int64, attempt int) string {
	return strings.NewReplacer("{ref}", controlRef(ref), "{attempt}", fmt.Sprint(attempt)).Replace(b.TempName)
}
