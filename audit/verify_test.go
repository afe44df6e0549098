package audit_test

import (
	"context"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"nks/audit"
)

// stored is a log in memory, and everything that its owner may do to it.
type stored struct {
	entries     []audit.Entry
	hashes      []audit.StoredHash
	checkpoints []audit.StoredCheckpoint
}

func each[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
	}
}

func (s *stored) Entries(context.Context) iter.Seq2[audit.Entry, error] {
	return each(slices.SortedStableFunc(slices.Values(s.entries), func(a, b audit.Entry) int { return int(a.Place - b.Place) }))
}
func (s *stored) Hashes(context.Context) iter.Seq2[audit.StoredHash, error] { return each(s.hashes) }
func (s *stored) Checkpoints(context.Context) iter.Seq2[audit.StoredCheckpoint, error] {
	return each(s.checkpoints)
}

func (s *stored) clone() *stored {
	return &stored{slices.Clone(s.entries), slices.Clone(s.hashes), slices.Clone(s.checkpoints)}
}

// keys are those of a log, in a directory of the test.
type keys struct {
	signer note.Signer
	known  note.Verifiers
}

func newKeys(t testing.TB) keys {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := audit.MakeKey(path); err != nil {
		t.Fatal(err)
	}
	signer, err := audit.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	known, err := audit.LoadVerifiers(audit.PublicPath(path))
	if err != nil {
		t.Fatal(err)
	}
	return keys{signer, known}
}

// entryNumber makes an entry that differs from every other.
func entryNumber(id int64) audit.Entry {
	c := &audit.Content{Kind: audit.Decision, Text: `{"n":` + time.Unix(id, 0).UTC().Format("20060102150405") + `}`, Salt: make([]byte, audit.SaltBytes)}
	c.Salt[0], c.Salt[1] = byte(id), byte(id>>8)
	return audit.Entry{ID: id, Recorded: time.Unix(1123729200+id, 0), Commitment: c.Commitment(), Content: c}
}

// rehash makes hashes and places anew, as whoever owns the tables can.
func (s *stored) rehash(t rapid.TB) *audit.Growth {
	g := audit.NewGrowth()
	s.hashes = nil
	for i := range s.entries {
		s.entries[i].Place = int64(i)
		index := g.Index()
		made, err := g.Add(s.entries[i].Hash())
		if err != nil {
			t.Fatal(err)
		}
		for k, h := range made {
			s.hashes = append(s.hashes, audit.StoredHash{Index: index + int64(k), Hash: h})
		}
	}
	return g
}

// grow adds n entries and signs the tree.
func (s *stored) grow(t rapid.TB, k keys, n int) string {
	for range n {
		s.entries = append(s.entries, entryNumber(int64(len(s.entries)+1)))
	}
	tree, err := s.rehash(t).Tree()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := audit.Checkpoint{Tree: tree, At: time.Unix(1123729200, 0)}.Sign(k.signer)
	if err != nil {
		t.Fatal(err)
	}
	s.checkpoints = append(s.checkpoints, audit.StoredCheckpoint{Size: tree.N, Note: signed})
	return signed
}

// drawn is a log of some entries, some of them erased, and the checkpoints that are kept outside.
func drawn(t *rapid.T, k keys) (s *stored, outside []string) {
	s = &stored{}
	for range rapid.IntRange(1, 6).Draw(t, "turns") {
		outside = append(outside, s.grow(t, k, rapid.IntRange(1, 9).Draw(t, "entries")))
	}
	for _, i := range rapid.SliceOfDistinct(rapid.IntRange(0, len(s.entries)-1), rapid.ID[int]).Draw(t, "erased") {
		s.entries[i].Content = nil
	}
	return s, outside
}

