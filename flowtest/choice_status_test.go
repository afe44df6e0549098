package flowtest_test

import (
	"testing"
	"time"
)

// TestChoice_WantsNoStatus: of an order that was rejected and is ordered anew by a choice, no status is missing.
func TestChoice_WantsNoStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",bank_rejected,error_account "+errorAccount), func(o *options) {
		for i := range o.banks {
			o.banks[i].StatusDeadline = 24 * time.Hour
		}
	})
	w.paid(bySDC("G-1", cpr("A", ann, 100), cpr("B", ann, 200)))
	w.newAnswers()
	w.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", status(1, 1, "2", "Nej"), status(1, 2, "4", "")))
	w.settle()
	w.want("ordered anew", w.obligations(), "A 2 error_account bank_rejected 53010000123456 100 2005-08-11 ordered")
	w.dispatch()
	w.at("2005-08-13 12:00")
	w.deadlines()
	w.want("without a status", w.row(`SELECT subject FROM exception WHERE kind = 'bank status missing'`), "")
}
