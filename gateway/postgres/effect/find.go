package effect

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/find.sql
var findSQL string

const (
	// mostHolders is how many changed holders are followed at a time.
	mostHolders = 5000
	// lookBack is for how many days after its execution day an order may turn out not to be executed.
	lookBack = 14
)

// The versions of accounts that changes touch: those of the holders, whenever they were known.
const (
	ofHolders = `SELECT v.id FROM unnest(@holders::bigint[], @kinds::smallint[]) c (id, kind) JOIN account_version v ON v.holder_id = c.id AND v.holder_kind = c.kind`
	ofChanges = `SELECT v.id FROM register_change c JOIN account_version v ON v.holder_id = c.holder_id AND v.holder_kind = c.holder_kind
		WHERE c.counter > @after AND c.counter <= @counter`
	ofDays = `SELECT v.id FROM account_version v WHERE v.recorded_to IS NULL AND v.valid_to > @from AND v.valid_to <= @until`
	ofAll  = `SELECT b.account_version FROM bank_order b WHERE b.interchange_id = @first_interchange AND b.month = @since::date AND b.rule BETWEEN 1 AND 3`
)

// followed is how far the log of changes was followed.
type followed struct {
	Epoch   int64 `db:"epoch"`
	Counter int64 `db:"counter"`
	Holder  int64 `db:"holder_id"`
	Kind    int16 `db:"holder_kind"`
}

// allOf is the end of a change.
func allOf(epoch, counter int64) followed {
	return followed{epoch, counter, math.MaxInt64, math.MaxInt16}
}

