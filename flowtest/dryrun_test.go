package flowtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/dryrun"
)

// tried is what a dry run said.
type tried struct {
	dryrun.Result
	errors []dryrun.Error
	judged int
}

func (r *tried) Judged(result dryrun.Result) error {
	r.judged++
	r.Result = result
	return nil
}

func (r *tried) Error(e dryrun.Error) error {
	r.errors = append(r.errors, e)
	return nil
}

func (w *world) try(doc []byte, supplier string) *tried {
	w.t.Helper()
	r := &tried{}
	if err := w.DryRun.Run(w.t.Context(), dryrun.Request{Document: bytes.NewReader(doc), Supplier: supplier}, r); err != nil {
		w.t.Fatal(err)
	}
	if r.judged != 1 || int64(len(r.errors)) != r.Errors || r.Payments != r.Accepted+r.Rejected {
		w.t.Errorf("judged %d times, %d errors told: %+v", r.judged, len(r.errors), r.Result)
	}
	return r
}

// everything is what stands in all tables, to see that nothing of it changes.
func (w *world) everything() string {
	w.t.Helper()
	var all []string
	for _, table := range w.rows(`SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'nks'::regnamespace AND c.relkind = 'r'
			AND has_table_privilege(c.oid, 'SELECT')`) {
		table = strings.Trim(table, "[]")
		all = append(all, `SELECT '`+table+`', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM nks.`+table+` t`)
	}
	if len(all) < 20 {
		w.t.Fatalf("only %d tables are seen", len(all))
	}
	return w.row(strings.Join(all, " UNION ALL ") + " ORDER BY 1")
}

// foretold compares what a dry run says of a document with what becomes of it, and gives the dry run.
func (w *world) promised(name, supplier string, doc []byte) *tried {
	w.t.Helper()
	before := w.everything()
	r := w.try(doc, "")
	w.want(name+": the database after the dry run", w.everything(), before)
	if atTheDoor := w.try(doc, supplier); r.Supplier == supplier {
		w.want(name+": the same by name", fmt.Sprint(*atTheDoor), fmt.Sprint(*r))
	} else {
		r = atTheDoor
	}
	w.files++
	if err := w.put(supplier, fmt.Sprintf("foretold-%d.xml", w.files), doc); err != nil {
		w.t.Fatal(err)
	}
	w.read()
	w.check()
	delivery := w.number(`SELECT max(id) FROM delivery`)
	w.want(name+": receipt", r.receipt(), strings.TrimPrefix(strings.Split(w.newAnswers(), "; ")[0], supplier+":"))
	w.want(name+": leading codes", r.leading(), w.row(`SELECT p.e2e, e.code FROM payment p JOIN standing e USING (month)
		WHERE e.payment_id = p.id AND e.kind = 'rejected' AND p.id >> 24 = $1 ORDER BY p.id`, delivery))
	w.want(name+": accepted, øre", fmt.Sprintf("[%d %d]", r.Accepted, r.Ore), w.bracketed(`SELECT count(*), coalesce(sum(p.ore), 0) FROM payment p
		WHERE p.id >> 24 = $1 AND NOT EXISTS (SELECT FROM standing e WHERE e.month = p.month AND e.payment_id = p.id)`, delivery))
	w.want(name+": groups", r.groups(w), w.row(`SELECT agreement, debit_account, payments, executes_on::text, release_at
		FROM release_group WHERE delivery_id = $1 AND state = 'waiting' ORDER BY id`, delivery))
	return r
}

func (w *world) bracketed(query string, args ...any) string {
	w.t.Helper()
	return "[" + strings.Trim(w.row(query, args...), "[]") + "]"
}

// receipt is the receipt as describe puts it.
func (r *tried) receipt() string {
	switch r.Receipt {
	case dryrun.Unreadable:
		return "0 " + string(r.errors[0].Code)
	case dryrun.Refused:
		return "1 RJCT " + string(r.errors[0].Code)
	}
	return "1 " + r.Receipt
}

// leading is each rejected payment with its leading error, as rows writes it.
func (r *tried) leading() string {
	var all []string
	if r.Receipt == dryrun.Accepted {
		last := ""
		for _, e := range r.errors {
			if e.Path != last {
				all = append(all, e.EndToEndID+" "+string(e.Code))
			}
			last = e.Path
		}
	}
	return strings.Join(all, "; ")
}

func (r *tried) groups(w *world) string {
	var all []string
	for _, g := range r.Groups {
		if g.Accepted > 0 {
			all = append(all, fmt.Sprintf("%s %s %d %s %s", g.Agreement, g.DebitAccount, g.Payments, g.ExecutesOn,
				g.ReleaseAt.In(w.Base.Location).Format("2006-01-02T15:04")))
		}
	}
	return strings.Join(all, "; ")
}

