package view

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Overview is where the money is and what needs a person, as of one instant.
type Overview struct {
	At          time.Time // business time
	All         Tally
	Authorities []Tally
	Banks       []Tally
	Doors       []Door
	Unread      int64 // deliveries that have arrived and not been read
	Attention
	Deliveries []DeliveryHead // the latest, newest first, with their answers
}

// Door is what came through one door in the open months.
type Door struct {
	Door       string `db:"door"`
	Deliveries int64  `db:"deliveries"`
	Refused    int64  `db:"refused"`
}

// Overview reads the overview of a viewer; at is business time.
func (r *Reader) Overview(ctx context.Context, v Viewer, at time.Time) (*Overview, error) {
	o := &Overview{At: at}
	err := r.look(ctx, v, func(tx *sqlx.Tx) error {
		if err := o.readFlow(ctx, tx); err != nil {
			return err
		}
		// A value, so that statements are planned for the open months.
		var open int64
		err := tx.GetContext(ctx, &open, `SELECT first_open_delivery()`)
		if err == nil {
			err = o.readDoors(ctx, tx, open)
		}
		if err == nil {
			err = o.Attention.read(ctx, tx, at, open)
		}
		if err == nil {
			o.Deliveries, err = latestDeliveries(ctx, tx, open)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("overview: %w", err)
	}
	return o, nil
}

func (o *Overview) readFlow(ctx context.Context, tx *sqlx.Tx) error {
	var rows []struct {
		Authority string `db:"authority"`
		Name      string `db:"name"`
		Bank      string `db:"bank"`
		State     State  `db:"state"`
		Payments  int64  `db:"payments"`
		Ore       int64  `db:"ore"`
	}
	err := tx.SelectContext(ctx, &rows, `SELECT f.*, coalesce(a.name, '') AS name FROM page_flow() f LEFT JOIN authority a USING (authority)
		ORDER BY f.authority, f.bank, f.state`)
	if err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	o.All = Tally{States: map[State]Sum{}}
	for _, r := range rows {
		sum := Sum{r.Payments, r.Ore}
		o.All.add(r.State, sum)
		addTo(&o.Authorities, r.Authority, r.Name, r.State, sum)
		if r.Bank != "" {
			addTo(&o.Banks, r.Bank, r.Bank, r.State, sum)
		}
	}
	return nil
}

func (o *Overview) readDoors(ctx context.Context, tx *sqlx.Tx, open int64) error {
	err := tx.SelectContext(ctx, &o.Doors, `SELECT door, count(*) AS deliveries, count(*) FILTER (WHERE state = 'refused') AS refused
		FROM delivery WHERE id >= $1 GROUP BY door ORDER BY door`, open)
	if err == nil {
		// A month with something unread is not closed.
		err = tx.GetContext(ctx, &o.Unread, `SELECT count(*) FROM delivery WHERE state = 'received' AND id >= $1`, open)
	}
	if err != nil {
		return fmt.Errorf("doors: %w", err)
	}
	return nil
}
