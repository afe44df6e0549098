package audit

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// StoredHash is a hash of the tree as it is stored.
type StoredHash struct {
	Index int64
	Hash  tlog.Hash
}

// StoredCheckpoint is a checkpoint as it is stored.
type StoredCheckpoint struct {
	Size int64
	Note string
}

// Store is a log as it is stored, at one instant.
type Store interface {
	// Entries are all of them: by place, and then those that wait for one.
	Entries(ctx context.Context) iter.Seq2[Entry, error]
	// Hashes are all of the tree, by index.
	Hashes(ctx context.Context) iter.Seq2[StoredHash, error]
	// Checkpoints are all, by size.
	Checkpoints(ctx context.Context) iter.Seq2[StoredCheckpoint, error]
}

// Kept are checkpoints that are kept outside the store.
type Kept struct {
	Name  string // where, for findings
	Notes iter.Seq2[string, error]
	// Mirrors says that what is kept there was in the store before.
	Mirrors bool
}

// Report is what became of a verification.
type Report struct {
	Entries, Waiting, Erased int64 // in the tree; without a place; without content
	Checkpoints              int   // in the store, signed
	Outside                  int   // outside, signed
	Newest                   Checkpoint
	Findings                 []Finding
	Unnamed                  int // findings beyond those
}

// mostFindings bounds the list of a report.
const mostFindings = 1000

// head is a signed checkpoint that the tree is held against.
type head struct {
	Checkpoint
	where string // where it stands
	kept  bool   // outside the store
}

// Verify holds a store against itself and against every checkpoint: each entry against its content, each stored hash
// against the entries, the tree of each size against what was signed.
func Verify(ctx context.Context, s Store, known note.Verifiers, kept ...Kept) (*Report, error) {
	v := &verification{store: s, known: known, tree: NewGrowth(), report: &Report{}}
	if err := v.readHeads(ctx, kept); err != nil {
		return nil, err
	}
	if err := v.entries(ctx); err != nil {
		return nil, err
	}
	if err := v.judge(ctx); err != nil {
		return nil, err
	}
	if n := len(v.report.Findings); n > mostFindings {
		v.report.Findings, v.report.Unnamed = v.report.Findings[:mostFindings], n-mostFindings
	}
	return v.report, nil
}

type verification struct {
	store  Store
	known  note.Verifiers
	report *Report
	heads  []head
	// tree is that of the entries.
	tree    *Growth
	against against
	broken  bool // the entries are not in the places 0, 1, 2, …
	hashes  []Finding
}

func (v *verification) find(f Finding) { v.report.Findings = append(v.report.Findings, f) }

// readHeads reads every checkpoint; what is signed by nobody known is a finding, and proves nothing.
func (v *verification) readHeads(ctx context.Context, kept []Kept) error {
	stored := map[int64]bool{}
	for c, err := range v.store.Checkpoints(ctx) {
		if err != nil {
			return fmt.Errorf("checkpoints: %w", err)
		}
		where := fmt.Sprintf("the database's checkpoint of %d entries", c.Size)
		opened, err := OpenCheckpoint(c.Note, v.known)
		if err == nil && opened.N != c.Size {
			err = fmt.Errorf("%w: it is of %d entries", ErrCheckpoint, opened.N)
		}
		if err != nil {
			v.find(Finding{What: CheckpointFalse, Place: c.Size, Detail: fmt.Sprintf("%s: %v", where, err)})
			continue
		}
		stored[c.Size] = true
		v.report.Checkpoints++
		v.report.Newest = opened
		v.heads = append(v.heads, head{opened, where, false})
	}
	for _, k := range kept {
		n := 0
		for text, err := range k.Notes {
			if err != nil {
				return fmt.Errorf("checkpoints of %s: %w", k.Name, err)
			}
			n++
			opened, err := OpenCheckpoint(text, v.known)
			if err != nil {
				v.find(Finding{What: CheckpointFalse, Detail: fmt.Sprintf("checkpoint %d of %s: %v", n, k.Name, err)})
				continue
			}
			v.report.Outside++
			v.heads = append(v.heads, head{opened, fmt.Sprintf("the checkpoint of %d entries in %s", opened.N, k.Name), true})
			if k.Mirrors && !stored[opened.N] {
				v.find(Finding{What: CheckpointMissing, Place: opened.N, Detail: fmt.Sprintf("that of %d entries, of %s, is in %s",
					opened.N, opened.At.Format("2006-01-02 15:04:05Z07:00"), k.Name)})
			}
		}
	}
	slices.SortStableFunc(v.heads, func(a, b head) int { return cmp.Compare(a.N, b.N) })
	v.against = against{heads: v.heads}
	return nil
}

