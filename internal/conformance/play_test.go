package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/nksxml"
	"nks/internal/client"
	"nks/internal/conformance"
	"nks/sftp"
	"nks/sftp/sftptest"
)

var cast = conformance.Cast{Supplier: "LEV", To: "NKSTEST", Authority: "77", Agreement: "A-1", Debit: "30010000000001", Benefit: "YD1", Domestic: "0101575001", Unknown: "0909575009",
	Without: "0303575003", Account: "30010000000002"}

// gateway under test: a mailbox whose answers a test decides, by case and the bundle's id.
type fake struct {
	t       *testing.T
	options conformance.Options
	box     *sftptest.Memory
	answers func(c, id string) []any

	mu   sync.Mutex
	sent map[string]int
	n    int
}

func newFake(t *testing.T, answers func(c, id string) []any) *fake {
	t.Helper()
	dir := t.TempDir()
	host, err := sftp.EnsureKey(filepath.Join(dir, "host"))
	must(t, err)
	key, err := sftp.EnsureKey(filepath.Join(dir, "key"))
	must(t, err)
	f := &fake{t: t, box: sftptest.NewMemory(), answers: answers, sent: map[string]int{}}
	f.box.Hook = func(op, _, name string) error {
		if op == "rename" {
			f.answer(strings.TrimSuffix(path.Base(name), ".xml"))
		}
		return nil
	}
	server := sftptest.Start(t, sftp.ServerConfig{HostKeys: []ssh.Signer{host}, Keys: sftptest.Keyring{"LEV": {key.PublicKey()}}, Mailbox: f.box})
	f.options = conformance.Options{Door: client.Config{Mailbox: server.Addr().String(), Login: "LEV", Key: filepath.Join(dir, "key"), HostKey: filepath.Join(dir, "host.pub")},
		Cast: cast, Dir: filepath.Join(dir, "report"), Wait: 10 * time.Second, Massive: 2, Say: io.Discard, Now: time.Now}
	return f
}

// answer offers what the test decides for what was sent under a name; a name that comes again is case "again".
func (f *fake) answer(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := id[strings.LastIndex(id, "-")+1:]
	if f.sent[id]++; f.sent[id] > 1 {
		name = "again"
	}
	for _, doc := range f.answers(name, id) {
		var b bytes.Buffer
		if text, odd := doc.(string); odd {
			b.WriteString(text)
		} else if err := nksxml.Write(&b, doc); err != nil {
			f.t.Error(err)
		}
		f.n++
		f.box.Offer("LEV", "ANSWER-"+string(rune('0'+f.n/100%10))+string(rune('0'+f.n/10%10))+string(rune('0'+f.n%10))+".xml", b.Bytes())
	}
}

