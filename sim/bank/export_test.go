package bank

import (
	"io"
	"strings"
	"time"
)

// InspectText reads an interchange and decides on it, without a process or a disk around.
func InspectText(text string, p Profile) (orders int, journal []byte, err error) {
	got, err := inspect(strings.NewReader(text), p.AcceptsWrapped, seal{})
	if err != nil {
		return 0, nil, err
	}
	b := newBooks()
	d := decision{profile: p, zone: time.UTC, got: &got, line: &receivedLine{Name: "f", At: time.Unix(0, 0)}, books: &b}
	d.decide()
	for m := range got.messages {
		for l := range got.messages[m].lines {
			one := &got.messages[m].lines[l]
			journal = appendLine(journal, &one.lineLine)
			for o := range one.orders {
				journal = appendOrder(journal, &one.orders[o])
			}
		}
	}
	return d.line.Orders, journal, nil
}

// Lines of the journal that reports are made of.
type (
	PostingLine   = postingLine
	ReturnLine    = returnLine
	StatementLine = statementLine
)

// WriteReport writes a CREMUL of postings, a DEBMUL of them without parts, or a FINSTA of one statement with them as entries.
func WriteReport(w io.Writer, p Profile, kind string, postings []*PostingLine, s StatementLine) error {
	a := answering{
		profile: p, control: "1", at: time.Unix(0, 0).UTC(), plan: planned{Kind: kind},
		file:     &receivedLine{Sender: party{"5798000016446", "14"}, Recipient: party{"5790001000013", "14"}},
		postings: postings, stated: []statement{{s, postings}},
	}
	return a.write(w)
}
