package flowtest_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"nks/conf"
	"nks/gateway"
	"nks/internal/app"
	"nks/paper/papertest"
)

// ready is what lies in a supplier's mailbox.
func (w *world) ready(supplier string) string {
	w.t.Helper()
	files, err := w.Answer.Ready(w.t.Context(), supplier)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

// fetch reads a file of a supplier's mailbox.
func (w *world) fetch(supplier, name string) []byte {
	w.t.Helper()
	d, err := w.Answer.OpenReady(w.t.Context(), supplier, name)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	b, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// TestCopies: a supplier that has ordered them finds responses 7, 8 and 9 as PDF, too, under their numbers, with what they say; its
// neighbours do not.
func TestCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.journal = true })
	w.Steps = w.steps(func(o *app.StepOptions) { o.Copies = []string{"LEVA"} })
	w.fillImage()
	theirs := bundle("G-1", complete("C", 100))
	theirs.From, theirs.Debits[0].Agreement, theirs.Debits[0].Account = []string{"LEVB"}, "AFT-B", "40010000765432"
	w.paid(bundle("G-1", complete("Lønæøå", 123456700), cpr("B", ann, 200), cpr("none", lost, 100)), theirs)
	w.says("BEC", contrl("BEC", 1, "7"), contrl("BEC", 2, "7"))
	w.newAnswers()
	w.says("BEC", bansta(becMessage, status(1, 2, "2", "Konto spærret")))
	w.newAnswers()
	w.want("of who has ordered none", w.ready("LEVB"), "KVITTERING1-0000000002.xml RETURSVAR2-0000000002.xml RETURSVAR8-0000000002.xml")
	w.want("ready", w.ready("LEVA"), "KVITTERING1-0000000001.xml RETURSVAR2-0000000001.xml RETURSVAR7-0000000001.xml RETURSVAR8-0000000001.xml RETURSVAR9-0000000001.xml "+
		"RETURSVAR7-0000000001.pdf RETURSVAR8-0000000001.pdf RETURSVAR9-0000000001.pdf")
	for name, wants := range map[string][]string{
		"RETURSVAR7-0000000001.pdf": {"Retursvar 7: ingen konto", "NKS2C RETURSVAR7 0000000001", "Bundt G-1", "none", lost, "1,00", "Ingen nemkonto/specifik konto"},
		"RETURSVAR8-0000000001.pdf": {"Lønæøå", "1.234.567,00", "ACPT", annAccount[:10] + "xxxx", "2005-08-12", "AFT-1", debit1},
		"RETURSVAR9-0000000001.pdf": {"B", "2,00", "RJCT", "0001", "Konto spærret"},
	} {
		b := w.fetch("LEVA", name)
		text := papertest.Text(t, b)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, text)
			}
		}
		if _, err := w.Answer.OpenReady(t.Context(), "LEVB", name); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("another supplier's: %v", err)
		}
		if err := w.Answer.Collect(t.Context(), "LEVB", name); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("taken away by another: %v", err)
		}
		if err := w.Answer.Collect(t.Context(), "LEVA", name); err != nil {
			t.Error(err)
		}
		if err := w.Answer.Collect(t.Context(), "LEVA", name); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("taken away twice: %v", err)
		}
	}
	if left := w.ready("LEVA"); strings.Contains(left, ".pdf") {
		t.Errorf("left: %s", left)
	}
	w.want("remembered", w.row(`SELECT count(*) FROM handout`), "3")
	w.later(46 * 24 * 3600e9)
	if err := w.Answer.ForgetHandouts(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.want("forgotten", w.row(`SELECT count(*) FROM handout`), "0")
	w.want("who made them", fmt.Sprint(w.row(`SELECT count(*) FROM document d WHERE d.delivery_id IS NOT NULL`) != "0"), "true")
}

// TestReports_Daily: a report lies in its supplier's mailbox each day from its time on, about the day before, once, fetched or not; of days on
// which nobody was there the last one alone.
func TestReports_Daily(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Steps = w.steps(func(o *app.StepOptions) {
		o.Report = conf.Report{Daily: []string{"control 77 LEVA 07:00 csv da", "control 77 LEVA 07:30 pdf en", "late 78 LEVB 08:00 xlsx da"}}
	})
	w.fillImage()
	w.paid(bundle("G-1", complete("A", 100), cpr("none", lost, 300), cpr("rejected", nobody, 700)))
	laid := func(clock string) string {
		t.Helper()
		w.at(clock)
		n := w.all("reports", w.Reporting.Next)
		var names []string
		for _, supplier := range []string{"LEVA", "LEVB"} {
			for _, name := range strings.Fields(w.ready(supplier)) {
				if strings.HasPrefix(name, "RAPPORT") {
					names = append(names, name)
					if err := w.Answer.Collect(t.Context(), supplier, name); err != nil {
						t.Error(err)
					}
				}
			}
		}
		if n != len(names) {
			t.Errorf("%d laid, %v there", n, names)
		}
		next, err := w.Reporting.NextDue(t.Context(), w.time())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(append(names, "then "+next.In(w.Base.Location).Format("2006-01-02 15:04")), " ")
	}
	w.want("at once", laid("2005-08-12 06:59"), "RAPPORT-CONTROL-77-20050810.csv RAPPORT-CONTROL-77-20050810.pdf RAPPORT-LATE-78-20050810.xlsx then 2005-08-12 07:00")
	w.at("2005-08-12 07:00")
	w.all("reports", w.Reporting.Next)
	w.want("what it says", string(w.fetch("LEVA", "RAPPORT-CONTROL-77-20050811.csv")), "Dataleverandør;Myndighed;Bundt;Modtaget;Modtaget antal;Modtaget DKK;Afvist antal;Afvist DKK;"+
		"Frigivet antal;Frigivet DKK;Returneret antal;Returneret DKK;Reference\r\nLEVA;77;G-1;2005-08-11 04:30;3;11,00;1;7,00;1;1,00;1;3,00;delivery=281018369\r\n")
	if err := w.Answer.Collect(t.Context(), "LEVA", "RAPPORT-CONTROL-77-20050811.csv"); err != nil {
		t.Fatal(err)
	}
	w.want("the others", laid("2005-08-12 12:00"), "RAPPORT-CONTROL-77-20050811.pdf RAPPORT-LATE-78-20050811.xlsx then 2005-08-13 07:00")
	w.want("once", laid("2005-08-12 23:59"), "then 2005-08-13 07:00")
	w.want("after a pause", laid("2005-08-20 07:15"), "RAPPORT-CONTROL-77-20050819.csv RAPPORT-CONTROL-77-20050818.pdf RAPPORT-LATE-78-20050818.xlsx then 2005-08-20 07:30")
	if _, err := app.NewSteps(app.StepOptions{DB: w.db, Now: w.time, Report: conf.Report{Daily: []string{"weather 77 LEVA 07:00 csv da"}}}); err == nil {
		t.Error("a report that there is not")
	}
}
