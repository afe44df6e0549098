// Package line keeps what nodes tell of their lines and doors where all nodes, pages and commands see it, and has persons told of those that
// are down for too long: also of one whose node can tell nothing any more.
package line

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// Store keeps lines. Its Base's clock is right also while the machine's is not. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days  gateway.Days
	Banks postgres.Centres
}

//go:embed sql/tell.sql
var tell string

// Tell notes how a node's lines are now.
func (s *Store) Tell(ctx context.Context, node string, lines []gateway.Link) error {
	if len(lines) == 0 {
		return nil
	}
	var kinds, names, nodes, states, troubles, words []string
	var since []time.Time
	var good []*time.Time
	var limits []int64
	var held []*string
	for _, l := range lines {
		kinds, names, nodes, states = append(kinds, string(l.Kind)), append(names, l.Name), append(nodes, l.Node), append(states, string(l.State))
		since, good, limits = append(since, l.Since), append(good, l.Good), append(limits, l.Limit)
		troubles, words = append(troubles, string(l.Why)), append(words, l.Error)
		text, err := heldText(l.Held)
		if err != nil {
			return fmt.Errorf("tell of line %s: %w", l.Subject(), err)
		}
		held = append(held, text)
	}
	now := s.Now()
	_, err := s.DB.ExecContext(ctx, tell, node, now, now.Add(-gateway.LineStale), kinds, names, nodes, states, since, good, troubles, words, limits, held)
	if err != nil {
		return fmt.Errorf("tell of lines: %w", postgres.Transient(err))
	}
	return nil
}

// heldText is what waits as the table keeps it.
func heldText(h gateway.Held) (*string, error) {
	if h == nil {
		return nil, nil
	}
	text, err := json.Marshal(h)
	s := string(text)
	return &s, err
}

// Waiting is what waits here for each data supplier's queues, or out of them for persons; of who is not in it nothing does.
func (s *Store) Waiting(ctx context.Context) (map[string]gateway.Held, error) {
	var list []struct {
		Supplier string             `db:"supplier"`
		Place    gateway.QueuePlace `db:"place"`
		Messages int64              `db:"messages"`
		Oldest   time.Time          `db:"oldest"`
	}
	err := s.DB.SelectContext(ctx, &list, `SELECT supplier, $1::text AS place, count(*) AS messages, min(made_at) AS oldest
			FROM answer_uncollected WHERE door = $3 GROUP BY supplier
		UNION ALL SELECT supplier, $2, count(*), min(parked_at) FROM parked_message WHERE state = 'parked' GROUP BY supplier`,
		gateway.PlaceToPut, gateway.PlaceParked, door.Queue)
	if err != nil {
		return nil, fmt.Errorf("what waits for queues: %w", postgres.Transient(err))
	}
	waiting := map[string]gateway.Held{}
	for _, w := range list {
		waiting[w.Supplier] = waiting[w.Supplier].With(gateway.Held{w.Place: {Messages: w.Messages, Oldest: &w.Oldest}})
	}
	return waiting, nil
}

// Expect notes that a bank's line is wanted, of which nobody has told yet.
func (s *Store) Expect(ctx context.Context, bank, node string, limit time.Duration) error {
	_, err := s.DB.ExecContext(ctx, `INSERT INTO line AS l (kind, name, node, owner, state, since, told_at, trouble, error, limit_seconds)
		VALUES ($1, $2, '', $3, $4, $5, $5, $6, '', $7) ON CONFLICT (kind, name, node) DO UPDATE
		SET owner = excluded.owner, state = excluded.state, since = excluded.since, told_at = excluded.told_at, trouble = excluded.trouble, error = ''
		WHERE l.state = $8`, gateway.LinkBank, bank, node, gateway.LinkUnknown, s.Now(), gateway.TroubleUntold, seconds(limit), gateway.LinkClosed)
	if err != nil {
		return fmt.Errorf("expect line to %s: %w", bank, postgres.Transient(err))
	}
	return nil
}

func seconds(d time.Duration) int64 { return max(1, int64(d/time.Second)) }

