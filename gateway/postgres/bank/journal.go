package bank

import (
	"context"
	_ "embed"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

//go:embed sql/journal_frozen.sql
var journalFrozenSQL string

//go:embed sql/journal_orders.sql
var journalOrdersSQL string

// journalOrders is how many orders one record holds.
const journalOrders = 5000

// journalSending records an attempt, and before the first of a release all that was frozen in it: whoever knows of one
// interchange knows of all, and so where every payment of its groups stands.
func (s *Store) journalSending(ctx context.Context, o gateway.Outgoing) error {
	if s.Journal == nil {
		return nil
	}
	var unit []int64
	err := s.DB.SelectContext(ctx, &unit, `SELECT o.id FROM interchange i JOIN interchange o ON o.month = i.month AND (o.id = i.id OR o.kind = 'PAYMUL' AND o.state <> 'void' AND i.kind = 'PAYMUL'
			AND (o.bank, o.agreement_id, o.executes_on, o.prepared_at) = (i.bank, i.agreement_id, i.executes_on, i.prepared_at))
		WHERE i.id = $1 ORDER BY o.id`, o.ID)
	if err != nil {
		return fmt.Errorf("journal: interchange %d: %w", o.ID, postgres.Transient(err))
	}
	for _, id := range unit {
		if err := s.journalFrozen(ctx, id); err != nil {
			return err
		}
	}
	return s.Keep(ctx, postgres.JournalSending, `SELECT concat_ws(' ', i.bank, i.control_ref, i.version, i.attempt, left(encode(c.sha256, 'hex'), 16)), NULL::bigint,
		jsonb_build_object('bank', i.bank, 'control_ref', i.control_ref, 'version', i.version, 'attempt', i.attempt, 'sha256', c.sha256, 'payments', i.payments, 'ore', i.ore,
			'fence', i.fence, 'may_be_out_since', i.may_be_out_since)
		FROM interchange i JOIN document c ON c.id = i.document_id WHERE i.id = $1`, o.ID)
}

// journalFrozen records what was frozen in one interchange: its orders first, then the interchange with everything else.
func (s *Store) journalFrozen(ctx context.Context, id int64) error {
	var key string
	err := s.DB.QueryRowContext(ctx, `SELECT concat_ws(' ', bank, control_ref, version, extract(epoch FROM prepared_at)::bigint) FROM interchange WHERE id = $1`, id).Scan(&key)
	if err != nil {
		return fmt.Errorf("journal: interchange %d: %w", id, postgres.Transient(err))
	}
	if s.Journal.Has(postgres.JournalFrozen, key) {
		return nil
	}
	if err := s.journalDeliveries(ctx, id); err != nil {
		return err
	}
	message, lin, seq := 0, 0, 0
	for n := 0; ; n++ {
		var rows []byte
		var took int
		err := s.DB.QueryRowContext(ctx, journalOrdersSQL, id, message, lin, seq, journalOrders).Scan(&rows, &took, &message, &lin, &seq)
		if err != nil {
			return fmt.Errorf("journal: orders of interchange %d: %w", id, postgres.Transient(err))
		}
		if took == 0 {
			break
		}
		if err := s.KeepRows(postgres.JournalOrders, fmt.Sprintf("%s #%d", key, n), rows); err != nil {
			return err
		}
	}
	return s.Keep(ctx, postgres.JournalFrozen, journalFrozenSQL, id, key)
}

// journalDeliveries records those deliveries of an interchange whose sender was never told that they were taken: the process died between.
func (s *Store) journalDeliveries(ctx context.Context, interchange int64) error {
	var deliveries []int64
	err := s.DB.SelectContext(ctx, &deliveries, `SELECT DISTINCT delivery_of(o.payment_id) FROM interchange i JOIN bank_order o ON o.month = i.month AND o.interchange_id = i.id
		WHERE i.id = $1 ORDER BY 1`, interchange)
	if err != nil {
		return fmt.Errorf("journal: deliveries of interchange %d: %w", interchange, postgres.Transient(err))
	}
	for _, id := range deliveries {
		if err := s.KeepDelivery(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// journalSent records that the bank has an interchange, so that nobody need be asked after a restore.
func (s *Store) journalSent(ctx context.Context, id int64) error {
	return s.Keep(ctx, postgres.JournalSent, `SELECT concat_ws(' ', bank, control_ref, version), NULL::bigint,
		jsonb_build_object('bank', bank, 'control_ref', control_ref, 'version', version, 'sent_at', sent_at) FROM interchange WHERE id = $1`, id)
}
