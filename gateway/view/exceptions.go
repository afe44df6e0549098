package view

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Attention is what needs a person.
type Attention struct {
	Exceptions []Exception   // open ones, the most severe and then the oldest first
	Open       int           // exceptions in all
	Waiting    int           // those of them that are no mere notices
	Unsure     []Interchange // nobody knows whether the bank has them
	Late       []Late
	LinesDown  []Line // for longer than they may be
}

// Needed reports whether anything needs a person.
func (a *Attention) Needed() bool {
	return a.Waiting > 0 || len(a.Unsure) > 0 || len(a.Late) > 0 || len(a.LinesDown) > 0
}

// Exception is something that a person must decide.
type Exception struct {
	ID       int64              `db:"id"`
	Kind     string             `db:"kind"`
	Subject  string             `db:"subject"`
	Thing    gateway.Thing      `db:"thing"` // with ThingID, what it is about; "" where that is nothing with an id
	ThingID  int64              `db:"thing_id"`
	Bank     string             `db:"bank"`
	Severity gateway.Severity   `db:"severity"`
	Code     gateway.DetailCode `db:"detail_code"`
	Args     gateway.DetailArgs `db:"detail_args"`
	RaisedAt time.Time          `db:"raised_at"`
	Times    int                `db:"times"` // how often it was so, where that is counted; else 1
	LastAt   *time.Time         `db:"last_at"`
	Deadline *time.Time         `db:"deadline"`
	Owner    string             `db:"owner"`
}

// Overdue reports whether somebody must have looked before a time; a notice closes itself instead.
func (e Exception) Overdue(at time.Time) bool {
	return e.Severity > gateway.Notice && e.Deadline != nil && e.Deadline.Before(at)
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

func (a *Attention) read(ctx context.Context, tx *sqlx.Tx, at time.Time, open int64) error {
	err := tx.SelectContext(ctx, &a.Exceptions, `SELECT id, kind, subject, coalesce(thing, '') AS thing, coalesce(thing_id, 0) AS thing_id,
			coalesce(bank, '') AS bank, severity, detail_code, to_jsonb(detail_args)::text AS detail_args, raised_at, times, last_at, deadline, coalesce(owner, '') AS owner
		FROM exception WHERE closed_at IS NULL ORDER BY severity DESC, raised_at, id LIMIT $1`, mostAttention)
	if err == nil {
		err = tx.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE severity > $1) FROM exception WHERE closed_at IS NULL`,
			int(gateway.Notice)).Scan(&a.Open, &a.Waiting)
	}
	if err == nil {
		err = tx.SelectContext(ctx, &a.Unsure, `SELECT `+interchangeColumns+` FROM interchange
			WHERE state = 'unknown' ORDER BY prepared_at, id LIMIT $1`, mostAttention)
	}
	if err != nil {
		return fmt.Errorf("exceptions: %w", err)
	}
	err = tx.SelectContext(ctx, &a.Late, `
		SELECT 'read' AS what, count(*), min(received_at) AS oldest FROM delivery WHERE id >= $3 AND state = 'received' AND received_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'check', count(*), min(read_at) FROM delivery WHERE id >= $3 AND state = 'read' AND read_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'release', count(*), min(release_at) FROM release_group WHERE state = 'waiting' AND release_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'send', count(*), min(prepared_at) FROM interchange
			WHERE state IN ('frozen', 'rendered', 'sending', 'publishing') AND prepared_at < $2 HAVING count(*) > 0`,
		at.Add(-lateAfter), at.Add(-lateAtBankGate), open)
	if err != nil {
		return fmt.Errorf("late: %w", err)
	}
	lines, err := readLines(ctx, tx, at)
	if err != nil {
		return fmt.Errorf("lines: %w", err)
	}
	for _, l := range lines {
		if l.Is.Late {
			a.LinesDown = append(a.LinesDown, l)
		}
	}
	return nil
}
