// Package authority simulates a data supplier of public authorities. It knows nothing of the gateway and sends its planned payment documents
// to the gateway's mailbox or message queue and collects the answers from both, over SFTP and NATS and nothing else.
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

	"nks/sim/notice"
)

// Times of the machine, not of the simulated business.
const (
	longestSleep = 5 * time.Second // between looks at the clock and into out/
	// pollEvery is the pause between looks into out/ while something happens; it grows with the time in which nothing does.
	pollEvery   = 100 * time.Millisecond
	firstRetry  = 50 * time.Millisecond
	longestWait = time.Second
)

// Config says which supplier to play and where.
type Config struct {
	Dir      string // data directory of the demonstration
	Supplier string
	Mailbox  string    // host:port of the gateway's SFTP door
	Queue    string    // host:port of the gateway's message broker; empty: there is none
	ByQueue  bool      // documents go by the queue, save those too large for it
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
	changed, err := notice.Folders(ctx, filepath.Join(c.Dir, "sim"))
	if err != nil {
		return err
	}
	for {
		worked, err := a.step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if !worked && !pause(ctx, a.idle(), changed) {
			return nil
		}
	}
}

// pause ends after d or when something has changed; it reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration, changed <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-changed:
	case <-t.C:
	}
	return true
}

// party is a running supplier.
type party struct {
	Config
	home    string
	plan    []delivery
	done    int // deliveries of the plan that the server has acknowledged
	journal *journal
	status  *status
	lines   []*line

	offset time.Duration // of the clock at the last step
	active time.Time     // when something last happened
}

func open(c Config) (*party, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	a := &party{Config: c, home: filepath.Join(c.Dir, "sim", "authority", c.Supplier)}
	var err error
	if a.lines, err = c.lines(filepath.Join(c.Dir, "keys")); err != nil {
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
	for _, l := range a.lines {
		l.drop()
	}
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
	if offset != a.offset {
		a.offset, a.active = offset, a.Now()
	}
	now := a.Now().Add(offset)
	if a.due(now) {
		if worked, err = a.deliver(ctx, now); err != nil {
			return worked, err
		}
	}
	quiet := true
	for _, l := range a.lines {
		if a.connect(ctx, l) {
			took, err := a.collect(ctx, l, offset, now)
			if errors.Is(err, errLocal) {
				return worked, err
			}
			if err != nil {
				a.fail(l, err)
			}
			worked = worked || took
		}
		quiet = quiet && l.quiet(offset)
	}
	s := state{OffsetNS: int64(offset), Done: a.done, Todo: len(a.plan) - a.done}
	s.Idle = !worked && !a.due(a.Now().Add(offset)) && quiet
	if worked {
		a.active = a.Now()
	}
	if a.done < len(a.plan) {
		s.NextDue = a.plan[a.done].At.Format(time.RFC3339Nano)
	}
	return worked, a.status.write(s)
}

// calm is the pause between looks into out/.
func (a *party) calm() time.Duration {
	return min(longestSleep, max(pollEvery, a.Now().Sub(a.active)/8))
}

// idle is how long nothing is to be done.
func (a *party) idle() time.Duration {
	wait := longestSleep
	if now := a.Now().Add(a.offset); a.done < len(a.plan) && !a.due(now) {
		wait = min(wait, a.plan[a.done].At.Sub(now))
	}
	for _, l := range a.lines {
		next := l.notTill
		if l.door != nil {
			next = l.polled.Add(a.calm())
		}
		wait = min(wait, next.Sub(a.Now()))
	}
	return max(wait, time.Millisecond)
}

// due reports whether a delivery of the plan is to be made at that business time.
func (a *party) due(now time.Time) bool { return a.done < len(a.plan) && !a.plan[a.done].At.After(now) }

// connect reports whether there is a connection, trying to make one if it is time to.
func (a *party) connect(ctx context.Context, l *line) bool {
	if l.door != nil {
		return true
	}
	if a.Now().Before(l.notTill) {
		return false
	}
	d, err := l.dial(ctx)
	if err != nil {
		a.fail(l, err)
		return false
	}
	l.door, l.retry, l.polled = d, 0, time.Time{}
	a.say("connected to %s", l.address)
	return true
}

// fail gives the connection up and waits before the next, longer each time. The same trouble is told once.
func (a *party) fail(l *line, err error) {
	l.drop()
	l.retry = min(longestWait, max(firstRetry, l.retry*2))
	l.notTill = a.Now().Add(l.retry)
	if text := err.Error(); text != l.lastError {
		l.lastError = text
		a.say("%v", err)
	}
}

// deliver sends the next document of the plan by the first line that takes its size, and by no other: where that one is
// down, nobody knows yet whether an earlier attempt has arrived. An attempt that fails is written down once per reason; the
// document stays due. Its error is one at home.
func (a *party) deliver(ctx context.Context, now time.Time) (bool, error) {
	d := a.plan[a.done]
	bytes, err := os.ReadFile(filepath.Join(a.home, "send", d.File))
	if err != nil {
		return true, fmt.Errorf("%w: %w", errLocal, err)
	}
	for _, l := range a.lines {
		if !a.connect(ctx, l) {
			return false, nil
		}
		if l.door.takes(len(bytes)) {
			return true, a.send(ctx, l, d, bytes, now)
		}
	}
	return false, fmt.Errorf("%w: %s: %d bytes are too many for every door", errLocal, d.File, len(bytes))
}

func (a *party) send(ctx context.Context, l *line, d delivery, bytes []byte, now time.Time) error {
	entry := entry{At: now, File: d.File, As: d.As, SHA256: digest(bytes), Size: int64(len(bytes)), Result: resultOK}
	failed := l.door.upload(ctx, d.As, bytes)
	if failed != nil {
		entry.Result = failed.Error()
	}
	if failed == nil || entry.Result != l.lastError {
		if err := a.journal.append(entry); err != nil {
			return err
		}
	}
	if failed != nil {
		a.fail(l, failed)
		return nil
	}
	a.done++
	l.lastError = ""
	a.say("sent %s (%s) to %s", d.As, d.Kind, l.address)
	return nil
}

// collect fetches the answers that wait, and reports whether any did.
func (a *party) collect(ctx context.Context, l *line, offset time.Duration, now time.Time) (bool, error) {
	if l.polledAt == offset && a.Now().Sub(l.polled) < a.calm() {
		return false, nil
	}
	names, err := l.door.list(ctx)
	if err != nil {
		return false, err
	}
	if len(names) == 0 {
		l.polled, l.polledAt, l.lastError = a.Now(), offset, ""
		return false, nil
	}
	for _, name := range names {
		if err := a.fetch(ctx, l.door, name, now); err != nil {
			return true, err
		}
	}
	l.polled = time.Time{}
	return true, nil
}

// fetch brings one answer home: bytes synced, name synced, journal synced, and only then removed from the mailbox.
func (a *party) fetch(ctx context.Context, box door, name string, now time.Time) error {
	got := filepath.Join(a.home, "got")
	tmp := filepath.Join(got, ".tmp")
	sum, size, err := box.download(ctx, name, tmp)
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
	return box.remove(ctx, name)
}
