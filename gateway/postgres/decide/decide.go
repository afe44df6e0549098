// Package decide keeps what persons have decided, and who they are. Nothing of it is ever overwritten.
package decide

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
)

// Store is the decisions' part of the database. Safe for concurrent use.
type Store struct {
	*postgres.Base
}

// Record writes a decision down, with its hash, and gives it its number. It is the only place that does.
func (s *Store) Record(ctx context.Context, x *postgres.Session, d *gateway.Decision) error {
	content, err := json.Marshal(d.Content)
	if err != nil {
		return fmt.Errorf("record decision: %w", err)
	}
	if d.Hash, err = d.Sum(); err != nil {
		return err
	}
	err = x.GetContext(ctx, &d.ID, `INSERT INTO decision (kind, content, persons, asked_by, why, asked_at, expires_at, environment, hash)
		VALUES ($1, $2::jsonb, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		d.Kind, string(content), d.Persons, d.By, d.Why, d.AskedAt, d.ExpiresAt, d.Environment, d.Hash[:])
	if err != nil {
		return fmt.Errorf("record decision: %w", err)
	}
	for _, i := range d.Items {
		_, err := x.ExecContext(ctx, `INSERT INTO decision_item (decision_id, thing, id, authority, bank, state, preview)
			VALUES ($1, $2, $3, nullif($4, ''), nullif($5, ''), $6, $7)`, d.ID, i.Thing, i.ID, i.Authority, i.Bank, i.State, i.Preview)
		if err != nil {
			return fmt.Errorf("record decision %d: %w", d.ID, err)
		}
	}
	return s.Audit(ctx, x, audit.Decision, entry{Decision: d.ID, Step: "asked", Kind: d.Kind, Person: d.By, Hash: hex.EncodeToString(d.Hash[:])})
}

// entry is what the log that cannot be forged has of a decision.
type entry struct {
	Decision int64  `json:"decision"`
	Step     string `json:"step"`
	Kind     string `json:"kind,omitempty"`
	Person   string `json:"person,omitempty"`
	Hash     string `json:"hash,omitempty"` // of its things and intent, or of what became of them
}

// Note writes down that a step was taken; gateway.ErrDecided when it was taken before.
func (s *Store) Note(ctx context.Context, x *postgres.Session, decision int64, step gateway.DecisionStep) error {
	var outcome sql.NullString
	if step.Step == gateway.StepExecuted {
		text, err := json.Marshal(step.Outcome)
		if err != nil {
			return fmt.Errorf("decision %d, %s: %w", decision, step.Step, err)
		}
		outcome = sql.NullString{String: string(text), Valid: true}
	}
	r, err := x.ExecContext(ctx, `INSERT INTO decision_step (decision_id, step, at, person, signature, outcome, undone_by)
		VALUES ($1, $2, $3, nullif($4, ''), nullif($5, ''), $6::jsonb, nullif($7::bigint, 0)) ON CONFLICT (decision_id, step) DO NOTHING`,
		decision, step.Step, s.Now(), step.Person, step.Signature, outcome, step.UndoneBy)
	if err != nil {
		return fmt.Errorf("decision %d, %s: %w", decision, step.Step, err)
	}
	n, err := r.RowsAffected()
	if err == nil && n == 1 {
		sum := sha256.Sum256([]byte(outcome.String))
		return s.Audit(ctx, x, audit.Decision, entry{Decision: decision, Step: string(step.Step), Person: step.Person, Hash: hex.EncodeToString(sum[:])})
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("decision %d, %s: %w", decision, step.Step, gateway.ErrDecided)
}

// UndoEarlier notes that earlier decisions of a kind about a thing are undone by another.
func (s *Store) UndoEarlier(ctx context.Context, x *postgres.Session, kind string, thing gateway.Thing, id, by int64) error {
	_, err := x.ExecContext(ctx, `INSERT INTO decision_step (decision_id, step, at, undone_by)
		SELECT d.id, 'undone', $4, $5 FROM decision d JOIN decision_item i ON i.decision_id = d.id AND i.thing = $2 AND i.id = $3
		JOIN decision_step e ON e.decision_id = d.id AND e.step = 'executed' WHERE d.kind = $1
		ON CONFLICT (decision_id, step) DO NOTHING`, kind, thing, id, s.Now(), by)
	if err != nil {
		return fmt.Errorf("undo %s of %s %d: %w", kind, thing, id, err)
	}
	return nil
}

// Executed reads the decisions of a kind that were carried out and have a parameter with a value, the last first.
func (s *Store) Executed(ctx context.Context, x *postgres.Session, kind, parameter, value string) (all []gateway.Decision, err error) {
	var ids []int64
	err = x.SelectContext(ctx, &ids, `SELECT d.id FROM decision d JOIN decision_step e ON e.decision_id = d.id AND e.step = 'executed'
		WHERE d.kind = $1 AND d.content->>$2 = $3 ORDER BY d.id DESC LIMIT 1000`, kind, parameter, value)
	for _, id := range ids {
		if err != nil {
			break
		}
		var d gateway.Decision
		d, _, err = s.Load(ctx, x, id)
		all = append(all, d)
	}
	if err != nil {
		return nil, fmt.Errorf("decisions %s of %s %s: %w", kind, parameter, value, err)
	}
	return all, nil
}

// row is a decision as the table has it.
type row struct {
	ID          int64     `db:"id"`
	Kind        string    `db:"kind"`
	Content     []byte    `db:"content"`
	Persons     int       `db:"persons"`
	By          string    `db:"asked_by"`
	Why         string    `db:"why"`
	AskedAt     time.Time `db:"asked_at"`
	ExpiresAt   time.Time `db:"expires_at"`
	Environment string    `db:"environment"`
	Hash        []byte    `db:"hash"`
}

const columns = `id, kind, content, persons, asked_by, why, asked_at, expires_at, environment, hash`

// Load reads a decision and the steps that were taken, or gives gateway.ErrNotFound.
func (s *Store) Load(ctx context.Context, x *postgres.Session, id int64) (d gateway.Decision, steps []gateway.DecisionStep, err error) {
	var r row
	err = x.GetContext(ctx, &r, `SELECT `+columns+` FROM decision WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return d, nil, fmt.Errorf("decision %d: %w", id, err)
	}
	d = gateway.Decision{ID: r.ID, Kind: r.Kind, Persons: r.Persons, By: r.By, Why: r.Why, AskedAt: r.AskedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
		Environment: r.Environment, Content: map[string]string{}}
	copy(d.Hash[:], r.Hash)
	if err := json.Unmarshal(r.Content, &d.Content); err != nil {
		return d, nil, fmt.Errorf("decision %d: %w", id, err)
	}
	err = x.SelectContext(ctx, &d.Items, `SELECT thing, id, coalesce(authority, '') AS authority, coalesce(bank, '') AS bank, state, preview
		FROM decision_item WHERE decision_id = $1 ORDER BY thing, id`, id)
	if err != nil {
		return d, nil, fmt.Errorf("decision %d: %w", id, err)
	}
	steps, err = s.steps(ctx, x, id)
	return d, steps, err
}

