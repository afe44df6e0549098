package flowtest_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/bankfile"
	"nks/internal/app"
)

// The keys of package autack's tests. Whose they are changes from test to test.
const (
	firstKey  = "../edifact/autack/testdata/test-key.pem"
	secondKey = "../edifact/autack/testdata/test-key-4096.pem"
)

func autackSigner(t testing.TB, path string) *bankfile.Signing {
	t.Helper()
	key, err := autack.LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	return &bankfile.Signing{Key: key, Name: "NKS2005"}
}

func autackPublic(t testing.TB, path string) *rsa.PublicKey {
	t.Helper()
	return autackSigner(t, path).Key.Public().(*rsa.PublicKey)
}

func keyPrint(t testing.TB, path string) string {
	t.Helper()
	sum, err := autack.Fingerprint(autackPublic(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum)
}

// autackBank has BEC sign and be signed to: our key, and the names and keys of theirs.
func autackBank(t testing.TB, ours string, theirs map[string]string) func(*options) {
	return func(o *options) { o.banks[0].Codec = autackCodec(t, ours, theirs) }
}

func autackCodec(t testing.TB, ours string, theirs map[string]string) gateway.BankCodec {
	t.Helper()
	p := bankfile.Profile{OwnGLN: ownGLN, BankGLN: becGLN, Charset: "UNOC", Wrap: "crlf", UNA: true, Test: true, Cheques: true,
		Rejected: []string{"2"}, Information: []string{"3"}, Accepted: []string{"1"}, Executed: []string{"4"}, Verify: map[string]*rsa.PublicKey{}}
	if ours != "" {
		p.Sign = autackSigner(t, ours)
	}
	for name, path := range theirs {
		p.Verify[name] = autackPublic(t, path)
	}
	codec, err := bankfile.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// has is a gateway whose profile of BEC has other keys.
func (w *world) has(ours string, theirs map[string]string) *app.Steps {
	w.t.Helper()
	return w.steps(func(o *app.StepOptions) {
		banks := append(fixed{}, w.banks...)
		banks[0].Codec = autackCodec(w.t, ours, theirs)
		o.Banks = banks
	})
}

// signed is a bank's file with its AUTACK.
func autackSigned(t testing.TB, key, name, text string) string {
	t.Helper()
	var out bytes.Buffer
	err := autack.Append(&out, strings.NewReader(text), autackSigner(t, key).Key, autack.AppendOptions{SignOptions: autack.SignOptions{KeyName: name},
		Reader: edifact.ReaderOptions{Lenient: edifact.LineBreaks}})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// openSSLVerifies asks somebody else's program about every signature of an interchange.
func openSSLVerifies(t *testing.T, key, interchange string) (messages int) {
	t.Helper()
	dir := t.TempDir()
	openssl := func(args ...string) string {
		printed, _ := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput()
		return strings.TrimSpace(string(printed))
	}
	openssl("pkey", "-in", key, "-pubout", "-out", filepath.Join(dir, "public"))
	for _, s := range regexp.MustCompile(`USX\+[^']*\+\+\+\+(\d+)\+[^']*'\s*USY\+1\+1:([0-9A-F]+)'`).FindAllStringSubmatch(interchange, -1) {
		message := regexp.MustCompile(`(?s)UNH\+` + s[1] + `\+.*?UNT\+\d+\+` + s[1] + `'`).FindString(interchange)
		value, err := hex.DecodeString(s[2])
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{"content": []byte(message), "signature": value} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if printed := openssl("dgst", "-sha256", "-verify", filepath.Join(dir, "public"), "-signature", filepath.Join(dir, "signature"), filepath.Join(dir, "content")); printed != "Verified OK" {
			t.Errorf("message %s: %s", s[1], printed)
		}
		messages++
	}
	return messages
}

// TestAutack_Out: all that goes to a bank that asks for it is signed, the same when it is written again, and by no other key than
// it was frozen with. // B16.4
func TestAutack_Out(t *testing.T) {
	t.Parallel()
	w := newWorld(t, autackBank(t, firstKey, map[string]string{"B1": secondKey}), func(o *options) {
		o.limits.Split.InterchangeOrders, o.limits.Split.MessageOrders = 5, 2
	})
	w.receive(bundle("G-1", complete("A", 100), complete("B", 200), complete("C", 300), complete("D", 400), complete("E", 500), complete("F", 600)))
	w.at(receiveBy)
	w.release()
	first := w.interchanges()
	if len(first) != 2 {
		t.Fatalf("%d interchanges", len(first))
	}
	for i, want := range []int{3, 1} {
		if n := openSSLVerifies(t, firstKey, first[i]); n != want {
			t.Errorf("%d messages are signed, want %d, in\n%s", n, want, first[i])
		}
	}
	by := keyPrint(t, firstKey)
	w.want("frozen with the key", w.row(`SELECT DISTINCT encode(signed_by, 'hex') FROM interchange`), by)
	w.want("messages of ours", w.row(`SELECT messages FROM interchange ORDER BY id`), "3; 1")
	w.unrender()
	for range 2 { // the first fails, the others wait for it
		for _, keys := range []string{secondKey, ""} {
			if worked, err := w.has(keys, map[string]string{"B1": secondKey}).Release.NextToRender(t.Context(), "BEC"); worked || err == nil || !strings.Contains(err.Error(), "put that key back") {
				t.Errorf("with another key: %t, %v", worked, err)
			}
		}
	}
	w.want("exceptions", w.exceptions(), "interchange cannot be written; interchange cannot be written")
	w.want("told", w.row(`SELECT count(*) FROM exception WHERE detail LIKE '%frozen with `+by[:16]+`%'`), "2")
	w.render()
	if again := w.interchanges(); strings.Join(again, "") != strings.Join(first, "") {
		t.Errorf("rendered\n%q\nand then\n%q", first, again)
	}
	w.want("exceptions", w.exceptions(), "")

	w.dispatch()
	w.lay("BEC", "a.edi", autackSigned(t, secondKey, "B1", file("BEC", "F1", bansta("BEC-00000000000001-0001", status(1, 1, "2", "Nej")))))
	w.hear("BEC")
	answer := w.raw(w.number(`SELECT document_id FROM interchange WHERE kind = 'CONTRL'`))
	if n := openSSLVerifies(t, firstKey, answer); n != 1 || !strings.Contains(answer, "UCI+F1+") {
		t.Errorf("%d messages are signed in\n%s", n, answer)
	}
	w.want("answered with the key", w.row(`SELECT DISTINCT encode(signed_by, 'hex') FROM interchange`), by)
	w.want("ledger", w.ledger(), "with_bank 5 = 2000, returned 1 = 100")
	w.newAnswers()
}

// TestAutack_WithoutKey: nothing is frozen that could not be signed, and it goes when it can.
func TestAutack_WithoutKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, autackBank(t, firstKey, nil))
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	missing := w.steps(func(o *app.StepOptions) {
		banks := append(fixed{}, w.banks...)
		codec, err := bankfile.New(bankfile.Profile{OwnGLN: ownGLN, BankGLN: becGLN, Charset: "UNOC", Wrap: "crlf", Test: true, Rejected: []string{"2"},
			Sign: &bankfile.Signing{Missing: os.ErrNotExist, Name: "NKS2005"}})
		if err != nil {
			t.Fatal(err)
		}
		banks[0].Codec = codec
		o.Banks = banks
	})
	if worked, err := missing.Release.Next(t.Context()); worked || err == nil {
		t.Errorf("release: %t, %v", worked, err)
	}
	w.want("held", w.ledger()+", "+w.exceptions(), "waiting 1 = 100, release fails")
	w.release()
	w.want("released", w.ledger()+", "+w.exceptions(), "frozen 1 = 100, ")
}

// TestAutack_In: what nothing proves to be the bank's has no effect, is not answered and takes no number; it is heard when its key is
// known, and answered then, once. // B16.4
func TestAutack_In(t *testing.T) {
	t.Parallel()
	const rejects = "BEC-00000000000001-0001"
	theirs := map[string]string{"B1": secondKey}
	text := file("BEC", "F1", bansta(rejects, status(1, 2, "2", "Nej")))
	good := autackSigned(t, secondKey, "B1", text)
	for name, c := range map[string]struct{ text, why string }{
		"without":        {text, "not signed"},
		"tampered":       {strings.Replace(good, "SEQ++2'", "SEQ++1'", 1), "signature is wrong"},
		"with our key":   {autackSigned(t, firstKey, "B1", text), "signature is wrong"},
		"unknown key":    {autackSigned(t, secondKey, "B2", text), "key is not known"},
		"and unreadable": {strings.Replace(text, "GIS+2'", "GIS'", 1), "not signed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, autackBank(t, firstKey, theirs))
			w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
			w.newAnswers()
			before := w.ledger()
			w.lay("BEC", "x.edi", c.text)
			w.hear("BEC")
			w.want("exceptions", w.exceptions(), "bank file not proven")
			w.want("severity", w.row(`SELECT severity, bank, thing FROM exception`), "3 BEC bank file")
			w.want("why", w.row(`SELECT position($$`+c.why+`$$ in note) > 0, state, signed_by IS NULL, control_ref FROM bank_file`), "true parked true <nil>")
			w.want("nothing follows", w.ledger()+w.names(w.newAnswers()), before)
			w.want("nor is it answered", w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL'`), "0")
			w.want("its number is free", w.row(`SELECT count(*) FROM bank_interchange`), "0")
			w.lay("BEC", "y.edi", good)
			w.hear("BEC")
			w.want("the bank's own", w.ledger(), "with_bank 1 = 100, returned 1 = 200")
			w.want("answers", w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL'`), "1")
			w.newAnswers()
		})
	}
}

// TestAutack_NewKey: two keys of a bank count beside each other; a file by one that came too early is heard again when it is known.
func TestAutack_NewKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, autackBank(t, firstKey, map[string]string{"B1": firstKey}))
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.newAnswers()
	w.lay("BEC", "old.edi", autackSigned(t, firstKey, "B1", file("BEC", "F1", contrl("BEC", 1, "7"))))
	w.lay("BEC", "new.edi", autackSigned(t, secondKey, "B2", file("BEC", "F2", bansta("BEC-00000000000001-0001", status(1, 2, "2", "Nej")))))
	w.hear("BEC")
	w.want("the new one is not known", w.exceptions()+", "+w.row(`SELECT state, hearing FROM bank_file ORDER BY id`), "bank file not proven, done 1; parked 1")
	again := func() {
		w.decided(act.KindHearAgain, w.number(`SELECT max(id) FROM bank_file`))
		w.want("while it waits", w.exceptions(), "")
		w.hear("BEC")
	}
	again()
	w.want("still not", w.exceptions()+", "+w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL'`), "bank file not proven, 0")
	w.Steps = w.has(firstKey, map[string]string{"B1": firstKey, "B2": secondKey})
	again()
	w.want("both count", w.ledger()+", "+w.exceptions(), "with_bank 1 = 100, returned 1 = 200, ")
	w.want("by", w.row(`SELECT encode(signed_by, 'hex') FROM bank_file ORDER BY id`), keyPrint(t, firstKey)+"; "+keyPrint(t, secondKey))
	w.want("answered", w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL'`), "1")
	f, err := w.Bank.File(t.Context(), w.number(`SELECT max(id) FROM bank_file`))
	if err != nil || f.SignedBy != keyPrint(t, secondKey) {
		t.Errorf("shown as signed by %s: %v", f.SignedBy, err)
	}
	w.lay("BEC", "third.edi", autackSigned(t, firstKey, "B1", file("BEC", "F3", bansta("BEC-00000000000001-0001", status(1, 1, "4", "")))))
	w.hear("BEC")
	w.want("the old one still does", w.row(`SELECT state FROM bank_file ORDER BY id DESC LIMIT 1`)+w.exceptions(), "done")
	w.newAnswers()
}

// TestAutack_KeyIsGone: a file that was proven is answered though its key is no longer known by then, and one that was answered is not
// answered again.
func TestAutack_KeyIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, autackBank(t, firstKey, map[string]string{"B1": secondKey}))
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.newAnswers()
	w.lay("BEC", "a.edi", autackSigned(t, secondKey, "B1", file("BEC", "F1", bansta("BEC-00000000000001-0001", status(1, 2, "77", "Nej")))))
	if worked, err := w.Bank.NextToHear(t.Context(), "BEC"); !worked || err != nil {
		t.Fatalf("hear: %t, %v", worked, err)
	}
	w.Steps = w.has(firstKey, map[string]string{"B1": firstKey})
	w.hear("BEC")
	w.want("answered", w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL'`), "1")
	w.decided(act.KindHearAgain, w.bankFile(1))
	w.hear("BEC")
	w.want("not proven any more", w.exceptions(), "bank file not proven")
	w.Steps = w.has(firstKey, map[string]string{"B1": secondKey})
	w.decided(act.KindHearAgain, w.bankFile(1))
	w.hear("BEC")
	w.want("heard again", w.row(`SELECT state, hearing FROM bank_file`)+", "+w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL'`), "done 3, 1")
	w.newAnswers()
}