func verify(t *rapid.T, s *stored, k keys, outside []string) *audit.Report {
	r, err := audit.Verify(t.Context(), s, k.known, audit.Kept{Name: "FILE", Notes: each(outside), Mirrors: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// kinds are what was found, each once.
func kinds(r *audit.Report) string {
	var all []string
	for _, f := range r.Findings {
		if !slices.Contains(all, string(f.What)) {
			all = append(all, string(f.What))
		}
	}
	return strings.Join(all, ", ")
}

// TestVerify_NamesWhatWasDone: whatever is done to the entries of a log whose hashes are left alone is named, with its place;
// to erase is to do nothing.
func TestVerify_NamesWhatWasDone(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		s, outside := drawn(t, k)
		if r := verify(t, s, k, outside); len(r.Findings) > 0 || r.Outside != len(outside) {
			t.Fatalf("a log that nobody touched: %v", r.Findings)
		}
		n := len(s.entries)
		at := rapid.IntRange(0, n-1).Draw(t, "at")
		var want audit.Finding
		switch rapid.SampledFrom([]string{"change", "remove", "remove and close up", "insert", "swap"}).Draw(t, "what") {
		case "change":
			s.entries[at].Recorded = s.entries[at].Recorded.Add(time.Second)
			want = audit.Finding{What: audit.Changed, Place: int64(at)}
		case "remove":
			s.entries = slices.Delete(s.entries, at, at+1)
			want = audit.Finding{What: audit.Removed, Place: int64(at)}
		case "remove and close up":
			s.entries = slices.Delete(s.entries, at, at+1)
			for i := range s.entries {
				s.entries[i].Place = int64(i)
			}
			want = audit.Finding{What: audit.Removed, Place: int64(at)}
		case "insert":
			s.entries = slices.Insert(s.entries, at, entryNumber(1000))
			for i := range s.entries {
				s.entries[i].Place = int64(i)
			}
			want = audit.Finding{What: audit.Inserted, Place: int64(at)}
		case "swap":
			to := rapid.IntRange(0, n-1).Filter(func(i int) bool { return n == 1 || i != at }).Draw(t, "to")
			if n == 1 {
				t.Skip("nothing to swap with")
			}
			s.entries[at].Place, s.entries[to].Place = int64(to), int64(at)
			want = audit.Finding{What: audit.Reordered, Place: -1}
		}
		r := verify(t, s, k, outside)
		named := 0
		for _, f := range r.Findings {
			if f.What == want.What && (want.Place < 0 || f.Place == want.Place) {
				named++
			} else if f.What != audit.Lengthened { // one more than was signed
				t.Errorf("beside: %v", f)
			}
		}
		if named == 0 || want.Place >= 0 && named > 1 {
			t.Fatalf("%v: found %v", want, r.Findings)
		}
	})
}

// TestVerify_FindsWhatWasRehashed: whoever writes every table and has no key is found by what was signed, between the
// checkpoints where it was done; who has the key and signs anew is found by what is kept outside.
func TestVerify_FindsWhatWasRehashed(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		s, outside := drawn(t, k)
		before := slices.Clone(s.checkpoints)
		n := len(s.entries)
		at := rapid.IntRange(0, n-1).Draw(t, "at")
		switch rapid.SampledFrom([]string{"change", "remove", "insert", "swap"}).Draw(t, "what") {
		case "change":
			other := *entryNumber(2000).Content
			s.entries[at].Content, s.entries[at].Commitment = &other, other.Commitment()
		case "remove":
			s.entries = slices.Delete(s.entries, at, at+1)
		case "insert":
			s.entries = slices.Insert(s.entries, at, entryNumber(1000))
		case "swap":
			if n == 1 {
				t.Skip("nothing to swap with")
			}
			to := (at + 1) % n
			s.entries[at], s.entries[to] = s.entries[to], s.entries[at]
			at = min(at, to)
		}
		tree, err := s.rehash(t).Tree()
		if err != nil {
			t.Fatal(err)
		}
		r := verify(t, s, k, outside)
		within := false
		for _, f := range r.Findings {
			within = within || f.What == audit.Rewritten && f.Place <= int64(at) && int64(at) < f.To || f.What == audit.Shortened && f.Place <= int64(at) && int64(at) < f.To
		}
		if !within {
			t.Fatalf("rewritten at place %d: found %v", at, r.Findings)
		}

		// Now with every checkpoint of the database made anew.
		g, c := audit.NewGrowth(), s.clone()
		c.checkpoints = nil
		for _, e := range c.entries {
			if _, err := g.Add(e.Hash()); err != nil {
				t.Fatal(err)
			}
			signedOnce := slices.ContainsFunc(before, func(b audit.StoredCheckpoint) bool { return b.Size == g.Size() })
			if g.Size() == tree.N || signedOnce {
				c.checkpoints = append(c.checkpoints, audit.StoredCheckpoint{Size: g.Size(), Note: signedBy(t, k, g)})
			}
		}
		alone, err := audit.Verify(t.Context(), c, k.known)
		if err != nil || len(alone.Findings) > 0 {
			t.Fatalf("the database alone cannot know: %v, %v", alone, err)
		}
		if r := verify(t, c, k, outside); len(r.Findings) == 0 {
			t.Fatal("a log that was signed anew contradicts nothing outside")
		}
	})
}

