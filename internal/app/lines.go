package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres/line"
	"nks/health"
	"nks/metrics"
)

const (
	// linesEvery is the pause between two looks at all lines; linesFor is how long one may take.
	linesEvery, linesFor = 5 * time.Second, 10 * time.Second
	// mostWords bounds what of an error is kept of a line.
	mostWords = 300
)

// lines is how this node's lines are, and what all nodes have told of theirs. Safe for concurrent use.
type lines struct {
	config conf.Lines
	node   string
	log    zerolog.Logger

	store *line.Store // once there is one
	bell  gateway.Bell
	last  []gateway.Link // all that could be read; of follow alone

	mu       sync.Mutex
	own      map[string]gateway.Link // by their subjects
	reported time.Time               // when, by the machine's clock, all of them were last told of
	toldAt   time.Time               // the same in business time, which may be moved on
	news     bool
	held     map[string]gateway.Held // by supplier: what its broker has told to wait there
}

func newLines(c conf.Config, log zerolog.Logger) *lines {
	return &lines{config: c.Lines, node: c.Journal.Node, log: log, own: map[string]gateway.Link{}, held: map[string]gateway.Held{}}
}

// begin has the lines told of in a database.
func (l *lines) begin(s *line.Store) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.store = s
}

// is notes how a line of this node, or one that it owns, is; before there is a database nobody is told.
func (l *lines) is(kind gateway.LinkKind, name string, state gateway.LinkState, why gateway.LinkTrouble, words error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.store == nil {
		return
	}
	now := l.store.Now()
	c := gateway.Link{Kind: kind, Name: name, Node: l.node, Owner: l.node, State: state, Since: now, Told: now, Why: why,
		Limit: int64(l.config.Limit(string(kind), name) / time.Second)}
	if kind == gateway.LinkBank {
		c.Node = ""
	}
	before, known := l.own[c.Subject()]
	if known {
		c.Good = before.Good
		if before.State == state {
			c.Since = before.Since
		}
	}
	if state == gateway.LinkUp {
		c.Good = &now
	}
	if words != nil {
		c.Error = short(words)
	}
	l.own[c.Subject()] = c
	if !known || before.State != state || before.Why != why {
		l.news = true
		l.bell.Ring()
	}
}

// remark notes what is wrong with a line that is up all the same; nil: nothing.
func (l *lines) remark(kind gateway.LinkKind, name string, words error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, known := l.own[gateway.Link{Kind: kind, Name: name, Node: l.node}.Subject()]
	remarked := ""
	if words != nil {
		remarked = short(words)
	}
	if !known || c.State != gateway.LinkUp || c.Error == remarked {
		return
	}
	c.Error = remarked
	l.own[c.Subject()] = c
	l.news = true
	l.bell.Ring()
}

// short is an error on one line, as far as there is room for it.
func short(err error) string {
	text := []rune(strings.Join(strings.Fields(err.Error()), " "))
	if len(text) > mostWords {
		text = append(text[:mostWords-1], '…')
	}
	return string(text)
}

// up, down and closed note a line's state.
func (l *lines) up(kind gateway.LinkKind, name string) {
	l.is(kind, name, gateway.LinkUp, gateway.TroubleNone, nil)
}

func (l *lines) down(kind gateway.LinkKind, name string, err error) {
	l.is(kind, name, gateway.LinkDown, troubleOf(err), err)
}

func (l *lines) closed(kind gateway.LinkKind, name string, why gateway.LinkTrouble) {
	if kind == gateway.LinkQueue { // who has it when it opens again asks anew
		l.mu.Lock()
		delete(l.held, name)
		l.mu.Unlock()
	}
	l.is(kind, name, gateway.LinkClosed, why, nil)
}

// holds notes what waits in the queues of a data supplier at its broker, and reports whether it is another than before; nil: that is not known.
func (l *lines) holds(supplier string, held gateway.Held) (news bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, known := l.held[supplier]
	l.held[supplier] = held
	if !known {
		l.bell.Ring()
	}
	// Other depths are told of at the next look, and not at once: under load they change all the time.
	news = !known || !maps.EqualFunc(before, held, func(a, b gateway.Waiting) bool { return a.Messages == b.Messages })
	l.news = l.news || news
	return news
}

// heard notes what an owner has heard of its bank's line.
func (l *lines) heard(bank string, err error) {
	if errors.Is(err, gateway.ErrNotLooked) {
		l.leave(bank) // nobody tells of it any more
		return
	}
	if err != nil {
		l.down(gateway.LinkBank, bank, err)
		return
	}
	l.up(gateway.LinkBank, bank)
}

// opening notes of a line that is opened again and again whether that succeeds.
func (l *lines) opening(kind gateway.LinkKind, name string, err error) {
	if err != nil {
		l.down(kind, name, err)
		return
	}
	l.up(kind, name)
}

// leave forgets a bank's line that another node may own now.
func (l *lines) leave(bank string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.own, gateway.Link{Kind: gateway.LinkBank, Name: bank}.Subject())
}

// expect notes that a bank is served.
func (l *lines) expect(ctx context.Context, bank string) error {
	l.leave(bank)
	return l.store.Expect(ctx, bank, l.node, l.config.Limit(string(gateway.LinkBank), bank))
}

