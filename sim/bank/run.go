// Package bank is a simulated bank centre, which knows nothing of the gateway. It is a process of its own with an SFTP server,
// a ledger of what it was ordered to pay in a journal that survives a kill, accounts on which it moves the money, and
// answers and reports as the banks give them, good and bad. Written from the page "bank-edifact" alone; of ours it uses the EDIFACT reader, with AUTACK,
// and nothing else.
package bank

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"nks/sim/notice"
)

// longestSleep is how often the clock and the folders are looked at when nothing has told of a change.
const longestSleep = 2 * time.Second

// lockTries times lockTick is how long a restarted centre waits for a killed one to be gone.
const (
	lockTick  = 20 * time.Millisecond
	lockTries = 500
)

// ErrLocked is returned when another process runs the same centre.
var ErrLocked = errors.New("the centre is run by another process")

// Config says which centre to run, where.
type Config struct {
	Dir    string // data directory of the demo
	Centre string // name of the centre
	// Clock is the business time of the first start; zero: what sim/clock.json below Dir says, else the machine's. Later starts
	// go on from there.
	Clock  time.Time
	Listen string // address of the SFTP server
	// HostKey is the file of the server's private key, ClientKey that of the one public key that may come in; empty:
	// bank_CENTRE_host and nks_client.pub in keys/ below Dir.
	HostKey, ClientKey string
	Faults             Faults           // instead of those of the profile; none: the profile's
	Out                io.Writer        // one line for each thing done; nil: none
	Now                func() time.Time // the machine's clock; nil: time.Now
	At                 func(Failpoint)  // called at each failpoint, for a test to kill the process there; nil: nothing
}

// HostKeyFile is the file of the server's private key.
func (c Config) HostKeyFile() string {
	return cmp.Or(c.HostKey, filepath.Join(c.Dir, "keys", "bank_"+c.Centre+"_host"))
}

// ClientKeyFile is the file of the one public key that may come in.
func (c Config) ClientKeyFile() string {
	return cmp.Or(c.ClientKey, filepath.Join(c.Dir, "keys", "nks_client.pub"))
}

// Gap is an instant between two things that a kill may part.
type Failpoint string

// The failpoints, in the order in which work passes them.
const (
	AtFacts     Failpoint = "facts"     // orders written, the file not committed
	AtReceived  Failpoint = "received"  // the file committed and still in in/
	AtWritten   Failpoint = "written"   // the temporary file of an answer complete, the answer not made
	AtMade      Failpoint = "made"      // the answer made, no copy kept
	AtKept      Failpoint = "kept"      // the copy kept, nothing published
	AtPublished Failpoint = "published" // published, the journal does not say so
	AtBooked    Failpoint = "booked"    // money moved, nothing reported
	AtClosed    Failpoint = "closed"    // the day ended, no statement sent
)

// Run runs a centre until ctx ends; then it returns nil. The first line on Out is "bank CENTRE listens on ADDRESS".
// A centre that was killed goes on where it was.
func Run(ctx context.Context, c Config) error {
	if err := run(ctx, c); err != nil {
		return fmt.Errorf("run bank %s: %w", c.Centre, err)
	}
	return nil
}

func run(ctx context.Context, c Config) error {
	if err := beginClock(c); err != nil {
		return err
	}
	stepped, err := Step(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = stepped.Close() }()
	desk := stepped.desk
	root, err := os.OpenRoot(desk.folders.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	s, err := newServer(c, &mailbox{root: root, bell: desk.bell}, desk.profile)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	desk.say("listens on %s", listener.Addr())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.serve(ctx, listener) })
	group.Go(func() error { return desk.work(ctx) })
	return group.Wait()
}

// work turns until ctx ends: on the bell, when the clock or a folder changes, and when an answer is due.
func (d *desk) work(ctx context.Context) error {
	changed, err := notice.Folders(ctx, filepath.Dir(d.clock.path), d.folders.in(), d.folders.out(), d.folders.Asked)
	if err != nil {
		return err
	}
	for {
		if err := d.turn(); err != nil {
			return err
		}
		wait := longestSleep
		if len(d.state.todo) > 0 {
			wait = min(wait, d.state.todo[0].Due.Sub(d.now()))
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-d.bell.wake:
		case <-changed:
		case <-t.C:
		}
		t.Stop()
	}
}

// takeLock keeps a second process away from the journal; the lock dies with its process.
func takeLock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	t := time.NewTicker(lockTick)
	defer t.Stop()
	for range lockTries {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-t.C:
		}
	}
	return nil, errors.Join(ErrLocked, f.Close())
}
