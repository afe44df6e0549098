package autack_test

import (
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
)

// BenchmarkReader reads an interchange of one long message: without hashing, and
// with it for one level and for two.
func BenchmarkReader(b *testing.B) {
	const (
		head = unb4 + "UNH+1+X:D:96A:UN'"
		body = "FTX+AAI+++some text that is repeated'"
		tail = "UNT+300002+1'UNZ+1+R'"
		n    = 300_000
	)
	size := int64(len(head) + len(body)*n + len(tail))
	for _, bench := range []struct {
		name   string
		levels autack.Level
	}{{"plain", 0}, {"interchange", autack.LevelInterchange}, {"all", autack.AllLevels}} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				r := edifact.NewReader(endless(head, body, tail, n), edifact.ReaderOptions{})
				if bench.levels != 0 {
					r, _ = autack.NewReader(endless(head, body, tail, n), edifact.ReaderOptions{}, autack.HashOptions{Levels: bench.levels})
				}
				if err := drain(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
