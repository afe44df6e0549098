package restore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/journal"
)

// Flow is what of the stages taking in needs: their own steps, so that what was lost is done again as it was done.
type Flow struct {
	Read, Check, Settle func(context.Context) (bool, error)
	Render, Hear        func(ctx context.Context, bank string) (bool, error)
	// Arrived records that a bank has an interchange, Decide carries out a decision on record where it still can be.
	Arrived func(ctx context.Context, x *postgres.Session, interchange int64) error
	Decide  func(ctx context.Context, x *postgres.Session, decision int64) error
}

// ErrGap: a journal is not to be seen, or damaged: what was lost is not known.
var ErrGap = errors.New("the journals do not have everything")

// Left is a record that could not be taken in, and why.
type Left struct {
	journal.Record
	Why error
}

// Taken is what was taken in.
type Taken struct {
	Took int
	Left []Left
}

// taking is one run.
type taking struct {
	*Store
	frozen []frozen
	orders map[string][]journal.Record // by the key of what was frozen
	unread bool
	places map[string]int // of records among all, by name
}

// Take takes in what the journals have and the database does not know, in the order in which it happened; who may be again and is not is
// an exception, and stays unknown. When nothing is unknown any more the restore stands in the log, and the gateway is not quiet.
func (s *Store) Take(ctx context.Context, by string) (done Taken, err error) {
	u, err := s.unknown(ctx)
	switch {
	case err != nil:
		return done, fmt.Errorf("recover: %w", err)
	case u.unseen() != "":
		return done, fmt.Errorf("recover: %w: %s", ErrGap, u.unseen())
	case len(u.Records) == 0:
		return done, nil
	}
	t := &taking{Store: s, orders: map[string][]journal.Record{}, unread: true, places: map[string]int{}}
	if err := t.index(u.all); err != nil {
		return done, fmt.Errorf("recover: %w", err)
	}
	// Numbers first: what is made again must not take those of what is out.
	for _, r := range u.Records {
		if r.Kind == postgres.JournalAnswer {
			if err := t.takeAhead(ctx, r); err != nil {
				return done, err
			}
		}
	}
	unknown := slices.Clone(u.Records)
	slices.SortFunc(unknown, func(a, b journal.Record) int { return cmp.Compare(t.places[a.Name()], t.places[b.Name()]) })
	for _, r := range unknown {
		err := t.take(ctx, r)
		if errors.Is(err, gateway.ErrTransient) || ctx.Err() != nil {
			return done, err
		}
		if err != nil {
			done.Left = append(done.Left, Left{r, err})
			err = s.RaiseDetailAlone(ctx, gateway.JournalNotTaken, r.Name(), gateway.DetailNotTaken.With(string(r.Kind), err))
		} else {
			done.Took++
		}
		if err != nil {
			return done, err
		}
	}
	if err := t.readAll(ctx); err != nil {
		return done, err
	}
	return done, s.finish(ctx, by, "journal", done)
}

// finish ends a restore: owners look for what may be out, and the log has it. While something is left the gateway stays quiet.
func (s *Store) finish(ctx context.Context, by, how string, done Taken) error {
	err := s.Transact(ctx, "restored", func(x *postgres.Session) error {
		_, err := x.ExecContext(ctx, `UPDATE interchange i SET state = 'publishing' WHERE state = 'unknown'
			AND NOT EXISTS (SELECT FROM exception e WHERE e.kind = $1 AND e.subject = i.id::text AND e.closed_at IS NULL)`, gateway.InterchangeUnknown)
		if err != nil || len(done.Left) > 0 {
			return err
		}
		if _, err := s.noteRestore(ctx, x, by, how, nil); err != nil {
			return err
		}
		return s.Audit(ctx, x, audit.Restore, restored{At: s.Now(), By: by, How: how, Took: done.Took})
	})
	if err != nil {
		return err
	}
	_, err = s.Compare(ctx)
	return err
}

// restored is what the log has of a restore.
type restored struct {
	At    time.Time  `json:"at"`
	By    string     `json:"by"`
	How   string     `json:"how"`
	Took  int        `json:"took"`
	Since *time.Time `json:"since,omitempty"`
}

func (s *Store) noteRestore(ctx context.Context, x *postgres.Session, by, how string, since *time.Time) (id int64, err error) {
	x.Wakes(postgres.ToCompare)
	err = x.QueryRowContext(ctx, `INSERT INTO restore (at, person, how, since) VALUES ($1, $2, $3, $4) RETURNING id`, s.Now(), by, how, since).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("note restore: %w", err)
	}
	return id, nil
}