// follow tells of this node's lines, and looks at all, until ctx ends. judges reports whether this node may have persons told.
func (l *lines) follow(ctx context.Context, monitor *health.Monitor, numbers *metrics.Metrics, judges func() bool) {
	begun := time.Now()
	for ctx.Err() == nil {
		err := l.look(ctx, monitor, numbers, judges(), time.Since(begun) > gateway.LineStale)
		if err != nil && ctx.Err() == nil {
			l.log.Warn().Err(err).Msg("lines, it will be tried again")
			gateway.Pause(ctx, linesEvery)
		}
		l.bell.Wait(ctx, linesEvery)
	}
}

func (l *lines) look(ctx context.Context, monitor *health.Monitor, numbers *metrics.Metrics, judge, settled bool) error {
	ctx, cancel := context.WithTimeout(ctx, linesFor)
	defer cancel()
	err := l.tell(ctx)
	all := l.last
	if err == nil {
		all, err = l.store.All(ctx)
	}
	if err == nil {
		l.last = all
	}
	// Of what cannot be read the last that was counts, for as long as a word does.
	now := l.store.Now()
	monitor.Lines(seen(l.last, now))
	err = errors.Join(err, numbers.Lines(l.measured(l.last, now)))
	if err != nil || !judge {
		return err
	}
	if !settled { // at first nobody can have reported of anything
		all = slices.DeleteFunc(slices.Clone(all), func(c gateway.Link) bool { return c.At(now).State == gateway.LinkUnknown })
	}
	return l.store.Judge(ctx, all)
}

// tell tells of the node's lines where there is something new, or it is time.
func (l *lines) tell(ctx context.Context) error {
	l.mu.Lock()
	var own []gateway.Link
	queues := false
	now := l.store.Now()
	if l.news || time.Since(l.reported) >= gateway.LineBeat || now.Sub(l.toldAt).Abs() >= gateway.LineBeat {
		for _, subject := range slices.Sorted(maps.Keys(l.own)) {
			c := l.own[subject]
			if c.State == gateway.LinkUp && c.Kind != gateway.LinkBank {
				c.Good = &now
			}
			if c.Kind == gateway.LinkQueue && c.State != gateway.LinkClosed {
				queues, c.Held = true, l.held[c.Name]
			}
			own = append(own, c)
		}
	}
	news := l.news
	l.news = false
	l.mu.Unlock()
	if own == nil {
		return nil
	}
	err := l.wait(ctx, queues, own)
	if err == nil {
		err = l.store.Tell(ctx, l.node, own)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.news = l.news || news
		return err
	}
	l.reported, l.toldAt = time.Now(), now
	return nil
}

// wait adds what waits in the database to what brokers have told, of the queues among a node's lines, if there are any.
func (l *lines) wait(ctx context.Context, queues bool, own []gateway.Link) error {
	if !queues {
		return nil
	}
	waiting, err := l.store.Waiting(ctx)
	if err != nil {
		return err
	}
	for i, c := range own {
		if c.Kind == gateway.LinkQueue && c.State != gateway.LinkClosed {
			none := gateway.Held{gateway.PlaceToPut: {}, gateway.PlaceParked: {}}
			own[i].Held = c.Held.With(none).With(waiting[c.Name])
		}
	}
	return nil
}

// stop tells, as the last thing, that the node's doors are closed in order. What cannot be told is found by others.
func (l *lines) stop() {
	l.mu.Lock()
	store := l.store
	var doors []gateway.Link
	for _, c := range l.own {
		if c.Kind != gateway.LinkBank {
			doors = append(doors, c)
		}
	}
	l.mu.Unlock()
	if store == nil {
		return
	}
	for _, d := range doors {
		if d.State != gateway.LinkClosed {
			l.closed(d.Kind, d.Name, gateway.TroubleStopped)
		}
	}
	l.mu.Lock()
	maps.DeleteFunc(l.own, func(_ string, c gateway.Link) bool { return c.Kind == gateway.LinkBank })
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := l.tell(ctx); err != nil {
		l.log.Warn().Err(err).Msg("the doors are closed, and nobody could be told")
	}
}

// seen is lines as health tells them.
func seen(all []gateway.Link, now time.Time) (list []health.Line) {
	for _, c := range all {
		is := c.At(now)
		h := health.Line{Kind: string(c.Kind), Name: c.Name, Node: c.Node, State: string(is.State), Since: is.Since, Late: is.Late, Error: c.Error}
		if c.Good != nil {
			h.LastGood = *c.Good
		}
		if is.Why == gateway.TroubleSilent {
			h.Error = fmt.Sprintf("node %s tells nothing since %s", c.Owner, c.Told.UTC().Format(time.RFC3339))
		}
		h.Queues = queuesOf(c, now)
		list = append(list, h)
	}
	return list
}

// queuesOf is what waits in a line's queues as health tells it.
func queuesOf(c gateway.Link, now time.Time) (list []health.Queue) {
	held, has := c.HeldAt(now)
	if !has {
		return nil
	}
	for _, place := range gateway.QueuePlaces() {
		q := health.Queue{Place: string(place)}
		if w, known := held[place]; known {
			q.Messages, q.Oldest = &w.Messages, w.Oldest
		}
		list = append(list, q)
	}
	return list
}

// measured is the banks' lines, and this node's own others, as numbers.
func (l *lines) measured(all []gateway.Link, now time.Time) (list []metrics.Line) {
	for _, c := range all {
		if c.Node != "" && c.Node != l.node || c.State == gateway.LinkClosed {
			continue
		}
		m := metrics.Line{Kind: string(c.Kind), Name: c.Name, Up: c.At(now).State == gateway.LinkUp, Good: now.Sub(c.Since)}
		if c.Good != nil {
			m.Good = now.Sub(*c.Good)
		}
		list = append(list, m)
	}
	return list
}
