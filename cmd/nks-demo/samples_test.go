package main_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nks/internal/programtest"
	"nks/sim/bank"
	"nks/sim/sample"
)

// shared finds the folder of the official samples beside the repository; without it a test has nothing to do.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	must(t, err)
	for up := filepath.Dir(dir); up != dir; dir, up = up, filepath.Dir(up) {
		if path := filepath.Join(append([]string{up, "shared"}, parts...)...); programtest.Exists(t, path) {
			return path
		}
	}
	t.Skip("no ../shared here")
	return ""
}

// TestSamples sends every official payment document through the door and holds what became of each payment, at the
// bank and at the authority, against docs/samples.md.
func TestSamples(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob(filepath.Join(shared(t, "samples", "nks"), "Payment-*.xml"))
	must(t, err)
	rows, err := sample.ReadTable(programtest.Repository(t, "docs", "samples.md"))
	must(t, err)
	want := map[string][]sample.Row{}
	for _, r := range rows {
		want[r.File] = append(want[r.File], r)
	}
	dir := program.Place(t)
	folder := filepath.Join(dir, "documents")
	must(t, os.Mkdir(folder, 0o755))
	for _, d := range documents {
		b, err := os.ReadFile(d)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(folder, filepath.Base(d)), b, 0o644))
	}
	p := nksDemo(t, "demo", "--samples", folder, "--data", dir, "--exit", "--json")
	p.Want(t, 0)
	var all struct {
		result
		Files []result `json:"files"`
	}
	must(t, json.Unmarshal([]byte(p.Out.String()), &all))
	all.clean(t)
	if len(all.Files) != len(want) || len(documents) != len(want) {
		t.Errorf("%d documents, %d results, %d in the table", len(documents), len(all.Files), len(want))
	}
	homes := sampleHomes(t, dir)
	for _, r := range all.Files {
		r.clean(t)
		figures(t, r, want[r.File])
		atBank(t, homes[r.File], r.File, want[r.File])
		atAuthority(t, homes[r.File], r.File, want[r.File])
	}
}

// sampleHomes are the data directories of the documents.
func sampleHomes(t *testing.T, dir string) map[string]string {
	t.Helper()
	markers, err := filepath.Glob(filepath.Join(dir, "samples", "*", "demo.json"))
	must(t, err)
	homes := map[string]string{}
	for _, path := range markers {
		b, err := os.ReadFile(path)
		must(t, err)
		var m struct{ Sample string }
		must(t, json.Unmarshal(b, &m))
		homes[m.Sample] = filepath.Dir(path)
	}
	return homes
}

func figures(t *testing.T, r result, rows []sample.Row) {
	t.Helper()
	oere, executed := int64(0), int64(0)
	for _, row := range rows {
		oere += row.Oere
		if row.Outcome == "executed" {
			executed++
		}
	}
	if r.Deliveries != 1 || r.BundlesRejected != 0 || r.Received != int64(len(rows)) || r.ReceivedOere != oere || r.Executed != executed {
		t.Errorf("%s: %+v; the table has %d payments of %d øre, %d executed", r.File, r, len(rows), oere, executed)
	}
}

// atBank compares the orders that the banks got with the table: each payment once, with its amount and type. A
// payment slip names its creditor elsewhere than an account.
func atBank(t *testing.T, home, file string, rows []sample.Row) {
	t.Helper()
	got := map[string]*bank.LedgerOrder{}
	for _, centre := range []string{"BEC", "SDC", "BANKDATA"} {
		ledger, err := bank.ReadJournal(home, centre)
		must(t, err)
		for _, f := range ledger.Findings {
			t.Errorf("%s: bank %s: %s: %s", file, centre, f.Kind, f.What)
		}
		for ref, o := range ledger.Orders {
			if len(ref) < 9 || got[ref[8:]] != nil || o.Times != 1 {
				t.Errorf("%s: order %q at %s, %d times", file, ref, centre, o.Times)
				continue
			}
			got[ref[8:]] = o
		}
	}
	if len(got) != len(rows) {
		t.Errorf("%s: the banks have %d orders, the table %d payments", file, len(got), len(rows))
	}
	for _, row := range rows {
		o := got[row.EndToEndID]
		if o == nil {
			t.Errorf("%s: no bank has %q", file, row.EndToEndID)
			continue
		}
		if o.Oere != row.Oere || o.Currency != "DKK" || !strings.HasPrefix(o.Type+"/", row.Type+"/") || string(o.Outcome) != row.Outcome || (o.Account == "") != (row.Type == "IBK") {
			t.Errorf("%s: the bank has %q as %+v, the table has %+v", file, row.EndToEndID, *o, row)
		}
	}
}

// atAuthority compares the answers with the table: one receipt 1 and one response 2, each payment accepted in one
// response 8, and nothing else.
func atAuthority(t *testing.T, home, file string, rows []sample.Row) {
	t.Helper()
	answers, err := filepath.Glob(filepath.Join(home, "sim", "authority", "*", "got", "*"))
	must(t, err)
	kinds := map[string]int{}
	var reported []string
	for _, path := range answers {
		root, payments := readAnswer(t, path)
		kinds[root]++
		for _, p := range payments {
			if root != "NKSResponse8" || p.status != "ACPT" {
				t.Errorf("%s: %s names %q as %q", file, filepath.Base(path), p.id, p.status)
				continue
			}
			reported = append(reported, p.id)
		}
	}
	others := len(answers) - kinds["NKSReceipt1"] - kinds["NKSResponse2"] - kinds["NKSResponse8"]
	if kinds["NKSReceipt1"] != 1 || kinds["NKSResponse2"] != 1 || others != 0 {
		t.Errorf("%s: answers %v", file, kinds)
	}
	var want []string
	for _, row := range rows {
		want = append(want, row.EndToEndID)
	}
	slices.Sort(reported)
	slices.Sort(want)
	if !slices.Equal(reported, want) {
		t.Errorf("%s: response 8 names %q, want %q", file, reported, want)
	}
}

// answered is a payment as an answer names it.
type answered struct{ id, status string }

// readAnswer reads the payments and their states out of an answer, knowing no more of it than the two names.
func readAnswer(t *testing.T, path string) (root string, payments []answered) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer func() { _ = f.Close() }()
	var text string
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, payments
		}
		must(t, err)
		switch x := token.(type) {
		case xml.StartElement:
			if root == "" {
				root = x.Name.Local
			}
			text = ""
		case xml.CharData:
			text += string(x)
		case xml.EndElement:
			switch {
			case x.Name.Local == "EndToEndId":
				payments = append(payments, answered{id: strings.TrimSpace(text)})
			case x.Name.Local == "TxSts" && len(payments) > 0:
				payments[len(payments)-1].status = strings.TrimSpace(text)
			}
			text = ""
		}
	}
}
