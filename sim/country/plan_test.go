package country_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/sim/country"
)

func start(t *testing.T) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2005, 8, 11, 4, 30, 0, 0, zone)
}

func planned(t *testing.T, payments int, seed uint64) string {
	t.Helper()
	dir := written(t, small())
	if err := country.Plan(dir, country.PlanOptions{Payments: payments, Seed: seed, Start: start(t)}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func expectation(t *testing.T, dir string) country.Expectation {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "sim", "expect.json"))
	if err != nil {
		t.Fatal(err)
	}
	var e country.Expectation
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTheSameSeedGivesTheSamePlan(t *testing.T) {
	t.Parallel()
	a, b := planned(t, 500, 3), planned(t, 500, 3)
	same(t, filepath.Join(a, "sim"), filepath.Join(b, "sim"))
	// A plan replaces the one before.
	if err := country.Plan(a, country.PlanOptions{Payments: 100, Seed: 4, Start: start(t)}); err != nil {
		t.Fatal(err)
	}
	if err := country.Plan(b, country.PlanOptions{Payments: 100, Seed: 4, Start: start(t)}); err != nil {
		t.Fatal(err)
	}
	same(t, filepath.Join(a, "sim"), filepath.Join(b, "sim"))
}

func TestPlansOfAnySize(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 10, 100, 3000} {
		dir := planned(t, n, uint64(n))
		e := expectation(t, dir)
		total, accepted := 0, 0
		for _, d := range e.Deliveries {
			if !strings.Contains(d.Kind, "same bytes") {
				total += d.Payments
			}
			if d.Receipt == "accepted" {
				accepted += d.Payments
			}
			if d.Receipt == "accepted" && d.Rejected+d.Returned+d.Cheque+d.Ordered != d.Payments {
				t.Errorf("%d payments: %+v", n, d)
			}
		}
		if total != n || accepted != e.Received || e.Rejected+e.Returned+e.Cheque+e.Ordered != e.Received {
			t.Errorf("%d payments: planned %d, %d accepted, %d received", n, total, accepted, e.Received)
		}
		if n >= 3000 {
			largest := 0
			for _, d := range e.Deliveries {
				largest = max(largest, d.Payments)
			}
			if largest != n/8 || len(e.Deliveries) < 60 {
				t.Errorf("%d deliveries, the largest has %d payments", len(e.Deliveries), largest)
			}
		}
	}
}

// TestEveryKindAmongAHundred looks for every wrong kind in a small plan.
func TestEveryKindAmongAHundred(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		e := expectation(t, planned(t, 100, seed))
		kinds := map[string]int{}
		for _, d := range e.Deliveries {
			kinds[d.Kind]++
		}
		for _, must := range []string{
			"ordinary", "no account: return", "no account: cheque with and without address", "unknown and dead recipients",
			"unknown and ceased companies", "unknown benefit, wrong accounts", "another authority's agreement", "expired agreement",
			"unknown agreement", "impossible amounts", "negative amount", "bad XML: cut off", "bad XML: empty Authstn", "bad XML: not XML",
			"wrong control sum", "corrected control sum", "wrong count", "grouping flag against two debits", "execution date older than five days",
			"unknown instruction", "authority of another supplier", "unknown supplier", "duplicate bundle: another name, same bytes",
			"same name, same bytes", "duplicate payment", "duplicate payment within the bundle", "more than a year ahead", "over the weekend",
			"official: payment slips 04, 71, 01, 73", "official: payment slips 15, 75", "official: complete, domestic and foreign",
			"official: complete, domestic and foreign, VANS", "official: incomplete, CPR, CVR, SE, P", "official: incomplete, instructions",
			"official: incomplete, VANS",
		} {
			if kinds[must] == 0 {
				t.Errorf("seed %d: no %q", seed, must)
			}
		}
		if e.Cheque == 0 || e.Returned < 2 {
			t.Errorf("seed %d: %d cheques, %d returned", seed, e.Cheque, e.Returned)
		}
	}
}

