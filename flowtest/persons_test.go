package flowtest_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/act"
	"nks/internal/app"
)

// signer is a person with a key.
type signer struct {
	name, public, file string
}

// newSigner makes a person's key in a file, as ssh-keygen wants it.
func newSigner(t *testing.T, name string) signer {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("no ssh-keygen")
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	s := signer{name: name, public: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), file: filepath.Join(t.TempDir(), "key")}
	if err := os.WriteFile(s.file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// signs is what ssh-keygen makes of a text.
func (s signer) signs(t *testing.T, text, namespace string) string {
	t.Helper()
	c := exec.Command("ssh-keygen", "-q", "-Y", "sign", "-f", s.file, "-n", namespace)
	c.Stdin = strings.NewReader(text)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("ssh-keygen: %v", err)
	}
	return string(out)
}

// onRecord lets persons decide, as the configuration does.
func (w *world) onRecord(all ...signer) {
	w.t.Helper()
	lines := "# those who may decide\n\n"
	for _, s := range all {
		lines += s.public + " " + s.name + "\n"
	}
	persons, err := act.ReadPersons(lines)
	if err == nil {
		err = w.Desk.BeginPersons(w.t.Context(), persons)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestPersons_Sign: once persons are on record each signs for itself, and nothing else counts.
func TestPersons_Sign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bo, eve := newSigner(t, "A. Hansen"), newSigner(t, "B. Jensen"), newSigner(t, "Eve")
	w.onRecord(ann, bo)
	w.onRecord(eve, ann) // counts for an empty database alone
	id := w.raise(gateway.BankMessageUnknown, "BEC file 1 X", gateway.DetailMessageType.With("X"))
	if _, err := w.decide(act.KindClose, "Eve", id); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("asked by nobody on record: %v", err)
	}
	d, other := w.decides(act.KindClose, "a. hansen", id), w.decides(act.KindClose, "B. Jensen", id)
	refused := func(what, by, signature string, want error) {
		t.Helper()
		if _, err := w.Desk.Approve(t.Context(), d.ID, by, signature); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	refused("no signature", "B. Jensen", "", gateway.ErrSignature)
	refused("no signature at all", "B. Jensen", "yes", gateway.ErrSignature)
	refused("another's key", "B. Jensen", ann.signs(t, d.ToSign(), gateway.SignatureNamespace), gateway.ErrSignature)
	refused("another decision", "B. Jensen", bo.signs(t, other.ToSign(), gateway.SignatureNamespace), gateway.ErrSignature)
	refused("another purpose", "B. Jensen", bo.signs(t, d.ToSign(), "file"), gateway.ErrSignature)
	refused("production", "B. Jensen", bo.signs(t, strings.Replace(d.ToSign(), "environment test", "environment production", 1), gateway.SignatureNamespace), gateway.ErrSignature)
	refused("nobody on record", "Eve", eve.signs(t, d.ToSign(), gateway.SignatureNamespace), gateway.ErrNotFound)

	half, err := w.Desk.Approve(t.Context(), d.ID, "B. Jensen", bo.signs(t, d.ToSign(), gateway.SignatureNamespace))
	if err != nil || half.Executed() != nil || half.WaitsFor() != "a. hansen" {
		t.Errorf("signed by one: %v, waits for %q", err, half.WaitsFor())
	}
	w.want("still open", w.exceptions(), "bank message not understood")
	refused("the same again", "B. Jensen", bo.signs(t, d.ToSign(), gateway.SignatureNamespace), gateway.ErrDecided)
	whole, err := w.Desk.Approve(t.Context(), d.ID, "A. Hansen", ann.signs(t, d.ToSign(), gateway.SignatureNamespace))
	if err != nil || whole.Executed() == nil {
		t.Errorf("signed by both: %v, %+v", err, whole.Steps)
	}
	w.want("closed", w.exceptions(), "")
}

// TestPersons_OneAlone: a notice is closed by the signature of who asks, and another's is none of it.
func TestPersons_OneAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bo := newSigner(t, "A. Hansen"), newSigner(t, "B. Jensen")
	w.onRecord(ann, bo)
	id := w.raise(gateway.BankFileNameReused, "BEC document 1", gateway.DetailNameCameBefore.With())
	d := w.decides(act.KindClose, "A. Hansen", id)
	if d.Persons != 1 || d.Executed() != nil || d.WaitsFor() != "A. Hansen" {
		t.Errorf("asked: %+v", d)
	}
	if _, err := w.Desk.Approve(t.Context(), d.ID, "B. Jensen", bo.signs(t, d.ToSign(), gateway.SignatureNamespace)); !errors.Is(err, gateway.ErrIntent) {
		t.Errorf("another person: %v", err)
	}
	if done, err := w.Desk.Approve(t.Context(), d.ID, "A. Hansen", ann.signs(t, d.ToSign(), gateway.SignatureNamespace)); err != nil || done.Executed() == nil {
		t.Errorf("who asked: %v", err)
	}
	w.want("closed", w.exceptions(), "")
}

