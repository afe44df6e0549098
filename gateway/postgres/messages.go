package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"nks/gateway"
)

// TakeMessage makes a message of the supplier's queue a delivery, stored whole in one transaction: when it returns nil the
// message may be acknowledged. The same key with the same bytes is the delivery that it was. It wraps gateway.ErrConflict
// for other bytes under a known key and gateway.ErrRefused for a body over the limit of documents; both have raised an
// alarm. After gateway.ErrTemporary the same message may be taken again.
func (s *Store) TakeMessage(ctx context.Context, supplier, key string, body []byte) error {
	if int64(len(body)) > s.Rules.DocumentBytes {
		return errors.Join(fmt.Errorf("message: %w: %w: limit %d bytes", gateway.ErrRefused, ErrTooLarge, s.Rules.DocumentBytes),
			s.alarm(ctx, "message too large", fmt.Sprintf("%s %.8x", supplier, sha256.Sum256(body)),
				fmt.Sprintf("supplier %s sent a message of %d bytes; it was parked", supplier, len(body))))
	}
	err := s.transact(ctx, "message", func(x *session) error {
		document, sum, err := s.storeDocument(ctx, x, body)
		if err != nil {
			return err
		}
		return s.deliver(ctx, x, arrival{Door: "mq", Supplier: supplier, Key: key, Document: document, SHA256: sum, Size: int64(len(body))})
	})
	if err != nil {
		return errors.Join(err, s.alarmConflict(ctx, err, supplier))
	}
	s.Gap("after-commit-before-acknowledgement")
	return nil
}

// NextQueuedAnswer is the supplier's oldest answer that its queue does not have yet. gateway.ErrNotFound: none.
func (s *Store) NextQueuedAnswer(ctx context.Context, supplier string) (gateway.QueuedAnswer, error) {
	var a gateway.QueuedAnswer
	var document int64
	err := s.DB.QueryRowContext(ctx, `SELECT a.id, a.file_name, d.transport_key, a.document_id FROM answer a JOIN delivery d ON d.id = a.delivery_id
		WHERE a.supplier = $1 AND a.door = 'mq' AND a.collected_at IS NULL ORDER BY a.id LIMIT 1`, supplier).Scan(&a.ID, &a.Name, &a.Key, &document)
	if errors.Is(err, sql.ErrNoRows) {
		return a, gateway.ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("queued answer: %w", temporary(err))
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
	return a, nil
}

// Queued records that the supplier's queue has the answer: from then on it is the queue's to keep. Of this door that is
// what collected_at means.
func (s *Store) Queued(ctx context.Context, a gateway.QueuedAnswer) error {
	s.Gap("after-queueing-before-record")
	_, err := s.DB.ExecContext(ctx, `UPDATE answer SET collected_at = $2 WHERE id = $1 AND door = 'mq' AND collected_at IS NULL`, a.ID, s.Now())
	if err != nil {
		return fmt.Errorf("answer %s queued: %w", a.Name, temporary(err))
	}
	return nil
}

// LayInMailbox gives an answer that the queue cannot take to the supplier's out/ instead, with an alarm, so that the
// answers behind it go on.
func (s *Store) LayInMailbox(ctx context.Context, a gateway.QueuedAnswer) error {
	return s.transact(ctx, "lay in mailbox", func(x *session) error {
		if err := x.touch(ctx, `UPDATE answer SET door = 'sftp' WHERE id = $1 AND door = 'mq' AND collected_at IS NULL`, a.ID); err != nil {
			return err
		}
		return s.raise(ctx, x, "answer too large for the queue", a.Name,
			fmt.Sprintf("%d bytes; it lies in the supplier's out/ of the mailbox instead", len(a.Body)))
	})
}
