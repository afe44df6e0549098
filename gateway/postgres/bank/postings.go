package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Posting is one amount that a bank has booked, with what of it is matched.
type Posting struct {
	ID         int64          `db:"id" json:"id"`
	Bank       string         `db:"bank" json:"bank"`
	Account    string         `db:"account" json:"account"` // its last four digits
	Reference  string         `db:"reference" json:"reference,omitempty"`
	PostedOn   string         `db:"posted_on" json:"posted_on"`
	Ore        int64          `db:"ore" json:"ore"` // credits positive
	ChargeOre  int64          `db:"charge_ore" json:"charge_ore,omitempty"`
	MatchedOre int64          `db:"matched_ore" json:"matched_ore"`
	HeardIn    gateway.Report `db:"heard_in" json:"heard_in"`
	File       int64          `db:"bank_file_id" json:"bank_file"`
	At         time.Time      `db:"at" json:"at"`
	Why        string         `db:"why" json:"why,omitempty"` // nothing of it is known, where it waits for persons
	Parts      []PostingPart  `json:"parts,omitempty"`
	Matches    []PostingMatch `json:"matches,omitempty"`
}

// PostingPart is what a posting is made of, as the bank tells it.
type PostingPart struct {
	N               int    `db:"n" json:"n"`
	Reference       string `db:"reference" json:"reference,omitempty"`
	Ore             int64  `db:"ore" json:"ore"`
	ChargeOre       int64  `db:"charge_ore" json:"charge_ore,omitempty"`
	ForeignAmount   int64  `db:"foreign_amount" json:"foreign_amount,omitempty"`
	ForeignCurrency string `db:"foreign_currency" json:"foreign_currency,omitempty"`
	Rate            string `db:"rate" json:"rate,omitempty"` // kroner for one of it
	Code            string `db:"code" json:"code,omitempty"`
	Text            string `db:"text" json:"text,omitempty"`
}

// PostingMatch is which order or line of ours a part is about.
type PostingMatch struct {
	Part     int                   `db:"part" json:"part"` // 0: the posting as a whole
	Payment  int64                 `db:"payment_id" json:"payment,omitempty"`
	Attempt  int                   `db:"attempt" json:"attempt,omitempty"`
	Control  gateway.ControlNumber `db:"control_ref" json:"interchange,omitempty"`
	Message  int                   `db:"message_no" json:"message,omitempty"`
	Line     int                   `db:"lin" json:"line,omitempty"`
	Ore      int64                 `db:"ore" json:"ore"`
	Exchange int64                 `db:"exchange_ore" json:"exchange_ore,omitempty"` // more than was ordered, by the rate
	Rule     string                `db:"rule" json:"rule"`
	Decision int64                 `db:"decision_id" json:"decision,omitempty"`
}

// mostPostings bounds what is listed.
const mostPostings = 1000

const postingColumns = `p.id, p.bank, p.account, p.reference, p.posted_on::text AS posted_on, p.ore, p.charge_ore, p.heard_in, p.bank_file_id, p.at,
	coalesce((SELECT sum(m.ore) FROM posting_match m WHERE m.posting_id = p.id), 0)::bigint AS matched_ore`

// UnmatchedPostings lists the postings that wait for persons, the first that were raised first.
func (s *Store) UnmatchedPostings(ctx context.Context) ([]Posting, error) {
	list := []Posting{}
	err := s.DB.SelectContext(ctx, &list, `SELECT `+postingColumns+`, e.detail AS why FROM exception e JOIN posting p ON p.id = e.thing_id
		WHERE e.kind = $1 AND e.closed_at IS NULL ORDER BY e.id LIMIT $2`, gateway.PostingUnmatched, mostPostings)
	if err != nil {
		return nil, fmt.Errorf("postings without match: %w", postgres.Transient(err))
	}
	for i := range list {
		list[i].Account = gateway.ShownAccount(list[i].Account)
	}
	return list, nil
}

// Posting is one posting with its parts and matches; gateway.ErrNotFound: there is none.
func (s *Store) Posting(ctx context.Context, id int64) (p Posting, err error) {
	err = s.DB.GetContext(ctx, &p, `SELECT `+postingColumns+`, coalesce((SELECT e.detail FROM exception e WHERE e.kind = $2 AND e.thing_id = p.id AND e.closed_at IS NULL), '') AS why
		FROM posting p WHERE p.id = $1`, id, gateway.PostingUnmatched)
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("posting %d: %w", id, gateway.ErrNotFound)
	}
	if err == nil {
		p.Account = gateway.ShownAccount(p.Account)
		err = s.DB.SelectContext(ctx, &p.Parts, `SELECT n, coalesce(reference, '') AS reference, ore, charge_ore, coalesce(foreign_amount, 0) AS foreign_amount,
			coalesce(foreign_currency, '') AS foreign_currency, coalesce(rate::text, '') AS rate, coalesce(code, '') AS code, coalesce(text, '') AS text FROM posting_part WHERE posting_id = $1 ORDER BY n LIMIT $2`,
			id, mostPostings)
	}
	if err == nil {
		err = s.DB.SelectContext(ctx, &p.Matches, `SELECT m.part, coalesce(m.payment_id, 0) AS payment_id, coalesce(m.attempt, 0) AS attempt, coalesce(i.control_ref, 0) AS control_ref,
			coalesce(m.message_no, 0) AS message_no, coalesce(m.lin, 0) AS lin, m.ore, m.exchange_ore, m.rule, coalesce(m.decision_id, 0) AS decision_id
			FROM posting_match m LEFT JOIN interchange i ON i.id = m.interchange_id WHERE m.posting_id = $1 ORDER BY m.part, m.n LIMIT $2`, id, mostPostings)
	}
	if err != nil {
		return p, fmt.Errorf("posting %d: %w", id, postgres.Transient(err))
	}
	return p, nil
}