// TestPersons_ComeAndGo: by decisions of two, and never so that fewer than two are left.
func TestPersons_ComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bo, cem := newSigner(t, "A. Hansen"), newSigner(t, "B. Jensen"), newSigner(t, "C. Berg")
	w.onRecord(ann, bo)
	both := func(in act.Intent, one, two signer) (act.Decided, error) {
		in.By, in.Why = one.name, "a test"
		d, err := w.Desk.Decide(t.Context(), in)
		if err == nil {
			_, err = w.Desk.Approve(t.Context(), d.ID, one.name, one.signs(t, d.ToSign(), gateway.SignatureNamespace))
		}
		if err == nil {
			d, err = w.Desk.Approve(t.Context(), d.ID, two.name, two.signs(t, d.ToSign(), gateway.SignatureNamespace))
		}
		return d, err
	}
	remove := act.Intent{Kind: act.KindRemovePerson, Content: map[string]string{"name": "b.  jensen"}}
	if _, err := both(remove, ann, bo); !errors.Is(err, gateway.ErrIntent) {
		t.Errorf("the last but one removed: %v", err)
	}
	add := act.Intent{Kind: act.KindAddPerson, Content: map[string]string{"name": "C. Berg", "key": cem.public + " cem@desk"}}
	if _, err := both(add, ann, bo); err != nil {
		t.Error(err)
	}
	if _, err := both(add, ann, bo); !errors.Is(err, gateway.ErrIntent) {
		t.Errorf("added twice: %v", err)
	}
	if _, err := both(remove, ann, cem); err != nil {
		t.Error(err)
	}
	if _, err := both(add, ann, bo); err == nil {
		t.Error("decided by who was removed")
	}
	w.want("persons", w.row(`SELECT name, added_by IS NULL, removed_by IS NULL FROM person ORDER BY id`),
		"A. Hansen true true; B. Jensen true false; C. Berg false true")
}

// TestPersons_NamesAlone are believed where the rules say so, and never in production.
func TestPersons_NamesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	strict := w.steps(func(o *app.StepOptions) { o.Decisions = act.Rules{Environment: "production"} })
	id := w.raise(gateway.BankFileNameReused, "BEC document 1", gateway.DetailNameCameBefore.With())
	if _, err := strict.Desk.Decide(t.Context(), act.Intent{Kind: act.KindClose, IDs: []int64{id}, By: "A. Hansen", Why: "x"}); !errors.Is(err, gateway.ErrNoPersons) {
		t.Errorf("names were believed: %v", err)
	}
	for what, lines := range map[string]string{"one alone": newSigner(t, "x").public + " A", "a nameless one": newSigner(t, "x").public,
		"no key": "A. Hansen", "options": `command="x" ` + newSigner(t, "x").public + " A"} {
		if p, err := act.ReadPersons(lines); err == nil {
			t.Errorf("%s: %+v", what, p)
		}
	}
	a, b := newSigner(t, "x"), newSigner(t, "x")
	if p, err := act.ReadPersons(a.public + " A. Hansen\n" + b.public + " a.  hansen\n"); err == nil { // S8
		t.Errorf("one person under two names: %+v", p)
	}
	if p, err := act.ReadPersons(a.public + " A. Hansen\n" + a.public + " B. Jensen\n"); err == nil {
		t.Errorf("one key for two: %+v", p)
	}
}