// TestDryRun_Foretells: whatever a bundle is like, the dry run says exactly what reading and checking it then gives, and
// leaves no trace.
func TestDryRun_Foretells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.BundlePayments, o.limits.DeliveryGroups = 60, 3 })
	w.receive(bundle("before", complete("old", 100), cpr("failed", nobody, 100)))
	w.newAnswers()
	for i, c := range dryRunCases() {
		doc := bundle(fmt.Sprintf("G-%d", i), c.payments...)
		if c.change != nil {
			c.change(&doc)
		}
		w.promised(c.name, doc.From[0], doc.XML())
	}
	w.promised("not XML at all", "LEVA", []byte("hello"))
	w.promised("nothing", "LEVA", nil)
	w.promised("breaks off", "LEVA", bundle("G-x", complete("x", 100)).XML()[:900])
	w.promised("another's bundle", "LEVB", bundle("G-y", complete("y", 100)).XML())
}

type dryRunCase struct {
	name     string
	change   func(*intaketest.Document)
	payments []intaketest.Payment
}

func dryRunCases() []dryRunCase {
	account := func(p intaketest.Payment, account string) intaketest.Payment { p.Account = account; return p }
	benefit := func(p intaketest.Payment, kind string) intaketest.Payment { p.BenefitType = kind; return p }
	single := func(d *intaketest.Document) { // a debit for each payment
		all := d.Debits[0].Payments
		block := d.Debits[0]
		d.Debits = nil
		for i, p := range all {
			b := block
			b.Payments = []intaketest.Payment{p}
			switch i % 3 {
			case 1:
				b.Agreement, b.Account = "AFT-2", "53010000123456"
			case 2:
				b.Agreement = "AFT-9"
			}
			d.Debits = append(d.Debits, b)
		}
	}
	debit := func(f func(*intaketest.Debit)) func(*intaketest.Document) {
		return func(d *intaketest.Document) { f(&d.Debits[0]) }
	}
	var many []intaketest.Payment
	for i := range 61 {
		many = append(many, complete(fmt.Sprintf("many %d", i), 100))
	}
	mixed := []intaketest.Payment{cpr("m1", ann, 100), cpr("m2", nobody, 100), complete("m3", 300), cpr("m4", dead, 100), complete("m5", 0)}
	return []dryRunCase{
		{"good", nil, []intaketest.Payment{cpr("a", ann, 100), complete("b", 250)}},
		{"recipients", nil, []intaketest.Payment{cpr("c", nobody, 100), cpr("d", dead, 100), cpr("e", exile, 100),
			intaketest.Incomplete("f", "CVR", closed, 1000), intaketest.Incomplete("g", "SE", "1", 1000), intaketest.Incomplete("h", "", "", 1000)}},
		{"many errors in one", nil, []intaketest.Payment{benefit(cpr(" i", nobody, 0), "YD9"), account(complete("old", 0), "1"), benefit(cpr("j", ann, 7), "YD78")}},
		{"used before", nil, []intaketest.Payment{complete("old", 100), complete("failed", 100), cpr("old", nobody, 100), complete("old", -5)}},
		{"twice in the bundle", nil, []intaketest.Payment{complete("k", 0), complete("k", 100), complete("k", 200), cpr("k", nobody, 100), complete("K", 100)}},
		{"twice, none good", nil, []intaketest.Payment{complete("l", 0), cpr("l", nobody, 100)}},
		{"twice, and used before", nil, []intaketest.Payment{complete("old", 100), complete("old", 100)}},
		{"two accents", nil, []intaketest.Payment{complete("é", 100), complete("e\u0301", 100)}},
		{"amounts", nil, []intaketest.Payment{complete("n", 1_000_000_000_000), intaketest.Complete("o", "70450001234567", 11), intaketest.Complete("p", "70450001234567", -9_000)}},
		{"unknown agreement", debit(func(d *intaketest.Debit) { d.Agreement = "AFT-9" }), mixed},
		{"another's agreement", debit(func(d *intaketest.Debit) { d.Agreement = "AFT-78" }), mixed},
		{"expired agreement", debit(func(d *intaketest.Debit) { d.Agreement = "AFT-OLD" }), mixed},
		{"another account", debit(func(d *intaketest.Debit) { d.Account = "30110000000001" }), mixed},
		{"no date", debit(func(d *intaketest.Debit) { d.On = "" }), mixed},
		{"a year ahead", debit(func(d *intaketest.Debit) { d.On = "2007-01-01" }), mixed},
		{"a debit for each", single, []intaketest.Payment{cpr("q1", ann, 100), cpr("q2", ann, 100), cpr("q3", ann, 100), cpr("q4", nobody, 100), cpr("q5", bob, 100)}},
		{"over the weekend", debit(func(d *intaketest.Debit) { d.On = "2005-08-13" }), []intaketest.Payment{complete("r", 100)}},
		{"later receive-by", debit(func(d *intaketest.Debit) { d.Agreement = "AFT-3" }), []intaketest.Payment{complete("s", 100)}},
		{"too late", debit(func(d *intaketest.Debit) { d.On = "2005-08-11" }), []intaketest.Payment{complete("t", 100)}},
		{"control sum", func(d *intaketest.Document) { d.CtrlSum = "1" }, mixed},
		{"count", func(d *intaketest.Document) { d.Payments = "9" }, mixed},
		{"grouping", func(d *intaketest.Document) { d.Grouped = "false" }, mixed},
		{"too old", debit(func(d *intaketest.Debit) { d.On = "2005-08-05" }), mixed},
		{"instruction", func(d *intaketest.Document) { d.Instruction = []string{"WHAT"} }, mixed},
		{"return always", func(d *intaketest.Document) { d.Instruction = []string{"NOCDTRACCT", "RETUR"} }, []intaketest.Payment{complete("u", 100)}},
		{"duplicate bundle", func(d *intaketest.Document) { d.GroupID = "before" }, mixed},
		{"a refused bundle's name is free", func(d *intaketest.Document) { d.GroupID = "G-19" }, []intaketest.Payment{complete("v", 100)}},
		{"unknown pair", func(d *intaketest.Document) { d.Authority = "99" }, mixed},
		{"unknown supplier", func(d *intaketest.Document) { d.From = []string{"LEVX"} }, mixed},
		{"another environment", func(d *intaketest.Document) { d.To = []string{"NKS"} }, mixed},
		{"too many", nil, many},
		{"too many debits", func(d *intaketest.Document) {
			single(d)
			for i := range d.Debits {
				d.Debits[i].Agreement = fmt.Sprintf("AFT-%d", i)
			}
		}, mixed},
		{"first of its pair", func(d *intaketest.Document) {
			d.From, d.Authority, d.Debits[0].Agreement, d.Debits[0].Account = []string{"LEVB"}, "78", "AFT-78", "20010000111111"
		}, []intaketest.Payment{complete("old", 100), complete("old", 100)}},
		{"broken end", func(d *intaketest.Document) { d.End = "</NKSPaymentX>" }, mixed},
		{"not the schema", debit(func(d *intaketest.Debit) { d.Payments[1].Currency = "kroner" }), []intaketest.Payment{complete("w", 1), complete("x", 1)}},
	}
}

