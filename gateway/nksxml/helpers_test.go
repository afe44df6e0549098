package nksxml_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"nks/gateway/nksxml"
)

const (
	schemas  = "../../testdata/schema"
	testdata = "../../testdata/nks"
)

// officialSamples is the folder of the official documents, which are not part of the repository.
func officialSamples(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		samples := filepath.Join(dir, "shared", "samples", "nks")
		if info, err := os.Stat(samples); err == nil && info.IsDir() {
			return samples
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skip("the official samples are not here")
		}
		dir = parent
	}
}

// documents is every XML document of a folder by its name.
func documents(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents in %s: %v", dir, err)
	}
	docs := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		docs[filepath.Base(f)] = b
	}
	return docs
}

// kindOf is the name of a document's root.
func kindOf(t testing.TB, doc []byte) string {
	t.Helper()
	for _, kind := range kinds {
		if bytes.Contains(doc, []byte(":"+kind)) || bytes.Contains(doc, []byte("<"+kind)) {
			return kind
		}
	}
	t.Fatalf("no document of ours: %.200s", doc)
	return ""
}

var kinds = []string{"NKSPayment", "NKSReceipt0", "NKSReceipt1", "NKSResponse2", "NKSResponse5", "NKSResponse7", "NKSResponse8", "NKSResponse9"}

// readWhole reads a document to its end, whatever it is.
func readWhole(kind string, r io.Reader, limits nksxml.Limits) error {
	if kind != "NKSPayment" {
		_, err := nksxml.ReadAnswer(r, limits)
		return err
	}
	_, err := readPayments(r, limits)
	return err
}

// bundle is a whole NKSPayment.
type bundle struct {
	Header   nksxml.Header
	Blocks   []nksxml.Block
	Payments []nksxml.Payment
}

func readPayments(src io.Reader, limits nksxml.Limits) (*bundle, error) {
	r := nksxml.NewReader(src, limits)
	h, err := r.Header()
	if err != nil {
		return nil, err
	}
	b := &bundle{Header: *h}
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return b, err
		}
		if p.Seq == 1 {
			b.Blocks = append(b.Blocks, *p.Block)
		}
		kept := *p
		kept.Block = nil
		kept.Creditor.Lines = append([]string(nil), p.Creditor.Lines...)
		kept.Agent.Lines = append([]string(nil), p.Agent.Lines...)
		kept.Remittance = append([]nksxml.Remittance(nil), p.Remittance...)
		b.Payments = append(b.Payments, kept)
	}
}

// xmllint says of each document whether it is accepted, with its complaints. Without a schema it judges well-formedness.
// The tests stand on its word, so they fail without it.
func xmllint(t testing.TB, schema string, docs map[string][]byte) (accepted map[string]bool, complaints map[string]string) {
	t.Helper()
	path, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is missing: install libxml2-utils")
	}
	dir := t.TempDir()
	names := make([]string, 0, len(docs))
	for name, doc := range docs {
		if err := os.WriteFile(filepath.Join(dir, name), doc, 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	sort.Strings(names)
	args := []string{"--nonet", "--noout"}
	if schema != "" {
		abs, err := filepath.Abs(filepath.Join(schemas, "NKS_"+schema+".xsd"))
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--schema", abs)
	}
	accepted, complaints = map[string]bool{}, map[string]string{}
	for from := 0; from < len(names); from += 500 {
		part := names[from:min(from+500, len(names))]
		cmd := exec.Command(path, append(args[:len(args):len(args)], part...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "failed to compile") {
			t.Fatalf("xmllint: %s", out)
		}
		for line := range strings.Lines(string(out)) {
			for _, name := range part {
				if strings.HasPrefix(line, name+":") && !strings.Contains(line, "warning :") {
					complaints[name] += line
				}
				if strings.HasPrefix(line, name+" validates") {
					accepted[name] = true
				}
			}
		}
		for _, name := range part {
			accepted[name] = complaints[name] == "" && (schema == "" || accepted[name])
		}
	}
	return accepted, complaints
}
