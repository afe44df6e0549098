package sample_test

import (
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nks/sim/sample"
)

// payments is as much of a document as the table repeats.
type payments struct {
	Debits []struct {
		Instrument string `xml:"CdtTrfTpId>LclInstrm"`
		Payments   []struct {
			ID         string `xml:"PmtId>EndToEndId"`
			Instructed int64  `xml:"Amt>InstdAmt"`
			Equivalent int64  `xml:"Amt>EqvtAmt>Amt"`
		} `xml:"PmtTx"`
	} `xml:"PmtInf"`
}

// officialSamples is the folder of the official documents, "" where it is not.
func officialSamples(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		folder := filepath.Join(dir, "shared", "samples", "nks")
		if _, err := os.Stat(folder); err == nil {
			return folder
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

func TestEveryPaymentOfTheOfficialDocumentsIsInTheTable(t *testing.T) {
	t.Parallel()
	rows, err := sample.ReadTable("../../docs/samples.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Outcome != "executed" {
			t.Errorf("%+v: an outcome that no official payment has", r)
		}
	}
	folder := officialSamples(t)
	if folder == "" {
		t.Skip("the official documents are not here")
	}
	files, err := filepath.Glob(filepath.Join(folder, "Payment-*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	var want []sample.Row
	for _, file := range files {
		var p payments
		if err := xml.Unmarshal([]byte(get(t, file)), &p); err != nil {
			t.Fatal(err)
		}
		for _, d := range p.Debits {
			for _, tx := range d.Payments {
				row := sample.Row{File: filepath.Base(file), EndToEndID: tx.ID, Oere: (tx.Instructed + tx.Equivalent) / 10, Type: d.Instrument, Outcome: "executed"}
				if row.Type == "" {
					row.Type = "IBB"
				}
				want = append(want, row)
			}
		}
	}
	for _, r := range rows {
		i := slices.Index(want, r)
		if i < 0 {
			t.Errorf("the table has %+v, the documents have not, or not twice", r)
			continue
		}
		want = slices.Delete(want, i, i+1)
	}
	for _, r := range want {
		t.Errorf("the table lacks %+v", r)
	}
}

// TestOfficialDocumentsAreUnderstood looks for what a demonstration of each of them needs at least.
func TestOfficialDocumentsAreUnderstood(t *testing.T) {
	t.Parallel()
	folder := officialSamples(t)
	if folder == "" {
		t.Skip("the official documents are not here")
	}
	files, err := filepath.Glob(filepath.Join(folder, "Payment-*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	for _, file := range files {
		dir, s := prepared(t, file, "")
		for _, name := range []string{"authorities.csv", "agreements.csv", "benefit_types.csv", "holders.csv", "accounts.csv"} {
			if len(rows(t, dir, name)) == 0 {
				t.Errorf("%s: %s is empty", filepath.Base(file), name)
			}
		}
		if rows(t, dir, "agreements.csv")[0]["agreement"] == "AFTALE" || s.Suppliers[0] == "SAMPLE" || s.Start.Year() != 2005 {
			t.Errorf("%s: %+v", filepath.Base(file), s)
		}
	}
}

func TestReadTable(t *testing.T) {
	t.Parallel()
	const text = "# Page\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## `x.xml`\ntext\n\n" +
		"| Outcome | EndToEndId | Note | Type | DKK |\n|:--|---|---|---|--:|\n| executed | `A, 1 ` | n | IBB | 12.05 |\n" +
		"\n## Other\n| a |\n|---|\n| 1 |\n"
	got, err := sample.ReadTable(written(t, text))
	want := []sample.Row{{File: "x.xml", EndToEndID: "A, 1 ", Oere: 1205, Type: "IBB", Outcome: "executed"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for wrong, says := range map[string]string{
		strings.Replace(text, "12.05", "12,05", 1):                    "amount",
		strings.Replace(text, "12.05", "-1.00", 1):                    "amount",
		strings.Replace(text, "12.05", "12.5", 1):                     "amount",
		strings.Replace(text, "| n |", "|", 1):                        "4 cells under 5 columns",
		strings.Replace(text, "| executed |", "| |", 1):               "empty",
		strings.Replace(text, "| DKK |", "| Amount |", 1):             "column DKK",
		strings.Replace(text, "`A, 1 `", strings.Repeat("a", 1e5), 1): "too long",
	} {
		if _, err := sample.ReadTable(written(t, wrong)); !errors.Is(err, sample.ErrTable) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if _, err := sample.ReadTable("testdata/none.md"); !errors.Is(err, sample.ErrTable) {
		t.Error(err)
	}
}

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "samples.md")
	put(t, path, text)
	return path
}
