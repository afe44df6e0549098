package effect

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

//go:embed sql/look.sql
var lookSQL string

const (
	// mostOrders is how many orders of one interchange are looked at at a time.
	mostOrders = 5000
	// allOrders is how many of one that becomes void: of the rest nobody would find any more that they were in it.
	allOrders = 1_000_000
	// whyChanged is why an interchange is void.
	whyChanged = "an account that it pays to has changed"
	// sendingTakes is when an order is looked at again whose interchange somebody is sending.
	sendingTakes = time.Minute
)

// ordered is an order to an account that ends, as it stands.
type ordered struct {
	Payment       int64                    `db:"payment_id"`
	Attempt       int16                    `db:"attempt"`
	Month         time.Time                `db:"payment_month"`
	Authority     string                   `db:"authority"`
	BenefitType   string                   `db:"benefit_type"`
	Holder        int64                    `db:"holder"`
	HolderKind    gateway.HolderKind       `db:"holder_kind"`
	AccountKind   gateway.AccountKind      `db:"account_kind"`
	Account       string                   `db:"account"`
	Version       int64                    `db:"account_version"`
	Bank          string                   `db:"bank"`
	AgreementID   int64                    `db:"agreement_id"`
	ExecutesOn    time.Time                `db:"executes_on"`
	State         gateway.InterchangeState `db:"state"`
	Published     bool                     `db:"published"`
	StandsAttempt int16                    `db:"stands_attempt"`
	Position      gateway.Position         `db:"position"`
	Lasts         bool                     `db:"lasts"`
	EndedAt       sql.NullTime             `db:"ended_at"`
	RegisteredAt  sql.NullTime             `db:"registered_at"`
	Change        sql.NullInt64            `db:"change"`

	effect gateway.Date
	wanted gateway.WithEffect
	done   gateway.EffectDone
}

// look is one interchange whose orders are judged.
type look struct {
	*Store
	x           *postgres.Session
	interchange int64
	now         time.Time
	today       gateway.Date
	payments    []int64 // that are looked at
	found       []*ordered
	again       map[int64]time.Time // when payments are looked at again
}

// judgeNext judges the orders of the first interchange that is not to be passed over, and gives it; none: nothing is due.
func (s *Store) judgeNext(ctx context.Context, x *postgres.Session, over []int64) ([]int64, error) {
	now := s.Now()
	var id int64
	var bank string
	err := x.QueryRowContext(ctx, `SELECT w.interchange_id, i.bank FROM effect_watch w JOIN interchange i ON i.id = w.interchange_id
		WHERE w.look_at <= $1 AND w.interchange_id <> ALL ($2::bigint[]) ORDER BY w.look_at, w.interchange_id LIMIT 1`, now, over).Scan(&id, &bank)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, s.forget(ctx, x)
	}
	if err != nil {
		return nil, fmt.Errorf("orders to be looked at: %w", err)
	}
	took := []int64{id}
	l := &look{Store: s, x: x, interchange: id, now: now, today: gateway.DateOf(now.In(s.Location)), again: map[int64]time.Time{}}
	if err = x.LockLines(ctx, bank); err == nil { // as who learns of the orders does
		err = l.judge(ctx, bank, mostOrders)
	}
	if err == nil && len(l.payments) == mostOrders && len(l.which(gateway.EffectAnew)) > 0 {
		err = l.judge(ctx, bank, allOrders)
	}
	if err == nil {
		err = l.act(ctx)
	}
	if err == nil {
		err = l.end(ctx)
	}
	if err != nil {
		return took, fmt.Errorf("interchange %d: %w", id, err)
	}
	return took, s.CloseMended(ctx, x, gateway.EffectFails, id)
}

// judge finds the orders, some at most, that would be executed with effect after a change, and nobody has found, and what their agreement wants.
func (l *look) judge(ctx context.Context, bank string, most int) error {
	if err := l.x.PlanForMonths(ctx); err != nil {
		return err
	}
	l.payments = nil
	err := l.x.SelectContext(ctx, &l.payments, `SELECT payment_id FROM effect_watch WHERE interchange_id = $1 AND look_at <= $2 ORDER BY payment_id LIMIT $3 FOR UPDATE`, l.interchange, l.now, most)
	if err != nil {
		return fmt.Errorf("orders to be looked at: %w", err)
	}
	var all []ordered
	if err := l.x.SelectContext(ctx, &all, lookSQL, l.interchange, l.now, l.payments); err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	through, err := l.statusesThrough(ctx, bank)
	if err != nil {
		return err
	}
	var found []*ordered
	for i := range all {
		o := &all[i]
		if o.Lasts || !o.EndedAt.Valid || o.StandsAttempt != o.Attempt {
			continue
		}
		o.effect = gateway.EffectFrom(l.Days.Calendar, o.EndedAt.Time, o.RegisteredAt.Time, l.Location)
		verdict := gateway.EffectOrder{Position: o.Position, ExecutesOn: gateway.DateOf(o.ExecutesOn), Effect: o.effect, Today: l.today, StatusesThrough: through}.Judge()
		switch {
		case verdict.Found:
			found = append(found, o)
		case verdict.Again != gateway.Date{}:
			l.again[o.Payment] = verdict.Again.At(0, l.Location)
		}
	}
	if found, err = l.unknown(ctx, found); err == nil {
		l.found, err = l.elsewhere(ctx, found)
	}
	if err == nil {
		err = l.decide(ctx)
	}
	return err
}

