package check

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
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

//go:embed sql/kept_keys.sql
var keptKeysScript string

//go:embed sql/duplicates.sql
var duplicatesScript string

// takeKeysFirst gives each payment without an error so far its EndToEndId for ever, in the order of the bundle, and
// leaves those that came too late in the temporary table untaken; it tells how many they are.
func (s *Store) takeKeysFirst(ctx context.Context, x *postgres.Session, d postgres.Delivery) (untaken int64, err error) {
	if err := MakeTables(ctx, x); err != nil {
		return 0, err
	}
	bundle := fmt.Sprintf(bundleScript, d.Month.Format(time.DateOnly), d.FirstPayment(), d.LastPayment(), d.ID)
	if err := pgscript.Run(ctx, x, bundle, nil); err != nil {
		return 0, err
	}
	// Payments that have just come are in no statistics: a loop is planned for the handful that they seem to be.
	if err := loops(ctx, x, "off"); err != nil {
		return 0, err
	}
	if err := FindFaults(ctx, x, d.Authority.String, s.Now()); err != nil {
		return 0, err
	}
	untaken, err = pgscript.RunCounting(ctx, x, takeKeysScript, pgscript.Args{"payer": d.PayerID.Int64})
	return untaken, errors.Join(err, loops(ctx, x, "on"))
}

func loops(ctx context.Context, x *postgres.Session, on string) error {
	if _, err := x.ExecContext(ctx, `SET LOCAL enable_nestloop = `+on); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	return nil
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
	hashes, err := s.Hashes(ctx, x)
	if err == nil {
		err = FindKept(ctx, x, hashes, d.PayerID.Int64)
	}
	if err != nil {
		return err
	}
	return pgscript.Run(ctx, x, duplicatesScript, args)
}

// FindKept adds to fault the payments of the temporary table bundle whose EndToEndId the payer has used in a month that is dropped,
// and takes their keys from them; without hashes there is no such month.
func FindKept(ctx context.Context, x *postgres.Session, hashes *postgres.KeyedHash, payer int64) error {
	if hashes == nil {
		return nil
	}
	inner, outer := hashes.Blocks()
	return pgscript.Run(ctx, x, keptKeysScript, pgscript.Args{"payer": payer, "duplicate": string(gateway.CodeDuplicatePayment), "inner": inner, "outer": outer})
}
