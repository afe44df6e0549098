package sequence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"

	"nks/audit"
	"nks/gateway"
)

// queryer reads rows.
type queryer interface {
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
	GetContext(ctx context.Context, dest any, query string, args ...any) error
}

// hashReader reads stored hashes of the tree.
type hashReader struct {
	ctx context.Context
	q   queryer
}

// ReadHashes implements tlog.HashReader.
func (r hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var rows []hashRow
	if err := r.q.SelectContext(r.ctx, &rows, `SELECT index, hash FROM audit_hash WHERE index = ANY ($1)`, indexes); err != nil {
		return nil, fmt.Errorf("hashes: %w", err)
	}
	all := make([]tlog.Hash, len(indexes))
	found := 0
	for _, row := range rows {
		h, err := audit.HashOf(row.Hash)
		if err != nil {
			return nil, fmt.Errorf("hash %d: %w", row.Index, err)
		}
		all[slices.Index(indexes, row.Index)] = h
		found++
	}
	if found != len(indexes) {
		return nil, fmt.Errorf("%d hashes of the tree are stored, must be %d", found, len(indexes))
	}
	return all, nil
}

type hashRow struct {
	Index int64  `db:"index"`
	Hash  []byte `db:"hash"`
}

type entryRow struct {
	entry
	Place   sql.NullInt64  `db:"place"`
	Kind    sql.NullString `db:"kind"`
	Content sql.NullString `db:"content"`
	Salt    []byte         `db:"salt"`
}

func (r entryRow) read() (audit.Entry, error) {
	commitment, err := audit.HashOf(r.Commitment)
	e := audit.Entry{ID: r.ID, Recorded: r.RecordedAt, Commitment: commitment, Place: audit.Waiting}
	if r.Place.Valid {
		e.Place = r.Place.Int64
	}
	if r.Kind.Valid {
		e.Content = &audit.Content{Kind: audit.Kind(r.Kind.String), Text: r.Content.String, Salt: r.Salt}
	}
	return e, err
}

const entryColumns = `SELECT e.id, e.recorded_at, e.commitment, e.place, c.kind, c.content, c.salt
	FROM audit_entry e LEFT JOIN audit_content c ON c.entry_id = e.id `

// snapshot is the log at one instant. Implements audit.Store.
type snapshot struct{ tx *sqlx.Tx }

// readPage is how many rows are in memory at a time.
const readPage = 5000

