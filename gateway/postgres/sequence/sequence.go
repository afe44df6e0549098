// Package sequence gives the entries of the log their places in its tree, signs the tree, and keeps what it has signed
// outside the database. Entries come from every transaction that calls audit.Commit; one sequencer at a time places them.
package sequence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
)

// ErrContradicts: the database's log is not the one that was signed. Nothing is signed on top of it.
var ErrContradicts = errors.New("the log contradicts a signed checkpoint")

const (
	// page is how many entries one transaction places at most.
	page = 1000
	// lagBound is how old an entry may become before somebody must look. An entry counts from when it was written, and so
	// one of a long transaction from before its commit.
	lagBound = 5 * time.Minute
	// subject of the exceptions: there is one log.
	subject    = "log"
	newestNote = `SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1`
	// lock is the advisory lock of the one sequencer.
	lock = `SELECT pg_try_advisory_xact_lock(hashtextextended('nks.sequence', 0))`
)

// Keeping is what a sequencer has outside the database.
type Keeping struct {
	// Key is the file of the key that signs, the same for all nodes of a database.
	Key string
	// Former are files of public keys that have signed before.
	Former []string
	// File keeps the checkpoints.
	File audit.File
}

// Store is the sequencer's. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Keeping Keeping
}

// Prepare makes the key that signs, where there is none, for a log that nobody has signed yet, or whose newest checkpoint a
// former key has signed. Any other log needs the key that it has: the sequencer says so when there is something to sign.
func (s *Store) Prepare(ctx context.Context) error {
	if s.Keeping.Key == "" {
		return nil
	}
	if err := audit.Publish(s.Keeping.Key); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var newest string
	err := s.DB.GetContext(ctx, &newest, newestNote)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("log: %w", postgres.Transient(err))
	}
	if err == nil {
		former, err := audit.LoadVerifiers(s.Keeping.Former...)
		if err != nil {
			return err
		}
		if _, err := audit.OpenCheckpoint(newest, former); err != nil {
			s.Log.Error().Err(err).Str("key", s.Keeping.Key).Msg("the key that signs the log is not there: nothing is signed until it is")
			return nil
		}
	}
	if err := audit.MakeKey(s.Keeping.Key); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return audit.Publish(s.Keeping.Key) // another process has just made it
}

// Next places the entries that wait, signs the tree, and keeps the checkpoint. It reports whether there were any.
func (s *Store) Next(ctx context.Context) (bool, error) {
	placed, err := s.next(ctx)
	switch {
	case errors.Is(err, ErrContradicts) || errors.Is(err, audit.ErrCheckpoint):
		err = errors.Join(err, s.RaiseDetailAlone(ctx, gateway.LogContradicts, subject, gateway.DetailLogContradicts.With(err)))
	case err == nil && placed:
		return true, nil
	}
	return false, errors.Join(err, s.judgeLag(ctx))
}

// next is one turn: first the database, then the file, which so never knows more than the database.
func (s *Store) next(ctx context.Context) (placed bool, err error) {
	t := &turn{store: s}
	err = s.Transact(ctx, "sequence", func(x *postgres.Session) error { return t.sequence(ctx, x) })
	if err != nil {
		return false, err
	}
	if t.head.N == 0 || t.head.N <= t.outside.N {
		return false, nil
	}
	s.Failpoint("after-sequence-before-checkpoint-file")
	if err := s.Keeping.File.Append(t.head, t.signed, t.known); err != nil {
		return t.placed, fmt.Errorf("keep the checkpoint of %d entries: %w", t.head.N, err)
	}
	return t.placed, nil
}

// turn is one transaction of the sequencer.
type turn struct {
	store   *Store
	known   note.Verifiers
	head    audit.Checkpoint // the newest in the database
	signed  string           // its note
	outside audit.Checkpoint // the newest in the file
	placed  bool
}

// sequence does it, unless another sequencer is at work.
func (t *turn) sequence(ctx context.Context, x *postgres.Session) error {
	var got bool
	if err := x.GetContext(ctx, &got, lock); err != nil || !got {
		return err
	}
	waiting, err := waiting(ctx, x)
	if err != nil {
		return err
	}
	err = x.GetContext(ctx, &t.signed, newestNote)
	first := errors.Is(err, sql.ErrNoRows)
	if err != nil && !first {
		return err
	}
	if first && len(waiting) == 0 {
		return nil // nothing has been entered yet
	}
	signer, err := audit.LoadKey(t.store.Keeping.Key)
	if err != nil {
		return fmt.Errorf("the key that signs the log: %w", err)
	}
	if t.known, err = t.store.Keeping.Known(); err != nil {
		return err
	}
	if t.outside, err = t.store.Keeping.File.Newest(t.known); err != nil {
		return err
	}
	tree, err := t.present(ctx, x, first)
	if err != nil || len(waiting) == 0 {
		return err
	}
	return t.place(ctx, x, tree, waiting, signer)
}

// Known are the keys whose signatures count.
func (k Keeping) Known() (note.Verifiers, error) {
	return audit.LoadVerifiers(append([]string{audit.PublicPath(k.Key)}, k.Former...)...)
}

