package check

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
	"nks/register"
	"nks/register/image"
)

// unpayableTable is the temporary table unpayable.
func unpayableTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.unpayable", Columns: []string{"id", "code"}}
}

// Recipients finds who cannot be paid: a recipient that does not exist, or is dead or has ceased for so long that its
// accounts cannot be used any more. Whether there is an account, and whether the payer's word lets it be used, is asked
// when the payment is released: both may come until then. Whom the register has twice counts by the better standing: its
// payments are held when they are released. // B18.3 // B22.3
type Recipients struct {
	Image *image.Keeper // of the register; nil: SQL is asked for everything
	// Sampled has some of the image's answers held against SQL. The caller's snapshot must then stay the same.
	Sampled bool
}

// Rows is a query for payments: id, holder_kind and holder.
type Rows struct {
	Query string
	Args  []any
}

// Unpayable calls each for the payments whose recipient cannot be paid at an instant, by what the caller's transaction sees.
func (r *Recipients) Unpayable(ctx context.Context, q register.Asker, of Rows, at time.Time, each func(id int64, code gateway.Code)) error {
	var reader *image.Reader
	var err error
	if r.Image != nil {
		if reader, err = r.Image.AsOf(ctx, q, at); err != nil {
			return err
		}
	}
	if reader == nil {
		return askSQL(ctx, q, of, at, each)
	}
	answered, err := r.askImage(ctx, q, of, reader)
	if err != nil {
		return err
	}
	differs := ""
	err = askSQL(ctx, q, answered.open.rows(), at, func(id int64, code gateway.Code) {
		if claimed, sampled := answered.samples[id]; !sampled {
			answered.add(id, code)
		} else if claimed == code {
			delete(answered.samples, id)
		} else {
			differs = fmt.Sprintf("recipient of payment %d: by the image %q, by SQL %q", id, claimed, code)
		}
	})
	if err != nil {
		return err
	}
	for id, claimed := range answered.samples { // SQL finds nothing wrong with these
		if claimed != "" && differs == "" {
			differs = fmt.Sprintf("recipient of payment %d: by the image %q, by SQL nothing", id, claimed)
		}
	}
	if differs != "" {
		r.Image.Discard(reader, differs)
		return askSQL(ctx, q, of, at, each)
	}
	for _, u := range answered.unpayable {
		each(u.id, u.code)
	}
	return nil
}

// answered is what an image has said of recipients.
type answered struct {
	unpayable []unpayable
	open      recipients             // that it cannot tell of for sure, and samples
	samples   map[int64]gateway.Code // what it has said of them; empty: nothing is wrong
}

type unpayable struct {
	id   int64
	code gateway.Code
}

func (a *answered) add(id int64, code gateway.Code) {
	a.unpayable = append(a.unpayable, unpayable{id, code})
}

// recipientsPage is how many recipients the image is asked for at a time.
const recipientsPage = 4096

// askImage asks an image for all rows.
func (r *Recipients) askImage(ctx context.Context, q register.Asker, of Rows, reader *image.Reader) (*answered, error) {
	rows, err := q.Query(ctx, of.Query, append([]any{pgx.QueryExecModeCacheDescribe, pgx.QueryResultFormats{pgx.BinaryFormatCode}}, of.Args...)...)
	if err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	defer rows.Close()
	var page recipients
	a := &answered{samples: map[int64]gateway.Code{}}
	for rows.Next() {
		raw := rows.RawValues()
		page.add(int64(binary.BigEndian.Uint64(raw[0])), gateway.HolderKind(int16(binary.BigEndian.Uint16(raw[1]))), int64(binary.BigEndian.Uint64(raw[2])))
		if len(page.ids) == recipientsPage {
			r.decide(&page, reader, a)
		}
	}
	r.decide(&page, reader, a)
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	return a, nil
}

