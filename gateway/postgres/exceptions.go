package postgres

import (
	"context"
	"fmt"
)

// Exceptions of work that failed; they end when the same work succeeds.
const (
	deliveryFails    = "delivery cannot be read"
	releaseFails     = "release fails"
	interchangeFails = "interchange cannot be written"
	bankFileFails    = "bank file cannot be heard"
	answerFails      = "answer cannot be written"
)

// ExceptionKinds is every kind of exception that the flow raises. docs/operations.md says what to do about each.
func ExceptionKinds() []string {
	return []string{
		deliveryFails, releaseFails, interchangeFails, bankFileFails, answerFails,
		"name used again with other bytes", "message too large", "answer too large for the queue",
		"interchange unknown", "send-by missed", "CONTRL missing", "CONTRL for nothing sent", "CONTRL after reject", "CONTRL not understood",
		"bank file name reused", "bank file unreadable", "bank control number reused", "bank message not understood",
		"bank word undecided", "reject after execution", "executed after reject",
	}
}

// mended closes the exceptions of work that now succeeds, in the transaction that does it.
func (s *Store) mended(ctx context.Context, x *session, kind string, ids ...int64) error {
	_, err := x.ExecContext(ctx, `UPDATE exception SET closed_at = $3, closed_by = 'nks'
		WHERE kind = $1 AND subject = ANY (SELECT unnest($2::bigint[])::text) AND closed_at IS NULL`, kind, ids, s.Now())
	if err != nil {
		return fmt.Errorf("close %s: %w", kind, err)
	}
	return nil
}
