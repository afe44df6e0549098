// Package activate has holders approve the accounts that authorities register for them: it writes letters with codes, hands them to whoever
// prints them, and takes the codes that are entered. It writes activation, activation_step, activation_try, letter and letter_batch; what an
// activation changes in the register is done by register/accounts. // B13 // B13.2 // B25.3
package activate

import (
	"context"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
	"nks/register/accounts"
	"nks/register/letter"
)

// Applications has an application that waits for its holder take effect, or ends those that have waited for too long.
type Applications interface {
	Activate(ctx context.Context, x register.Tx, application int64, by string) (accounts.Outcome, error)
	Lapse(ctx context.Context, x register.Tx, applications []int64, why string) error
}

// Rules are how letters are made.
type Rules struct {
	// Days is for how many days a code counts. An application whose last letter is twice as old lapses.
	Days   int
	Sender letter.Sender
}

// Store is the letters and their codes. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Applications Applications
	Rules        Rules
	Random       io.Reader // draws codes and references
}

//go:embed sql/waiting.sql
var waitingSQL string

// waiting is an application that needs a letter, and who may get it.
type waiting struct {
	Application     int64                `db:"application"`
	HolderID        int64                `db:"holder_id"`
	HolderKind      gateway.HolderKind   `db:"holder_kind"`
	BenefitType     string               `db:"benefit_type"`
	By              string               `db:"by_name"`
	AccountKind     gateway.AccountKind  `db:"account_kind"`
	Account         string               `db:"account"`
	Status          gateway.HolderStatus `db:"status"`
	Name            string               `db:"name"`
	Street          string               `db:"street"`
	Postcode        string               `db:"postcode"`
	Town            string               `db:"town"`
	Country         string               `db:"country"`
	Guardian        int64                `db:"guardian"` // -1: none
	GuardianStatus  gateway.HolderStatus `db:"guardian_status"`
	GuardianName    string               `db:"guardian_name"`
	GuardianStreet  string               `db:"guardian_street"`
	GuardianCode    string               `db:"guardian_postcode"`
	GuardianTown    string               `db:"guardian_town"`
	GuardianCountry string               `db:"guardian_country"`
}

func (w waiting) to() (gateway.Addressee, error) {
	holder := gateway.Addressee{Holder: gateway.HolderOf(w.HolderKind, w.HolderID), Status: w.Status, Name: w.Name, Street: w.Street, Postcode: w.Postcode, Town: w.Town, Country: w.Country}
	if w.Guardian < 0 {
		return gateway.LetterTo(holder, nil)
	}
	return gateway.LetterTo(holder, &gateway.Addressee{Holder: gateway.HolderOf(gateway.CPR, w.Guardian), Status: w.GuardianStatus, Name: w.GuardianName,
		Street: w.GuardianStreet, Postcode: w.GuardianCode, Town: w.GuardianTown, Country: w.GuardianCountry})
}

// lettersAtOnce is how many letters one transaction writes.
const lettersAtOnce = 50

// Next writes letters for applications that wait for one, and ends those of which the last letter is too old; false: there are none.
func (s *Store) Next(ctx context.Context) (worked bool, err error) {
	err = s.Transact(ctx, "letters", func(x *postgres.Session) error {
		if err := alone(ctx, x); err != nil {
			return err
		}
		var all []waiting
		if err := x.SelectContext(ctx, &all, waitingSQL, lettersAtOnce, 0); err != nil {
			return fmt.Errorf("applications without a letter: %w", err)
		}
		for _, w := range all {
			if err := s.write(ctx, x, w, postgres.ClosedByFlow); err != nil {
				return fmt.Errorf("letter of application %d: %w", w.Application, err)
			}
		}
		if worked = len(all) > 0; worked {
			return nil
		}
		worked, err = s.lapse(ctx, x)
		return err
	})
	return worked, err
}

// lapse ends applications that nobody has activated, and has not had another letter sent for.
func (s *Store) lapse(ctx context.Context, x *postgres.Session) (bool, error) {
	var all []struct {
		ID          int64 `db:"id"`
		Application int64 `db:"application"`
	}
	err := x.SelectContext(ctx, &all, `SELECT id, application FROM activation WHERE state IN ('open', 'locked', 'unsent') AND made_at <= $1 ORDER BY made_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
		s.Now().AddDate(0, 0, -2*s.Rules.Days), lettersAtOnce)
	if err != nil {
		return false, fmt.Errorf("activations that lapse: %w", err)
	}
	const why = "it was not activated in time"
	var applications []int64
	for _, a := range all {
		applications = append(applications, a.Application)
		if err := s.moves(ctx, x, a.ID, gateway.ActivationLapsed, postgres.ClosedByFlow, why); err != nil {
			return false, err
		}
		if err := s.void(ctx, x, a.ID); err != nil {
			return false, err
		}
		if err := s.Close(ctx, x, gateway.LetterUnsent, subject(a.Application), postgres.ClosedByFlow); err != nil {
			return false, err
		}
	}
	return len(all) > 0, s.Applications.Lapse(ctx, x, applications, why)
}

// alone has one transaction at a time write letters.
func alone(ctx context.Context, x *postgres.Session) error {
	_, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('letters', 0))`)
	return err
}

