package answer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// Ready implements door.Collection. Ids are asked for first: a statement that has them as values is planned for their months alone.
func (s *Store) Ready(ctx context.Context, party string) ([]door.StagedFile, error) {
	var ids, documents []int64
	err := s.DB.SelectContext(ctx, &ids, `SELECT answer_id FROM answer_uncollected WHERE supplier = $1 AND door = 'sftp' ORDER BY answer_id LIMIT $2`, party, door.MostListed)
	if err == nil && len(ids) > 0 {
		err = s.DB.SelectContext(ctx, &documents, `SELECT document_id FROM answer WHERE id = ANY ($1::bigint[]) AND collected_at IS NULL`, ids)
	}
	var f []door.StagedFile
	if err == nil && len(documents) > 0 {
		err = s.DB.SelectContext(ctx, &f, `SELECT a.file_name AS name, d.size, a.made_at AS modified, a.document_id
			FROM answer a JOIN document d ON d.id = a.document_id AND d.id = ANY ($2::bigint[])
			WHERE a.id = ANY ($1::bigint[]) AND a.door = 'sftp' AND a.collected_at IS NULL ORDER BY a.id`, ids, documents)
	}
	if err != nil {
		return nil, fmt.Errorf("answers ready: %w", postgres.Transient(err))
	}
	if len(f) < door.MostListed {
		var more []door.StagedFile
		if more, err = s.handoutsReady(ctx, party, door.MostListed-len(f)); err != nil {
			return nil, err
		}
		f = append(f, more...)
	}
	return f, nil
}

// StatReady implements door.Collection.
func (s *Store) StatReady(ctx context.Context, party, name string) (door.StagedFile, error) {
	f, err := s.statAnswer(ctx, party, name)
	if errors.Is(err, gateway.ErrNotFound) {
		return s.statHandout(ctx, party, name)
	}
	return f, err
}

func (s *Store) statAnswer(ctx context.Context, party, name string) (door.StagedFile, error) {
	var f door.StagedFile
	err := s.DB.GetContext(ctx, &f, `SELECT a.file_name AS name, d.size, a.made_at AS modified, a.document_id
		FROM answer a JOIN document d ON d.id = a.document_id
		WHERE a.id = (SELECT answer_id FROM answer_key WHERE supplier = $1 AND file_name = $2) AND a.door = 'sftp' AND a.collected_at IS NULL`, party, name)
	if errors.Is(err, sql.ErrNoRows) {
		return f, gateway.ErrNotFound
	}
	if err != nil {
		return f, fmt.Errorf("answer ready: %w", postgres.Transient(err))
	}
	return f, nil
}

// OpenReady implements door.Collection.
func (s *Store) OpenReady(ctx context.Context, party, name string) (door.OpenedAnswer, error) {
	f, err := s.statAnswer(ctx, party, name)
	switch {
	case errors.Is(err, gateway.ErrNotFound): // what can be made again is in no journal
		f, err = s.statHandout(ctx, party, name)
	case err == nil:
		err = s.journal(ctx, `k.supplier = $1 AND k.file_name = $2`, party, name)
	}
	if err != nil {
		return nil, err
	}
	return s.OpenRandom(ctx, f.Document)
}

// journal records an answer before its supplier can read it, with what it was due to tell; before it the delivery that it is about, whose sender
// may never have been told that it was taken.
func (s *Store) journal(ctx context.Context, which string, args ...any) error {
	if s.Journal == nil {
		return nil
	}
	var deliveries []int64 // none: its month is dropped
	err := s.DB.SelectContext(ctx, &deliveries, `SELECT d.id FROM answer_key k JOIN delivery d ON d.id = k.delivery_id WHERE `+which, args...)
	if err != nil {
		return fmt.Errorf("journal: delivery of an answer: %w", postgres.Transient(err))
	}
	for _, id := range deliveries {
		if err := s.KeepDelivery(ctx, id); err != nil {
			return err
		}
	}
	return s.Keep(ctx, postgres.JournalAnswer, `SELECT concat_ws(' ', a.kind, a.number, left(encode(c.sha256, 'hex'), 16)), a.document_id,
		to_jsonb(a) || jsonb_build_object('dues', (SELECT jsonb_agg(to_jsonb(w)) FROM answer_due w WHERE w.delivery_id = a.delivery_id AND w.answer_id = a.id))
		FROM answer_key k JOIN answer a ON a.id = k.answer_id JOIN document c ON c.id = a.document_id WHERE `+which, args...)
}

// Collect implements door.Collection.
func (s *Store) Collect(ctx context.Context, party, name string) error {
	err := s.ChangeOne(ctx, "collect", `UPDATE answer SET collected_at = $3
		WHERE id = (SELECT answer_id FROM answer_key WHERE supplier = $1 AND file_name = $2) AND door = 'sftp' AND collected_at IS NULL`, party, name, s.Now())
	if errors.Is(err, gateway.ErrNotFound) {
		err = s.collectHandout(ctx, party, name)
	}
	if err == nil {
		s.Failpoint("after-collection-before-reply")
	}
	return err
}
