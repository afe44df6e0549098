package postgres

import (
	"context"
	_ "embed"
	"fmt"

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
	var found []repayment
	err = x.SelectContext(ctx, &found, repaymentsSQL, pgscript.Args{"payers": payers, "delivery": delivery, "response9": int(gateway.Response9), "most": mostRepayments + 1})
	if err != nil {
		return fmt.Errorf("re-payments: %w", err)
	}
	if len(found) == 0 {
		return nil
	}
	english := pgscript.Args{"again": gateway.DetailPaysAgain.With(onceMark).English()}
	noRoom, err := b.holdAll(ctx, x, found[:min(len(found), mostRepayments)], 0, againText, english)
	if err != nil {
		return err
	}
	held, err := b.raiseRows(ctx, x, gateway.RepaymentHeld, `SELECT payment_id::text, `+againText+`, '`+string(gateway.DetailPaysAgain)+`', ARRAY[once::text]
		FROM holding WHERE effect = 'takes'`, english)
	if err != nil {
		return fmt.Errorf("raise %s: %w", gateway.RepaymentHeld, err)
	}
	x.AfterCommit(func() {
		b.Log.Warn().Str("exception", string(gateway.RepaymentHeld)).Int64("count", held).Msg("payments may pay again what is disputed")
	})
	if noRoom == 0 && len(found) <= mostRepayments {
		return nil
	}
	return b.RaiseDetail(ctx, x, gateway.RepaymentHeld, "more", gateway.DetailMorePayAgain.With(min(len(found), mostRepayments)-noRoom))
}

// againText says of a held payment what it may pay again, where onceMark stands in the words.
const (
	againText = `replace(@again::text, '` + onceMark + `', once::text)`
	onceMark  = "#"
)
