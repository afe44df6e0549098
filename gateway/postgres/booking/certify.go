package booking

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/reconciliation"
	"nks/reconciliation/ledger"
)

// Certificate is what is certified of a day of an agreement at its bank centre, or why it is not; as the log is told it.
type Certificate struct {
	Day        string   `json:"day"`
	Authority  string   `json:"authority"`
	Agreement  string   `json:"agreement"`
	BankCentre string   `json:"bank_centre"`
	N          int      `json:"n"`      // the how manyth about these
	Issued     bool     `json:"issued"` // false: refused
	Reasons    []string `json:"reasons"`
	Difference int64    `json:"difference_ore"`
	Sums       []Sum    `json:"sums"`
	MadeAt     string   `json:"made_at"` // RFC 3339
}

// Sum is one account of the agreement on the day.
type Sum struct {
	Currency string         `json:"currency"`
	Account  ledger.Account `json:"account"`
	Opening  int64          `json:"opening_ore"`
	In       int64          `json:"in_ore"`
	Out      int64          `json:"out_ore"`
}

// due is a certificate that is not issued yet. Last is its last verdict; 0: there is none.
type due struct {
	Day       time.Time `db:"day"`
	Authority string    `db:"authority"`
	Agreement string    `db:"agreement"`
	Bank      string    `db:"bank_centre"`
	Last      int       `db:"last"`
	Reasons   []byte    `db:"reasons"`
}

// Certify looks at all certificates that are due: it issues those against which nothing speaks any more, and refuses, from noon of the
// day after on, the others, with all that does; again when that has changed. It tells how many verdicts it wrote.
func (s *Store) Certify(ctx context.Context) (n int, err error) {
	err = s.snapshot(ctx, "certificates", func(x *postgres.Session) error {
		var all []due
		err := x.SelectContext(ctx, &all, `SELECT d.day, d.authority, d.agreement, d.bank_centre, coalesce(c.n, 0) AS last, to_jsonb(coalesce(c.reasons, '{}')) AS reasons
			FROM certificate_due d LEFT JOIN LATERAL (SELECT k.n, k.reasons FROM certificate k WHERE k.day = d.day AND k.authority = d.authority
				AND k.agreement = d.agreement AND k.bank_centre = d.bank_centre ORDER BY k.n DESC LIMIT 1) c ON true
			ORDER BY d.day, d.authority, d.agreement, d.bank_centre`)
		if err != nil || len(all) == 0 {
			return err
		}
		j, err := s.judge(ctx, x, all)
		if err != nil {
			return err
		}
		for _, d := range all {
			written, err := s.decide(ctx, x, j, d)
			if err != nil {
				return err
			}
			if written {
				n++
			}
		}
		return nil
	})
	return n, err
}

