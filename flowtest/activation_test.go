package flowtest_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/banklink"
	"nks/gateway/postgres"
	"nks/gateway/postgres/activate"
	"nks/paper/papertest"
	"nks/register/accounts"
	"nks/register/law"
	"nks/register/letter"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// printer is a print provider, and the link to it.
type printer struct {
	w      *world
	server *sftptest.Plain
	link   *banklink.Link
	read   int // files so far
}

// letters makes a world whose letters go to a print provider. refuses is asked at each file that gets its name.
func letters(t *testing.T, refuses func(name string) error, change ...func(*options)) (*world, *printer) {
	t.Helper()
	w := newWorld(t, change...)
	w.Activate.Rules = activate.Rules{Days: 60, Sender: letter.Sender{Name: "NemKonto", Address: "Postboks 1, 2750 Ballerup", Site: "nemkonto.example", Phone: "33 92 00 00"}}
	p := &printer{w: w, server: sftptest.StartPlain(t, sftptest.Key(t), refuses)}
	var err error
	p.link, err = banklink.Dial(t.Context(), banklink.Config{Client: sftp.ClientConfig{Addr: p.server.Addr, User: "nks", Key: p.server.Key, HostKeys: []ssh.PublicKey{p.server.Host}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.link.Close() })
	return w, p
}

// post writes all letters that are needed, and hands them over.
func (p *printer) post() {
	p.w.t.Helper()
	p.write()
	for {
		worked, err := p.w.Activate.Post(p.w.t.Context(), p.link)
		if err != nil {
			p.w.t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}

func (p *printer) write() {
	p.w.t.Helper()
	for {
		worked, err := p.w.Activate.Next(p.w.t.Context())
		if err != nil {
			p.w.t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}

// came is what the provider has got since it was asked last: the letters' texts, and the indexes.
func (p *printer) came() (texts []string, indexes []string) {
	p.w.t.Helper()
	all := p.server.Names()
	for _, name := range all[p.read:] {
		data := p.server.Content(p.w.t, name)
		if strings.HasSuffix(name, ".pdf") {
			texts = append(texts, strings.ReplaceAll(strings.Join(strings.Fields(papertest.Text(p.w.t, data)), " "), " | ", " "))
		} else {
			indexes = append(indexes, name+": "+string(data))
		}
	}
	p.read = len(all)
	return texts, indexes
}

// plainNames are names of files without the pieces of their hashes.
func plainNames(names []string) string {
	return regexp.MustCompile(`-[0-9a-f]{8}\.`).ReplaceAllString(strings.Join(names, " "), ".")
}

// codesOf is what a holder reads in a letter.
var codesOf = regexp.MustCompile(`Reference: (\d{5} \d{5}) Kode: (\d{4} \d{4} \d{4})`)

// codeIn takes the reference and the code of a letter.
func (w *world) codeIn(text string) activate.Entry {
	w.t.Helper()
	found := codesOf.FindStringSubmatch(text)
	if found == nil {
		w.t.Fatalf("a letter without a code: %s", text)
	}
	return w.entry(found[1], found[2])
}

func (w *world) entry(reference, code string) activate.Entry {
	w.t.Helper()
	r, err := gateway.ParseActivationReference(reference)
	c, wrong := gateway.ParseActivationCode(code)
	if err := errors.Join(err, wrong); err != nil {
		w.t.Fatal(err)
	}
	return activate.Entry{Reference: r, Code: c, Client: "site"}
}

// enters enters a code.
func (w *world) enters(e activate.Entry) string {
	w.t.Helper()
	r, err := w.Activate.Enter(w.t.Context(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	if r.Refused != "" {
		return "refused " + r.Refused
	}
	if r.Since.IsZero() {
		return string(r.Answer)
	}
	return fmt.Sprintf("%s since %s", r.Answer, r.Since.In(w.Base.Location).Format("2006-01-02 15:04"))
}

// other is a code that differs.
func other(e activate.Entry) activate.Entry {
	c := strings.Map(func(r rune) rune { return '0' + ('9'-r+3)%10 }, e.Code.Grouped()[:4]) + e.Code.Grouped()[4:]
	e.Code, _ = gateway.ParseActivationCode(c)
	return e
}

// registers has authority 77 register an account as somebody's NemKonto, and gives the application.
func (w *world) registers(holder, account string) int64 {
	w.t.Helper()
	var all []accounts.Outcome
	err := w.Base.Transact(w.t.Context(), "application", func(x *postgres.Session) (err error) {
		all, err = w.Accounts.Apply(w.t.Context(), x, []accounts.Application{{Channel: law.Interface, Action: law.Register, Holder: gateway.Holder{Kind: gateway.CPR, ID: holder},
			Account: accounts.Account{Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: account}}, Expects: law.Unsaid, By: "system of 77", OnBehalfOf: "77", Why: "asked for by letter", Source: "case 12"}})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if all[0].State != law.WaitsActivation {
		w.t.Fatalf("the application %s: %s %s", all[0].State, all[0].Rule, all[0].Why)
	}
	return all[0].Application
}

const another = "10020000555555"

// paysTo is the account that a payment to somebody would go to now.
func (w *world) paysTo(holder string) string {
	w.t.Helper()
	return w.row(`SELECT account FROM account_version WHERE holder_kind = 1 AND holder_id = $1::bigint AND authority IS NULL AND recorded_to IS NULL
		AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)`, holder, w.time())
}

// TestActivation: what an authority registers counts once its holder has entered the code of the letter, at once; until then the account before
// stays in use. The code entered again says the same. // B13 // B13.2 // B25.3
func TestActivation(t *testing.T) {
	t.Parallel()
	w, p := letters(t, nil)
	application := w.registers(ann, another)
	p.post()
	texts, indexes := p.came()
	if len(texts) != 1 || len(indexes) != 1 || !regexp.MustCompile(`^LETTERS-0000000001-[0-9a-f]{8}\.csv: file;bytes;sha256\nLETTER-0000000001-([0-9a-f]{8})\.pdf;[0-9]+;[0-9a-f]{64}\n$`).MatchString(indexes[0]) {
		t.Fatalf("%d letters; indexes %q", len(texts), indexes)
	}
	for _, want := range []string{"Ann Andersen Algade 1 4600 Køge", "Prøvekøbing Kommune har registreret konto 1002 000055xxxx", "10. oktober 2005"} {
		if !strings.Contains(texts[0], want) {
			t.Errorf("the letter does not say %q: %s", want, texts[0])
		}
	}
	w.want("pays to", w.paysTo(ann), annAccount)
	e := w.codeIn(texts[0])
	if strings.Contains(w.row(`SELECT a::text || coalesce(encode(l.sealed, 'hex'), '') FROM activation a JOIN letter l ON l.activation = a.id`), strings.ReplaceAll(e.Code.Grouped(), " ", "")) {
		t.Error("the code is in the database")
	}
	w.want("the document", w.row(`SELECT state, sealed IS NULL FROM letter`), "sent true")
	w.later(time.Hour)
	w.want("a wrong code", w.enters(other(e)), "wrong")
	w.want("pays to", w.paysTo(ann), annAccount)
	w.want("the code", w.enters(e), "active since 2005-08-11 05:30")
	w.want("pays to", w.paysTo(ann), another)
	w.later(time.Hour)
	w.want("the code again", w.enters(e), "active since 2005-08-11 05:30")
	w.want("steps", w.row(`SELECT state, by FROM activation_step ORDER BY id`), "open nks; used site")
	w.want("tries", w.row(`SELECT answer, client FROM activation_try ORDER BY id`), "wrong site; active site; active site")
	w.want("application", w.row(`SELECT state FROM account_application_step WHERE application = $1 ORDER BY n DESC LIMIT 1`, application), "in_force")
	p.post()
	if texts, indexes := p.came(); len(texts)+len(indexes) > 0 {
		t.Errorf("more is sent: %q", indexes)
	}
}

// TestActivation_Guessed: five wrong codes lock, a reference which there is not answers alike, and another letter has another code, which alone
// counts. // B13
func TestActivation_Guessed(t *testing.T) {
	t.Parallel()
	w, p := letters(t, nil)
	application := w.registers(ann, another)
	p.post()
	texts, _ := p.came()
	first := w.codeIn(texts[0])
	unknown := first
	unknown.Reference = "0000000000"
	for range 5 {
		w.want("of no reference", w.enters(unknown), "wrong")
		w.want("wrong", w.enters(other(first)), "wrong")
	}
	w.want("locked", w.enters(first), "wrong")
	w.want("state", w.row(`SELECT state, tries FROM activation`), "locked 5")
	w.want("tries", w.row(`SELECT activation IS NULL, answer, count(*) FROM activation_try GROUP BY 1, 2 ORDER BY 1`), "false wrong 6; true wrong 5")
	w.decides(act.KindResendLetter, "A. Hansen", application)
	p.post()
	texts, _ = p.came()
	second := w.codeIn(texts[0])
	if second.Reference == first.Reference || second.Code == first.Code {
		t.Error("the other letter has the same code")
	}
	w.want("the first letter", w.enters(first), "wrong")
	w.later(61 * 24 * time.Hour)
	w.want("too late", w.enters(second), "expired")
	w.decides(act.KindResendLetter, "A. Hansen", application)
	p.post()
	texts, _ = p.came()
	w.want("replaced", w.enters(second), "replaced")
	if got := w.enters(w.codeIn(texts[0])); !strings.HasPrefix(got, "active since") {
		t.Errorf("the third letter: %s", got)
	}
	if _, err := w.decide(act.KindResendLetter, "A. Hansen", application); err == nil {
		t.Error("another letter of what is active")
	}
	list, err := w.Desk.Letters(t.Context(), "sent", 2)
	if err != nil || len(list) != 2 || list[0].Code != "used" || list[1].Code != "replaced" || list[0].Application != application {
		t.Errorf("listed: %+v, %v", list, err)
	}
	if text := w.log.String(); strings.Contains(text, strings.ReplaceAll(first.Code.Grouped(), " ", "")) || strings.Contains(text, first.Code.Grouped()) {
		t.Error("the log has a code")
	}
}

// TestActivation_AtOnce: of many who enter codes at once no more than five may be wrong, and one activates. // B13
func TestActivation_AtOnce(t *testing.T) {
	t.Parallel()
	w, p := letters(t, nil)
	w.registers(ann, another)
	p.post()
	texts, _ := p.came()
	e := w.codeIn(texts[0])
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := w.Activate.Enter(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.want("used", w.row(`SELECT state, count(*) FROM activation_step GROUP BY 1 ORDER BY 1`), "open 1; used 1")
	w.want("in force", w.row(`SELECT count(*) FROM account_application_step WHERE state = 'in_force'`), "1")
	for range 8 {
		all.Go(func() {
			if _, err := w.Activate.Enter(t.Context(), other(e)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.want("tries", w.row(`SELECT tries FROM activation`), "5")
}

// TestActivation_NobodyDead: never a letter to somebody dead, also not one that is made and has not left, nor without an address; a guardian gets
// that of a ward. // B13
func TestActivation_NobodyDead(t *testing.T) {
	t.Parallel()
	w, p := letters(t, nil)
	homeless := w.registers(lost, another)
	w.registers(ann, another)
	w.registers(bob, another)
	w.exec(`UPDATE holder_version SET guardian = $1::bigint, guardianship = 1 WHERE id = $2::bigint AND kind = 1`, poor, bob)
	p.write()
	w.want("open exceptions", w.row(`SELECT kind, subject, severity FROM exception WHERE closed_at IS NULL`), fmt.Sprintf("letter cannot be sent application %d 2", homeless))
	w.exec(`UPDATE holder_version SET status = 2, ended_on = '2005-08-11' WHERE id = $1::bigint AND kind = 1`, ann)
	p.post()
	texts, _ := p.came()
	if len(texts) != 1 || !strings.Contains(texts[0], "Poul Fattig") || !strings.Contains(texts[0], "som værge for Bob Bentsen") {
		t.Errorf("letters: %q", texts)
	}
	w.want("letters", w.row(`SELECT state FROM letter ORDER BY id`), "failed; sent")
	w.want("open exceptions", w.row(`SELECT count(*) FROM exception WHERE kind = 'letter cannot be sent' AND closed_at IS NULL`), "2")
	w.exec(`UPDATE holder_version SET street = 'Gyden 1', town = 'Køge', postcode = '4600' WHERE id = $1::bigint AND kind = 1`, lost)
	w.decides(act.KindResendLetter, "A. Hansen", homeless)
	p.post()
	if texts, _ = p.came(); len(texts) != 1 || !strings.Contains(texts[0], "Lone Hjemløs") {
		t.Errorf("the letter to the new address: %q", texts)
	}
	w.want("open exceptions", w.row(`SELECT count(*) FROM exception WHERE kind = 'letter cannot be sent' AND closed_at IS NULL`), "1")
}

// TestActivation_JudgedAgain: what has happened since the letter counts: a right code of somebody dead, or of an application that was taken back, changes
// nothing, and says so. // B13 // B18.3
func TestActivation_JudgedAgain(t *testing.T) {
	t.Parallel()
	w, p := letters(t, nil)
	w.registers(ann, another)
	withdrawn := w.registers(bob, another)
	p.post()
	texts, _ := p.came()
	w.exec(`UPDATE holder_version SET status = 2, ended_on = '2005-08-11' WHERE id = $1::bigint AND kind = 1`, ann)
	err := w.Base.Transact(t.Context(), "withdraw", func(x *postgres.Session) error {
		_, err := w.Accounts.Withdraw(t.Context(), x, withdrawn, "77", "a mistake")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.want("dead", w.enters(w.codeIn(texts[0])), "refused B18.3")
	w.want("withdrawn", w.enters(w.codeIn(texts[1])), "refused moved")
	w.want("pays to", w.paysTo(ann), annAccount)
	w.want("again", w.enters(w.codeIn(texts[0])), "replaced")
	w.want("tries", w.row(`SELECT answer FROM activation_try ORDER BY id`), "refused; refused; replaced")
	if _, err := w.decide(act.KindResendLetter, "A. Hansen", withdrawn); err == nil {
		t.Error("another letter of what was taken back")
	}
}

// TestActivation_Lapses: what nobody activates, and nobody has another letter sent for, ends by itself. // B13
func TestActivation_Lapses(t *testing.T) {
	t.Parallel()
	w, p := letters(t, nil)
	w.registers(ann, another)
	w.registers(lost, another) // without an address
	p.post()
	texts, _ := p.came()
	w.later(119 * 24 * time.Hour)
	p.write()
	w.want("before", w.row(`SELECT state FROM activation ORDER BY id`), "open; unsent")
	w.later(26 * time.Hour)
	p.write()
	w.want("after", w.row(`SELECT v.state, (SELECT s.state FROM account_application_step s WHERE s.application = v.application ORDER BY n DESC LIMIT 1) FROM activation v ORDER BY id`),
		"lapsed lapsed; lapsed lapsed")
	w.want("exceptions", w.row(`SELECT count(*) FROM exception WHERE kind = 'letter cannot be sent' AND closed_at IS NULL`), "0")
	w.want("the code", w.enters(w.codeIn(texts[0])), "replaced")
	w.want("pays to", w.paysTo(ann), annAccount)
	p.post()
	if texts, _ := p.came(); len(texts) > 0 {
		t.Errorf("more letters: %q", texts)
	}
}

// TestLetters_BreakOff: what broke off is sent again as the same bytes under the same name, once; the index comes last.
func TestLetters_BreakOff(t *testing.T) {
	t.Parallel()
	broken := map[string]bool{}
	w, p := letters(t, func(name string) error {
		if broken[name] || len(broken) == 3 {
			return nil
		}
		broken[name] = true
		return errors.New("broken")
	})
	w.registers(ann, another)
	w.registers(bob, another)
	p.write()
	failed := 0
	for range 10 {
		if _, err := p.w.Activate.Post(t.Context(), p.link); err != nil {
			failed++
		}
	}
	w.want("failures", fmt.Sprint(failed), "3")
	w.want("files", plainNames(p.server.Names()), "LETTER-0000000001.pdf LETTER-0000000002.pdf LETTERS-0000000001.csv")
	// One that has arrived, and of which that is not known: nothing is sent twice.
	w.registers(poor, another)
	p.write()
	w.Activate.Failpoint = func(string) { panic("ended") }
	func() {
		defer func() { _ = recover() }()
		_, _ = p.w.Activate.Post(t.Context(), p.link)
	}()
	w.Activate.Failpoint = func(string) {}
	p.post()
	w.want("files", plainNames(p.server.Names()[3:]), "LETTER-0000000003.pdf LETTERS-0000000002.csv")
	w.want("letters", w.row(`SELECT state, attempts FROM letter ORDER BY id`), "sent 2; sent 2; sent 2")
}

// TestActivation_Found: a payment goes to the account before until the other is activated; an order that is out to it by then is found. // B25.2 // B25.3
func TestActivation_Found(t *testing.T) {
	t.Parallel()
	w, p := letters(t, nil, ahead(t), wants("hold"))
	w.effects()
	w.registers(ann, another)
	w.fillImage()
	p.post()
	texts, _ := p.came()
	w.receive(toAnn())
	w.at(receiveBy)
	w.release()
	const last = `SELECT o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id WHERE p.e2e = 'A' ORDER BY o.attempt DESC LIMIT 1`
	w.effects()
	w.want("before", w.row(last)+w.found(), annAccount)
	w.want("activated", w.enters(w.codeIn(texts[0])), "active since 2005-08-11 06:00")
	w.fillImage()
	w.effects()
	w.want("found", w.found(), "A frozen hold anew 2005-08-18")
	w.release()
	w.want("after", w.row(last), another)
	w.effects()
}

// TestActivation_Promote: the letter of a specific account that is to become the NemKonto shows that account, and no benefit. // B13
func TestActivation_Promote(t *testing.T) {
	t.Parallel()
	w, p := letters(t, nil)
	err := w.Base.Transact(t.Context(), "application", func(x *postgres.Session) error {
		all, err := w.Accounts.Apply(t.Context(), x, []accounts.Application{{Channel: law.Interface, Action: law.Register, Holder: gateway.Holder{Kind: gateway.CPR, ID: poor}, Authority: "77", BenefitType: "YD77",
			Account: accounts.Account{Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: another}}, Expects: law.Unsaid, By: "system of 77", OnBehalfOf: "77", Why: "asked for", Source: "case 1"}})
		if err == nil && all[0].State != law.InForce {
			err = fmt.Errorf("registered: %+v", all[0])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Base.Transact(t.Context(), "application", func(x *postgres.Session) error {
		all, err := w.Accounts.Apply(t.Context(), x, []accounts.Application{{Channel: law.Interface, Action: law.Promote, Holder: gateway.Holder{Kind: gateway.CPR, ID: poor}, Authority: "77", BenefitType: "YD77",
			Expects: law.Unsaid, By: "system of 77", OnBehalfOf: "77", Why: "asked for", Source: "case 2"}})
		if err == nil && all[0].State != law.WaitsActivation {
			err = fmt.Errorf("promoted: %+v", all[0])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.post()
	texts, _ := p.came()
	if len(texts) != 1 || !strings.Contains(texts[0], "har registreret konto 1002 000055xxxx") || strings.Contains(texts[0], "YD77") {
		t.Fatalf("letters %q", texts)
	}
	w.want("the code", w.enters(w.codeIn(texts[0])), "active since 2005-08-11 04:30")
	w.want("pays to", w.paysTo(poor), another)
}
