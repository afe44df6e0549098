package edifact

// CheckOptions is what a [Checker] must know of the interchange. Report gets
// every fault, in the order of the segments.
type CheckOptions struct {
	Charset Charset
	Decimal byte   // decimal mark
	Message string // reference for the errors
	Report  func(*Error)
}

// Checker compares the segments of one message, as they come, with the
// structure of its type: order, mandatory segments and groups, repetitions,
// and the format of every data element. It uses constant memory.
type Checker struct {
	spec   *MessageSpec
	format formatCheck
	frames []frame
	last   Segment // place of the segment before, for what End reports
}

// frame is how far one group has come: count occurrences of nodes[at].
type frame struct {
	nodes []Node
	at    int
	count int
}

// SpecOf returns the structure of a message type that this package knows, or
// nil.
func SpecOf(h MessageHeader) *MessageSpec {
	for _, m := range []*MessageSpec{PaymulSpec, BanstaSpec, ContrlSpec} {
		if m.Type == h.Type && m.Version == h.Version && m.Release == h.Release {
			return m
		}
	}
	return nil
}

// NewChecker returns a Checker of one message, whose UNH has been read.
func NewChecker(spec *MessageSpec, o CheckOptions) *Checker {
	c := &Checker{spec: spec, format: formatCheck{charset: o.Charset, decimal: o.Decimal, message: o.Message, report: o.Report}}
	c.frames = append(c.frames, frame{nodes: spec.Nodes, count: 1})
	c.last = Segment{Tag: "UNH", Position: 1}
	return c
}

// Checker returns a Checker of the message whose UNH was read last.
func (x *Interchange) Checker(spec *MessageSpec, report func(*Error)) *Checker {
	return NewChecker(spec, CheckOptions{Charset: x.unb.Charset, Decimal: x.reader.marks.Decimal, Message: x.current.Ref, Report: report})
}

// Segment checks the next segment of the message; UNH and UNT are not passed.
func (c *Checker) Segment(s *Segment) {
	c.place(s)
	c.last = Segment{Tag: s.Tag, Position: s.Position, Offset: s.Offset}
	if spec := c.spec.Segment(s.Tag); spec != nil {
		c.format.segment(s, spec)
	}
}

// End checks that nothing mandatory is missing at the end of the message.
func (c *Checker) End() {
	s := c.last
	for len(c.frames) > 1 {
		c.missing(&s, len(c.frames)-1, -1)
		c.frames = c.frames[:len(c.frames)-1]
	}
	c.missing(&s, 0, len(c.spec.Nodes)-1)
}

// place finds the node that s is an occurrence of, the innermost group first,
// and moves there.
func (c *Checker) place(s *Segment) {
	var full *Node
	for depth := len(c.frames) - 1; depth >= 0; depth-- {
		f := &c.frames[depth]
		for k := f.at; k < len(f.nodes); k++ {
			node := &f.nodes[k]
			if node.trigger() != s.Tag {
				continue
			}
			count := 0
			if k == f.at {
				count = f.count
			}
			if count < node.Max {
				c.move(s, depth, k, count+1)
				return
			}
			if full == nil || full.Group == nil {
				full = node
			}
		}
	}
	switch {
	case full == nil:
		c.format.fault(s, 1, 0, CodeNotSupportedHere, "segment is not allowed in this position")
	case full.Group != nil:
		c.format.fault(s, 1, 0, CodeTooManyGroups, "too many repetitions of segment group "+full.Tag)
	default:
		c.format.fault(s, 1, 0, CodeTooManySegments, "too many repetitions of the segment")
	}
}

// move makes node k of the frame at depth the present one.
func (c *Checker) move(s *Segment, depth, k, count int) {
	for len(c.frames)-1 > depth {
		c.missing(s, len(c.frames)-1, -1)
		c.frames = c.frames[:len(c.frames)-1]
	}
	c.missing(s, depth, k)
	f := &c.frames[depth]
	f.at, f.count = k, count
	if group := f.nodes[k].Group; group != nil {
		c.frames = append(c.frames, frame{nodes: group, count: 1})
	}
}

// missing reports the mandatory nodes that the frame at depth has passed over
// before node k; all that are left when k is negative.
func (c *Checker) missing(s *Segment, depth, k int) {
	f := &c.frames[depth]
	if k < 0 {
		k = len(f.nodes)
	}
	for i := f.at + 1; i < k; i++ {
		if f.nodes[i].Mandatory {
			e := &Error{
				Offset: s.Offset, Message: c.format.message, Position: s.Position, Tag: f.nodes[i].trigger(),
				Code: CodeMissing, Text: "mandatory " + f.nodes[i].kind() + " is missing",
			}
			c.format.report(e)
		}
	}
}

func (n *Node) trigger() string {
	if n.Group != nil {
		return n.Group[0].Tag
	}
	return n.Tag
}

func (n *Node) kind() string {
	if n.Group != nil {
		return "segment group " + n.Tag
	}
	return "segment"
}
