package bank_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/sftp"

	"nks/sim/bank"
)

const orders = 40

// siege is how often a centre is killed while so many files go to it, and where its process ends by itself.
type siege struct {
	kills, files int
	stride       time.Duration // of business time
	failpoints   []bank.Failpoint
}

// process is the centre as a process of its own.
type process struct {
	cmd *exec.Cmd
	out *io.PipeReader
}

func (c *centre) startProcess(failpoint bank.Failpoint) *process {
	c.t.Helper()
	in, out := io.Pipe()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SIM_BANK_DIR="+c.dir, "SIM_BANK_LISTEN="+c.address, "SIM_BANK_GAP="+string(failpoint))
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &errs
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		err := cmd.Wait()
		_ = out.CloseWithError(fmt.Errorf("%w: %s", errors.Join(err, io.EOF), errs.String()))
	}()
	return &process{cmd: cmd, out: in}
}

// kill ends the process at once and waits until it is gone.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, p.out)
	if s := p.cmd.ProcessState; s != nil && s.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the process ended by itself: %v", s)
	}
}

// gateway is the other side, over real connections that break: it sends every file once and takes every answer.
type gateway struct {
	c       *centre
	session *sftp.Client
	got     map[string]string // answers by name
	removed map[string]bool   // whose removal was answered
}

// do runs f on a session and opens another one when it fails. Errors of a peer that was killed are the point here.
func (g *gateway) do(f func(s *sftp.Client) error) bool {
	if g.session == nil {
		s, err := g.c.dial(g.c.client)
		if err != nil {
			return false
		}
		g.session = s
	}
	if err := f(g.session); err != nil {
		_ = g.session.Close()
		g.session = nil
		return false
	}
	return true
}

// send puts a file until it is there. After a lost reply to the rename only the centre's own folders can tell.
func (g *gateway) send(name, text string) {
	attempt := 0
	until(g.c.t, "send "+name, func() bool {
		attempt++
		ok := g.do(func(s *sftp.Client) error {
			tmp := fmt.Sprintf("in/.%s.%d.tmp", name, attempt)
			f, err := s.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
			if err != nil {
				return err
			}
			_, err = f.Write([]byte(text))
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
			return s.Rename(tmp, "in/"+name)
		})
		return ok || g.arrived(name)
	})
}

func (g *gateway) arrived(name string) bool {
	if _, err := os.Stat(filepath.Join(g.c.folders.Root, "in", name)); err == nil {
		return true
	}
	done, err := filepath.Glob(filepath.Join(g.c.folders.Done, "*-"+name))
	return err == nil && len(done) > 0
}

