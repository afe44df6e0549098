package release

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"nks/gateway"
	"nks/gateway/postgres"
)

// orderOverhead is an upper bound of the bytes that an order takes beside its texts.
const orderOverhead = 420

// lineOverhead is an upper bound of the bytes that a LIN takes beside its text.
const lineOverhead = 420

// readers is how many connections complete payments at a time for one release.
const readers = 2

// freeze completes the payments of a release unit and splits the orders into interchanges, messages, lines and
// sequences; it gives each interchange the bank's next control number, renders it, and stores all of it. The bytes are
// a pure function of what is stored: NextToRender makes the same of it. It gives what was not frozen: payments that wait, because
// their account is in doubt or is still to come, and those for which what was chosen cannot be.
func (s *Store) freeze(ctx context.Context, x *postgres.Session, c *completion, executesOn gateway.Date) (left unfrozen, err error) {
	signature, err := c.bank.Codec.Signature()
	if err != nil {
		return left, err
	}
	f := &freezer{store: s, x: x, completion: c, executesOn: executesOn, pipe: newPipeline(), unpaid: newUnpaid(), signedBy: signature.Key,
		split: gateway.NewSplitter(s.Rules.Split.Signed(signature))}
	err = f.prepare(ctx)
	if err == nil {
		err = f.takeAll(ctx)
	}
	err = errors.Join(err, f.pipe.end())
	if err == nil && f.seen != c.payments {
		err = fmt.Errorf("%w: %d payments were completed, must be %d", gateway.ErrCountMismatch, f.seen, c.payments)
	}
	return unfrozen{f.doubtful, f.waits, f.givenBack}, err
}

// unfrozen are payments that were completed, and neither ordered nor returned.
type unfrozen struct {
	doubtful         []int64
	waits, givenBack []completed
}

// takeAll reads slices ahead with several connections and takes their payments in order.
func (f *freezer) takeAll(ctx context.Context) error {
	slices := f.slices
	outs := make([]chan []completed, len(slices))
	errs := make([]error, len(slices))
	for i := range outs {
		outs[i] = make(chan []completed, 8)
	}
	reading, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for r := range min(readers, len(slices)) {
		wg.Go(func() {
			for i := r; i < len(slices); i += readers {
				errs[i] = f.store.stream(reading, f.completion, slices[i], outs[i])
				close(outs[i])
			}
		})
	}
	defer wg.Wait()
	defer cancel() // a reader that nobody listens to gives up
	for i, out := range outs {
		for batch := range out {
			for j := range batch {
				if err := f.take(ctx, &batch[j]); err != nil {
					return err
				}
			}
		}
		if errs[i] != nil {
			return errs[i]
		}
		// What follows is in an order of its own, so no message goes on into it.
		if err := f.endMessage(ctx); err != nil {
			return err
		}
	}
	return f.endInterchange(ctx)
}
