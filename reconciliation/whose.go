package reconciliation

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Owned is a payment and the authority whose it is.
type Owned struct {
	Payment   int64  `db:"payment"`
	Authority string `db:"authority"`
}

// mostOwned is how many payments of one EndToEndId are told: authorities may have used the same.
const mostOwned = 20

// Whose finds payments of all authorities by our number, or by the EndToEndId of accepted ones, as it was sent.
func Whose(ctx context.Context, db *sqlx.DB, wanted string) ([]Owned, error) {
	if !utf8.ValidString(wanted) || strings.ContainsRune(wanted, 0) {
		return nil, nil // no document can hold it
	}
	var found []Owned
	err := db.SelectContext(ctx, &found, `SELECT k.payment_id AS payment, p.authority FROM payer p JOIN payment_key k ON k.payer_id = p.id
		WHERE k.e2e = $1 ORDER BY k.payment_id LIMIT $2`, wanted, mostOwned)
	id, notNumber := strconv.ParseInt(wanted, 10, 64)
	if err == nil && len(found) == 0 && notNumber == nil {
		err = db.SelectContext(ctx, &found, `SELECT q.id AS payment, q.authority FROM delivery d JOIN payment q ON q.month = d.month AND q.id = $2
			WHERE d.id = $1`, gateway.DeliveryOf(id), id)
	}
	if err != nil {
		return nil, fmt.Errorf("find payment: %w", err)
	}
	return found, nil
}
