package act

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/bank"
)

// Parameters of what a posting is about.
const (
	postingOf = "posting"
	partOf    = "part"
	paymentOf = "payment"
	attemptOf = "attempt"
)

// Posting is one amount that a bank has booked.
type Posting = bank.Posting

// UnmatchedPostings lists the postings that wait for persons.
func (d *Desk) UnmatchedPostings(ctx context.Context) ([]Posting, error) {
	return d.bank.UnmatchedPostings(ctx)
}

// Posting is one posting with its parts and matches; gateway.ErrNotFound: there is none.
func (d *Desk) Posting(ctx context.Context, id int64) (Posting, error) {
	return d.bank.Posting(ctx, id)
}

// postings is postings with how much of each is not matched, the lines of their banks locked.
func (d *Desk) postings(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	if err := d.lockBanks(ctx, x, `SELECT DISTINCT bank FROM posting WHERE id = ANY ($1::bigint[])`, of); err != nil {
		return nil, err
	}
	return items(ctx, x, `SELECT p.id, NULL AS authority, p.bank, abs(p.ore) - p.charge_ore - coalesce((SELECT sum(m.ore) FROM posting_match m WHERE m.posting_id = p.id), 0)
			|| ' øre not matched' || CASE WHEN EXISTS (SELECT FROM exception e WHERE e.kind = '`+string(gateway.PostingUnmatched)+`' AND e.thing_id = p.id AND e.closed_at IS NULL)
			THEN '' ELSE ', waits for nobody' END AS state
		FROM posting p WHERE p.id = ANY ($1::bigint[])`, of, gateway.ThingPosting)
}

// postingPart is the posting that a decision names as a parameter.
func (d *Desk) postingPart(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	m, err := matchOf(of)
	if err != nil {
		return nil, err
	}
	of.Items = []gateway.DecisionItem{{Thing: gateway.ThingPosting, ID: m.Posting}}
	found, err := d.postings(ctx, x, of)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("posting %d: %w", m.Posting, gateway.ErrNotFound)
	}
	return found, err
}

// matchOf reads the parameters of a match.
func matchOf(of gateway.Decision) (m bank.PostingMatched, err error) {
	var wrong [4]error
	m.Posting, wrong[0] = strconv.ParseInt(of.Content[postingOf], 10, 64)
	m.Part, wrong[1] = strconv.Atoi(of.Content[partOf])
	m.Payment, wrong[2] = strconv.ParseInt(of.Content[paymentOf], 10, 64)
	if attempt := of.Content[attemptOf]; attempt != "" {
		m.Attempt, wrong[3] = strconv.Atoi(attempt)
	}
	if errors.Join(wrong[:]...) != nil || m.Posting < 1 || m.Part < 0 || m.Payment < 1 || m.Attempt < 0 || m.Attempt > math.MaxInt16 {
		return m, fmt.Errorf("posting, part, payment and attempt must be numbers: %w", gateway.ErrIntent)
	}
	m.Decision = of.ID
	return m, nil
}

func matchPosting(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
	m, err := matchOf(by)
	if err != nil {
		return "", err
	}
	return d.bank.MatchPosting(ctx, x, m)
}

func postingNoneOfOurs(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return "concerns none of ours", d.bank.PostingNoneOfOurs(ctx, x, i.ID, by.ID)
}
