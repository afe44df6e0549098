package receive

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// mostParked bounds a message that is kept for persons: more than any queue takes.
const mostParked = 256 << 20

const (
	// keptOfParked is what the journal has of a parked message beside its bytes.
	keptOfParked = `id, supplier, transport_key, sha256, size, reason, evidence, parked_at`
	// factsOfParked is a message's name in the journal, and what that has.
	factsOfParked = `SELECT concat_ws(' ', p.id, left(encode(p.sha256, 'hex'), 16)), row_to_json(p) FROM `
)

// Park implements door.Parking. The queue forgets what is parked, so that the journal must have it before.
func (s *Store) Park(ctx context.Context, a door.Arrival, reason string) error {
	if err := s.Quiet.Refuse(); err != nil {
		return fmt.Errorf("park: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(a.Content, mostParked+1))
	if err == nil && len(content) > mostParked {
		err = fmt.Errorf("%w: larger than %d bytes", gateway.ErrRefused, mostParked)
	}
	if err != nil {
		return fmt.Errorf("park: %w", err)
	}
	if content == nil {
		content = []byte{}
	}
	sum := sha256.Sum256(content)
	var key, facts string
	err = s.DB.QueryRowContext(ctx, `WITH put AS (
			INSERT INTO parked_message (supplier, transport_key, sha256, size, reason, content, evidence, parked_at)
			VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8) ON CONFLICT (supplier, transport_key, sha256) WHERE state = 'parked' DO NOTHING
			RETURNING `+keptOfParked+`)
		`+factsOfParked+`(SELECT * FROM put
			UNION ALL SELECT `+keptOfParked+` FROM parked_message WHERE supplier = $1 AND transport_key = $2 AND sha256 = $3 AND state = 'parked') p LIMIT 1`,
		a.Party, a.Key, sum[:], len(content), reason, content, a.Evidence, s.Now()).Scan(&key, &facts)
	if errors.Is(err, sql.ErrNoRows) { // it came twice at the same moment
		err = gateway.ErrTransient
	}
	if err != nil {
		return fmt.Errorf("park: %w", postgres.Transient(err))
	}
	return s.KeepContent(postgres.JournalParked, key, json.RawMessage(facts), content)
}

const parkedMessages = `SELECT id, supplier, transport_key, sha256, size, reason, coalesce(evidence, '') AS evidence, parked_at, state, coalesce(decision_id, 0) AS decision FROM parked_message`

// mostListed bounds a listing of parked messages.
const mostListed = 1000

// Parked lists the messages that wait for persons, the oldest first, or with all also those about which persons have decided.
func (s *Store) Parked(ctx context.Context, all bool) ([]gateway.ParkedMessage, error) {
	list := []gateway.ParkedMessage{}
	if err := s.DB.SelectContext(ctx, &list, parkedMessages+` WHERE $1 OR state = 'parked' ORDER BY id LIMIT $2`, all, mostListed); err != nil {
		return nil, fmt.Errorf("parked messages: %w", postgres.Transient(err))
	}
	return list, nil
}

// ParkedMessage is one of them; gateway.ErrNotFound: there is none of that number.
func (s *Store) ParkedMessage(ctx context.Context, id int64) (gateway.ParkedMessage, error) {
	var list []gateway.ParkedMessage
	err := s.DB.SelectContext(ctx, &list, parkedMessages+` WHERE id = $1`, id)
	if err == nil && len(list) == 0 {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return gateway.ParkedMessage{}, fmt.Errorf("parked message %d: %w", id, postgres.Transient(err))
	}
	return list[0], nil
}

// PutBack makes a parked message the delivery that it might have been, under a key of its own, as persons have decided, and gives the
// delivery's number. gateway.ErrLostOwnership: it is not parked. What it says is judged as of anything that comes.
func (s *Store) PutBack(ctx context.Context, x *postgres.Session, id, decision int64) (int64, error) {
	m, content, err := take(ctx, x, id)
	if err != nil {
		return 0, err
	}
	key := gateway.PutBackKey(id, m.Key)
	delivery, err := s.putBackBefore(ctx, x, m, key)
	if err != nil || delivery != 0 {
		return delivery, errors.Join(err, decided(ctx, x, id, "put_back", s, decision))
	}
	if m.Size > s.Rules.DocumentBytes {
		return 0, fmt.Errorf("parked message %d: %d bytes are still more than the %d that are taken: %w", id, m.Size, s.Rules.DocumentBytes, gateway.ErrIntent)
	}
	if err := s.notTaken(ctx, x, m); err != nil {
		return 0, err
	}
	if err := s.keepParked(ctx, x, id, content); err != nil {
		return 0, err
	}
	document, sum, err := s.StoreDocument(ctx, x, content)
	if err != nil {
		return 0, err
	}
	a := arrived{Arrival: door.Arrival{Door: door.Queue, Party: m.Supplier, Key: key, Evidence: m.Evidence}, document: document, sha256: sum, size: m.Size}
	if err := s.deliver(ctx, x, a); err != nil {
		return 0, err
	}
	if err := x.GetContext(ctx, &delivery, `SELECT delivery_id FROM delivery_key WHERE door = $1 AND supplier = $2 AND transport_key = $3`, door.Queue, m.Supplier, key); err != nil {
		return 0, fmt.Errorf("parked message %d: %w", id, err)
	}
	x.AfterCommit(func() {
		if err := s.journal(context.WithoutCancel(ctx), door.Queue, m.Supplier, key); err != nil {
			s.Log.Error().Err(err).Int64("delivery", delivery).Msg("a message that was put back is not in the journal")
		}
	})
	return delivery, decided(ctx, x, id, "put_back", s, decision)
}

// keepParked puts a message in the journal that may not be there, since the program died before: what is decided about it must not be all that is
// known of it in a database that is set back. To that the queue brings it anew, and its number would be another's.
func (s *Store) keepParked(ctx context.Context, x *postgres.Session, id int64, content []byte) error {
	var key, facts string
	err := x.QueryRowContext(ctx, factsOfParked+`(SELECT `+keptOfParked+` FROM parked_message WHERE id = $1) p`, id).Scan(&key, &facts)
	if err != nil {
		return fmt.Errorf("parked message %d: %w", id, err)
	}
	return s.KeepContent(postgres.JournalParked, key, json.RawMessage(facts), content)
}

// putBackBefore is the delivery that a message became when it was put back, before the database was set back; 0: none. While the gateway is
// quiet nothing else is taken: a message whose delivery no journal has is left to persons.
func (s *Store) putBackBefore(ctx context.Context, x *postgres.Session, m gateway.ParkedMessage, key string) (delivery int64, err error) {
	err = x.GetContext(ctx, &delivery, `SELECT delivery_id FROM delivery_key WHERE door = $1 AND supplier = $2 AND transport_key = $3 AND sha256 = $4`,
		door.Queue, m.Supplier, key, m.SHA256)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
		if s.Quiet.Why() != "" {
			err = gateway.ErrMovedOn
		}
	}
	if err != nil {
		return 0, fmt.Errorf("parked message %d: %w", m.ID, err)
	}
	return delivery, nil
}

// notTaken refuses a message whose very bytes were taken meanwhile, from its sender or as another copy that persons had put back.
func (s *Store) notTaken(ctx context.Context, x *postgres.Session, m gateway.ParkedMessage) error {
	hashed, err := s.hashedName(ctx, x, m.Key)
	var taken bool
	if err == nil {
		err = x.GetContext(ctx, &taken, `SELECT EXISTS (SELECT FROM delivery_key d JOIN parked_message m ON m.id = $1
				WHERE d.door = $2 AND d.supplier = m.supplier AND d.transport_key IN (m.transport_key, $3) AND d.sha256 = m.sha256)
			OR EXISTS (SELECT FROM parked_message m JOIN parked_message o USING (supplier, transport_key, sha256)
				WHERE m.id = $1 AND o.state = 'put_back')`, m.ID, door.Queue, hashed)
	}
	if err == nil && taken {
		err = fmt.Errorf("the same message was taken meanwhile: %w", gateway.ErrIntent)
	}
	if err != nil {
		return fmt.Errorf("parked message %d: %w", m.ID, err)
	}
	return nil
}

// Drop forgets the bytes of a parked message, as persons have decided. gateway.ErrLostOwnership: it is not parked.
func (s *Store) Drop(ctx context.Context, x *postgres.Session, id, decision int64) error {
	_, content, err := take(ctx, x, id)
	if err == nil {
		err = s.keepParked(ctx, x, id, content)
	}
	if err != nil {
		return err
	}
	return decided(ctx, x, id, "dropped", s, decision)
}

func decided(ctx context.Context, x *postgres.Session, id int64, state string, s *Store, decision int64) error {
	err := x.UpdateOne(ctx, `UPDATE parked_message SET state = $2, content = NULL, decided_at = $3, decision_id = nullif($4::bigint, 0) WHERE id = $1 AND state = 'parked'`,
		id, state, s.Now(), decision)
	if err != nil {
		return fmt.Errorf("parked message %d: %w", id, err)
	}
	return nil
}

// take reads a message that is parked, with its bytes.
func take(ctx context.Context, x *postgres.Session, id int64) (m gateway.ParkedMessage, content []byte, err error) {
	var list []gateway.ParkedMessage
	err = x.SelectContext(ctx, &list, parkedMessages+` WHERE id = $1 AND state = 'parked' FOR UPDATE`, id)
	if err == nil && len(list) == 0 {
		err = gateway.ErrLostOwnership
	}
	if err == nil {
		m = list[0]
		err = x.QueryRowContext(ctx, `SELECT content FROM parked_message WHERE id = $1`, id).Scan(&content)
	}
	if err != nil {
		return m, nil, fmt.Errorf("parked message %d: %w", id, err)
	}
	return m, content, nil
}