// present is the tree that the database has, once it is sure that it goes on from what was signed last, here and outside.
func (t *turn) present(ctx context.Context, x *postgres.Session, first bool) (*audit.Growth, error) {
	if !first {
		var err error
		if t.head, err = audit.OpenCheckpoint(t.signed, t.known); err != nil {
			return nil, fmt.Errorf("the newest checkpoint of the database, signed with no key of this node: %w", err)
		}
	}
	hashes := hashReader{ctx, x}
	if t.outside.N > t.head.N {
		return nil, fmt.Errorf("%w: %s has one of %d entries, the database one of %d: entries were removed, or it was set back to an earlier time",
			ErrContradicts, t.store.Keeping.File.Path, t.outside.N, t.head.N)
	}
	for _, c := range []audit.Checkpoint{t.head, t.outside} {
		if c.N == 0 {
			continue
		}
		tree, err := tlog.TreeHash(c.N, hashes)
		if err != nil || tree != c.Hash {
			return nil, errors.Join(fmt.Errorf("%w: the tree of %d entries is another than was signed", ErrContradicts, c.N), err)
		}
	}
	return audit.Resume(t.head.N, hashes)
}

// entry is one that waits.
type entry struct {
	ID         int64     `db:"id"`
	RecordedAt time.Time `db:"recorded_at"`
	Commitment []byte    `db:"commitment"`
}

func waiting(ctx context.Context, x *postgres.Session) (all []entry, err error) {
	err = x.SelectContext(ctx, &all, `SELECT id, recorded_at, commitment FROM audit_entry WHERE place IS NULL ORDER BY id LIMIT $1`, page)
	return all, err
}

// place gives entries the next places, stores the hashes and signs the tree.
func (t *turn) place(ctx context.Context, x *postgres.Session, tree *audit.Growth, waiting []entry, by note.Signer) error {
	firstPlace, firstIndex := tree.Size(), tree.Index()
	ids, hashes := make([]int64, len(waiting)), make([][]byte, 0, 2*len(waiting))
	for i, w := range waiting {
		commitment, err := audit.HashOf(w.Commitment)
		if err != nil {
			return fmt.Errorf("entry %d: %w", w.ID, err)
		}
		made, err := tree.Add(audit.Entry{ID: w.ID, Recorded: w.RecordedAt, Commitment: commitment}.Hash())
		if err != nil {
			return fmt.Errorf("entry %d: %w", w.ID, err)
		}
		for _, h := range made {
			hashes = append(hashes, h[:])
		}
		ids[i] = w.ID
	}
	var placed int
	if err := x.GetContext(ctx, &placed, `SELECT audit_place($1, $2)`, ids, firstPlace); err != nil {
		return fmt.Errorf("place: %w", err)
	}
	if placed != len(ids) {
		return fmt.Errorf("%w: placed %d entries, must be %d", gateway.ErrCountMismatch, placed, len(ids))
	}
	_, err := x.ExecContext(ctx, `INSERT INTO audit_hash (index, hash)
		SELECT $1 + ordinality - 1, h FROM unnest($2::bytea[]) WITH ORDINALITY AS n (h, ordinality)`, firstIndex, hashes)
	if err != nil {
		return fmt.Errorf("hashes: %w", err)
	}
	t.placed = true
	return t.sign(ctx, x, tree, by)
}

// sign stores a checkpoint of the tree.
func (t *turn) sign(ctx context.Context, x *postgres.Session, tree *audit.Growth, by note.Signer) error {
	grown, err := tree.Tree()
	if err != nil {
		return err
	}
	t.head = audit.Checkpoint{Tree: grown, At: t.store.Now()}
	if t.signed, err = t.head.Sign(by); err != nil {
		return err
	}
	if _, err := x.ExecContext(ctx, `INSERT INTO audit_checkpoint (size, note) VALUES ($1, $2)`, t.head.N, t.signed); err != nil {
		return fmt.Errorf("checkpoint of %d entries: %w", t.head.N, err)
	}
	t.store.Failpoint("in-sequence-before-commit")
	return nil
}

// judgeLag raises an exception when an entry waits too long, whoever should have placed it, and closes it when none does.
func (s *Store) judgeLag(ctx context.Context) error {
	return s.Transact(ctx, "lag of the log", func(x *postgres.Session) error {
		var late struct {
			Count  int64         `db:"n"`
			Oldest sql.NullInt64 `db:"oldest"`
		}
		err := x.GetContext(ctx, &late, `SELECT count(*) AS n, extract(epoch FROM clock_timestamp() - min(recorded_at))::bigint AS oldest
			FROM audit_entry WHERE place IS NULL`)
		if err != nil {
			return err
		}
		oldest := time.Duration(late.Oldest.Int64) * time.Second
		if oldest <= lagBound {
			return s.Close(ctx, x, gateway.LogLags, subject, postgres.ClosedByFlow)
		}
		return s.RaiseDetail(ctx, x, gateway.LogLags, subject, gateway.DetailLogLags.With(late.Count, oldest))
	})
}
