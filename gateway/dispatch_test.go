package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/gateway"
)

// outbox is a hand-written Outbox of one interchange. Everything that happens, here and at the bank, is written to the
// one journal, so that a test sees the order.
type outbox struct {
	journal *[]string
	waiting *gateway.Outgoing // nil: none
	content string
	fence   int64            // of the present owner
	fail    map[string]error // by method
	stored  map[string]string
}

func (o *outbox) note(format string, args ...any) {
	*o.journal = append(*o.journal, fmt.Sprintf(format, args...))
}

func (o *outbox) mark(name string, fence int64, state string) error {
	if err := o.fail[name]; err != nil {
		return err
	}
	if fence != o.fence {
		return gateway.ErrLostOwnership
	}
	o.note("%s", name)
	if o.waiting != nil {
		o.waiting.State = state
	}
	return nil
}

func (o *outbox) NextOutgoing(_ context.Context, bank string, over ...int64) (gateway.Outgoing, error) {
	if err := o.fail["next"]; err != nil {
		return gateway.Outgoing{}, err
	}
	if o.waiting == nil || slices.Contains(over, o.waiting.ID) || !slices.Contains([]string{"rendered", "sending", "publishing"}, o.waiting.State) {
		return gateway.Outgoing{}, fmt.Errorf("bank %s: %w", bank, gateway.ErrNotFound)
	}
	return *o.waiting, nil
}

func (o *outbox) Content(context.Context, int64) (io.ReadCloser, error) {
	if err := o.fail["content"]; err != nil {
		return nil, err
	}
	return &closing{Reader: strings.NewReader(o.content), closed: func() { o.note("content closed") }}, nil
}

type closing struct {
	io.Reader
	closed func()
}

func (c *closing) Close() error { c.closed(); return nil }

func (o *outbox) MarkSending(_ context.Context, _, fence int64) (gateway.Outgoing, error) {
	err := o.mark("sending", fence, "sending")
	if err != nil {
		return gateway.Outgoing{}, err
	}
	o.waiting.Attempt++
	return *o.waiting, nil
}

func (o *outbox) MarkPublishing(_ context.Context, _ gateway.Outgoing, fence int64) error {
	return o.mark("publishing", fence, "publishing")
}

func (o *outbox) MarkSent(_ context.Context, _ gateway.Outgoing, fence int64) error {
	return o.mark("sent", fence, "sent")
}

func (o *outbox) MarkNotSent(ctx context.Context, _ gateway.Outgoing, fence int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return o.mark("not sent", fence, "rendered")
}

func (o *outbox) MarkUnknown(_ context.Context, _ gateway.Outgoing, fence int64) error {
	return o.mark("unknown", fence, "unknown")
}

func (o *outbox) SendFails(context.Context, gateway.Outgoing, error) error {
	o.note("send fails")
	return nil
}

func (o *outbox) FetchFails(_ context.Context, _ string, f gateway.RemoteFile, stored bool, _ error) error {
	o.note("fetch of %s fails, stored %t", f.Name, stored)
	return nil
}

func (o *outbox) FetchMended(_ context.Context, _ string, there []gateway.RemoteFile) error {
	o.note("troubles but of %d files are mended", len(there))
	return nil
}

func (o *outbox) RoundComplete(_ context.Context, bank string, fence int64, _ time.Time) error {
	if fence != o.fence {
		return gateway.ErrLostOwnership
	}
	o.note("round of %s", bank)
	return nil
}

func (o *outbox) StoreBankFile(_ context.Context, bank, name string, fetch func(io.Writer) error) error {
	var b bytes.Buffer
	if err := fetch(&b); err != nil {
		return err
	}
	if err := o.fail["store"]; err != nil {
		return err
	}
	o.note("commit %s/%s", bank, name)
	if o.stored == nil {
		o.stored = map[string]string{}
	}
	o.stored[name] = b.String()
	return nil
}

// bank is a hand-written BankLink that can be closed.
type bank struct {
	journal *[]string
	// put decides what becomes of a put: it may call beforeRename, and gives the error.
	put     func(ctx context.Context, beforeRename func(context.Context) error) error
	sight   gateway.Sighting
	lookErr error
	out     []gateway.RemoteFile
	files   map[string]string
	fail    map[string]error
	closed  int
	got     string
}

func (b *bank) note(format string, args ...any) {
	*b.journal = append(*b.journal, fmt.Sprintf(format, args...))
}

