package show_test

import (
	"os"
	"strings"

	"nks/edifact/directory"
	"nks/edifact/directory/d96a"
	"nks/edifact/show"
)

// A message is shown by its groups, with what its codes mean.
func ExampleText() {
	file := "UNB+UNOC:3+A+B+050811:0630+77'UNH+1+BANSTA:D:96A:UN'BGM+23'DTM+137:20050811:102'LIN+1'SEQ++1'GIS+37'UNT+7+1'UNZ+1+77'"
	o := show.Options{Directories: []*directory.Directory{d96a.Directory()}, Message: "1", Width: 80}
	if err := show.Text(os.Stdout, strings.NewReader(file), o); err != nil {
		panic(err)
	}
	// Output:
	//   UNH  Message header: BANSTA:D:96A:UN, Banking status message
	//       2:1   0062 Message reference num… 1
	//       3:1   0065 Message type           BANSTA
	//       3:2   0052 Message version number D
	//       3:3   0054 Message release number 96A
	//       3:4   0051 Controlling agency     UN
	//     BGM  Beginning of message
	//         2:1   1001 Document/message na… 23  = Status information
	//     DTM  Date/time/period
	//         2:1   2005 Date/time/period qu… 137  = Document/message date/time
	//         2:2   2380 Date/time/period     20050811
	//         2:3   2379 Date/time/period fo… 102  = CCYYMMDD
	//     group 4, occurrence 1
	//       LIN  Line item
	//           2:1   1082 Line item number   1
	//       group 6, occurrence 1
	//         SEQ  Sequence details
	//             3:1   1050 Sequence number  1
	//         GIS  General indicator
	//             2:1   7365 Processing indi… 37  = Complete information
	//   UNT  Message trailer
	//       2:1   0074 Number of segments in… 7
	//       3:1   0062 Message reference num… 1
}
