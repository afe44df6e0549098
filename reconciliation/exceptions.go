package reconciliation

import (
	"context"
	"fmt"
	"time"
)

// Exception is something that could not be decided and waits for a person.
type Exception struct {
	Kind     string
	Subject  string // holds no personal data
	Detail   string
	RaisedAt time.Time // business time
}

// mostExceptions bounds what is listed; the count is complete.
const mostExceptions = 100

// Open lists what waits for a person, oldest first, and tells how many there are in all.
func Open(ctx context.Context, db Queryer) (list []Exception, all int, err error) {
	rows, err := db.QueryContext(ctx, `SELECT kind, subject, detail, raised_at, count(*) OVER ()
		FROM exception WHERE closed_at IS NULL ORDER BY raised_at, id LIMIT $1`, mostExceptions)
	if err != nil {
		return nil, 0, fmt.Errorf("exceptions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var e Exception
		if err := rows.Scan(&e.Kind, &e.Subject, &e.Detail, &e.RaisedAt, &all); err != nil {
			return nil, 0, fmt.Errorf("exceptions: %w", err)
		}
		list = append(list, e)
	}
	return list, all, rows.Err()
}
