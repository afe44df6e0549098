package sample_test

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/sim/sample"
)

// centres are more than agreements, so that a test sees when they are not chosen among.
var centres = []string{"NORD", "MIDT", "SYD"}

// working is a calendar of weekdays with the Easter of 2006.
func working(year int, month time.Month, day int) bool {
	d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	closed := []string{"2006-04-13", "2006-04-14", "2006-04-17"}
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !slices.Contains(closed, d.Format(time.DateOnly))
}

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE demo"

// prepared runs the two calls as the demonstration does.
func prepared(t *testing.T, file, reference string) (string, sample.Scenario) {
	t.Helper()
	dir := t.TempDir()
	s, err := prepare(t, dir, file, reference)
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func prepare(t *testing.T, dir, file, reference string) (sample.Scenario, error) {
	t.Helper()
	suppliers, err := sample.Suppliers(file, reference)
	if err != nil {
		return sample.Scenario{}, err
	}
	for _, s := range suppliers {
		put(t, filepath.Join(dir, "keys", "supplier_"+s+".pub"), key+"\n")
	}
	s, err := sample.Prepare(dir, file, reference, centres, working)
	if err == nil && !slices.Equal(s.Suppliers, suppliers) {
		t.Errorf("prepared for %v, keys asked for %v", s.Suppliers, suppliers)
	}
	return s, err
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rows reads a file by its header's names; every record must have as many fields as the header.
func rows(t *testing.T, dir, name string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(get(t, dir, "country", name))).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %d records, %v", name, len(all), err)
	}
	list := make([]map[string]string, 0, len(all))
	for _, record := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = record[i]
		}
		list = append(list, row)
	}
	return list
}

// column lists a column's values in the order of the file.
func column(list []map[string]string, names ...string) []string {
	var values []string
	for _, row := range list {
		var cells []string
		for _, n := range names {
			cells = append(cells, row[n])
		}
		values = append(values, strings.Join(cells, "/"))
	}
	return values
}

func TestStartsBeforeTheFirstExecutionDate(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"incomplete.xml": "2006-03-03T05:00:00+01:00", // over a weekend
		"complete.xml":   "2006-04-12T05:00:00+02:00", // over Easter, the earlier of two dates
		"faulty.xml":     "2005-08-11T05:00:00+02:00", // no clock is set by the year 1066
		"cut.xml":        "2005-08-11T05:00:00+02:00", // ends before any date
	} {
		_, s := prepared(t, "testdata/"+file, "")
		if got := s.Start.Format(time.RFC3339); got != want {
			t.Errorf("%s starts at %s, want %s", file, got, want)
		}
	}
}

func TestPlanSendsTheDocumentAtTheStart(t *testing.T) {
	t.Parallel()
	dir, s := prepared(t, "testdata/incomplete.xml", "")
	home := filepath.Join(dir, "sim", "authority", s.Suppliers[0])
	want := `{"at":"2006-03-03T05:00:00+01:00","file":"incomplete.xml","as":"incomplete.xml","kind":"sample"}` + "\n"
	if got := get(t, home, "plan.jsonl"); got != want {
		t.Errorf("plan %s", got)
	}
	if get(t, home, "send", "incomplete.xml") != get(t, "testdata/incomplete.xml") {
		t.Error("other bytes are sent")
	}
}

func TestNamesAreMadePlain(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	for name, want := range map[string]string{
		"Betaling på 100 kr., (1).xml":    "Betaling_p__100_kr.___1_.xml",
		".hidden.xml":                     "_.hidden.xml",
		".xml":                            "_.xml",
		"a.b-c_d":                         "a.b-c_d.xml",
		strings.Repeat("n", 120) + ".xml": strings.Repeat("n", 100) + ".xml",
	} {
		put(t, filepath.Join(from, name), "<x/>")
		dir, _ := prepared(t, filepath.Join(from, name), "")
		if _, err := os.Stat(filepath.Join(dir, "sim", "authority", "SAMPLE", "send", want)); err != nil {
			t.Error(err)
		}
	}
}