// TestDryRun_Tells all errors of a payment, where they stand, in their order, with the answer's words.
func TestDryRun_Tells(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong := cpr("zero", nobody, 0)
	wrong.BenefitType = "YD9"
	d := bundle("G-1", complete("good", 100), wrong, complete("good", 100))
	d.Debits = append(d.Debits, d.Debits[0])
	d.Debits[1].Agreement, d.Debits[1].Payments = "AFT-9", []intaketest.Payment{complete("x", 100), cpr("good", nobody, 100)}
	d.Grouped = "true"
	doc := d.XML()
	at := func(e2e string, nth int) (line int) {
		for i, l := range strings.Split(string(doc), "\n") {
			if strings.Contains(l, ">"+e2e+"<") {
				if nth--; nth == 0 {
					return i + 1
				}
			}
		}
		t.Fatalf("no %d. %s", nth, e2e)
		return 0
	}
	r := w.try(doc, "")
	grpHdr := slices.IndexFunc(strings.Split(string(doc), "\n"), func(l string) bool { return strings.Contains(l, "GrpHdr") }) + 1
	w.want("refused", fmt.Sprint(r.Receipt, r.Payments, r.Accepted, r.Rejected, r.Ore, r.errors),
		fmt.Sprint("RJCT", 5, 0, 5, 0, []dryrun.Error{{Line: grpHdr, Path: "NKSPayment/GrpHdr/Grpg", Code: "903", Text: "Gruppering stemmer ikke med antal debiteringer"}}))

	d.Debits = d.Debits[:1]
	d.Grouped = ""
	doc = d.XML()
	r = w.try(doc, "")
	path := "NKSPayment/PmtInf[1]/PmtTx[2]"
	want := []dryrun.Error{
		{Line: at("zero", 1), Path: path, EndToEndID: "zero", Code: "9009", Text: gateway.CodeAmountZero.Danish()},
		{Line: at("zero", 1), Path: path, EndToEndID: "zero", Code: "0009", Text: "MODTAGER KAN IKKE IDENTIFICERES"},
		{Line: at("zero", 1), Path: path, EndToEndID: "zero", Code: "9015", Text: gateway.CodeBenefitType.Danish()},
		{Line: at("good", 2), Path: "NKSPayment/PmtInf[1]/PmtTx[3]", EndToEndID: "good", Code: "9006", Text: gateway.CodeDuplicatePayment.Danish()},
	}
	w.want("errors", fmt.Sprint(r.errors), fmt.Sprint(want))
	w.want("counts", fmt.Sprint(r.Payments, r.Accepted, r.Rejected, r.Ore, r.Errors), "3 1 2 100 4")

	old := bundle("G-2", complete("y", 100))
	old.Debits[0].On = "2005-08-01"
	r = w.try(old.XML(), "")
	w.want("too old", fmt.Sprintln(r.errors[0].Line == grpHdr+1, r.errors[0].Path, r.errors[0].Code), "true NKSPayment/PmtInf[1]/ReqdExctnDt 1\n")
	bad := bundle("G-3", complete("y", 100), complete("z", 100))
	bad.Debits[0].Payments[1].Currency = "kroner"
	r = w.try(bad.XML(), "")
	w.want("unreadable", fmt.Sprintln(r.errors[0].Line > grpHdr, r.errors[0].Path, strings.Contains(r.errors[0].Text, "Ccy"), r.Payments),
		"true NKSPayment/PmtInf[1]/PmtTx[2]/Amt/InstdAmt true 0\n")
}

