package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/register"
	"nks/register/law"
)

// Approve is the second person's word for an application that waits for it; it is judged again, as things stand now. By the person who
// asked it is gateway.ErrPersons; where it does not wait for that ErrMoved. // B32
func (s *Store) Approve(ctx context.Context, x register.Tx, application int64, by string) (Outcome, error) {
	return s.resume(ctx, x, application, law.WaitsApproval, func(i *item) error {
		i.Approved, i.by = by, by
		return gateway.TwoPersons(i.By, by)
	})
}

// Activate is the holder's word for an application that waits for it; it is judged again. // B13 // B13.2 // B25.3
func (s *Store) Activate(ctx context.Context, x register.Tx, application int64, by string) (Outcome, error) {
	return s.resume(ctx, x, application, law.WaitsActivation, func(i *item) error {
		i.activated, i.by = true, by
		return nil
	})
}

// resume goes on with an application that waits. One that was approved before it waited stays so.
func (s *Store) resume(ctx context.Context, x register.Tx, application int64, waits State, by func(*item) error) (Outcome, error) {
	i, state, err := s.reopen(ctx, x, application)
	if err == nil && state != waits {
		err = fmt.Errorf("is %s, and not %s: %w", state, waits, ErrMoved)
	}
	if err == nil {
		err = by(i)
	}
	if err == nil {
		err = s.take(ctx, x, []*item{i})
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("application %d: %w", application, err)
	}
	return i.outcome, nil
}

// reopen locks the holder of an application and reads where that stands. A day on which it was to begin and that is over means now.
func (s *Store) reopen(ctx context.Context, x register.Tx, application int64) (*item, State, error) {
	i, err := read(ctx, x, application)
	if err != nil {
		return nil, "", err
	}
	if err := lockHolders(ctx, x, []*item{i}); err != nil {
		return nil, "", err
	}
	var state State
	err = each(ctx, x, `SELECT n, state, coalesce((SELECT person FROM nks.account_application_step a WHERE a.application = $1 AND a.n = 2 AND EXISTS
			(SELECT FROM nks.account_application_step b WHERE b.application = $1 AND b.n = 1 AND b.state = 'waits_approval')), '')
		FROM nks.account_application_step WHERE application = $1 ORDER BY n DESC LIMIT 1`, func(r *sql.Rows) error { return r.Scan(&i.steps, &state, &i.Approved) }, application)
	if i.From.Before(gateway.DateOf(s.Now().In(s.Location))) {
		i.From = gateway.Date{}
	}
	if err == nil {
		i.overtaken, err = i.wasOvertaken(ctx, x)
	}
	return i, state, err
}

// wasOvertaken reports whether what an application changes was changed since it was asked: a letter that is answered late must not
// undo what its holder has done meanwhile.
func (i *item) wasOvertaken(ctx context.Context, x register.Queryer) (overtaken bool, err error) {
	of := i.changes()
	err = each(ctx, x, `SELECT EXISTS (SELECT FROM nks.account_version v, nks.account_application a WHERE a.id = $1 AND v.holder_id = $2 AND v.holder_kind = $3
			AND coalesce(v.authority, '') = $4 AND coalesce(v.benefit_type, '') = $5 AND (v.recorded_from > a.asked_at OR v.recorded_to > a.asked_at))`,
		func(r *sql.Rows) error { return r.Scan(&overtaken) }, i.id, i.number, int16(i.Holder.Kind), of.authority, of.benefitType)
	return overtaken, err
}

// read is an application as it was asked.
func read(ctx context.Context, x register.Queryer, application int64) (*item, error) {
	i := &item{id: application}
	found := false
	a := &i.Account
	err := each(ctx, x, `SELECT channel, action, holder_kind, holder_id, coalesce(authority, ''), coalesce(benefit_type, ''), coalesce(account_kind, 0), coalesce(account, ''),
			coalesce(bic, ''), coalesce(bank_code, ''), coalesce(currency, ''), coalesce(bank_name, ''), coalesce(bank_address, ''), coalesce(bank_country, ''),
			coalesce(holder_name, ''), coalesce(holder_address, ''), valid_from, valid_to, locked, coalesce(expects, -1), asked_by, coalesce(on_behalf_of, ''),
			coalesce(actor_kind, 0), coalesce(actor_id, 0), coalesce(bank, ''), coalesce(why, ''), coalesce(source, ''), coalesce(delivery_id, 0), coalesce(item, 0)
		FROM nks.account_application WHERE id = $1`, func(r *sql.Rows) error {
		var kind, actorKind gateway.HolderKind
		var actor int64
		var from, to sql.NullTime
		err := r.Scan(&i.Channel, &i.Action, &kind, &i.number, &i.Authority, &i.BenefitType, &a.Kind, &a.Number, &a.BIC, &a.BankCode, &a.Currency, &a.BankName, &a.BankAddress,
			&a.BankCountry, &a.HolderName, &a.HolderAddress, &from, &to, &i.Locked, &i.Expects, &i.By, &i.OnBehalfOf, &actorKind, &actor, &i.Bank, &i.Why, &i.Source,
			&i.Delivery, &i.Item)
		found, i.Holder, i.Actor = true, gateway.HolderOf(kind, i.number), gateway.HolderOf(actorKind, actor)
		i.From, i.To = date(from), date(to)
		return err
	}, application)
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return i, err
}

