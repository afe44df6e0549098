package bank

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// state is what the journal says so far. It is changed by committed lines only, whether they were just written or are
// replayed, so that a restarted centre cannot differ from one that ran on.
type state struct {
	books
	accounts
	files     map[int]*fileState // those with answers still to come
	serial    int                // of the last received file
	number    int                // of the last made interchange
	answers   map[string]*answerState
	todo      []*answerState          // planned and not made, by due and plan order
	byName    map[string]*answerState // published names that lie in out/, or did
	unfinish  *answerState            // made, and not known to be published
	done      int                     // published
	things    int                     // lines committed in this life and before
	latest    *madeLine               // with a number of its own
	open      []mark                  // references of a file without its committing line
	last      *receivedLine           // whose input file may still lie in in/
	onRequest map[int]*fileState      // of which there is something to be said again
	stopped   map[mark]struct{}       // references of orders that were given back before they were booked
}

type fileState struct {
	line  *receivedLine
	facts section
	left  int // answers still to come
}

type answerState struct {
	planned
	serial  int
	made    *madeLine
	removed bool
}

func newState() *state {
	return &state{
		books: newBooks(), accounts: newAccounts(), files: map[int]*fileState{},
		onRequest: map[int]*fileState{}, stopped: map[mark]struct{}{}, answers: map[string]*answerState{}, byName: map[string]*answerState{},
	}
}

func (s *state) fact(kind string, line []byte) error {
	if kind == kindPosting {
		return replayOne(line, s.decided)
	}
	if kind != kindOrder {
		return nil
	}
	ref, err := referenceOf(line)
	if err != nil {
		return err
	}
	if ref != "" {
		s.open = append(s.open, markOf(ref))
	}
	return nil
}

// referenceOf reads the first field of an order line.
func referenceOf(line []byte) (string, error) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"k":"order","ref":"`))
	if end := bytes.IndexByte(rest, '"'); ok && end >= 0 && bytes.IndexByte(rest[:end], '\\') < 0 {
		return string(rest[:end]), nil
	}
	var o orderLine
	if err := json.Unmarshal(line, &o); err != nil {
		return "", fmt.Errorf("%w: order: %w", ErrJournal, err)
	}
	return o.Ref, nil
}

func (s *state) received(r *receivedLine, facts section) error {
	if r.Serial != s.serial+1 {
		return fmt.Errorf("file %d after file %d", r.Serial, s.serial)
	}
	s.serial = r.Serial
	s.last = r
	s.things++
	for _, m := range s.open {
		s.references[m] = struct{}{}
	}
	s.open = s.open[:0]
	s.remember(r)
	s.expect(r.Agreement)
	if err := s.withdrawn(r); err != nil {
		return err
	}
	if len(r.Plan) == 0 {
		return nil
	}
	s.files[r.Serial] = &fileState{line: r, facts: facts}
	if len(r.OnRequest) > 0 {
		s.onRequest[r.Serial] = s.files[r.Serial]
	}
	s.plan(r.Serial, r.Plan)
	return nil
}

// withdrawn takes out what a file has stopped of the files before.
func (s *state) withdrawn(r *receivedLine) error {
	withdraw(s.bookings, r.Recalls)
	for _, asked := range r.Recalls {
		if asked.Does == RecallStopped {
			s.stopped[markOf(asked.Ref)] = struct{}{}
		}
	}
	for _, id := range r.Drops {
		a := s.answers[id]
		if a == nil || a.made != nil {
			return fmt.Errorf("answer %s dropped without or after its time", id)
		}
		s.drop(a)
		s.end(a)
	}
	return nil
}

// plan takes in what is to be done about a file.
func (s *state) plan(serial int, plan []planned) {
	s.files[serial].left += len(plan)
	for _, p := range plan {
		a := &answerState{planned: p, serial: serial}
		s.answers[p.ID] = a
		s.todo = append(s.todo, a)
	}
	slices.SortStableFunc(s.todo, func(a, b *answerState) int { return a.Due.Compare(b.Due) })
}

// drop takes an answer off the list of what is to be done.
func (s *state) drop(a *answerState) {
	s.todo = slices.DeleteFunc(s.todo, func(o *answerState) bool { return o == a })
}

// end is when an answer needs nothing more. A file with no answer to come is forgotten.
func (s *state) end(a *answerState) {
	s.things++
	f := s.files[a.serial]
	if f.left--; f.left == 0 {
		delete(s.files, a.serial)
	}
}

func (s *state) made(m *madeLine) error {
	a := s.answers[m.Answer]
	if a == nil || a.made != nil {
		return fmt.Errorf("answer %s made without or after its time", m.Answer)
	}
	if a.Kind != answerAgain {
		if m.Number != s.number+1 {
			return fmt.Errorf("interchange %d after %d", m.Number, s.number)
		}
		s.number = m.Number
	}
	a.made = m
	if a.Kind != answerAgain && !a.isOld() {
		s.latest = m
	}
	s.things++
	s.ours[m.Control] = struct{}{}
	s.byName[m.Name] = a
	s.unfinish = a
	s.drop(a)
	return nil
}

func (s *state) published(n *nameLine) error {
	a := s.byName[n.Name]
	if a == nil || s.unfinish != a {
		return fmt.Errorf("%s published without being made", n.Name)
	}
	s.unfinish = nil
	s.done++
	s.end(a)
	return nil
}

func (s *state) removed(n *nameLine) error {
	a := s.byName[n.Name]
	if a == nil {
		return fmt.Errorf("%s removed without being published", n.Name)
	}
	a.removed = true
	s.things++
	delete(s.byName, n.Name)
	return nil
}

// confirmed: what was answered to a question changes nothing.
func (s *state) confirmed(*confirmedLine) error {
	s.things++
	return nil
}
