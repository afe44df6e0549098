package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// unwritten are the recalls r of bank $1 that stand in no message, of orders that the bank has: before that nobody could say what it is asked
// for. $2 are payments to pass over.
const unwritten = `FROM recall r JOIN interchange i ON i.id = r.interchange_id
	JOIN order_line l ON l.interchange_id = r.interchange_id AND l.message_no = r.message_no AND l.lin = r.lin
	WHERE r.bank = $1 AND i.state = 'sent' AND r.payment_id <> ALL ($2::bigint[]) AND NOT EXISTS (SELECT FROM recall_line w WHERE w.recall_id = r.id)`

// NextToRecall writes the next message that asks a bank for orders back, of one agreement and payout account; it goes the way of every other
// interchange to that bank. It reports whether there was one.
func (s *Store) NextToRecall(ctx context.Context, bankID string) (bool, error) {
	bank, err := s.serving(ctx, bankID)
	if err != nil {
		return false, err
	}
	return s.SkipFailing(ctx, gateway.RecallFails, func(over []int64) (took []int64, err error) {
		var any bool
		if err := s.DB.QueryRowContext(ctx, `SELECT EXISTS (SELECT `+unwritten+`)`, bankID, over).Scan(&any); err != nil || !any {
			return nil, postgres.Transient(err)
		}
		err = s.Transact(ctx, "recall", func(x *postgres.Session) error {
			m, err := nextRecall(ctx, x, bankID, over)
			if err != nil || len(m.orders) == 0 {
				return err
			}
			took = m.payments()
			if err := s.recall(ctx, x, bank, m); err != nil {
				return fmt.Errorf("bank %s: %w", bankID, err)
			}
			return s.CloseMended(ctx, x, gateway.RecallFails, took...)
		})
		return took, err
	})
}

// recalling is what one message asks for.
type recalling struct {
	Agreement    string        `db:"agreement"`
	AgreementID  sql.NullInt64 `db:"agreement_id"`
	Authority    string        `db:"authority"`
	DebitAccount string        `db:"debit_account"`
	orders       []recallOrder
}

type recallOrder struct {
	ID        int64  `db:"id"`
	Payment   int64  `db:"payment_id"`
	Month     string `db:"month"`
	Reference string `db:"reference"`
}

func (m recalling) payments() []int64 {
	var all []int64
	for _, o := range m.orders {
		all = append(all, o.Payment)
	}
	return all
}

// nextRecall is what the oldest recall that is unwritten can be asked together with. The bank's counter is locked: whoever writes another
// message for the bank waits.
func nextRecall(ctx context.Context, x *postgres.Session, bank string, over []int64) (m recalling, err error) {
	if _, err := x.ExecContext(ctx, `SELECT FROM bank_counter WHERE bank = $1 FOR UPDATE`, bank); err != nil {
		return m, fmt.Errorf("control number of bank %s: %w", bank, err)
	}
	err = x.GetContext(ctx, &m, `SELECT i.agreement, i.agreement_id, i.authority, l.debit_account `+unwritten+` ORDER BY r.id LIMIT 1`, bank, over)
	if errors.Is(err, sql.ErrNoRows) {
		return m, nil
	}
	if err == nil {
		// An order that was asked for again is in the next message.
		err = x.SelectContext(ctx, &m.orders, `SELECT * FROM (SELECT DISTINCT ON (r.reference) r.id, r.payment_id, r.month::text AS month, r.reference `+unwritten+`
			AND (i.agreement_id, i.agreement, i.authority, l.debit_account) IS NOT DISTINCT FROM ($3::bigint, $4, $5, $6) ORDER BY r.reference, r.id) r ORDER BY r.id LIMIT $7`,
			bank, over, m.AgreementID, m.Agreement, m.Authority, m.DebitAccount, gateway.MostRecalls)
	}
	if err != nil {
		return m, fmt.Errorf("recalls of bank %s: %w", bank, err)
	}
	return m, nil
}

// recall writes a message as one interchange of its own.
func (s *Store) recall(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, m recalling) error {
	number, err := s.NextControlNumber(ctx, x, bank.ID)
	if err != nil {
		return err
	}
	now := s.Now()
	asks := gateway.Recall{ControlRef: number.String(), Prepared: now.In(s.Location), Agreement: m.Agreement, Authority: m.Authority, DebitAccount: m.DebitAccount,
		MessageRef: gateway.MessageRef{Bank: bank.ID, Control: number, No: 1}.String()}
	since := m.orders[0].Month
	var ids []int64
	for _, o := range m.orders {
		since = min(since, o.Month)
		ids, asks.References = append(ids, o.ID), append(asks.References, o.Reference)
	}
	content, err := bank.Codec.Recall(asks)
	var signature gateway.Signature
	if err == nil {
		signature, err = bank.Codec.Signature()
	}
	if err != nil {
		return fmt.Errorf("FINCAN %d: %w", number, err)
	}
	document, _, err := s.StoreDocument(ctx, x, content)
	if err != nil {
		return err
	}
	var id int64
	err = x.QueryRowContext(ctx, `INSERT INTO interchange (kind, bank, control_ref, agreement, agreement_id, authority, prepared_at, month, since, file_name, messages, state, document_id, signed_by)
		VALUES ('FINCAN', $1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 'rendered', $10, $11) RETURNING id`,
		bank.ID, number, m.Agreement, m.AgreementID, m.Authority, now, s.thisMonth(), since, bank.Files.FinalName(number), document, signature.Key).Scan(&id)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO message (interchange_id, no, ref, payments, ore) VALUES ($1, 1, $2, 0, 0)`, id, asks.MessageRef)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO recall_line (recall_id, interchange_id, lin) SELECT r.id, $1, r.lin FROM unnest($2::bigint[]) WITH ORDINALITY r (id, lin)`, id, ids)
	}
	if err != nil {
		return fmt.Errorf("FINCAN %d: %w", number, err)
	}
	x.Wakes(postgres.ToSend(bank.ID), postgres.ToRecall(bank.ID))
	return nil
}
