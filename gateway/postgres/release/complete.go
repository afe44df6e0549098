package release

import (
	"context"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// completion is what the payments of a release unit are completed by: as of one instant, and seen in one snapshot of the
// database, however many connections ask.
type completion struct {
	bank          gateway.BankCentre
	agreement     gateway.Agreement
	groups        []int64
	asOf          time.Time
	snapshot      string
	counter       int64 // of the last change of the register that the snapshot sees
	payments      int   // to be completed, also those that ended before
	debits        int   // debit accounts of the groups
	slices        []slice
	from          source
	attempts      []attempt               // that are frozen
	months        map[int64]time.Time     // of the deliveries
	payers        map[int64]payer         // of the deliveries
	frozenIn      time.Time               // the month of the orders
	salaries      map[string]bool         // by benefit type
	authorities   map[int64]bool          // by CVR number
	void          []int64                 // the interchanges that the payments were frozen in before
	choices       gateway.StandingChoices // of the authority, for payments without an account
	returnAccount string                  // of the agreement; empty: the debit account
	chosen        map[int64]chosen        // payments that a choice has something ordered for; nil: it is none of those
	setOffs       *setOffs                // what is taken for claims; nil: nothing is
	left          gateway.DaySums         // of the orders that are frozen
}

// source is the statement that gives the payments of a slice, as due.scan takes them and in the order in which they are placed.
type source func(slice) (query string, args []any)

// attempt is all orders of a delivery that are the same how manyth of their payments.
type attempt struct {
	Delivery int64 `db:"delivery_id"`
	No       int16 `db:"attempt"`
}

// neverOrdered is the last attempt of a payment that has none.
const neverOrdered = 0

// slice is a part of a release unit: ranges of payments of one or many deliveries.
type slice struct {
	returnAlways []bool   // of the bundles
	months       []string // as the statements want them
	first, last  []int64
}

// slicePayments is how many payments of the unit a slice has, about: there should be work for every reader, unless it is
// little. What a slice has is never in memory as a whole.
const (
	slicePayments = 250_000
	sliceLeast    = 10_000
)

func (s *Store) newCompletion(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, a gateway.Agreement, u unit, groups []int64, asOf time.Time) (*completion, error) {
	c, err := beginCompletion(ctx, x, bank, a, asOf)
	if err != nil {
		return nil, err
	}
	c.groups, c.from = groups, c.ofGroups
	err = x.QueryRowContext(ctx, `SELECT count(DISTINCT debit_account) FROM release_group WHERE id = ANY ($1::bigint[])`, groups).Scan(&c.debits)
	if err != nil {
		return nil, fmt.Errorf("debit accounts: %w", err)
	}
	var parts []part
	err = x.SelectContext(ctx, &parts, `SELECT d.id, d.month, d.payments, d.return_always, g.of_unit, d.payer_id, d.authority
		FROM (SELECT delivery_id, sum(payments) AS of_unit FROM release_group WHERE id = ANY ($1::bigint[]) GROUP BY 1) g
		CROSS JOIN LATERAL (SELECT * FROM delivery e WHERE e.id = g.delivery_id OFFSET 0) d ORDER BY d.id`, groups)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	c.cut(parts)
	if u.Held != 0 {
		c.slices[0].first[0], c.slices[0].last[0] = u.Held, u.Held
	}
	return c, nil
}

// beginCompletion takes the snapshot that all connections see.
func beginCompletion(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, a gateway.Agreement, asOf time.Time) (*completion, error) {
	c := &completion{bank: bank, agreement: a, asOf: asOf, months: map[int64]time.Time{}, payers: map[int64]payer{}}
	all, err := register.Choices(ctx, x, asOf)
	if err != nil {
		return nil, err
	}
	c.choices = all.Of(a.Authority, gateway.CauseNoAccount)
	// One statement: its snapshot is the one that is exported.
	err = x.QueryRowContext(ctx, `SELECT pg_export_snapshot(), counter FROM register_counter`).Scan(&c.snapshot, &c.counter)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	if c.salaries, err = register.SalaryBenefits(ctx, x, a.Authority, asOf); err != nil {
		return nil, err
	}
	if c.authorities, err = register.AuthorityNumbers(ctx, x); err != nil {
		return nil, err
	}
	return c, nil
}

// ofGroups is the source of a release. Payments come by debit account, and of one by their ids: sorting them further would
// need to know where they go, which is decided later.
func (c *completion) ofGroups(part slice) (string, []any) {
	query := sliceSQL
	if c.debits > 1 {
		query += ` ORDER BY g.debit_account::bigint, p.id`
	}
	return query, []any{part.returnAlways, part.months, part.first, part.last, c.groups}
}

// payer is a data supplier paying for an authority.
type payer struct {
	ID        int32  `db:"payer_id"`
	Authority string `db:"authority"`
}

// part is what a delivery has of a release unit: some of its payments, anywhere among them.
type part struct {
	payer
	Delivery int64     `db:"id"`
	Month    time.Time `db:"month"`
	Payments int       `db:"payments"`
	OfUnit   int       `db:"of_unit"`
	// ReturnAlways: the bundle wants back what has no account, whatever the standing choice is.
	ReturnAlways bool `db:"return_always"`
}

// cut makes slices of the unit.
func (c *completion) cut(parts []part) {
	for _, d := range parts {
		c.payments += d.OfUnit
		c.months[d.Delivery], c.payers[d.Delivery] = d.Month, d.payer
		c.attempts = append(c.attempts, attempt{d.Delivery, neverOrdered + 1})
	}
	size := min(slicePayments, max(sliceLeast, (c.payments+readers-1)/readers))
	room := 0
	for _, d := range parts {
		pieces := (d.OfUnit + size - 1) / size // a small delivery is not cut
		for i := range pieces {
			if room <= 0 {
				c.slices, room = append(c.slices, slice{}), size
			}
			first, last := d.Payments*i/pieces+1, d.Payments*(i+1)/pieces
			s := &c.slices[len(c.slices)-1]
			s.returnAlways, s.months = append(s.returnAlways, d.ReturnAlways), append(s.months, d.Month.Format(time.DateOnly))
			s.first, s.last = append(s.first, gateway.PaymentID(d.Delivery, first)), append(s.last, gateway.PaymentID(d.Delivery, last))
			room -= (d.OfUnit + pieces - 1) / pieces
		}
	}
}

// terms are what decides about the payments of a debit account and benefit type beside where the register says that they go.
func (c *completion) terms(of termsKey) gateway.PayoutTerms {
	return gateway.PayoutTerms{DebitAllowed: c.agreement.Pays(of.debit), Cheques: c.bank.Cheques,
		NoAccount: c.choices.For(c.agreement.Authority, of.benefitType, gateway.CauseNoAccount, c.agreement.NoAccount)}
}

// termsKey is what terms are asked for.
type termsKey struct{ debit, benefitType string }
