package canon_test

import (
	"fmt"
	"os"
	"strings"

	"nks/edifact"
	"nks/edifact/canon"
)

// Values stay; separators, release characters and line breaks become what they
// usually are.
func ExampleRewrite() {
	file := "UNA|*.! ~UNB*UNOC|3*A*B*050811|0630*7**~UNH*1*X|D|1|ZZ||~FTX*5 + 5||!x~UNT*3*1~UNZ*1*7~"
	err := canon.Rewrite(os.Stdout, strings.NewReader(file), canon.Options{Wrap: edifact.WrapSegments, Lenient: edifact.StrayRelease})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// UNA:+.? '
	// UNB+UNOC:3+A+B+050811:0630+7'
	// UNH+1+X:D:1:ZZ'
	// FTX+5 ?+ 5::x'
	// UNT+3+1'
	// UNZ+1+7'
}
