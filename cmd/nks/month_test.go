package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"nks/internal/programtest"
)

// TestMonth lists, closes, shows and verifies a month beside a gateway that runs, and refuses what it must.
func TestMonth(t *testing.T) {
	t.Parallel()
	s := &auditSite{site: newSite(t), t: t}
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	s.begun()
	sent := s.planned(t, "accepted as a whole", func(d programtest.Delivery) bool { return d.Kind == "payment id used for the first time" })
	s.send(t, sent, 0)
	month := func(code int, args ...string) string {
		t.Helper()
		p := nks(t, append(append([]string{"month"}, args...), "--config", s.config)...)
		p.Want(t, code)
		return p.Out.String() + p.Err.String()
	}
	says := func(got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("printed %q, want %q in it", got, want)
		}
	}
	says(month(0, "list"), "2005-08  open\n")
	says(month(1, "close", "2005-08", "--by", "A. Hansen"), "it must have ended a day ago, which is so from 2005-09-02")
	says(month(1, "verify", "2005-08"), "it is not closed")
	says(month(1, "show", "2001-01"), "not found")
	says(month(2, "close", "2005-08"), "--by is missing")
	says(month(2, "close", "2005-13", "--by", "A. Hansen"), `month "2005-13" must be year and month, as 2005-08`)
	_, err := s.owner.Exec(`UPDATE business_clock SET offset_ns = offset_ns + $1`, int64(40*24*3600*1e9))
	must(t, err)
	closed := fmt.Sprintf("2005-08  closed  by A. Hansen  %d payments, ", sent.Payments)
	says(month(0, "close", "2005-08", "--by", "A. Hansen"), closed)
	says(month(0, "list"), closed)
	says(month(0, "show", "2005-08"), "waiting")
	says(month(0, "show", "--json", "2005-08"), `"closed_by": "A. Hansen"`)
	says(month(0, "verify", "2005-08"), fmt.Sprintf("2005-08 is what was frozen: %d payments, ", sent.Payments))
	s.reports(t, sent.Payments)
	for _, args := range [][]string{{"ledger"}, {"ledger", "--whole"}} {
		p := nks(t, append(args, "--config", s.config)...)
		p.Want(t, 0)
		says(p.Out.String(), "every invariant holds")
	}
	_, err = s.owner.Exec(`UPDATE month_sum SET ore = ore + 1`)
	must(t, err)
	says(month(1, "verify", "2005-08"), "2005-08 is NOT what was frozen")
}
