package answer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// handoutsKept is how long what lies in a mailbox beside answers is remembered, fetched or not. It can be made again at any time.
const handoutsKept = 45 * 24 * time.Hour

// handoutsReady lists the copies and reports that lie ready, oldest first.
func (s *Store) handoutsReady(ctx context.Context, party string, most int) (f []door.StagedFile, err error) {
	err = s.DB.SelectContext(ctx, &f, `SELECT h.file_name AS name, d.size, h.made_at AS modified, h.document_id
		FROM (SELECT * FROM handout WHERE supplier = $1 AND collected_at IS NULL ORDER BY id LIMIT $2) h
		CROSS JOIN LATERAL (SELECT c.size FROM document c WHERE c.id = h.document_id LIMIT 1) d ORDER BY h.id`, party, most)
	if err != nil {
		return nil, fmt.Errorf("handouts ready: %w", postgres.Transient(err))
	}
	return f, nil
}

// statHandout tells about one of them; gateway.ErrNotFound: it is not there.
func (s *Store) statHandout(ctx context.Context, party, name string) (f door.StagedFile, err error) {
	err = s.DB.GetContext(ctx, &f, `SELECT h.file_name AS name, d.size, h.made_at AS modified, h.document_id
		FROM (SELECT * FROM handout WHERE supplier = $1 AND file_name = $2 AND collected_at IS NULL) h
		CROSS JOIN LATERAL (SELECT c.size FROM document c WHERE c.id = h.document_id LIMIT 1) d`, party, name)
	if errors.Is(err, sql.ErrNoRows) {
		return f, gateway.ErrNotFound
	}
	if err != nil {
		return f, fmt.Errorf("handout ready: %w", postgres.Transient(err))
	}
	return f, nil
}

// collectHandout records that the supplier has taken one away. gateway.ErrNotFound: it does not lie ready.
func (s *Store) collectHandout(ctx context.Context, party, name string) error {
	return s.ChangeOne(ctx, "collect", `UPDATE handout SET collected_at = $3 WHERE supplier = $1 AND file_name = $2 AND collected_at IS NULL`, party, name, s.Now())
}

// ForgetHandouts forgets those whose time is over.
func (s *Store) ForgetHandouts(ctx context.Context) error {
	if _, err := s.DB.ExecContext(ctx, `DELETE FROM handout WHERE made_at < $1`, s.Now().Add(-handoutsKept)); err != nil {
		return fmt.Errorf("forget handouts: %w", postgres.Transient(err))
	}
	return nil
}
