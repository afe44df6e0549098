package audit

import (
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// standing is an entry where it is found.
type standing struct {
	place, id int64
	hash      tlog.Hash
}

// align finds what was done to a log whose leaves were signed, by the entries that are found, in their order. Hashes are
// unique, since each has its entry's number in it. The longest part that is in order still is taken to be unmoved.
func align(leaves []tlog.Hash, found []standing) []Finding {
	at := make(map[tlog.Hash]int, len(leaves))
	for i, h := range leaves {
		at[h] = i
	}
	known := make([]int, len(found)) // the leaf of each entry; -1: none
	var order []int                  // of the entries that have one
	taken := map[int]bool{}
	for i, f := range found {
		known[i] = -1
		if leaf, ok := at[f.hash]; ok && !taken[leaf] {
			known[i], taken[leaf] = leaf, true
			order = append(order, i)
		}
	}
	unmoved := ascending(order, func(i int) int { return known[i] })
	var all []Finding
	for _, i := range order {
		if !unmoved[i] {
			all = append(all, Finding{What: Reordered, Place: int64(known[i]), Entry: found[i].id, Now: found[i].place})
		}
	}
	all = append(all, between(leaves, found, known, unmoved, taken)...)
	if len(all) == 0 {
		for i, f := range found {
			if int64(known[i]) != f.place {
				all = append(all, Finding{What: Reordered, Place: int64(known[i]), Entry: f.id, Now: f.place})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return int(a.Place - b.Place) })
	return all
}

// between pairs what is lost with what is foreign, from one unmoved entry to the next: an entry that was changed is both.
func between(leaves []tlog.Hash, found []standing, known []int, unmoved map[int]bool, taken map[int]bool) []Finding {
	var all []Finding
	var foreign []standing
	leaf := 0
	until := func(end int) {
		for ; leaf < end; leaf++ {
			switch {
			case taken[leaf]:
			case len(foreign) > 0:
				all = append(all, Finding{What: Changed, Place: int64(leaf), Entry: foreign[0].id})
				foreign = foreign[1:]
			default:
				all = append(all, Finding{What: Removed, Place: int64(leaf)})
			}
		}
		for _, f := range foreign {
			all = append(all, Finding{What: Inserted, Place: f.place, Entry: f.id})
		}
		foreign = nil
	}
	for i, f := range found {
		switch {
		case known[i] < 0:
			foreign = append(foreign, f)
		case unmoved[i]:
			until(known[i])
		}
	}
	until(len(leaves))
	return all
}

// ascending is the longest part of items whose values ascend.
func ascending(items []int, value func(int) int) map[int]bool {
	before := make(map[int]int, len(items)) // the item in front of each, within the best part that ends there
	var ends []int                          // the item that ends the best part of each length
	for _, item := range items {
		n, _ := slices.BinarySearchFunc(ends, value(item), func(end, v int) int { return value(end) - v })
		if n > 0 {
			before[item] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, item)
		} else {
			ends[n] = item
		}
	}
	part := map[int]bool{}
	if len(ends) == 0 {
		return part
	}
	for item, ok := ends[len(ends)-1], true; ok; item, ok = before[item] {
		part[item] = true
	}
	return part
}
