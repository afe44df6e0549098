package gateway

import "time"

// CountsAt is the instant by which cut-offs judge a document that was taken at an instant, after having waited for so long where
// a trusted clock says so. It is never later than when the document was taken, and at most so long before.
func CountsAt(taken time.Time, waited, most time.Duration) time.Time {
	return taken.Add(-max(0, min(waited, most)))
}
