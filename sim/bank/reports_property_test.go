package bank_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/sim/bank"
)

// TestReportsAreReadAsTheyWereMeant writes any postings, in each of the ways that centres write, and reads them back with
// the typed codec.
func TestReportsAreReadAsTheyWereMeant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := quiet()
		p.Writes = rapid.SampledFrom([]string{bank.WritesPlain, bank.WritesCRLF, bank.WritesWrap}).Draw(r, "writes")
		p.UNA = rapid.Bool().Draw(r, "UNA")
		p.Reasons[0].Text = rapid.StringMatching(`[ -~æøåÆØÅé]{0,70}`).Draw(r, "text")
		kind := rapid.SampledFrom([]string{"DEBMUL", "CREMUL", "FINSTA"}).Draw(r, "kind")
		main := bank.AccountName{Bank: "3000", Number: "0001234567"}
		s := bank.StatementLine{AccountName: main, Number: 7, Date: "20050812", Opening: rapid.Int64Range(-1e12, 1e12).Draw(r, "opening")}
		s.Closing = s.Opening
		var postings []*bank.PostingLine
		for i := range rapid.IntRange(1, 5).Draw(r, "postings") {
			one := drawPosting(r, kind, i)
			one.AccountName = main
			s.Closing += one.Oere
			postings = append(postings, one)
		}
		var text strings.Builder
		if err := bank.WriteReport(&text, p, kind, postings, s); err != nil {
			r.Fatal(err)
		}
		checkStructure(t, text.String())
		h := newHeard()
		h.read(t, text.String())
		for _, one := range postings {
			compareHeard(r, h, kind, one)
		}
		if want := (statement{main.Number, "7", s.Opening, s.Closing, s.Closing - s.Opening, len(postings)}); kind == "FINSTA" && h.days[0] != want {
			r.Fatalf("%+v, want %+v", h.days[0], want)
		}
	})
}

func drawPosting(r *rapid.T, kind string, n int) *bank.PostingLine {
	p := &bank.PostingLine{
		ACK: fmt.Sprint(n, "-", rapid.StringMatching(`[ -~]{0,20}[!-~]`).Draw(r, "ACK")), Date: "20050812", Cause: "return",
		Oere: rapid.Int64Range(1, 1e12).Draw(r, "oere"),
	}
	if kind == "DEBMUL" || kind == "FINSTA" && rapid.Bool().Draw(r, "debit") {
		p.Cause, p.Oere = "debit", -p.Oere
		p.Charge = rapid.Int64Range(0, -p.Oere).Draw(r, "charge")
		p.Groups = rapid.SliceOfN(rapid.StringMatching(`[ -~]{0,34}[!-~]`), 0, 2).Draw(r, "groups")
		return p
	}
	for i, left := 0, p.Oere; left > 0; i++ {
		part := bank.ReturnLine{
			Names: fmt.Sprint(n, "-", i, rapid.StringMatching(`[ -~æøå]{0,20}[!-~]`).Draw(r, "names")), Oere: left,
			Ordered: rapid.Int64Range(1, 1e12).Draw(r, "ordered"), Fee: rapid.Int64Range(0, 1000).Draw(r, "fee"),
		}
		if i < 3 {
			part.Oere = rapid.Int64Range(1, left).Draw(r, "part")
		}
		left -= part.Oere
		p.Parts = append(p.Parts, part)
	}
	return p
}

func compareHeard(r *rapid.T, h *heard, kind string, p *bank.PostingLine) {
	got := h.postings[p.ACK]
	if len(got) != 1 || got[0].oere != p.Oere || got[0].date != p.Date || got[0].kind != kind {
		r.Fatalf("%+v, want %+v", got, p)
	}
	if kind == "DEBMUL" && (fmt.Sprint(got[0].groups) != fmt.Sprint(p.Groups) || got[0].charge != p.Charge) {
		r.Fatalf("%+v, want %+v", got, p)
	}
	for _, part := range p.Parts {
		if kind != "CREMUL" {
			break
		}
		all := h.returns[part.Names]
		if len(all) != 1 || all[0].oere != part.Oere || all[0].ordered != part.Ordered || all[0].fee != part.Fee || all[0].reason != "K0530" {
			r.Fatalf("%+v, want %+v", all, part)
		}
	}
}
