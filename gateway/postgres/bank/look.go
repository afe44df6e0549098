package bank

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
	"nks/reconciliation/match"
)

const (
	// mostLooked is for how many parts of one file something is looked for that fits.
	mostLooked = 1000
	// mostCandidates is among how many orders, or lines, it is looked for.
	mostCandidates = 200_000
	// lookedBack is how many days before its posting an order was executed that money without a reference comes back of.
	lookedBack = 30
	// mostHints is how many things are suggested for one posting.
	mostHints = 4
)

// lookPart is a part of a posting that names nothing of ours that is known. A rival is one of an earlier file, that is not decided here.
type lookPart struct {
	K            int    `db:"k"` // of part_match; 0: a debit as a whole
	N            int    `db:"n"`
	Posting      int64  `db:"posting_id"`
	Part         int    `db:"part"`
	Account      string `db:"account"`
	Ore          int64  `db:"ore"` // credits positive
	Charge       int64  `db:"charge_ore"`
	Reference    string `db:"reference"`
	Counterparty string `db:"counterparty"`
	Ordered      int64  `db:"ordered_ore"`
	PostedOn     string `db:"posted_on"`
	Rival        bool   `db:"rival"`

	day gateway.Date
}

// hints is what postings without a match may be about, as exceptions tell it. It names no person.
type hints map[int64][]string

func (h hints) add(posting int64, hint string) {
	if len(h[posting]) < mostHints && !slices.Contains(h[posting], hint) {
		h[posting] = append(h[posting], hint)
	}
}

// lookFor finds, for what names nothing of ours, the one thing that its amount, accounts and day fit, and books it by that; of what is not certain
// it gives what it may be about.
func (s *Store) lookFor(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, now time.Time) (hints, error) {
	parts, err := s.unnamedParts(ctx, x, bank, file)
	if err != nil {
		return nil, err
	}
	found := hints{}
	var credits, debits []lookPart
	for _, p := range parts {
		if p.Ore > 0 {
			credits = append(credits, p)
		} else {
			debits = append(debits, p)
		}
	}
	if err := s.lookForReturns(ctx, x, bank, file, credits, found, now); err != nil {
		return nil, fmt.Errorf("credits without a reference: %w", err)
	}
	if err := s.lookForDebits(ctx, x, bank, debits, found, now); err != nil {
		return nil, fmt.Errorf("debits without a reference: %w", err)
	}
	return found, nil
}

