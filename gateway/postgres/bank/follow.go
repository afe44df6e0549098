package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/news_tables.sql
var newsTablesScript string

//go:embed sql/follow.sql
var followScript string

//go:embed sql/answers.sql
var answersScript string

// source is what news comes from: a document of the bank, or a decision of persons; 0: neither.
type source struct{ document, decision int64 }

// follow carries out news of orders and lines, those that a query gives as rows of the temporary table word, by the table of
// what may follow: what takes becomes a fact and is answered, what contradicts is disputed and raised. It tells how many
// orders and lines moved. An empty place names each order or line in its exception; else one at that place is raised for all.
func (s *Store) follow(ctx context.Context, x *postgres.Session, news gateway.News, from source, place, words string, args pgscript.Args) (int, error) {
	return s.followWords(ctx, x, news, from, place, `n, month, payment_id, attempt, interchange_id, message_no, lin, seq, code, text`, words, args)
}

// followMoved is follow for news of money that has moved: the rows have the posting, its part, and how much, too.
func (s *Store) followMoved(ctx context.Context, x *postgres.Session, news gateway.News, from source, words string, args pgscript.Args) (int, error) {
	return s.followWords(ctx, x, news, from, "", `n, month, payment_id, attempt, interchange_id, message_no, lin, seq, code, text, posting_id, posting_part, moved_ore`, words, args)
}

func (s *Store) followWords(ctx context.Context, x *postgres.Session, news gateway.News, from source, place, columns, words string, args pgscript.Args) (int, error) {
	now := s.Now()
	var heard int64
	hear := func() error {
		if err := pgscript.Run(ctx, x, newsTablesScript, nil); err != nil {
			return err
		}
		r, err := x.ExecContext(ctx, `INSERT INTO word (`+columns+`) `+words, args)
		if err == nil {
			heard, err = r.RowsAffected()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", news, err)
		}
		return nil
	}
	if err := hear(); err != nil || heard == 0 {
		return 0, err
	}
	this, err := s.EnsureMonth(ctx, x, now)
	if err != nil {
		return 0, err
	}
	month := this.String()
	since, err := sinceOf(ctx, x, `SELECT interchange_id FROM word`, month, nil)
	if err != nil {
		return 0, err
	}
	first, after, err := deliveriesOf(ctx, x, since, month)
	if err != nil {
		return 0, err
	}
	becomes, line := news.Carries()
	all := pgscript.Args{"news": string(news), "kind": string(becomes), "state": string(line), "now": now, "recorded": month, "since": since, "first": first, "after": after,
		"document": sql.NullInt64{Int64: from.document, Valid: from.document != 0}, "decision": sql.NullInt64{Int64: from.decision, Valid: from.decision != 0},
		"settled": from.decision != 0 && news != gateway.NewsVoided && news != gateway.NewsCameBack, "executed": news == gateway.NewsSettledExecuted, "followed": news == gateway.NewsAssumed,
		"response8": int(gateway.Response8), "accepted": gateway.StatusAccepted, "corrected": corrected(news), "response9": int(gateway.Response9), "rejected": gateway.StatusRejected, "rejectcode": string(gateway.CodeBankReject)}
	reopened, err := s.reopen(ctx, x, news, hear, all)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", news, err)
	}
	if err := x.NewFacts(ctx); err != nil {
		return 0, err
	}
	steps, err := pgscript.Parse(followScript + answersScript)
	if err != nil {
		return 0, err
	}
	judge := slices.IndexFunc(steps, func(s pgscript.Step) bool { return s.Name == firstChange })
	if err := pgscript.RunSteps(ctx, x, steps[:judge], all, func(string, int64) {}); err != nil {
		return 0, fmt.Errorf("%s: %w", news, err)
	}
	if reopened {
		if err := stoodVoid(ctx, x); err != nil {
			return 0, err
		}
	}
	if err := carryJudged(ctx, x, since, month); err != nil {
		return 0, err
	}
	if err := pgscript.RunSteps(ctx, x, steps[judge:], all, func(string, int64) {}); err != nil {
		return 0, fmt.Errorf("%s: %w", news, err)
	}
	if from.document != 0 {
		// What contradicts is on record as that, also where nothing moves any more.
		_, err := x.ExecContext(ctx, `INSERT INTO followed SELECT n, CASE certainty WHEN 'contradicting' THEN 'disputes' ELSE effect END, certainty, nullif(exception, '')
			FROM judged WHERE n > 0`)
		if err != nil {
			return 0, fmt.Errorf("what follows from statuses: %w", err)
		}
	}
	if line == gateway.LineRejected {
		x.Wakes(postgres.ToSettle)
	}
	if err := s.RecordFacts(ctx, x); err != nil {
		return 0, err
	}
	if err := s.raiseContradictions(ctx, x, place); err != nil {
		return 0, err
	}
	var moved int
	err = x.QueryRowContext(ctx, `SELECT count(*) FROM judged WHERE effect IN ('takes', 'disputes')`).Scan(&moved)
	return moved, err
}

