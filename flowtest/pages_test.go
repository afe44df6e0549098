package flowtest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/console"
	"nks/gateway/intake/intaketest"
	"nks/gateway/view"
	"nks/reconciliation"
	"nks/schema"
)

// pages are the console over a world, as a browser on this machine reaches it.
type pages struct {
	t       testing.TB
	handler http.Handler
}

func (w *world) pages(change ...func(*console.Config)) *pages {
	w.t.Helper()
	log := zerolog.New(w.log)
	config := console.Config{View: view.New(w.database.Open(w.t, schema.Page), log), Now: w.time, Location: w.Base.Location, Log: log, UploadBytes: 1 << 20}
	for _, c := range change {
		c(&config)
	}
	c, err := console.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	handler, err := c.Handler()
	if err != nil {
		w.t.Fatal(err)
	}
	return &pages{w.t, handler}
}

// cookies are the choice of an authority, "" for operations, and of Danish.
func cookies(authority string) string {
	return "nks_language=da; nks_viewer=" + hex.EncodeToString([]byte(authority))
}

// ask asks for a page, with changes to what a browser would send.
func (p *pages) ask(method, path, authority string, body io.Reader, change ...func(*http.Request)) *http.Response {
	p.t.Helper()
	r := httptest.NewRequest(method, path, body)
	r.Host = "127.0.0.1:8080"
	r.Header.Set("Cookie", cookies(authority))
	for _, c := range change {
		c(r)
	}
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, r)
	return rec.Result()
}

// get is a page's text, which must come with a status.
func (p *pages) get(path, authority string, status int) string {
	p.t.Helper()
	r := p.ask(http.MethodGet, path, authority, nil)
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != status {
		p.t.Fatalf("%s as %q: %d, %v, want %d\n%s", path, authority, r.StatusCode, err, status, plainText(string(body)))
	}
	if missing := regexp.MustCompile(`⟦[^⟧]*⟧`).FindString(string(body)); missing != "" {
		p.t.Errorf("%s: no text %s", path, missing)
	}
	return string(body)
}

func (p *pages) post(path, authority string, form url.Values, change ...func(*http.Request)) *http.Response {
	p.t.Helper()
	change = append(change, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") })
	return p.ask(http.MethodPost, path, authority, strings.NewReader(form.Encode()), change...)
}

var markup = regexp.MustCompile(`<[^>]*>|\s+`)

// plainText is what a page says, on one line.
func plainText(html string) string {
	return strings.Join(strings.Fields(markup.ReplaceAllString(html, " ")), " ")
}

func (p *pages) says(what, html string, wanted ...string) {
	p.t.Helper()
	text := plainText(html)
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			p.t.Errorf("%s does not say %q:\n%s", what, w, text)
		}
	}
}

func (p *pages) hides(what, html string, unwanted ...string) {
	p.t.Helper()
	for _, u := range unwanted {
		if strings.Contains(html, u) {
			p.t.Errorf("%s shows %q", what, u)
		}
	}
}

// busy is a world with payments in every state that a day brings about, of two authorities.
func busy(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	mine := bundle("G-1", complete("A-1", 100_00), complete("A-2", 250_00), incomplete("A-3", "CPR", ann, 70_00), incomplete("A-4", "CPR", lost, 30_00),
		incomplete("A-5", "CPR", nobody, 9_00))
	theirs := bundle("G-2", complete("C-1", 900_00))
	theirs.From, theirs.Authority = []string{"LEVB"}, "78"
	theirs.Debits[0].Agreement, theirs.Debits[0].Account = "AFT-78", "20010000111111"
	w.paid(mine, theirs)
	w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", status(1, 1, "4", ""), status(1, 2, "2", "KONTO OPHOERT")))
	w.at("2005-08-11 06:10")
	w.all("answer", w.Answer.Next)
	w.receive(bundle("G-4", complete("A-9", 55_00)))
	return w
}

// payment is our number of a payment.
func (w *world) payment(e2e string) string {
	w.t.Helper()
	return w.row(`SELECT id FROM payment WHERE e2e = $1`, e2e)
}

