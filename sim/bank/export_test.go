package bank

import (
	"strings"
	"time"
)

// InspectText reads an interchange and decides on it, without a process or a disk around.
func InspectText(text string, p Profile) (orders int, journal []byte, err error) {
	got, err := inspect(strings.NewReader(text), p.AcceptsWrapped)
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
