package main_test

import (
	"encoding/csv"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nks/internal/programtest"
)

// table is a file of the site's reference data, by the names of its columns.
func (s *site) table(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(s.dir, "country", name))
	must(t, err)
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	must(t, err)
	var all []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, column := range rows[0] {
			record[column] = row[i]
		}
		all = append(all, record)
	}
	return all
}

// firstRow is the first row of which yes says so.
func firstRow(t *testing.T, what string, rows []map[string]string, yes func(map[string]string) bool) map[string]string {
	t.Helper()
	for _, r := range rows {
		if yes(r) {
			return r
		}
	}
	t.Fatalf("the country has no %s", what)
	return nil
}

// says demands words of what a command printed, and that others are not in it.
func says(t *testing.T, p *programtest.Process, wanted, unwanted []string) {
	t.Helper()
	p.Want(t, 0)
	for _, w := range wanted {
		if !strings.Contains(p.Out.String(), w) {
			t.Errorf("does not say %q:\n%s", w, p.Out.String())
		}
	}
	for _, u := range unwanted {
		if strings.Contains(p.Out.String()+p.Err.String(), u) {
			t.Errorf("says %q:\n%s%s", u, p.Out.String(), p.Err.String())
		}
	}
}

// TestRegisterShow: a holder as it was, as known, with hidden numbers. // B19.1 // B22.4
func TestRegisterShow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	text, err := os.ReadFile(s.config)
	must(t, err)
	// As a trial does, so that loads have a day of their own.
	must(t, os.WriteFile(s.config, []byte(strings.Replace(string(text), `environment = "production"`, `environment = "test"`, 1)+
		"[clock]\nstart = \""+programtest.CountryStart+"\"\n"), 0o644))
	db := startServer(t, s)
	defer func() { must(t, db.Stop(t.Context())) }()
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	show := func(args ...string) *programtest.Process {
		return nks(t, append([]string{"register", "show", "--config", s.config}, args...)...)
	}
	accounts, holders := s.table(t, "accounts.csv"), s.table(t, "holders.csv")
	account := firstRow(t, "citizen with an account", accounts, func(r map[string]string) bool {
		return r["kind"] == "CPR" && r["account"] != "" && r["valid_from"] != "" && r["valid_to"] == ""
	})
	id, number := account["id"], account["account"]
	hidden := number[:10] + "xxxx"
	for _, args := range [][]string{{"CPR", id}, {"CPR " + id}, {"cpr", id[:6] + "-" + id[6:]}, {id}} {
		says(t, show(args...), []string{"CPR " + id[:6] + "-xxxx, as of 2005-08-11", "as known now", "status: ", hidden + ", NemKonto, from " + account["valid_from"] + " 00:00:00 for ever, recorded 2005-08-11"}, []string{id, number})
	}
	says(t, show("--on", "2004-01-31", "CPR", id), []string{"as of 2004-01-31 23:59:59", hidden, "what was known on it is not on record"}, []string{id, number})
	before := show("--known", "2005-08-10T12:00:00+02:00", "CPR", id)
	before.Want(t, 1)
	before.OneLine(t, "nks register show: "+id[:6]+"-xxxx: the register has nothing on record, as known at 2005-08-10 12:00:00")

	over := firstRow(t, "dead citizen", holders, func(r map[string]string) bool { return r["status"] == "dead" })
	says(t, show("CPR", over["id"]), []string{"status: dead since " + over["ended_on"] + "; its accounts are usable to the end of "}, []string{over["id"], over["name"]})
	unit := firstRow(t, "P number", holders, func(r map[string]string) bool { return r["kind"] == "P" })
	says(t, show("P", unit["id"]), []string{"P " + unit["id"], "under: CVR " + unit["parent"]}, []string{unit["name"]})
	firm := firstRow(t, "company", holders, func(r map[string]string) bool { return r["kind"] == "CVR" })
	says(t, show(firm["id"]), []string{"CVR " + firm["id"]}, nil)

	unknown := show("CPR", "3112991234")
	unknown.Want(t, 1)
	unknown.OneLine(t, "nks register show: 311299-xxxx: the register has nothing on record, as known now")
}

// TestExplain: where a payment would go, by its number and by its EndToEndId. // B14 // B19.1
func TestExplain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	gateway := s.run(t)
	whole := s.planned(t, "accepted as a whole, and large", func(d programtest.Delivery) bool {
		return d.Receipt == "accepted" && d.Rejected == 0 && d.Payments >= 10
	})
	s.send(t, whole, 0)
	document, err := os.ReadFile(programtest.Document(s.dir, whole))
	must(t, err)
	keys := regexp.MustCompile(`<(?:\w+:)?EndToEndId>([^<]+)<`).FindAllStringSubmatch(string(document), -1)
	if len(keys) == 0 {
		t.Fatal("the bundle has no EndToEndId")
	}
	citizen := regexp.MustCompile(`\b(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}-?\d{4}\b`)
	numbers := regexp.MustCompile(`payment (\d+), EndToEndId`)
	found := 0
	for _, k := range keys {
		byKey := nks(t, "explain", "--config", s.config, html.UnescapeString(k[1]))
		says(t, byKey, []string{", EndToEndId ", " kr. of authority ", "state: waiting", "xxxx"}, nil)
		number := numbers.FindStringSubmatch(byKey.Out.String())
		if number == nil {
			t.Fatalf("no number in %q", byKey.Out.String())
		}
		rest := strings.ReplaceAll(byKey.Out.String(), number[1], "")
		for line := range strings.Lines(rest) {
			if citizen.MatchString(line) && !strings.Contains(line, "to P ") && !strings.Contains(line, "EndToEndId") {
				t.Errorf("a citizen's number: %s", line)
			}
		}
		if strings.Contains(rest, "now, 2005-08-11 04:") && strings.Contains(rest, "\ncandidates:\n") && strings.Contains(rest, ": taken\n") {
			found++
			says(t, nks(t, "explain", "--config", s.config, number[1]), []string{"payment " + number[1], ": taken\n", "it would go by rule"}, nil)
			break
		}
	}
	if found == 0 {
		t.Error("no payment whose account is found in the register")
	}
	none := nks(t, "explain", "--config", s.config, "0102031234")
	none.Want(t, 1)
	none.OneLine(t, "nks explain: no payment 010203-xxxx")
	s.stop(t, gateway)
}