// fetch takes every answer that lies there: read, keep, remove.
func (g *gateway) fetch() {
	g.do(func(s *sftp.Client) error {
		entries, err := s.ReadDir("out")
		if err != nil {
			return err
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if err := g.take(s, e.Name()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (g *gateway) take(s *sftp.Client, name string) error {
	f, err := s.Open("out/" + name)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if before, had := g.got[name]; had && before != string(text) {
		g.c.t.Errorf("%s has other bytes than before", name)
	}
	if g.removed[name] {
		g.c.t.Errorf("%s was removed and is there again", name)
	}
	g.got[name] = string(text)
	if err := s.Remove("out/" + name); err != nil {
		return err
	}
	g.removed[name] = true
	return nil
}

// TestKill kills the centre at random instants while files and answers cross, and finds everything once.
func TestKill(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.RejectPerMille, p.LateRejectPerMille, p.Acknowledges, p.Accepts, p.Books = 150, 50, "0s", "1s", "2s"
	p.Misbehaves = bank.Misbehaviour{Twice: 200, UnknownReference: 100}
	killed(t, p, siege{kills: 36, files: 60, stride: 2 * time.Second, failpoints: []bank.Failpoint{
		bank.AtFacts, bank.AtReceived, bank.AtWritten, bank.AtMade, bank.AtKept, bank.AtPublished,
	}})
}

// TestKillAmongReports: the same while money is moved and reported, over days.
func TestKillAmongReports(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.RejectPerMille, p.Acknowledges, p.Accepts, p.Books = 150, "0s", "1s", "2s"
	p = bank.WithReports(p)
	p.Reports.Returns.PerMille = 100
	p.Reports.Misbehaves = bank.ReportFaults{Twice: 200, Reordered: 100, Late: 100}
	c := killed(t, p, siege{kills: 16, files: 20, stride: time.Hour, failpoints: []bank.Failpoint{
		bank.AtBooked, bank.AtClosed, bank.AtWritten, bank.AtFacts, bank.AtBooked, bank.AtClosed,
	}})
	c.checkReports(c.listen(), true)
}

func killed(t *testing.T, p bank.Profile, by siege) *centre {
	t.Helper()
	c := prepare(t, p)
	c.address = "127.0.0.1:0"
	first := c.startProcess("")
	c.address = address(t, first.out)
	g := &gateway{c: c, got: map[string]string{}, removed: map[string]bool{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var killer sync.WaitGroup
	var killed atomic.Int32
	killer.Go(func() { killAgainAndAgain(ctx, c, first, by, &killed) })
	for i := range by.files {
		until(t, "kills between the files", func() bool {
			c.advance(by.stride)
			g.fetch()
			return int(killed.Load()) >= i*by.kills/by.files
		})
		m := simple(fmt.Sprintf("%d", 1000+i), orders)
		g.send("NKS"+m.control+".edi", m.text())
	}
	until(t, "all answers", func() bool {
		c.advance(by.stride)
		g.fetch()
		l := c.ledger()
		// A kill can swallow the reply to a removal: the journal knows of it.
		removed := !slices.ContainsFunc(l.Answers, func(a bank.LedgerAnswer) bool { return !a.Removed })
		return int(killed.Load()) == by.kills && len(l.Files) == by.files && l.Waiting == 0 && removed
	})
	cancel()
	killer.Wait()
	last := c.startProcess("")
	defer last.kill(t)
	address(t, last.out)
	c.idle()
	g.fetch()
	c.checkAll(g, by.files)
	return c
}

// advance moves business time on, so that answers come while files still go.
func (c *centre) advance(by time.Duration) {
	c.t.Helper()
	c.offset += by
	c.write("sim/clock.json", fmt.Appendf(nil, `{"offset_ns":%d}`, int64(c.offset)))
}

// killAgainAndAgain lets the centre live until a failpoint, or for up to 120 ms: now longer, now hardly until it listens.
func killAgainAndAgain(ctx context.Context, c *centre, p *process, by siege, killed *atomic.Int32) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range by.kills {
		gone := p.drain()
		lifetime := 10 * time.Second
		if i%2 == 0 {
			lifetime = time.Duration(random.Int64N(int64(120 * time.Millisecond)))
		}
		select {
		case <-ctx.Done():
		case <-gone:
		case <-time.After(lifetime):
		}
		p.kill(c.t)
		killed.Add(1)
		next := bank.Failpoint("")
		if i%2 == 0 {
			next = by.failpoints[i/2%len(by.failpoints)]
		}
		p = c.startProcess(next)
	}
	p.drain()
	<-ctx.Done()
	p.kill(c.t)
}

// drain reads what the process says until it is gone.
func (p *process) drain() (gone <-chan struct{}) {
	end := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, p.out)
		close(end)
	}()
	return end
}

// checkAll compares journal, kept bytes and what the gateway side sent and got.
func (c *centre) checkAll(g *gateway, files int) {
	t := c.t
	l := c.ledger()
	if len(l.Findings) > 0 {
		t.Errorf("findings: %v", l.Findings)
	}
	if len(l.Orders) != files*orders || len(l.Files) != files {
		t.Errorf("%d orders in %d files", len(l.Orders), len(l.Files))
	}
	for ref, o := range l.Orders {
		if o.Times != 1 || o.Outcome != bank.Rejected && o.Outcome != bank.Executed {
			t.Fatalf("%s: %+v", ref, o)
		}
	}
	for _, f := range l.Files {
		text := must(os.ReadFile(filepath.Join(c.folders.Done, f.Done)))(t)
		if sum(string(text)) != f.SHA256 || string(text) != simple(f.Control, orders).text() {
			t.Errorf("%s is not what was sent", f.Name)
		}
	}
	numbers := map[string]bool{}
	for _, a := range l.Answers {
		if sum(g.got[a.Name]) != a.SHA256 || !a.Published || !a.Removed {
			t.Errorf("answer %+v", a)
		}
		if kept := must(os.ReadFile(filepath.Join(c.folders.Sent, a.Name)))(t); string(kept) != g.got[a.Name] {
			t.Errorf("%s was kept with other bytes", a.Name)
		}
		numbers[a.Control] = true
	}
	for i := range len(numbers) {
		if want := fmt.Sprintf("%010d", i+1); !numbers[want] {
			t.Errorf("no interchange has number %s", want)
		}
	}
	if len(g.got) != len(l.Answers) {
		t.Errorf("%d answers came, %d were made", len(g.got), len(l.Answers))
	}
	for _, folder := range []string{"in", "out"} {
		for _, e := range must(os.ReadDir(filepath.Join(c.folders.Root, folder)))(t) {
			if folder == "out" || !strings.HasPrefix(e.Name(), ".") {
				t.Errorf("%s is left in %s", e.Name(), folder)
			}
		}
	}
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// TestTornJournal ends a journal before the line that commits its file, in the middle of lines too, as a kill may
// leave it, and gets the same journal when the centre reads the file again.
func TestTornJournal(t *testing.T) {
	t.Parallel()
	c := prepare(t, quiet())
	stop := c.run()
	s := c.open()
	c.put(s, "NKS1.edi", simple("1", 3).text())
	stop()
	path := filepath.Join(c.folders.Home, "journal", "journal.jsonl")
	whole := must(os.ReadFile(path))(t)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	input := simple("1", 3).text()
	for keep := range len(lines) {
		for _, torn := range []int{0, 1, 20} {
			kept := len(bytes.Join(lines[:keep], nil))
			kept = min(kept+torn, len(whole))
			if committed(whole[:kept], "received") {
				continue
			}
			c.restore(t, path, whole[:kept], input)
			end := c.run()
			c.idle()
			end()
			if got := must(os.ReadFile(path))(t); !bytes.Equal(got, whole) {
				t.Fatalf("after %d bytes another journal comes out:\n%s", kept, got)
			}
		}
	}
}

func committed(journal []byte, kind string) bool {
	for line := range bytes.Lines(journal) {
		if bytes.HasPrefix(line, []byte(`{"k":"`+kind+`"`)) && bytes.HasSuffix(line, []byte("\n")) {
			return true
		}
	}
	return false
}

// restore puts the file back into in/ and takes away what came after.
func (c *centre) restore(t *testing.T, path string, journal []byte, input string) {
	t.Helper()
	for _, dir := range []string{c.folders.Done, c.folders.Sent, filepath.Join(c.folders.Root, "out")} {
		err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			return os.Remove(p)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(c.folders.Root, "in", "NKS1.edi"), []byte(input), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, journal, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(c.folders.Home, "status.json")); err != nil {
		t.Fatal(err)
	}
}