// against holds a tree that grows against the signed ones.
type against struct {
	heads []head
	next  int
	good  int64 // the largest size at which the tree is what was signed, by every checkpoint
	last  int64 // the one before
	bad   []head
}

// grown compares the tree at its present size.
func (a *against) grown(g *Growth) error {
	for ; a.next < len(a.heads) && a.heads[a.next].N <= g.Size(); a.next++ {
		tree, err := g.Tree()
		switch h := a.heads[a.next]; {
		case err != nil:
			return err
		case h.N != tree.N || h.Hash != tree.Hash:
			if h.N == a.good {
				a.good = a.last
			}
			a.bad = append(a.bad, h)
		case len(a.bad) == 0 && h.N > a.good:
			a.last, a.good = a.good, h.N
		}
	}
	return nil
}

// beyond are the signed trees that are larger.
func (a *against) beyond() []head { return a.heads[a.next:] }

// entries goes through entries and hashes side by side.
func (v *verification) entries(ctx context.Context) error {
	next, stop := iter.Pull2(v.store.Hashes(ctx))
	defer stop()
	stored := &hashStream{next: next}
	for e, err := range v.store.Entries(ctx) {
		if err != nil {
			return fmt.Errorf("entries: %w", err)
		}
		v.content(e)
		if e.Place == Waiting {
			v.report.Waiting++
			continue
		}
		v.report.Entries++
		if e.Place != v.tree.Size() {
			v.broken = true
		}
		index := v.tree.Index()
		made, err := v.tree.Add(e.Hash())
		if err != nil {
			return fmt.Errorf("place %d: %w", e.Place, err)
		}
		for i, h := range made {
			if err := v.compare(stored, index+int64(i), h); err != nil {
				return err
			}
		}
		if err := v.against.grown(v.tree); err != nil {
			return err
		}
	}
	return v.rest(stored)
}

// content holds an entry against what it tells.
func (v *verification) content(e Entry) {
	if e.Content == nil {
		v.report.Erased++
		return
	}
	if e.Content.Commitment() != e.Commitment {
		where := Finding{What: ContentChanged, Place: e.Place, Entry: e.ID, Detail: "kind, content or salt is not what was entered"}
		if e.Place == Waiting {
			where.Detail += "; it waits for its place"
		}
		v.find(where)
	}
}

// hashStream is the stored hashes, one ahead.
type hashStream struct {
	next  func() (StoredHash, error, bool)
	ahead *StoredHash
	ended bool
}

func (s *hashStream) peek() (*StoredHash, error) {
	if s.ahead == nil && !s.ended {
		h, err, ok := s.next()
		if err != nil {
			return nil, fmt.Errorf("hashes: %w", err)
		}
		if s.ended = !ok; ok {
			s.ahead = &h
		}
	}
	return s.ahead, nil
}

func (s *hashStream) take() { s.ahead = nil }

// span is the places below a hash.
func span(index int64) (from, to int64) {
	level, n := tlog.SplitStoredHashIndex(index)
	return n << level, (n + 1) << level
}

// compare holds the stored hash of an index against the one that it must be.
func (v *verification) compare(stored *hashStream, index int64, want tlog.Hash) error {
	from, to := span(index)
	h, err := stored.peek()
	for ; err == nil && h != nil && h.Index < index; h, err = stored.peek() {
		v.hashes = append(v.hashes, Finding{What: HashExtra, Place: from, To: to, Detail: fmt.Sprintf("index %d", h.Index)})
		stored.take()
	}
	switch {
	case err != nil:
		return err
	case h == nil || h.Index > index:
		v.hashes = append(v.hashes, Finding{What: HashMissing, Place: from, To: to, Detail: fmt.Sprintf("index %d", index)})
		return nil
	case h.Hash != want:
		v.hashes = append(v.hashes, Finding{What: HashChanged, Place: from, To: to, Detail: fmt.Sprintf("index %d", index)})
	}
	stored.take()
	return nil
}

// rest is of hashes that no entry stands for.
func (v *verification) rest(stored *hashStream) error {
	for {
		h, err := stored.peek()
		if err != nil || h == nil {
			return err
		}
		from, to := span(h.Index)
		v.hashes = append(v.hashes, Finding{What: HashExtra, Place: from, To: to, Detail: fmt.Sprintf("index %d", h.Index)})
		stored.take()
	}
}
