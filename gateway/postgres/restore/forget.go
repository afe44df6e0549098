package restore

import (
	"context"
	"fmt"
	"time"

	"nks/gateway/postgres"
	"nks/journal"
)

const (
	// marking is how often a node marks that the database knows its journal, and has it forget.
	marking = time.Hour
	// apart is how much earlier than its mark a database may end: the records of one node have the times of several clocks.
	apart = time.Hour
)

// Begin lists this node in a database that knows all that the journals do, and begins its journal.
func (s *Store) Begin(ctx context.Context) error {
	if s.Journal == nil || s.Quiet.Why() != "" {
		return nil
	}
	if err := s.Journal.Append(journal.Record{Kind: journalBegun, Key: s.Journal.Node, At: s.Now()}, 0, nil); err != nil {
		return err
	}
	_, err := s.DB.ExecContext(ctx, `INSERT INTO journal_node (node, since, known_to) VALUES ($1, $2, $2) ON CONFLICT (node) WHERE lost_at IS NULL DO NOTHING`,
		s.Journal.Node, s.Now())
	return postgres.Transient(err)
}

// Forget marks in the database that it knows this node's journal until now, and has the journal forget what is older than Keep; once
// an hour. A database without the last mark was set back under this process: it is compared, and nothing is forgotten.
func (s *Store) Forget(ctx context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now().Truncate(time.Microsecond) // as the database keeps it
	if s.Journal == nil || s.Quiet.Why() != "" || now.Before(s.again) {
		return false, nil
	}
	marked, err := s.mark(ctx, now)
	if err != nil {
		return false, fmt.Errorf("mark what is known of the journal: %w", postgres.Transient(err))
	}
	s.again = now.Add(marking)
	if !marked {
		s.marked = time.Time{}
		if _, err := s.Compare(ctx); err != nil {
			return false, err
		}
		return false, s.Begin(ctx)
	}
	s.marked = now
	if s.Keep == 0 {
		return false, nil
	}
	files, err := s.Journal.Forget(now.Add(-s.Keep), now)
	if files > 0 {
		s.Log.Info().Int("files", files).Msg("the journal has forgotten what is older than journal.keep")
	}
	return false, err
}

// mark reports whether the database has this node's last mark, which is now.
func (s *Store) mark(ctx context.Context, now time.Time) (bool, error) {
	r, err := s.DB.ExecContext(ctx, `UPDATE journal_node SET known_to = greatest(known_to, $2) WHERE node = $1 AND lost_at IS NULL AND known_to >= $3`,
		s.Journal.Node, now, s.marked)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// short is a node of whose journal more is gone than the database knows.
type short struct {
	node  string
	floor time.Time
}

func (e short) why() string {
	return fmt.Sprintf("the journal of %s reaches back to %s, and the database ends before that", e.node, e.floor.UTC().Format(time.RFC3339))
}

// tooShort are the nodes of whose journals more is gone than the database knows: its last mark of them is older than their floors.
func (s *Store) tooShort(ctx context.Context, floors []short) (all []short, err error) {
	for _, f := range floors {
		var known bool
		err := s.DB.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM journal_node WHERE node = $1 AND known_to > $2)`, f.node, f.floor.Add(apart)).Scan(&known)
		if err != nil {
			return nil, postgres.Transient(err)
		}
		if !known {
			all = append(all, f)
		}
	}
	return all, nil
}