// All is what was last told of every line; of nodes that are gone it is forgotten.
func (s *Store) All(ctx context.Context) ([]gateway.Link, error) {
	var all, kept []gateway.Link
	err := s.DB.SelectContext(ctx, &all, `SELECT kind, name, node, owner, state, since, good_at, told_at, trouble, error, limit_seconds, held
		FROM line ORDER BY kind, name, node`)
	now := s.Now()
	for _, l := range all {
		if !l.Gone(now) {
			kept = append(kept, l)
		} else if err == nil {
			err = s.forget(ctx, l)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lines: %w", postgres.Transient(err))
	}
	return kept, nil
}

// forget takes a line away with its node, unless that has told of it just now.
func (s *Store) forget(ctx context.Context, l gateway.Link) error {
	return s.Transact(ctx, "forget line", func(x *postgres.Session) error {
		r, err := x.ExecContext(ctx, `DELETE FROM line WHERE kind = $1 AND name = $2 AND node = $3 AND told_at = $4`, l.Kind, l.Name, l.Node, l.Told)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.Close(ctx, x, gateway.LineIsDown, l.Subject(), postgres.ClosedByFlow)
	})
}

// reported is what persons were last told of a line.
type reported struct {
	Subject  string           `db:"subject"`
	Severity gateway.Severity `db:"severity"`
	RaisedAt time.Time        `db:"raised_at"`
	Open     bool             `db:"open"`
	ByPerson bool             `db:"by_person"` // who has closed it
}

// Judge tells persons of lines that are down for too long, once each time, and that they are up again.
func (s *Store) Judge(ctx context.Context, lines []gateway.Link) error {
	now := s.Now()
	var subjects []string
	for _, l := range lines {
		subjects = append(subjects, l.Subject())
	}
	var list []reported
	err := s.DB.SelectContext(ctx, &list, `SELECT DISTINCT ON (subject) subject, severity, raised_at, closed_at IS NULL AS open, decision IS NOT NULL AS by_person
		FROM exception WHERE kind = $1 AND subject = ANY ($2) ORDER BY subject, id DESC`, gateway.LineIsDown, subjects)
	if err != nil {
		return fmt.Errorf("lines of which persons know: %w", postgres.Transient(err))
	}
	last := map[string]reported{}
	for _, t := range list {
		last[t.Subject] = t
	}
	for _, l := range lines {
		if err := s.judge(ctx, l, lines, last[l.Subject()], now); err != nil {
			return fmt.Errorf("line %s: %w", l.Subject(), err)
		}
	}
	return nil
}

func (s *Store) judge(ctx context.Context, l gateway.Link, all []gateway.Link, last reported, now time.Time) error {
	is := l.At(now)
	switch {
	case !is.State.Bad() && last.Open:
		return s.Transact(ctx, "line up", func(x *postgres.Session) error {
			return s.Close(ctx, x, gateway.LineIsDown, l.Subject(), postgres.ClosedByFlow)
		})
	case !is.Late:
		return nil
	}
	severity, err := s.severity(ctx, l, all, now)
	known := last.Open || last.ByPerson && last.RaisedAt.After(is.Since) // who has closed it has looked
	if err != nil || severity == 0 || known && last.Severity >= severity {
		return err
	}
	return s.Transact(ctx, "line down", func(x *postgres.Session) error {
		return s.RaiseAs(ctx, x, gateway.LineIsDown, severity, l.Subject(), s.detail(l, is))
	})
}

func (s *Store) detail(l gateway.Link, is gateway.LinkStanding) gateway.ExceptionDetail {
	minute := func(t time.Time) string { return t.In(s.Location).Format("2006-01-02 15:04") }
	limit := time.Duration(l.Limit) * time.Second
	words := l.Error
	if is.Why == gateway.TroubleSilent {
		words = fmt.Sprintf("node %s tells nothing since %s", l.Owner, minute(l.Told))
	}
	if words == "" {
		words = string(is.Why)
	}
	if l.Good == nil {
		return gateway.DetailLineNeverGood.With(minute(is.Since), limit, words)
	}
	return gateway.DetailLineDown.With(minute(is.Since), limit, minute(*l.Good), words)
}

func (s *Store) severity(ctx context.Context, l gateway.Link, all []gateway.Link, now time.Time) (gateway.Severity, error) {
	if l.Kind != gateway.LinkBank {
		return l.Severity(all, now), nil
	}
	banks, err := s.Banks.Known(ctx, s.DB)
	if err != nil {
		return 0, err
	}
	bank, err := banks.Serving(l.Name, now)
	if err != nil {
		return gateway.Urgent, nil // nobody knows by when it is needed
	}
	controls, err := postgres.NightControls(ctx, s.DB, now.In(s.Location))
	if err != nil {
		return 0, err
	}
	var waits bool
	err = s.DB.GetContext(ctx, &waits, `SELECT EXISTS (SELECT FROM interchange WHERE bank = $1 AND state IN ('frozen', 'rendered', 'sending', 'publishing'))`, l.Name)
	return gateway.BankLineSeverity(now, s.Days.BankTerms(bank, controls).NextSendBy(now), waits), err
}