func signedBy(t rapid.TB, k keys, g *audit.Growth) string {
	tree, err := g.Tree()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := audit.Checkpoint{Tree: tree, At: time.Unix(1123729200, 0)}.Sign(k.signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// eight is a log of eight entries, of which five were signed first.
func eight(t testing.TB, k keys) *stored {
	s := &stored{}
	s.grow(t, k, 5)
	s.grow(t, k, 3)
	return s
}

// TestVerify_Stored: what is done to hashes, contents and checkpoints is named, and nothing else.
func TestVerify_Stored(t *testing.T) {
	t.Parallel()
	k, other := newKeys(t), newKeys(t)
	for name, c := range map[string]struct {
		tamper func(*stored)
		want   string
	}{
		"content":            {func(s *stored) { s.entries[3].Content = entryNumber(99).Content }, "content changed: place 3, entry 4: kind, content or salt is not what was entered"},
		"hash of a leaf":     {func(s *stored) { s.hashes[0].Hash[0]++ }, "stored hash changed: place 0: index 0"},
		"hash of a subtree":  {func(s *stored) { s.hashes[2].Hash[0]++ }, "stored hash changed: places 0 to 1: index 2"},
		"hash gone":          {func(s *stored) { s.hashes = slices.Delete(s.hashes, 3, 4) }, "stored hash removed: place 2: index 3"},
		"hash too many":      {func(s *stored) { s.hashes = append(s.hashes, audit.StoredHash{Index: 1000}) }, "stored hash inserted: places 500 to 503: index 1000"},
		"checkpoint removed": {func(s *stored) { s.checkpoints = s.checkpoints[1:] }, "checkpoint removed from the database: that of 5 entries, of 2005-08-11 03:00:00Z, is in FILE"},
		"checkpoint of none": {func(s *stored) { s.checkpoints[0].Note = "nothing\n" }, "checkpoint not signed by this log: the database's checkpoint of 5 entries: no checkpoint of this log: malformed note"},
		"all checkpoints":    {func(s *stored) { s.checkpoints = nil }, "checkpoint removed from the database: that of 5 entries, of 2005-08-11 03:00:00Z, is in FILE"},
		"of another size":    {func(s *stored) { s.checkpoints[0].Size = 4 }, "checkpoint not signed by this log: the database's checkpoint of 4 entries: no checkpoint of this log: it is of 5 entries"},
		"signed by another key": {func(s *stored) { s.checkpoints[1].Note = eight(t, other).checkpoints[1].Note },
			"checkpoint not signed by this log: the database's checkpoint of 8 entries"},
		"set back": {func(s *stored) {
			s.entries, s.hashes, s.checkpoints = s.entries[:5], s.hashes[:tlog.StoredHashCount(5)], s.checkpoints[:1]
		},
			"entries removed from the signed tree: places 5 to 7: the checkpoint of 8 entries in FILE is signed, and the tree has 5 entries: 3 were removed"},
		"more than were signed": {func(s *stored) {
			s.entries = append(s.entries, entryNumber(9), entryNumber(10))
			s.rehash(t)
		}, "entries that no checkpoint has signed: places 8 to 9"},
		"re-ordered, and another removed": {func(s *stored) {
			s.entries[1].Place, s.entries[2].Place = 2, 1
			s.entries = slices.Delete(s.entries, 5, 6)
		}, "entry re-ordered: place 2, entry 3, found at place 1"},
		"removed, and others re-ordered": {func(s *stored) {
			s.entries[1].Place, s.entries[2].Place = 2, 1
			s.entries = slices.Delete(s.entries, 5, 6)
		}, "entry removed: place 5"},
		"spread out": {func(s *stored) { s.entries[7].Place = 11 }, "entry re-ordered: place 7, entry 8, found at place 11"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := eight(t, k)
			outside := []string{s.checkpoints[0].Note, s.checkpoints[1].Note}
			c.tamper(s)
			r, err := audit.Verify(t.Context(), s, k.known, audit.Kept{Name: "FILE", Notes: each(outside), Mirrors: true})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return strings.HasPrefix(f.String(), c.want) }) {
				t.Errorf("found %q, want %q", r.Findings, c.want)
			}
			if distinct := strings.Count(kinds(r), ","); distinct > 2 {
				t.Errorf("found more than was done: %q", r.Findings)
			}
		})
	}
}