// decide writes the verdict on one certificate, where there is one to write.
func (s *Store) decide(ctx context.Context, x *postgres.Session, j *judge, d due) (written bool, err error) {
	c := j.verdict(d)
	var last []string
	if err := json.Unmarshal(d.Reasons, &last); err != nil {
		return false, err
	}
	day, now := gateway.DateOf(d.Day), s.Now()
	if !c.Issued && (now.Before(day.AddDays(1).At(refusedAt, s.Location)) || d.Last > 0 && slices.Equal(c.Reasons, last)) {
		return false, nil
	}
	c.N, c.MadeAt = d.Last+1, now.UTC().Format(time.RFC3339)
	sums, err := json.Marshal(c.Sums)
	if err != nil {
		return false, err
	}
	reasons, err := json.Marshal(c.Reasons)
	if err != nil {
		return false, err
	}
	entry, err := audit.Commit(ctx, x, audit.Certificate, c)
	if err != nil {
		return false, err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO certificate (day, authority, agreement, bank_centre, n, issued, reasons, difference_ore, sums, made_at, audit_entry)
		VALUES ($1, $2, $3, $4, $5, $6, ARRAY(SELECT jsonb_array_elements_text($7::jsonb)), $8, $9::jsonb, $10, $11)`,
		c.Day, c.Authority, c.Agreement, c.BankCentre, c.N, c.Issued, string(reasons), c.Difference, string(sums), now, entry)
	if err == nil && c.Issued {
		err = x.UpdateOne(ctx, `DELETE FROM certificate_due WHERE day = $1 AND authority = $2 AND agreement = $3 AND bank_centre = $4`,
			c.Day, c.Authority, c.Agreement, c.BankCentre)
	}
	if err != nil {
		return false, fmt.Errorf("certificate of %s, %s %s at %s: %w", c.Day, c.Authority, c.Agreement, c.BankCentre, err)
	}
	return true, nil
}

// judge knows all that speaks against certificates.
type judge struct {
	at          *time.Location
	differences []ledger.Difference
	unexplained []reconciliation.Unexplained
	states      []ledger.State
	against     []reconciliation.Against
	books       map[gateway.Date]*reconciliation.Book
	wrong       map[gateway.Date][]reconciliation.Misbooked // of days whose book is not what their facts add up to
}

func (s *Store) judge(ctx context.Context, x *postgres.Session, all []due) (*judge, error) {
	b, err := reconciliation.Balance(ctx, x)
	if err != nil {
		return nil, err
	}
	j := &judge{at: s.Location, differences: b.Differences, unexplained: b.Book.Unexplained, states: b.States,
		books: map[gateway.Date]*reconciliation.Book{}, wrong: map[gateway.Date][]reconciliation.Misbooked{}}
	last := gateway.DateOf(all[len(all)-1].Day)
	if j.against, err = reconciliation.AllAgainst(ctx, x, last, s.Location); err != nil {
		return nil, err
	}
	for _, d := range all {
		if day := gateway.DateOf(d.Day); j.books[day] == nil {
			if err := j.read(ctx, x, day); err != nil {
				return nil, err
			}
		}
	}
	return j, nil
}

// read computes the book of a day anew, and holds it against what was booked.
func (j *judge) read(ctx context.Context, x *postgres.Session, day gateway.Date) (err error) {
	if j.books[day], err = reconciliation.BookOfDay(ctx, x, day, j.at); err != nil {
		return err
	}
	j.wrong[day], err = reconciliation.HoldBook(ctx, x, day, j.books[day])
	return err
}

// verdict is what is certified of what is due, or why it is not.
func (j *judge) verdict(d due) Certificate {
	day := gateway.DateOf(d.Day)
	c := Certificate{Day: day.String(), Authority: d.Authority, Agreement: d.Agreement, BankCentre: d.Bank, Reasons: []string{}}
	against := func(format string, args ...any) { c.Reasons = append(c.Reasons, fmt.Sprintf(format, args...)) }
	ours := func(k ledger.Key) bool { return k.Authority == d.Authority && k.Agreement == d.Agreement }
	c.Sums = sumsOf(j.books[day], d.Authority, d.Agreement)
	disputed := slices.ContainsFunc(c.Sums, func(s Sum) bool { return s.Account == ledger.Disputed && s.Opening+s.In-s.Out != 0 })
	for _, e := range j.differences {
		if ours(e.Key) {
			against("difference: %s stands at %d øre by what moved it, and at %d by where payments are", e.Account, e.ByEvents, e.ByStates)
			c.Difference += max(e.ByEvents-e.ByStates, e.ByStates-e.ByEvents)
		}
	}
	for _, u := range slices.Concat(j.unexplained, j.books[day].Unexplained) {
		if ours(u.Key) {
			against("unexplained: %s", u.Why)
		}
	}
	for _, w := range j.wrong[day] {
		if ours(w.Key) {
			against("book: %s", w.Why)
		}
	}
	for _, s := range j.states {
		if ours(s.Key) && disputed && s.State == gateway.PaymentDisputed {
			against("disputed: %d payments, %d øre", s.Payments, s.Ore)
		}
	}
	for _, a := range j.against {
		if a.Concerns(d.Authority, d.Agreement, d.Bank) && a.Before(day, j.at) {
			against("%s", a.What)
		}
	}
	slices.Sort(c.Reasons)
	c.Reasons = slices.Compact(c.Reasons)
	c.Issued = len(c.Reasons) == 0
	return c
}