func (s *Store) steps(ctx context.Context, x *postgres.Session, id int64) ([]gateway.DecisionStep, error) {
	var rows []struct {
		Step      gateway.StepName `db:"step"`
		At        time.Time        `db:"at"`
		Txid      string           `db:"txid"`
		Person    string           `db:"person"`
		Signature string           `db:"signature"`
		Outcome   []byte           `db:"outcome"`
		UndoneBy  sql.NullInt64    `db:"undone_by"`
	}
	err := x.SelectContext(ctx, &rows, `SELECT step, at, txid::text AS txid, coalesce(person, '') AS person, coalesce(signature, '') AS signature,
		outcome, undone_by FROM decision_step WHERE decision_id = $1
		ORDER BY array_position('{signed,approved,expired,executed,undone}'::text[], step)`, id)
	if err != nil {
		return nil, fmt.Errorf("steps of decision %d: %w", id, err)
	}
	var steps []gateway.DecisionStep
	for _, r := range rows {
		step := gateway.DecisionStep{Step: r.Step, At: r.At, Txid: r.Txid, Person: r.Person, Signature: r.Signature, UndoneBy: r.UndoneBy.Int64}
		if len(r.Outcome) > 0 {
			if err := json.Unmarshal(r.Outcome, &step.Outcome); err != nil {
				return nil, fmt.Errorf("steps of decision %d: %w", id, err)
			}
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// IDs are the numbers of decisions, newest first: those that still wait, or all of them, no more than most.
func (s *Store) IDs(ctx context.Context, all bool, most int) (ids []int64, err error) {
	err = s.DB.SelectContext(ctx, &ids, `SELECT id FROM decision d WHERE $1 OR d.expires_at > $2
		AND NOT EXISTS (SELECT FROM decision_step s WHERE s.decision_id = d.id AND s.step IN ('executed', 'expired'))
		ORDER BY id DESC LIMIT $3`, all, s.Now(), most)
	if err != nil {
		return nil, fmt.Errorf("decisions: %w", postgres.Transient(err))
	}
	return ids, nil
}

// Keep records a decision that was carried out in the journal.
func (s *Store) Keep(ctx context.Context, decision int64) error {
	return s.Base.Keep(ctx, postgres.JournalDecision, `SELECT concat_ws(' ', d.id, left(encode(d.hash, 'hex'), 16)), NULL::bigint,
		to_jsonb(d) || jsonb_build_object('hash', encode(d.hash, 'hex'),
			'items', (SELECT jsonb_agg(to_jsonb(i)) FROM decision_item i WHERE i.decision_id = d.id),
			'steps', (SELECT jsonb_agg(to_jsonb(t)) FROM decision_step t WHERE t.decision_id = d.id))
		FROM decision d WHERE d.id = $1`, decision)
}