func TestPages_OverviewHasTheLedgersNumbers(t *testing.T) {
	t.Parallel()
	w := busy(t)
	p := w.pages()
	ledger, err := reconciliation.Ledger(t.Context(), w.db)
	if err != nil {
		t.Fatal(err)
	}
	names := map[gateway.PaymentState]string{gateway.PaymentWaiting: "Venter på frigivelse", gateway.PaymentWithBank: "Hos pengeinstituttet",
		gateway.PaymentExecuted: "Udført", gateway.PaymentReturned: "Returneret", gateway.PaymentRejected: "Afvist ved kontrol"}
	for _, authority := range []string{"", "77", "78"} {
		html := p.get("/", authority, http.StatusOK)
		sums := map[gateway.PaymentState][2]int64{}
		for _, e := range ledger {
			if authority == "" || e.Authority == authority {
				sums[e.State] = [2]int64{sums[e.State][0] + e.Payments, sums[e.State][1] + e.Ore}
			}
		}
		if authority == "" && len(sums) != len(names) {
			t.Errorf("the world has the states %v", sums)
		}
		for state, name := range names {
			p.says("overview of "+authority, html, fmt.Sprintf("%s %s %s kr.", name, console.Number(sums[state][0]), console.Kroner(sums[state][1])))
		}
		if authority != "" {
			other := map[string]string{"77": "Nabokøbing", "78": "G-1"}[authority]
			p.hides("overview of "+authority, html[strings.Index(html, "<main"):], other, "/payment/")
		}
	}
	p.says("deliveries", p.get("/", "77", http.StatusOK), "Kvit. 1 ACPT", "Svar 2 PART", "Svar 7", "Svar 8", "Svar 9")
}

// TestPages_Missing: what nothing accounts for is no row of its own as long as there is none.
func TestPages_Missing(t *testing.T) {
	t.Parallel()
	w := busyDay(t)
	p := w.pages()
	p.hides("a sound overview", p.get("/", "", http.StatusOK), "Ikke gjort rede for")
	w.exec(`UPDATE order_line SET payments = payments - 1, ore = ore - 500 WHERE payments = 1 AND ore = 500`)
	p.says("overview", w.pages().get("/", "", http.StatusOK), "Ikke gjort rede for 1 5,00 kr.")
	w.exec(`UPDATE order_line SET payments = payments + 1, ore = ore + 500 WHERE payments = 0`)
	w.exec(`UPDATE bank_order SET payment_id = 1 WHERE payment_id = ` + w.payment("with the bank"))
	html := p.get("/payment/"+w.payment("with the bank"), "77", http.StatusOK)
	p.says("a payment without its order", html, "Ikke gjort rede for")
	w.exec(`UPDATE bank_order SET payment_id = ` + w.payment("with the bank") + ` WHERE payment_id = 1`)
}

func TestPages_WhatNeedsAPerson(t *testing.T) {
	t.Parallel()
	w := busy(t)
	p := w.pages()
	p.says("a quiet overview", p.get("/", "", http.StatusOK), "Intet er forsinket")
	w.says("BEC", contrl("BEC", 77, "7"))
	w.exec(`UPDATE interchange SET state = 'unknown', sent_at = NULL WHERE control_ref = 2`)
	w.at("2005-08-12 06:10")
	html := w.pages().get("/", "", http.StatusOK)
	p.says("overview", html, "Kræver opmærksomhed", "grupper skulle have været frigivet", "Uvist, om pengeinstituttet har filen", "BEC 00000000000002",
		"CONTRL for noget, der ikke er sendt", "Advarsel", "Svaret lyder: accepted", "ingen")
	english, err := io.ReadAll(w.pages().ask(http.MethodGet, "/", "", nil, func(r *http.Request) { r.Header.Set("Cookie", "nks_language=en") }).Body)
	if err != nil {
		t.Fatal(err)
	}
	p.says("in English", string(english), "CONTRL for nothing sent", "Warning", "action accepted", "nobody")
	p.hides("an authority's overview", w.pages().get("/", "77", http.StatusOK), "der ikke er sendt")
	w.exec(`UPDATE interchange SET state = 'sent', sent_at = prepared_at WHERE control_ref = 2`)
}

