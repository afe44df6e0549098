package booking

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/reconciliation"
)

// Held is a certificate as it was written, with what does not agree with it.
type Held struct {
	Certificate
	Entry    int64    `json:"audit_entry"`
	Placed   bool     `json:"placed"` // the entry has its place in the log's tree
	Findings []string `json:"findings"`
}

// Certificates reads the verdicts on a day, or on all days where it is zero, the last of each last, and holds each against what the log was told
// and, where it was issued, against the book of its day, computed anew. A day of which rows were dropped is held against the log alone.
func (s *Store) Certificates(ctx context.Context, day gateway.Date) (all []Held, err error) {
	err = s.reading(ctx, func(x *postgres.Session) error {
		var kept time.Time
		if err := x.GetContext(ctx, &kept, `SELECT first_kept()`); err != nil {
			return err
		}
		if all, err = readCertificates(ctx, x, day); err != nil {
			return err
		}
		books := map[string]*reconciliation.Book{}
		for i := range all {
			if err := all[i].againstLog(ctx, x); err != nil {
				return err
			}
			c := &all[i].Certificate
			on, err := gateway.ParseDate(c.Day)
			if err != nil {
				return err
			}
			if !c.Issued || on.At(0, s.Location).Before(kept) {
				continue
			}
			if books[c.Day] == nil {
				if books[c.Day], err = reconciliation.BookOfDay(ctx, x, on, s.Location); err != nil {
					return err
				}
			}
			if found := sumsOf(books[c.Day], c.Authority, c.Agreement); !reflect.DeepEqual(found, c.Sums) {
				all[i].find("the book of its day says %v", found)
			}
		}
		return nil
	})
	return all, err
}

func (h *Held) find(format string, args ...any) {
	h.Findings = append(h.Findings, fmt.Sprintf(format, args...))
}

// againstLog compares with what the log was told, which its commitment proves.
func (h *Held) againstLog(ctx context.Context, x *postgres.Session) error {
	e, err := postgres.ReadEntry(ctx, x, h.Entry)
	if err != nil {
		return err
	}
	if h.Placed = e.Placed; e.Fault != "" {
		h.find("%s", e.Fault)
		return nil
	}
	var entered Certificate
	if err := json.Unmarshal([]byte(e.Text), &entered); err != nil || e.Kind != audit.Certificate || !reflect.DeepEqual(entered, h.Certificate) {
		h.find("entry %d of the log tells %s", h.Entry, e.Text)
	}
	return nil
}

func readCertificates(ctx context.Context, q sqlx.QueryerContext, day gateway.Date) ([]Held, error) {
	rows, err := q.QueryxContext(ctx, `SELECT day::text, authority, agreement, bank_centre, n, issued, to_jsonb(reasons), difference_ore, sums, made_at, audit_entry FROM certificate
		WHERE $1 = '' OR day = nullif($1, '')::date ORDER BY 1, 2, 3, 4, 5`, dayText(day))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []Held
	for rows.Next() {
		h := Held{Findings: []string{}}
		var reasons, sums []byte
		var at time.Time
		err := rows.Scan(&h.Day, &h.Authority, &h.Agreement, &h.BankCentre, &h.N, &h.Issued, &reasons, &h.Difference, &sums, &at, &h.Entry)
		if err == nil {
			err = json.Unmarshal(reasons, &h.Reasons)
		}
		if err == nil {
			err = json.Unmarshal(sums, &h.Sums)
		}
		if err != nil {
			return nil, err
		}
		h.MadeAt = at.UTC().Format(time.RFC3339)
		all = append(all, h)
	}
	return all, rows.Err()
}

func dayText(day gateway.Date) string {
	if day.IsZero() {
		return ""
	}
	return day.String()
}

// sumsOf are the accounts of an agreement on the day of a book.
func sumsOf(b *reconciliation.Book, authority, agreement string) []Sum {
	sums := []Sum{}
	for _, e := range b.Balances() {
		if e.Authority == authority && e.Agreement == agreement {
			sums = append(sums, Sum{e.Currency, e.Account, e.Opening, e.In, e.Out})
		}
	}
	return sums
}
