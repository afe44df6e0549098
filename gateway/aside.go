package gateway

import "time"

// longestAside is the longest that a piece of work stays behind the others before it is tried again.
const longestAside = 5 * time.Minute

// aside is the pieces of work that failed: they go behind the others, each for a while that doubles with its failures.
type aside[K comparable] map[K]*setAside

type setAside struct {
	failures int
	until    time.Time
}

// fail sets aside for first, or longer after more failures.
func (s *setAside) fail(first time.Duration, now time.Time) {
	s.until = now.Add(min(first<<min(s.failures, 10), longestAside))
	s.failures++
}

// fail sets a piece aside, and gives how often it has failed.
func (a aside[K]) fail(piece K, first time.Duration, now time.Time) int {
	s := a[piece]
	if s == nil {
		s = &setAside{}
		a[piece] = s
	}
	s.fail(first, now)
	return s.failures
}

// resting is the pieces that are not to be tried yet.
func (a aside[K]) resting(now time.Time) (all []K) {
	for piece, s := range a {
		if now.Before(s.until) {
			all = append(all, piece)
		}
	}
	return all
}