// index finds what was frozen, and its orders.
func (t *taking) index(all []journal.Record) error {
	for n, r := range all {
		t.places[r.Name()] = n
		switch r.Kind {
		case postgres.JournalFrozen:
			if err := t.indexFrozen(r, n); err != nil {
				return fmt.Errorf("journal: %s: %w", r.Name(), err)
			}
		case postgres.JournalOrders:
			key, _, _ := strings.Cut(r.Key, " #")
			t.orders[key] = append(t.orders[key], r)
		}
	}
	return nil
}

// indexFrozen remembers a record of what was frozen, with its facts.
func (t *taking) indexFrozen(r journal.Record, n int) error {
	loaded, err := journal.Load([]journal.Record{r})
	if err != nil {
		return err
	}
	for _, r := range loaded {
		f := frozen{Record: r, at: n}
		if err := json.Unmarshal(r.Facts, &f.facts); err != nil {
			return err
		}
		t.frozen = append(t.frozen, f)
	}
	return nil
}

// take takes in one record, as all that came before it is here.
func (t *taking) take(ctx context.Context, r journal.Record) error {
	if r.Kind == postgres.JournalDelivery {
		t.unread = true
		return t.alone(ctx, r, t.takeDelivery)
	}
	if err := t.readAll(ctx); err != nil {
		return err
	}
	switch r.Kind {
	case postgres.JournalParked:
		return t.alone(ctx, r, t.takeParked)
	case postgres.JournalSending:
		return t.takeSending(ctx, r)
	case postgres.JournalSent:
		return t.alone(ctx, r, t.takeSent)
	case postgres.JournalBankFile:
		return t.takeBankFile(ctx, r)
	case postgres.JournalAnswer:
		// What it says of what was settled is due by then.
		if err := repeat(ctx, t.Flow.Settle); err != nil {
			return err
		}
		return t.alone(ctx, r, t.takeDues)
	case postgres.JournalDecision:
		return t.alone(ctx, r, t.takeDecision)
	}
	return fmt.Errorf("%w: kind %s", errNotTaken, r.Kind)
}

// takeAhead takes in an answer with its number, before what it has told: that stays unknown, over every interruption, until its turn comes.
func (t *taking) takeAhead(ctx context.Context, r journal.Record) error {
	return t.Transact(ctx, "take in "+r.Name(), func(x *postgres.Session) error {
		if err := t.takeAnswer(ctx, x, r); err != nil {
			return err
		}
		return t.RaiseDetail(ctx, x, gateway.JournalNotTaken, r.Name(), gateway.DetailNotTaken.With(string(r.Kind), "its turn has not come"))
	})
}

// errNotTaken: what a record says does not go with what is here.
var errNotTaken = errors.New("it does not go with what is here")

// alone takes a record in, in a transaction of its own, and ends what was told of it.
func (t *taking) alone(ctx context.Context, r journal.Record, take func(context.Context, *postgres.Session, journal.Record) error) error {
	return t.Transact(ctx, "take in "+r.Name(), func(x *postgres.Session) error {
		if err := take(ctx, x, r); err != nil {
			return err
		}
		return t.Close(ctx, x, gateway.JournalNotTaken, r.Name(), postgres.ClosedByFlow)
	})
}

// readAll reads and checks what was taken in, as it was read and checked before.
func (t *taking) readAll(ctx context.Context) error {
	if !t.unread {
		return nil
	}
	for _, step := range []func(context.Context) (bool, error){t.Flow.Read, t.Flow.Check} {
		if err := repeat(ctx, step); err != nil {
			return err
		}
	}
	t.unread = false
	return nil
}

// repeat takes a step until there is nothing more to do.
func repeat(ctx context.Context, step func(context.Context) (bool, error)) error {
	for {
		worked, err := step(ctx)
		if err != nil || !worked {
			return err
		}
	}
}

// bytesOf are the bytes of a record.
func bytesOf(r journal.Record) ([]byte, error) {
	body, err := postgres.Kept(r)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err == nil && fmt.Sprintf("%x", sha256.Sum256(content)) != r.SHA256 {
		err = journal.ErrCorrupt
	}
	if err != nil {
		return nil, fmt.Errorf("bytes of %s: %w", r.Name(), err)
	}
	return content, nil
}

// store stores the bytes of a record as a document.
func (t *taking) store(ctx context.Context, x *postgres.Session, r journal.Record) (int64, error) {
	w, err := t.NewDocument(ctx, x)
	if err != nil {
		return 0, err
	}
	body, err := postgres.Kept(r)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(w, body)
	if err := errors.Join(err, body.Close()); err != nil {
		return 0, fmt.Errorf("bytes of %s: %w", r.Name(), err)
	}
	sum, err := w.Finish(ctx, x)
	if err == nil && hex.EncodeToString(sum) != r.SHA256 {
		err = fmt.Errorf("bytes of %s: %w", r.Name(), journal.ErrCorrupt)
	}
	return w.ID(), err
}
