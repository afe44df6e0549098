package flowtest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/dryrun"
)

// BenchmarkDryRun judges a bundle of many payments, one in a hundred to nobody and one in a thousand twice, and reports
// payments a second.
func BenchmarkDryRun(b *testing.B) {
	const payments, holders = 100_000, 10_000
	random := rand.New(rand.NewPCG(1, 2))
	id := func(n int) string { return fmt.Sprintf("010180%04d", n) }
	c := denmark()
	rows := make([]string, 0, holders)
	for n := range holders {
		rows = append(rows, "CPR,"+id(n)+",,alive,,Navn,,,,")
	}
	doc := bundle("G-1")
	for i := range payments {
		to, e2e := id(random.IntN(holders)), fmt.Sprintf("%08d-%d", random.IntN(1e8), i)
		switch {
		case i%100 == 99:
			to = nobody
		case i%1000 == 550:
			e2e = doc.Debits[0].Payments[i-1].EndToEndID
		}
		doc.Debits[0].Payments = append(doc.Debits[0].Payments, intaketest.Incomplete(e2e, "CPR", to, 1000))
	}
	xml := doc.XML()
	w := newWorld(b, func(o *options) {
		o.country = c.with("holders.csv", rows...).with("accounts.csv").with("specific_accounts.csv")
		o.limits.BundlePayments, o.limits.DocumentBytes = payments, 1<<30
	})
	b.SetBytes(int64(len(xml)))
	for b.Loop() {
		r := &tried{}
		if err := w.DryRun.Run(b.Context(), dryrun.Request{Document: bytes.NewReader(xml)}, r); err != nil {
			b.Fatal(err)
		}
		if r.Rejected != payments/100+payments/1000 {
			b.Fatalf("%d rejected", r.Rejected)
		}
	}
	b.ReportMetric(payments*float64(b.N)/b.Elapsed().Seconds(), "payments/s")
}
