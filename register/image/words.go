package image

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/register"
)

// span is when something counts, and which changes of the register knew of it.
type span struct {
	from, to        int64 // from the first instant to the first without it
	counter, closed int64 // of the change that recorded it, and of the one that closed it; forever: none
}

// knownAt reports whether the change counter knew of it.
func (s *span) knownAt(counter int64) bool { return s.counter <= counter && counter < s.closed }

// counts reports whether it was known and counts at an instant.
func (s *span) counts(counter, at int64) bool {
	return s.knownAt(counter) && s.from <= at && at < s.to
}

// allWords is all that authorities have said, and that holds for benefits and periods: few enough to be read anew whenever
// the register changes.
type allWords struct {
	authorities []authorityWord
	fallbacks   []fallback
	periods     []usablePeriod
}

type authorityWord struct {
	authority           string
	emigrated, pNumbers bool
	span
}

type fallback struct {
	purpose  // without an authority: of every one that has not its own
	fallback bool
	span
}

type usablePeriod struct {
	kind gateway.HolderKind
	days int
	span
}

// spanColumns are those of a span, in the order of spanFields.
const spanColumns = `, nullif(valid_from, '-infinity'), nullif(valid_to, 'infinity'), counter, closed`

// spanRow is a span as a row has it.
type spanRow struct {
	from, to sql.NullTime
	counter  int64
	closed   sql.NullInt64
}

func (s *spanRow) fields() []any { return []any{&s.from, &s.to, &s.counter, &s.closed} }

func (s *spanRow) span() span {
	p := span{from: always, to: forever, counter: s.counter, closed: forever}
	if s.from.Valid {
		p.from = instantOf(s.from.Time)
	}
	if s.to.Valid {
		p.to = instantOf(s.to.Time)
	}
	if s.closed.Valid {
		p.closed = s.closed.Int64
	}
	return p
}

// readWords reads everything that was ever said, so that it can be asked as of any change.
func readWords(ctx context.Context, q register.Asker) (*allWords, error) {
	s := &allWords{}
	err := forEach(ctx, q, `SELECT authority, emigrated, p_numbers`+spanColumns+` FROM nks.authority_word`, func(r pgx.CollectableRow) error {
		var w authorityWord
		var when spanRow
		err := r.Scan(append([]any{&w.authority, &w.emigrated, &w.pNumbers}, when.fields()...)...)
		w.span = when.span()
		s.authorities = append(s.authorities, w)
		return err
	})
	if err == nil {
		err = forEach(ctx, q, `SELECT benefit_type, coalesce(authority, ''), fallback`+spanColumns+` FROM nks.benefit_fallback`, func(r pgx.CollectableRow) error {
			var f fallback
			var when spanRow
			err := r.Scan(append([]any{&f.benefitType, &f.authority, &f.fallback}, when.fields()...)...)
			f.span = when.span()
			s.fallbacks = append(s.fallbacks, f)
			return err
		})
	}
	if err == nil {
		err = forEach(ctx, q, `SELECT kind, days`+spanColumns+` FROM nks.account_period`, func(r pgx.CollectableRow) error {
			var p usablePeriod
			var when spanRow
			err := r.Scan(append([]any{&p.kind, &p.days}, when.fields()...)...)
			p.span = when.span()
			s.periods = append(s.periods, p)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	return s, nil
}

func forEach(ctx context.Context, q register.Asker, query string, scan func(pgx.CollectableRow) error, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// spoken is what was said, as one change knew it, of one instant.
type spoken struct {
	authorities map[string]register.Words
	fallbacks   map[purpose]bool
	policy      register.Policy
	asked       map[purpose]register.Words
}

// at is what counts at an instant, as a change knew it.
func (s *allWords) at(counter, instant int64, where *time.Location) spoken {
	now := spoken{authorities: map[string]register.Words{}, fallbacks: map[purpose]bool{}, asked: map[purpose]register.Words{},
		policy: register.Policy{Location: where}}
	for i := range s.authorities {
		if w := &s.authorities[i]; w.counts(counter, instant) {
			now.authorities[w.authority] = register.Words{PaysEmigrated: w.emigrated, UsesPNumbers: w.pNumbers}
		}
	}
	for i := range s.fallbacks {
		if f := &s.fallbacks[i]; f.counts(counter, instant) {
			now.fallbacks[f.purpose] = f.fallback
		}
	}
	for i := range s.periods {
		if p := &s.periods[i]; p.counts(counter, instant) {
			now.policy.Days[p.kind] = p.days
		}
	}
	return now
}

// words are those of an authority and a benefit; the authority's own benefit counts before a general one.
func (s *spoken) words(authority, benefitType string) register.Words {
	of := purpose{authority, benefitType}
	if w, is := s.asked[of]; is {
		return w
	}
	w := s.authorities[authority]
	if falls, own := s.fallbacks[of]; own {
		w.NoFallback = !falls
	} else if falls, general := s.fallbacks[purpose{"", benefitType}]; general {
		w.NoFallback = !falls
	}
	s.asked[of] = w
	return w
}
