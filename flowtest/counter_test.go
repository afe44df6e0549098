package flowtest_test

import (
	"context"
	"testing"

	"nks/internal/app"
)

// TestRelease_HoldsUpNoHearing: while a release keeps the bank's counter, a file of the bank that wants a CONTRL is heard to its
// end; the CONTRL draws its number after the release. // M16
func TestRelease_HoldsUpNoHearing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100)))
	w.at("2005-08-11 05:00")
	w.receive(bundle("G-2", complete("B", 100)))
	w.at(receiveBy)
	frozen, goOn := make(chan struct{}), make(chan struct{})
	releasing := w.steps(func(o *app.StepOptions) {
		o.Failpoint = func(name string) {
			if name == "after-freezing-before-release" {
				close(frozen)
				<-goOn
			}
		}
	})
	errs := make(chan error, 2)
	go func() {
		_, err := releasing.Release.Next(t.Context())
		errs <- err
	}()
	<-frozen
	w.lay("BEC", "1.edi", file("BEC", "F1", bansta("BEC-00000000000001-0001", status(1, 1, "3", "x"))))
	soon, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if worked, err := w.Bank.NextToHear(soon, "BEC"); !worked || err != nil {
		t.Errorf("hear: %t, %v", worked, err)
	}
	w.want("heard", w.row(`SELECT state, note FROM bank_file`), "done <nil>")
	go func() {
		_, err := w.Bank.NextToAcknowledge(t.Context(), "BEC")
		errs <- err
	}()
	close(goOn)
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	w.want("numbers", w.row(`SELECT control_ref, kind FROM interchange ORDER BY 1`), "1 PAYMUL; 2 PAYMUL; 3 CONTRL")
}
