package doortest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres/answer"
)

// around runs a step of the tables with something before or after it, or instead.
type around func(ctx context.Context, do func() error) error

// fault comes about once, at the one of its points that is set.
type fault struct {
	of     string // part of the document's key, or of the answer's name
	commit around // where it becomes a delivery
	record around // where the taking of the answer is recorded
}

// result is what the tables have said to the door of one document.
type result struct {
	key string
	err error
}

func (s *Stage) add(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// next takes the first fault of a key that stands at a point; the zero fault when there is none.
func (s *Stage) next(key string, at func(fault) bool) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.faults, func(f fault) bool { return strings.Contains(key, f.of) && at(f) })
	if i < 0 {
		return fault{}
	}
	f := s.faults[i]
	s.faults = slices.Delete(s.faults, i, i+1)
	return f
}

// hold lets the document of a key be committed and then keeps the outcome back. committed is told of it; closing release,
// or the end of the door's context, lets it go.
func (s *Stage) hold(key string) (committed <-chan error, release chan struct{}) {
	done, let := make(chan error, 1), make(chan struct{})
	s.add(fault{of: key, commit: func(ctx context.Context, commit func() error) error {
		err := commit()
		done <- err
		select {
		case <-let:
			return err
		case <-ctx.Done():
			return errors.Join(gateway.ErrTransient, ctx.Err())
		}
	}})
	return done, let
}

// failing lets the commit of a key fail before anything is done.
func (s *Stage) failing(key string, err error) {
	s.add(fault{of: key, commit: func(context.Context, func() error) error { return err }})
}

// unrecorded lets the record of an answer's taking fail: before it is made, or after, when only its outcome is lost.
func (s *Stage) unrecorded(name string, after bool) {
	s.add(fault{of: name, record: func(_ context.Context, record func() error) error {
		if !after {
			return gateway.ErrTransient
		}
		return errors.Join(gateway.ErrTransient, record())
	}})
}

// outcomes are what the tables have said to the door of the documents of a key, in order.
func (s *Stage) outcomes(key string) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	for _, r := range s.results {
		if strings.Contains(r.key, key) {
			all = append(all, r.err)
		}
	}
	return all
}

func (s *Stage) reply(key string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, result{key, err})
	if err != nil {
		s.heard.WriteString(err.Error() + "\n")
	}
	return err
}

// intake has the faults of documents.
type intake struct {
	door.Staging
	stage *Stage
}

func (i intake) Take(ctx context.Context, a door.Arrival) error {
	return i.commit(ctx, a.Key, func() error { return i.Staging.Take(ctx, a) })
}

func (i intake) Publish(ctx context.Context, party, from, to string) error {
	return i.commit(ctx, to, func() error { return i.Staging.Publish(ctx, party, from, to) })
}

func (i intake) Stage(ctx context.Context, a door.Arrival) error {
	err := i.Staging.Stage(ctx, a)
	if err != nil {
		return i.stage.reply(a.Key, err)
	}
	return nil
}

func (i intake) commit(ctx context.Context, key string, commit func() error) error {
	if f := i.stage.next(key, func(f fault) bool { return f.commit != nil }); f.commit != nil {
		return i.stage.reply(key, f.commit(ctx, commit))
	}
	return i.stage.reply(key, commit())
}

func (s *Stage) recording(ctx context.Context, name string, record func() error) error {
	if f := s.next(name, func(f fault) bool { return f.record != nil }); f.record != nil {
		return f.record(ctx, record)
	}
	return record()
}

// collection and queueing have the faults of answers.
type collection struct {
	door.Collection
	stage *Stage
}

func (c collection) Collect(ctx context.Context, party, name string) error {
	return c.stage.recording(ctx, name, func() error { return c.Collection.Collect(ctx, party, name) })
}

type queueing struct {
	answer.Outbox
	stage *Stage
}

func (q queueing) Queued(ctx context.Context, a gateway.QueuedAnswer) error {
	return q.stage.recording(ctx, a.Name, func() error { return q.Outbox.Queued(ctx, a) })
}
