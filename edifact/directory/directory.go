// Package directory holds what the UN/EDIFACT directories say: messages with
// their groups, segments, composite and simple data elements, and code lists.
//
// The directories themselves are packages of their own, so that a program
// carries only those it imports: d96a and d01b. [Service] holds the service
// segments and messages of ISO 9735. More are made by the generator in
// directory/generate from the files that UNECE publishes, or read from these at
// run time by package unece.
//
// The tables are derived from the directories that UNECE publishes free of
// charge, © United Nations, whose text is what counts; those of [Service] from
// ISO 9735 and the UN service code list.
package directory

import "strings"

// Kind is the type of characters a data element takes.
type Kind uint8

const (
	AN Kind = iota // alphanumeric
	A              // alphabetic
	N              // numeric
)

// Directory is one release of the UN/EDIFACT directories, or the service
// directory of one syntax version. It does not change and may be used
// concurrently.
type Directory struct {
	Version string // 0052, such as D; 0002, such as 3, in a service directory
	Release string // 0054, such as 96A; empty in a service directory
	Agency  string // 0051, such as UN; empty in a service directory

	Messages   map[string]*Message   // by type, such as PAYMUL
	Segments   map[string]*Segment   // by tag, such as MOA
	Composites map[string]*Composite // by code, such as C516
	Elements   map[string]*Element   // by code, such as 5025
}

// Message is the structure of a message type: its segment table.
type Message struct {
	Type  string // 0065
	Name  string // such as "Multiple payment order message"
	Nodes []Node // from UNH to UNT
}

// Node is a line of a segment table: a segment, or a segment group whose first
// node is its trigger segment.
type Node struct {
	Segment   *Segment // nil for a group
	Group     int      // number of the group, 0 for a segment
	Mandatory bool
	Max       int    // occurrences allowed
	Nodes     []Node // of a group
}

// Segment is a line of the segment directory.
type Segment struct {
	Tag      string
	Name     string
	Elements []Place
}

// Service reports whether this is a service segment, whose tag begins with U. The
// messages of a user directory name them without their elements and name: those
// depend on the syntax version of the interchange, see [Service].
func (s *Segment) Service() bool { return strings.HasPrefix(s.Tag, "U") }

// Place is a data element where a segment or a composite uses it: Element or
// Composite is set.
type Place struct {
	Element   *Element
	Composite *Composite
	Mandatory bool
	// Max is how often it may stand there, 1 in most places and everywhere up to
	// D.96A but in ARR. In syntax version 4 the repetition separator stands
	// between them; in versions 1 to 3 they take one position after the other.
	Max int
}

// Composite is a composite data element.
type Composite struct {
	Code       string // such as C516, S004
	Name       string
	Components []Place // Element is set in each
}

// Element is a simple data element.
type Element struct {
	Code     string // such as 5025
	Name     string
	Kind     Kind
	Min, Max int               // characters; Min is Max for a fixed length, 0 for a variable one
	Codes    map[string]string // code to its name; nil where any value may stand
}