func (b *bank) Put(ctx context.Context, f gateway.Outgoing, content io.Reader, beforeRename func(context.Context) error) error {
	b.note("put attempt %d", f.Attempt)
	all, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	b.got = string(all)
	return b.put(ctx, beforeRename)
}

func (b *bank) Look(context.Context, gateway.Outgoing) (gateway.Sighting, error) {
	b.note("look")
	return b.sight, b.lookErr
}

func (b *bank) List(context.Context) ([]gateway.RemoteFile, error) { return b.out, b.fail["list"] }

func (b *bank) Fetch(_ context.Context, f gateway.RemoteFile, to io.Writer) error {
	if err := b.fail["fetch"]; err != nil {
		return err
	}
	b.note("fetch %s", f.Name)
	_, err := io.WriteString(to, b.files[f.Name])
	return err
}

func (b *bank) Remove(_ context.Context, name string) error {
	if err := b.fail["remove"]; err != nil {
		return err
	}
	b.note("remove %s", name)
	return nil
}

func (b *bank) Close() error { b.closed++; return nil }

// renamed publishes as it should be.
func renamed(ctx context.Context, beforeRename func(context.Context) error) error {
	return beforeRename(ctx)
}

func afterRename(err error) func(context.Context, func(context.Context) error) error {
	return func(ctx context.Context, beforeRename func(context.Context) error) error {
		return errors.Join(beforeRename(ctx), err)
	}
}

func beforeRename(err error) func(context.Context, func(context.Context) error) error {
	return func(context.Context, func(context.Context) error) error { return err }
}

