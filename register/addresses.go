package register

import (
	"context"
	"fmt"
	"time"

	"nks/gateway"
)

// Addresses is where the holders live of whom accounts are asked, each in its own place; nothing of one who is not known or has ended.
func Addresses(ctx context.Context, q Asker, asked []Asked, at time.Time) ([]gateway.Detail, error) {
	kinds, numbers := make([]int16, len(asked)), make([]int64, len(asked))
	for i, a := range asked {
		kinds[i], numbers[i] = int16(a.Kind), a.Number
	}
	rows, err := q.Query(ctx, `SELECT q.n::int4, coalesce(h.name, ''), coalesce(h.street, ''), coalesce(h.postcode, ''), coalesce(h.town, ''), coalesce(h.country, '')
		FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS q (kind, id, n)
		CROSS JOIN LATERAL (SELECT v.* FROM nks.holder_version v WHERE v.id = q.id AND v.kind = q.kind AND v.recorded_to IS NULL
			AND v.valid_from <= $3 AND (v.valid_to > $3 OR v.valid_to IS NULL) LIMIT 1) h`, kinds, numbers, at)
	if err != nil {
		return nil, fmt.Errorf("addresses: %w", err)
	}
	defer rows.Close()
	found := make([]gateway.Detail, len(asked))
	for rows.Next() {
		var n int
		var d gateway.Detail
		var street string
		if err := rows.Scan(&n, &d.Name, &street, &d.PostCode, &d.Town, &d.Country); err != nil {
			return nil, fmt.Errorf("addresses: %w", err)
		}
		d.AddressLines = []string{street}
		found[n-1] = d
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("addresses: %w", err)
	}
	return found, nil
}