// firstChange is the first step of the script that changes more than its own tables.
const firstChange = "facts of orders"

// carryJudged carries what the news move of months that are closed, before it moves: the orders, the whole lines, and all payments
// of those.
func carryJudged(ctx context.Context, x *postgres.Session, since, recorded string) error {
	closes, err := x.HoldMonths(ctx, `SELECT month FROM month WHERE month BETWEEN $1::date AND $2::date`, since, recorded)
	if err != nil || !closes {
		return err
	}
	return x.CarryMoved(ctx, `SELECT month, payment_id FROM judged WHERE payment_id IS NOT NULL AND effect IN ('takes', 'disputes')
			UNION SELECT d.month, o.payment_id FROM judged j JOIN interchange i ON i.id = j.interchange_id
			CROSS JOIN LATERAL (SELECT b.payment_id FROM bank_order b WHERE b.month = i.month AND b.month BETWEEN @since::date AND @recorded::date
				AND b.interchange_id = j.interchange_id AND b.message_no = j.message_no AND b.lin = j.lin OFFSET 0) o
			JOIN delivery d ON d.id = delivery_of(o.payment_id)
			WHERE j.payment_id IS NULL AND j.effect IN ('takes', 'disputes')`,
		`SELECT DISTINCT NULL::bigint AS group_id, interchange_id, message_no, lin FROM judged WHERE effect IN ('takes', 'disputes')`,
		pgscript.Args{"since": since, "recorded": recorded})
}

// sinceOf is the earliest month of a payment in the interchanges that a query names; without any the given month.
func sinceOf(ctx context.Context, x *postgres.Session, interchanges, month string, args pgscript.Args) (since string, err error) {
	if err := x.PlanForMonths(ctx); err != nil {
		return "", err
	}
	all := pgscript.Args{"this_month": month}
	maps.Copy(all, args)
	err = x.QueryRowContext(ctx, `SELECT coalesce(min(i.since), @this_month::date)::text FROM interchange i WHERE i.id IN (`+interchanges+`)`, all).Scan(&since)
	if err != nil {
		return "", fmt.Errorf("months: %w", err)
	}
	return since, nil
}

// deliveriesOf bounds the ids of the deliveries of some months: from the first, before the second.
func deliveriesOf(ctx context.Context, x *postgres.Session, since, through string) (first, after int64, err error) {
	err = x.QueryRowContext(ctx, `SELECT month_deliveries($1::date), month_deliveries(($2::date + interval '1 month')::date)`, since, through).Scan(&first, &after)
	if err != nil {
		return 0, 0, fmt.Errorf("deliveries of months: %w", err)
	}
	return first, after, nil
}

// thisMonth is the month of business time.
func (s *Store) thisMonth() string { return gateway.MonthOf(s.Now().In(s.Location)).String() }

// corrected is what response 8 says of news that may correct an earlier answer; empty: nothing.
func corrected(news gateway.News) string {
	if news == gateway.NewsSettledExecuted || news == gateway.NewsSettledOpen {
		return gateway.TextCorrected
	}
	return ""
}

