package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strings"
	"time"

	"nks/gateway"
	"nks/pgscript"
)

// raise inserts exceptions for rows r of subject, detail, code and args: one that is open already stays as it is, and one
// that was closed comes back as a new row that names the last.
const raise = `INSERT INTO exception (kind, subject, thing, thing_id, authority, bank, severity, detail, detail_code, detail_args, raised_at, deadline, previous)
	SELECT @exception_kind::text, r.subject, CASE WHEN p.id IS NOT NULL THEN nullif(@exception_thing::text, '') END, p.id, p.authority, p.bank,
		@severity::smallint, r.detail, r.code, r.args, @raised_at::timestamptz, @deadline::timestamptz,
		(SELECT max(before.id) FROM exception before WHERE before.kind = @exception_kind::text AND before.subject = r.subject)
	FROM (/*rows*/) r (subject, detail, code, args) LEFT JOIN LATERAL exception_place(@exception_thing::text, r.subject) p ON true
	ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING`

// raiseRows runs raise and tells how many exceptions were opened.
func (b *Base) raiseRows(ctx context.Context, x *Session, kind gateway.ExceptionKind, rows string, given pgscript.Args) (int64, error) {
	now, severity := b.Now(), kind.Severity()
	args := pgscript.Args{"exception_kind": string(kind), "exception_thing": string(kind.Thing()), "severity": int(severity), "raised_at": now,
		"deadline": now.Add(severity.Within())}
	maps.Copy(args, given)
	r, err := x.ExecContext(ctx, strings.Replace(raise, "/*rows*/", rows, 1), args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// RaiseDetail opens an exception for a person; the same one again is harmless.
func (b *Base) RaiseDetail(ctx context.Context, x *Session, kind gateway.ExceptionKind, subject string, detail gateway.ExceptionDetail) error {
	return b.raiseDetail(ctx, x, kind, kind.Severity(), subject, detail)
}

func (b *Base) raiseDetail(ctx context.Context, x *Session, kind gateway.ExceptionKind, severity gateway.Severity, subject string, detail gateway.ExceptionDetail) error {
	args := append([]string{}, detail.Args...)
	n, err := b.raiseRows(ctx, x, kind, `SELECT @subject::text, @detail::text, @code::text, @args::text[]`,
		pgscript.Args{"subject": subject, "detail": detail.English(), "code": string(detail.Code), "args": args,
			"severity": int(severity), "deadline": b.Now().Add(severity.Within())})
	if err != nil {
		return fmt.Errorf("raise %s %s: %w", kind, subject, err)
	}
	if n == 0 {
		return nil // it is open already
	}
	x.AfterCommit(func() {
		b.Log.Warn().Str("exception", string(kind)).Str("severity", severity.String()).Str("subject", subject).Msg(detail.English())
	})
	return nil
}

// RaiseAs opens an exception of another severity than its kind's. One that is open and milder gives way to it, so that somebody looks sooner.
func (b *Base) RaiseAs(ctx context.Context, x *Session, kind gateway.ExceptionKind, severity gateway.Severity, subject string, detail gateway.ExceptionDetail) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $3, closed_by = $4 WHERE kind = $1 AND subject = $2 AND closed_at IS NULL AND severity < $5`,
		kind, subject, b.Now(), ClosedByFlow, int(severity))
	if err != nil {
		return fmt.Errorf("raise %s %s: %w", kind, subject, err)
	}
	return b.raiseDetail(ctx, x, kind, severity, subject, detail)
}

// Raise is RaiseDetail with the English text of a detail that takes no arguments, or with technical words.
func (b *Base) Raise(ctx context.Context, x *Session, kind gateway.ExceptionKind, subject, detail string) error {
	return b.RaiseDetail(ctx, x, kind, subject, gateway.DetailOf(detail))
}

// RaiseMany opens an exception for each row (subject, detail) of a query, as Raise does, in one statement and with one line
// in the log for all.
func (b *Base) RaiseMany(ctx context.Context, x *Session, kind gateway.ExceptionKind, rows string, args pgscript.Args) error {
	all := pgscript.Args{}
	maps.Copy(all, args)
	var codes, texts []string
	for _, t := range gateway.DetailTexts() {
		codes, texts = append(codes, string(t.Code)), append(texts, t.English)
	}
	all["detail_codes"], all["detail_texts"] = codes, texts
	n, err := b.raiseRows(ctx, x, kind, `SELECT g.subject, g.detail, coalesce(t.code, '`+string(gateway.DetailTechnical)+`'),
		CASE WHEN t.code IS NULL THEN ARRAY[g.detail] ELSE '{}'::text[] END FROM (`+rows+`) g (subject, detail)
		LEFT JOIN unnest(@detail_codes::text[], @detail_texts::text[]) t (code, english) ON t.english = g.detail`, all)
	if err != nil {
		return fmt.Errorf("raise %s: %w", kind, err)
	}
	if n == 0 {
		return nil // they are open already
	}
	x.AfterCommit(func() {
		b.Log.Warn().Str("exception", string(kind)).Str("severity", kind.Severity().String()).Int64("count", n).Msg("several of a kind")
	})
	return nil
}

// RaiseAgain is RaiseDetail of what is told each time that it is so: an exception that is open already counts it.
func (b *Base) RaiseAgain(ctx context.Context, x *Session, kind gateway.ExceptionKind, subject string, detail gateway.ExceptionDetail) error {
	r, err := x.ExecContext(ctx, `UPDATE exception SET times = times + 1, last_at = $3
		WHERE kind = $1 AND subject = $2 AND closed_at IS NULL`, kind, subject, b.Now())
	if err != nil {
		return fmt.Errorf("raise %s %s again: %w", kind, subject, err)
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return b.RaiseDetail(ctx, x, kind, subject, detail)
}

// RaiseDetailAlone is RaiseDetail in a transaction of its own: what it is about has been rolled back.
func (b *Base) RaiseDetailAlone(ctx context.Context, kind gateway.ExceptionKind, subject string, detail gateway.ExceptionDetail) error {
	return b.Transact(ctx, "raise", func(x *Session) error { return b.RaiseDetail(ctx, x, kind, subject, detail) })
}

// Who closes an exception when it is no person: the fact that ended its cause.
const (
	ClosedByFlow = "nks"  // its work has succeeded
	closedByTime = "time" // a notice that nothing waits for
)

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

// Close closes an exception about a subject, if it is open, by a fact that ended its cause.
func (b *Base) Close(ctx context.Context, x *Session, kind gateway.ExceptionKind, subject, by string) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $3, closed_by = $4
		WHERE kind = $1 AND subject = $2 AND closed_at IS NULL`, kind, subject, b.Now(), by)
	if err != nil {
		return fmt.Errorf("close %s %s: %w", kind, subject, err)
	}
	return nil
}

