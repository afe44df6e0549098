package postgres

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"nks/gateway"
	"nks/pgscript"
)

// mostRepayments bounds how many payments are held at a time; one exception more tells that there are others.
const mostRepayments = 10_000

//go:embed sql/repayments.sql
var repaymentsSQL string

// HoldRepayments holds the waiting payments of some payers that may pay once more what is disputed now and was answered as
// refused: those of one delivery that has been checked, or all where delivery is 0 because something is newly disputed.
func (b *Base) HoldRepayments(ctx context.Context, x *Session, payers []int64, delivery int64) error {
	var disputed bool
	err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM order_line WHERE state = 'disputed')
		OR coalesce((SELECT sum(payments) FROM fact_tally WHERE kind = 'disputed'), 0) > 0`).Scan(&disputed)
	if err != nil || !disputed || len(payers) == 0 {
		return err
	}
	var found []struct {
		ID   int64 `db:"id"`
		Once int64 `db:"once"`
	}
	err = x.SelectContext(ctx, &found, repaymentsSQL, pgscript.Args{"payers": payers, "delivery": delivery, "response9": int(gateway.Response9), "most": mostRepayments + 1})
	if err != nil {
		return fmt.Errorf("re-payments: %w", err)
	}
	if len(found) > mostRepayments {
		found = found[:mostRepayments]
		if err := b.RaiseDetail(ctx, x, gateway.RepaymentHeld, "more", gateway.DetailMorePayAgain.With(mostRepayments)); err != nil {
			return err
		}
	}
	for _, p := range found {
		again := gateway.DetailPaysAgain.With(p.Once)
		err := b.HoldPayment(ctx, x, p.ID, 0, again.English())
		if errors.Is(err, gateway.ErrLostOwnership) {
			continue // released meanwhile
		}
		if err == nil {
			err = b.RaiseDetail(ctx, x, gateway.RepaymentHeld, strconv.FormatInt(p.ID, 10), again)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
