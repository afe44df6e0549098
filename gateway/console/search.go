package console

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// searchView is what was looked for and found. What somebody typed is shown again, in no address.
type searchView struct {
	Asked   bool
	Query   string
	Found   []foundRow
	Allowed bool
}

type foundRow struct {
	ID       int64  `db:"id"`
	E2E      string `db:"e2e"`
	Supplier string `db:"supplier"`
	Ore      int64  `db:"ore"`
	Rejected bool   `db:"rejected"`
}

const (
	mostFound = 20
	// mostRejects is how many of the newest rejected payments are looked through: they have taken no key.
	mostRejects = 20_000
)

// searchPage looks for a payment by its EndToEndId or our number. A search is a form that is posted, so that nothing
// of a citizen's stands in an address.
func (s *Console) searchPage(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	v := &searchView{Allowed: !who.Operations()}
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if err := r.ParseForm(); err != nil {
			return errBadForm
		}
		v.Query, v.Asked = strings.TrimSpace(r.PostForm.Get("q")), true
	}
	if v.Asked && v.Query != "" && v.Allowed {
		err := s.look(ctx, who, func(tx *sqlx.Tx) error { return v.find(ctx, tx) })
		if err != nil {
			return err
		}
		if len(v.Found) == 1 {
			http.Redirect(w, r, fmt.Sprintf("/payment/%d", v.Found[0].ID), http.StatusSeeOther)
			return nil
		}
	}
	return s.render(w, r, http.StatusOK, "search", "search.title", 0, v)
}

func (v *searchView) find(ctx context.Context, tx *sqlx.Tx) error {
	err := tx.SelectContext(ctx, &v.Found, `SELECT k.payment_id AS id, k.e2e, p.supplier, false AS rejected,
			(SELECT q.ore FROM delivery d JOIN payment q ON q.month = d.month AND q.id = k.payment_id WHERE d.id = k.payment_id >> 24) AS ore
		FROM payer p JOIN payment_key k ON k.payer_id = p.id WHERE k.e2e = $1 ORDER BY k.payment_id LIMIT $2`, v.Query, mostFound)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	if id, err := strconv.ParseInt(v.Query, 10, 64); err == nil && len(v.Found) == 0 {
		err := tx.SelectContext(ctx, &v.Found, `SELECT q.id, q.e2e, d.supplier, q.ore, false AS rejected
			FROM delivery d JOIN payment q ON q.month = d.month AND q.id = $2 WHERE d.id = $1`, gateway.DeliveryOf(id), id)
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
	}
	if len(v.Found) == 0 {
		err := tx.SelectContext(ctx, &v.Found, `SELECT q.id, q.e2e, d.supplier, q.ore, true AS rejected
			FROM (SELECT e.month, e.payment_id FROM payment_event e WHERE e.attempt = 0 AND e.kind = 'rejected'
				ORDER BY e.month DESC, e.payment_id DESC LIMIT $2) e
			CROSS JOIN LATERAL (SELECT * FROM payment p WHERE p.month = e.month AND p.id = e.payment_id LIMIT 1) q
			JOIN delivery d ON d.id = q.id >> 24
			WHERE q.e2e = $1 ORDER BY q.id LIMIT $3`, v.Query, mostRejects, mostFound)
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
	}
	return nil
}
