package edifact_test

import (
	"fmt"
	"strings"

	"nks/edifact"
	"nks/edifact/directory/d96a"
)

const status = `UNA:+,? 'UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0630+77++++1'` +
	`UNH+1+BANSTA:D:96A:UN'BGM+XZ8+STATUS-1+9'DTM+137:20050811:102'` +
	`LIN+1'SEQ++1'GIS+2'FTX+AAO+++K0001:Kontoen er ophævet'LIN+2'SEQ++1'GIS+1'UNT+11+1'UNZ+1+77'`

// latin1 is s as it is sent under UNOC.
func latin1(s string) *strings.Reader {
	b, err := edifact.UNOC.Append(nil, s)
	if err != nil {
		panic(err)
	}
	return strings.NewReader(string(b))
}

// Segments come one by one, those of the envelope among them. Data elements and
// components are counted from 0.
func ExampleReader() {
	r := edifact.NewReader(latin1(status), edifact.ReaderOptions{})
	for s, err := range r.Segments() {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch s.Tag {
		case "UNB":
			fmt.Println("from", r.Interchange().Sender.ID)
		case "FTX":
			fmt.Println(r.Message().Type, "segment", s.Position, "at byte", s.Offset, "says", s.Text(3, 1))
		}
	}
	// Output:
	// from 5790000000012
	// BANSTA segment 7 at byte 155 says Kontoen er ophævet
}

// A line break between segments is no part of the syntax. It is an error unless
// it is forgiven, and then it is told.
func ExampleLeniency() {
	in := "UNB+UNOC:3+A+B+050811:0630+1'\nUNH+1+CONTRL:D:3:UN'UCI+7+B+A+7'UNT+4+1'UNZ+1+1'"
	for _, lenient := range []edifact.Leniency{0, edifact.LineBreaks | edifact.WrongCounts} {
		r := edifact.NewReader(strings.NewReader(in), edifact.ReaderOptions{
			Lenient:  lenient,
			Forgiven: func(e *edifact.ParseError) { fmt.Println("forgiven:", e.Text) },
		})
		var last error
		for _, err := range r.Segments() {
			last = err
		}
		fmt.Println("ended with:", last)
	}
	// Output:
	// ended with: edifact: line break between segments (line-break, 0085 code 21): interchange "1", byte 29
	// forgiven: line break between segments
	// forgiven: UNT counts 4 segments, there are 3
	// ended with: <nil>
}

// A validator knows what the directory says of a message. With Faults one pass
// finds all that is wrong.
func ExampleValidator() {
	in := strings.Replace(status, "BGM+XZ8+STATUS-1+9", "BGM+452+"+strings.Repeat("X", 36), 1)
	in = strings.Replace(in, "GIS+2'", "", 1)
	r := edifact.NewReader(latin1(in), edifact.ReaderOptions{
		Faults: func(e *edifact.ParseError) {
			fmt.Println(e.Rule, "in", e.Tag, "segment", e.Position, "element", e.Element)
		},
	})
	v := edifact.NewValidator(r, edifact.NewSchema(d96a.Directory()))
	for s, err := range v.Segments() {
		if err != nil {
			fmt.Println(err)
			return
		}
		if s.Tag == "FTX" {
			fmt.Println("FTX stands in", v.Path())
		}
	}
	// Output:
	// too-long in BGM segment 2 element 3
	// missing in GIS segment 6 element 0
	// FTX stands in [{4 1} {6 1}]
	// count in UNT segment 10 element 2
}

// Banks use codes that the directory does not have.
func ExampleSchema_WithCodes() {
	check := func(schema *edifact.Schema) error {
		for _, err := range edifact.NewValidator(edifact.NewReader(latin1(status), edifact.ReaderOptions{}), schema).Segments() {
			if err != nil {
				return err
			}
		}
		return nil
	}
	schema := edifact.NewSchema(d96a.Directory())
	fmt.Println(check(schema))
	fmt.Println(check(schema.WithCodes(edifact.Codes{"1001": {Add: []string{"XZ8"}}})))
	// Output:
	// edifact: value is no code of data element 1001 (code, 0085 code 12): interchange "77", message "1", segment 2, BGM, element 2, component 1, byte 100
	// <nil>
}