func date(t sql.NullTime) gateway.Date {
	if !t.Valid {
		return gateway.Date{}
	}
	return gateway.DateOf(t.Time)
}

// Withdraw ends an application that waits, or one that is scheduled and does not count yet: what it changed is as it was before. Where
// the purpose has changed since, or it counts, it is ErrMoved.
func (s *Store) Withdraw(ctx context.Context, x register.Tx, application int64, by, why string) (o Outcome, err error) {
	i, state, err := s.reopen(ctx, x, application)
	if err == nil {
		i.by, i.withdraws = by, true
		switch {
		case state.Waits():
			err = s.end(ctx, x, i, law.Withdrawn, why)
		case state == law.Scheduled:
			err = s.takeBack(ctx, x, i, why)
		default:
			err = fmt.Errorf("is %s, and neither waits nor is to come: %w", state, ErrMoved)
		}
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("withdraw application %d: %w", application, err)
	}
	return i.outcome, nil
}

// end notes the last step of an application that waits.
func (s *Store) end(ctx context.Context, x register.Tx, i *item, state State, why string) error {
	now := s.Now().Round(time.Microsecond)
	i.outcome = Outcome{State: state, Why: why}
	if err := note(ctx, x, now, []*item{i}, 0); err != nil {
		return err
	}
	k := &known{versions: map[purpose][]law.Version{}, pays: map[payer]bool{}}
	err := k.readVersions(ctx, x, now, []int16{int16(i.Holder.Kind)}, []int64{i.number})
	i.outcome.Now = held(k.versions[i.changes()], now)
	return err
}

// takeBack undoes a change that does not count yet: what it recorded is closed, and what it closed is known again.
func (s *Store) takeBack(ctx context.Context, x register.Tx, i *item, why string) error {
	now := s.Now().Round(time.Microsecond)
	k, err := know(ctx, x, now, []*item{i})
	if err != nil {
		return err
	}
	counter, at, err := lockCounter(ctx, x, now)
	if err != nil {
		return err
	}
	of := i.changes()
	r := &run{now: at, versions: k.versions, changed: map[gateway.Holder]bool{}}
	var change, made int64
	if err := each(ctx, x, `SELECT counter, account_version FROM nks.account_application_step WHERE application = $1 AND state = 'scheduled'`,
		func(r *sql.Rows) error { return r.Scan(&change, &made) }, i.id); err != nil {
		return err
	}
	p := law.Plan{Made: -1, From: at}
	for _, v := range k.versions[of] {
		switch {
		case v.Counter > change || v.ID == made && !v.From.After(at):
			return fmt.Errorf("the account has changed since, or counts: %w", ErrMoved)
		case v.Counter == change:
			p.Close = append(p.Close, v.ID)
		}
	}
	if !slices.Contains(p.Close, made) {
		return fmt.Errorf("the account has changed since: %w", ErrMoved)
	}
	if p.Add, err = closedBy(ctx, x, of, change); err != nil {
		return err
	}
	r.carryOut(i, p)
	i.outcome = Outcome{State: law.Withdrawn, Why: why}
	if err := s.write(ctx, x, r, []*item{i}, counter); err != nil {
		return err
	}
	return s.readBack(ctx, x, k, r, []*item{i})
}

// closedBy are the versions of a purpose that a change closed, but for those that it had itself recorded.
func closedBy(ctx context.Context, x register.Queryer, of purpose, change int64) (all []law.Version, err error) {
	number, err := of.holder.Number()
	if err != nil {
		return nil, err
	}
	err = each(ctx, x, `SELECT `+versionColumns+` FROM nks.account_version v WHERE v.holder_id = $1 AND v.holder_kind = $2 AND coalesce(v.authority, '') = $3
		AND coalesce(v.benefit_type, '') = $4 AND v.closed = $5 AND v.counter < $5`, func(r *sql.Rows) error {
		_, v, err := scanVersion(r)
		all = append(all, v)
		return err
	}, number, int16(of.holder.Kind), of.authority, of.benefitType, change)
	return all, err
}

// Lapse ends applications that waited for their activation for too long. Those that wait no more are left alone.
func (s *Store) Lapse(ctx context.Context, x register.Tx, applications []int64, why string) error {
	for _, id := range applications {
		i, state, err := s.reopen(ctx, x, id)
		if err == nil && state == law.WaitsActivation {
			i.by = "the clock"
			err = s.end(ctx, x, i, law.Lapsed, why)
		}
		if err != nil && !errors.Is(err, gateway.ErrNotFound) {
			return fmt.Errorf("lapse of application %d: %w", id, err)
		}
	}
	return nil
}

// Held is what a purpose holds now, nil for nothing; authority and benefitType are empty for the NemKonto.
func (s *Store) Held(ctx context.Context, q register.Queryer, holder gateway.Holder, authority, benefitType string) (*Held, error) {
	number, err := holder.Number()
	if err != nil {
		return nil, fmt.Errorf("held: %w", err)
	}
	now := s.Now()
	k := &known{versions: map[purpose][]law.Version{}, pays: map[payer]bool{}}
	if err := k.readVersions(ctx, q, now, []int16{int16(holder.Kind)}, []int64{number}); err != nil {
		return nil, fmt.Errorf("held by %s: %w", holder.Masked(), err)
	}
	return held(k.versions[purpose{holder, authority, benefitType}], now), nil
}