func TestEverybodyInTheDocumentExists(t *testing.T) {
	t.Parallel()
	dir, s := prepared(t, "testdata/complete.xml", "")
	if !slices.Equal(s.Suppliers, []string{"PROEVE"}) {
		t.Errorf("suppliers %v", s.Suppliers)
	}
	same(t, "suppliers", column(rows(t, dir, "suppliers.csv"), "supplier", "ean", "ssh_keys"), "PROEVE/5790000000111/"+key)
	same(t, "authorities", column(rows(t, dir, "authorities.csv"), "authority"), "77")
	same(t, "units", column(rows(t, dir, "los_units.csv"), "authority", "los_unit"), "77/77")
	agreements := rows(t, dir, "agreements.csv")
	same(t, "agreements", column(agreements, "agreement", "authority", "los_unit", "supplier", "payout_accounts", "no_account", "receive_by"),
		"PROEVE-7/77/77/PROEVE/30010000770001 30010000770003/return/06:00", "PROEVE-8/77/77/PROEVE/30010000077002/return/06:00")
	for _, a := range agreements {
		if !slices.Contains(centres, a["bank_centre"]) {
			t.Errorf("centre %q", a["bank_centre"])
		}
	}
	same(t, "benefits", column(rows(t, dir, "benefit_types.csv"), "benefit_type", "authority"), "PRAAA/", "PRDDD/")
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s %q, want %q", what, got, want)
	}
}

func TestRecipientsLiveAndHaveAnAccount(t *testing.T) {
	t.Parallel()
	dir, _ := prepared(t, "testdata/incomplete.xml", "")
	holders := rows(t, dir, "holders.csv")
	known, companies := map[string]bool{}, map[string]bool{}
	for _, h := range holders {
		if known[h["kind"]+h["id"]] {
			t.Errorf("%s %s twice", h["kind"], h["id"])
		}
		known[h["kind"]+h["id"]] = true
		if h["kind"] == "CVR" {
			companies[h["id"]] = true
			if !mod11(h["id"]) {
				t.Errorf("CVR %s fails modulo 11", h["id"])
			}
		}
		if h["status"] != "alive" || h["name"] == "" || h["street"] == "" || len(h["postcode"]) != 4 || h["town"] == "" || h["country"] != "DK" {
			t.Errorf("holder %v", h)
		}
	}
	parents := map[string]bool{}
	for _, h := range holders {
		p, wants := h["parent"], h["kind"] == "SE" || h["kind"] == "P"
		if (p != "") != wants || wants && (!companies[p] || parents[p] || p == "33445563" || p == "44556618") {
			t.Errorf("%s %s has parent %q", h["kind"], h["id"], p)
		}
		parents[p] = true
	}
	accounts := rows(t, dir, "accounts.csv")
	same(t, "accounts of", column(accounts, "kind", "id"), "CPR/0102031234", "CVR/33445563", "SE/44556618", "P/1234567890")
	digits := regexp.MustCompile(`^\d{14}$`)
	for _, a := range accounts {
		if !known[a["kind"]+a["id"]] || !digits.MatchString(a["account"]) || a["iban"]+a["foreign_account"]+a["valid_from"]+a["valid_to"] != "" {
			t.Errorf("account %v", a)
		}
	}
}

// mod11 is written here once more.
func mod11(id string) bool {
	sum := 0
	for i, w := range []int{2, 7, 6, 5, 4, 3, 2, 1} {
		sum += int(id[i]-'0') * w
	}
	return len(id) == 8 && sum%11 == 0
}

func TestWhatARegisterCannotHoldIsLeftOut(t *testing.T) {
	t.Parallel()
	dir, _ := prepared(t, "testdata/faulty.xml", "")
	same(t, "holders", column(rows(t, dir, "holders.csv"), "id"))
	same(t, "accounts", column(rows(t, dir, "accounts.csv"), "id"))
	same(t, "benefits", column(rows(t, dir, "benefit_types.csv"), "benefit_type"), "PRAAA")
	agreements := rows(t, dir, "agreements.csv")
	same(t, "agreements", column(agreements, "agreement", "supplier", "authority"), "AFTALE/PROEVE/77")
	if a := agreements[0]["payout_accounts"]; len(a) != 14 {
		t.Errorf("payout account %q", a)
	}
}

