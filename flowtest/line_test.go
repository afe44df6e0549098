package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/banklink"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// troubled is a bank's mailbox in which some files are no good.
type troubled struct {
	*sftptest.Memory
	mu   sync.Mutex
	open map[string]func(context.Context) error // of files that are not served
	kept map[string]bool                        // files that are not removed
	lies map[string]bool                        // files that are said to be removed and are not
}

func (m *troubled) is(what map[string]bool, name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return what[name]
}

func (m *troubled) Open(ctx context.Context, party, name string) (sftp.Document, error) {
	m.mu.Lock()
	refuse := m.open[name]
	m.mu.Unlock()
	if refuse != nil {
		if err := refuse(ctx); err != nil {
			return nil, err
		}
	}
	return m.Memory.Open(ctx, party, name)
}

func (m *troubled) Remove(ctx context.Context, party, dir, name string) error {
	switch {
	case m.is(m.kept, name):
		return sftp.ErrDenied
	case m.is(m.lies, name):
		return nil
	}
	return m.Memory.Remove(ctx, party, dir, name)
}

// stalls is an answer that never comes.
func stalls(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// owned runs the owner of the connections to BEC over a real SFTP server until the test ends.
type owned struct {
	*world
	box     *troubled
	turns   chan struct{}
	fetches atomic.Int64
	logins  atomic.Int64
	wake    func()
}

const party = "nks"

func (w *world) owns(box *troubled) *owned {
	w.t.Helper()
	o := &owned{world: w, box: box, turns: make(chan struct{}, 1)}
	host, key := sftptest.Key(w.t), sftptest.Key(w.t)
	s := sftptest.Start(w.t, sftp.ServerConfig{HostKeys: []ssh.Signer{host}, Mailbox: box, Keys: sftptest.Keyring{party: {key.PublicKey()}}})
	link := banklink.Config{InDir: "in", OutDir: "out", FetchLimit: 1 << 20, Client: sftp.ClientConfig{Addr: s.Addr().String(), User: party, Key: key,
		HostKeys: []ssh.PublicKey{host.PublicKey()}, Step: 500 * time.Millisecond}}
	owner := &gateway.BankOwner{Bank: "BEC", Outbox: w.Bank, Now: w.time, Poll: 20 * time.Millisecond, Retry: 20 * time.Millisecond, Failpoint: func(string) {},
		Lease: func(ctx context.Context) (gateway.Lease, error) { return w.Bank.Lease(ctx, "BEC") },
		Dial: func(ctx context.Context) (gateway.LinkCloser, error) {
			o.logins.Add(1)
			return banklink.Dial(ctx, link)
		},
		Failed: func(_ string, err error) { w.t.Log(err) }, Connected: func(bool) {},
		Observe: func(name string) func(bool, error) {
			return func(bool, error) {
				if name == "fetch BEC" {
					o.fetches.Add(1)
				}
				select {
				case o.turns <- struct{}{}:
				default:
				}
			}
		}}
	o.wake = owner.Wake
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		owner.Run(ctx)
	}()
	w.t.Cleanup(func() {
		cancel()
		<-done
	})
	return o
}

// until waits for turns of the owner until something holds; time goes on a little with each, so that what was set aside is
// tried again.
func (o *owned) until(what string, holds func() bool) {
	o.t.Helper()
	tooLong := time.After(patience)
	for !holds() {
		select {
		case <-o.turns:
			o.later(5 * time.Millisecond)
		case <-tooLong:
			o.t.Fatalf("never: %s", what)
		}
	}
}

// rounds waits for so many looks into the bank's mailbox.
func (o *owned) rounds(n int64) {
	o.t.Helper()
	last := o.fetches.Load() + n
	o.until(fmt.Sprint(n, " rounds"), func() bool { return o.fetches.Load() >= last })
}

func forFiles(o *options) {
	for i := range o.banks {
		o.banks[i].Files = gateway.FileNames{Final: "NKS{ref}.xml", Temp: ".NKS{ref}.xml.{attempt}.tmp"}
	}
}

