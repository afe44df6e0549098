// Package d01b is the UN/EDIFACT directory D.01B: all its batch messages, segments,
// composite and simple data elements, and code lists.
//
// The tables are derived from the directory that UNECE publishes free of charge
// (https://unece.org/trade/uncefact/unedifact/download), © United Nations; the
// descriptions of elements and codes are left out. The directory of UNECE is what
// counts.
package d01b

import (
	_ "embed"
	"sync"

	"nks/edifact/directory"
)

//go:generate go run ../generate -o d01b.txt unece-d01b.zip

//go:embed d01b.txt
var text string

var load = sync.OnceValue(func() *directory.Directory {
	d, err := directory.Parse(text)
	if err != nil {
		panic(err) // a test reads the text
	}
	return d
})

// Directory is D.01B. The first call reads the tables, which takes some
// milliseconds; the others return the same directory.
func Directory() *directory.Directory { return load() }
