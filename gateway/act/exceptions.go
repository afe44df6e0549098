package act

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Exception is something that waits for a person, or did.
type Exception struct {
	ID        int64                 `db:"id" json:"id"`
	Kind      gateway.ExceptionKind `db:"kind" json:"kind"`
	Subject   string                `db:"subject" json:"subject"`
	Thing     gateway.Thing         `db:"thing" json:"thing,omitempty"` // with
	ThingID   int64                 `db:"thing_id" json:"thing_id,omitempty"`
	Authority string                `db:"authority" json:"authority,omitempty"`
	Bank      string                `db:"bank" json:"bank,omitempty"`
	Severity  gateway.Severity      `db:"severity" json:"severity"` // 1 notice, 2 warning, 3 urgent
	Code      gateway.DetailCode    `db:"detail_code" json:"detail_code"`
	Args      gateway.DetailArgs    `db:"detail_args" json:"detail_args"`
	RaisedAt  time.Time             `db:"raised_at" json:"raised_at"`   // business times
	Times     int                   `db:"times" json:"times,omitempty"` // how often it was so, where that is counted; else 1
	LastAt    *time.Time            `db:"last_at" json:"last_at,omitempty"`
	Deadline  *time.Time            `db:"deadline" json:"deadline,omitempty"`
	Owner     string                `db:"owner" json:"owner,omitempty"`
	Previous  int64                 `db:"previous" json:"previous,omitempty"`
	Stands    bool                  `db:"stands" json:"stands"` // what it was raised for can be seen to be so still
	ClosedAt  *time.Time            `db:"closed_at" json:"closed_at,omitempty"`
	ClosedBy  string                `db:"closed_by" json:"closed_by,omitempty"`
	Decision  int64                 `db:"decision" json:"decision,omitempty"`
}

// Detail is what it says beyond its kind.
func (e Exception) Detail() gateway.ExceptionDetail {
	return gateway.ExceptionDetail{Code: e.Code, Args: e.Args}
}

const exceptionColumns = `e.id, e.kind, e.subject, coalesce(e.thing, '') AS thing, coalesce(e.thing_id, 0) AS thing_id, coalesce(e.authority, '') AS authority,
	coalesce(e.bank, '') AS bank, e.severity, e.detail_code, to_jsonb(e.detail_args)::text AS detail_args, e.raised_at, e.times, e.last_at, e.deadline, coalesce(e.owner, '') AS owner,
	coalesce(e.previous, 0) AS previous, e.closed_at IS NULL AND (` + stillSo + `) AS stands, e.closed_at, coalesce(e.closed_by, '') AS closed_by,
	coalesce(e.decision, 0) AS decision`

// Filter says which exceptions are meant.
type Filter struct {
	All  bool                  // those that are closed, too
	Kind gateway.ExceptionKind // "": every kind
	Most int
}

// Exceptions lists what waits for a person, the most severe first and then the oldest, and how many there are in all.
func (d *Desk) Exceptions(ctx context.Context, f Filter) (list []Exception, all int, err error) {
	const which = ` FROM exception e WHERE ($1 OR e.closed_at IS NULL) AND ($2 = '' OR e.kind = $2)`
	err = d.bank.DB.GetContext(ctx, &all, `SELECT count(*)`+which, f.All, f.Kind)
	if err == nil {
		err = d.bank.DB.SelectContext(ctx, &list, `SELECT `+exceptionColumns+which+`
			ORDER BY e.closed_at IS NOT NULL, e.severity DESC, e.raised_at, e.id LIMIT $3`, f.All, f.Kind, f.Most)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("exceptions: %w", postgres.Transient(err))
	}
	return list, all, nil
}

// History is an exception and every other time that the same arose, newest first; gateway.ErrNotFound for no exception.
func (d *Desk) History(ctx context.Context, id int64) (list []Exception, err error) {
	err = d.bank.DB.SelectContext(ctx, &list, `SELECT `+exceptionColumns+` FROM exception o JOIN exception e USING (kind, subject)
		WHERE o.id = $1 ORDER BY e.id DESC`, id)
	if err != nil {
		return nil, fmt.Errorf("exception %d: %w", id, postgres.Transient(err))
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("exception %d: %w", id, gateway.ErrNotFound)
	}
	return list, nil
}

// Take makes somebody the owner of an open exception: it is theirs to see to, and nobody else is kept from it.
func (d *Desk) Take(ctx context.Context, id int64, by string) error {
	if by = strings.TrimSpace(by); by == "" || len(by) > mostText {
		return fmt.Errorf("take: the name must have 1 to %d characters: %w", mostText, gateway.ErrIntent)
	}
	return d.bank.Transact(ctx, "take", func(x *postgres.Session) error {
		if _, err := d.signs(ctx, x, by); err != nil {
			return err
		}
		err := d.bank.OwnException(ctx, x, id, by)
		if errors.Is(err, gateway.ErrLostOwnership) {
			err = gateway.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("open exception %d: %w", id, err)
		}
		return nil
	})
}
