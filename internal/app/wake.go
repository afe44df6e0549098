package app

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"nks/gateway/postgres"
)

// retryFirst is the first pause of a worker after a failure.
const retryFirst = 100 * time.Millisecond

// sleepers are who is to be woken, by the work that there is for them. Safe for concurrent use.
type sleepers struct {
	mu   sync.Mutex
	wake map[postgres.Work][]*func()
}

func newSleepers() *sleepers { return &sleepers{wake: map[postgres.Work][]*func(){}} }

// add has somebody woken when there is work, until remove is called.
func (s *sleepers) add(work postgres.Work, wake func()) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := &wake
	s.wake[work] = append(s.wake[work], added)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.wake[work] = slices.DeleteFunc(s.wake[work], func(w *func()) bool { return w == added })
	}
}

// wakeFor wakes those that do such work.
func (s *sleepers) wakeFor(work postgres.Work) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, wake := range s.wake[work] {
		(*wake)()
	}
}

// wakeAll wakes everybody: nobody knows for whom there is work.
func (s *sleepers) wakeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, all := range s.wake {
		for _, wake := range all {
			(*wake)()
		}
	}
}

// listen wakes whoever a transaction of any process makes work for, until ctx ends.
func (a *App) listen(ctx context.Context) {
	l := &postgres.Listener{DB: a.db.pool, Heard: a.sleepers.wakeFor, Anything: a.sleepers.wakeAll,
		Lost: func(err error) {
			a.log.Error().Err(err).Msg("work of other steps is not heard of, listening begins again")
		}}
	l.Run(ctx)
}

// longestSleep is one sleeper's share of flow.poll, so that not all look at the same time.
func (a *App) longestSleep() time.Duration {
	poll := a.config.Flow.Poll.Duration
	return poll - rand.N(poll/4)
}
