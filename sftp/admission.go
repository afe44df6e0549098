package sftp

import (
	"errors"
	"fmt"
	"time"
)

var errFull = errors.New("too many connections")

// overdue is how old a login in hand must be to give way to any other. A good one takes far less.
const overdue = 3 * time.Second

// admit finds room for a connection that wants to log in. Where there is none, one that is being logged in gives way: of the address
// that has the most of them, and of those that are not known before those that are. It is called with s.mu held.
func (s *Server) admit(c *connection) error {
	if s.draining {
		return ErrTemporary
	}
	if err := s.strikes.refuses(c.from, c.came); err != nil {
		return err
	}
	inHand, ofAddress := 0, map[origin]int{}
	for o := range s.conns {
		if o.loggingIn {
			inHand++
			ofAddress[o.from]++
		}
	}
	l := s.cfg.Limits
	var why error
	var among func(*connection) bool
	switch {
	case ofAddress[c.from] >= l.PerAddress:
		why = fmt.Errorf("%w: %d logins at a time from one address", errFull, l.PerAddress)
		among = func(o *connection) bool { return o.from == c.from && c.came.Sub(o.came) >= overdue }
	case inHand >= l.Handshakes:
		why = fmt.Errorf("%w: %d logins at a time", errFull, l.Handshakes)
		known := s.strikes.isKnown(c.from, c.came)
		among = func(o *connection) bool {
			return c.came.Sub(o.came) >= overdue || ofAddress[o.from] > ofAddress[c.from]+1 || known && !s.strikes.isKnown(o.from, c.came)
		}
	default:
		return nil
	}
	var gives *connection
	for o := range s.conns {
		if o.loggingIn && !o.givesWay && among(o) && (gives == nil || s.before(o, gives, ofAddress, c.came)) {
			gives = o
		}
	}
	if gives == nil {
		return why
	}
	gives.givesWay, gives.loggingIn = true, false
	gives.why = fmt.Errorf("%w: it took too long to log in, and others wait", errFull)
	gives.net.Close()
	return nil
}

// before reports whether a gives way before b.
func (s *Server) before(a, b *connection, ofAddress map[origin]int, now time.Time) bool {
	if ka, kb := s.strikes.isKnown(a.from, now), s.strikes.isKnown(b.from, now); ka != kb {
		return kb
	}
	if na, nb := ofAddress[a.from], ofAddress[b.from]; na != nb {
		return na > nb
	}
	return a.came.Before(b.came)
}

// enter counts a connection for the party that has proved to be there. Where there is no room, one that has been silent gives way: of
// the same party after crowded; or, where all together are too many, of the party that has more than this one would.
func (s *Server) enter(c *connection, party string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return ErrTemporary
	}
	if c.party != "" {
		return nil
	}
	l, now := s.cfg.Limits, s.cfg.Now()
	if s.parties[party] >= l.PerParty {
		gives := s.quietest(func(o *connection) bool { return o.party == party && o.net.silent(now) >= crowded })
		if gives == nil {
			return fmt.Errorf("%w: %d of one supplier", errFull, l.PerParty)
		}
		s.leave(gives)
	}
	if s.inside >= l.Connections {
		most := s.parties[party] + 1
		for o := range s.conns {
			if o.counts && s.quietest(func(q *connection) bool { return q.party == o.party }) != nil {
				most = max(most, s.parties[o.party])
			}
		}
		gives := s.quietest(func(o *connection) bool { return s.parties[o.party] == most && most > s.parties[party]+1 })
		if gives == nil {
			return fmt.Errorf("%w: %d of all suppliers", errFull, l.Connections)
		}
		s.leave(gives)
	}
	s.parties[party]++
	s.inside++
	c.party, c.counts = party, true
	return nil
}

// crowded is how long a connection must have been silent to give way to another of its party.
const crowded = 30 * time.Second

// quietest is the connection with nothing in hand that has been silent for the longest; nil: there is none.
func (s *Server) quietest(among func(*connection) bool) (found *connection) {
	now := s.cfg.Now()
	for o := range s.conns {
		if o.counts && o.busy == 0 && among(o) && (found == nil || o.net.silent(now) > found.net.silent(now)) {
			found = o
		}
	}
	return found
}

// leave ends a connection that counts; it does not any more.
func (s *Server) leave(c *connection) {
	c.net.Close()
	if !c.counts {
		return
	}
	c.counts = false
	s.inside--
	if s.parties[c.party]--; s.parties[c.party] == 0 {
		delete(s.parties, c.party)
	}
}
