package edifact

import (
	"errors"
	"io"
	"iter"

	"nks/edifact/directory"
)

// Tree is a message in memory, its segments in the groups that the directory
// has them in. It is the caller's: the reading goes on without changing it. Not
// for concurrent use.
type Tree struct {
	UNH     UNH
	Message *directory.Message // nil where the schema does not have it: all segments stand in Root then
	Root    *Group             // UNH, UNT and all between them
	Decimal byte               // decimal mark of the interchange
}

// Group is one occurrence of a segment group, or as Root of a Tree the message
// itself.
type Group struct {
	GroupOccurrence                 // zero for Root
	Node            *directory.Node // line of the segment table; nil for Root
	Parent          *Group          // nil for Root
	Items           []TreeItem      // in the order of the message; the first is the trigger segment
}

// TreeItem is what stands in a group: a segment or another group. The other of
// the two is nil.
type TreeItem struct {
	Segment *TreeSegment
	Group   *Group
}

// TreeSegment is a segment and the line of the segment table that it stands for;
// Node is nil where it stands for none, which the validator has told as a fault.
type TreeSegment struct {
	*Segment
	Node *directory.Node
}

// Name returns what the directory calls the segment, or "".
func (s *TreeSegment) Name() string {
	if s.Node == nil {
		return ""
	}
	return s.Node.Segment.Name
}

// TreeLimits bound a [Tree]. A zero stands for the default.
type TreeLimits struct {
	Bytes    int // of the message, as it came; 16 MiB
	Segments int // 200,000
}

// ReadTree reads the next message as a whole: from the next UNH on, or from the
// present one where v has read no more of a message than that. It returns io.EOF
// behind the last message, and a [*ParseError] of RuleLimit for one that is too
// large. A message without UNT, where that fault is told and reading goes on,
// ends where another segment of the envelope stands.
func ReadTree(v *Validator, limits TreeLimits) (*Tree, error) {
	if limits.Bytes <= 0 {
		limits.Bytes = 16 << 20
	}
	if limits.Segments <= 0 {
		limits.Segments = 200_000
	}
	s, err := v.findHeader()
	if err != nil {
		return nil, err
	}
	b := treeBuilder{tree: &Tree{UNH: *v.Message(), Message: v.Spec(), Root: &Group{}, Decimal: v.Delimiters().Decimal}}
	for start := s.Offset; ; {
		if int64(limits.Bytes) < s.End-start || limits.Segments == b.count {
			e := v.Reader.at(0, 0, RuleLimit, CodeTooLong, "message is longer than the limit")
			e.Message, v.err = b.tree.UNH.Ref, e
			return nil, e
		}
		b.add(v, s)
		if s.Tag == "UNT" {
			return b.tree, nil
		}
		if s, err = v.Next(); errors.Is(err, io.EOF) || err == nil && (s.Position == 0 || s.Tag == "UNH") {
			return b.tree, nil
		} else if err != nil {
			return nil, err
		}
	}
}

// findHeader returns UNH of the next message.
func (v *Validator) findHeader() (*Segment, error) {
	s := &v.seg
	var err error
	for s.Tag != "UNH" || s.Position != 1 || v.err != nil {
		if s, err = v.Next(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// treeBuilder puts segments where they belong.
type treeBuilder struct {
	tree  *Tree
	open  []*Group // around the last segment that had a place
	count int

	// Slabs, so that a segment is not four allocations.
	bytes    []byte
	marks    []mark
	segments []Segment
	placed   []TreeSegment
}

func (b *treeBuilder) add(v *Validator, s *Segment) {
	b.count++
	node := v.Node()
	if node != nil {
		b.enter(v)
	}
	in := b.tree.Root
	if len(b.open) > 0 {
		in = b.open[len(b.open)-1]
	}
	in.Items = append(in.Items, TreeItem{Segment: b.keep(s, node)})
}

// enter opens the groups around the last segment of v.
func (b *treeBuilder) enter(v *Validator) {
	path, same := v.Path(), 0
	for same < len(path) && same < len(b.open) && b.open[same].GroupOccurrence == path[same] {
		same++
	}
	b.open = b.open[:same]
	for level := same; level < len(path); level++ {
		in := b.tree.Root
		if level > 0 {
			in = b.open[level-1]
		}
		g := &Group{GroupOccurrence: path[level], Node: v.plan.nodes[v.at].groups[level], Parent: in}
		in.Items = append(in.Items, TreeItem{Group: g})
		b.open = append(b.open, g)
	}
}

// keep is Clone in the slabs.
func (b *treeBuilder) keep(s *Segment, node *directory.Node) *TreeSegment {
	raw, marks := s.Raw(), s.marks()
	b.bytes, b.marks = slab(b.bytes, len(raw)), slab(b.marks, len(marks))
	b.segments, b.placed = slab(b.segments, 1), slab(b.placed, 1)
	from, first := len(b.bytes), len(b.marks)
	b.bytes, b.marks = append(b.bytes, raw...), append(b.marks, marks...)
	c := *s
	c.buf, c.start, c.ends = b.bytes[from:len(b.bytes):len(b.bytes)], 0, b.marks[first:len(b.marks):len(b.marks)]
	c.firsts, c.indexed = nil, false
	c.drops = append([]drop(nil), s.drops...)
	b.segments = append(b.segments, c)
	b.placed = append(b.placed, TreeSegment{&b.segments[len(b.segments)-1], node})
	return &b.placed[len(b.placed)-1]
}

// slab returns s, or a new one, with room for n more. It is never moved: there
// are pointers into it.
func slab[T any](s []T, n int) []T {
	if cap(s)-len(s) >= n {
		return s
	}
	return make([]T, 0, max(n, min(2*cap(s), 4096), 16))
}

// All iterates over the segments in and under a group in the order of the
// message, each with the innermost group around it.
func (g *Group) All() iter.Seq2[*Group, *TreeSegment] {
	return func(yield func(*Group, *TreeSegment) bool) { g.walk(yield) }
}

func (g *Group) walk(yield func(*Group, *TreeSegment) bool) bool {
	for _, item := range g.Items {
		if item.Segment != nil && !yield(g, item.Segment) || item.Group != nil && !item.Group.walk(yield) {
			return false
		}
	}
	return true
}

// Depth returns how many groups are around the group; 0 for Root.
func (g *Group) Depth() int {
	depth := 0
	for p := g.Parent; p != nil; p = p.Parent {
		depth++
	}
	return depth
}
