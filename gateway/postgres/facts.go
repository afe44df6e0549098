package postgres

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"nks/gateway"
	"nks/pgcopy"
	"nks/pgscript"
)

// newFactSQL makes the temporary table that facts are gathered in before they are recorded. month is that of the payment;
// the place is that of the order that a fact with an attempt is about. moved_ore is how much money the fact is about, where that is
// not the payment's amount, and the part of a posting is what proves it. was is where the payment stood, where the writer has moved
// its line or group since.
const newFactSQL = `CREATE TEMP TABLE IF NOT EXISTS new_fact (month date, payment_id bigint, attempt smallint, kind fact_kind, code text, text text,
	interchange_id bigint, message_no int, lin int, document_id bigint, decision_id bigint,
	moved_ore bigint, posting_id bigint, posting_part int, was text) ON COMMIT DROP`

//go:embed sql/record_facts.sql
var recordFactsSQL string

// NewFacts makes the temporary table new_fact, in which a stage gathers facts about payments before RecordFacts.
func (x *Session) NewFacts(ctx context.Context) error {
	if _, err := x.ExecContext(ctx, newFactSQL); err != nil {
		return fmt.Errorf("table of facts: %w", err)
	}
	return nil
}

// LockLines lets one transaction at a time move the lines of a bank on, and what is known of their orders: two that touch the same
// lines in another order would wait for each other.
func (x *Session) LockLines(ctx context.Context, bank string) error {
	if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.lines.' || $1, 0))`, bank); err != nil {
		return fmt.Errorf("lock lines of %s: %w", bank, err)
	}
	return nil
}

// NewFactTable is the temporary table new_fact as COPY fills it.
func NewFactTable() pgcopy.Table {
	return pgcopy.Table{Name: "new_fact", Columns: []string{"month", "payment_id", "attempt", "kind", "code", "text"}}
}

// RecordFacts records what stands in new_fact, and empties it. It is an error when another transaction has recorded something
// about one of the payments meanwhile: whoever writes facts holds the group's lock before any order, and the bank's after.
func (b *Base) RecordFacts(ctx context.Context, x *Session) error {
	month, err := b.EnsureMonth(ctx, x, b.Now())
	if err != nil {
		return err
	}
	var since sql.NullTime
	if err := x.QueryRowContext(ctx, `SELECT min(month) FROM new_fact`).Scan(&since); err != nil || !since.Valid {
		return err
	}
	if err := x.PlanForMonths(ctx); err != nil {
		return err
	}
	if err := x.carryFacts(ctx); err != nil {
		return err
	}
	var facts, standings, due int
	err = x.QueryRowContext(ctx, recordFactsSQL, pgscript.Args{"recorded": month.String(), "since": since.Time, "now": b.Now()}).Scan(&facts, &standings, &due)
	if due > 0 {
		x.Wakes(ToSettle)
	}
	if err == nil && facts != standings {
		err = fmt.Errorf("%w: %d facts about %d payments", gateway.ErrCountMismatch, facts, standings)
	}
	if err == nil && facts > 0 {
		_, err = x.ExecContext(ctx, `TRUNCATE new_fact`)
	}
	if err != nil {
		return fmt.Errorf("record facts: %w", err)
	}
	return nil
}

// PlanForMonths has the rest of the transaction plan each statement for the months that it is given: a plan for any months
// looks into all of them.
func (x *Session) PlanForMonths(ctx context.Context) error {
	if _, err := x.ExecContext(ctx, `SET LOCAL plan_cache_mode = force_custom_plan`); err != nil {
		return fmt.Errorf("plan for months: %w", err)
	}
	return nil
}
