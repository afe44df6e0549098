package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/register"
)

// Connection is how far an authority is connected by a payout system, and what it lacks. // B33.1-6
type Connection struct {
	register.Connection
	Lacks  []gateway.Lack
	Report *KeptReport // the last one of its system
}

// KeptReport is the report of a connection test, as persons have put it on record.
type KeptReport struct {
	Decision int64
	At       time.Time // it was kept
	By, Why  string
	gateway.ConformanceReport
}

// ConnectionRecord is all that is on record of one connection.
type ConnectionRecord struct {
	Connection
	History   []register.Connection // oldest first
	Reports   []KeptReport          // of its system, newest first
	Decisions []ConnectionDecision  // about it and its system's reports, newest first
}

// ConnectionDecision is what somebody has asked for about a connection, and what became of it.
type ConnectionDecision struct {
	ID        int64     `db:"id"`
	Kind      string    `db:"kind"`
	State     string    `db:"state"`     // that a connection was to have; empty for other kinds
	Effective string    `db:"effective"` // the day, where it names one
	Persons   int       `db:"persons"`
	By        string    `db:"asked_by"`
	Why       string    `db:"why"`
	AskedAt   time.Time `db:"asked_at"`
	ExpiresAt time.Time `db:"expires_at"`
	Open      bool      `db:"-"` // it waits for a person
	Steps     []ConnectionStep
}

// ConnectionStep is a step of it.
type ConnectionStep struct {
	Decision int64            `db:"decision_id"`
	Step     gateway.StepName `db:"step"`
	At       time.Time        `db:"at"`
	Person   string           `db:"person"`
}

// What one view shows at most.
const (
	mostConnections         = 2000
	mostReportedSystems     = 500
	mostConnectionDecisions = 200
	mostReports             = 20
)

// Connections are all of them as they stand at a business time; authorities see none.
func (r *Reader) Connections(ctx context.Context, v Viewer, at time.Time) (list []Connection, err error) {
	if !v.Operations() {
		return nil, nil
	}
	err = r.look(ctx, v, func(tx *sqlx.Tx) error {
		all, err := register.Connections(ctx, tx, at)
		if err != nil {
			return err
		}
		for _, c := range all[:min(len(all), mostConnections)] {
			list = append(list, Connection{Connection: c})
		}
		return judgeConnections(ctx, tx, list)
	})
	if err != nil {
		return nil, fmt.Errorf("connections: %w", err)
	}
	return list, nil
}

