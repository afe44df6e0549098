package gateway

import "time"

// LastDeadline is the last of the moments one, two, three … times every after since that has come by now; zero: none has.
// A wait that goes on is told of at each of them.
func LastDeadline(since time.Time, every time.Duration, now time.Time) time.Time {
	if now.Before(since.Add(every)) {
		return time.Time{}
	}
	return since.Add(now.Sub(since) / every * every)
}

// NextDeadline is the first of these moments after a time.
func NextDeadline(since time.Time, every time.Duration, after time.Time) time.Time {
	first := since.Add(every)
	if after.Before(first) {
		return first
	}
	return since.Add((after.Sub(since)/every + 1) * every)
}
