// Package edifact reads, checks and writes UN/EDIFACT interchanges: ISO 9735,
// syntax versions 1 to 4. It knows the syntax and what directories say, and
// nothing of what messages are for. Everything streams: memory does not grow
// with the input.
//
// # Reading
//
// A [Reader] gives one [Segment] after the other, with byte offsets, and checks
// the envelope on the way: references and counts of UNT, UNE and UNZ, what may
// stand where, the characters of the repertoire.
//
//	r := edifact.NewReader(file, edifact.ReaderOptions{})
//	for s, err := range r.Segments() {
//		if err != nil {
//			return err // a *edifact.ParseError says what, where, and what CONTRL calls it
//		}
//		fmt.Println(r.Message().Type, s.Position, s.Tag, s.Text(0, 0))
//	}
//
// It is strict: what ISO 9735 does not allow is an error, even a line break
// between two segments. Departures that are found in real files are forgiven
// one by one with a [Leniency], and every use of one is told:
//
//	edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.ShortUNA, Forgiven: tell}
//
// With ReaderOptions.Faults the reading goes on behind a fault, so that one pass
// finds them all.
//
// # Checking
//
// A [Validator] is a Reader that compares messages with a [Schema]: order,
// repetitions, what is mandatory, formats, lengths and codes. Directories are
// packages of their own; the service messages are always there.
//
//	schema := edifact.NewSchema(d96a.Directory())
//	v := edifact.NewValidator(r, schema)
//
// It tells of each segment where in the message it stands ([Validator.Path]).
// [ReadTree] keeps a whole message as a tree of its segment groups.
//
// # Writing
//
// A [Writer] counts, escapes, leaves out what is empty at an end, and writes
// nothing that a strict Reader would refuse.
//
// # Beside it
//
// Package contrl answers an interchange with CONTRL and reads such answers,
// autack signs and verifies, banking has the payment messages as Go structs
// (banking01b those of D.01B), and directory holds the tables: d96a and d01b are
// ready, unece reads those of other releases. Package lint finds what is wrong in
// a file, with line and column, show makes one readable, and canon rewrites one.
//
// # How places are counted
//
// [Segment.Component] and its kin count data elements and components from 0,
// without the tag, as Go does. A [Place], and so every error, counts as CONTRL
// does: segments from 1 (UNH), data elements from 1 (the tag), components from
// 1.
package edifact
