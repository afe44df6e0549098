package authority_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/sim/authority"
)

// TestMain lets the test binary be the process that a test kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("AUTHORITY_TEST_DIR"); dir != "" {
		err := authority.Run(context.Background(), authority.Config{Dir: dir, Supplier: "LEV", Mailbox: os.Getenv("AUTHORITY_TEST_MAILBOX"),
			Queue: os.Getenv("AUTHORITY_TEST_QUEUE"), ByQueue: os.Getenv("AUTHORITY_TEST_QUEUE") != ""})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// start is the business time at which plans begin.
var start = time.Date(2005, 8, 11, 2, 30, 0, 0, time.UTC)

// planned is one line of a plan: minutes after the start, name, and the file's content.
type planned struct {
	minute        int
	as, file, say string
}

func writePlan(t *testing.T, dir string, plan ...planned) {
	t.Helper()
	home := filepath.Join(dir, "sim", "authority", "LEV")
	var lines bytes.Buffer
	for _, p := range plan {
		line, err := json.Marshal(map[string]any{"at": start.Add(time.Duration(p.minute) * time.Minute), "file": p.file, "as": p.as, "kind": "plain"})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
		write(t, filepath.Join(home, "send", p.file), []byte(p.say))
	}
	write(t, filepath.Join(home, "plan.jsonl"), lines.Bytes())
}

// setClock makes it minute minutes after the start, now.
func setClock(t *testing.T, dir string, minute int) time.Duration {
	t.Helper()
	offset := time.Until(start.Add(time.Duration(minute)*time.Minute + time.Second))
	file := filepath.Join(dir, "sim", "clock.json")
	write(t, file+".tmp", fmt.Appendf(nil, `{"offset_ns": %d}`, int64(offset)))
	if err := os.Rename(file+".tmp", file); err != nil {
		t.Fatal(err)
	}
	return offset
}

type status struct {
	OffsetNS int64  `json:"offset_ns"`
	Idle     bool   `json:"idle"`
	NextDue  string `json:"next_due"`
	Serial   int64  `json:"serial"`
	Done     int    `json:"done"`
	Todo     int    `json:"todo"`
}

func readStatus(dir string) status {
	var s status
	b, err := os.ReadFile(filepath.Join(dir, "sim", "authority", "LEV", "status.json"))
	if err == nil {
		_ = json.Unmarshal(b, &s)
	}
	return s
}

func idleAt(dir string, offset time.Duration) func() bool {
	return func() bool { s := readStatus(dir); return s.Idle && s.OffsetNS == int64(offset) }
}

// run plays the supplier until the test ends.
func run(t *testing.T, dir, mailbox string) {
	t.Helper()
	runWith(t, authority.Config{Dir: dir, Supplier: "LEV", Mailbox: mailbox})
}

func runWith(t *testing.T, c authority.Config) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- authority.Run(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

type entry struct{ File, As, Got, SHA256, Result string }

func readJournal(t *testing.T, dir, name string) []entry {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "sim", "authority", "LEV", name))
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	for line := range bytes.Lines(b) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		list = append(list, e)
	}
	return list
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestDeliversWhenDue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	writePlan(t, dir, planned{0, "a.xml", "a.xml", "first"}, planned{0, "b.xml", "b.xml", "second"},
		planned{10, "a.xml", "a.xml", "first"}, planned{60, "c.xml", "c.xml", strings.Repeat("long ", 100_000)})
	run(t, dir, m.address())
	offset := setClock(t, dir, 0)
	eventually(t, "idle at the start", idleAt(dir, offset))
	if got := m.sent(); !slices.Equal(got, []string{"a.xml", "b.xml"}) {
		t.Fatalf("sent %v", got)
	}
	s := readStatus(dir)
	if due, err := time.Parse(time.RFC3339, s.NextDue); err != nil || !due.Equal(start.Add(10*time.Minute)) || s.Done != 2 || s.Todo != 2 {
		t.Errorf("status %+v", s)
	}
	offset = setClock(t, dir, 61)
	eventually(t, "idle at the end", idleAt(dir, offset))
	if got := m.sent(); !slices.Equal(got, []string{"a.xml", "b.xml", "a.xml", "c.xml"}) {
		t.Fatalf("sent %v", got)
	}
	if s := readStatus(dir); s.NextDue != "" || s.Done != 4 || s.Todo != 0 {
		t.Errorf("status %+v", s)
	}
	for _, e := range readJournal(t, dir, "journal.jsonl") {
		if e.Result != "ok" || e.SHA256 != digest(string(m.files["/in/"+e.As])) {
			t.Errorf("journal %+v", e)
		}
	}
}

func TestNothingBeforeTheClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	writePlan(t, dir, planned{0, "a.xml", "a.xml", "first"})
	run(t, dir, m.address())
	pause := time.NewTimer(200 * time.Millisecond)
	<-pause.C
	if got := m.sent(); len(got) != 0 {
		t.Errorf("sent %v without a clock", got)
	}
}

func TestCollectsAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	writePlan(t, dir)
	m.put("/out/r-1.xml", "one")
	m.put("/out/r-2.xml", strings.Repeat("two", 50_000))
	m.put("/out/.r-3.xml.tmp", "not yet")
	run(t, dir, m.address())
	setClock(t, dir, 0)
	eventually(t, "answers collected", func() bool { return m.left() == 1 })
	got := filepath.Join(dir, "sim", "authority", "LEV", "got")
	for name, want := range map[string]string{"r-1.xml": "one", "r-2.xml": strings.Repeat("two", 50_000)} {
		if b, err := os.ReadFile(filepath.Join(got, name)); err != nil || string(b) != want {
			t.Errorf("%s: %v, %d bytes", name, err, len(b))
		}
	}
	// The name again: the same bytes are no news, other bytes are kept too.
	m.put("/out/r-1.xml", "one")
	eventually(t, "repeated answer taken", func() bool { return m.left() == 1 })
	m.put("/out/r-1.xml", "another one")
	eventually(t, "other answer taken", func() bool { return m.left() == 1 })
	if b, err := os.ReadFile(filepath.Join(got, "r-1.xml~2")); err != nil || string(b) != "another one" {
		t.Errorf("second answer of that name: %v %q", err, b)
	}
	j := readJournal(t, dir, "journal.jsonl")
	if len(j) != 3 || j[0].Got != "r-1.xml" || j[0].SHA256 != digest("one") || j[2].Got != "r-1.xml~2" {
		t.Errorf("journal %+v", j)
	}
}

func TestSurvivesTheMailbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	address := m.address()
	m.stop()
	writePlan(t, dir, planned{0, "a.xml", "a.xml", "first"}, planned{1, "b.xml", "b.xml", "second"}, planned{2, "c.xml", "c.xml", "third"})
	lost := map[string]int{}
	m.onRename = func(name string) (error, bool) {
		lost[name]++
		switch {
		case name == "b.xml" && lost[name] < 3:
			return errors.New("the database is away"), false
		case name == "c.xml" && lost[name] == 1:
			return nil, true
		}
		return nil, false
	}
	run(t, dir, address)
	setClock(t, dir, 0)
	eventually(t, "status while nobody answers", func() bool { return readStatus(dir).Serial > 0 })
	if s := readStatus(dir); s.Idle {
		t.Errorf("idle without a connection: %+v", s)
	}
	m.listen(t, address)
	offset := setClock(t, dir, 2)
	eventually(t, "idle", idleAt(dir, offset))
	// The reply to c.xml was lost: it comes again, the same.
	if got := m.sent(); !slices.Equal(got, []string{"a.xml", "b.xml", "c.xml", "c.xml"}) {
		t.Errorf("sent %v", got)
	}
	if !bytes.Equal(m.uploads[2].data, m.uploads[3].data) {
		t.Error("other bytes under the same name")
	}
	refused := false
	for _, e := range readJournal(t, dir, "journal.jsonl") {
		refused = refused || e.As == "b.xml" && e.Result != "ok" && strings.Contains(e.Result, "database")
	}
	if !refused {
		t.Error("the refusal is not written down")
	}
}

