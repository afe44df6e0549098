package view

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Attention is what needs a person.
type Attention struct {
	Exceptions []Exception   // the oldest open ones
	Open       int           // exceptions in all
	Unsure     []Interchange // nobody knows whether the bank has them
	Late       []Late
}

// Needed reports whether anything needs a person.
func (a *Attention) Needed() bool { return a.Open > 0 || len(a.Unsure) > 0 || len(a.Late) > 0 }

// Exception is something that a person must decide.
type Exception struct {
	Kind     string    `db:"kind"`
	Subject  string    `db:"subject"`
	Detail   string    `db:"detail"`
	RaisedAt time.Time `db:"raised_at"`
}

// Late counts what should have moved on by now.
type Late struct {
	What   string    `db:"what"` // read, check, release or send: what has not been done
	Count  int64     `db:"count"`
	Oldest time.Time `db:"oldest"`
}

const (
	mostAttention  = 50 // exceptions listed
	lateAfter      = 5 * time.Minute
	lateAtBankGate = 15 * time.Minute
)

func (a *Attention) read(ctx context.Context, tx *sqlx.Tx, at time.Time) error {
	err := tx.SelectContext(ctx, &a.Exceptions, `SELECT kind, subject, detail, raised_at FROM exception WHERE closed_at IS NULL
		ORDER BY raised_at, id LIMIT $1`, mostAttention)
	if err == nil {
		err = tx.GetContext(ctx, &a.Open, `SELECT count(*) FROM exception WHERE closed_at IS NULL`)
	}
	if err == nil {
		err = tx.SelectContext(ctx, &a.Unsure, `SELECT `+interchangeColumns+` FROM interchange
			WHERE state = 'unknown' ORDER BY prepared_at, id LIMIT $1`, mostAttention)
	}
	if err != nil {
		return fmt.Errorf("exceptions: %w", err)
	}
	err = tx.SelectContext(ctx, &a.Late, `
		SELECT 'read' AS what, count(*), min(received_at) AS oldest FROM delivery WHERE state = 'received' AND received_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'check', count(*), min(read_at) FROM delivery WHERE state = 'read' AND read_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'release', count(*), min(release_at) FROM release_group WHERE state = 'waiting' AND release_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'send', count(*), min(prepared_at) FROM interchange
			WHERE state IN ('frozen', 'rendered', 'sending', 'publishing') AND prepared_at < $2 HAVING count(*) > 0`,
		at.Add(-lateAfter), at.Add(-lateAtBankGate))
	if err != nil {
		return fmt.Errorf("late: %w", err)
	}
	return nil
}
