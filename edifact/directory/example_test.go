package directory_test

import (
	"fmt"

	"nks/edifact/directory"
	"nks/edifact/directory/d96a"
)

// What a segment of D.96A holds, and what a code means.
func Example() {
	d := d96a.Directory()
	dtm := d.Segments["DTM"]
	fmt.Println(dtm.Tag, dtm.Name)
	for _, place := range dtm.Elements[0].Composite.Components {
		fmt.Println(place.Element.Code, place.Element.Format(), place.Element.Name)
	}
	fmt.Println(d.Elements["2005"].Codes["137"])
	// Output:
	// DTM Date/time/period
	// 2005 an..3 Date/time/period qualifier
	// 2380 an..35 Date/time/period
	// 2379 an..3 Date/time/period format qualifier
	// Document/message date/time
}

// The first groups of a message.
func ExampleMessage() {
	for _, n := range d96a.Directory().Messages["PAYMUL"].Nodes {
		if n.Group > 0 {
			fmt.Println(n.Group, n.Nodes[0].Segment.Tag, n.Mandatory, n.Max)
		}
	}
	// Output:
	// 1 RFF false 2
	// 2 FII false 5
	// 3 NAD false 3
	// 4 LIN true 9999
	// 24 AUT false 5
}

// A directory of one's own, in the text form.
func ExampleParse() {
	d, err := directory.Parse("directory D 96A UN\n" +
		"element 1154 an..35 Reference number\n" +
		"segment REF Reference\n" +
		" 1154 M1\n" +
		"message MYREFS References message\n" +
		" UNH M1\n" +
		" 1 M99\n" +
		"  REF M1\n" +
		" UNT M1\n")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Messages["MYREFS"].Nodes[1].Nodes[0].Segment.Name)
	_, err = directory.Parse("directory D 96A UN\nsegment REF Reference\n 1154 M1\n")
	fmt.Println(err)
	// Output:
	// Reference
	// directory: line 3: REF uses "1154", which is not above
}

// Why a CONTRL with error 29 was sent.
func ExampleService() {
	e := directory.Service(3).Elements["0085"]
	fmt.Println(e.Codes["29"])
	fmt.Println(directory.SyntaxErrorMeaning("29"))
	// Output:
	// Control count does not match number of instances received
	// The count of groups, messages, segments or octets is not what was received.
}
