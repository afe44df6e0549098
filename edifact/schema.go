package edifact

import (
	"sync"

	"nks/edifact/directory"
)

// Schema is what a [Validator] checks messages against: directories, and what
// is agreed beside them. The service messages CONTRL and AUTACK are always part
// of it. It is safe for concurrent use.
type Schema struct {
	dirs  []*directory.Directory
	codes Codes
	plans sync.Map // *messagePlan by planKey: compiled when the first message comes
}

// NewSchema returns a schema of directories, which may be none.
func NewSchema(dirs ...*directory.Directory) *Schema { return &Schema{dirs: dirs} }

// Codes is what is agreed about coded values, by the code of the data element
// ("4383") or [AllElements]. Others take the codes of the directory.
type Codes map[string]CodeRule

// AllElements names in [Codes] the data elements that it does not name.
const AllElements = "*"

// CodeRule is what a data element takes.
type CodeRule struct {
	Any  bool     // every value
	Only []string // these and no others, whatever the directory has
	Add  []string // these beside the codes of the directory
}

// WithCodes returns a schema of the same directories in which codes are agreed.
func (s *Schema) WithCodes(codes Codes) *Schema { return &Schema{dirs: s.dirs, codes: codes} }

// planKey names a message type under a syntax version.
type planKey struct {
	kind, version, release string
	repeats                bool // syntax version 4
}

// plan returns the compiled structure of a message type, nil for one that is in
// no directory.
func (s *Schema) plan(k planKey) *messagePlan {
	if p, ok := s.plans.Load(k); ok {
		return p.(*messagePlan)
	}
	m := s.message(k)
	if m == nil {
		return nil
	}
	version := 3
	if k.repeats {
		version = 4
	}
	p := planMessage(m, func(seg *directory.Segment) *segmentPlan {
		if plan := services()[version][seg.Tag]; plan != nil {
			return plan
		}
		return s.planSegment(seg, version)
	})
	s.plans.Store(k, p)
	return p
}

func (s *Schema) message(k planKey) *directory.Message {
	for _, d := range s.dirs {
		if d.Version == k.version && d.Release == k.release {
			if m := d.Messages[k.kind]; m != nil {
				return m
			}
		}
	}
	return directory.ServiceMessage(k.kind, k.version)
}
