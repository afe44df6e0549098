package doortest

import (
	"bytes"
	"slices"
)

// delivered sends a small document, for the answers to it.
func (s *suite) delivered(party string) delivery {
	s.Helper()
	key, body := s.key("about"), s.as([]byte("<about/>"))
	s.deliver(party, key, body)
	return s.wantOne(party, key, body)
}

// wantNext takes the next answer and wants it to be that one.
func (s *suite) wantNext(party, name string, body []byte) {
	s.Helper()
	a, err := s.client.Next(s.ctx, party)
	s.check("next answer", err)
	if a.Name != name+s.client.Traits().Suffix || !bytes.Equal(a.Body, body) {
		s.Fatalf("%s got %s of %d bytes, want %s of %d", party, a.Name, len(a.Body), name, len(body))
	}
}

// wantNoAnswers fails unless everything is taken away and recorded.
func (s *suite) wantNoAnswers() {
	s.Helper()
	for _, party := range Parties() {
		s.until("all answers recorded", func() bool { return s.waiting(party) == 0 })
		left, err := s.client.Left(s.ctx, party)
		s.check("left", err)
		if left != 0 {
			s.Errorf("%d answers of %s lie at the door, want none", left, party)
		}
	}
}

func (s *suite) answersInOrder() {
	d := s.delivered(PartyA)
	bodies := [][]byte{s.answer([]byte("<one/>")), s.answer(pattern(2<<20 + 3)), s.answer(pattern(1 << 20)), s.answer([]byte("<four/>"))}
	var names []string
	for _, body := range bodies {
		names = append(names, s.offer(PartyA, d, body))
	}
	for i, name := range names {
		s.wantNext(PartyA, name, bodies[i])
	}
	s.wantNoAnswers()
	s.client.Restart()
	s.wantNoAnswers()
	s.wantNext(PartyA, s.offer(PartyA, d, s.answer([]byte("<after/>"))), s.answer([]byte("<after/>")))
	s.wantNoAnswers()
}

func (s *suite) answersApart() {
	a, b := s.delivered(PartyA), s.delivered(PartyB)
	first := s.offer(PartyB, b, s.answer([]byte("<b-1/>")))
	second := s.offer(PartyA, a, s.answer([]byte("<a-1/>")))
	third := s.offer(PartyB, b, s.answer([]byte("<b-2/>")))
	s.wantNext(PartyA, second, s.answer([]byte("<a-1/>")))
	s.wantNext(PartyB, first, s.answer([]byte("<b-1/>")))
	s.wantNext(PartyB, third, s.answer([]byte("<b-2/>")))
	s.wantNoAnswers()
}

// answerUnrecorded: an answer may then come again, with the same name and bytes, and none is left out.
func (s *suite) answerUnrecorded() {
	d := s.delivered(PartyA)
	bodies := map[string][]byte{}
	var want, got []string
	for _, c := range []struct {
		body  string
		fault []func(name string)
	}{
		{"<one/>", []func(string){func(name string) { s.unrecorded(name, false) }}},
		{"<two/>", []func(string){func(name string) { s.unrecorded(name, true) }}},
		{"<three/>", nil},
	} {
		name := s.offer(PartyA, d, s.answer([]byte(c.body)), c.fault...) + s.client.Traits().Suffix
		want, bodies[name] = append(want, name), s.answer([]byte(c.body))
	}
	for len(got) < len(want) {
		a, err := s.client.Next(s.ctx, PartyA)
		if s.ctx.Err() != nil {
			s.Fatalf("got %q, want %q: %v", got, want, err)
		}
		if a.Body == nil {
			continue // not even read
		}
		if !bytes.Equal(a.Body, bodies[a.Name]) {
			s.Fatalf("%s is %q", a.Name, a.Body)
		}
		if len(got) == 0 || got[len(got)-1] != a.Name {
			got = append(got, a.Name)
		}
	}
	if !slices.Equal(got, want) {
		s.Fatalf("got %q, want %q", got, want)
	}
	s.wantNoAnswers()
}
