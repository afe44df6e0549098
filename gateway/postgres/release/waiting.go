package release

import (
	"context"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// until is the last day on which a payment without an account is kept for one.
func (f *freezer) until(p *completed) gateway.Date {
	return gateway.HoldUntil(f.store.Days.Calendar, gateway.DateOf(f.asOf.In(f.store.Location)), p.choice.HoldDays)
}

// keepWaiting leaves payments behind whose groups are released without them: each is to be ordered when its account arrives, and
// when it has been kept for as long as its authority chose.
func (s *Store) keepWaiting(ctx context.Context, x *postgres.Session, c *completion, waits []completed) error {
	if len(waits) == 0 {
		return nil
	}
	f := freezer{store: s, completion: c}
	n := len(waits)
	ids, months, payers, debits, ores := make([]int64, n), make([]string, n), make([]int32, n), make([]string, n), make([]int64, n)
	holders, kinds, versions, untils, dues := make([]int64, n), make([]int16, n), make([]int64, n), make([]string, n), make([]string, n)
	for i := range waits {
		p, delivery := &waits[i], gateway.DeliveryOf(waits[i].id)
		until := f.until(p)
		ids[i], months[i], payers[i], debits[i], ores[i] = p.id, c.months[delivery].Format(time.DateOnly), c.payers[delivery].ID, p.debit, p.ore
		holders[i], kinds[i], versions[i], untils[i], dues[i] = p.holder.Number, int16(p.holder.Kind), p.choice.Version, until.String(), until.AddDays(1).String()
	}
	// The attempt to come is the second, though there was no first: where the order of a first one is found stands in its group.
	err := x.UpdateAll(ctx, n, `INSERT INTO obligation (payment_id, attempt, payment_month, payer_id, kind, cause, cause_n, cause_month, choice, choice_version, agreement_id,
			debit_account, ore, executes_on, due_on, made_at, holder, holder_kind, hold_until)
		SELECT w.id, 2, w.month, w.payer, 'complete', $11::text, s.n, $12::date, $13::text, w.version, $14::bigint, w.debit, w.ore, $15::date, w.due, $16::timestamptz, w.holder, w.kind, w.until
		FROM unnest($1::bigint[], $2::date[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::smallint[], $8::bigint[], $9::date[], $10::date[])
			w (id, month, payer, debit, ore, holder, kind, version, until, due)
		JOIN standing s ON s.month = w.month AND s.payment_id = w.id AND s.kind = $17::fact_kind`,
		ids, months, payers, debits, ores, holders, kinds, versions, untils, dues, string(gateway.CauseNoAccount), c.frozenIn, string(gateway.HoldForAccount), c.agreement.ID,
		gateway.DateOf(c.asOf.In(s.Location)).String(), c.asOf, string(gateway.FactAwaitsAccount))
	if err != nil {
		return fmt.Errorf("payments that wait for an account: %w", err)
	}
	return nil
}
