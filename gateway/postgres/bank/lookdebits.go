package bank

import (
	"context"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
	"nks/reconciliation/match"
)

// lookLine is a line of ours of which something is left to be debited.
type lookLine struct {
	Interchange int64  `db:"interchange_id"`
	Message     int32  `db:"message_no"`
	Line        int32  `db:"lin"`
	Place       string `db:"place"`
	Account     string `db:"debit_account"`
	ExecutesOn  string `db:"executes_on"`
	Left        int64  `db:"left_ore"`
	All         int64  `db:"all"`
}

// lookForDebits matches debits with lines that execute on the day of the posting, one by one or as the sum of all lines of an interchange or a day.
func (s *Store) lookForDebits(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, parts []lookPart, found hints, now time.Time) error {
	if len(parts) == 0 {
		return nil
	}
	candidates, places, err := s.linesLeft(ctx, x, bank, parts, found)
	if err != nil || places == nil {
		return err
	}
	result, err := match.Find(asked(parts), candidates, lookWindows())
	if err != nil {
		return err
	}
	for _, m := range result.Matches {
		if p := parts[m.Part]; !p.Rival {
			if err := s.matchDebit(ctx, x, p, m, now); err != nil {
				return err
			}
		}
	}
	found.hint(parts, result, func(uses []match.Use) string {
		place := places[uses[0].Subject]
		if len(uses) > 1 {
			place += fmt.Sprintf(" and %d more", len(uses)-1)
		}
		return place
	})
	return nil
}

// linesLeft are the lines that debits may be of, and how they are named; nil where there are too many to look through, which is told.
func (s *Store) linesLeft(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, parts []lookPart, found hints) ([]match.Candidate, map[match.Subject]string, error) {
	first, last := daysOf(parts)
	var lines []lookLine
	err := x.SelectContext(ctx, &lines, `SELECT l.interchange_id, l.message_no, l.lin, `+placeOfDebit+` AS place, l.debit_account, i.executes_on::text AS executes_on,
			line_due(l.interchange_id, l.message_no, l.lin) - line_debited(l.interchange_id, l.message_no, l.lin) AS left_ore, l.all
		FROM (SELECT i.id, i.bank, i.control_ref, i.executes_on, l.*, count(*) OVER () AS all FROM interchange i JOIN order_line l ON l.interchange_id = i.id
			WHERE i.month BETWEEN (date_trunc('month', @from::date) - interval '1 month')::date AND @until::date AND i.bank = @bank AND i.kind = 'PAYMUL' AND i.state = 'sent'
				AND i.since >= first_kept() AND i.executes_on BETWEEN @from::date AND @to::date AND l.debit_account = ANY (@accounts::text[])
			ORDER BY l.interchange_id, l.message_no, l.lin LIMIT @most) l JOIN interchange i ON i.id = l.interchange_id`,
		pgscript.Args{"bank": bank.ID, "from": first.String(), "to": last.String(), "until": s.thisMonth(),
			"accounts": textsOf(parts, func(p lookPart) string { return p.Account }), "most": mostCandidates})
	if err != nil {
		return nil, nil, err
	}
	if len(lines) > 0 && lines[0].All > mostCandidates {
		found.tooMany(parts, "lines", lines[0].All)
		return nil, nil, nil
	}
	candidates, places := make([]match.Candidate, len(lines)), make(map[match.Subject]string, len(lines))
	for i, l := range lines {
		day, err := gateway.ParseDate(l.ExecutesOn)
		if err != nil {
			return nil, nil, err
		}
		subject := match.InterchangeLine(l.Interchange, l.Message, l.Line)
		places[subject] = l.Place
		candidates[i] = match.Candidate{Subject: subject, Way: match.Debit, Account: l.Account, Ore: max(0, l.Left), ExecutesOn: day, Interchange: l.Interchange}
	}
	return candidates, places, nil
}

// matchDebit keeps which lines a debit is of, and has what was debited of them looked at.
func (s *Store) matchDebit(ctx context.Context, x *postgres.Session, p lookPart, m match.Match, now time.Time) error {
	rule := gateway.MatchedBySum
	if m.Rule == match.ByAmount {
		rule = gateway.MatchedByAmount
	}
	var interchanges, amounts []int64
	var messages, lines []int32
	for _, u := range m.Uses {
		interchanges, messages, lines, amounts = append(interchanges, u.Subject.ID), append(messages, u.Subject.No), append(lines, u.Subject.Lin), append(amounts, u.Ore)
	}
	args := pgscript.Args{"n": p.N, "posting": p.Posting, "interchanges": interchanges, "messages": messages, "lines": lines, "amounts": amounts, "rule": string(rule), "now": now}
	_, err := x.ExecContext(ctx, `INSERT INTO posting_match (posting_id, part, n, interchange_id, message_no, lin, ore, rule, at)
		SELECT @posting::bigint, 0, u.n + coalesce((SELECT max(y.n) FROM posting_match y WHERE y.posting_id = @posting::bigint AND y.part = 0), 0), u.interchange, u.message, u.line, u.ore,
			@rule, @now::timestamptz
		FROM unnest(@interchanges::bigint[], @messages::int[], @lines::int[], @amounts::bigint[]) WITH ORDINALITY u (interchange, message, line, ore, n)`, args)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO debited (n, part, interchange_id, message_no, lin, ore)
			SELECT @n::int, 0, u.* FROM unnest(@interchanges::bigint[], @messages::int[], @lines::int[], @amounts::bigint[]) u`, args)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO parted (n, posting_id, known) VALUES (@n::int, @posting::bigint, true) ON CONFLICT DO NOTHING`, args)
	}
	if err != nil {
		return fmt.Errorf("posting %d: %w", p.Posting, err)
	}
	return nil
}
