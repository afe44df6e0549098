package release

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"nks/gateway/postgres"
)

//go:embed sql/slice.sql
var sliceSQL string

// pagePayments is how many payments of a slice are completed at a time.
const pagePayments = 1024

// stream completes a slice and hands its payments on in the order in which they are placed, but for those that ended
// before any order. It reads in a transaction of its own that sees what the releasing one does.
func (s *Store) stream(ctx context.Context, c *completion, part slice, out chan<- []completed) error {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return postgres.Transient(err)
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(dc any) error {
		pg := dc.(*stdlib.Conn).Conn()
		tx, err := pg.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return postgres.Transient(err)
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		// What must be walked through is joined LATERAL; the few small tables are hashed. A plan takes longer to make than most
		// pages take to ask.
		_, err = tx.Exec(ctx, `SET TRANSACTION SNAPSHOT '`+c.snapshot+`'; SET LOCAL enable_nestloop = off; SET LOCAL cursor_tuple_fraction = 1;
			SET LOCAL plan_cache_mode = force_generic_plan`)
		if err != nil {
			return fmt.Errorf("snapshot: %w", err)
		}
		ended, err := endedBefore(ctx, tx, part)
		if err != nil {
			return err
		}
		completer, err := s.newCompleter(ctx, tx, c, ended)
		if err != nil {
			return err
		}
		return completer.slice(ctx, part, out)
	})
	if err != nil && postgres.IsTransient(conn, err) {
		err = postgres.Transient(err)
	}
	return err
}

// endedBefore is which payments of a slice were rejected or stopped, or returned before the database was set back.
func endedBefore(ctx context.Context, tx pgx.Tx, part slice) (map[int64]bool, error) {
	rows, err := tx.Query(ctx, `SELECT e.payment_id FROM unnest($1::date[], $2::bigint[], $3::bigint[]) AS part (month, first, last)
		CROSS JOIN LATERAL (SELECT payment_id FROM standing q
			WHERE q.month = part.month AND q.payment_id BETWEEN part.first AND part.last
			  AND q.kind IN ('rejected', 'stopped', 'not_payable') OFFSET 0) e`,
		part.months, part.first, part.last)
	if err != nil {
		return nil, fmt.Errorf("ended before: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("ended before: %w", err)
	}
	ended := make(map[int64]bool, len(ids))
	for _, id := range ids {
		ended[id] = true
	}
	return ended, nil
}

// slice completes page after page.
func (c *completer) slice(ctx context.Context, part slice, out chan<- []completed) error {
	query, args := c.from(part)
	if _, err := c.tx.Exec(ctx, `DECLARE payments NO SCROLL CURSOR FOR `+query, args...); err != nil {
		return fmt.Errorf("payments: %w", err)
	}
	hand := func(batch []completed) error {
		select {
		case out <- batch:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for {
		page, err := c.fetch(ctx)
		if err == nil {
			err = c.find(ctx, page)
		}
		if err != nil {
			return err
		}
		batch, err := c.complete(page)
		if err == nil {
			err = hand(batch)
		}
		if err != nil || len(page) < pagePayments {
			return err
		}
	}
}

// fetch is the next page of the slice.
func (c *completer) fetch(ctx context.Context) ([]due, error) {
	rows, err := c.tx.Query(ctx, fmt.Sprintf(`FETCH %d FROM payments`, pagePayments), pgx.QueryExecModeCacheDescribe,
		pgx.QueryResultFormats{pgx.BinaryFormatCode})
	if err != nil {
		return nil, fmt.Errorf("payments: %w", err)
	}
	defer rows.Close()
	c.page = c.page[:0]
	for rows.Next() {
		c.page = append(c.page, due{})
		c.page[len(c.page)-1].scan(rows.RawValues(), &c.repeated)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("payments: %w", err)
	}
	return c.page, nil
}
