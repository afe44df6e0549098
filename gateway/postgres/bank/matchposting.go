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

// PostingMatched is what persons say a part of a credit is: money that came back of an order of a payment.
type PostingMatched struct {
	Posting  int64
	Part     int // 0: all of it, where the bank tells no parts
	Payment  int64
	Attempt  int // the order; 0: the one that the bank names, or the last
	Decision int64
}

// MatchPosting records by a decision which order a part of a credit came back of. gateway.ErrLostOwnership: that part is matched already;
// gateway.ErrIntent: it cannot be of that order; the bank's lines must be locked.
func (s *Store) MatchPosting(ctx context.Context, x *postgres.Session, m PostingMatched) (string, error) {
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
		OtherOrder                            bool // the bank names another order of the payment
		Earlier                               bool // it is not the last
	}
	var exchange int64
	err := x.QueryRowContext(ctx, matchPostingSQL, pgscript.Args{"posting": m.Posting, "part": m.Part, "payment": m.Payment, "attempt": m.Attempt, "news": string(gateway.NewsCameBack)}).
		Scan(&found.Ore, &found.Charge, &found.Ordered, &found.Before, &found.Matched, &found.Effect, &found.OtherOrder, &found.Earlier)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("posting %d part %d is no credit that waits, or payment %d has no such order at its bank: %w", m.Posting, m.Part, m.Payment, gateway.ErrIntent)
	case err == nil:
		exchange, err = exchangeOf(ctx, x)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("match posting %d: %w", m.Posting, err)
	case found.Matched != 0:
		return "", fmt.Errorf("posting %d part %d: %w", m.Posting, m.Part, gateway.ErrLostOwnership)
	case found.OtherOrder:
		return "", fmt.Errorf("posting %d part %d is about another order of payment %d, says the bank: %w", m.Posting, m.Part, m.Payment, gateway.ErrIntent)
	case found.Effect.String != string(gateway.Takes):
		return "", fmt.Errorf("payment %d: no money can come back where it stands: %w", m.Payment, gateway.ErrIntent)
	case found.Before+found.Ore+found.Charge-exchange > found.Ordered:
		return "", fmt.Errorf("payment %d: %d øre came back, and with these %d it would be more than the %d that were ordered: %w",
			m.Payment, found.Before, found.Ore+found.Charge, found.Ordered, gateway.ErrIntent)
	}
	if err = s.bookMatched(ctx, x, m.Decision, found.Earlier); err == nil {
		err = s.closeMatched(ctx, x, m.Posting, m.Decision)
	}
	if err != nil {
		return "", fmt.Errorf("match posting %d: %w", m.Posting, err)
	}
	x.Wakes(postgres.ToAnswer)
	return fmt.Sprintf("%d øre of posting %d came back of payment %d", found.Ore, m.Posting, m.Payment), nil
}

// exchangeOf is what of the part in part_match is a matter of a rate.
func exchangeOf(ctx context.Context, x *postgres.Session) (ore int64, err error) {
	if err = pgscript.Run(ctx, x, matchAbroadScript, pgscript.Args{"since_id": 0}); err == nil {
		err = x.QueryRowContext(ctx, `SELECT exchange_ore FROM part_match`).Scan(&ore)
	}
	return ore, err
}

// bookMatched carries out what persons say came back, as it stands in part_match.
func (s *Store) bookMatched(ctx context.Context, x *postgres.Session, decision int64, earlier bool) error {
	from, now := source{decision: decision}, s.Now()
	if earlier {
		return s.returnEarlier(ctx, x, gateway.MatchedByPersons, from, now)
	}
	moved, err := s.followMoved(ctx, x, gateway.NewsCameBack, from, partWords+`trouble IS NULL`, nil)
	if err == nil && moved != 1 {
		err = gateway.ErrLostOwnership
	}
	if err != nil {
		return err
	}
	return s.matchMoved(ctx, x, gateway.MatchedByPersons, from, now)
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
