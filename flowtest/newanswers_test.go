package flowtest_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"nks/gateway/nksxml"
)

// newAnswers closes what answers are due, and describes the answers that came since it was last asked, in their order:
//
//	1 ACPT
//	1 RJCT 904
//	2 PART A-1:9006 A-2:0009
//	2 RJCT 0002
//	7 A-1:RJCT
//	8 A-1 A-2
//	9 A-1:0001(text)
//
// A supplier that is not LEVA stands in front, as "LEVB:".
func (w *world) newAnswers() string {
	w.t.Helper()
	w.later(quiet)
	w.all("answer", w.Answer.Next)
	var answers []struct {
		ID       int64  `db:"id"`
		Supplier string `db:"supplier"`
		Document int64  `db:"document_id"`
	}
	if err := w.db.SelectContext(w.t.Context(), &answers, `SELECT id, supplier, document_id FROM answer WHERE id > $1 AND kind < 20 ORDER BY id`, w.answered); err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, a := range answers {
		w.answered = a.ID
		text := describe(w.document(a.Document))
		if a.Supplier != "LEVA" {
			text = a.Supplier + ":" + text
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// document reads a stored answer.
func (w *world) document(id int64) any {
	w.t.Helper()
	r, err := w.Base.Raw(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	return readAnswer(w.t, "", r)
}

// readAnswer reads an answer's text.
func readAnswer(t testing.TB, name string, from io.Reader) any {
	t.Helper()
	doc, err := nksxml.ReadAnswer(from, nksxml.Limits{})
	if err != nil {
		t.Fatalf("answer %s: %v", name, err)
	}
	return doc
}

func describe(doc any) string {
	switch d := doc.(type) {
	case *nksxml.Receipt0:
		return "0 " + d.Errors[0].Code
	case *nksxml.Receipt1:
		s := "1 " + d.Action
		for _, e := range d.Errors {
			s += " " + e.Code
		}
		return s
	case *nksxml.Response2:
		return strings.TrimRight(strings.Join([]string{"2", d.Group.Status, d.Group.Reason}, " "), " ") + statuses(d.Blocks, false)
	case *nksxml.Response5:
		return "5 " + d.Group.Status + statuses(d.Blocks, false)
	case *nksxml.Response7:
		return "7" + statuses(d.Blocks, false)
	case *nksxml.Response9:
		return "9" + statuses(d.Blocks, true)
	case *nksxml.Response8:
		s := "8"
		for _, b := range d.Blocks {
			for _, tx := range b.Transfers {
				s += " " + tx.EndToEndID
			}
		}
		return s
	}
	return fmt.Sprintf("%T", doc)
}

func statuses(blocks [][]nksxml.Status, texts bool) string {
	s := ""
	for _, b := range blocks {
		for _, st := range b {
			s += " " + st.EndToEndID + ":" + st.Reason
			if st.Reason == "" {
				s += st.Status
			}
			if texts {
				s += "(" + st.Text + ")"
			}
		}
	}
	return s
}

// wantAnswers compares the answers that came since the last time.
func (w *world) wantAnswers(want string) {
	w.t.Helper()
	w.want("answers", w.newAnswers(), want)
}

// TestAnswers_RejectedBeforeItsLineIsTold: response 8 of a line names no order that was rejected by itself, also where a cheque is ordered for it before.
func TestAnswers_RejectedBeforeItsLineIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",bank_rejected,cheque else return"))
	w.paid(bySDC("G-1", cpr("A", ann, 100), cpr("B", ann, 200)))
	w.newAnswers()
	w.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", line(1, "1", ""), status(1, 1, "2", "Nej")))
	w.settle()
	w.want("answers", w.newAnswers(), "8 B; 9 A:0001(Nej. Bankcheck anvendes)")
}