// Entries implements audit.Store.
func (s snapshot) Entries(ctx context.Context) iter.Seq2[audit.Entry, error] {
	placed := pages(readPage, func(after *entryRow) (rows []entryRow, err error) {
		place, id := int64(-1), int64(0)
		if after != nil {
			place, id = after.Place.Int64, after.ID
		}
		err = s.tx.SelectContext(ctx, &rows, entryColumns+`WHERE (e.place, e.id) > ($1, $2) ORDER BY e.place, e.id LIMIT $3`, place, id, readPage)
		return rows, err
	})
	waiting := pages(readPage, func(after *entryRow) (rows []entryRow, err error) {
		id := int64(0)
		if after != nil {
			id = after.ID
		}
		err = s.tx.SelectContext(ctx, &rows, entryColumns+`WHERE e.place IS NULL AND e.id > $1 ORDER BY e.id LIMIT $2`, id, readPage)
		return rows, err
	})
	return func(yield func(audit.Entry, error) bool) {
		for _, part := range []iter.Seq2[entryRow, error]{placed, waiting} {
			for row, err := range part {
				var e audit.Entry
				if err == nil {
					e, err = row.read()
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// Hashes implements audit.Store.
func (s snapshot) Hashes(ctx context.Context) iter.Seq2[audit.StoredHash, error] {
	rows := pages(readPage, func(after *hashRow) (rows []hashRow, err error) {
		index := int64(-1)
		if after != nil {
			index = after.Index
		}
		err = s.tx.SelectContext(ctx, &rows, `SELECT index, hash FROM audit_hash WHERE index > $1 ORDER BY index LIMIT $2`, index, readPage)
		return rows, err
	})
	return func(yield func(audit.StoredHash, error) bool) {
		for row, err := range rows {
			h := audit.StoredHash{Index: row.Index}
			if err == nil {
				h.Hash, err = audit.HashOf(row.Hash)
			}
			if !yield(h, err) {
				return
			}
		}
	}
}

// Checkpoints implements audit.Store.
func (s snapshot) Checkpoints(ctx context.Context) iter.Seq2[audit.StoredCheckpoint, error] {
	return pages(readPage, func(after *audit.StoredCheckpoint) (rows []audit.StoredCheckpoint, err error) {
		size := int64(0)
		if after != nil {
			size = after.Size
		}
		err = s.tx.SelectContext(ctx, &rows, `SELECT size, note FROM audit_checkpoint WHERE size > $1 ORDER BY size LIMIT $2`, size, readPage)
		return rows, err
	})
}

// pages gives the rows of a query page by page; each begins after the last row of the one before, nil for the first.
func pages[R any](size int, read func(after *R) ([]R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var after *R
		for {
			rows, err := read(after)
			if err != nil {
				var none R
				yield(none, err)
				return
			}
			for i := range rows {
				if !yield(rows[i], nil) {
					return
				}
			}
			if len(rows) < size {
				return
			}
			after = &rows[len(rows)-1]
		}
	}
}

// Log reads a log that others write.
type Log struct {
	DB      *sqlx.DB
	Keeping Keeping
}

// look reads on one snapshot.
func (l Log) look(ctx context.Context, do func(snapshot) error) error {
	tx, err := l.DB.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return do(snapshot{tx})
}

// Verify holds the log against itself, its checkpoints, those of the file, and others that are kept.
func (l Log) Verify(ctx context.Context, others ...audit.Kept) (report *audit.Report, err error) {
	known, err := l.Keeping.Known()
	if err != nil {
		return nil, err
	}
	kept := append(slices.Clone(others), audit.Kept{Name: l.Keeping.File.Path, Notes: l.Keeping.File.Notes(), Mirrors: true})
	err = l.look(ctx, func(s snapshot) error {
		report, err = audit.Verify(ctx, s, known, kept...)
		return err
	})
	return report, err
}

// Newest is the newest checkpoint, as it is signed. gateway.ErrNotFound: there is none yet.
func (l Log) Newest(ctx context.Context) (signed string, err error) {
	err = l.look(ctx, func(s snapshot) error {
		_, signed, err = l.newest(ctx, s)
		return err
	})
	return signed, err
}

func (l Log) newest(ctx context.Context, s snapshot) (c audit.Checkpoint, signed string, err error) {
	err = s.tx.GetContext(ctx, &signed, newestNote)
	if errors.Is(err, sql.ErrNoRows) {
		return c, "", fmt.Errorf("the log has no checkpoint: %w", gateway.ErrNotFound)
	}
	if err != nil {
		return c, "", fmt.Errorf("checkpoint: %w", err)
	}
	known, err := l.Keeping.Known()
	if err == nil {
		c, err = audit.OpenCheckpoint(signed, known)
	}
	return c, signed, err
}

// Shown is an entry and what speaks for it.
type Shown struct {
	audit.Entry
	Newest audit.Checkpoint // that has the entry
	// Proven: the newest checkpoint's tree has this entry at its place.
	Proven bool
	// Whole: its content is what was entered; also true when it is erased.
	Whole bool
}

// Show reads the entry at a place. gateway.ErrNotFound: there is none.
func (l Log) Show(ctx context.Context, place int64) (shown Shown, err error) {
	err = l.look(ctx, func(s snapshot) error {
		var row entryRow
		err := s.tx.GetContext(ctx, &row, entryColumns+`WHERE e.place = $1`, place)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("no entry at place %d: %w", place, gateway.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if shown.Entry, err = row.read(); err != nil {
			return err
		}
		shown.Whole = shown.Content == nil || shown.Content.Commitment() == shown.Commitment
		if shown.Newest, _, err = l.newest(ctx, s); err != nil {
			return err
		}
		shown.Proven = proven(hashReader{ctx, s.tx}, shown)
		return nil
	})
	return shown, err
}

// proven reports whether the stored hashes lead from the entry to the signed tree.
func proven(stored tlog.HashReader, e Shown) bool {
	if e.Place >= e.Newest.N {
		return false
	}
	proof, err := tlog.ProveRecord(e.Newest.N, e.Place, stored)
	return err == nil && tlog.CheckRecord(proof, e.Newest.N, e.Newest.Hash, e.Place, e.Hash()) == nil
}
