package show

import (
	"encoding/json"
	"io"
)

// newEncoder writes values as they are: they are for programs, not for pages.
func newEncoder(out io.Writer) *json.Encoder {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e
}
