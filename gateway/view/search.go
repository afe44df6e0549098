package view

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
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
	err = tx.SelectContext(ctx, &found, `SELECT k.payment_id AS id, p.supplier, false AS rejected
		FROM payer p JOIN payment_key k ON k.payer_id = p.id WHERE k.e2e = $1 ORDER BY k.payment_id LIMIT $2`, e2e, mostFound)
	for i := range found {
		if err == nil {
			err = tx.GetContext(ctx, &found[i].Ore, `SELECT ore FROM payment WHERE month = $1::date AND id = $2`, monthOf(found[i].ID), found[i].ID)
		}
	}
	return found, err
}

// monthOf is the month in whose partition a payment is.
func monthOf(payment int64) string {
	return gateway.MonthOfDelivery(gateway.DeliveryOf(payment)).String()
}

// findNumber looks for our number of a payment.
func findNumber(ctx context.Context, tx *sqlx.Tx, number string) (found []Found, err error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, nil
	}
	err = tx.SelectContext(ctx, &found, `SELECT q.id, d.supplier, q.ore, false AS rejected
		FROM delivery d JOIN payment q ON q.id = $2 WHERE d.id = $1 AND q.month = $3::date`, gateway.DeliveryOf(id), id, monthOf(id))
	return found, err
}

// findRejected looks for the EndToEndId of a payment of an open month that was not accepted.
func findRejected(ctx context.Context, tx *sqlx.Tx, e2e string) (found []Found, err error) {
	var open struct {
		Month    time.Time `db:"month"`
		Delivery int64     `db:"delivery"`
	}
	// Values, so that it is planned for those months.
	if err = tx.GetContext(ctx, &open, `SELECT first_open() AS month, first_open_delivery() AS delivery`); err != nil {
		return nil, err
	}
	err = tx.SelectContext(ctx, &found, `SELECT q.id, d.supplier, q.ore, true AS rejected
		FROM (SELECT e.month, e.payment_id FROM standing e WHERE e.kind = 'rejected' AND e.month >= $4
			ORDER BY e.month DESC, e.payment_id DESC LIMIT $2) e
		CROSS JOIN LATERAL (SELECT * FROM payment p WHERE p.month = e.month AND p.id = e.payment_id AND p.month >= $4 LIMIT 1) q
		JOIN delivery d ON d.id = delivery_of(q.id) AND d.id >= $5
		WHERE q.e2e = $1 ORDER BY q.id LIMIT $3`, e2e, mostRejects, mostFound, open.Month, open.Delivery)
	return found, err
}
