package restore

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/journal"
	"nks/pgscript"
)

// takeDelivery takes a delivery in under its id, with its bytes: it is read next.
func (t *taking) takeDelivery(ctx context.Context, x *postgres.Session, r journal.Record) error {
	var facts struct {
		ID         int64     `json:"id"`
		ReceivedAt time.Time `json:"received_at"`
	}
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return err
	}
	month, err := t.EnsureMonth(ctx, x, facts.ReceivedAt)
	if err != nil {
		return err
	}
	document, err := t.store(ctx, x, r)
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToRead)
	for _, statement := range []string{
		`INSERT INTO delivery_key (door, supplier, transport_key, delivery_id, sha256) SELECT door, supplier, transport_key, id, sha256 FROM jsonb_populate_record(NULL::delivery, @facts::jsonb)`,
		`INSERT INTO arrival_counter AS c (supplier, last) SELECT supplier, arrival FROM jsonb_populate_record(NULL::delivery, @facts::jsonb)
			ON CONFLICT (supplier) DO UPDATE SET last = greatest(c.last, excluded.last)`,
		`INSERT INTO delivery (id, door, supplier, arrival, transport_key, document_id, sha256, size, received_at, counts_at, month, uploaded_as, sent_at, queued_at, evidence)
			SELECT id, door, supplier, arrival, transport_key, @document, sha256, size, received_at, counts_at, month, uploaded_as, sent_at, queued_at, evidence
			FROM jsonb_populate_record(NULL::delivery, @facts::jsonb)`,
		`SELECT lift_sequence(@sequence, @id::bigint & 4194303)`,
	} {
		args := pgscript.Args{"facts": string(r.Facts), "document": document, "sequence": "delivery_number_" + month.Suffix(), "id": facts.ID}
		if _, err := x.ExecContext(ctx, statement, args); err != nil {
			return err
		}
	}
	return x.BelongsToDelivery(ctx, document, facts.ID)
}

// takeBankFile takes in what a bank had laid out, and hears it.
func (t *taking) takeBankFile(ctx context.Context, r journal.Record) error {
	var facts struct {
		Bank       string    `json:"bank"`
		ReceivedAt time.Time `json:"received_at"`
	}
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return err
	}
	err := t.alone(ctx, r, func(ctx context.Context, x *postgres.Session, r journal.Record) error {
		month, err := t.EnsureMonth(ctx, x, facts.ReceivedAt)
		if err != nil {
			return err
		}
		document, err := t.store(ctx, x, r)
		if err != nil {
			return err
		}
		var id int64
		err = x.QueryRowContext(ctx, `WITH file AS (
				INSERT INTO bank_file (id, bank, name, sha256, size, document_id, received_at)
				SELECT $2::bigint + nextval('bank_file_number'), bank, name, sha256, size, $3, received_at FROM jsonb_populate_record(NULL::bank_file, $1::jsonb)
				RETURNING id, bank, name, sha256),
			known AS (INSERT INTO bank_file_key (bank, name, sha256, bank_file_id) SELECT bank, name, sha256, id FROM file)
			INSERT INTO bank_file_unheard (bank, bank_file_id) SELECT bank, id FROM file RETURNING bank_file_id`, string(r.Facts), month.IDs(), document).Scan(&id)
		if err != nil {
			return err
		}
		x.Wakes(postgres.ToHear(facts.Bank))
		return x.BelongsToBankFile(ctx, document, id)
	})
	if err != nil {
		return err
	}
	return repeat(ctx, func(ctx context.Context) (bool, error) { return t.Flow.Hear(ctx, facts.Bank) })
}