// TestDryRun_At judges as of another time, and stops telling where it is asked to.
func TestDryRun_At(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := bundle("G-1", complete("a", 100), complete("b", 0), complete("c", 0)).XML()
	for at, want := range map[string]string{"2005-08-10T12:00:00+02:00": "ACPT 2005-08-12", "2005-08-11T12:00:00+02:00": "ACPT 2005-08-15",
		"2005-08-17T12:00:00+02:00": "ACPT 2005-08-19", "2005-08-18T12:00:00+02:00": "RJCT"} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		r := &tried{}
		if err := w.DryRun.Run(t.Context(), dryrun.Request{Document: bytes.NewReader(doc), At: now, Errors: 1}, r); err != nil {
			t.Fatal(err)
		}
		got := r.Receipt
		if len(r.Groups) > 0 {
			got += " " + r.Groups[0].ExecutesOn.String()
		}
		w.want("at "+at, got, want)
		if len(r.errors) != 1 {
			t.Errorf("%d errors told, want one", len(r.errors))
		}
	}
}

// TestDryRun_Beside a step that has the same payments in hand: neither waits for the other.
func TestDryRun_Beside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := bundle("G-1", complete("a", 100), cpr("b", nobody, 100))
	w.send(doc)
	tx := w.db.MustBeginTx(t.Context(), nil)
	defer func() { _ = tx.Rollback() }()
	tx.MustExecContext(t.Context(), `SELECT * FROM delivery FOR UPDATE`)
	tx.MustExecContext(t.Context(), `INSERT INTO payer (supplier, authority) VALUES ('LEVA', '77')`)
	tx.MustExecContext(t.Context(), `INSERT INTO payment_key (payer_id, e2e, payment_id) VALUES (1, 'a', 1)`)
	w.want("beside", w.try(doc.XML(), "").leading(), "b 0009")
}

var errSource = errors.New("the disk is gone")

// TestDryRun_Failures are nobody's errors in the document.
func TestDryRun_Failures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.banks = o.banks[:1] })
	doc := bundle("G-1", complete("a", 0)).XML()
	for cut := range 3 {
		r := &tried{}
		source := io.MultiReader(bytes.NewReader(doc[:cut*len(doc)/3]), broken{})
		if err := w.DryRun.Run(t.Context(), dryrun.Request{Document: source}, r); !errors.Is(err, errSource) || r.judged != 0 {
			t.Errorf("a source that fails after %d thirds: %v, judged %d times", cut, err, r.judged)
		}
	}
	if err := w.DryRun.Run(t.Context(), dryrun.Request{Document: bytes.NewReader(doc)}, deaf{}); !errors.Is(err, errSource) {
		t.Errorf("a report that cannot be written: %v", err)
	}
	d := bundle("G-2", complete("a", 100))
	d.Debits[0].Agreement, d.Debits[0].Account = "AFT-2", "53010000123456"
	err := w.DryRun.Run(t.Context(), dryrun.Request{Document: bytes.NewReader(d.XML())}, &tried{})
	if err == nil || !strings.Contains(err.Error(), "SDC") {
		t.Errorf("a bank centre that is not configured: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errSource }

// deaf is a report that cannot take errors.
type deaf struct{}

func (deaf) Judged(dryrun.Result) error { return nil }
func (deaf) Error(dryrun.Error) error   { return errSource }