// find puts orders in effect_watch: those to the accounts of holders that have changed, or of an interchange that nobody has looked at.
func (s *Store) find(ctx context.Context) (worked bool, err error) {
	err = s.Transact(ctx, "changed accounts", func(x *postgres.Session) error {
		var seen followed
		if err := x.GetContext(ctx, &seen, `SELECT epoch, counter, holder_id, holder_kind FROM effect_followed FOR UPDATE`); err != nil {
			return err
		}
		var now struct {
			Epoch   int64 `db:"epoch"`
			Counter int64 `db:"counter"`
		}
		if err := x.GetContext(ctx, &now, `SELECT epoch, counter FROM register_counter`); err != nil {
			return err
		}
		if now.Epoch != seen.Epoch {
			worked = true
			return s.followUnlogged(ctx, x, allOf(now.Epoch, now.Counter))
		}
		if worked, err = s.followChanges(ctx, x, seen); worked || err != nil {
			return err
		}
		worked, err = s.lookAtFrozen(ctx, x, seen)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("changed accounts: %w", err)
	}
	return worked, nil
}

// followUnlogged has every interchange looked at that matters: nobody knows what has changed.
func (s *Store) followUnlogged(ctx context.Context, x *postgres.Session, reached followed) error {
	_, err := x.ExecContext(ctx, `INSERT INTO effect_unlooked (interchange_id) SELECT i.id FROM interchange i WHERE i.kind = 'PAYMUL'
			AND (i.state IN ('frozen', 'rendered', 'sending', 'publishing') OR i.state = 'unknown' OR i.state = 'sent' AND i.executes_on >= $1::date)
			ORDER BY i.id ON CONFLICT (interchange_id) DO NOTHING`, s.earliest().String())
	if err == nil {
		_, err = x.ExecContext(ctx, `UPDATE effect_unlooked SET counter = NULL WHERE counter IS NOT NULL`)
	}
	if err != nil {
		return fmt.Errorf("after a change that was not logged: %w", err)
	}
	return reach(ctx, x, reached)
}

func reach(ctx context.Context, x *postgres.Session, to followed) error {
	_, err := x.ExecContext(ctx, `UPDATE effect_followed SET epoch = $1, counter = $2, holder_id = $3, holder_kind = $4`, to.Epoch, to.Counter, to.Holder, to.Kind)
	return err
}

// followChanges looks for the orders to holders that have changed, some at a time.
func (s *Store) followChanges(ctx context.Context, x *postgres.Session, seen followed) (bool, error) {
	var page []followed
	err := x.SelectContext(ctx, &page, `SELECT counter, holder_id, holder_kind FROM register_change WHERE (counter, holder_id, holder_kind) > ($1, $2, $3)
		ORDER BY counter, holder_id, holder_kind LIMIT $4`, seen.Counter, seen.Holder, seen.Kind, mostHolders)
	if err != nil || len(page) == 0 {
		return false, err
	}
	holders, kinds := make([]int64, len(page)), make([]int16, len(page))
	for i, c := range page {
		holders[i], kinds[i] = c.Holder, c.Kind
	}
	var since *string
	err = x.GetContext(ctx, &since, `SELECT min(m)::text FROM (
			SELECT min(month) FROM interchange WHERE kind = 'PAYMUL' AND state IN ('frozen', 'rendered', 'sending', 'publishing')
			UNION ALL SELECT min(month) FROM interchange WHERE kind = 'PAYMUL' AND state = 'unknown'
			UNION ALL SELECT min(month) FROM interchange WHERE kind = 'PAYMUL' AND state = 'sent' AND executes_on >= $1::date) q (m)`, s.earliest().String())
	if err == nil && since != nil {
		err = s.watch(ctx, x, ofHolders, pgscript.Args{"holders": holders, "kinds": kinds, "since": *since, "first_interchange": 0, "last_interchange": int64(math.MaxInt64)})
	}
	if err != nil {
		return false, fmt.Errorf("orders of %d holders: %w", len(page), err)
	}
	last := page[len(page)-1]
	last.Epoch = seen.Epoch
	return true, reach(ctx, x, last)
}

// lookAtFrozen looks at an interchange for what its release could not know: changes that were followed before it was there, and accounts that
// end before it is executed.
func (s *Store) lookAtFrozen(ctx context.Context, x *postgres.Session, seen followed) (bool, error) {
	var all []struct {
		ID       int64  `db:"interchange_id"`
		Counter  *int64 `db:"counter"`
		Month    string `db:"month"`
		Prepared string `db:"prepared_at"`
		Executes string `db:"executes_on"`
	}
	err := x.SelectContext(ctx, &all, `SELECT u.interchange_id, u.counter, i.month::text AS month, i.prepared_at::text AS prepared_at, i.executes_on::text AS executes_on
		FROM effect_unlooked u JOIN interchange i ON i.id = u.interchange_id ORDER BY u.interchange_id LIMIT 1 FOR UPDATE OF u`)
	if err != nil || len(all) == 0 {
		return false, err
	}
	u := all[0]
	args := pgscript.Args{"since": u.Month, "first_interchange": u.ID, "last_interchange": u.ID}
	day, err := gateway.ParseDate(u.Executes)
	if err != nil {
		return false, err
	}
	args["from"], args["until"] = u.Prepared, day.AddDays(1).At(0, s.Location)
	switch {
	case u.Counter == nil:
		err = s.watch(ctx, x, ofAll, args)
	default:
		args["after"], args["counter"] = *u.Counter, seen.Counter
		if *u.Counter < seen.Counter {
			err = s.watch(ctx, x, ofChanges, args)
		}
		if err == nil {
			err = s.watch(ctx, x, ofDays, args)
		}
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `DELETE FROM effect_unlooked WHERE interchange_id = $1`, u.ID)
	}
	if err != nil {
		return false, fmt.Errorf("interchange %d: %w", u.ID, err)
	}
	return true, nil
}

// watch puts the orders to some versions of accounts in effect_watch.
func (s *Store) watch(ctx context.Context, x *postgres.Session, versions string, args pgscript.Args) error {
	if err := x.PlanForMonths(ctx); err != nil {
		return err
	}
	args["now"], args["earliest"] = s.Now(), s.earliest().String()
	_, err := x.ExecContext(ctx, strings.Replace(findSQL, "/*versions*/", versions, 1), args)
	return err
}

// earliest is the first execution day of which something may still be with its bank.
func (s *Store) earliest() gateway.Date {
	return gateway.DateOf(s.Now().In(s.Location)).AddDays(-lookBack)
}
