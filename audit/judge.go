package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// judge tells what was done. Where the entries are those that were signed, what differs are the stored hashes. Where the
// stored hashes are, they tell which entries differ. Where neither are, both were rewritten together.
func (v *verification) judge(ctx context.Context) error {
	defer v.ends()
	signed := v.signed(&v.against) && !v.broken
	if signed {
		v.report.Findings = append(v.report.Findings, v.hashes...)
		return nil
	}
	leaves, err := v.leaves(ctx)
	if err != nil {
		return err
	}
	stored := against{heads: v.heads}
	grown := NewGrowth()
	for _, leaf := range leaves {
		if _, err := grown.Add(leaf); err != nil {
			return err
		}
		if err := stored.grown(grown); err != nil {
			return err
		}
	}
	if len(v.hashes) > 0 || v.broken {
		found, err := v.standing(ctx)
		if err != nil {
			return err
		}
		v.report.Findings = append(v.report.Findings, align(leaves, found)...)
	}
	if !v.signed(&stored) {
		v.rewritten(&stored, grown.Size())
	}
	return nil
}

// signed reports whether a tree is what every checkpoint says.
func (v *verification) signed(a *against) bool { return len(a.bad) == 0 && len(a.beyond()) == 0 }

// rewritten tells between which signed trees the log was rewritten.
func (v *verification) rewritten(a *against, size int64) {
	if len(a.bad) > 0 {
		first, more := a.bad[0], ""
		if n := len(a.bad) - 1; n > 0 {
			more = fmt.Sprintf("; so are %d more", n)
		}
		v.find(Finding{What: Rewritten, Place: a.good, To: first.N, Detail: fmt.Sprintf(
			"an entry there was changed, removed, inserted or re-ordered: %s is signed, and of another tree%s", first.where, more)})
	}
	if beyond := a.beyond(); len(beyond) > 0 {
		last := beyond[len(beyond)-1]
		v.find(Finding{What: Shortened, Place: a.good, To: last.N, Detail: fmt.Sprintf(
			"%s is signed, and the tree has %d entries: %d were removed, or the database was set back to an earlier time", last.where, size, last.N-size)})
	}
}

// ends tells of entries after the newest checkpoint: they are signed in the transaction that gives them their places.
func (v *verification) ends() {
	if n := v.report.Entries; n > v.report.Newest.N {
		v.find(Finding{What: Lengthened, Place: v.report.Newest.N, To: n, Detail: fmt.Sprintf(
			"the tree has %d entries, and the newest checkpoint %d: as many more were inserted", n, v.report.Newest.N)})
	}
}

// leaves are the stored hashes of the leaves, by place; a missing one is zero.
func (v *verification) leaves(ctx context.Context) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for h, err := range v.store.Hashes(ctx) {
		if err != nil {
			return nil, fmt.Errorf("hashes: %w", err)
		}
		level, n := tlog.SplitStoredHashIndex(h.Index)
		if level > 0 || n < int64(len(all)) || n > v.report.Entries+int64(len(v.hashes)) { // one far away stands alone
			continue
		}
		for int64(len(all)) < n {
			all = append(all, tlog.Hash{})
		}
		all = append(all, h.Hash)
	}
	return all, nil
}

// standing is the entries where they are found.
func (v *verification) standing(ctx context.Context) ([]standing, error) {
	var all []standing
	for e, err := range v.store.Entries(ctx) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("entries: %w", err)
		case e.Place != Waiting:
			all = append(all, standing{e.Place, e.ID, e.Hash()})
		}
	}
	return all, nil
}
