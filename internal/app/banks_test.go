package app_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
	"nks/sftp"
)

// words is a log in which somebody waits for words.
type words struct {
	mu      sync.Mutex
	all     bytes.Buffer
	written chan struct{}
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.written)
	w.written = make(chan struct{})
	return w.all.Write(p)
}

// patience is how long what must come may take, on a machine that is busy with other things.
const patience = 5 * time.Minute

// await waits until words stand in the log so often.
func (w *words) await(t *testing.T, words string, times int) {
	t.Helper()
	limit := time.After(patience)
	for {
		w.mu.Lock()
		text, written := w.all.String(), w.written
		w.mu.Unlock()
		if strings.Count(text, words) >= times {
			return
		}
		select {
		case <-written:
		case <-limit:
			t.Fatalf("the log never has %q %d times:\n%s", words, times, text)
		}
	}
}

func (w *words) has(words string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.all.String(), words)
}

// turns waits for steps.
type turns struct {
	mu    sync.Mutex
	asked map[string]chan struct{}
}

func (s *turns) observe(next gateway.Observe) gateway.Observe {
	return func(name string) func(bool, error) {
		s.mu.Lock()
		if c := s.asked[name]; c != nil {
			close(c)
			delete(s.asked, name)
		}
		s.mu.Unlock()
		return next(name)
	}
}

// await waits for the next turn of a step.
func (s *turns) await(t *testing.T, name string) {
	t.Helper()
	c := make(chan struct{})
	s.mu.Lock()
	s.asked[name] = c
	s.mu.Unlock()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s never has a turn", name)
	}
}

// node is one of several gateways on a database.
type node struct {
	*app.App
	log   *words
	turns *turns
}

const bankToml = `
[[bank]]
id = "%ID"
name = "Bank %ID"
gln = "%GLN"
address = "127.0.0.1:1"
key = "client"
host_keys = ["host.pub"]
poll = "50ms"
`

func profileOf(id, gln string) string {
	return strings.NewReplacer("%ID", id, "%GLN", gln).Replace(bankToml)
}

