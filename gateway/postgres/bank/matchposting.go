package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/match_posting.sql
var matchPostingSQL string

// MatchPosting records by a decision that a part of a credit (0: all of it, where the bank tells no parts) is money that came back of the
// last order of a payment. gateway.ErrLostOwnership: that part is matched already; gateway.ErrIntent: it cannot be of that payment; the
// bank's lines must be locked.
func (s *Store) MatchPosting(ctx context.Context, x *postgres.Session, posting int64, part int, payment, decision int64) (string, error) {
	if err := pgscript.Run(ctx, x, postingTablesScript, nil); err != nil {
		return "", err
	}
	if _, err := x.ExecContext(ctx, `TRUNCATE part_match`); err != nil {
		return "", err
	}
	if err := x.PlanForMonths(ctx); err != nil {
		return "", err
	}
	var found struct {
		Ore, Charge, Ordered, Before, Matched int64
		Effect                                sql.NullString
		OtherOrder                            bool // the bank names another order of the payment than its last
	}
	err := x.QueryRowContext(ctx, matchPostingSQL, pgscript.Args{"posting": posting, "part": part, "payment": payment, "news": string(gateway.NewsCameBack)}).
		Scan(&found.Ore, &found.Charge, &found.Ordered, &found.Before, &found.Matched, &found.Effect, &found.OtherOrder)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("posting %d part %d is no credit that waits, or payment %d has no order at its bank: %w", posting, part, payment, gateway.ErrIntent)
	case err != nil:
		return "", fmt.Errorf("match posting %d: %w", posting, err)
	case found.Matched != 0:
		return "", fmt.Errorf("posting %d part %d: %w", posting, part, gateway.ErrLostOwnership)
	case found.OtherOrder:
		return "", fmt.Errorf("posting %d part %d is about an earlier order of payment %d than the last: %w", posting, part, payment, gateway.ErrIntent)
	case found.Effect.String != string(gateway.Takes):
		return "", fmt.Errorf("payment %d: no money can come back where it stands: %w", payment, gateway.ErrIntent)
	case found.Before+found.Ore+found.Charge > found.Ordered:
		return "", fmt.Errorf("payment %d: %d øre came back, and with these %d it would be more than the %d that were ordered: %w",
			payment, found.Before, found.Ore+found.Charge, found.Ordered, gateway.ErrIntent)
	}
	from, now := source{decision: decision}, s.Now()
	moved, err := s.followMoved(ctx, x, gateway.NewsCameBack, from, partWords+`trouble IS NULL`, nil)
	if err == nil && moved != 1 {
		err = gateway.ErrLostOwnership
	}
	if err == nil {
		err = s.matchMoved(ctx, x, gateway.MatchedByPersons, from, now)
	}
	if err == nil {
		err = s.closeMatched(ctx, x, posting, decision)
	}
	if err != nil {
		return "", fmt.Errorf("match posting %d: %w", posting, err)
	}
	x.Wakes(postgres.ToAnswer)
	return fmt.Sprintf("%d øre of posting %d came back of payment %d", found.Ore, posting, payment), nil
}

// closeMatched closes what was told of a posting all of which is matched now.
func (s *Store) closeMatched(ctx context.Context, x *postgres.Session, posting, decision int64) error {
	var left int64
	err := x.QueryRowContext(ctx, `SELECT abs(p.ore) - p.charge_ore - coalesce((SELECT sum(m.ore) FROM posting_match m WHERE m.posting_id = p.id), 0)
		FROM posting p WHERE p.id = $1`, posting).Scan(&left)
	if err != nil || left != 0 {
		return err
	}
	return s.CloseDecided(ctx, x, decision, gateway.ThingPosting, posting, gateway.PostingUnmatched)
}

// PostingNoneOfOurs records by a decision that what is not matched of a posting concerns none of our payments. gateway.ErrLostOwnership:
// nothing of it waits.
func (s *Store) PostingNoneOfOurs(ctx context.Context, x *postgres.Session, posting, decision int64) error {
	var open bool
	err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM exception WHERE kind = $1 AND thing = $2 AND thing_id = $3 AND closed_at IS NULL)`,
		gateway.PostingUnmatched, gateway.ThingPosting, posting).Scan(&open)
	if err == nil && !open {
		err = gateway.ErrLostOwnership
	}
	if err != nil {
		return fmt.Errorf("posting %d: %w", posting, err)
	}
	return s.CloseDecided(ctx, x, decision, gateway.ThingPosting, posting, gateway.PostingUnmatched)
}