// judgeConnections says of each what it lacks, by the last reports of their systems and by dispensations.
func judgeConnections(ctx context.Context, tx *sqlx.Tx, list []Connection) error {
	var systems []string
	for _, c := range list {
		if !slices.Contains(systems[max(0, len(systems)-1):], c.System) {
			systems = append(systems, c.System)
		}
	}
	reports, err := keptReports(ctx, tx, `SELECT DISTINCT ON (d.content->>'system') `+reportColumns+` WHERE d.kind = $1 AND d.content->>'system' = ANY($2)
		ORDER BY d.content->>'system', d.id DESC LIMIT $3`, gateway.DecisionConformance, systems, mostReportedSystems)
	if err != nil {
		return err
	}
	waived := map[string]bool{}
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT d.content->>'system' || ' ' || authority FROM decision d JOIN decision_step e ON e.decision_id = d.id AND e.step = 'executed',
			string_to_table(d.content->>'authorities', ' ') authority WHERE d.kind = $1 AND d.content->>'system' = ANY($2)`, gateway.DecisionWaiveTest, systems)
	if err != nil {
		return fmt.Errorf("dispensations: %w", err)
	}
	if err := eachText(rows, func(text string) { waived[text] = true }); err != nil {
		return fmt.Errorf("dispensations: %w", err)
	}
	for i := range list {
		c := &list[i]
		shown := gateway.Shown{Waived: waived[c.System+" "+c.Authority]}
		if kept, found := reports[c.System]; found {
			c.Report = &kept[0]
			shown.Reported, shown.Passed = true, kept[0].Passed()
		}
		c.Lacks = c.State.Lacks(c.Rights, shown)
	}
	return nil
}

// eachText reads rows of one text.
func eachText(rows *sql.Rows, take func(string)) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		take(text)
	}
	return rows.Err()
}

const reportColumns = `d.content->>'system' AS system, d.id, e.at, d.asked_by, d.why, d.content->>'report' AS report
	FROM decision d JOIN decision_step e ON e.decision_id = d.id AND e.step = 'executed'`

// keptReports reads reports by their system, in the order of the query.
func keptReports(ctx context.Context, tx *sqlx.Tx, query string, args ...any) (map[string][]KeptReport, error) {
	var rows []struct {
		System string    `db:"system"`
		ID     int64     `db:"id"`
		At     time.Time `db:"at"`
		By     string    `db:"asked_by"`
		Why    string    `db:"why"`
		Report string    `db:"report"`
	}
	if err := tx.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	all := map[string][]KeptReport{}
	for _, r := range rows {
		report, err := gateway.ReadConformanceReport(r.Report)
		if err != nil {
			return nil, fmt.Errorf("report of decision %d: %w", r.ID, err)
		}
		for i := range report.Cases {
			report.Cases[i].Why = Mask(report.Cases[i].Why)
		}
		all[r.System] = append(all[r.System], KeptReport{Decision: r.ID, At: r.At, By: r.By, Why: Mask(r.Why), ConformanceReport: report})
	}
	return all, nil
}

// Connection is the record of one at a business time, or gateway.ErrNotFound; authorities see none.
func (r *Reader) Connection(ctx context.Context, v Viewer, system, authority string, at time.Time) (c ConnectionRecord, err error) {
	if !v.Operations() {
		return c, gateway.ErrNotFound
	}
	err = r.look(ctx, v, func(tx *sqlx.Tx) error {
		all, err := register.Connections(ctx, tx, at)
		if err != nil {
			return err
		}
		n := slices.IndexFunc(all, func(a register.Connection) bool { return a.System == system && a.Authority == authority })
		if n < 0 {
			return gateway.ErrNotFound
		}
		one := []Connection{{Connection: all[n]}}
		if err := judgeConnections(ctx, tx, one); err != nil {
			return err
		}
		c.Connection = one[0]
		if c.History, err = register.ConnectionHistory(ctx, tx, system, authority, at); err != nil {
			return err
		}
		reports, err := keptReports(ctx, tx, `SELECT `+reportColumns+` WHERE d.kind = $1 AND d.content->>'system' = $2 ORDER BY d.id DESC LIMIT $3`,
			gateway.DecisionConformance, system, mostReports)
		if err != nil {
			return err
		}
		c.Reports = reports[system]
		c.Decisions, err = connectionDecisions(ctx, tx, system, authority, at)
		return err
	})
	if err != nil {
		return c, fmt.Errorf("connection of %s by %s: %w", authority, system, err)
	}
	return c, nil
}

func connectionDecisions(ctx context.Context, tx *sqlx.Tx, system, authority string, at time.Time) (all []ConnectionDecision, err error) {
	err = tx.SelectContext(ctx, &all, `SELECT id, kind, coalesce(content->>'state', '') AS state, coalesce(content->>'effective', '') AS effective, persons, asked_by, why, asked_at, expires_at
		FROM decision WHERE content->>'system' = $1 AND (kind = $2 OR kind IN ($3, $4) AND $5 = ANY(string_to_array(content->>'authorities', ' ')))
		ORDER BY id DESC LIMIT $6`, system, gateway.DecisionConformance, gateway.DecisionConnection, gateway.DecisionWaiveTest, authority, mostConnectionDecisions)
	if err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	ids := make([]int64, len(all))
	for i := range all {
		ids[i], all[i].Why = all[i].ID, Mask(all[i].Why)
	}
	var steps []ConnectionStep
	err = tx.SelectContext(ctx, &steps, `SELECT decision_id, step, at, coalesce(person, '') AS person FROM decision_step WHERE decision_id = ANY($1)
		ORDER BY decision_id, array_position(ARRAY['signed', 'approved', 'executed', 'expired', 'undone'], step)`, ids)
	if err != nil {
		return nil, fmt.Errorf("steps of decisions: %w", err)
	}
	for i := range all {
		d := &all[i]
		d.Open = at.Before(d.ExpiresAt)
		for _, s := range steps {
			if s.Decision == d.ID {
				d.Steps = append(d.Steps, s)
				d.Open = d.Open && s.Step != gateway.StepExecuted && s.Step != gateway.StepExpired
			}
		}
	}
	return all, nil
}

// ConnectionReport is the very text of a report on record, or gateway.ErrNotFound; authorities see none.
func (r *Reader) ConnectionReport(ctx context.Context, v Viewer, decision int64) (text string, err error) {
	if !v.Operations() {
		return "", gateway.ErrNotFound
	}
	err = r.look(ctx, v, func(tx *sqlx.Tx) error {
		var raw json.RawMessage
		err := tx.GetContext(ctx, &raw, `SELECT d.content->'report' FROM decision d JOIN decision_step e ON e.decision_id = d.id AND e.step = 'executed' WHERE d.id = $1 AND d.kind = $2`,
			decision, gateway.DecisionConformance)
		if errors.Is(err, sql.ErrNoRows) {
			return gateway.ErrNotFound
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, &text)
	})
	if err != nil {
		return "", fmt.Errorf("report of decision %d: %w", decision, err)
	}
	return text, nil
}