// TestPages_Notices: what nothing waits for is shown, and does not call for anybody. // P3
func TestPages_Notices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise(gateway.NameReused, "delivery 1", gateway.DetailOtherBytes.With("LEVA"))
	p := w.pages()
	html := p.get("/", "", http.StatusOK)
	p.says("a notice", html, "Intet er forsinket", "Til orientering", "Filnavn brugt igen", "Dataleverandør LEVA sendte andet indhold")
	p.hides("a notice", html, "Kræver opmærksomhed", "overskredet")
	id := w.raise(gateway.BankMessageUnknown, "BEC file 1 X", gateway.DetailMessageType.With("X"))
	if err := w.Desk.Take(t.Context(), id, "A. Hansen"); err != nil {
		t.Fatal(err)
	}
	p.says("a warning", w.pages().get("/", "", http.StatusOK), "Kræver opmærksomhed", "A. Hansen", "Meddelelsestype X")
}

func TestPages_Payment(t *testing.T) {
	t.Parallel()
	w := busy(t)
	p := w.pages()
	executed := p.get("/payment/"+w.payment("A-1"), "77", http.StatusOK)
	p.says("an executed payment", executed, "Udført", "100,00 kr.", "Kontoen stod i betalingen", "kontrolreference 00000000000001", "LIN 1, SEQ 1",
		"CONTRL: filen er godkendt", "Retursvar 8")
	for _, raw := range []string{"EndToEndId&gt;A-1&lt;", "SEQ&#43;&#43;1&#39;", "UCI&#43;00000000000001", "GIS&#43;4&#39;"} {
		if !strings.Contains(executed, raw) {
			t.Errorf("the raw documents lack %s", raw)
		}
	}
	p.hides("an executed payment", executed, "A-2", "A-3", "KONTO OPHOERT", "GIS&#43;2", "SEQ&#43;&#43;2", "0101700001", "25000")

	refused := p.get("/payment/"+w.payment("A-2"), "77", http.StatusOK)
	p.says("a refused payment", refused, "Afvist af pengeinstituttet", "KONTO OPHOERT", "Retursvar 9")
	p.hides("a refused payment", refused, "A-1<", "GIS&#43;4&#39;")

	found := p.get("/payment/"+w.payment("A-3"), "77", http.StatusOK)
	p.says("a payment to a NemKonto", found, "Modtagerens NemKonto", "CPR 010170-xxxx", annAccount[:10]+"xxxx", "Hos pengeinstituttet")
	p.hides("a payment to a NemKonto", found, ann, annAccount, annAccount[4:]) // B19.1: in no raw document either

	p.says("a returned payment", p.get("/payment/"+w.payment("A-4"), "77", http.StatusOK), "Returneret til myndigheden", "Myndigheden har valgt betalingen retur")
	p.says("a rejected payment", p.get("/payment/"+w.payment("A-5"), "77", http.StatusOK), "Afvist ved kontrollen", "MODTAGER KAN IKKE IDENTIFICERES")

	waiting := p.get("/payment/"+w.payment("A-9"), "77", http.StatusOK)
	account := w.row(`SELECT account FROM payment WHERE e2e = 'A-9'`)
	p.says("a waiting payment", waiting, "Venter på frigivelse", account[:10]+"xxxx")
	p.hides("a waiting payment", waiting, account, account[4:])
}

func TestPages_OfOthers(t *testing.T) {
	t.Parallel()
	w := busy(t)
	p := w.pages()
	mine := w.payment("A-1")
	p.hides("operations", p.get("/payment/"+mine, "", http.StatusForbidden), "A-1", "100,00")
	p.get("/payment/"+mine, "78", http.StatusNotFound)
	p.get(firstDelivery, "78", http.StatusNotFound)
	p.get(firstDelivery, "77", http.StatusOK)
	for _, path := range []string{"/payment/1", "/payment/0", "/payment/x", "/payment/99999999999999999999", "/delivery/-1", "/delivery/999", "/nothing"} {
		p.get(path, "77", http.StatusNotFound)
	}
	delivery := p.get(firstDelivery, "", http.StatusOK)
	p.says("a delivery for operations", delivery, "Bundt (GrpId) G-1", "Svarenes indhold vises kun for myndigheden selv", "Retursvar 2")
	p.hides("a delivery for operations", delivery, "A-5", "EndToEndId", ann)
	own := p.get(firstDelivery, "77", http.StatusOK)
	p.says("a delivery for its authority", own, "A-5", "0009: MODTAGER KAN IKKE IDENTIFICERES", "00000000000001", "Frigivet")
	p.hides("a delivery for its authority", own, ann, nobody)
}