func (f *fake) plays(only ...string) map[string]gateway.Verdict {
	f.t.Helper()
	f.options.Only = only
	r, err := conformance.Play(f.t.Context(), f.options)
	must(f.t, err)
	all := map[string]gateway.Verdict{}
	for _, c := range r.Cases {
		all[c.ID] = c.Verdict
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var now = time.Date(2005, 8, 11, 4, 30, 0, 0, time.UTC)

func header(id string) nksxml.AnswerHeader {
	return nksxml.AnswerHeader{From: []string{"NKSTEST", "5798000016446"}, To: []string{"LEV"}, MessageID: "NKS KVITTERING1 1", Timestamp: now, RefToMessageID: id}
}

func refuses(id, code string) any {
	return &nksxml.Receipt1{Header: header(id), Action: nksxml.Rejected, Errors: []nksxml.Fault{{Code: code, Description: "x"}}}
}

func general(id string) nksxml.General {
	return nksxml.General{StatusID: "NKS2C RETURSVAR 0000000001", Created: now, Authority: "77", GroupID: id}
}

func accepts(id string, rejected ...nksxml.Status) []any {
	group, blocks := nksxml.GroupStatus{Status: nksxml.Accepted}, [][]nksxml.Status(nil)
	if len(rejected) > 0 {
		group.Status, blocks = nksxml.Part, [][]nksxml.Status{rejected}
	}
	return []any{&nksxml.Receipt1{Header: header(id), Action: nksxml.Accepted}, &nksxml.Response2{Header: header(id), General: general(id), Group: group, Blocks: blocks}}
}

func unreadable() []any {
	return []any{&nksxml.Receipt0{Header: nksxml.AnswerHeader{From: []string{"NKSTEST"}, MessageID: "NKS KVITTERING0 1", Timestamp: now}, Errors: []nksxml.Fault{{Code: "5199", Description: "x"}}}}
}

func back(id string) any {
	return &nksxml.Response7{General: general(id), Blocks: [][]nksxml.Status{{{EndToEndID: id + "-1", Status: nksxml.Rejected, Reason: "RJCT", Text: "x"}}}}
}

// TestPlay_ARightGateway: each case passes by what must come, and what nobody is cast for is not possible.
func TestPlay_ARightGateway(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(c, id string) []any {
		switch c {
		case "01":
			return unreadable()
		case "02":
			return []any{refuses(id, "1")}
		case "03":
			return accepts(id, nksxml.Status{EndToEndID: id + "-2", Status: nksxml.Rejected, Reason: "0009", Text: "x"})
		case "07":
			return append(accepts(id), back(id))
		case "51":
			return []any{refuses(id, "901")}
		case "54":
			return []any{refuses(strings.TrimSuffix(id, "54")+"03", "904")}
		case "again":
			return nil
		}
		return accepts(id)
	})
	got := f.plays("02", "03", "04", "05", "07", "51", "54", "55")
	want := map[string]gateway.Verdict{"01": gateway.VerdictPassed, "02": gateway.VerdictPassed, "03": gateway.VerdictPassed, "04": gateway.VerdictNotPossible, "05": gateway.VerdictNotPossible,
		"07": gateway.VerdictPassed, "51": gateway.VerdictPassed, "54": gateway.VerdictPassed, "55": gateway.VerdictPassed}
	if !maps.Equal(got, want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}
	kept, err := filepath.Glob(filepath.Join(f.options.Dir, "case-07", "*"))
	must(t, err)
	if len(kept) != 4 || !slices.ContainsFunc(kept, func(k string) bool { return strings.Contains(k, "sent-") }) {
		t.Errorf("case 07 keeps %q", kept)
	}
	for _, k := range append(kept, filepath.Join(f.options.Dir, "summary.json"), filepath.Join(f.options.Dir, "summary.txt")) {
		if info, err := os.Stat(k); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", k, info, err)
		}
	}
	if _, err := conformance.Play(t.Context(), f.options); !errors.Is(err, conformance.ErrTaken) {
		t.Errorf("a report over another: %v", err)
	}
}

// TestPlay_WrongGateways: what is not as it must be fails, and silence is no success.
func TestPlay_WrongGateways(t *testing.T) {
	t.Parallel()
	first := func(c string) bool { return c == "01" }
	for name, c := range map[string]struct {
		answers func(c, id string) []any
		only    []string
		want    map[string]gateway.Verdict
	}{
		"accepts everything": {func(c, id string) []any {
			if first(c) {
				return unreadable()
			}
			return accepts(id)
		}, []string{"02", "03", "51", "56", "58"}, map[string]gateway.Verdict{"01": gateway.VerdictPassed, "02": gateway.VerdictFailed, "03": gateway.VerdictFailed,
			"51": gateway.VerdictFailed, "56": gateway.VerdictFailed, "58": gateway.VerdictFailed}},
		"another reason": {func(c, id string) []any {
			if first(c) {
				return unreadable()
			}
			return []any{refuses(id, "999")}
		}, []string{"02", "04"}, map[string]gateway.Verdict{"01": gateway.VerdictPassed, "02": gateway.VerdictFailed, "04": gateway.VerdictFailed}},
		"gives back what has an account": {func(c, id string) []any {
			if first(c) {
				return unreadable()
			}
			return append(accepts(id), back(id))
		}, []string{"04"}, map[string]gateway.Verdict{"01": gateway.VerdictPassed, "04": gateway.VerdictFailed}},
		"answers twice": {func(c, id string) []any {
			if first(c) {
				return unreadable()
			}
			return accepts(id)
		}, []string{"04", "55"}, map[string]gateway.Verdict{"01": gateway.VerdictPassed, "04": gateway.VerdictNotPossible, "55": gateway.VerdictFailed}},
		"departs from the schema": {func(c, id string) []any {
			if first(c) {
				return unreadable()
			}
			return []any{"<NKSReceipt1>fine</NKSReceipt1>", refuses(id, "1")}
		}, []string{"02"}, map[string]gateway.Verdict{"01": gateway.VerdictPassed, "02": gateway.VerdictFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newFake(t, c.answers).plays(c.only...); !maps.Equal(got, c.want) {
				t.Errorf("verdicts %v, want %v", got, c.want)
			}
		})
	}
}

