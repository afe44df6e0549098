package sftp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// errBanned: too many logins have failed; it passes by itself.
var errBanned = errors.New("too many failed logins")

const (
	// strikesAllowed is how many connections may fail to log in within strikesWithin before a pause.
	strikesAllowed, strikesWithin = 10, 10 * time.Minute
	// pauseFirst is the first pause; it doubles up to pauseMost. The most is short: others may stand behind the same address,
	// and no key can be guessed in any time.
	pauseFirst, pauseMost = time.Minute, 5 * time.Minute
	// knownFor is how long an address is known after a login.
	knownFor = 30 * 24 * time.Hour
)

// origin is an address as far as one party can be told by it: the whole of IPv4, the network of IPv6.
type origin = netip.Prefix

func originOf(a net.Addr) origin {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return origin{}
	}
	bits := 32
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return origin{}
	}
	return p
}

// suspect is who is held to account for failed logins: a name at an address, for each; and the address as a whole for how many names it
// tries, unless parties log in from it. So a client that tries a wrong key for ever shuts nobody out who stands behind the same address, be
// it known or not: after a start none is.
type suspect struct {
	from  origin
	name  string
	whole bool // the address
}

// strikes remembers failed logins, and from where logins have succeeded.
type strikes struct {
	most   int // of each that is remembered
	failed map[suspect]*strike
	known  map[origin]time.Time
}

type strike struct {
	count  int
	last   time.Time
	pauses int
	until  time.Time
}

func newStrikes(most int) *strikes {
	return &strikes{most: most, failed: map[suspect]*strike{}, known: map[origin]time.Time{}}
}

func (s *strikes) isKnown(from origin, now time.Time) bool {
	at, ok := s.known[from]
	return ok && now.Sub(at) < knownFor
}

// pausing is for how long yet somebody is not let in; 0: not at all.
func (s *strikes) pausing(who suspect, now time.Time) time.Duration {
	if f := s.failed[who]; f != nil {
		return max(f.until.Sub(now), 0)
	}
	return 0
}

// refuses is why an address as a whole is not let in, or nil.
func (s *strikes) refuses(from origin, now time.Time) error {
	return banned(s.pausing(suspect{from: from, whole: true}, now), "from this address")
}

// refusesName is why a name is not let in from an address, or nil.
func (s *strikes) refusesName(from origin, name string, now time.Time) error {
	return banned(s.pausing(suspect{from: from, name: name}, now), "under this name from this address")
}

func banned(left time.Duration, who string) error {
	if left <= 0 {
		return nil
	}
	return fmt.Errorf("%w %s: try again in %v", errBanned, who, max(left.Round(time.Second), time.Second))
}

// fail counts a connection that has failed to log in, and gives how long a pause that begins now lasts; 0: none does.
func (s *strikes) fail(from origin, name string, now time.Time) time.Duration {
	pause, first := s.strike(suspect{from: from, name: name}, now)
	if first && !s.isKnown(from, now) {
		whole, _ := s.strike(suspect{from: from, whole: true}, now)
		pause = max(pause, whole)
	}
	return pause
}

// strike counts one against somebody, and reports whether it is the first for some time.
func (s *strikes) strike(who suspect, now time.Time) (pause time.Duration, first bool) {
	f := s.failed[who]
	if f == nil {
		s.makeRoom(now)
		f = &strike{}
		s.failed[who] = f
	}
	if first = now.Sub(f.last) > strikesWithin; first {
		f.count, f.pauses = 0, 0
	}
	f.last = now
	if f.count++; f.count < strikesAllowed {
		return 0, first
	}
	pause = min(pauseFirst<<min(f.pauses, 10), pauseMost)
	f.count, f.pauses, f.until = 0, f.pauses+1, now.Add(pause)
	return pause, first
}

// succeed forgets what failed under the name, and of the address as a whole, which is known from now on.
func (s *strikes) succeed(from origin, name string, now time.Time) {
	delete(s.failed, suspect{from: from, name: name})
	delete(s.failed, suspect{from: from, whole: true})
	if _, ok := s.known[from]; !ok && len(s.known) >= s.most {
		oldest := from
		for k, at := range s.known {
			if oldest == from || at.Before(s.known[oldest]) {
				oldest = k
			}
		}
		delete(s.known, oldest)
	}
	s.known[from] = now
}

// makeRoom forgets what is over, or else who failed the longest ago.
func (s *strikes) makeRoom(now time.Time) {
	if len(s.failed) < s.most {
		return
	}
	var oldest suspect
	for k, f := range s.failed {
		if now.Sub(f.last) > strikesWithin && !f.until.After(now) {
			delete(s.failed, k)
		} else if o := s.failed[oldest]; o == nil || f.last.Before(o.last) {
			oldest = k
		}
	}
	if len(s.failed) >= s.most {
		delete(s.failed, oldest)
	}
}
