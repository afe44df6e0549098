package edifact

// Kind is the type of characters a data element takes.
type Kind uint8

const (
	AN Kind = iota // alphanumeric
	A              // alphabetic
	N              // numeric
)

// Format is the representation of a data element, such as an..35: kind and
// length in characters. Min is 0 for a variable length.
type Format struct {
	Kind     Kind
	Min, Max int
}

const (
	mand = true
	cond = false
)

// ComponentSpec is a component of a composite data element.
type ComponentSpec struct {
	Code      string // such as 2380
	Mandatory bool
	Format    Format
}

// ElementSpec is a data element of a segment: stand-alone with a Format, or
// composite with Components.
type ElementSpec struct {
	Code       string // such as C507 or 1004
	Mandatory  bool
	Format     Format
	Components []ComponentSpec
}

// Node is a segment, or a segment group when Group is set; the first of a
// group is its trigger segment.
type Node struct {
	Tag       string // of the segment; of a group its name, such as SG4
	Mandatory bool
	Max       int
	Group     []Node
}

// MessageSpec is the structure of a message type.
type MessageSpec struct {
	Type, Version, Release string
	Nodes                  []Node

	segments map[string][]ElementSpec
}

// Segment returns the data elements of a segment of the message, service
// segments among them; nil when the message has no such segment.
func (m *MessageSpec) Segment(tag string) []ElementSpec {
	if s, ok := m.segments[tag]; ok {
		return s
	}
	return segmentsService3[tag]
}
