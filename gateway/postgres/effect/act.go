package effect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/register"
)

// decide says of each order that was found what its agreement wants, and what is done.
func (l *look) decide(ctx context.Context) error {
	if len(l.found) == 0 {
		return nil
	}
	agreements, err := register.Agreements(ctx, l.x)
	if err != nil {
		return err
	}
	for _, o := range l.found {
		o.wanted = gateway.WithEffectTell
		if a, ok := agreements.ByID(o.AgreementID).OnDay(gateway.DateOf(o.ExecutesOn), l.Location); ok {
			o.wanted = a.WithEffect
		}
		o.done = o.wanted.Does(o.Position, o.Published, o.counts(l.now))
	}
	return nil
}

// act does it, and notes that.
func (l *look) act(ctx context.Context) error {
	if len(l.found) == 0 {
		return nil
	}
	err := l.takeOut(ctx)
	if err == nil {
		err = l.onlyRecallable(ctx)
	}
	if err == nil {
		err = l.note(ctx)
	}
	if err == nil {
		l.Failpoint("after-effect-before-commit")
	}
	return err
}

func (l *look) which(done gateway.EffectDone) (some []*ordered) {
	for _, o := range l.found {
		if o.done == done {
			some = append(some, o)
		}
	}
	return some
}

// takeOut makes the interchange void where something in it is to be ordered anew. While somebody is sending it nothing is done: it is out, or
// not, in a moment.
func (l *look) takeOut(ctx context.Context) error {
	anew := l.which(gateway.EffectAnew)
	if len(anew) == 0 {
		return nil
	}
	_, err := l.Orders.Void(ctx, l.x, l.interchange, 0, whyChanged)
	if !errors.Is(err, gateway.ErrLostOwnership) {
		return err
	}
	for _, o := range anew {
		l.again[o.Payment] = l.now.Add(sendingTakes)
	}
	l.found = slices.DeleteFunc(l.found, func(o *ordered) bool { return o.done == gateway.EffectAnew })
	return nil
}

// onlyRecallable has somebody told of what cannot be asked for, or was asked for already.
func (l *look) onlyRecallable(ctx context.Context) error {
	ask := l.which(gateway.EffectRecalled)
	if len(ask) == 0 {
		return nil
	}
	can, err := l.Orders.Recallable(ctx, l.x, paymentsOf(ask))
	for _, o := range ask {
		if !slices.Contains(can, o.Payment) {
			o.done = gateway.EffectNoticed
		}
	}
	return err
}

// note records what was found and what is done with it, asks banks for what they have, and has persons told of what is left to them.
func (l *look) note(ctx context.Context) error {
	asked := map[int64]int64{}
	for _, o := range l.found {
		var id int64
		err := l.x.QueryRowContext(ctx, `INSERT INTO effect_finding (month, payment_id, attempt, authority, interchange_id, account_version, change, registered_at, ended_at, effect_on,
				executes_on, position, wanted, done, found_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id`,
			o.Month.Format(time.DateOnly), o.Payment, o.Attempt, o.Authority, l.interchange, o.Version, o.Change, o.RegisteredAt, o.EndedAt, o.effect.String(),
			o.ExecutesOn.Format(time.DateOnly), string(o.Position), string(o.wanted), string(o.done), l.now).Scan(&id)
		if err != nil {
			return fmt.Errorf("payment %d: %w", o.Payment, err)
		}
		switch o.done {
		case gateway.EffectRecalled:
			asked[o.Payment] = id
		case gateway.EffectNoticed:
			if err := l.RaiseDetail(ctx, l.x, gateway.AccountChanged, o.subject(), o.detail()); err != nil {
				return err
			}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	return l.Orders.RecallFound(ctx, l.x, asked)
}