func TestNumbersOfCitizens(t *testing.T) {
	t.Parallel()
	template := get(t, "testdata/latin1.xml")
	for id, exists := range map[string]bool{
		"2902030000": false, "2902040000": true, "2902044000": true, "2902000000": false, "2902005000": true, "2902960000": true, "2902965000": true,
		"3112574000": true, "0101585000": true, "0000000000": false, "3104700000": false, "6102031234": false, "010203123": false,
	} {
		file := filepath.Join(t.TempDir(), "n.xml")
		put(t, file, strings.ReplaceAll(template, "2902041234", id))
		dir, _ := prepared(t, file, "")
		if got := len(rows(t, dir, "holders.csv")) == 1; got != exists {
			t.Errorf("%s…: %t, want %t", id[:6], got, exists)
		}
	}
}

func TestReadsTheOtherEncoding(t *testing.T) {
	t.Parallel()
	dir, _ := prepared(t, "testdata/latin1.xml", "")
	same(t, "agreements", column(rows(t, dir, "agreements.csv"), "agreement", "authority"), "AFTALE Ø/Å7")
}

func TestUnreadableDocumentsAreSent(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "", "binary": "\x00\xff\xfe", "other": "<NKSReceipt0/>", "foreign": "<NKSPayment><From/></NKSPayment>",
		"deep":     strings.Repeat("<a>", 100_000),
		"encoding": `<?xml version="1.0" encoding="EBCDIC"?><a/>`,
		"login":    strings.ReplaceAll(get(t, "testdata/incomplete.xml"), "PROEVE</", "../x</"),
	} {
		file := filepath.Join(t.TempDir(), name+".xml")
		put(t, file, content)
		dir, s := prepared(t, file, "")
		if name != "login" && s.Start.Format(time.RFC3339) != "2005-08-11T05:00:00+02:00" || !slices.Equal(s.Suppliers, []string{"SAMPLE"}) {
			t.Errorf("%s: %v", name, s)
		}
		same(t, name, column(rows(t, dir, "suppliers.csv"), "supplier", "ssh_keys"), "SAMPLE/"+key)
		if get(t, dir, "sim", "authority", "SAMPLE", "send", name+".xml") != content {
			t.Errorf("%s: other bytes are sent", name)
		}
	}
	// What stands before the damage counts.
	if _, s := prepared(t, "testdata/cut.xml", ""); !slices.Equal(s.Suppliers, []string{"PROEVE"}) {
		t.Errorf("cut: %v", s.Suppliers)
	}
}

func TestTheSameDocumentGivesTheSameFiles(t *testing.T) {
	t.Parallel()
	a, _ := prepared(t, "testdata/incomplete.xml", "")
	b, _ := prepared(t, "testdata/incomplete.xml", "")
	put(t, filepath.Join(b, "country", "specific_accounts.csv"), "of an earlier document")
	if _, err := prepare(t, b, "testdata/incomplete.xml", ""); err != nil {
		t.Fatal(err)
	}
	if one, other := tree(t, a), tree(t, b); one != other {
		t.Errorf("%s\n---\n%s", one, other)
	}
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all.WriteString(strings.TrimPrefix(path, dir) + "\n" + get(t, path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestAgreementsAreSpread(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	document := get(t, "testdata/incomplete.xml")
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		file := filepath.Join(t.TempDir(), name+".xml")
		put(t, file, document)
		dir, _ := prepared(t, file, "")
		used[rows(t, dir, "agreements.csv")[0]["bank_centre"]] = true
	}
	if len(used) != len(centres) {
		t.Errorf("centres in use: %v", used)
	}
}

func TestErrorsOfTheCaller(t *testing.T) {
	t.Parallel()
	if _, err := sample.Suppliers("testdata/none.xml", ""); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := sample.Prepare(t.TempDir(), "testdata/incomplete.xml", "", centres, working); !errors.Is(err, os.ErrNotExist) {
		t.Error("no key:", err)
	}
	if _, err := sample.Prepare(t.TempDir(), "testdata/incomplete.xml", "", nil, working); err == nil {
		t.Error("no bank centre")
	}
}
