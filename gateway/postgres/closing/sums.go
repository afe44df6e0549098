package closing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Sum is the payments of a payer's agreement in one state. OrderOre is by what their orders say.
type Sum struct {
	Supplier  string               `db:"supplier" json:"supplier"`
	Authority string               `db:"authority" json:"authority"`
	Agreement string               `db:"agreement" json:"agreement"`
	State     gateway.PaymentState `db:"state" json:"state"`
	Payments  int64                `db:"payments" json:"payments"`
	Ore       int64                `db:"ore" json:"ore"`
	OrderOre  int64                `db:"order_ore" json:"order_ore"`
}

// Frozen is what the log is told of a closed month.
type Frozen struct {
	Month         string `json:"month"`
	Payments      int64  `json:"payments"`
	Ore           int64  `json:"ore"`
	SumsSHA256    string `json:"sums_sha256"`    // of the sums, one a line
	CarriedSHA256 string `json:"carried_sha256"` // of the payments that were carried at the closing, one a line
}

func (f *Frozen) add(sums []Sum) {
	for _, s := range sums {
		f.Payments, f.Ore = f.Payments+s.Payments, f.Ore+s.Ore
	}
}

// digest is of sums in their order: those of the keys' bytes.
func digest(sums []Sum) string {
	h := sha256.New()
	for _, s := range sums {
		_, _ = fmt.Fprintf(h, "%q %q %q %s %d %d %d\n", s.Supplier, s.Authority, s.Agreement, s.State, s.Payments, s.Ore, s.OrderOre)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// frozenSums are the sums as they were frozen.
func frozenSums(ctx context.Context, q sqlx.QueryerContext, month gateway.Month) (sums []Sum, err error) {
	err = sqlx.SelectContext(ctx, q, &sums, `SELECT supplier, authority, agreement, state, payments, ore, order_ore FROM month_sum
		WHERE month = $1::date ORDER BY supplier, authority, agreement, state`, month.String())
	if err != nil {
		return nil, fmt.Errorf("sums of %s: %w", month.Name(), err)
	}
	return sums, nil
}

// sumsOfRows adds the month's payments up anew: those that are carried in the state that they were frozen in.
func sumsOfRows(ctx context.Context, q sqlx.QueryerContext, month gateway.Month) (sums []Sum, err error) {
	err = sqlx.SelectContext(ctx, q, &sums, `SELECT p.supplier COLLATE "C" AS supplier, p.authority COLLATE "C" AS authority, p.agreement COLLATE "C" AS agreement,
			coalesce(c.state, p.state) COLLATE "C" AS state, count(*) AS payments, sum(p.ore)::bigint AS ore, sum(coalesce(c.order_ore, p.order_ore))::bigint AS order_ore
		FROM payment_states($1::date, $2::date) p LEFT JOIN carried c ON c.month = p.month AND c.payment_id = p.payment_id AND c.month = $1::date
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`, month.String(), month.Next().String())
	if err != nil {
		return nil, fmt.Errorf("payments of %s: %w", month.Name(), err)
	}
	return sums, nil
}

// carriedDigest is of the payments that were carried when the month closed.
func carriedDigest(ctx context.Context, q sqlx.QueryerContext, month gateway.Month) (string, error) {
	rows, err := q.QueryxContext(ctx, `SELECT payment_id, state, ore, order_ore FROM carried WHERE month = $1::date AND at_closing ORDER BY payment_id`, month.String())
	if err != nil {
		return "", fmt.Errorf("carried from %s: %w", month.Name(), err)
	}
	defer func() { _ = rows.Close() }()
	h := sha256.New()
	for rows.Next() {
		var id, ore, orderOre int64
		var state string
		if err := rows.Scan(&id, &state, &ore, &orderOre); err != nil {
			return "", fmt.Errorf("carried from %s: %w", month.Name(), err)
		}
		_, _ = fmt.Fprintf(h, "%d %s %d %d\n", id, state, ore, orderOre)
	}
	return hex.EncodeToString(h.Sum(nil)), rows.Err()
}
