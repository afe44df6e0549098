package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
)

// asked is what became of one decision with parameters.
func (w *world) asked(kind, by, why string, content map[string]string) (string, error) {
	w.t.Helper()
	done, err := w.Desk.Decide(w.t.Context(), act.Intent{Kind: kind, By: by, Why: why, Content: content})
	if err != nil {
		return "", err
	}
	return done.Executed().Outcome[0].What, nil
}

// TestInquiry: a citizen misses a payment: the case from the question to the answer, what was known then, who looked, and that persons are
// told when it takes too long. // G-inquiry
func TestInquiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", incomplete("A", "CPR", ann, 10000), complete("B", 200)))
	w.executes("BEC")
	payment := fmt.Sprint(w.id("A"))
	does := func(want, kind string, content ...string) {
		t.Helper()
		c := map[string]string{}
		for i := 0; i < len(content); i += 2 {
			c[content[i]] = content[i+1]
		}
		got, err := w.asked(kind, "Ann", "misses it, says 77", c)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s %v: %q, want %q", kind, content, got, want)
		}
	}
	does("not found", act.KindInquiry, "payment", "4711", "evidence", "letter 1")
	does("must be a number", act.KindInquiry, "payment", "x", "evidence", "letter 1")
	does("CPR number", act.KindInquiry, "payment", payment, "evidence", "letter of "+ann)
	does("has inquiry 1", act.KindInquiry, "payment", payment, "evidence", "letter 1")
	does("has an inquiry that is open", act.KindInquiry, "payment", payment, "evidence", "letter 2")
	does("must be note", act.KindInquiryStep, "inquiry", "1", "step", "told")
	does("takes a text", act.KindInquiryStep, "inquiry", "1", "step", "note")
	does("takes evidence", act.KindInquiryStep, "inquiry", "1", "step", "bank-answered", "text", "yes")
	does("CPR number", act.KindInquiryStep, "inquiry", "1", "step", "note", "text", ann)
	does("on record: asked bank", act.KindInquiryStep, "inquiry", "1", "step", "asked-bank")
	w.at("2005-08-18 23:00")
	w.all("inquiries", w.Inquiry.Next)
	w.want("in time", w.row(`SELECT kind FROM exception WHERE kind = $1`, gateway.InquiryLate), "")
	for _, day := range []string{"2005-08-20 10:00", "2005-08-21 10:00"} { // days without banks
		w.at(day)
		w.all("inquiries", w.Inquiry.Next)
	}
	w.want("on a day without banks", w.row(`SELECT count(*) FROM exception WHERE kind = $1`, gateway.InquiryLate), "0")
	w.at("2005-08-22 12:00")
	w.all("inquiries", w.Inquiry.Next)
	w.want("late", w.row(`SELECT subject, detail FROM exception WHERE kind = $1`, gateway.InquiryLate), payment+" inquiry 1 is open since 2005-08-11, and was to be closed by 2005-08-18")
	w.closes()
	w.all("inquiries", w.Inquiry.Next)
	w.want("not the same day", w.row(`SELECT count(*) FROM exception WHERE kind = $1`, gateway.InquiryLate), "1")
	w.at("2005-08-23 10:00")
	w.all("inquiries", w.Inquiry.Next)
	w.want("the next", w.row(`SELECT count(*) FROM exception WHERE kind = $1 AND closed_at IS NULL`, gateway.InquiryLate), "1")
	does("bank answered", act.KindInquiryStep, "inquiry", "1", "step", "bank-answered", "text", "credited 12.08.", "evidence", "mail of BEC")
	does("answered", act.KindInquiryStep, "inquiry", "1", "step", "answered", "text", "It is on your account.")
	does("must be paid", act.KindInquiryClose, "inquiry", "1", "outcome", "lost", "text", "x")
	does("is closed: paid", act.KindInquiryClose, "inquiry", "1", "outcome", "paid", "text", "found")
	does("cannot be decided", act.KindInquiryClose, "inquiry", "1", "outcome", "paid", "text", "again")
	w.want("ends with it", w.row(`SELECT count(*) FROM exception WHERE kind = $1 AND closed_at IS NULL`, gateway.InquiryLate), "0")
	does("has inquiry 2", act.KindInquiry, "payment", payment, "evidence", "letter 3")

	i, err := w.Desk.Inquiry(t.Context(), 1, "Bob")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%s %+v", i.Known, i.Steps)
	for _, want := range []string{`"position": "executed"`, `"account": "7045000100xxxx"`, `"bank": "BEC"`, "Til BEC", "forespørgsel 1", "100,00 kr.", "00000001A", "mail of BEC"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(text, annAccount) || strings.Contains(text, ann) {
		t.Errorf("somebody is named: %s", text)
	}
	if _, err := w.Desk.Inquiry(t.Context(), 9, "Bob"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("no such inquiry: %v", err)
	}
	w.want("looks", w.row(`SELECT count(*) FROM audit_content WHERE content::text LIKE '%misses it, says 77%'`), "3")
	page := plainText(w.pages().get("/payment/"+payment, "77", 200))
	w.pages().says("the page", page, "Modtageren savner betalingen", "Banken er spurgt om betalingen", "It is on your account.", "Afsluttet: modtageren har pengene", "Forespørgslen er ikke afsluttet")
	w.want("others see nothing", fmt.Sprint(w.sees(of("78"), `SELECT * FROM page_inquiries($1)`, w.id("A")), w.sees(of("77"), `SELECT * FROM page_inquiries($1)`, w.id("A"))), "0 2")
}

// TestInquiry_NoBank: of what no bank has nobody can be asked.
func TestInquiry_NoBank(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	if _, err := w.asked(act.KindInquiry, "Ann", "missed", map[string]string{"payment": fmt.Sprint(w.id("A")), "evidence": "letter"}); err != nil {
		t.Fatal(err)
	}
	_, err := w.asked(act.KindInquiryStep, "Ann", "missed", map[string]string{"inquiry": "1", "step": "asked-bank"})
	if !errors.Is(err, gateway.ErrMovedOn) || !strings.Contains(err.Error(), "no bank has") {
		t.Errorf("%v", err)
	}
}
