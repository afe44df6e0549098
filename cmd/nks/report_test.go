package main_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reports makes reports of a month in which one bundle was accepted, and which is closed.
func (s *auditSite) reports(t *testing.T, payments int) {
	t.Helper()
	report := func(code int, args ...string) string {
		t.Helper()
		p := nks(t, append(append([]string{"report"}, args...), "--config", s.config)...)
		p.Want(t, code)
		return p.Out.String() + p.Err.String()
	}
	var day string
	if err := s.owner.QueryRow(`SELECT (received_at AT TIME ZONE 'Europe/Copenhagen')::date::text FROM delivery WHERE state = 'checked'`).Scan(&day); err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(strings.NewReader(report(0, "day", "--day", day)))
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, row := range rows[1:] {
		var n int
		if _, err := fmt.Sscan(row[5], &n); err != nil {
			t.Fatal(err)
		}
		sum += n
		listed := strings.Count(report(0, "payments", row[7]), "\n") - 1
		if listed != n {
			t.Errorf("%v: its reference lists %d payments", row, listed)
		}
	}
	if rows[0][0] != "Side" || sum != payments {
		t.Errorf("%d payments in the report, %d in the bundle:\n%v", sum, payments, rows)
	}
	if got := report(0, "day"); strings.Count(got, "\n") != 1 {
		t.Errorf("no month is open, and there is a report:\n%s", got)
	}
	for _, format := range []string{"xlsx", "pdf"} {
		name := filepath.Join(s.dir, "day."+format)
		report(0, "day", "--day", day, "--format", format, "--language", "en", "--out", name)
		b, err := os.ReadFile(name)
		if begins := map[string]string{"xlsx": "PK", "pdf": "%PDF-"}[format]; err != nil || !strings.HasPrefix(string(b), begins) {
			t.Errorf("%s: %v, %.10q", format, err, b)
		}
	}
	if got := report(2, "payments", "state=x&nothing=1"); !strings.Contains(got, "is no reference of a report") {
		t.Error(got)
	}
}
