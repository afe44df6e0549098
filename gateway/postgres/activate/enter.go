package activate

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register/accounts"
	"nks/register/law"
)

// Entry is a code that somebody has entered.
type Entry struct {
	Reference gateway.ActivationReference
	Code      gateway.ActivationCode
	Client    string // by which it came: the site, the telephone system
}

// Entered is what has become of it.
type Entered struct {
	Answer gateway.ActivationAnswer // Refused: active is what it would have been
	// Refused is the rule by which the register does not take the account; empty: it does.
	Refused string
	Since   time.Time // since when the account counts, where it is active
}

// entered is an activation as Enter finds it.
type entered struct {
	ID          int64                   `db:"id"`
	Application int64                   `db:"application"`
	Hash        []byte                  `db:"code_hash"`
	State       gateway.ActivationState `db:"state"`
	Tries       int                     `db:"tries"`
	Expires     time.Time               `db:"expires_at"`
	Used        sql.NullTime            `db:"used_at"`
}

// Enter takes an entered code: the right one has the account count at once, and says the same when it is entered again. What is wrong is
// counted, and nobody learns whether there is such a reference. // B13 // B25.3
func (s *Store) Enter(ctx context.Context, e Entry) (r Entered, err error) {
	err = s.Transact(ctx, "activation", func(x *postgres.Session) error {
		r = Entered{}
		hashes, err := s.BeginHashes(ctx, x)
		if err != nil {
			return err
		}
		var a entered
		err = x.GetContext(ctx, &a, `SELECT id, application, code_hash, state, tries, expires_at, used_at FROM activation
			WHERE reference = $1 AND code_hash IS NOT NULL FOR UPDATE`, e.Reference)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("activation: %w", err)
		}
		// Also where there is none a hash is made and compared, and a try is kept: both answers cost the same.
		right := hmac.Equal(hashes.Of(e.Code.Hashed(e.Reference)), a.Hash)
		r.Answer = gateway.Activation{State: a.State, Tries: a.Tries, Expires: a.Expires}.Judge(right, s.Now())
		if err := s.became(ctx, x, a, e, &r); err != nil {
			return err
		}
		answer := string(r.Answer)
		if r.Refused != "" {
			answer = "refused"
		}
		_, err = x.ExecContext(ctx, `INSERT INTO activation_try (activation, at, client, answer) VALUES (nullif($1::bigint, 0), $2, $3, $4)`, a.ID, s.Now(), e.Client, answer)
		return err
	})
	return r, err
}

// moved stands in Refused where no law does: the application waits no more.
const moved = "moved"

// became does what follows from an answer.
func (s *Store) became(ctx context.Context, x *postgres.Session, a entered, e Entry, r *Entered) error {
	switch {
	case r.Answer == gateway.ActivationWrong:
		return s.wrong(ctx, x, a, e.Client)
	case r.Answer == gateway.ActivationActive && a.State == gateway.ActivationUsed:
		return x.GetContext(ctx, &r.Since, `SELECT coalesce(max(effective_at), $2) FROM account_application_step WHERE application = $1`, a.Application, a.Used.Time)
	case r.Answer != gateway.ActivationActive:
		return nil
	}
	o, err := s.Applications.Activate(ctx, x, a.Application, e.Client)
	if errors.Is(err, accounts.ErrMoved) { // withdrawn, or lapsed
		r.Refused = moved
		return s.moves(ctx, x, a.ID, gateway.ActivationEnded, e.Client, err.Error())
	}
	if err != nil {
		return fmt.Errorf("application %d: %w", a.Application, err)
	}
	if o.State == law.Refused || o.State == law.Withdrawn || o.State == law.Lapsed {
		r.Refused = o.Rule
		if r.Refused == "" {
			r.Refused = moved
		}
		return s.moves(ctx, x, a.ID, gateway.ActivationEnded, e.Client, o.Why)
	}
	if r.Since = o.From; r.Since.IsZero() { // it is so already
		r.Since = s.Now()
	}
	return s.moves(ctx, x, a.ID, gateway.ActivationUsed, e.Client, "")
}

// wrong counts a wrong try, of which the fifth locks. // B13
func (s *Store) wrong(ctx context.Context, x *postgres.Session, a entered, client string) error {
	if _, err := x.ExecContext(ctx, `UPDATE activation SET tries = least(tries + 1, $2) WHERE id = $1`, a.ID, gateway.ActivationTries); err != nil {
		return fmt.Errorf("activation %d: %w", a.ID, err)
	}
	if a.State != gateway.ActivationOpen || a.Tries+1 < gateway.ActivationTries {
		return nil
	}
	return s.moves(ctx, x, a.ID, gateway.ActivationLocked, client, "wrong codes")
}
