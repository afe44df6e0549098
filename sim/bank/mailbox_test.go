package bank_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pkg/sftp"

	"nks/sim/bank"
)

// TestMailbox: what a client may do and what not.
func TestMailbox(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.Acknowledges = "1h" // so that out/ keeps what the test puts there
	c := begin(t, p)
	s := c.open()
	c.write("secret", []byte("secret"))
	write := func(flags int, name string) error {
		f, err := s.OpenFile(name, flags)
		if err != nil {
			return err
		}
		_, err = f.Write([]byte("x"))
		return errors.Join(err, f.Close())
	}
	create := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if err := upload(s, "NKS1.edi", simple("1", 2).text()); err != nil {
		t.Fatal(err)
	}
	c.idle()
	c.jump(time.Hour)
	tests := []struct {
		name string
		do   func() error
		ok   bool
	}{
		{"write temporary", func() error { return write(create, "in/.a.tmp") }, true},
		{"exclusive create of what is there", func() error { return write(create, "in/.a.tmp") }, false},
		{"write on", func() error { return write(os.O_WRONLY, "in/.a.tmp") }, true},
		{"read own temporary", func() error { _, err := s.Open("in/.a.tmp"); return err }, true},
		{"stat", func() error { _, err := s.Stat("in/.a.tmp"); return err }, true},
		{"set times", func() error { return s.Chtimes("in/.a.tmp", start, start) }, true},
		{"append", func() error { return write(os.O_WRONLY|os.O_APPEND, "in/.a.tmp") }, false},
		{"read and write", func() error { return write(os.O_RDWR|os.O_CREATE, "in/.b.tmp") }, false},
		{"write final name", func() error { return write(create, "in/b.edi") }, false},
		{"write to out", func() error { return write(create, "out/.b.tmp") }, false},
		{"write to root", func() error { return write(create, ".b.tmp") }, false},
		{"write deeper", func() error { return write(create, "in/x/.b.tmp") }, false},
		{"write outside", func() error { return write(create, "../../../../../secret") }, false},
		{"read outside", func() error { _, err := s.Open("../../../../../secret"); return err }, false},
		{"read journal", func() error { _, err := s.Open("../journal/journal.jsonl"); return err }, false},
		{"odd name", func() error { return write(create, "in/.b\x01.tmp") }, false},
		{"rename out of in", func() error { return s.Rename("in/.a.tmp", "out/a.edi") }, false},
		{"rename what is not there", func() error { return s.Rename("in/.z.tmp", "in/z.edi") }, false},
		{"rename published", func() error { return s.Rename("out/CONTRL-0000000001.edi", "out/b.edi") }, false},
		{"second temporary", func() error { return write(create, "in/.c.tmp") }, true},
		{"rename over a file", func() error { return s.Rename("in/.a.tmp", "in/.c.tmp") }, false},
		{"posix rename over a file", func() error { return s.PosixRename("in/.a.tmp", "in/.c.tmp") }, false},
		{"posix rename", func() error { return s.PosixRename("in/.a.tmp", "in/.d.tmp") }, true},
		{"remove temporary", func() error { return s.Remove("in/.d.tmp") }, true},
		{"mkdir", func() error { return s.Mkdir("in/x") }, false},
		{"symlink", func() error { return s.Symlink("/etc/passwd", "in/.l.tmp") }, false},
		{"link", func() error { return s.Link("in/.c.tmp", "in/l.edi") }, false},
		{"remove folder", func() error { return s.RemoveDirectory("in") }, false},
		{"list root", func() error { _, err := s.ReadDir("/"); return err }, true},
		{"list deeper", func() error { _, err := s.ReadDir("/in/x"); return err }, false},
		{"read answer", func() error { _, err := s.Open("out/CONTRL-0000000001.edi"); return err }, true},
		{"remove answer", func() error { return s.Remove("out/CONTRL-0000000001.edi") }, true},
		{"remove it again", func() error { return s.Remove("out/CONTRL-0000000001.edi") }, false},
	}
	for _, test := range tests {
		if err := test.do(); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if text := must(os.ReadFile(filepath.Join(c.dir, "secret")))(t); string(text) != "secret" {
		t.Error("a file outside was changed")
	}
	until(t, "journal of the removal", func() bool { return c.ledger().Answers[0].Removed })
}

// TestFinalStays: a file under its final name is handed over; the centre takes it though its text is useless.
func TestFinalStays(t *testing.T) {
	t.Parallel()
	c := begin(t, quiet())
	s := c.open()
	c.put(s, "NKS1.edi", simple("1", 1).text())
	done := filepath.Join(c.folders.Done, "000001-NKS1.edi")
	if text := must(os.ReadFile(done))(t); string(text) != simple("1", 1).text() {
		t.Error("the kept bytes are not those that were sent")
	}
	sent := must(os.ReadDir(c.folders.Sent))(t)
	if len(sent) != 1 || string(must(os.ReadFile(filepath.Join(c.folders.Sent, sent[0].Name())))(t)) != c.answers(s)[0] {
		t.Error("the kept answer is not the published one")
	}
}

// TestStrangerKey: one key comes in, no other.
func TestUnknownKey(t *testing.T) {
	t.Parallel()
	c := begin(t, quiet())
	if s, err := c.dial(c.key("somebody")); err == nil {
		t.Errorf("a stranger came in: %v", s.Close())
	}
	c.open()
}

// TestNeverIdleWithWork: once a rename is answered, no status says idle until the file is in the journal.
func TestNeverIdleWithWork(t *testing.T) {
	t.Parallel()
	c := begin(t, quiet())
	s := c.open()
	c.idle()
	for i := range 50 {
		control := string(rune('A'+i%26)) + string(rune('A'+i/26))
		if err := upload(s, "NKS"+control+".edi", simple(control, 20).text()); err != nil {
			t.Fatal(err)
		}
		if st := c.status(); st.Idle && len(c.ledger().Files) != i+1 {
			t.Fatalf("idle with %d of %d files read", len(c.ledger().Files), i+1)
		}
	}
}

// TestNeverIdleWithWork_AfterARestart: what the process before said of itself is not believed while the first turn of
// the next one lasts.
func TestNeverIdleWithWork_AfterARestart(t *testing.T) {
	t.Parallel()
	c := prepare(t, quiet())
	stop := c.run()
	c.idle()
	stop()
	late := filepath.Join(c.folders.Root, "in", "NKS1.edi")
	if err := os.WriteFile(late, []byte(simple("1", 30000).text()), 0o600); err != nil {
		t.Fatal(err)
	}
	c.run()
	if err := upload(c.open(), "NKS2.edi", simple("2", 1).text()); err != nil {
		t.Fatal(err)
	}
	if st := c.status(); st.Idle && len(c.ledger().Files) != 2 {
		t.Fatalf("idle with %d of 2 files read", len(c.ledger().Files))
	}
}

// TestCut: connections that are cut lose nothing that was answered.
func TestCut(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.Misbehaves = bank.Misbehaviour{Cut: 500, CutAfter: 6000}
	c := begin(t, p)
	var s *sftp.Client
	cuts := 0
	for i := range 10 {
		control := string(rune('A' + i))
		text := simple(control, 10).text()
		name := "NKS" + control + ".edi"
		for sent := false; !sent; {
			if s == nil {
				var err error
				if s, err = c.dial(c.client); err != nil {
					cuts++
					s = nil
					continue
				}
			}
			_ = s.Remove("in/." + name + ".1.tmp")
			err := upload(s, name, text)
			if err != nil {
				cuts++
				_ = s.Close()
				s = nil
			}
			c.idle()
			sent = err == nil || len(c.ledger().Files) == i+1
		}
	}
	if n := len(c.ledger().Orders); n != 100 || cuts == 0 || len(c.ledger().Findings) > 0 {
		t.Errorf("%d orders, %d cuts, findings %v", n, cuts, c.ledger().Findings)
	}
}

// TestLocked: two processes never share a journal.
func TestLocked(t *testing.T) {
	t.Parallel()
	c := begin(t, quiet())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := bank.Run(ctx, bank.Config{Dir: c.dir, Centre: "TEST", Listen: "127.0.0.1:0"})
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, bank.ErrLocked) {
		t.Errorf("second process: %v", err)
	}
}

// TestProfiles: the three are good and differ; what a centre cannot do is refused.
func TestProfiles(t *testing.T) {
	t.Parallel()
	glns := map[string]bool{}
	for name, p := range bank.DefaultProfiles() {
		dir := t.TempDir()
		if err := bank.WriteProfile(dir, name, p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		glns[p.GLN] = true
	}
	if len(glns) != 3 {
		t.Errorf("%d GLNs", len(glns))
	}
	for name, change := range map[string]func(p *bank.Profile){
		"writes":    func(p *bank.Profile) { p.Writes = "wrap81" },
		"contrl":    func(p *bank.Profile) { p.Contrl = "" },
		"moment":    func(p *bank.Profile) { p.Books = "25:00" },
		"delay":     func(p *bank.Profile) { p.Accepts = "-1s" },
		"no reason": func(p *bank.Profile) { p.RejectPerMille, p.Reasons = 1, nil },
	} {
		p := quiet()
		change(&p)
		if err := bank.WriteProfile(t.TempDir(), "X", p); !errors.Is(err, bank.ErrProfile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