// write makes the letter of an application, or says why there is none.
func (s *Store) write(ctx context.Context, x *postgres.Session, w waiting, by string) error {
	to, err := w.to()
	if err != nil {
		return s.unsent(ctx, x, w.Application, by, err)
	}
	today := gateway.DateOf(s.Now().In(s.Location))
	last := today.AddDays(s.Rules.Days)
	a := letter.Activation{Sender: s.Rules.Sender, To: to, By: w.By, Account: gateway.Account{Kind: w.AccountKind, Number: w.Account}, Specific: w.BenefitType, MadeOn: today, ExpiresOn: last}
	if w.Guardian >= 0 {
		a.Ward = w.Name
	}
	if a.Reference, err = gateway.NewActivationReference(s.Random); err != nil {
		return err
	}
	if a.Code, err = gateway.NewActivationCode(s.Random); err != nil {
		return err
	}
	mark := make([]byte, 16)
	if _, err := io.ReadFull(s.Random, mark); err != nil {
		return fmt.Errorf("mark a letter: %w", err)
	}
	a.Mark = hex.EncodeToString(mark)
	in := letter.LanguageOf(to)
	document, err := a.Document(in, s.Location)
	if err != nil {
		return s.unsent(ctx, x, w.Application, by, err)
	}
	return s.keep(ctx, x, w, a, in, by, document)
}

// keep stores an activation and its letter: the hash of the code, and the sealed document.
func (s *Store) keep(ctx context.Context, x *postgres.Session, w waiting, a letter.Activation, in letter.Language, by string, document []byte) error {
	hashes, err := s.BeginHashes(ctx, x)
	if err != nil {
		return err
	}
	sealed, err := s.seal(hashes, a.Reference, document)
	if err != nil {
		return err
	}
	expires := a.ExpiresOn.AddDays(1).At(0, s.Location)
	var id int64
	err = x.GetContext(ctx, &id, `INSERT INTO activation (application, reference, code_hash, made_at, expires_at, state) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		w.Application, a.Reference, hashes.Of(a.Code.Hashed(a.Reference)), s.Now(), expires, gateway.ActivationOpen)
	if err != nil {
		return fmt.Errorf("activation: %w", err)
	}
	to, err := a.To.Holder.Number()
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO letter (kind, activation, application, holder_id, holder_kind, to_id, to_kind, language, made_at, size, sha256, sealed)
		VALUES ('activation', $1, $2, $3, $4, $5, $6, $7, $8, $9, sha256($10::bytea), $11)`,
		id, w.Application, w.HolderID, w.HolderKind, to, a.To.Holder.Kind, in, s.Now(), len(document), document, sealed)
	if err != nil {
		return fmt.Errorf("letter: %w", err)
	}
	x.Wakes(postgres.ToPost)
	if err := s.step(ctx, x, id, gateway.ActivationOpen, by, ""); err != nil {
		return err
	}
	return s.Close(ctx, x, gateway.LetterUnsent, subject(w.Application), postgres.ClosedByFlow)
}

// unsent notes that no letter can be sent, and has a person told.
func (s *Store) unsent(ctx context.Context, x *postgres.Session, application int64, by string, why error) error {
	var id int64
	err := x.GetContext(ctx, &id, `INSERT INTO activation (application, made_at, state) VALUES ($1, $2, $3) RETURNING id`, application, s.Now(), gateway.ActivationUnsent)
	if err != nil {
		return fmt.Errorf("activation: %w", err)
	}
	if err := s.step(ctx, x, id, gateway.ActivationUnsent, by, why.Error()); err != nil {
		return err
	}
	return s.RaiseDetail(ctx, x, gateway.LetterUnsent, subject(application), gateway.DetailLetterUnsent.With(why.Error()))
}

func subject(application int64) string { return fmt.Sprintf("application %d", application) }

func (s *Store) step(ctx context.Context, x *postgres.Session, activation int64, state gateway.ActivationState, by, why string) error {
	_, err := x.ExecContext(ctx, `INSERT INTO activation_step (activation, state, at, by, why) VALUES ($1, $2, $3, $4, nullif($5, ''))`, activation, state, s.Now(), by, why)
	if err != nil {
		return fmt.Errorf("step of activation %d: %w", activation, err)
	}
	return nil
}

// moves has an activation be in another state, with its step.
func (s *Store) moves(ctx context.Context, x *postgres.Session, activation int64, to gateway.ActivationState, by, why string) error {
	var used *time.Time
	if to == gateway.ActivationUsed {
		now := s.Now()
		used = &now
	}
	if err := x.UpdateOne(ctx, `UPDATE activation SET state = $2, used_at = $3 WHERE id = $1`, activation, to, used); err != nil {
		return fmt.Errorf("activation %d: %w", activation, err)
	}
	return s.step(ctx, x, activation, to, by, why)
}

// sealing is what the key that seals documents is for.
const sealing = "letters 1"

func (s *Store) seal(hashes *postgres.KeyedHash, r gateway.ActivationReference, document []byte) ([]byte, error) {
	c, err := hashes.Cipher(sealing)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, c.NonceSize())
	if _, err := io.ReadFull(s.Random, nonce); err != nil {
		return nil, fmt.Errorf("seal a letter: %w", err)
	}
	return c.Seal(nonce, nonce, document, []byte(r)), nil
}

func open(hashes *postgres.KeyedHash, r gateway.ActivationReference, sealed []byte) ([]byte, error) {
	c, err := hashes.Cipher(sealing)
	if err != nil {
		return nil, err
	}
	n := c.NonceSize()
	if len(sealed) < n {
		return nil, fmt.Errorf("a sealed letter of %d bytes", len(sealed))
	}
	document, err := c.Open(nil, sealed[:n], sealed[n:], []byte(r))
	if err != nil {
		return nil, fmt.Errorf("open a sealed letter: %w", err)
	}
	return document, nil
}
