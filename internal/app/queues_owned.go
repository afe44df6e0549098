package app

import (
	"context"
	"sync"

	"nks/gateway"
	"nks/gateway/door/queue"
	"nks/gateway/postgres"
	"nks/register"
)

// queuesOwned names what the owner of the door has.
const queuesOwned = "nks.queues"

// ownedQueues is the suppliers' doors where several processes on one database could work for them: one does, which owns the door by a session of
// the database, and another takes over when that is gone.
type ownedQueues struct {
	app *App
	// door is a supplier's; false: not yet.
	door func(supplier string) (*queue.Door, bool)
	// look is done now and then for the suppliers whose doors are open here; nil: nothing.
	look func(ctx context.Context, open map[string]bool)
	// owns is told whether this process is the owner; nil: nobody.
	owns func(bool)
}

// own waits for the ownership, and works while this process has it.
func (q ownedQueues) own(ctx context.Context) {
	q.app.own(ctx, queuesOwned, "message queue", q.work)
}

// work opens the doors of suppliers, also of those that are loaded meanwhile, until this process is the owner no longer.
func (q ownedQueues) work(ctx context.Context) {
	numbers := q.app.watch.numbers
	q.app.watch.note(numbers.Queues(true))
	defer func() { q.app.watch.note(numbers.Queues(false)) }()
	if q.owns != nil {
		q.owns(true)
		defer q.owns(false)
	}
	var doors sync.WaitGroup
	open := map[string]bool{}
	for ctx.Err() == nil {
		if err := q.serve(ctx, &doors, open); err != nil && ctx.Err() == nil {
			q.app.log.Error().Err(err).Msg("message queue: suppliers")
		}
		if q.look != nil {
			q.look(ctx, open)
		}
		gateway.Pause(ctx, supplierWatch)
	}
	doors.Wait()
	for supplier := range open {
		q.app.watch.lines.closed(gateway.LinkQueue, supplier, gateway.TroubleElsewhere)
	}
}

// serve opens a door for every supplier that has none.
func (q ownedQueues) serve(ctx context.Context, doors *sync.WaitGroup, open map[string]bool) error {
	suppliers, err := register.Suppliers(ctx, q.app.db.pool, q.app.clock.Now())
	if err != nil {
		return err
	}
	for _, s := range suppliers {
		if open[s.Supplier] {
			continue
		}
		if door, is := q.door(s.Supplier); is {
			open[s.Supplier] = true
			q.run(ctx, doors, door)
		}
	}
	return nil
}

func (q ownedQueues) run(ctx context.Context, doors *sync.WaitGroup, door *queue.Door) {
	forget := q.app.sleepers.add(postgres.ToQueue(door.Supplier), door.Wake)
	doors.Go(func() {
		defer forget()
		door.Receive(ctx)
	})
	doors.Go(func() { door.Answer(ctx) })
	doors.Go(func() { door.Parked(ctx) })
}