func TestPages_Search(t *testing.T) {
	t.Parallel()
	w := busy(t)
	p := w.pages()
	for q, id := range map[string]string{"A-1": w.payment("A-1"), " A-3 ": w.payment("A-3"), w.payment("A-2"): w.payment("A-2"), "A-5": w.payment("A-5")} {
		r := p.post("/search", "77", url.Values{"q": {q}})
		if to := r.Header.Get("Location"); r.StatusCode != http.StatusSeeOther || to != "/payment/"+id {
			t.Errorf("%q: %d to %q", q, r.StatusCode, to)
		}
	}
	for _, c := range []struct{ authority, q string }{{"78", "A-1"}, {"78", w.payment("A-1")}, {"77", "a-1"}, {"", "A-1"}, {"77", "%"}} {
		if r := p.post("/search", c.authority, url.Values{"q": {c.q}}); r.StatusCode != http.StatusOK {
			t.Errorf("%+v: %d to %q", c, r.StatusCode, r.Header.Get("Location"))
		}
	}
}

// TestPages_SearchForWhatNoDocumentHolds: what the database cannot take is not found, and is no fault of ours.
func TestPages_SearchForWhatNoDocumentHolds(t *testing.T) {
	t.Parallel()
	w := busy(t)
	p := w.pages()
	for _, q := range []string{"A-1\x00", "\x00", "A\x01-1", "A-1\u0085x", "\xff", "A-1\xc3", "\xed\xa0\x80"} {
		r := p.post("/search", "77", url.Values{"q": {q}})
		html, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Errorf("%q: %d, %v", q, r.StatusCode, err)
		}
		if !utf8.Valid(html) || bytes.IndexByte(html, 0) >= 0 {
			t.Errorf("%q: the page is no text", q)
		}
		p.says(fmt.Sprintf("a search for %q", q), string(html), "Ingen betaling fundet")
	}
}

func TestPages_Guarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pages()
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	for h, status := range map[string]int{"127.0.0.1": 200, "localhost:8080": 200, "[::1]:80": 200, "[::1]": 200, "LOCALHOST": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "": 421, "127.0.0.2:8080": 421} {
		r := p.ask(http.MethodGet, "/", "", nil, host(h))
		if r.StatusCode != status {
			t.Errorf("host %q: %d, want %d", h, r.StatusCode, status)
		}
		csp := r.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("host %q: headers %v", h, r.Header)
		}
	}
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{"another site": {"Sec-Fetch-Site", "cross-site", 403}, "another origin": {"Origin", "http://evil.example", 403}, "our own": {"Sec-Fetch-Site", "same-origin", 303}} {
		r := p.post("/look", "", url.Values{"viewer": {"77"}, "back": {"/search"}}, func(r *http.Request) { r.Header.Set(c.header, c.value) })
		if r.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, r.StatusCode, c.status)
		}
		if c.status != 303 {
			continue
		}
		set := r.Header.Get("Set-Cookie")
		if r.Header.Get("Location") != "/search" || !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict") {
			t.Errorf("%s: to %q with %q", name, r.Header.Get("Location"), set)
		}
	}
	for _, back := range []string{"https://evil.example", "//evil.example", "/\\evil.example", ""} {
		if to := p.post("/look", "", url.Values{"back": {back}}).Header.Get("Location"); to != "/" {
			t.Errorf("%q leads to %q", back, to)
		}
	}
	if r := p.post("/search", "77", url.Values{"q": {strings.Repeat("x", 10_000)}}); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a long form: %d", r.StatusCode)
	}
}

func TestPages_Languages(t *testing.T) {
	t.Parallel()
	p := newWorld(t).pages()
	for accept, title := range map[string]string{"da-DK,da;q=0.9": "Overblik", "en-GB,en;q=0.8": "Overview", "de,en;q=0.5": "Overview", "": "Overblik"} {
		r := p.ask(http.MethodGet, "/", "", nil, func(r *http.Request) {
			r.Header.Del("Cookie")
			r.Header.Set("Accept-Language", accept)
		})
		body, err := io.ReadAll(r.Body)
		if err != nil || !strings.Contains(string(body), "<h1>"+title+"</h1>") {
			t.Errorf("%q: no %s, %v", accept, title, err)
		}
	}
}

