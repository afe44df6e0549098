package contrl_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/contrl"
)

const samples = "../../../shared/samples/edifact"

// TestSamples answers interchanges of all kinds and holds the answers against
// what is true of any.
func TestSamples(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(samples); err != nil {
		t.Skip("the samples are not here")
	}
	read := 0
	err := filepath.WalkDir(samples, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "/directories/") || filepath.Ext(path) == ".tsv" || filepath.Ext(path) == ".zip" {
			return err
		}
		in, err := os.ReadFile(path)
		if err == nil && len(in) < 1<<20 {
			read++
			holds(t, in, contrl.Options{})
		}
		return err
	})
	if err != nil || read < 100 {
		t.Errorf("read %d samples, %v", read, err)
	}
}

// TestSampleAnswers reads the answers of others.
func TestSampleAnswers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		accepted bool
		messages int
	}{
		"payments/contrl_nordea_paymul_reject.edi": {false, 1},
		"payments/contrl_ediel_min.edi":            {true, 0},
	} {
		in, err := os.Open(filepath.Join(samples, name))
		if err != nil {
			t.Skip("the samples are not here")
		}
		defer in.Close()
		o := edifact.ReaderOptions{Lenient: edifact.Everything, Faults: func(*edifact.ParseError) {}}
		v := edifact.NewValidator(edifact.NewReader(in, o), edifact.NewSchema())
		for s, err := range v.Segments() {
			if err != nil {
				t.Fatal(name, err)
			}
			if s.Tag != "UNH" {
				continue
			}
			c, err := contrl.Read(v)
			if err != nil || c.Accepted() != want.accepted || len(c.Messages) != want.messages {
				t.Errorf("%s is %+v, %v", name, c, err)
			}
		}
	}
}
