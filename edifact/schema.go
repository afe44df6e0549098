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
	plans sync.Map // of messages, by planKey: compiled when the first one comes
}

// NewSchema returns a schema of directories, which may be none.
func NewSchema(dirs ...*directory.Directory) *Schema { return &Schema{dirs: dirs} }

// Codes is what is agreed about coded values, by the code of the data element
// ("4383"). Elements that it does not name take the codes of the directory.
type Codes map[string]CodeRule

// CodeRule is what a data element takes.
type CodeRule struct {
	Any  bool     // every value
	Only []string // these and no others, whatever the directory has
	Add  []string // these beside the codes of the directory
}

// WithCodes returns a schema of the same directories in which codes are agreed.
func (s *Schema) WithCodes(codes Codes) *Schema { return &Schema{dirs: s.dirs, codes: codes} }