// folder is a node's own: its configuration, and its key.
func folder(t *testing.T, url string) conf.Config {
	t.Helper()
	dir := t.TempDir()
	for _, key := range []string{"client", "host", "mailbox"} {
		if _, err := sftp.GenerateKey(filepath.Join(dir, key)); err != nil {
			t.Fatal(err)
		}
	}
	text := "[mailbox]\nlisten = \"127.0.0.1:0\"\nhost_key = \"mailbox\"\n[mq]\nlisten = \"\"\n" +
		"[metrics]\nlisten = \"\"\n[console]\nlisten = \"\"\n[flow]\npoll = \"50ms\"\n" + profileOf("OLD", "5790000000012")
	path := filepath.Join(dir, "nks.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := app.LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	c.Database.URL = url
	return c
}

func startNode(t *testing.T, c conf.Config, change ...func(*app.Options)) node {
	t.Helper()
	n := node{log: &words{written: make(chan struct{})}, turns: &turns{asked: map[string]chan struct{}{}}}
	var err error
	o := app.Options{Config: c, Log: zerolog.New(n.log), Version: "test", Observe: n.turns.observe}
	for _, f := range change {
		f(&o)
	}
	n.App, err = app.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// TestBanks_ComeAndGo: of two nodes on one database, which have the profiles of the first one's configuration, both begin to serve a
// bank that is added, serve it as it is changed, and stop when it ends, after what was sent to it has been heard.
func TestBanks_ComeAndGo(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	url := database.Server.DSN(database.Name, pgtest.Superuser)
	first := folder(t, url)
	second := folder(t, url)
	second.Journal.Node, second.Journal.Directory = "second", first.Journal.Directory // each sees the journals of all
	a, b := startNode(t, first), startNode(t, second)
	both := []node{a, b}
	for _, n := range both {
		n.turns.await(t, "hear OLD")
	}
	if !b.log.has("the configuration's profile does not count") { // its bank has another key
		t.Error("nobody is told that a configuration's profile does not count")
	}
	load := func(text string, want int64) {
		t.Helper()
		path := filepath.Join(first.Folder, "banks.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := app.LoadProfiles(t.Context(), first, a.Database(), path, "banks.toml", gateway.Date{}, a.Now)
		if err != nil || n != want {
			t.Fatalf("%d changed, want %d: %v", n, want, err)
		}
	}
	load(profileOf("NEW", "5790000000029"), 1)
	load(profileOf("NEW", "5790000000029"), 0)
	for _, n := range both {
		n.log.await(t, `"bank":"NEW","message":"bank is served"`, 1)
		n.turns.await(t, "hear NEW")
	}
	load(profileOf("NEW", "5790000000029")+"send_by = \"09:00\"\n", 1)
	for _, n := range both {
		n.log.await(t, `"bank":"NEW","message":"bank is served"`, 2)
		n.turns.await(t, "deadlines NEW")
	}
	db := database.Open(t, schema.Flow)
	var sent int64
	err := db.QueryRowContext(t.Context(), `INSERT INTO interchange (kind, bank, control_ref, agreement_id, prepared_at, month, file_name, document_id, state, sent_at)
		VALUES ('PAYMUL', 'NEW', 1, 1, now(), date_trunc('month', now()), 'x', 1, 'sent', now()) RETURNING id`).Scan(&sent)
	if err != nil {
		t.Fatal(err)
	}
	load(`end = ["NEW"]`, 1)
	const stopped = `"bank":"NEW","message":"bank is not served any more as it was"`
	for _, n := range both {
		n.turns.await(t, "banks")
		n.turns.await(t, "banks") // one that began after the end
		n.turns.await(t, "hear NEW")
		n.log.await(t, stopped, 1) // when it was changed
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE interchange SET contrl = 'accepted', contrl_at = now() WHERE id = $1`, sent); err != nil {
		t.Fatal(err)
	}
	for _, n := range both {
		n.log.await(t, stopped, 2)
		n.turns.await(t, "hear OLD")
	}
	load(profileOf("NEW", "5790000000029"), 1)
	for _, n := range both {
		n.turns.await(t, "hear NEW")
	}
}

// TestLoadProfiles_Refused: what does not go together with the banks that are known changes nothing.
func TestLoadProfiles_Refused(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	db, err := app.OpenDatabase(t.Context(), c, zerolog.Nop(), app.Beside)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := app.BeginProfiles(t.Context(), c, db, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Folder, "bad.pem"), []byte("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tomorrow, yesterday := gateway.DateOf(time.Now()).AddDays(2), gateway.DateOf(time.Now()).AddDays(-2)
	for name, change := range map[string]struct {
		text string
		from gateway.Date
		want string
	}{
		"another bank's GLN":      {profileOf("NEW", "5790000000012"), tomorrow, "is another bank's too"},
		"an unknown key":          {profileOf("NEW", "5790000000029") + "colour = 1\n", tomorrow, "unknown key"},
		"changed and ended":       {"end = [\"OLD\"]\n" + profileOf("OLD", "5790000000012"), tomorrow, "stands in end, too"},
		"a key that is none":      {profileOf("NEW", "5790000000029") + "autack = \"messages\"\nautack_verify = [\"B1 bad.pem\"]\n", tomorrow, "bank NEW: autack: unusable key"},
		"a key that is not there": {profileOf("NEW", "5790000000029") + "autack = \"messages\"\nautack_verify = [\"B1 gone.pem\"]\n", tomorrow, "gone.pem"},
		"since a day long ago":    {profileOf("NEW", "5790000000029"), yesterday, "lies in the past"},
	} {
		path := filepath.Join(c.Folder, "change.toml")
		if err := os.WriteFile(path, []byte(change.text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := app.LoadProfiles(context.Background(), c, db, path, "change.toml", change.from, time.Now)
		if n != 0 || err == nil || !strings.Contains(err.Error(), change.want) {
			t.Errorf("%s: %d changed, %v", name, n, err)
		}
	}
	if banks, err := app.KnownBanks(t.Context(), c, db); err != nil || len(banks) != 1 || banks[0].SendBy.String() != "08:30" {
		t.Errorf("%+v, %v", banks, err)
	}
	if _, err := c.LoadProfiles(filepath.Join(c.Folder, "none.toml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestLoadProfiles_Keys: a former key of ours that is gone is missed by what it must sign, and by nothing else.
func TestLoadProfiles_Keys(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	db, err := app.OpenDatabase(t.Context(), c, zerolog.Nop(), app.Beside)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := app.BeginProfiles(t.Context(), c, db, time.Now); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile("../../edifact/autack/testdata/test-key.pem")
	if err != nil {
		t.Fatal(err)
	}
	own, path := filepath.Join(c.Folder, "own.pem"), filepath.Join(c.Folder, "change.toml")
	for name, text := range map[string]string{own: string(key),
		path: profileOf("NEW", "5790000000029") + "autack = \"messages\"\nautack_sign = \"own.pem\"\nautack_key_name = \"NKS1\"\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := app.LoadProfiles(t.Context(), c, db, path, "change.toml", gateway.DateOf(time.Now()).AddDays(2), time.Now); n != 1 || err != nil {
		t.Fatalf("%d changed, %v", n, err)
	}
	signs := func() error {
		t.Helper()
		banks, err := app.KnownBanks(t.Context(), c, db)
		if err != nil || len(banks) != 2 {
			t.Fatalf("%+v, %v", banks, err)
		}
		i := slices.IndexFunc(banks, func(b conf.Bank) bool { return b.ID == "NEW" })
		profile, err := app.BankProfile(c, banks[i])
		if err != nil {
			t.Fatal(err)
		}
		return profile.Sign.Missing
	}
	if err := signs(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	if err := signs(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key that is gone: %v", err)
	}
}
