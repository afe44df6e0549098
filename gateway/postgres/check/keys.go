package check

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
	"nks/pgscript"
)

//go:embed sql/bundle.sql
var bundleScript string

//go:embed sql/take_keys.sql
var takeKeysScript string

//go:embed sql/give_back.sql
var giveBackScript string

//go:embed sql/late_keys.sql
var lateKeysScript string

//go:embed sql/duplicates.sql
var duplicatesScript string

// takeKeysFirst gives each payment without an error so far its EndToEndId for ever, in the order of the bundle, and
// leaves those that came too late in the temporary table untaken; it tells how many they are.
func (s *Store) takeKeysFirst(ctx context.Context, x *postgres.Session, d postgres.Delivery) (untaken int64, err error) {
	if err := MakeTables(ctx, x); err != nil {
		return 0, err
	}
	err = pgscript.Run(ctx, x, bundleScript, pgscript.Args{"month": d.Month, "first": d.FirstPayment(), "last": d.LastPayment(), "delivery": d.ID})
	if err != nil {
		return 0, err
	}
	if err := FindFaults(ctx, x, d.Authority.String); err != nil {
		return 0, err
	}
	return pgscript.RunCounting(ctx, x, takeKeysScript, pgscript.Args{"payer": d.PayerID.Int64})
}

// unpayableTable is the temporary table unpayable.
func unpayableTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.unpayable", Columns: []string{"id", "code"}}
}

// unpayable is who of a delivery's recipients cannot be paid, as a COPY of the temporary table unpayable; nil for none.
// The loss of its connection is not held against the delivery.
func (s *Store) unpayable(ctx context.Context, d postgres.Delivery) ([]byte, error) {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return nil, postgres.Transient(err)
	}
	defer func() { _ = conn.Close() }()
	faults, err := unpayableBy(ctx, conn, d, s.Now())
	if err != nil && postgres.IsTransient(conn, err) {
		err = postgres.Transient(err)
	}
	return faults, err
}

func unpayableBy(ctx context.Context, conn *sqlx.Conn, d postgres.Delivery, at time.Time) ([]byte, error) {
	rows, err := conn.QueryContext(ctx, UnpayableOf(`SELECT id, holder_kind, holder FROM payment
		WHERE month = $1 AND id BETWEEN $2 AND $3 AND NOT complete AND holder IS NOT NULL`, "$4::timestamptz"), d.Month, d.FirstPayment(), d.LastPayment(), at)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	faults := pgcopy.New(unpayableTable())
	for rows.Next() {
		var id int64
		var unknown bool
		if err := rows.Scan(&id, &unknown); err != nil {
			return nil, err
		}
		code := gateway.CodeRecipientCeased
		if unknown {
			code = gateway.CodeUnknownRecipient
		}
		faults.Int8("id", id)
		faults.Text("code", string(code))
		faults.End()
	}
	if err := rows.Err(); err != nil || faults.Len() == 0 {
		return nil, err
	}
	return faults.Take()
}

// giveKeysBack adds the recipients' errors, and takes the keys from these payments again.
func (s *Store) giveKeysBack(ctx context.Context, x *postgres.Session, d postgres.Delivery, faults []byte) error {
	if faults == nil {
		return nil
	}
	if _, err := x.CopyIn(ctx, unpayableTable().Statement(), bytes.NewReader(faults)); err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	return pgscript.Run(ctx, x, giveBackScript, pgscript.Args{"payer": d.PayerID.Int64})
}

// findDuplicates gives the keys that came free to the next who asked for them, tells everybody else that an EndToEndId
// is used up, and marks each payment's leading error.
func (s *Store) findDuplicates(ctx context.Context, x *postgres.Session, d postgres.Delivery, untaken int64) error {
	args := pgscript.Args{"payer": d.PayerID.Int64, "duplicate": string(gateway.CodeDuplicatePayment)}
	if untaken > 0 {
		if err := pgscript.Run(ctx, x, lateKeysScript, args); err != nil {
			return err
		}
	}
	return pgscript.Run(ctx, x, duplicatesScript, args)
}