// TestPages_TheDatabaseGoesAway: the last numbers stay, and are said to be old; what was never read is an error.
func TestPages_TheDatabaseGoesAway(t *testing.T) {
	t.Parallel()
	w := busy(t)
	db := w.database.Open(t, schema.Page)
	p := w.pages(func(c *console.Config) { c.View = view.New(db, zerolog.Nop()) })
	p.get("/", "", http.StatusOK)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p.t = t
	if !eventually(t, func() bool { return strings.Contains(p.get("/", "", http.StatusOK), "Databasen svarer ikke lige nu") }) {
		t.Error("old numbers look new")
	}
	p.get(firstDelivery, "", http.StatusInternalServerError)
	p.get("/", "77", http.StatusInternalServerError)
}

// judge is a dry run that has read the document.
type judge struct{ read int64 }

func (j *judge) Check(_ context.Context, _ string, document io.Reader) (console.CheckReport, error) {
	n, err := io.Copy(io.Discard, document)
	j.read = n
	return console.CheckReport{Receipt: "ACPT", Accepted: 2, Rejected: 1, Ore: 123456, All: 1000,
		Errors: []console.CheckError{{Line: 57, Path: "NKSPayment/PmtInf[1]/PmtTx[2]", EndToEndID: ann, Code: "0009", Text: "MODTAGER"}}}, err
}

// upload is the form of the dry run with a file.
func upload(t *testing.T, name string, content []byte) (*bytes.Buffer, string) {
	t.Helper()
	body := &bytes.Buffer{}
	form := multipart.NewWriter(body)
	file, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = file.Write(content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return body, form.FormDataContentType()
}

func TestPages_Check(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	without := w.pages()
	without.get("/check", "", http.StatusNotFound)
	without.hides("a page without a dry run", without.get("/", "", http.StatusOK), "/check")

	j := &judge{}
	server := httptest.NewServer(w.pages(func(c *console.Config) { c.Checker = j }).handler)
	defer server.Close()
	for _, c := range []struct {
		name   string
		size   int
		status int
		says   string
	}{{"b.xml", 300_000, 200, "nogle betalinger ville blive afvist. Godkendt 2 1.234,56 kr. Afvist 1"}, {"", 0, 200, "Vælg en fil først"},
		{"b.xml", 2 << 20, 413, "Filen er for stor"}} {
		body, kind := upload(t, c.name, make([]byte, c.size))
		r, err := server.Client().Post(server.URL+"/check", kind, body)
		if err != nil {
			t.Fatal(err)
		}
		html, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != c.status {
			t.Errorf("%d bytes: %d, %v", c.size, r.StatusCode, err)
		}
		without.says("the report", string(html), c.says)
		if c.size == 300_000 {
			without.says("the report", string(html), "57 010170-xxxx 0009 MODTAGER NKSPayment/PmtInf[1]/PmtTx[2]", "Yderligere 999 fejl")
			if j.read != 300_000 {
				t.Errorf("read %d bytes", j.read)
			}
		}
		if err := r.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

func incomplete(e2e, kind, id string, ore int64) intaketest.Payment {
	return intaketest.Incomplete(e2e, kind, id, ore*10)
}

// eventually asks again and again, for a while.
func eventually(t *testing.T, holds func() bool) bool {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); <-tick.C {
		if holds() {
			return true
		}
	}
	return false
}

// TestPages_OnlyItsOwnElement: a bundle that tries to be miscounted shows nobody else's payment.
func TestPages_OnlyItsOwnElement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := bundle("G-1", complete("A-1", 100), complete("A&2 <æ>", 200), complete("A-3", 300)).XML()
	doc = bytes.Replace(doc, []byte("<s:PmtTx>"), []byte("<!-- <s:PmtTx> it's \"odd\" --><s:PmtTx>"), 1)
	if err := w.put("LEVA", "odd.xml", doc); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.check()
	p := w.pages()
	html := p.get("/payment/"+w.payment("A&2 <æ>"), "77", http.StatusOK)
	if !strings.Contains(html, "A&amp;amp;2 &amp;lt;æ&amp;gt;") {
		t.Errorf("its own element is not shown:\n%s", plainText(html))
	}
	p.hides("the second payment", html, "A-1", "A-3")
}
