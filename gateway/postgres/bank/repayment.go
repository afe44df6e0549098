package bank

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"nks/gateway"
	"nks/gateway/postgres"
)

// mostRepayments bounds how many payments one contradiction holds; a person sees the first, and decides about the rest.
const mostRepayments = 10_000

// holdRepayments holds the waiting payments that may pay once more what is disputed now and was answered as refused: of the
// same payer to the same recipient, for the same benefit and amount, delivered since.
func (s *Store) holdRepayments(ctx context.Context, x *postgres.Session) error {
	var repayments []struct {
		ID   int64 `db:"id"`
		Once int64 `db:"once"`
	}
	err := x.SelectContext(ctx, &repayments, `WITH disputed AS (
			SELECT j.payment_id FROM judged j WHERE j.effect = 'disputes' AND j.payment_id IS NOT NULL
			UNION SELECT o.payment_id FROM judged j JOIN interchange i ON i.id = j.interchange_id JOIN bank_order o ON o.month = i.month
				AND o.interchange_id = j.interchange_id AND o.message_no = j.message_no AND o.lin = j.lin
			WHERE j.effect = 'disputes' AND j.payment_id IS NULL),
		answered AS (SELECT q.payment_id, d.payer_id, p.holder, p.holder_kind, p.account, p.ore, p.benefit_type, min(a.caused_at) AS at
			FROM disputed q JOIN answer_due a ON a.kind = $1 AND a.delivery_id = delivery_of(q.payment_id) AND a.payment_id = q.payment_id
			JOIN delivery d ON d.id = delivery_of(q.payment_id) JOIN payment p ON p.month = d.month AND p.id = q.payment_id
			GROUP BY 1, 2, 3, 4, 5, 6, 7)
		SELECT p.id, min(w.payment_id) AS once FROM answered w JOIN delivery d ON d.payer_id = w.payer_id AND d.received_at >= w.at
		JOIN release_group g ON g.delivery_id = d.id AND g.state = 'waiting'
		JOIN payment p ON p.month = g.month AND p.group_id = g.id AND p.id BETWEEN d.id << 24 AND (d.id << 24) + 16777215
			AND (p.holder, p.holder_kind, p.account) IS NOT DISTINCT FROM (w.holder, w.holder_kind, w.account)
			AND p.ore = w.ore AND p.benefit_type = w.benefit_type
		GROUP BY 1 ORDER BY 1 LIMIT $2`, int(gateway.Response9), mostRepayments)
	if err != nil {
		return fmt.Errorf("re-payments: %w", err)
	}
	for _, p := range repayments {
		again := gateway.DetailPaysAgain.With(p.Once)
		err := s.HoldPayment(ctx, x, p.ID, 0, again.English())
		if errors.Is(err, gateway.ErrLostOwnership) {
			continue // rejected, or released meanwhile
		}
		if err == nil {
			err = s.RaiseDetail(ctx, x, gateway.RepaymentHeld, strconv.FormatInt(p.ID, 10), again)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
