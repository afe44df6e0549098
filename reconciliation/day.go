package reconciliation

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
	"nks/reconciliation/ledger"
)

// Day is the book of a day as it is shown, of all agreements or of one.
type Day struct {
	Day      string    `json:"day"`
	Accounts []Account `json:"accounts"`
	Moved    []Moved   `json:"moved"`
	Posted   []Posted  `json:"posted"`
	Abroad   []Abroad  `json:"abroad"`
	Verified *Verified `json:"verified,omitempty"` // where that was asked for
}

// Account is one account of an agreement on the day.
type Account struct {
	ledger.Balance
	Closing int64 `json:"closing_ore"`
}

// Moved is one transaction of the day: what it is of, which the same day, agreement, event and position find again, and what it moved.
type Moved struct {
	ledger.Key
	Bank     string           `json:"bank,omitempty"`
	Event    ledger.Event     `json:"event"`
	Was      gateway.Position `json:"was"`
	Order    string           `json:"order,omitempty"`
	Payments int64            `json:"payments"`
	Legs     []ledger.Leg     `json:"legs"`
}

// Verified is what does not agree when a day is verified: nothing, where it does.
type Verified struct {
	Unexplained []Misbooked         `json:"unexplained"` // movements that cannot be
	Misbooked   []Misbooked         `json:"misbooked"`   // that day's book is not what its facts give
	Differences []ledger.Difference `json:"differences"` // of now: accounts by what moved them, and by where payments are
	Bundles     []Misbooked         `json:"bundles"`     // of now: what bundles say is not what was claimed of them
	Flaws       []Flaw              `json:"flaws"`       // of postings and statements
}

// Clean reports whether everything agrees.
func (v *Verified) Clean() bool {
	return len(v.Unexplained)+len(v.Misbooked)+len(v.Differences)+len(v.Bundles)+len(v.Flaws) == 0
}

// ShowDay is the book of a day with what was posted on it, of one agreement or, where none is named, of all. db should be a transaction of
// one snapshot.
func ShowDay(ctx context.Context, db Queryer, day gateway.Date, at *time.Location, agreement string) (*Day, error) {
	b, err := BookOfDay(ctx, db, day, at)
	if err != nil {
		return nil, err
	}
	d := &Day{Day: day.String(), Accounts: []Account{}, Moved: []Moved{}, Posted: []Posted{}, Abroad: []Abroad{}}
	wanted := func(name string) bool { return agreement == "" || name == agreement }
	for _, e := range b.Balances() {
		if wanted(e.Agreement) {
			d.Accounts = append(d.Accounts, Account{e, e.Closing()})
		}
	}
	for _, t := range b.Transactions {
		if wanted(t.Agreement) {
			m := Moved{Key: t.Key, Bank: t.Bank, Event: t.Event, Was: t.Was, Payments: t.Payments, Legs: append([]ledger.Leg{}, t.Legs...)}
			if t.Order != 0 {
				m.Order = t.Order.String()
			}
			d.Moved = append(d.Moved, m)
		}
	}
	posted, err := PostedOn(ctx, db, day)
	if err != nil {
		return nil, err
	}
	for _, p := range posted {
		if wanted(p.Agreement) {
			d.Posted = append(d.Posted, p)
		}
	}
	abroad, err := AbroadOn(ctx, db, day)
	if err != nil {
		return nil, err
	}
	for _, a := range abroad {
		if wanted(a.Agreement) {
			d.Abroad = append(d.Abroad, a)
		}
	}
	return d, nil
}

