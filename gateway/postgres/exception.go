package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"nks/gateway"
	"nks/pgscript"
)

// Raise opens an exception for a person; the same one again is harmless, and one that was closed opens anew.
func (b *Base) Raise(ctx context.Context, x *Session, kind gateway.ExceptionKind, subject, detail string) error {
	r, err := x.ExecContext(ctx, `INSERT INTO exception (kind, subject, detail, raised_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail, raised_at = excluded.raised_at,
			closed_at = NULL, closed_by = NULL, approved_by = NULL WHERE exception.closed_at IS NOT NULL`,
		kind, subject, detail, b.Now())
	if err != nil {
		return fmt.Errorf("raise %s %s: %w", kind, subject, err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err // it is open already
	}
	x.AfterCommit(func() {
		b.Log.Warn().Str("exception", string(kind)).Str("severity", kind.Severity().String()).Str("subject", subject).Msg(detail)
	})
	return nil
}

// RaiseMany opens an exception for each row (subject, detail) of a query, as Raise does, in one statement and with one line
// in the log for all.
func (b *Base) RaiseMany(ctx context.Context, x *Session, kind gateway.ExceptionKind, rows string, args pgscript.Args) error {
	if args == nil {
		args = pgscript.Args{}
	}
	args["exception_kind"], args["raised_at"] = string(kind), b.Now()
	r, err := x.ExecContext(ctx, `INSERT INTO exception (kind, subject, detail, raised_at)
		SELECT @exception_kind::text, r.subject, r.detail, @raised_at::timestamptz FROM (`+rows+`) r (subject, detail)
		ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail, raised_at = excluded.raised_at,
			closed_at = NULL, closed_by = NULL, approved_by = NULL WHERE exception.closed_at IS NOT NULL`, args)
	if err != nil {
		return fmt.Errorf("raise %s: %w", kind, err)
	}
	n, err := r.RowsAffected()
	if err != nil || n == 0 {
		return err // they are open already
	}
	x.AfterCommit(func() {
		b.Log.Warn().Str("exception", string(kind)).Str("severity", kind.Severity().String()).Int64("count", n).Msg("several of a kind")
	})
	return nil
}

// RaiseAlone raises an exception in a transaction of its own: what it is about has been rolled back.
func (b *Base) RaiseAlone(ctx context.Context, kind gateway.ExceptionKind, subject, detail string) error {
	return b.Transact(ctx, "raise", func(x *Session) error { return b.Raise(ctx, x, kind, subject, detail) })
}

// ClosedByFlow is who closes an exception whose work has succeeded.
const ClosedByFlow = "nks"

// CloseMended closes the exceptions of work that now succeeds, in the transaction that does it.
func (b *Base) CloseMended(ctx context.Context, x *Session, kind gateway.ExceptionKind, ids ...int64) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $3, closed_by = $4
		WHERE kind = $1 AND subject = ANY (SELECT unnest($2::bigint[])::text) AND closed_at IS NULL`, kind, ids, b.Now(), ClosedByFlow)
	if err != nil {
		return fmt.Errorf("close %s: %w", kind, err)
	}
	return nil
}

// CloseRaisedBefore closes the exception of work that now succeeds where it was raised before an instant; NULL: whenever.
func (b *Base) CloseRaisedBefore(ctx context.Context, x *Session, kind gateway.ExceptionKind, id int64, before sql.NullTime) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $3, closed_by = $4
		WHERE kind = $1 AND subject = $2::bigint::text AND closed_at IS NULL AND raised_at < coalesce($5::timestamptz, 'infinity')`,
		kind, id, b.Now(), ClosedByFlow, before)
	if err != nil {
		return fmt.Errorf("close %s: %w", kind, err)
	}
	return nil
}

// Close closes an exception about a subject, if it is open.
func (b *Base) Close(ctx context.Context, x *Session, kind gateway.ExceptionKind, subject, by string) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $3, closed_by = $4
		WHERE kind = $1 AND subject = $2 AND closed_at IS NULL`, kind, subject, b.Now(), by)
	if err != nil {
		return fmt.Errorf("close %s %s: %w", kind, subject, err)
	}
	return nil
}

// CloseDecided closes an exception by what two persons have decided.
func (b *Base) CloseDecided(ctx context.Context, x *Session, kind gateway.ExceptionKind, subject, by, approvedBy string) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $3, closed_by = $4, approved_by = $5
		WHERE kind = $1 AND subject = $2`, kind, subject, b.Now(), by, approvedBy)
	if err != nil {
		return fmt.Errorf("close %s %s: %w", kind, subject, err)
	}
	return nil
}
