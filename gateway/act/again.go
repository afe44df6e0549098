package act

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Again carries out a decision on record once more, in a database that was set back to before it: for those of its things that are
// as it needs them. What is about things that got other ids since is only on record.
func (d *Desk) Again(ctx context.Context, x *postgres.Session, id int64) error {
	asked, err := d.decided(ctx, x, id)
	if err != nil {
		return err
	}
	k, err := kindOf(asked.Kind)
	if err != nil || !k.again {
		return err
	}
	found, err := k.find(d, ctx, x, asked.Decision)
	if err != nil {
		return notAgain(err)
	}
	for _, i := range found {
		if !slices.ContainsFunc(asked.Items, func(of gateway.DecisionItem) bool { return of.Thing == i.Thing && of.ID == i.ID }) {
			continue
		}
		if _, err := x.ExecContext(ctx, `SAVEPOINT again`); err != nil {
			return err
		}
		err := k.carryOut(d, ctx, x, asked.Decision, i)
		if notAgain(err) != nil {
			return fmt.Errorf("decision %d, %s %d: %w", id, i.Thing, i.ID, err)
		}
		if err != nil {
			if _, err := x.ExecContext(ctx, `ROLLBACK TO SAVEPOINT again`); err != nil {
				return err
			}
		}
	}
	return nil
}

// notAgain is nil for a thing that has moved on, or is not there.
func notAgain(err error) error {
	if errors.Is(err, gateway.ErrLostOwnership) || errors.Is(err, gateway.ErrNotFound) || errors.Is(err, gateway.ErrMovedOn) || errors.Is(err, gateway.ErrIntent) {
		return nil
	}
	return err
}

// carryOut is do of one thing, however the kind is carried out.
func (k Kind) carryOut(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) error {
	if k.together != nil {
		_, err := k.together(d, ctx, x, by, []gateway.DecisionItem{i})
		return err
	}
	_, err := k.do(d, ctx, x, by, i)
	return err
}