// statusesThrough is the last execution day of which a bank must have said by now what it has executed; zero: it never does.
func (l *look) statusesThrough(ctx context.Context, id string) (through gateway.Date, err error) {
	banks, err := l.Banks.Known(ctx, l.x)
	if err != nil {
		return through, err
	}
	bank, err := banks.Serving(id, l.now)
	if errors.Is(err, gateway.ErrNotFound) || err == nil && bank.StatusDeadline == 0 {
		return through, nil
	}
	return gateway.LastExecutionDay(l.now.Add(-bank.StatusDeadline), l.Location), err
}

// unknown leaves out what was found before, of the same change.
func (l *look) unknown(ctx context.Context, found []*ordered) (left []*ordered, err error) {
	if len(found) == 0 {
		return nil, nil
	}
	var before []struct {
		Payment int64 `db:"payment_id"`
		Change  int64 `db:"change"`
	}
	if err := l.x.SelectContext(ctx, &before, `SELECT payment_id, change FROM effect_finding WHERE payment_id = ANY ($1::bigint[])`, paymentsOf(found)); err != nil {
		return nil, fmt.Errorf("findings: %w", err)
	}
	known := map[int64]map[int64]bool{}
	for _, f := range before {
		if known[f.Payment] == nil {
			known[f.Payment] = map[int64]bool{}
		}
		known[f.Payment][f.Change] = true
	}
	for _, o := range found {
		if !known[o.Payment][o.Change.Int64] {
			left = append(left, o)
		}
	}
	return left, nil
}

// elsewhere leaves out what would be paid to the same account by another rule now.
func (l *look) elsewhere(ctx context.Context, found []*ordered) (left []*ordered, err error) {
	var asked []register.Asked
	var which []int
	drop := map[int]bool{}
	for i, o := range found {
		if o.counts(l.now) {
			asked = append(asked, register.Asked{Kind: o.HolderKind, Number: o.Holder, Authority: o.Authority, BenefitType: o.BenefitType})
			which = append(which, i)
		}
	}
	if len(asked) > 0 {
		err = l.x.Raw(func(conn *pgx.Conn) error {
			answers, err := register.Find(ctx, conn, asked, l.now)
			for n, i := range which {
				if err == nil {
					to := answers[n].Account
					drop[i] = answers[n].Unpaid == "" && to.Kind == found[i].AccountKind && to.Number == found[i].Account
				}
			}
			return err
		})
	}
	for i, o := range found {
		if !drop[i] {
			left = append(left, o)
		}
	}
	return left, err
}

// counts reports whether what an order that is made now goes to is not the old account.
func (o *ordered) counts(now time.Time) bool { return !o.EndedAt.Time.After(now) }

func paymentsOf(orders []*ordered) []int64 {
	ids := make([]int64, len(orders))
	for i, o := range orders {
		ids[i] = o.Payment
	}
	return ids
}

// end has orders looked at again, and no others.
func (l *look) end(ctx context.Context) error {
	var ids []int64
	var at []time.Time
	for id, when := range l.again {
		ids, at = append(ids, id), append(at, when)
	}
	_, err := l.x.ExecContext(ctx, `UPDATE effect_watch w SET look_at = a.look_at FROM unnest($2::bigint[], $3::timestamptz[]) a (payment_id, look_at)
		WHERE w.interchange_id = $1 AND w.payment_id = a.payment_id`, l.interchange, ids, at)
	if err == nil {
		_, err = l.x.ExecContext(ctx, `DELETE FROM effect_watch WHERE interchange_id = $1 AND payment_id = ANY ($2::bigint[]) AND look_at <= $3`, l.interchange, l.payments, l.now)
	}
	if err != nil {
		return fmt.Errorf("what is looked at again: %w", err)
	}
	return nil
}

// forget drops what was found of payments of months that are gone.
func (s *Store) forget(ctx context.Context, x *postgres.Session) error {
	var any bool
	err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM effect_finding WHERE month < first_kept())`).Scan(&any)
	if err == nil && any {
		_, err = x.ExecContext(ctx, `SELECT effect_forget()`)
	}
	if err != nil {
		return fmt.Errorf("findings of months that are gone: %w", err)
	}
	return nil
}

// detail says what an order is about, with its account masked.
func (o *ordered) detail() gateway.ExceptionDetail {
	return gateway.DetailAccountChanged.With(gateway.Account{Number: o.Account}.MaskedNumber(), gateway.DateOf(o.ExecutesOn), o.effect, o.Bank)
}

func (o *ordered) subject() string { return strconv.FormatInt(o.Payment, 10) }