// TestDispatcher_SendNext: every end that a put can have. Nothing is put that may have been published before.
func TestDispatcher_SendNext(t *testing.T) {
	t.Parallel()
	cut := errors.New("connection cut")
	for name, c := range map[string]struct {
		state   string // before
		put     func(context.Context, func(context.Context) error) error
		sight   gateway.Sighting
		lookErr error
		fence   int64 // of the present owner; ours is 7
		fail    map[string]error
		journal string
		worked  bool
		is      error  // nil: no error
		after   string // the state
	}{
		"sent": {put: renamed, worked: true, after: "sent",
			journal: "sending; put attempt 1; publishing; gap after-publishing-before-rename; gap after-rename-before-sent; sent; content closed"},
		"nothing to send": {state: "sent", after: "sent"},
		"not sent: the same again": {put: beforeRename(fmt.Errorf("%w: %w", gateway.ErrNotSent, cut)), worked: true, is: gateway.ErrNotSent, after: "rendered",
			journal: "sending; put attempt 1; not sent; content closed; send fails"},
		"not sent, by the connection's fault": {put: beforeRename(fmt.Errorf("%w: %w", gateway.ErrNotSent, gateway.ErrLinkDown)), worked: true, is: gateway.ErrLinkDown,
			after: "rendered", journal: "sending; put attempt 1; not sent; content closed"},
		"certainly not sent though publishing was marked": {put: afterRename(gateway.ErrNotSent), worked: true, is: gateway.ErrNotSent, after: "rendered",
			journal: "sending; put attempt 1; publishing; gap after-publishing-before-rename; not sent; content closed; send fails"},
		"unknown, and it is there": {put: afterRename(gateway.ErrOutcomeUnknown), sight: gateway.Present, worked: true, after: "sent",
			journal: "sending; put attempt 1; publishing; gap after-publishing-before-rename; look; sent; content closed"},
		"unknown, and it is not there": {put: afterRename(gateway.ErrOutcomeUnknown), sight: gateway.Absent, worked: true, after: "unknown",
			journal: "sending; put attempt 1; publishing; gap after-publishing-before-rename; look; unknown; content closed"},
		"unknown, and it has another size": {put: afterRename(gateway.ErrOutcomeUnknown), sight: gateway.OtherSize, worked: true, after: "unknown",
			journal: "sending; put attempt 1; publishing; gap after-publishing-before-rename; look; unknown; content closed"},
		"unknown, and nobody can look": {put: afterRename(gateway.ErrOutcomeUnknown), lookErr: cut, worked: true, is: cut, after: "publishing",
			journal: "sending; put attempt 1; publishing; gap after-publishing-before-rename; look; content closed; send fails"},
		"taken over from publishing, it is there":     {state: "publishing", sight: gateway.Present, worked: true, after: "sent", journal: "look; sent"},
		"taken over from publishing, it is not there": {state: "publishing", sight: gateway.Absent, worked: true, after: "unknown", journal: "look; unknown"},
		"taken over from publishing, nobody can look": {state: "publishing", lookErr: cut, worked: true, is: cut, after: "publishing", journal: "look; send fails"},
		"taken over from sending: a new attempt": {state: "sending", put: renamed, worked: true, after: "sent",
			journal: "sending; put attempt 1; publishing; gap after-publishing-before-rename; gap after-rename-before-sent; sent; content closed"},
		"the name is taken": {put: beforeRename(fmt.Errorf("%w: there", gateway.ErrConflict)), worked: true, is: gateway.ErrConflict, after: "unknown",
			journal: "sending; put attempt 1; unknown; content closed"},
		"an error without a name leaves it as it is": {put: beforeRename(cut), worked: true, is: cut, after: "sending",
			journal: "sending; put attempt 1; content closed; send fails"},
		"somebody else owns the connection": {put: renamed, fence: 8, worked: true, is: gateway.ErrLostOwnership, after: "rendered"},
		"lost before the rename": {put: renamed, fail: map[string]error{"publishing": gateway.ErrLostOwnership}, worked: true, is: gateway.ErrLostOwnership, after: "sending",
			journal: "sending; put attempt 1; content closed"},
		"lost after the rename": {put: renamed, fail: map[string]error{"sent": gateway.ErrLostOwnership}, worked: true, is: gateway.ErrLostOwnership, after: "publishing",
			journal: "sending; put attempt 1; publishing; gap after-publishing-before-rename; gap after-rename-before-sent; content closed"},
		"the database is away":   {fail: map[string]error{"next": gateway.ErrTransient}, is: gateway.ErrTransient, after: "rendered"},
		"the content is missing": {fail: map[string]error{"content": cut}, worked: true, is: cut, after: "sending", journal: "sending; send fails"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var journal []string
			o := &outbox{journal: &journal, content: "UNB", fence: 7, fail: c.fail, waiting: &gateway.Outgoing{ID: 1, State: "rendered"}}
			if c.state != "" {
				o.waiting.State = c.state
			}
			if c.fence != 0 {
				o.fence = c.fence
			}
			b := &bank{journal: &journal, put: c.put, sight: c.sight, lookErr: c.lookErr}
			d := &gateway.Dispatcher{Bank: "B", Fence: 7, Link: b, Outbox: o, Now: time.Now, Failpoint: func(g string) { journal = append(journal, "gap "+g) }}
			worked, err := d.SendNext(t.Context())
			if worked != c.worked || !errors.Is(err, c.is) || (err == nil) != (c.is == nil) {
				t.Errorf("worked %t, %v; want %t, %v", worked, err, c.worked, c.is)
			}
			if got := strings.Join(journal, "; "); got != c.journal {
				t.Errorf("happened:\n%s\nwant:\n%s", got, c.journal)
			}
			if o.waiting.State != c.after {
				t.Errorf("state %s, want %s", o.waiting.State, c.after)
			}
			if b.got != "" && b.got != "UNB" {
				t.Errorf("put %q", b.got)
			}
		})
	}
}

// TestDispatcher_SendNext_GivesBackAtItsEnd: a put that the process's end interrupts is taken back all the same.
func TestDispatcher_SendNext_GivesBackAtItsEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var journal []string
	o := &outbox{journal: &journal, fence: 7, waiting: &gateway.Outgoing{ID: 1, State: "rendered"}}
	b := &bank{journal: &journal, put: func(ctx context.Context, _ func(context.Context) error) error {
		cancel()
		return fmt.Errorf("%w: %w", gateway.ErrNotSent, ctx.Err())
	}}
	d := &gateway.Dispatcher{Bank: "B", Fence: 7, Link: b, Outbox: o, Now: time.Now, Failpoint: func(string) {}}
	if _, err := d.SendNext(ctx); !errors.Is(err, gateway.ErrNotSent) {
		t.Error(err)
	}
	if o.waiting.State != "rendered" {
		t.Errorf("left in state %s", o.waiting.State)
	}
}

