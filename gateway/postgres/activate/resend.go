package activate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Resend has an application get another letter with another code; what was before does not count any more, and a letter that has not left does
// not leave. gateway.ErrNotFound: it has none; gateway.ErrLostOwnership: it does not wait for its holder any more. unsent says why
// no letter goes this time either; empty: one does. // B13
func (s *Store) Resend(ctx context.Context, x *postgres.Session, application int64, by string) (unsent string, err error) {
	if err := alone(ctx, x); err != nil {
		return "", err
	}
	var last struct {
		ID    int64                   `db:"id"`
		State gateway.ActivationState `db:"state"`
	}
	err = x.GetContext(ctx, &last, `SELECT id, state FROM activation WHERE application = $1 AND state <> 'replaced' FOR UPDATE`, application)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("letter of application %d: %w", application, gateway.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("activation of application %d: %w", application, err)
	}
	if last.State == gateway.ActivationUsed || last.State == gateway.ActivationEnded || last.State == gateway.ActivationLapsed {
		return "", fmt.Errorf("application %d: its activation is %s: %w", application, last.State, gateway.ErrLostOwnership)
	}
	if err := s.moves(ctx, x, last.ID, gateway.ActivationReplaced, by, "another letter"); err != nil {
		return "", err
	}
	if err := s.void(ctx, x, last.ID); err != nil {
		return "", err
	}
	if err := s.Close(ctx, x, gateway.LetterUnsent, subject(application), by); err != nil {
		return "", err
	}
	var all []waiting
	if err := x.SelectContext(ctx, &all, waitingSQL, 1, application); err != nil {
		return "", fmt.Errorf("application %d: %w", application, err)
	}
	if len(all) == 0 {
		return "", fmt.Errorf("application %d does not wait for its holder: %w", application, gateway.ErrLostOwnership)
	}
	if err := s.write(ctx, x, all[0], by); err != nil {
		return "", err
	}
	err = x.GetContext(ctx, &unsent, `SELECT coalesce(max(p.why), '') FROM activation v JOIN activation_step p ON p.activation = v.id AND p.state = 'unsent'
		WHERE v.application = $1 AND v.state = 'unsent'`, application)
	return unsent, err
}

// void keeps a letter that has not left from leaving.
func (s *Store) void(ctx context.Context, x *postgres.Session, activation int64) error {
	_, err := x.ExecContext(ctx, `UPDATE letter SET state = 'void', sealed = NULL, ended_at = $2 WHERE activation = $1 AND state = 'waits'`, activation, s.Now())
	if err != nil {
		return fmt.Errorf("letter of activation %d: %w", activation, err)
	}
	return nil
}

// Letter is a letter as lists show it; it names nobody.
type Letter struct {
	ID          int64     `db:"id" json:"id"`
	Application int64     `db:"application" json:"application"`
	File        string    `db:"file_name" json:"file"`
	Language    string    `db:"language" json:"language"`
	State       string    `db:"state" json:"state"`
	Code        string    `db:"code" json:"code"` // how it stands with its code
	Made        time.Time `db:"made_at" json:"made_at"`
	Expires     time.Time `db:"expires_at" json:"expires_at"`
	Batch       int64     `db:"batch" json:"batch,omitempty"`
	Attempts    int       `db:"attempts" json:"attempts"`
}

// List is the newest letters in a state, or in all; most at most.
func (s *Store) List(ctx context.Context, state string, most int) (all []Letter, err error) {
	err = s.DB.SelectContext(ctx, &all, `SELECT l.id, l.application, l.file_name, l.language, l.state, v.state AS code, l.made_at, v.expires_at, coalesce(l.batch, 0) AS batch, l.attempts
		FROM letter l JOIN activation v ON v.id = l.activation WHERE $1 = '' OR l.state = $1 ORDER BY l.id DESC LIMIT $2`, state, most)
	if err != nil {
		return nil, fmt.Errorf("letters: %w", postgres.Transient(err))
	}
	return all, nil
}
