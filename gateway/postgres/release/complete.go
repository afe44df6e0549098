package release

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// completion is what the payments of a release unit are completed by: as of one instant, and seen in one snapshot of the
// database, however many connections ask.
type completion struct {
	bank      gateway.BankCentre
	agreement gateway.Agreement
	groups    []int64
	asOf      time.Time
	snapshot  string
	payments  int // of the groups, also those that ended before
	slices    []slice
	months    map[int64]time.Time // of the deliveries
}

// slice is a part of a release unit: ranges of payments of one or many deliveries.
type slice struct {
	deliveries  []int64
	months      []string // as the statements want them
	first, last []int64
}

// slicePayments is how many payments of the unit a slice has, about. The more it has, the fewer pages of the register
// are read twice; but there should be work for every reader, unless it is little.
const (
	slicePayments = 250_000
	sliceLeast    = 10_000
)

func (s *Store) newCompletion(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, a gateway.Agreement, groups []int64, asOf time.Time) (*completion, error) {
	c := &completion{bank: bank, agreement: a, groups: groups, asOf: asOf, months: map[int64]time.Time{}}
	if err := x.QueryRowContext(ctx, `SELECT pg_export_snapshot()`).Scan(&c.snapshot); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	var parts []part
	err := x.SelectContext(ctx, &parts, `SELECT d.id, d.month, d.payments, g.of_unit
		FROM (SELECT delivery_id, sum(payments) AS of_unit FROM release_group WHERE id = ANY ($1::bigint[]) GROUP BY 1) g
		JOIN delivery d ON d.id = g.delivery_id ORDER BY d.id`, groups)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	c.cut(parts)
	return c, nil
}

// part is what a delivery has of a release unit: some of its payments, anywhere among them.
type part struct {
	Delivery int64     `db:"id"`
	Month    time.Time `db:"month"`
	Payments int       `db:"payments"`
	OfUnit   int       `db:"of_unit"`
}

// cut makes slices of the unit.
func (c *completion) cut(parts []part) {
	for _, d := range parts {
		c.payments += d.OfUnit
		c.months[d.Delivery] = d.Month
	}
	size := min(slicePayments, max(sliceLeast, (c.payments+readers-1)/readers))
	room := 0
	for _, d := range parts {
		pieces := (d.OfUnit + size - 1) / size // a small delivery is not cut
		for i := range pieces {
			if room <= 0 {
				c.slices, room = append(c.slices, slice{}), size
			}
			first, last := d.Payments*i/pieces+1, d.Payments*(i+1)/pieces
			s := &c.slices[len(c.slices)-1]
			s.deliveries, s.months = append(s.deliveries, d.Delivery), append(s.months, d.Month.Format(time.DateOnly))
			s.first, s.last = append(s.first, gateway.PaymentID(d.Delivery, first)), append(s.last, gateway.PaymentID(d.Delivery, last))
			room -= (d.OfUnit + pieces - 1) / pieces
		}
	}
}

// completed is a payment with the account that it is paid to, or with the reason that it is not.
type completed struct {
	id, ore     int64
	version     int64 // 0: no account version
	kind        int16
	typ         int16
	rule        int16
	reason      gateway.Unpaid
	debit       string
	currency    string
	e2e         string
	account     string
	bic         string
	bankCode    string
	text        string
	detail      string // JSON, empty: none
	beneficiary string // JSON, empty: none
}

//go:embed sql/complete.sql
var completeSQL string

// completeStatement completes the payments of a slice. // B9.1 // B9.2 // B35-36
func completeStatement() string {
	return strings.Replace(completeSQL, "/*account*/", register.AccountOf("o", "$7::timestamptz"), 1)
}

// completedBatch is how many payments go from a reader to the freezer at a time.
const completedBatch = 512

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
		// What must be walked through is joined LATERAL; the few small tables are hashed.
		if _, err := tx.Exec(ctx, `SET TRANSACTION SNAPSHOT '`+c.snapshot+`'; SET LOCAL enable_nestloop = off`); err != nil {
			return fmt.Errorf("snapshot: %w", err)
		}
		ended, err := endedBefore(ctx, tx, part)
		if err != nil {
			return err
		}
		return s.streamRows(ctx, tx, c, part, ended, out)
	})
	if err != nil && postgres.IsTransient(conn, err) {
		err = postgres.Transient(err)
	}
	return err
}

// endedBefore is which payments of a slice were rejected or stopped; none of them is counted yet.
func endedBefore(ctx context.Context, tx pgx.Tx, part slice) (map[int64]bool, error) {
	rows, err := tx.Query(ctx, `SELECT e.payment_id FROM unnest($1::date[], $2::bigint[], $3::bigint[]) AS part (month, first, last)
		CROSS JOIN LATERAL (SELECT payment_id FROM payment_event q
			WHERE q.month = part.month AND q.payment_id BETWEEN part.first AND part.last AND q.attempt = 0 OFFSET 0) e`,
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
		ended[id] = false
	}
	return ended, nil
}

func (s *Store) streamRows(ctx context.Context, tx pgx.Tx, c *completion, part slice, ended map[int64]bool, out chan<- []completed) error {
	rows, err := tx.Query(ctx, completeStatement(), pgx.QueryExecModeCacheDescribe, pgx.QueryResultFormats{pgx.BinaryFormatCode},
		part.deliveries, part.months, part.first, part.last, c.groups, string(c.agreement.NoAccount), c.asOf, c.bank.Cheques,
		c.agreement.InForce(gateway.DateOf(c.asOf.In(s.Location))), c.agreement.PayoutAccounts)
	if err != nil {
		return fmt.Errorf("complete: %w", err)
	}
	defer rows.Close()
	hand := func(batch []completed) error {
		select {
		case out <- batch:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	batch := make([]completed, 0, completedBatch)
	for rows.Next() {
		var p completed
		p.scan(rows.RawValues())
		if counted, is := ended[p.id]; is {
			if counted { // the register has two accounts for it, which matters no more
				continue
			}
			ended[p.id], p = true, completed{id: p.id, reason: endedReason}
		}
		if batch = append(batch, p); len(batch) == completedBatch {
			if err := hand(batch); err != nil {
				return err
			}
			batch = make([]completed, 0, completedBatch)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("complete: %w", err)
	}
	return hand(batch)
}

// endedReason marks a payment that was rejected or stopped: it is counted, and nothing else.
const endedReason = "ended"

// scan takes a row of complete.sql in binary format. All texts of a row share one string.
func (p *completed) scan(raw [][]byte) {
	p.id = int64(binary.BigEndian.Uint64(raw[0]))
	p.ore = int64(binary.BigEndian.Uint64(raw[1]))
	p.version = int64(binary.BigEndian.Uint64(raw[2]))
	p.kind = int16(binary.BigEndian.Uint16(raw[3]))
	p.typ = int16(binary.BigEndian.Uint16(raw[4]))
	p.rule = int16(binary.BigEndian.Uint16(raw[5]))
	size := 0
	for _, r := range raw[6:] {
		size += len(r)
	}
	buf := make([]byte, 0, size)
	for _, r := range raw[6:] {
		buf = append(buf, r...)
	}
	all := string(buf)
	for i, to := range []*string{(*string)(&p.reason), &p.debit, &p.currency, &p.e2e, &p.account, &p.bic, &p.bankCode, &p.text, &p.detail, &p.beneficiary} {
		n := len(raw[6+i])
		*to, all = all[:n], all[n:]
	}
}
