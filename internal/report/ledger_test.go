package report_test

import (
	"bytes"
	"strings"
	"testing"

	"nks/gateway"
	"nks/internal/report"
	"nks/reconciliation"
)

func TestKroner(t *testing.T) {
	t.Parallel()
	for ore, want := range map[int64]string{0: "0,00", 7: "0,07", 100: "1,00", 99_999: "999,99", 123_456_789: "1.234.567,89", -100_000: "-1.000,00", -5: "-0,05"} {
		if got := report.Kroner(ore); got != want {
			t.Errorf("%d øre are %q, want %q", ore, got, want)
		}
	}
}

// TestLedger adds up suppliers of one authority each by itself, and everything below.
func TestLedger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	report.Ledger(&out, []reconciliation.Entry{
		{Authority: "4101", Supplier: "KOMDATA", State: gateway.PaymentExecuted, Payments: 2, OrderOre: 1_050},
		{Authority: "4101", Supplier: "KOMDATA", State: gateway.PaymentExecuted, Payments: 1, OrderOre: 100_000},
		{Authority: "4101", Supplier: "AFGIFTIT", State: gateway.PaymentRejected, Payments: 4, OrderOre: 1},
	})
	var got []string
	for line := range strings.Lines(out.String()) {
		if fields := strings.Fields(line); len(fields) > 2 {
			got = append(got, strings.Join(fields, " "))
		}
	}
	want := []string{"authority state payments DKK", "4101 via KOMDATA executed 3 1.010,50", "4101 via AFGIFTIT rejected 4 0,01", "all rejected 4 0,01", "executed 3 1.010,50"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("printed\n%s", out.String())
	}
}
