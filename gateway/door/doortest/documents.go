package doortest

import (
	"bytes"
	"errors"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
)

// document is one of so many bytes that differ from place to place, as the door takes it.
func (s *suite) document(size int) []byte { return s.as(pattern(size)) }

func pattern(size int) []byte {
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(i>>12 ^ i*7)
	}
	return body
}

// as is a content as the door takes it, answer as it gives it.
func (s *suite) as(content []byte) []byte { return made(content, s.client.Traits().Document) }

func (s *suite) answer(content []byte) []byte { return made(content, s.client.Traits().Answer) }

func made(content []byte, document func([]byte) []byte) []byte {
	if document == nil {
		return content
	}
	return document(content)
}

func (s *suite) bodies() {
	const piece = postgres.PieceBytes
	for _, c := range []struct {
		key  string
		size int
	}{{"empty", 0}, {"one", 1}, {"below", piece - 1}, {"piece", piece}, {"above", piece + 1}, {"many", 3*piece + 7}, {"most", Limit}} {
		body := s.document(c.size)
		s.check(c.key, s.client.Send(s.ctx, PartyA, s.key(c.key), body))
		s.wantOne(PartyA, s.key(c.key), body)
	}
	s.wantNothingLeft()
}

func (s *suite) acknowledgedLate() {
	key, body := s.key("a"), s.document(2<<20)
	committed, release := s.hold(key)
	sent := s.sending(PartyA, key, body)
	s.check("commit", await(s, "the commit", committed))
	s.wantOne(PartyA, key, body)
	s.nothing("the door has answered before the intake", sent)
	close(release)
	s.check("send", await(s, "the acknowledgement", sent))
	s.wantOne(PartyA, key, body)
}

func (s *suite) sameAgain() {
	key, body := s.key("a"), s.document(1<<20+1)
	for range 3 {
		s.check("send", s.client.Send(s.ctx, PartyA, key, body))
		s.wantOne(PartyA, key, body)
	}
	s.wantNothingLeft()
}

func (s *suite) otherBytes() {
	key, body := s.key("a"), s.document(1000)
	s.check("send", s.client.Send(s.ctx, PartyA, key, body))
	before := s.exceptions()
	for _, other := range [][]byte{s.document(1001), s.document(999), s.document(2 << 20), s.document(0)} {
		if err := s.client.Send(s.ctx, PartyA, key, other); !errors.Is(err, gateway.ErrConflict) {
			s.Errorf("%d other bytes: %v, want %v", len(other), err, gateway.ErrConflict)
		}
		s.wantOne(PartyA, key, body)
	}
	s.wantNothingLeft()
	raised := strings.TrimPrefix(s.exceptions(), before)
	if strings.Count(raised, string(gateway.NameReused)) != 1 {
		s.Errorf("exceptions raised: %q, want one of %q", raised, gateway.NameReused)
	}
	s.check("the first again", s.client.Send(s.ctx, PartyA, key, body))
}

func (s *suite) tooLarge() {
	key := s.key("a")
	if err := s.client.Send(s.ctx, PartyA, key, s.document(Limit+1)); !errors.Is(err, gateway.ErrRefused) {
		s.Errorf("over the limit: %v, want %v", err, gateway.ErrRefused)
	}
	s.wantNone(PartyA, key)
	s.wantNothingLeft()
}

func (s *suite) temporary() {
	key, body := s.key("a"), s.document(2<<20)
	for range 3 {
		s.failing(key, gateway.ErrTransient)
	}
	// An alarm that could not be raised is as good as the database being away.
	s.failing(key, errors.Join(gateway.ErrConflict, gateway.ErrTransient))
	s.deliver(PartyA, key, body)
	s.wantOne(PartyA, key, body)
	s.wantNothingLeft()
	if n := len(s.outcomes(key)); n != 5 {
		s.Errorf("tried %d times, want 5", n)
	}
}

// ownFault: a document that fails for no reason of its own is not refused, and holds up no other.
func (s *suite) ownFault() {
	key := s.key("a")
	s.failing(key, errors.New("a bug"))
	sent := s.sending(PartyA, key, s.as([]byte("<a/>")))
	s.until("the fault", func() bool { return len(s.outcomes(key)) == 1 })
	s.deliver(PartyA, s.key("b"), s.as([]byte("<b/>")))
	s.wantOne(PartyA, s.key("b"), s.as([]byte("<b/>")))
	select {
	case err := <-sent:
		if err == nil || refused(err) {
			s.Errorf("after a fault of ours: %v", err)
		}
	default: // it is kept, and comes again later
	}
}

