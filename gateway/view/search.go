package view

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"nks/audit"
	"nks/gateway"
)

// Found is a payment that a search has found.
type Found struct {
	ID       int64  `db:"id"`
	Supplier string `db:"supplier"`
	Ore      int64  `db:"ore"`
	Rejected bool   `db:"rejected"`
}

const (
	mostFound = 20
	// mostSought is how much of what was sought the log keeps, in bytes.
	mostSought = 200
	// mostRejects is how many of the newest rejected payments are looked through: they have taken no key.
	mostRejects = 20_000
)

// Find looks among the viewer's payments for an EndToEndId, as it was sent, or for our number. Nothing is found by what
// no document can hold. It is ErrOperations for operations.
func (r *Reader) Find(ctx context.Context, v Viewer, wanted string) ([]Found, error) {
	if v.Operations() {
		return nil, ErrOperations
	}
	if wanted == "" || !utf8.ValidString(wanted) || strings.ContainsFunc(wanted, unicode.IsControl) {
		return nil, nil
	}
	var found []Found
	err := r.look(ctx, v, func(tx *sqlx.Tx) (err error) {
		for _, find := range []func(context.Context, *sqlx.Tx, string) ([]Found, error){findKey, findNumber, findRejected} {
			if found, err = find(ctx, tx, wanted); err != nil || len(found) > 0 {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = r.looked(ctx, audit.PaymentSearch, searchOf(v, wanted, found))
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

func searchOf(v Viewer, wanted string, found []Found) searchLook {
	sought := Mask(wanted)
	look := searchLook{By: v.who(), Authority: v.Authority, Sought: sought[:min(len(sought), mostSought)], Payments: []int64{}}
	for _, f := range found {
		look.Payments = append(look.Payments, f.ID)
	}
	return look
}

// findKey looks for the EndToEndId of a payment that was accepted.
func findKey(ctx context.Context, tx *sqlx.Tx, e2e string) (found []Found, err error) {
	err = tx.SelectContext(ctx, &found, `SELECT k.payment_id AS id, p.supplier, false AS rejected,
			(SELECT q.ore FROM delivery d JOIN payment q ON q.month = d.month AND q.id = k.payment_id WHERE d.id = delivery_of(k.payment_id)) AS ore
		FROM payer p JOIN payment_key k ON k.payer_id = p.id WHERE k.e2e = $1 ORDER BY k.payment_id LIMIT $2`, e2e, mostFound)
	return found, err
}

// findNumber looks for our number of a payment.
func findNumber(ctx context.Context, tx *sqlx.Tx, number string) (found []Found, err error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, nil
	}
	err = tx.SelectContext(ctx, &found, `SELECT q.id, d.supplier, q.ore, false AS rejected
		FROM delivery d JOIN payment q ON q.month = d.month AND q.id = $2 WHERE d.id = $1`, gateway.DeliveryOf(id), id)
	return found, err
}

// findRejected looks for the EndToEndId of a payment that was not accepted.
func findRejected(ctx context.Context, tx *sqlx.Tx, e2e string) (found []Found, err error) {
	err = tx.SelectContext(ctx, &found, `SELECT q.id, d.supplier, q.ore, true AS rejected
		FROM (SELECT e.month, e.payment_id FROM standing e WHERE e.kind = 'rejected'
			ORDER BY e.month DESC, e.payment_id DESC LIMIT $2) e
		CROSS JOIN LATERAL (SELECT * FROM payment p WHERE p.month = e.month AND p.id = e.payment_id LIMIT 1) q
		JOIN delivery d ON d.id = delivery_of(q.id)
		WHERE q.e2e = $1 ORDER BY q.id LIMIT $3`, e2e, mostRejects, mostFound)
	return found, err
}