// VerifyDay computes a day anew from what was recorded on it, and holds together what must agree: the day's book with what was booked, all
// accounts with where the payments are now, what was claimed with what bundles say, and postings and statements with all of them. db must be
// a transaction of one snapshot.
func VerifyDay(ctx context.Context, db Queryer, day gateway.Date, at *time.Location) (*Verified, error) {
	v := &Verified{Unexplained: []Misbooked{}, Misbooked: []Misbooked{}, Differences: []ledger.Difference{}, Bundles: []Misbooked{}, Flaws: []Flaw{}}
	b, err := BookOfDay(ctx, db, day, at)
	if err != nil {
		return nil, err
	}
	booked := false
	if err := query(ctx, db, func(r *sql.Rows) error { return r.Scan(&booked) }, `SELECT EXISTS (SELECT FROM book WHERE day = $1::date)`, day.String()); err != nil {
		return nil, fmt.Errorf("book of %s: %w", day, err)
	}
	if booked {
		wrong, err := HoldBook(ctx, db, day, b)
		if err != nil {
			return nil, err
		}
		v.Misbooked = append(v.Misbooked, wrong...)
	}
	now, err := Balance(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, u := range append(b.Unexplained, now.Book.Unexplained...) {
		v.Unexplained = append(v.Unexplained, Misbooked{u.Key, u.Why})
	}
	v.Differences = append(v.Differences, now.Differences...)
	if err := v.holdBundles(ctx, db, now); err != nil {
		return nil, err
	}
	flaws, err := Flaws(ctx, db, day)
	v.Flaws = append(v.Flaws, flaws...)
	return v, err
}

// holdBundles holds what was claimed of each authority against what its bundles bundled that they hold.
func (v *Verified) holdBundles(ctx context.Context, db Queryer, now Balanced) error {
	claimed := map[string]int64{}
	for _, b := range now.Book.Balances() {
		if b.Account == ledger.Claims {
			claimed[b.Authority] -= b.Closing()
		}
	}
	bundled := map[string]int64{}
	err := query(ctx, db, func(rows *sql.Rows) error {
		var authority string
		var ore int64
		err := rows.Scan(&authority, &ore)
		bundled[authority] += ore
		return err
	}, `SELECT authority, sum(ore)::bigint FROM (SELECT authority, ore FROM delivery WHERE state IN ('read', 'checked') AND id >= (SELECT first_open_delivery())
			UNION ALL SELECT s.authority, s.ore FROM month_sum s) r GROUP BY 1`)
	if err != nil {
		return fmt.Errorf("bundles: %w", err)
	}
	for authority := range claimed {
		bundled[authority] += 0
	}
	for authority, ore := range bundled {
		if claimed[authority] != ore {
			v.Bundles = append(v.Bundles, Misbooked{ledger.Key{Authority: authority, Currency: ledger.DKK},
				fmt.Sprintf("bundles hold %d øre, and %d were claimed", ore, claimed[authority])})
		}
	}
	return nil
}

// Source is one thing that a transaction is made of: a bundle, a line, or a payment.
type Source struct {
	What     string    `db:"what" json:"what"`
	Was      string    `db:"was" json:"was"`
	Payments int64     `db:"payments" json:"payments"`
	Ore      int64     `db:"ore" json:"ore"`
	At       time.Time `db:"at" json:"at"`
}

// MostSources bounds how many are listed.
const MostSources = 1000

// Sources lists what an event of a day is made of, in one agreement or, where none is named, in all.
func Sources(ctx context.Context, db Queryer, day gateway.Date, at *time.Location, agreement string, event ledger.Event) (all []Source, err error) {
	from, until := daysOf(day, at)
	text := `SELECT coalesce('payment ' || f.payment_id || coalesce(' posting ' || f.posting_id || ' part ' || f.posting_part, ''),
			'interchange ' || f.interchange_id || ' message ' || f.message_no || ' LIN ' || f.lin) || ' fact ' || f.n,
			coalesce(f.was, ''), f.stood_payments, f.stood_ore, f.at FROM fact f
		LEFT JOIN interchange i ON i.id = f.interchange_id
		LEFT JOIN payment p ON f.interchange_id IS NULL AND p.month = month_of(delivery_of(f.payment_id)) AND p.id = f.payment_id LEFT JOIN release_group g ON g.id = p.group_id
		WHERE f.month >= (date_trunc('month', $1::timestamptz) - interval '1 month')::date AND f.at >= $1 AND f.at < $2 AND ($3 = '' OR coalesce(i.agreement, g.agreement) = $3)
			AND f.kind::text = $4 AND f.scope IN ('payment', 'order', 'line') ORDER BY f.at, f.payment_id, f.interchange_id, f.message_no, f.lin LIMIT $5`
	switch event {
	case ledger.Received:
		text = `SELECT 'delivery ' || d.id || ' group ' || g.id, '', g.payments, g.ore, d.read_at FROM delivery d JOIN release_group g ON g.delivery_id = d.id
			WHERE d.state IN ('read', 'checked') AND d.read_at >= $1 AND d.read_at < $2 AND ($3 = '' OR g.agreement = $3) AND $4 <> '' ORDER BY d.read_at, g.id LIMIT $5`
	case ledger.Ordered:
		text = `SELECT 'interchange ' || i.id || ' message ' || l.message_no || ' LIN ' || l.lin, 'attempt ' || l.attempt, l.payments, l.ore, i.prepared_at
			FROM interchange i JOIN order_line l ON l.interchange_id = i.id WHERE i.kind = 'PAYMUL' AND i.month >= (date_trunc('month', $1::timestamptz) - interval '1 month')::date
			AND i.prepared_at >= $1 AND i.prepared_at < $2 AND ($3 = '' OR i.agreement = $3) AND $4 <> '' ORDER BY i.id, l.message_no, l.lin LIMIT $5`
	}
	err = query(ctx, db, func(rows *sql.Rows) error {
		var s Source
		err := rows.Scan(&s.What, &s.Was, &s.Payments, &s.Ore, &s.At)
		all = append(all, s)
		return err
	}, text, from, until, agreement, string(event), MostSources)
	if err != nil {
		return nil, fmt.Errorf("what %s is made of: %w", event, err)
	}
	return all, nil
}