// decide asks an image for a page, and empties it.
func (r *Recipients) decide(page *recipients, reader *image.Reader, a *answered) {
	standings := make([]image.Standing, len(page.ids))
	reader.Standings(page.asked, standings)
	for n, id := range page.ids {
		s, code := standings[n], gateway.Code("")
		if !s.Usable {
			code = codeOf(!s.Known)
		}
		switch {
		case !s.Sure:
			a.open.add(id, page.asked[n].Kind, page.asked[n].Number)
		case code != "":
			a.add(id, code)
		}
		if s.Sure && r.Sampled && r.Image.IsSample(id) {
			a.open.add(id, page.asked[n].Kind, page.asked[n].Number)
			a.samples[id] = code
		}
	}
	page.ids, page.asked = page.ids[:0], page.asked[:0]
}

// recipients are payments with whom they go to.
type recipients struct {
	ids   []int64
	asked []register.Asked
}

func (r *recipients) add(id int64, kind gateway.HolderKind, number int64) {
	r.ids, r.asked = append(r.ids, id), append(r.asked, register.Asked{Kind: kind, Number: number})
}

// rows is them as a query.
func (r *recipients) rows() Rows {
	kinds, numbers := make([]int16, len(r.ids)), make([]int64, len(r.ids))
	for n, a := range r.asked {
		kinds[n], numbers[n] = int16(a.Kind), a.Number
	}
	return Rows{Query: `SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[]) AS r (id, holder_kind, holder)`, Args: []any{r.ids, kinds, numbers}}
}

// askSQL asks the register's tables for all rows.
func askSQL(ctx context.Context, q register.Asker, of Rows, at time.Time, each func(int64, gateway.Code)) error {
	asOf := fmt.Sprintf("$%d::timestamptz", len(of.Args)+1)
	// Counted, and not asked with EXISTS: that would be joined, and the whole register read for it.
	rows, err := q.Query(ctx, `SELECT w.id, h.status IS NULL AS unknown FROM (`+of.Query+` ORDER BY holder, holder_kind OFFSET 0) w
		LEFT JOIN LATERAL `+register.StatusOf("w", asOf)+` h ON true
		WHERE h.usable IS NOT TRUE AND (SELECT count(*) FROM `+register.StatusOf("w", asOf)+` o WHERE o.usable) = 0`, append(slices.Clone(of.Args), at)...)
	if err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var unknown bool
		if err := rows.Scan(&id, &unknown); err != nil {
			return fmt.Errorf("recipients: %w", err)
		}
		each(id, codeOf(unknown))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	return nil
}

func codeOf(unknown bool) gateway.Code {
	if unknown {
		return gateway.CodeUnknownRecipient
	}
	return gateway.CodeRecipientCeased
}

// unpayable is who of a delivery's recipients cannot be paid, as a COPY of the temporary table unpayable; nil for none.
// The loss of its connection is not held against the delivery.
func (s *Store) unpayable(ctx context.Context, d postgres.Delivery) (faults []byte, err error) {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return nil, postgres.Transient(err)
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(dc any) (err error) {
		faults, err = s.unpayableBy(ctx, dc.(*stdlib.Conn).Conn(), d)
		return err
	})
	if err != nil && postgres.IsTransient(conn, err) {
		err = postgres.Transient(err)
	}
	return faults, err
}

func (s *Store) unpayableBy(ctx context.Context, conn *pgx.Conn, d postgres.Delivery) ([]byte, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	faults := pgcopy.New(unpayableTable())
	of := Rows{`SELECT id, holder_kind, holder FROM payment WHERE month = $1 AND id BETWEEN $2 AND $3 AND NOT complete AND holder IS NOT NULL`,
		[]any{d.Month, d.FirstPayment(), d.LastPayment()}}
	err = s.Recipients.Unpayable(ctx, tx, of, s.Now(), func(id int64, code gateway.Code) {
		faults.Int8("id", id)
		faults.Text("code", string(code))
		faults.End()
	})
	if err != nil || faults.Len() == 0 {
		return nil, err
	}
	return faults.Take()
}
