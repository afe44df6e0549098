// Package authority simulates a data supplier of public authorities: a stranger that sends its planned payment
// documents to the gateway's mailbox and collects the answers, over SFTP and nothing else.
//
// It keeps a synced journal and may be killed at any instant: whatever was not certainly delivered is delivered again
// under the same name with the same bytes, and no answer leaves the mailbox before it is safe at home.
package authority

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Times of the machine, not of the simulated business.
const (
	tick        = 25 * time.Millisecond  // between looks at the clock
	pollEvery   = 100 * time.Millisecond // between looks into out/
	firstRetry  = 50 * time.Millisecond
	longestWait = time.Second
)

// Config says which supplier to play and where.
type Config struct {
	Dir      string // data directory of the demonstration
	Supplier string
	Mailbox  string    // host:port of the gateway's SFTP door
	Out      io.Writer // one line per thing done; nil: silent
	// Now is the machine's clock; nil: time.Now. Business time is this plus the offset of sim/clock.json.
	Now func() time.Time
}

// Run plays the supplier until ctx is done, which is no error. It ends early only where going on is pointless: no
// plan, no key, a journal that cannot be written, another process in the same role.
func Run(ctx context.Context, c Config) error {
	a, err := open(c)
	if err != nil {
		return err
	}
	defer a.close()
	for {
		worked, err := a.step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if !worked && !pause(ctx, tick) {
			return nil
		}
	}
}

// pause reports whether the time went by before ctx was done.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// party is a running supplier.
type party struct {
	Config
	home    string
	plan    []delivery
	done    int // deliveries of the plan that the server has acknowledged
	journal *journal
	status  *status
	box     *mailbox // nil while there is no connection
	access  access
	retry   time.Duration
	notTill time.Time // no new connection before

	polled    time.Time     // when out/ was last seen empty
	polledAt  time.Duration // offset of the clock at that time
	lastError string
}

func open(c Config) (*party, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	a := &party{Config: c, home: filepath.Join(c.Dir, "sim", "authority", c.Supplier)}
	keys := filepath.Join(c.Dir, "keys")
	var err error
	a.access, err = readAccess(c.Mailbox, c.Supplier, filepath.Join(keys, "supplier_"+c.Supplier), filepath.Join(keys, "mailbox_host.pub"))
	if err != nil {
		return nil, err
	}
	if a.plan, err = readPlan(filepath.Join(a.home, "plan.jsonl")); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(a.home, "got"), 0o755); err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	if a.journal, err = openJournal(filepath.Join(a.home, "journal.jsonl")); err != nil {
		return nil, err
	}
	a.done = a.journal.match(a.plan)
	a.status = openStatus(filepath.Join(a.home, "status.json"))
	return a, nil
}

func (a *party) close() {
	a.drop()
	a.journal.close()
}

func (a *party) say(format string, args ...any) {
	fmt.Fprintf(a.Out, a.Supplier+": "+format+"\n", args...)
}

// errLocal marks an error at home: going on would forget what was done.
var errLocal = errors.New("authority: cannot keep records")

// step does one thing that can be done at the present business time, reports whether there was one, and says in the
// status whether anything is left.
func (a *party) step(ctx context.Context) (worked bool, err error) {
	offset, ok := readClock(filepath.Join(a.Dir, "sim", "clock.json"))
	if !ok {
		return false, nil
	}
	now := a.Now().Add(offset)
	if a.connect(ctx) {
		if a.due(now) {
			worked, err = true, a.deliver(ctx, now)
		} else {
			worked, err = a.collect(ctx, offset, now)
		}
		if errors.Is(err, errLocal) {
			return worked, err
		}
		if err != nil {
			a.fail(err)
		}
	}
	s := state{OffsetNS: int64(offset), Done: a.done, Todo: len(a.plan) - a.done}
	s.Idle = !worked && !a.due(a.Now().Add(offset)) && a.box != nil && a.polledAt == offset && !a.polled.IsZero()
	if a.done < len(a.plan) {
		s.NextDue = a.plan[a.done].At.Format(time.RFC3339Nano)
	}
	return worked, a.status.write(s)
}

// due reports whether a delivery of the plan is to be made at that business time.
func (a *party) due(now time.Time) bool { return a.done < len(a.plan) && !a.plan[a.done].At.After(now) }

// connect reports whether there is a connection, trying to make one if it is time to.
func (a *party) connect(ctx context.Context) bool {
	if a.box != nil {
		return true
	}
	if a.Now().Before(a.notTill) {
		return false
	}
	box, err := dial(ctx, a.access)
	if err != nil {
		a.fail(err)
		return false
	}
	a.box, a.retry, a.polled = box, 0, time.Time{}
	a.say("connected to %s", a.Mailbox)
	return true
}

// fail gives the connection up and waits before the next, longer each time. The same trouble is told once.
func (a *party) fail(err error) {
	a.drop()
	a.retry = min(longestWait, max(firstRetry, a.retry*2))
	a.notTill = a.Now().Add(a.retry)
	if text := err.Error(); text != a.lastError {
		a.lastError = text
		a.say("%v", err)
	}
}

func (a *party) drop() {
	if a.box != nil {
		a.box.close()
		a.box = nil
	}
}

// deliver uploads the next document of the plan. An attempt that fails is written down once per reason; the document
// stays due.
func (a *party) deliver(ctx context.Context, now time.Time) error {
	d := a.plan[a.done]
	bytes, err := os.ReadFile(filepath.Join(a.home, "send", d.File))
	if err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	entry := entry{At: now, File: d.File, As: d.As, SHA256: digest(bytes), Size: int64(len(bytes)), Result: resultOK}
	if err := a.box.upload(ctx, d.As, bytes); err != nil {
		if entry.Result = err.Error(); entry.Result != a.lastError {
			if err := a.journal.append(entry); err != nil {
				return err
			}
		}
		return err
	}
	if err := a.journal.append(entry); err != nil {
		return err
	}
	a.done++
	a.lastError = ""
	a.say("sent %s (%s)", d.As, d.Kind)
	return nil
}

// collect fetches what lies in out/, and reports whether anything did.
func (a *party) collect(ctx context.Context, offset time.Duration, now time.Time) (bool, error) {
	if a.polledAt == offset && a.Now().Sub(a.polled) < pollEvery {
		return false, nil
	}
	names, err := a.box.list(ctx)
	if err != nil {
		return false, err
	}
	if len(names) == 0 {
		a.polled, a.polledAt, a.lastError = a.Now(), offset, ""
		return false, nil
	}
	for _, name := range names {
		if err := a.fetch(ctx, name, now); err != nil {
			return true, err
		}
	}
	a.polled = time.Time{}
	return true, nil
}

// fetch brings one answer home: bytes synced, name synced, journal synced, and only then removed from the mailbox.
func (a *party) fetch(ctx context.Context, name string, now time.Time) error {
	got := filepath.Join(a.home, "got")
	tmp := filepath.Join(got, ".tmp")
	sum, size, err := a.box.download(ctx, name, tmp)
	if err != nil {
		return err
	}
	kept, err := keep(got, name, tmp, sum)
	if err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	if !a.journal.has(kept) {
		if err := a.journal.append(entry{At: now, Got: kept, SHA256: sum, Size: size, Result: resultOK}); err != nil {
			return err
		}
		a.say("got %s", kept)
	}
	return a.box.remove(ctx, name)
}
