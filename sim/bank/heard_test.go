package bank_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/banking"
	"nks/edifact/directory/d96a"
)

// heard is what a customer reads in the reports of a centre, with the typed codec, file by file.
type heard struct {
	files    map[string]int // by kind
	postings map[string][]posting
	parts    map[string]int64    // DEBMUL: by RFF+CR
	returns  map[string][]amount // CREMUL: by RFF+CR
	days     []statement
}

// posting is one as a DEBMUL, CREMUL or FINSTA has it; debits are negative.
type posting struct {
	kind   string
	oere   int64
	date   string
	groups []string
	charge int64
	parts  int64 // sum of its SEQ
}

type amount struct {
	oere, ordered, fee int64
	reason, account    string
}

type statement struct {
	account          string
	number           string
	opening, closing int64
	entries          int64 // their sum
	count            int
}

func newHeard() *heard {
	return &heard{files: map[string]int{}, postings: map[string][]posting{}, parts: map[string]int64{}, returns: map[string][]amount{}}
}

// listen reads everything that was sent.
func (c *centre) listen() *heard {
	c.t.Helper()
	h := newHeard()
	for _, a := range c.ledger().Answers {
		text := string(must(os.ReadFile(filepath.Join(c.folders.Sent, a.Name)))(c.t))
		kind, _, _ := strings.Cut(a.Name, "-")
		if !isReport(kind) {
			continue
		}
		h.files[kind]++
		h.read(c.t, text)
	}
	return h
}

func (h *heard) read(t *testing.T, text string) {
	t.Helper()
	options := edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.WrappedLines}
	codes := edifact.Codes{edifact.AllElements: {Any: true}}
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(text), options), edifact.NewSchema(d96a.Directory()).WithCodes(codes))
	for r := banking.NewReader(v, banking.Options{MessageBytes: 1 << 30, MessageSegments: 1 << 24}); ; {
		m, err := r.ReadMessage()
		if m == nil && err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatalf("%v in\n%.500s", err, text)
			}
			return
		}
		switch m := m.(type) {
		case *banking.Debmul:
			h.debmul(t, m)
		case *banking.Cremul:
			h.cremul(t, m)
		case *banking.Finsta:
			h.finsta(t, m)
		default:
			t.Fatalf("%T", m)
		}
	}
}

func oereOf(t *testing.T, m banking.MOA, qualifier string) int64 {
	t.Helper()
	if m.Qualifier != qualifier || m.Currency != "DKK" {
		t.Errorf("%+v where MOA+%s is due", m, qualifier)
	}
	return must(edifact.ParseMinor(m.Amount, 2))(t)
}

func (h *heard) debmul(t *testing.T, m *banking.Debmul) {
	for _, l := range m.Lines {
		p := posting{kind: "DEBMUL", oere: -oereOf(t, l.MOA[0], "60"), date: l.DTM[0].Value}
		for _, rff := range l.SG5[1:] {
			p.groups = append(p.groups, rff.RFF.Number)
		}
		for _, fee := range l.SG7 {
			p.charge += oereOf(t, fee.MOA[0], "23")
		}
		for _, e := range l.Entries {
			oere := oereOf(t, e.SG13[0].MOA, "60")
			h.parts[e.SG11[0].RFF.Number] += oere
			p.parts -= oere
		}
		h.postings[l.SG5[0].RFF.Number] = append(h.postings[l.SG5[0].RFF.Number], p)
	}
}

func (h *heard) cremul(t *testing.T, m *banking.Cremul) {
	for _, l := range m.Lines {
		p := posting{kind: "CREMUL", oere: oereOf(t, l.MOA[0], "60"), date: l.DTM[0].Value}
		for _, e := range l.Entries {
			a := amount{oere: oereOf(t, e.SG13[0].MOA, "60"), account: l.SG6.FII.Account.Number}
			if len(e.SG13) > 1 {
				a.ordered = oereOf(t, e.SG13[1].MOA, "98")
			}
			for _, gis := range e.SG16 {
				a.reason = gis.FTX[0].Text[0]
			}
			for _, fee := range e.SG17 {
				a.fee += oereOf(t, fee.MOA[0], "23")
			}
			ref := ""
			if len(e.SG11) > 0 {
				ref = e.SG11[0].RFF.Number
			}
			h.returns[ref] = append(h.returns[ref], a)
			p.parts += a.oere
		}
		h.postings[l.SG5[0].RFF.Number] = append(h.postings[l.SG5[0].RFF.Number], p)
	}
}

func (h *heard) finsta(t *testing.T, m *banking.Finsta) {
	for _, l := range m.Lines {
		s := statement{
			account: l.FII.Account.Number, number: l.RFF.Number,
			opening: oereOf(t, l.SG5[0].MOA, "312"), closing: oereOf(t, l.SG5[1].MOA, "314"), count: len(l.Entries),
		}
		for _, e := range l.Entries {
			oere := oereOf(t, e.MOA, "323")
			s.entries += oere
			ack := e.RFF[0].Number
			h.postings[ack] = append(h.postings[ack], posting{kind: "FINSTA", oere: oere, date: e.DTM[0].Value})
		}
		h.days = append(h.days, s)
	}
}
