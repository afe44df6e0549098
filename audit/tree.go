package audit

import (
	"fmt"
	"maps"

	"golang.org/x/mod/sumdb/tlog"
)

// Growth is a tree while leaves are added to its end. It remembers no more than the hashes that the next ones need: one for
// each complete subtree that is not yet part of a greater one.
type Growth struct {
	n      int64
	hashes map[int64]tlog.Hash
}

// NewGrowth is the empty tree.
func NewGrowth() *Growth { return &Growth{hashes: map[int64]tlog.Hash{}} }

// Resume is the tree of n entries whose hashes are stored.
func Resume(n int64, stored tlog.HashReader) (*Growth, error) {
	g := NewGrowth()
	_, err := tlog.TreeHash(n, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := stored.ReadHashes(indexes)
		for i, h := range hashes {
			g.hashes[indexes[i]] = h
		}
		return hashes, err
	}))
	g.n = n
	if err != nil {
		return nil, fmt.Errorf("tree of %d entries: %w", n, err)
	}
	return g, nil
}

// Add adds a leaf, and gives the hashes to be stored from Index on.
func (g *Growth) Add(leaf tlog.Hash) ([]tlog.Hash, error) {
	made, err := tlog.StoredHashesForRecordHash(g.n, leaf, g)
	if err != nil {
		return nil, err
	}
	top := len(made) - 1
	// What is now part of the new complete subtree is not asked for again.
	maps.DeleteFunc(g.hashes, func(index int64, _ tlog.Hash) bool {
		level, _ := tlog.SplitStoredHashIndex(index)
		return level < top
	})
	g.hashes[tlog.StoredHashIndex(top, g.n>>top)] = made[top]
	g.n++
	return made, nil
}

// ReadHashes implements tlog.HashReader, as far as it is needed.
func (g *Growth) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := g.hashes[index]
		if !ok {
			return nil, fmt.Errorf("hash %d is not kept", index)
		}
		all[i] = h
	}
	return all, nil
}

// Size is how many leaves there are.
func (g *Growth) Size() int64 { return g.n }

// Index is where the hashes of the next leaf are stored.
func (g *Growth) Index() int64 { return tlog.StoredHashCount(g.n) }

// Tree is the tree as of now.
func (g *Growth) Tree() (tlog.Tree, error) {
	h, err := tlog.TreeHash(g.n, g)
	return tlog.Tree{N: g.n, Hash: h}, err
}
