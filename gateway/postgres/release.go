package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
)

// releaseUnit is what one release puts in interchanges of its own: bank centre, agreement and execution day.
type releaseUnit struct {
	Bank        string    `db:"bank_centre"`
	AgreementID int64     `db:"agreement_id"`
	ExecutesOn  time.Time `db:"executes_on"`
	ReleaseAt   time.Time `db:"release_at"`
}

// ReleaseNext releases the most urgent unit that is due: completes its payments with accounts, splits them into
// interchanges, and freezes those. It tells whether there was anything to do.
//
// A release waits until every delivery stamped before it has been read and checked.
func (s *Store) ReleaseNext(ctx context.Context) (bool, error) {
	var month time.Time
	var payments int
	worked, err := s.passing(ctx, releaseFails, func(over []int64) (groups []int64, err error) {
		err = s.transact(ctx, "release", func(x *session) error {
			var unit releaseUnit
			var err error
			unit, groups, err = s.claimUnit(ctx, x, over)
			if errors.Is(err, gateway.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := s.release(ctx, x, unit, groups); err != nil {
				return fmt.Errorf("bank %s agreement %d: %w", unit.Bank, unit.AgreementID, err)
			}
			if err := s.mended(ctx, x, releaseFails, groups...); err != nil {
				return err
			}
			return x.QueryRowContext(ctx, `SELECT max(month), sum(payments) FROM release_group WHERE id = ANY ($1::bigint[])`, groups).
				Scan(&month, &payments)
		})
		return groups, err
	})
	if err != nil || !worked {
		return worked, err
	}
	return true, s.grown(ctx, month, payments)
}

func (s *Store) claimUnit(ctx context.Context, x *session, over []int64) (releaseUnit, []int64, error) {
	var unit releaseUnit
	now := s.Now()
	err := x.GetContext(ctx, &unit, `SELECT g.bank_centre, g.agreement_id, g.executes_on, g.release_at
		FROM release_group g
		WHERE g.state = 'waiting' AND g.release_at <= $1 AND g.id <> ALL ($3::bigint[])
		  AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.state IN ('received', 'read')
			AND d.failures < $2 AND d.received_at <= g.release_at)
		ORDER BY g.release_at, g.executes_on, g.bank_centre, g.agreement_id
		LIMIT 1 FOR UPDATE SKIP LOCKED`, now, s.Rules.ReadFailuresBefore, over)
	if errors.Is(err, sql.ErrNoRows) {
		return unit, nil, gateway.ErrNotFound
	}
	if err != nil {
		return unit, nil, fmt.Errorf("claim: %w", err)
	}
	var groups []int64
	err = x.SelectContext(ctx, &groups, `SELECT id FROM release_group
		WHERE state = 'waiting' AND release_at <= $1 AND release_at = $5
		  AND bank_centre = $2 AND agreement_id = $3 AND executes_on = $4
		ORDER BY id FOR UPDATE SKIP LOCKED`, now, unit.Bank, unit.AgreementID, unit.ExecutesOn, unit.ReleaseAt)
	if err != nil {
		return unit, nil, fmt.Errorf("claim groups: %w", err)
	}
	return unit, groups, nil
}

func (s *Store) release(ctx context.Context, x *session, unit releaseUnit, groups []int64) error {
	agreement, err := s.agreement(ctx, x, unit.AgreementID)
	if err != nil {
		return err
	}
	if agreement.BankCentre != unit.Bank {
		return moveGroups(ctx, x, agreement.BankCentre, groups)
	}
	bank, ok := s.banks[unit.Bank]
	if !ok {
		return fmt.Errorf("bank centre %s is not configured", unit.Bank)
	}
	now := s.Now()
	terms := gateway.Terms{ReceiveBy: agreement.ReceiveBy, SendBy: bank.SendBy, LeadDays: bank.LeadDays,
		Calendar: s.Calendar, Location: s.Location}
	executesOn := terms.ExecutionDay(now, gateway.DateOf(unit.ExecutesOn))
	if err := s.collect(ctx, x, groups, agreement.NoAccount, now); err != nil {
		return err
	}
	inForce := agreement.InForce(gateway.DateOf(now.In(s.Location)))
	if err := s.choose(ctx, x, agreement, bank, inForce); err != nil {
		return err
	}
	if err := s.returnUnpayable(ctx, x, now); err != nil {
		return err
	}
	if err := s.freeze(ctx, x, bank, agreement, executesOn, now); err != nil {
		return err
	}
	r, err := x.ExecContext(ctx, `UPDATE release_group SET state = 'released', released_at = $1, executes_on = $2
		WHERE state = 'waiting' AND id = ANY ($3::bigint[])`, now, executesOn.String(), groups)
	if err != nil {
		return fmt.Errorf("mark groups: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n != int64(len(groups)) {
		return fmt.Errorf("%w: marked %d groups of %d: %w", gateway.ErrLostOwnership, n, len(groups), err)
	}
	return nil
}

// agreement is one agreement as the register has it now.
func (s *Store) agreement(ctx context.Context, x *session, id int64) (Agreement, error) {
	all, err := s.Register.Agreements(ctx, x)
	if err != nil {
		return Agreement{}, fmt.Errorf("agreements: %w", err)
	}
	for _, a := range all {
		if a.ID == id {
			return a, nil
		}
	}
	return Agreement{}, fmt.Errorf("agreement %d: %w", id, gateway.ErrNotFound)
}

// moveGroups gives groups to the bank centre that their agreement has by now; it releases them next.
func moveGroups(ctx context.Context, x *session, bank string, groups []int64) error {
	_, err := x.ExecContext(ctx, `UPDATE release_group SET bank_centre = $1 WHERE state = 'waiting' AND id = ANY ($2::bigint[])`, bank, groups)
	if err != nil {
		return fmt.Errorf("move to bank %s: %w", bank, err)
	}
	return nil
}

// collect puts the payments of the groups, without the rejected and stopped ones, in the temporary table outgoing,
// with the account that each is paid to.
func (s *Store) collect(ctx context.Context, x *session, groups []int64, choice gateway.Choice, asOf time.Time) error {
	if err := s.Register.Prepare(ctx, x); err != nil {
		return err
	}
	steps := []string{
		`CREATE TEMP TABLE due_group ON COMMIT DROP AS
			SELECT id, delivery_id, month, debit_account, $2::text AS no_account FROM release_group WHERE id = ANY($1::bigint[])`,
		`CREATE UNIQUE INDEX ON due_group (id); ANALYZE due_group`,
		`CREATE TEMP TABLE outgoing ON COMMIT DROP AS
			SELECT p.month, p.id AS payment_id, g.delivery_id, g.debit_account, p.e2e, p.ore, p.type, p.complete,
				p.transfer_currency, p.holder_kind, p.holder, p.authority, p.benefit_type,
				p.account_kind, p.account, p.bic, p.bank_code,
				length(p.e2e) + coalesce(length(p.statement_text), 0) + coalesce(length(p.detail::text), 0) AS text_size,
				CASE WHEN d.return_always THEN 'return' ELSE g.no_account END AS no_account
			FROM (SELECT DISTINCT delivery_id, month FROM due_group) r
			JOIN delivery d ON d.id = r.delivery_id
			JOIN payment p ON p.month = r.month AND p.id BETWEEN r.delivery_id << 24 AND (r.delivery_id << 24) + 16777215
			JOIN due_group g ON g.id = p.group_id
			WHERE NOT EXISTS (SELECT 1 FROM payment_event e
				WHERE e.month = p.month AND e.payment_id = p.id AND e.attempt = 0)`,
		`INSERT INTO wanted SELECT payment_id, holder_kind, holder, authority, benefit_type
			FROM outgoing WHERE NOT complete`,
		`ANALYZE outgoing`,
	}
	for i, q := range steps {
		var args []any
		if i == 0 {
			args = []any{groups, string(choice)}
		}
		if _, err := x.ExecContext(ctx, q, args...); err != nil {
			return fmt.Errorf("collect step %d: %w", i, err)
		}
	}
	if err := s.Register.Resolve(ctx, x, asOf); err != nil {
		return err
	}
	if _, err := x.ExecContext(ctx, `ANALYZE found`); err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	return nil
}

// choose makes the temporary table chosen: per payment either the order that goes out, or the reason that none does.
// The account is the payment's own, else the register's; without one the standing choice counts. // B9.1 // B9.2 // B35-36
func (s *Store) choose(ctx context.Context, x *session, a Agreement, bank Bank, inForce bool) error {
	_, err := x.ExecContext(ctx, `CREATE TEMP TABLE chosen ON COMMIT DROP AS
		SELECT o.month, o.payment_id, o.delivery_id, o.debit_account, o.ore, o.text_size,
			v.reason,
			CASE WHEN v.cheque THEN 4 WHEN o.complete THEN o.type
				WHEN f.account_kind IN (2, 3) THEN 3 ELSE 1 END AS type,
			CASE WHEN v.cheque THEN 5 WHEN o.complete THEN o.account_kind ELSE f.account_kind END AS account_kind,
			CASE WHEN v.cheque THEN '' WHEN o.complete THEN o.account ELSE f.account END AS account,
			CASE WHEN v.cheque THEN NULL WHEN o.complete THEN o.bic ELSE f.bic END AS bic,
			CASE WHEN v.cheque THEN NULL WHEN o.complete THEN o.bank_code ELSE f.bank_code END AS bank_code,
			CASE WHEN v.cheque OR NOT o.complete AND f.account_kind = 1 THEN NULL
				WHEN o.transfer_currency IS NOT NULL THEN o.transfer_currency
				WHEN NOT o.complete AND f.account_kind IN (2, 3) AND f.currency <> 'DKK' THEN f.currency END AS transfer_currency,
			CASE WHEN v.cheque THEN 4 WHEN o.complete THEN 0 ELSE f.rule END AS rule,
			CASE WHEN v.cheque OR o.complete THEN NULL ELSE f.version END AS account_version,
			CASE WHEN v.cheque THEN jsonb_strip_nulls(jsonb_build_object('name', f.name, 'addr', jsonb_build_array(f.street),
					'post', f.postcode, 'town', f.town, 'ctry', f.country))
				WHEN NOT o.complete AND f.account_kind IN (2, 3) THEN jsonb_strip_nulls(jsonb_build_object(
					'name', coalesce(f.holder_name, f.name), 'addr', jsonb_build_array(coalesce(f.holder_address, f.street)),
					'post', CASE WHEN f.holder_address IS NULL THEN f.postcode END,
					'town', CASE WHEN f.holder_address IS NULL THEN f.town END,
					'ctry', CASE WHEN f.holder_address IS NULL THEN f.country ELSE f.bank_country END,
					'bank', f.bank_name, 'bankaddr', CASE WHEN f.bank_address IS NOT NULL THEN jsonb_build_array(f.bank_address) END,
					'bankctry', f.bank_country)) END AS beneficiary
		FROM outgoing o LEFT JOIN found f ON f.payment_id = o.payment_id
		CROSS JOIN LATERAL (SELECT
			NOT o.complete AND f.account IS NULL AND o.no_account = 'cheque' AND $2
				AND f.street IS NOT NULL AND f.name IS NOT NULL AND f.postcode IS NOT NULL AS wants) w
		CROSS JOIN LATERAL (SELECT w.wants AND f.life NOT IN (2, 3) AND $1 AND o.debit_account = ANY ($3::text[]) AS cheque,
			CASE WHEN NOT $1 THEN 'agreement' WHEN o.debit_account <> ALL ($3::text[]) THEN 'debit account'
				WHEN NOT o.complete AND f.life IS NULL THEN 'unknown'
				WHEN NOT o.complete AND f.life IN (2, 3) THEN 'ceased'
				WHEN NOT o.complete AND f.account IS NULL AND NOT w.wants THEN 'no account' END AS reason) v`,
		inForce, bank.Cheques, a.PayoutAccounts)
	if err != nil {
		return fmt.Errorf("choose: %w", err)
	}
	return nil
}

// returnUnpayable ends the payments that no order is made for, and owes their authority response 7; a cheque is told
// by response 7 too.
func (s *Store) returnUnpayable(ctx context.Context, x *session, now time.Time) error {
	_, err := x.ExecContext(ctx, `
		WITH reasons (reason, code, text) AS (VALUES
			('agreement', $3::text, $4::text), ('unknown', $5, $6), ('ceased', $7, $8), ('no account', $9, $10),
			('debit account', $11, $12)),
		ended AS (
			INSERT INTO payment_event (month, payment_id, attempt, kind, code, text, at)
			SELECT c.month, c.payment_id, 0, 'returned'::event_kind, r.code, r.text, $1::timestamptz
			FROM chosen c JOIN reasons r USING (reason) RETURNING payment_id)
		INSERT INTO answer_due (kind, delivery_id, month, payment_id, status, code, text, caused_at)
		SELECT 7, c.delivery_id, c.month, c.payment_id,
			CASE WHEN c.reason IS NULL THEN 'ACPT' ELSE 'RJCT' END, r.code, coalesce(r.text, $2::text), $1::timestamptz
		FROM chosen c LEFT JOIN reasons r USING (reason)
		WHERE c.reason IS NOT NULL OR c.rule = 4`,
		now, gateway.TextChequeUsed,
		string(gateway.CodeNoAccount), gateway.CodeAgreementExpired.Danish(),
		string(gateway.CodeNoAccount), gateway.CodeUnknownRecipient.Danish(),
		string(gateway.CodeNoAccount), gateway.CodeRecipientCeased.Danish(),
		string(gateway.CodeNoAccount), gateway.TextNoAccountReturned,
		string(gateway.CodeNoAccount), gateway.CodeDebitAccount.Danish())
	if err != nil {
		return fmt.Errorf("returns: %w", err)
	}
	return nil
}
