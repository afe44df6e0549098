package view

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Viewer is whom somebody looks as: operations, or one authority.
type Viewer struct {
	Authority string `db:"authority"` // its number; empty: operations
	Name      string `db:"name"`
	By        string `db:"-"` // who it is, for the log; empty: whoever is at the pages
}

// Operations reports whether the viewer is not an authority.
func (v Viewer) Operations() bool { return v.Authority == "" }

// Authorities are all authorities that may be looked as, by their number.
func (r *Reader) Authorities(ctx context.Context) ([]Viewer, error) {
	var list []Viewer
	err := r.look(ctx, Viewer{}, func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &list, `SELECT authority, name FROM authority ORDER BY authority`)
	})
	if err != nil {
		return nil, fmt.Errorf("authorities: %w", err)
	}
	return list, nil
}