// TestDispatcher_FetchNew: a file is taken away only after its bytes are committed.
func TestDispatcher_FetchNew(t *testing.T) {
	t.Parallel()
	cut := errors.New("connection cut")
	for name, c := range map[string]struct {
		files   []string
		fail    map[string]error
		journal string
		worked  bool
		is      error
	}{
		"none": {journal: "troubles but of 0 files are mended; round of B"},
		"two": {files: []string{"a.edi", "b.edi"}, worked: true, journal: "troubles but of 2 files are mended; fetch a.edi; commit B/a.edi; gap after-fetch-commit-before-remove; remove a.edi; " +
			"fetch b.edi; commit B/b.edi; gap after-fetch-commit-before-remove; remove b.edi; round of B"},
		"not fetched": {files: []string{"a.edi"}, fail: map[string]error{"fetch": cut}, is: cut,
			journal: "troubles but of 1 files are mended; fetch of a.edi fails, stored false"},
		"not fetched, by the connection's fault": {files: []string{"a.edi", "b.edi"}, fail: map[string]error{"fetch": gateway.ErrLinkDown}, is: gateway.ErrLinkDown,
			journal: "troubles but of 2 files are mended"},
		"never served: others may have come meanwhile": {files: []string{"a.edi", "b.edi"}, fail: map[string]error{"fetch": gateway.ErrStalls}, is: gateway.ErrStalls,
			journal: "troubles but of 2 files are mended; fetch of a.edi fails, stored false"},
		"never served, and the connection with it": {files: []string{"a.edi", "b.edi"}, fail: map[string]error{"fetch": errors.Join(gateway.ErrStalls, gateway.ErrLinkDown)},
			is: gateway.ErrLinkDown, journal: "troubles but of 2 files are mended; fetch of a.edi fails, stored false"},
		"the bank still writes it": {files: []string{"a.edi"}, fail: map[string]error{"fetch": gateway.ErrStillChanging}, is: gateway.ErrStillChanging,
			journal: "troubles but of 1 files are mended"},
		"not committed": {files: []string{"a.edi"}, fail: map[string]error{"store": cut}, is: cut,
			journal: "troubles but of 1 files are mended; fetch a.edi; fetch of a.edi fails, stored false"},
		"not removed: the round is complete": {files: []string{"a.edi"}, fail: map[string]error{"remove": cut}, is: cut,
			journal: "troubles but of 1 files are mended; fetch a.edi; commit B/a.edi; gap after-fetch-commit-before-remove; fetch of a.edi fails, stored true; round of B"},
		"not listed": {fail: map[string]error{"list": cut}, is: gateway.ErrLinkDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var journal []string
			o := &outbox{journal: &journal, fail: c.fail}
			b := &bank{journal: &journal, files: map[string]string{}, fail: c.fail}
			for _, f := range c.files {
				b.out = append(b.out, gateway.RemoteFile{Name: f, Size: int64(len(f))})
				b.files[f] = "content of " + f
			}
			d := &gateway.Dispatcher{Bank: "B", Link: b, Outbox: o, Now: time.Now, Failpoint: func(g string) { journal = append(journal, "gap "+g) }}
			worked, err := d.FetchNew(t.Context())
			if worked != c.worked || !errors.Is(err, c.is) || (err == nil) != (c.is == nil) {
				t.Errorf("worked %t, %v; want %t, %v", worked, err, c.worked, c.is)
			}
			if got := strings.Join(journal, "; "); got != c.journal {
				t.Errorf("happened:\n%s\nwant:\n%s", got, c.journal)
			}
			for f, content := range o.stored {
				if content != "content of "+f {
					t.Errorf("%s is stored as %q", f, content)
				}
			}
		})
	}
}

// TestDispatcher_FetchNew_AllFail: of thousands of files that fail in a round each is told of, and the log has a few in words.
func TestDispatcher_FetchNew_AllFail(t *testing.T) {
	t.Parallel()
	cut := errors.New("not allowed")
	var journal []string
	o := &outbox{journal: &journal}
	b := &bank{journal: &journal, fail: map[string]error{"fetch": cut}}
	for n := range 5000 {
		b.out = append(b.out, gateway.RemoteFile{Name: fmt.Sprintf("%04d.edi", n)})
	}
	d := &gateway.Dispatcher{Bank: "B", Link: b, Outbox: o, Now: time.Now, Failpoint: func(string) {}}
	worked, err := d.FetchNew(t.Context())
	if worked || !errors.Is(err, cut) || !strings.Contains(err.Error(), "and 4990 more files fail") || len(err.Error()) > 2000 {
		t.Errorf("worked %t, %d characters", worked, len(err.Error()))
	}
	if reported := strings.Count(strings.Join(journal, "; "), "fails, stored false"); reported != 5000 {
		t.Errorf("%d files are told of", reported)
	}
}