func TestPlanLines(t *testing.T) {
	t.Parallel()
	dir := planned(t, 2000, 1)
	before, after, weekend := 0, 0, 0
	for _, s := range country.Suppliers() {
		home := filepath.Join(dir, "sim", "authority", s)
		b, err := os.ReadFile(filepath.Join(home, "plan.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		last := time.Time{}
		names := map[string]bool{}
		for line := range bytes.Lines(b) {
			var d country.Delivery
			if err := json.Unmarshal(line, &d); err != nil {
				t.Fatal(err)
			}
			if d.At.Before(last) || d.At.Before(start(t)) {
				t.Errorf("%s: %v after %v", d.As, d.At, last)
			}
			last = d.At
			if _, err := os.Stat(filepath.Join(home, "send", d.File)); err != nil {
				t.Error(err)
			}
			if names[d.As] != (d.SameAs != "" && d.As == d.File) {
				t.Errorf("%s stands there twice, same as %q", d.As, d.SameAs)
			}
			names[d.As] = true
			switch local := d.At.In(start(t).Location()); {
			case local.Weekday() == time.Saturday:
				weekend++
			case local.Hour() < 6:
				before++
			default:
				after++
			}
		}
	}
	if before < 20 || after < 5 || weekend == 0 {
		t.Errorf("%d before the cut-off, %d after, %d at the weekend", before, after, weekend)
	}
}

// TestDocuments reads all documents with two foreign parsers and counts again.
func TestDocuments(t *testing.T) {
	t.Parallel()
	dir := planned(t, 2000, 2)
	xmllint, noXmllint := exec.LookPath("xmllint")
	used := map[string]string{}
	for _, d := range expectation(t, dir).Deliveries {
		path := filepath.Join(dir, "sim", "authority", d.Supplier, "send", d.File)
		doc, err := readDocument(path)
		wellFormed := err == nil
		if broken := d.Receipt == "unreadable" && d.Kind != "bad XML: empty Authstn"; broken == wellFormed {
			t.Errorf("%s (%s): %v", d.File, d.Kind, err)
		}
		if noXmllint == nil {
			if lint := exec.Command(xmllint, "--noout", "--nonet", path).Run(); (lint == nil) != wellFormed {
				t.Errorf("%s (%s): encoding/xml says %v, xmllint says %v", d.File, d.Kind, err, lint)
			}
		}
		if !wellFormed {
			continue
		}
		if len(doc.payments) != d.Payments || doc.group != d.GroupID || doc.message != d.MessageID {
			t.Errorf("%s: %d payments of %d, group %q of %q", d.File, len(doc.payments), d.Payments, doc.group, d.GroupID)
		}
		lies := strings.HasPrefix(d.Kind, "wrong ")
		if right := doc.sum == doc.controlSum && doc.count == fmt.Sprint(len(doc.payments)); right == lies {
			t.Errorf("%s (%s): sum %d of %d", d.File, d.Kind, doc.sum, doc.controlSum)
		}
		if d.Receipt != "accepted" {
			continue
		}
		for _, e2e := range doc.payments {
			if n := len([]rune(e2e)); n < 1 || n > 27 || e2e != strings.TrimSpace(e2e) {
				t.Errorf("%s: id %q", d.File, e2e)
			}
			key := d.Supplier + " " + d.Authority + " " + e2e
			if other, ok := used[key]; ok && !strings.Contains(d.Kind, "duplicate payment") {
				t.Errorf("%q in %s and %s", e2e, other, d.File)
			}
			used[key] = d.File
		}
	}
	if noXmllint != nil && len(used) == 0 {
		t.Error("nothing was read")
	}
}

type read struct {
	message, group, count string
	controlSum, sum       int64
	payments              []string
}

func readDocument(path string) (read, error) {
	var r read
	b, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	dec := xml.NewDecoder(bytes.NewReader(b))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(in)
		var s strings.Builder
		for _, c := range b {
			s.WriteRune(rune(c))
		}
		return strings.NewReader(s.String()), err
	}
	var text string
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			text = ""
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			switch t.Name.Local {
			case "MessageId":
				r.message = text
			case "GrpId":
				r.group = text
			case "NbOfTxs":
				r.count = text
			case "CtrlSum":
				_, err = fmt.Sscan(text, &r.controlSum)
			case "InstdAmt", "Amt":
				var amount int64
				if strings.TrimSpace(text) != "" {
					_, err = fmt.Sscan(text, &amount)
				}
				r.sum += amount
			case "EndToEndId":
				r.payments = append(r.payments, text)
			}
			if err != nil {
				return r, err
			}
			text = ""
		}
	}
}

// TestShapes looks for what documents must show somewhere.
func TestShapes(t *testing.T) {
	t.Parallel()
	dir := planned(t, 3000, 5)
	var all strings.Builder
	for _, s := range country.Suppliers() {
		files, err := filepath.Glob(filepath.Join(dir, "sim", "authority", s, "send", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	for _, must := range []string{
		">04+", ">01+<", ">15+", ">71+", ">73+<", ">75+", "IBK<", "UBB<", "EqvtAmt>", "CcyOfTrf>", ":IBAN>", "DEBLZ>", ">BEN<",
		"UTF-8", "ISO-8859-1", "5790001000103~", "NOCDTRACCT<", ">RETUR<", ">STRAKS<", "InstrForFrstAgt>", "InstrId>",
		"IncompletePaymentIndicator>true<", "IncompletePaymentIndicator>false<", "IncompletePaymentIndicator>1<", "IncompletePaymentIndicator>0<",
		"Grpg>true<", "Grpg>false<", "Grpg>1<", "PNR<", "TaxIdNb>", "SclSctyNb>", "CVR<", "æøå", "<![CDATA[", "&amp;", "DocRefNb>", "Łukasz",
		"KBOLIG<", "PFOLKE<", "NKSLEV<", "NKSDPE<", "NKSOAM<", "NKSMOA<", "UKENDT<",
	} {
		if !strings.Contains(all.String(), must) {
			t.Errorf("nowhere %q", must)
		}
	}
}

// TestAYear: a plan may be spread over many days, with what is special again each quarter.
func TestAYear(t *testing.T) {
	t.Parallel()
	dir := written(t, small())
	if err := country.Plan(dir, country.PlanOptions{Payments: 2000, Seed: 1, Start: start(t), Days: 365}); err != nil {
		t.Fatal(err)
	}
	months, unreadable := map[string]bool{}, 0
	for _, supplier := range country.Suppliers() {
		b, err := os.ReadFile(filepath.Join(dir, "sim", "authority", supplier, "plan.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var d country.Delivery
			if err := json.Unmarshal([]byte(line), &d); err != nil {
				t.Fatal(err)
			}
			months[d.At.Format("2006-01")] = true
			if d.Kind == "bad XML: cut off" {
				unreadable++
			}
		}
	}
	if len(months) != 13 || unreadable != 5 {
		t.Errorf("bundles in %d months, %d times one that is cut off", len(months), unreadable)
	}
}
