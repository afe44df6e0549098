package lint_test

import (
	"fmt"
	"strings"

	"nks/edifact/directory"
	"nks/edifact/directory/d96a"
	"nks/edifact/lint"
)

// Every finding has a line and a column, and a place as CONTRL counts it.
func ExampleFile() {
	file := "UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0630+77'\n" +
		"UNH+1+BANSTA:D:96A:UN'\nBGM+23'\nDTM+137:20050811:102'\nLIN+1'\nSEQ++1'\nGIS+999'\nUNT+8+1'\nUNZ+1+77'\n"
	o := lint.Options{Directories: []*directory.Directory{d96a.Directory()}, Allowed: lint.Usual}
	sum, err := lint.File(strings.NewReader(file), o, func(f lint.Finding) error {
		fmt.Println(f)
		return nil
	})
	if err != nil {
		fmt.Println(err) // not of what the file says
		return
	}
	fmt.Println(sum)
	// Output:
	// 1:61: -: line-break: warning: line break between segments (code 21)
	// 7:5: GIS: code: error: value is no code of data element 7365 (message "1", segment 6, element 2, component 1, code 12)
	// 8:5: UNT: count: error: UNT counts 8 segments, there are 7 (message "1", segment 7, element 2, code 29)
	// 1 interchange, 1 message, 9 segments: 2 errors, 1 warning; 8 more line breaks or padding like those told
}
