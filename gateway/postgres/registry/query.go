package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/registerxml"
)

// asked is the queries of a document, as arrays for a statement.
type asked struct {
	items   []int
	kinds   []int16
	ids     []int64
	by, why []string
}

// query answers the queries of a document, of which places are the items, and keeps that they were asked. // B19.1 // B19.2
func (s *Store) query(ctx context.Context, x *postgres.Session, d postgres.Delivery, head registerxml.Head, items []registerxml.Item, places []int, outcomes []registerxml.Outcome) error {
	var q asked
	for _, n := range places {
		id, err := items[n].Holder.Number()
		if err != nil {
			return fmt.Errorf("item %d: %w", n+1, err)
		}
		q.items, q.kinds, q.ids = append(q.items, n+1), append(q.kinds, int16(items[n].Holder.Kind)), append(q.ids, id)
		q.by, q.why = append(q.by, items[n].By), append(q.why, items[n].Why)
		outcomes[n].State, outcomes[n].Rule, outcomes[n].Text = string(refusedState), "G-ident", "the holder is not known"
	}
	_, err := x.ExecContext(ctx, `INSERT INTO register_query (delivery_id, item, authority, holder_kind, holder_id, asked_by, why, asked_at)
		SELECT $1, q.item, $2, q.kind, q.id, q.by, q.why, $8 FROM unnest($3::int[], $4::smallint[], $5::bigint[], $6::text[], $7::text[]) AS q (item, kind, id, by, why)`,
		d.ID, head.Authority, q.items, q.kinds, q.ids, q.by, q.why, s.Now())
	if err == nil {
		err = s.held(ctx, x, head, q, outcomes)
	}
	if err != nil {
		return fmt.Errorf("queries of delivery %d: %w", d.ID, err)
	}
	return nil
}

// held finds what the holders have that an authority may see, by the order of their purposes.
func (s *Store) held(ctx context.Context, x *postgres.Session, head registerxml.Head, q asked, outcomes []registerxml.Outcome) (err error) {
	now := s.Now()
	rows, err := x.QueryContext(ctx, `SELECT q.item, coalesce(v.id, 0), coalesce(v.authority, ''), coalesce(v.benefit_type, ''), coalesce(v.account_kind, 0), coalesce(v.account, ''),
			coalesce(v.bic, ''), coalesce(v.bank_code, ''), coalesce(v.currency, ''), coalesce(v.locked, false), nullif(v.valid_from, '-infinity'), v.valid_to
		FROM unnest($1::int[], $2::smallint[], $3::bigint[]) AS q (item, kind, id)
		CROSS JOIN LATERAL (SELECT FROM nks.holder_version h WHERE h.id = q.id AND h.kind = q.kind AND h.recorded_to IS NULL
			AND h.valid_from <= $4 AND (h.valid_to > $4 OR h.valid_to IS NULL) LIMIT 1) h
		LEFT JOIN LATERAL (SELECT * FROM nks.account_version v WHERE v.holder_id = q.id AND v.holder_kind = q.kind AND v.recorded_to IS NULL
			AND (v.valid_to > $4 OR v.valid_to IS NULL) AND (v.authority IS NULL OR v.authority = $5) OFFSET 0) v ON true
		ORDER BY q.item, v.authority NULLS FIRST, v.benefit_type, v.valid_from, v.id`, q.items, q.kinds, q.ids, now, head.Authority)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var item int
		var h registerxml.Held
		var from, to sql.NullTime
		if err := rows.Scan(&item, &h.Version, &h.Authority, &h.BenefitType, &h.Account.Kind, &h.Account.Number, &h.Account.BIC, &h.Account.BankCode, &h.Account.Currency,
			&h.Locked, &from, &to); err != nil {
			return err
		}
		o := &outcomes[item-1]
		o.State, o.Rule, o.Text = answeredState, "", ""
		if h.Account.Kind != gateway.NoAccount {
			o.Holds = append(o.Holds, shown(h, from.Time, to.Time, now))
		}
	}
	return rows.Err()
}

// shown is an account as an authority sees it. // B19.1
func shown(h registerxml.Held, from, to, now time.Time) registerxml.Held {
	h.From, h.To, h.Later = from, to, from.After(now)
	if h.Authority == "" {
		h.Account.Number = h.Account.MaskedNumber()
	}
	return h
}