// TestKilled kills the process at many instants. Nothing may be lost or differ, whatever is repeated.
func TestKilled(t *testing.T) {
	t.Parallel()
	const deliveries = 40
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	var plan []planned
	for i := range deliveries {
		name := fmt.Sprintf("d%02d.xml", i)
		plan = append(plan, planned{i / 4, name, name, strings.Repeat(name, 1+i*i*30)})
	}
	writePlan(t, dir, plan...)
	m.onDelivered = func(files map[string][]byte, name string) {
		files["/out/receipt-"+name] = []byte("receipt for " + name)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	offset := time.Duration(0)
	for round := range 12 {
		offset = setClock(t, dir, round)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "AUTHORITY_TEST_DIR="+dir, "AUTHORITY_TEST_MAILBOX="+m.address())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(40+rng.IntN(160)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	run(t, dir, m.address())
	eventually(t, "idle in the end", idleAt(dir, offset))
	contents := map[string]string{}
	for _, p := range plan {
		contents[p.as] = p.say
	}
	seen := map[string]bool{}
	for _, u := range m.uploads {
		seen[u.name] = true
		if string(u.data) != contents[u.name] {
			t.Errorf("%s: %d bytes of %d", u.name, len(u.data), len(contents[u.name]))
		}
	}
	if len(seen) != deliveries || m.left() != 0 {
		t.Errorf("%d of %d delivered, %d answers left", len(seen), deliveries, m.left())
	}
	sent, got := map[string]int{}, map[string]int{}
	for _, e := range readJournal(t, dir, "journal.jsonl") {
		if e.Got != "" {
			got[e.Got]++
		} else if e.Result == "ok" {
			sent[e.As]++
		}
	}
	for _, p := range plan {
		if sent[p.as] != 1 || got["receipt-"+p.as] != 1 {
			t.Errorf("%s: sent %d, got %d times by the journal", p.as, sent[p.as], got["receipt-"+p.as])
		}
		if b, err := os.ReadFile(filepath.Join(dir, "sim", "authority", "LEV", "got", "receipt-"+p.as)); err != nil || string(b) != "receipt for "+p.as {
			t.Errorf("receipt of %s: %v %q", p.as, err, b)
		}
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	writePlan(t, dir)
	run(t, dir, m.address())
	setClock(t, dir, 0)
	eventually(t, "running", func() bool { return readStatus(dir).Serial > 0 })
	if err := authority.Run(context.Background(), authority.Config{Dir: dir, Supplier: "LEV", Mailbox: m.address()}); err == nil {
		t.Error("a second process started")
	}
}

func TestTornJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	writePlan(t, dir, planned{0, "a.xml", "a.xml", "first"}, planned{0, "b.xml", "b.xml", "second"})
	write(t, filepath.Join(dir, "sim", "authority", "LEV", "journal.jsonl"),
		[]byte(`{"at":"2005-08-11T02:30:01Z","file":"a.xml","as":"a.xml","sha256":"x","size":5,"result":"ok"}`+"\n"+`{"at":"2005-08-11T02:30:01Z","file":"b.xml","as":"b.x`))
	run(t, dir, m.address())
	offset := setClock(t, dir, 0)
	eventually(t, "idle", idleAt(dir, offset))
	if got := m.sent(); !slices.Equal(got, []string{"b.xml"}) {
		t.Errorf("sent %v", got)
	}
	if j := readJournal(t, dir, "journal.jsonl"); len(j) != 2 {
		t.Errorf("journal %+v", j)
	}
}

func TestPinnedHostKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	writePlan(t, dir, planned{0, "a.xml", "a.xml", "first"})
	makeKey(t, filepath.Join(dir, "keys", "mailbox_host"))
	run(t, dir, m.address())
	setClock(t, dir, 0)
	eventually(t, "several attempts", func() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.accepted > 2 })
	if got := m.sent(); len(got) != 0 {
		t.Errorf("sent %v to another host", got)
	}
}

func TestUnusablePlans(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]string{
		"torn":           `{"at":"2005-08-11T02:30:00Z","file":"a","as":"a"`,
		"another folder": `{"at":"2005-08-11T02:30:00Z","file":"../a","as":"a"}`,
		"hidden":         `{"at":"2005-08-11T02:30:00Z","file":"a","as":".a"}`,
		"back in time":   `{"at":"2005-08-11T02:30:00Z","file":"a","as":"a"}` + "\n" + `{"at":"2005-08-11T02:29:00Z","file":"a","as":"b"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			m := newFakeMailbox(t, dir)
			write(t, filepath.Join(dir, "sim", "authority", "LEV", "plan.jsonl"), []byte(plan))
			err := authority.Run(context.Background(), authority.Config{Dir: dir, Supplier: "LEV", Mailbox: m.address()})
			if !errors.Is(err, authority.ErrPlan) {
				t.Errorf("error %v", err)
			}
		})
	}
	dir := t.TempDir()
	if err := authority.Run(context.Background(), authority.Config{Dir: dir, Supplier: "LEV"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without keys: %v", err)
	}
}
