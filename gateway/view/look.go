package view

import (
	"context"
	"fmt"

	"nks/audit"
)

// paymentLook is what the log keeps of a look at a payment.
type paymentLook struct {
	By        string `json:"by"`
	Authority string `json:"authority"`
	Payment   int64  `json:"payment"`
}

// searchLook is what the log keeps of a search: what was found, and what was sought as it may be shown.
type searchLook struct {
	By        string  `json:"by"`
	Authority string  `json:"authority"`
	Sought    string  `json:"sought"`
	Payments  []int64 `json:"payments"`
}

// who names whom the viewer is, for the log.
func (v Viewer) who() string {
	if v.By == "" {
		return "page"
	}
	return v.By
}

// looked commits to the log that somebody is about to see personal data. What cannot be entered is not shown.
func (r *Reader) looked(ctx context.Context, kind audit.Kind, content any) error {
	tx, err := r.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	// Everything else that is done on these connections only reads.
	if _, err := tx.ExecContext(ctx, `SET TRANSACTION READ WRITE`); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	if _, err := audit.Commit(ctx, tx, kind, content); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}