// unnamedParts are the parts of a file that name nothing of ours, and those of earlier files that wait on the same accounts: what fits both
// is certain of neither.
func (s *Store) unnamedParts(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile) (all []lookPart, err error) {
	args := pgscript.Args{"bank": bank.ID, "unmatched": string(gateway.PostingUnmatched), "hearing": file.Hearing, "most": mostLooked}
	err = x.SelectContext(ctx, &all, `SELECT * FROM (SELECT m.k, m.n, m.posting_id, m.part, p.account, m.ore, m.charge_ore, coalesce(a.reference, '') AS reference,
				coalesce(t.account, '') AS counterparty, coalesce(a.ordered_ore, 0) AS ordered_ore, p.posted_on::text AS posted_on, false AS rival
			FROM part_match m JOIN asked_part a USING (k) JOIN heard_posting p ON p.n = m.n
			CROSS JOIN LATERAL (SELECT y.account FROM posting_part y WHERE y.posting_id = m.posting_id AND y.n = m.part LIMIT 1) t
			WHERE m.trouble IN ('nothing named', 'nothing of ours')
		UNION ALL SELECT * FROM (SELECT DISTINCT ON (b.posting_id) 0, b.n, b.posting_id, 0, p.account, p.ore, p.charge_ore, '', '', 0, p.posted_on::text, false
			FROM booked b JOIN heard_posting p USING (n) WHERE p.report = 'DEBMUL' AND p.ore < 0 AND p.parts = 0 AND p.unclear IS NULL AND b.effect IN ('takes', 'repeats')
			AND (b.effect = 'takes' OR @hearing::int > 1 OR EXISTS (SELECT FROM exception e WHERE e.kind = @unmatched AND e.thing_id = b.posting_id AND e.closed_at IS NULL))
			AND coalesce((SELECT sum(y.ore) FROM posting_match y WHERE y.posting_id = b.posting_id), 0) = 0 ORDER BY b.posting_id, b.n) d) q
		ORDER BY n, part LIMIT @most`, args)
	if err == nil && len(all) > 0 {
		var rivals []lookPart
		args["accounts"] = textsOf(all, func(p lookPart) string { return p.Account })
		err = x.SelectContext(ctx, &rivals, `SELECT 0 AS k, 0 AS n, p.id AS posting_id, coalesce(t.n, 0) AS part, p.account, CASE WHEN p.ore < 0 THEN p.ore ELSE t.ore END AS ore,
				CASE WHEN p.ore < 0 THEN p.charge_ore ELSE t.charge_ore END AS charge_ore, coalesce(t.reference, '') AS reference, coalesce(t.account, '') AS counterparty,
				coalesce(t.ordered_ore, 0) AS ordered_ore, p.posted_on::text AS posted_on, true AS rival
			FROM exception e JOIN posting p ON p.id = e.thing_id LEFT JOIN posting_part t ON t.posting_id = p.id AND p.ore > 0
			WHERE e.kind = @unmatched AND e.bank = @bank AND e.closed_at IS NULL AND p.account = ANY (@accounts::text[]) AND (p.ore < 0 OR t.n IS NOT NULL)
			AND NOT EXISTS (SELECT FROM booked b WHERE b.posting_id = p.id)
			AND coalesce((SELECT sum(y.ore) FROM posting_match y WHERE y.posting_id = p.id AND y.part IN (0, coalesce(t.n, 0))), 0) = 0
			ORDER BY p.id, t.n LIMIT @most`, args)
		all = append(all, rivals...)
	}
	for i := range all {
		if err == nil {
			all[i].day, err = gateway.ParseDate(all[i].PostedOn)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("postings without a reference: %w", err)
	}
	return all, nil
}

// asked are parts as they are matched: each by its place.
func asked(parts []lookPart) []match.Part {
	all := make([]match.Part, len(parts))
	for i, p := range parts {
		all[i] = match.Part{ID: int64(i), Account: p.Account, Ore: p.Ore, PostedOn: p.day, Counterparty: p.Counterparty, OrderedOre: p.Ordered, ChargeOre: p.Charge}
		if p.Reference != "" {
			all[i].References = []string{p.Reference}
		}
	}
	return all
}

// lookWindows are within how many days of its execution something is booked that bears no reference.
func lookWindows() match.Windows {
	return match.Windows{Return: match.Window{After: lookedBack}}
}

// hint tells of each part that is not certain why, and what it may be about.
func (h hints) hint(parts []lookPart, result match.Result, name func([]match.Use) string) {
	for _, s := range result.Suggestions {
		hint := "perhaps " + name(s.Uses)
		if s.Reason != match.UnknownReference {
			hint += ": " + string(s.Reason)
		}
		h.add(parts[s.Part].Posting, hint)
	}
	for _, u := range result.Unmatched {
		if p := parts[u.Part]; u.Reason != match.UnknownReference && len(h[p.Posting]) == 0 {
			h.add(p.Posting, string(u.Reason))
		}
	}
}

// tooMany tells of each posting that what may fit it is too much to be looked through.
func (h hints) tooMany(parts []lookPart, what string, n int64) {
	for _, p := range parts {
		if len(h[p.Posting]) == 0 {
			h.add(p.Posting, fmt.Sprintf("not looked for: among %d %s, and at most %d are looked through", n, what, mostCandidates))
		}
	}
}

// textsOf are the different texts that parts have, but for none.
func textsOf(parts []lookPart, of func(lookPart) string) []string {
	seen, all := map[string]bool{"": true}, []string{}
	for _, p := range parts {
		if t := of(p); !seen[t] {
			seen[t] = true
			all = append(all, t)
		}
	}
	return all
}

// daysOf are the first and the last day on which parts were posted.
func daysOf(parts []lookPart) (first, last gateway.Date) {
	first, last = parts[0].day, parts[0].day
	for _, p := range parts {
		if p.day.Before(first) {
			first = p.day
		}
		if last.Before(p.day) {
			last = p.day
		}
	}
	return first, last
}