// takeAnswer takes in an answer that its supplier may have, and lifts the numbers of its kind.
func (t *taking) takeAnswer(ctx context.Context, x *postgres.Session, r journal.Record) error {
	var facts struct {
		Kind     gateway.AnswerKind `json:"kind"`
		Number   int64              `json:"number"`
		Delivery int64              `json:"delivery_id"`
		MadeAt   time.Time          `json:"made_at"`
	}
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return err
	}
	month, err := t.EnsureMonth(ctx, x, facts.MadeAt)
	if err != nil {
		return err
	}
	var there bool
	err = x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM answer_key WHERE kind = $1 AND number = $2 AND delivery_id = $3)`, int(facts.Kind), facts.Number, facts.Delivery).Scan(&there)
	if err != nil || there {
		return err
	}
	if err := t.liftNumbers(ctx, x, answerSeries(facts.Kind), facts.Number); err != nil {
		return err
	}
	document, err := t.store(ctx, x, r)
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `WITH made AS (
			INSERT INTO answer (id, kind, number, delivery_id, supplier, door, file_name, status, made_at, document_id)
			SELECT $2::bigint + nextval('answer_number'), kind, number, delivery_id, supplier, door, file_name, status, made_at, $3 FROM jsonb_populate_record(NULL::answer, $1::jsonb)
			RETURNING id, kind, number, delivery_id, supplier, file_name)
		INSERT INTO answer_key (answer_id, kind, number, delivery_id, supplier, file_name) SELECT * FROM made`, string(r.Facts), month.IDs(), document)
	if err != nil {
		return err
	}
	return x.BelongsToDelivery(ctx, document, facts.Delivery)
}

//go:embed sql/dues.sql
var duesScript string

// takeDues takes in what an answer has told.
func (t *taking) takeDues(ctx context.Context, x *postgres.Session, r journal.Record) error {
	var facts struct {
		Kind   gateway.AnswerKind `json:"kind"`
		Number int64              `json:"number"`
		Dues   json.RawMessage    `json:"dues"`
	}
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return err
	}
	if len(facts.Dues) == 0 || string(facts.Dues) == "null" {
		return nil
	}
	var answer int64
	if err := x.QueryRowContext(ctx, `SELECT answer_id FROM answer_key WHERE kind = $1 AND number = $2`, int(facts.Kind), facts.Number).Scan(&answer); err != nil {
		return err
	}
	if err := x.NewFacts(ctx); err != nil {
		return err
	}
	if err := pgscript.Run(ctx, x, duesScript, pgscript.Args{"dues": string(facts.Dues), "answer": answer, "now": t.Now()}); err != nil {
		return err
	}
	return t.RecordFacts(ctx, x)
}

// takeDecision takes in what persons have decided, and carries it out again where it still can be. It may have been asked before the moment that
// the database was set back to.
func (t *taking) takeDecision(ctx context.Context, x *postgres.Session, r journal.Record) error {
	var facts struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT INTO decision OVERRIDING SYSTEM VALUE SELECT r.* FROM jsonb_populate_record(NULL::decision, @facts::jsonb || jsonb_build_object('hash', '\x' || (@facts::jsonb->>'hash'))) r
			WHERE NOT EXISTS (SELECT FROM decision d WHERE d.id = r.id AND d.hash = r.hash)`,
		`SELECT lift_sequence('decision_id_seq', @id)`,
		`INSERT INTO decision_item SELECT * FROM jsonb_populate_recordset(NULL::decision_item, nullif(@facts::jsonb->'items', 'null')) ON CONFLICT (decision_id, thing, id) DO NOTHING`,
		`INSERT INTO decision_step SELECT * FROM jsonb_populate_recordset(NULL::decision_step, nullif(@facts::jsonb->'steps', 'null')) ON CONFLICT (decision_id, step) DO NOTHING`,
	} {
		if _, err := x.ExecContext(ctx, statement, pgscript.Args{"facts": string(r.Facts), "id": facts.ID}); err != nil {
			return fmt.Errorf("decision %d: %w", facts.ID, err)
		}
	}
	return t.Flow.Decide(ctx, x, facts.ID)
}

// takeParked takes in a message that waited for persons, under its number: what they have decided about it since comes next.
func (t *taking) takeParked(ctx context.Context, x *postgres.Session, r journal.Record) error {
	var facts struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return err
	}
	content, err := bytesOf(r)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT INTO parked_message (id, supplier, transport_key, sha256, size, reason, content, evidence, parked_at) OVERRIDING SYSTEM VALUE
			SELECT id, supplier, transport_key, sha256, size, reason, @content, evidence, parked_at FROM jsonb_populate_record(NULL::parked_message, @facts::jsonb)`,
		`SELECT lift_sequence('parked_message_id_seq', @id)`,
	} {
		if _, err := x.ExecContext(ctx, statement, pgscript.Args{"facts": string(r.Facts), "content": content, "id": facts.ID}); err != nil {
			return fmt.Errorf("parked message %d: %w", facts.ID, err)
		}
	}
	return nil
}
