package match_test

import (
	"fmt"
	"testing"

	"nks/reconciliation/match"
)

// BenchmarkFind matches a million parts with a million candidates: by reference, by amount alone, and where all are alike, so
// that each part fits each candidate.
func BenchmarkFind(b *testing.B) {
	const n = 1_000_000
	for name, change := range map[string]func(i int, c *match.Candidate, p *match.Part){
		"by reference": func(i int, c *match.Candidate, p *match.Part) { p.References = []string{c.Reference} },
		"by amount":    func(i int, c *match.Candidate, p *match.Part) { c.Ore = int64(i + 1); p.Ore = c.Ore },
		"all alike":    func(i int, c *match.Candidate, p *match.Part) {},
		"lines of a day": func(i int, c *match.Candidate, p *match.Part) {
			c.Way, c.Subject, c.Interchange = match.Debit, match.InterchangeLine(int64(i/100), 1, int32(i)), int64(i/100)
			p.Ore, c.Counterparty, p.Counterparty = -100*c.Ore, "", ""
		},
	} {
		b.Run(name, func(b *testing.B) {
			candidates, parts := make([]match.Candidate, n), make([]match.Part, n)
			for i := range n {
				candidates[i] = payment(int64(i), fmt.Sprintf("00000001FAKTURA 2005-%07d", i))
				parts[i] = returned(int64(i), candidates[i].Ore)
				change(i, &candidates[i], &parts[i])
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := match.Find(parts, candidates, windows()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "parts/s")
		})
	}
}