// CloseMany closes the open exceptions of a kind about things, those whose ids a query gives, by a fact that ended their cause.
func (b *Base) CloseMany(ctx context.Context, x *Session, kind gateway.ExceptionKind, by, ids string) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $2, closed_by = $3 WHERE kind = $1 AND thing_id IN (`+ids+`) AND closed_at IS NULL`, kind, b.Now(), by)
	if err != nil {
		return fmt.Errorf("close %s: %w", kind, err)
	}
	return nil
}

// CloseDecided closes the open exceptions of the given kinds about a thing by a decision that ends their cause.
func (b *Base) CloseDecided(ctx context.Context, x *Session, decision int64, thing gateway.Thing, id int64, kinds ...gateway.ExceptionKind) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $1, decision = $2
		WHERE kind = ANY ($3) AND thing = $4 AND thing_id = $5 AND closed_at IS NULL`, b.Now(), decision, kinds, thing, id)
	if err != nil {
		return fmt.Errorf("close %v of %s %d: %w", kinds, thing, id, err)
	}
	return nil
}

// CloseDecidedMany is CloseDecided of one kind about the things whose ids a query gives.
func (b *Base) CloseDecidedMany(ctx context.Context, x *Session, decision int64, thing gateway.Thing, kind gateway.ExceptionKind, ids string) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $1, decision = $2 WHERE kind = $3 AND thing = $4 AND closed_at IS NULL AND thing_id IN (`+ids+`)`,
		b.Now(), decision, kind, thing)
	if err != nil {
		return fmt.Errorf("close %s: %w", kind, err)
	}
	return nil
}

// CloseDecidedSubject closes the open exception of a kind about a subject by a decision.
func (b *Base) CloseDecidedSubject(ctx context.Context, x *Session, decision int64, kind gateway.ExceptionKind, subject string) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $1, decision = $2 WHERE kind = $3 AND subject = $4 AND closed_at IS NULL`,
		b.Now(), decision, kind, subject)
	if err != nil {
		return fmt.Errorf("close %s %s: %w", kind, subject, err)
	}
	return nil
}

// CloseException closes one exception by a decision; gateway.ErrLostOwnership when it is closed already.
func (b *Base) CloseException(ctx context.Context, x *Session, id, decision int64) error {
	return x.UpdateOne(ctx, `UPDATE exception SET closed_at = $2, decision = $3 WHERE id = $1 AND closed_at IS NULL`, id, b.Now(), decision)
}

// OwnException makes somebody see to an open exception; gateway.ErrLostOwnership when none has that number.
func (b *Base) OwnException(ctx context.Context, x *Session, id int64, owner string) error {
	return x.UpdateOne(ctx, `UPDATE exception SET owner = $2 WHERE id = $1 AND closed_at IS NULL`, id, owner)
}

// CloseOldNotices closes the notices that nobody has had to act upon until their deadline. It reports whether there were any.
func (b *Base) CloseOldNotices(ctx context.Context) (bool, error) {
	r, err := b.DB.ExecContext(ctx, `UPDATE exception SET closed_at = $1, closed_by = $2
		WHERE closed_at IS NULL AND severity = $3 AND deadline <= $1`, b.Now(), closedByTime, int(gateway.Notice))
	if err != nil {
		return false, fmt.Errorf("close old notices: %w", Transient(err))
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// NextOldNotice is the next business time after the given one at which a notice closes itself; zero when there is none.
func (b *Base) NextOldNotice(ctx context.Context, after time.Time) (time.Time, error) {
	var next sql.NullTime
	err := b.DB.GetContext(ctx, &next, `SELECT min(deadline) FROM exception WHERE closed_at IS NULL AND severity = $1 AND deadline > $2`,
		int(gateway.Notice), after)
	if err != nil {
		return time.Time{}, fmt.Errorf("next old notice: %w", Transient(err))
	}
	return next.Time, nil
}
