package edifact

import (
	"iter"
	"strconv"
	"strings"
)

// step is a part of a path: a group or a segment, and which occurrence; 0 for
// all.
type step struct {
	tag        string
	group      int
	occurrence int
}

// parseStep reads one of "SG4", "SG4[2]", "MOA" and "MOA[2]".
func parseStep(s string) (step, bool) {
	st := step{tag: s}
	if at := strings.IndexByte(s, '['); at >= 0 && strings.HasSuffix(s, "]") {
		n, err := strconv.Atoi(s[at+1 : len(s)-1])
		if err != nil || n < 1 {
			return st, false
		}
		st.tag, st.occurrence = s[:at], n
	}
	if number, is := strings.CutPrefix(st.tag, "SG"); is && isDigits(number) && number != "" {
		n, err := strconv.Atoi(number)
		st.group = n
		return st, err == nil && n > 0
	}
	return st, len(st.tag) == 3 && isTagByte(st.tag[0]) && isTagByte(st.tag[1]) && isTagByte(st.tag[2])
}

// parsePath reads steps with "/" between; all but the last are groups.
func parsePath(path string) []step {
	var steps []step
	for part := range strings.SplitSeq(path, "/") {
		st, ok := parseStep(part)
		if !ok || len(steps) > 0 && steps[len(steps)-1].group == 0 {
			return nil
		}
		steps = append(steps, st)
	}
	return steps
}

// Find iterates over the segments at a path from the group, in the order of the
// message: "SG4/SG11/MOA" names those of all groups 11 in all groups 4, and
// "SG4[2]/SG11[1]/RFF[3]" one of them. A segment group in the tree of a message
// that no schema knows does not exist. Nothing is at a path that is none.
func (g *Group) Find(path string) iter.Seq[*TreeSegment] {
	steps := parsePath(path)
	return func(yield func(*TreeSegment) bool) {
		if len(steps) > 0 && steps[len(steps)-1].group == 0 {
			g.find(steps, func(i *TreeItem) bool { return yield(i.Segment) })
		}
	}
}

// Groups iterates over the groups at a path such as "SG4/SG11", as Find does
// over segments.
func (g *Group) Groups(path string) iter.Seq[*Group] {
	steps := parsePath(path)
	return func(yield func(*Group) bool) {
		if len(steps) > 0 && steps[len(steps)-1].group > 0 {
			g.find(steps, func(i *TreeItem) bool { return yield(i.Group) })
		}
	}
}

// First returns the first segment at a path, or nil.
func (g *Group) First(path string) *TreeSegment {
	for s := range g.Find(path) {
		return s
	}
	return nil
}

func (g *Group) find(steps []step, yield func(*TreeItem) bool) bool {
	st, seen := steps[0], 0
	for i := range g.Items {
		item := &g.Items[i]
		if !item.is(st) {
			continue
		}
		if seen++; st.occurrence > 0 && seen != st.occurrence {
			continue
		}
		if len(steps) > 1 {
			if !item.Group.find(steps[1:], yield) {
				return false
			}
		} else if !yield(item) {
			return false
		}
	}
	return true
}

func (i *TreeItem) is(st step) bool {
	if st.group > 0 {
		return i.Group != nil && i.Group.Group == st.group
	}
	return i.Segment != nil && i.Segment.Tag == st.tag
}
