package answer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// Outbox is the answers that a door puts or sends to their suppliers itself.
type Outbox struct {
	*Store
	Door door.Kind
}

// Outbox is what waits for the queues, or the endpoints, of a door.
func (s *Store) Outbox(of door.Kind) Outbox { return Outbox{s, of} }

// NextQueued implements door.Queueing.
func (s Outbox) NextQueued(ctx context.Context, supplier string) (gateway.QueuedAnswer, error) {
	var a gateway.QueuedAnswer
	var document int64
	err := s.DB.QueryRowContext(ctx, `SELECT a.id, a.file_name, d.transport_key, a.document_id
		FROM (SELECT answer_id FROM answer_uncollected WHERE supplier = $1 AND door = $2 ORDER BY answer_id LIMIT 1) u
		CROSS JOIN LATERAL (SELECT * FROM answer b WHERE b.id = u.answer_id LIMIT 1) a
		CROSS JOIN LATERAL (SELECT e.transport_key FROM delivery e WHERE e.id = a.delivery_id LIMIT 1) d`, supplier, s.Door).Scan(&a.ID, &a.Name, &a.Key, &document)
	if errors.Is(err, sql.ErrNoRows) {
		return a, gateway.ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("queued answer: %w", postgres.Transient(err))
	}
	a.Name = strings.TrimSuffix(a.Name, ".xml")
	content, err := s.Raw(ctx, document)
	if err != nil {
		return a, fmt.Errorf("answer %s: %w", a.Name, err)
	}
	a.Body, err = io.ReadAll(content)
	if err := errors.Join(err, content.Close()); err != nil {
		return a, fmt.Errorf("answer %s: %w", a.Name, err)
	}
	return a, s.journal(ctx, `k.answer_id = $1`, a.ID)
}

// Queued implements door.Queueing. Of these doors that is what collected_at means.
func (s Outbox) Queued(ctx context.Context, a gateway.QueuedAnswer) error {
	s.Failpoint("after-queueing-before-record")
	_, err := s.DB.ExecContext(ctx, `UPDATE answer SET collected_at = $2 WHERE id = $1 AND door = $3 AND collected_at IS NULL`, a.ID, s.Now(), s.Door)
	if err != nil {
		return fmt.Errorf("answer %s queued: %w", a.Name, postgres.Transient(err))
	}
	return nil
}

// LayInMailbox implements door.Queueing: the answers behind it go on.
func (s Outbox) LayInMailbox(ctx context.Context, a gateway.QueuedAnswer) error {
	return s.Transact(ctx, "lay in mailbox", func(x *postgres.Session) error {
		if err := x.UpdateOne(ctx, `UPDATE answer SET door = 'sftp' WHERE id = $1 AND door = $2 AND collected_at IS NULL`, a.ID, s.Door); err != nil {
			return err
		}
		return s.RaiseDetail(ctx, x, gateway.AnswerTooLarge, a.Name, gateway.DetailAnswerInMailbox.With(len(a.Body)))
	})
}

// Unreachable are the suppliers for whose endpoints answers lie, without those that have one.
func (s *Store) Unreachable(ctx context.Context, endpoints []string) (suppliers []string, err error) {
	err = s.DB.SelectContext(ctx, &suppliers, `SELECT DISTINCT supplier FROM answer_uncollected WHERE door = 'rasp' AND supplier <> ALL ($1) ORDER BY supplier`, endpoints)
	if err != nil {
		return nil, fmt.Errorf("answers for no endpoint: %w", postgres.Transient(err))
	}
	return suppliers, nil
}

// LayUnreachable gives a supplier's mailbox what lies for its endpoint. It is for who knows that nobody sends to that.
func (s *Store) LayUnreachable(ctx context.Context, supplier string) error {
	_, err := s.DB.ExecContext(ctx, `UPDATE answer SET door = 'sftp' WHERE door = 'rasp' AND collected_at IS NULL
		AND id IN (SELECT answer_id FROM answer_uncollected WHERE door = 'rasp' AND supplier = $1)`, supplier)
	if err != nil {
		return fmt.Errorf("answers for no endpoint of %s: %w", supplier, postgres.Transient(err))
	}
	return nil
}