// TestPlay_Silence: a bank that is waited for in vain is not answered, and a gateway that says nothing at all is an error.
func TestPlay_Silence(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(c, id string) []any {
		if c == "01" {
			return unreadable()
		}
		return accepts(id)
	})
	f.options.Bank = 50 * time.Millisecond
	if got := f.plays("04"); got["04"] != gateway.VerdictUnanswered {
		t.Errorf("verdicts %v", got)
	}
	// Nobody waits any longer: what came is kept all the same, and is no success.
	impatient := newFake(t, f.answers)
	ctx, cancel := context.WithCancel(t.Context())
	impatient.options.Bank, impatient.options.Only, impatient.options.Say = time.Hour, []string{"04"}, after("04 ", cancel)
	r, err := conformance.Play(ctx, impatient.options)
	if summary, kept := os.ReadFile(filepath.Join(impatient.options.Dir, "summary.txt")); !errors.Is(err, context.Canceled) || !r.Faulty() || kept != nil || !strings.Contains(string(summary), "failed: 1 of 2 cases") {
		t.Errorf("stopped: %v, %v, kept %v: %s", r, err, kept, summary)
	}
	mute := newFake(t, func(string, string) []any { return nil })
	mute.options.Wait = 50 * time.Millisecond
	if _, err := conformance.Play(t.Context(), mute.options); err == nil || !strings.Contains(err.Error(), "has not answered") {
		t.Errorf("a gateway that says nothing: %v", err)
	}
}

// after calls a function when a line that begins so is written.
func after(begins string, do func()) io.Writer { return writer{begins, do} }

type writer struct {
	begins string
	do     func()
}

// Write implements io.Writer.
func (w writer) Write(line []byte) (int, error) {
	if strings.HasPrefix(string(line), w.begins) {
		w.do()
	}
	return len(line), nil
}

// TestPlay_Refuses: production is never tested, and a case that is none is no test; neither leaves anything behind.
func TestPlay_Refuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*conformance.Options){
		"production":   func(o *conformance.Options) { o.Cast.To = "NKS" },
		"no such case": func(o *conformance.Options) { o.Only = []string{"4"} },
	} {
		f := newFake(t, func(string, string) []any { return nil })
		change(&f.options)
		if _, err := conformance.Play(t.Context(), f.options); !errors.Is(err, conformance.ErrCast) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(f.options.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the report's directory: %v", name, err)
		}
	}
}

// TestCases_SayWhatTheyAre: every case has an id of its own, and says what is sent and what must come.
func TestCases_SayWhatTheyAre(t *testing.T) {
	t.Parallel()
	ids, official := map[string]bool{}, 0
	for _, c := range conformance.Cases(3) {
		if ids[c.ID] || c.Title == "" || c.Rule == "" || c.Sends == "" || c.Expects == "" {
			t.Errorf("case %+v", c)
		}
		if ids[c.ID] = true; c.Official {
			official++
		}
	}
	if official != 15 {
		t.Errorf("%d official cases", official)
	}
}