// TestLine_OneRefusedFile: a file that the bank's server does not take goes behind the others, with an exception at once;
// it is sent when the server takes it. M7
func TestLine_OneRefusedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, forFiles)
	var mu sync.Mutex
	refuses := true
	box := &troubled{Memory: sftptest.NewMemory()}
	box.Hook = func(op, _, name string) error {
		mu.Lock()
		defer mu.Unlock()
		if refuses && op == "create" && strings.Contains(name, "00000000000001") {
			return errors.New("quota exceeded")
		}
		return nil
	}
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	w.receive(bundle("G-2", complete("B", 200)))
	w.at("2005-08-12 06:00")
	w.release()
	w.render()
	o := w.owns(box)
	states := func(want string) func() bool {
		return func() bool { return w.row(`SELECT state FROM interchange ORDER BY control_ref`) == want }
	}
	o.until("the second is sent", states("rendered; sent"))
	w.want("at once", w.row(`SELECT kind, subject FROM exception WHERE closed_at IS NULL`), "file cannot be handed over 1")
	o.rounds(5)
	logins := o.logins.Load()
	o.rounds(20)
	if more := o.logins.Load() - logins; more > 25 {
		t.Errorf("%d logins in 20 rounds", more)
	}
	mu.Lock()
	refuses = false
	mu.Unlock()
	o.until("the first is sent", func() bool { w.later(time.Minute); return states("sent; sent")() })
	w.want("exceptions", w.exceptions(), "")
	w.newAnswers()
}

// TestLine_FilesThatCannotBeFetched: a file that the bank's server never serves, refuses to remove, has too large or keeps
// though it says otherwise stops neither the others nor what is to be sent. M7, S1, S2
func TestLine_FilesThatCannotBeFetched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content    string // of the file; "": small
		box        func(*troubled)
		exception  string
		reconnects bool
		known      bool // what it says is known: the round is complete
	}{
		"never served": {box: func(m *troubled) { m.open = map[string]func(context.Context) error{"a.edi": stalls} },
			exception: "bank file not served", reconnects: true},
		"refused": {box: func(m *troubled) {
			m.open = map[string]func(context.Context) error{"a.edi": func(context.Context) error { return sftp.ErrDenied }}
		}, exception: "bank file cannot be fetched"},
		"too large": {content: strings.Repeat("x", 1<<20+1), exception: "bank file too large"},
		"growing all the time": {box: func(m *troubled) {
			more := ""
			m.open = map[string]func(context.Context) error{"a.edi": func(context.Context) error {
				more += "x"
				m.Offer(party, "a.edi", []byte(file("BEC", "F1", contrl("BEC", 1, "8"))+more))
				return nil
			}}
		}, exception: "bank file keeps changing"},
		"not removed":                     {box: func(m *troubled) { m.kept = map[string]bool{"a.edi": true} }, exception: "bank file cannot be removed", known: true},
		"removed, and there all the same": {box: func(m *troubled) { m.lies = map[string]bool{"a.edi": true} }, exception: "bank file cannot be removed", known: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, forFiles)
			w.paid(bundle("G-1", complete("A", 100)))
			w.newAnswers()
			box := &troubled{Memory: sftptest.NewMemory()}
			if c.box != nil {
				c.box(box)
			}
			first := c.content
			if first == "" {
				first = file("BEC", "F1", contrl("BEC", 1, "8"))
			}
			box.Offer(party, "a.edi", []byte(first))
			box.Offer(party, "b.edi", []byte(file("BEC", "F2", contrl("BEC", 1, "7"))))
			o := w.owns(box)
			o.until("the good file is stored", func() bool { return w.number(`SELECT count(*) FROM bank_file WHERE name = 'b.edi'`) == 1 })
			o.until("somebody is told", func() bool { return w.exceptions() == c.exception })
			w.receive(bundle("G-2", complete("B", 200)))
			w.at("2005-08-12 06:00")
			w.release()
			w.render()
			o.wake()
			o.until("the next interchange is sent", func() bool { return w.number(`SELECT count(*) FROM interchange WHERE state = 'sent'`) == 2 })
			logins := o.logins.Load()
			o.rounds(10)
			if more := o.logins.Load() - logins; !c.reconnects && more > 0 {
				t.Errorf("%d logins in 10 rounds", more)
			}
			w.want("told once", w.row(`SELECT kind, count(*) FROM exception GROUP BY 1`), c.exception+" 1")
			w.want("the round is complete", w.row(`SELECT count(*) > 0 FROM bank_round WHERE listed_at > '2005-08-12'`), fmt.Sprint(c.known))
			box.mu.Lock()
			box.open, box.kept, box.lies = nil, nil, nil
			box.mu.Unlock()
			if c.content == "" {
				box.Offer(party, "a.edi", []byte(first)) // the bank has done with it
			} else {
				if err := box.Memory.Remove(t.Context(), party, sftp.DirOut, "a.edi"); err != nil {
					t.Error(err)
				}
			}
			o.until("it is over", func() bool { w.later(time.Minute); return w.exceptions() == "" })
			o.until("a round is complete", func() bool { return w.number(`SELECT count(*) FROM bank_round WHERE listed_at > '2005-08-12'`) == 1 })
			if c.content == "" {
				w.want("both are stored", w.row(`SELECT name FROM bank_file ORDER BY name`), "a.edi; b.edi")
			}
			w.hear("BEC")
			w.wantAnswers("1 ACPT; 2 ACPT; 8 A")
		})
	}
}