// databaseFull: what fails under a document while it comes is the database's condition, not the document's fault.
func (s *suite) databaseFull() {
	key, body := s.key("a"), s.document(3<<20)
	s.check("fill", s.fill(s.ctx))
	sent := s.sending(PartyA, key, body)
	s.until("the failure", func() bool { return len(s.outcomes(key)) > 0 })
	s.check("make room", s.makeRoom(s.ctx))
	if err := s.outcomes(key)[0]; !errors.Is(err, gateway.ErrTransient) {
		s.Errorf("the intake has said %v, want %v", err, gateway.ErrTransient)
	}
	if err := await(s, "the end of the sending", sent); refused(err) {
		s.Errorf("refused: %v", err)
	}
	s.deliver(PartyA, key, body)
	s.wantOne(PartyA, key, body)
	s.wantNothingLeft()
}

// replyLost: the door dies when the document is committed and not acknowledged.
func (s *suite) replyLost() {
	key, body := s.key("a"), s.document(1<<20+1)
	committed, _ := s.hold(key)
	sent := s.sending(PartyA, key, body)
	s.check("commit", await(s, "the commit", committed))
	s.client.Restart()
	switch err := await(s, "the end of the sending", sent); {
	case refused(err):
		s.Errorf("refused: %v", err)
	case err == nil && !s.client.Traits().Resends:
		s.Error("acknowledged by a door that has died before")
	}
	s.deliver(PartyA, key, body)
	s.wantOne(PartyA, key, body)
	s.wantNothingLeft()
}

func (s *suite) brokenOff() {
	key, body := s.key("a"), s.document(6<<20)
	s.check("break off", s.client.SendHalf(s.ctx, PartyA, key, body))
	s.wantNone(PartyA, key)
	s.wantNothingLeft()
	s.deliver(PartyA, key, body)
	s.wantOne(PartyA, key, body)
}

func (s *suite) twoParties() {
	key, a, b := s.key("a"), s.as([]byte("<a/>")), s.as([]byte("<b/>"))
	s.check("send", s.client.Send(s.ctx, PartyA, key, a))
	s.check("send", s.client.Send(s.ctx, PartyB, key, b))
	s.wantOne(PartyA, key, a)
	s.wantOne(PartyB, key, b)
}

func (s *suite) whoBrought() {
	traits := s.client.Traits()
	for _, party := range Parties() {
		body := s.as([]byte("<from>" + party + "</from>"))
		s.check("send", s.client.Send(s.ctx, party, s.key("a"), body))
		d := s.wantOne(party, s.key("a"), body)
		if (d.Sent != nil) != traits.Sent || (d.Queued != nil) != traits.Queued {
			s.Errorf("sent %v, queued %v; want them known: %t, %t", d.Sent, d.Queued, traits.Sent, traits.Queued)
		}
		var evidence string
		if d.Evidence != nil {
			evidence = *d.Evidence
		}
		if want := traits.Evidence(party); evidence != want {
			s.Errorf("evidence %q, want %q", evidence, want)
		}
	}
}

// nothingPersonal: suppliers may put anything into their keys.
func (s *suite) nothingPersonal() {
	const number = "010170-0001"
	key, body := s.key(number), s.as([]byte("<a/>"))
	s.failing(key, gateway.ErrTransient)
	s.deliver(PartyA, key, body)
	for what, err := range map[string]error{
		"other bytes": s.client.Send(s.ctx, PartyA, key, s.as([]byte("<b/>"))),
		"too large":   s.client.Send(s.ctx, PartyA, key+"-large", s.document(Limit+1)),
	} {
		if err == nil || strings.Contains(err.Error(), number) {
			s.Errorf("%s: %v", what, err)
		}
	}
	if reported := s.reported(); strings.Contains(reported, number) || !bytes.Contains([]byte(reported), []byte(gateway.NameReused)) {
		s.Errorf("told:\n%s", reported)
	}
}