// How exceptions name places of a message.
const (
	placeOfLine  = `i.bank || ' ' || i.control_ref || ' message ' || j.message_no || ' LIN ' || j.lin`
	placeOfOrder = placeOfLine + ` || coalesce(' SEQ ' || j.seq, '')`
)

// raiseContradictions raises what the table of what may follow wants raised, and holds payments that may pay again what is
// disputed now.
func (s *Store) raiseContradictions(ctx context.Context, x *postgres.Session, place string) error {
	var kinds []gateway.ExceptionKind
	if err := x.SelectContext(ctx, &kinds, `SELECT DISTINCT exception FROM judged WHERE exception <> '' ORDER BY 1`); err != nil {
		return fmt.Errorf("contradictions: %w", err)
	}
	for _, kind := range kinds {
		rows := `SELECT DISTINCT ` + placeOfOrder + `, @detail::text FROM judged j JOIN interchange i ON i.id = j.interchange_id WHERE j.exception = @kind`
		if place != "" {
			rows = `SELECT @place::text, @detail::text`
		}
		args := pgscript.Args{"kind": string(kind), "place": place, "detail": contradicts(kind).With().English()}
		if err := s.RaiseMany(ctx, x, kind, rows, args); err != nil {
			return err
		}
	}
	if len(kinds) == 0 {
		return nil
	}
	var payers []int64
	err := x.SelectContext(ctx, &payers, `SELECT DISTINCT o.payer_id FROM judged j JOIN interchange i ON i.id = j.interchange_id
		CROSS JOIN LATERAL (SELECT b.payer_id, b.payment_id FROM bank_order b WHERE b.month = i.month AND b.interchange_id = j.interchange_id
			AND b.message_no = j.message_no AND b.lin = j.lin OFFSET 0) o
		WHERE j.effect = 'disputes' AND (j.payment_id IS NULL OR j.payment_id = o.payment_id)`)
	if err != nil {
		return fmt.Errorf("payers of what is disputed: %w", err)
	}
	return s.HoldRepayments(ctx, x, payers, 0)
}

// contradicts says what was heard before what is heard now.
func contradicts(kind gateway.ExceptionKind) gateway.DetailCode {
	switch kind {
	case gateway.ContrlAfterReject:
		return gateway.DetailAcceptedAfter
	case gateway.ExecutedAfterReject:
		return gateway.DetailRejectedBefore
	case gateway.RejectAfterExecution:
		return gateway.DetailExecutedBefore
	case gateway.ContrlRejectsAccepted:
		return gateway.DetailRejectsAccepted
	case gateway.RefusedAsDuplicate:
		return gateway.DetailDuplicate
	case gateway.CameBackUnpaid:
		return gateway.DetailCameBackUnpaid
	}
	return gateway.DetailOtherAmount
}

//go:embed sql/accept.sql
var acceptSQL string

// acceptLines records that the bank has the lines that a query names, and owes response 8
// for them: once per line and delivery, for what is not rejected. It tells how many lines moved on.
func (s *Store) acceptLines(ctx context.Context, x *postgres.Session, lines string, args pgscript.Args) (int, error) {
	all := maps.Clone(args)
	if all == nil {
		all = pgscript.Args{}
	}
	until := s.thisMonth()
	since, err := sinceOf(ctx, x, `SELECT interchange_id FROM (`+lines+`) q`, until, args)
	if err != nil {
		return 0, err
	}
	if all["first"], all["after"], err = deliveriesOf(ctx, x, since, until); err != nil {
		return 0, err
	}
	all["now"], all["earliest"], all["latest"] = s.Now(), since, until
	all["response"], all["response9"], all["status"], all["corrected"] = int(gateway.Response8), int(gateway.Response9), gateway.StatusAccepted, gateway.TextCorrected
	var moved int
	err = x.QueryRowContext(ctx, strings.Replace(acceptSQL, "/*lines*/", lines, 1), all).Scan(&moved)
	if err != nil {
		return 0, fmt.Errorf("accept lines: %w", err)
	}
	return moved, nil
}
