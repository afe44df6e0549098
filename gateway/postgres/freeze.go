package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"nks/gateway"
)

// orderOverhead is an upper bound of the bytes that an order takes beside its texts.
const orderOverhead = 420

// envelopeShare of an interchange's bytes is kept for what stands around the orders, and for the one that crosses the
// limit.
const envelopeShare = 32

// readers is how many connections complete payments at a time for one release.
const readers = 2

// freeze completes the payments of a release unit and splits the orders into interchanges, messages, lines and
// sequences; it gives each interchange the bank's next control number, renders it, and stores all of it. The bytes are
// a pure function of what is stored: RenderNext makes the same of it.
func (s *Store) freeze(ctx context.Context, x *session, c *completion, executesOn gateway.Date) error {
	f := &freezer{store: s, x: x, completion: c, executesOn: executesOn, pipe: newPipeline()}
	err := f.prepare(ctx)
	if err == nil {
		err = f.takeAll(ctx)
	}
	err = errors.Join(err, f.pipe.end())
	if err == nil && f.seen != c.payments {
		err = fmt.Errorf("%d payments were completed of %d: %w", f.seen, c.payments, gateway.ErrLostOwnership)
	}
	return err
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

// nextControlRef draws UNB 0020 from the bank's counter; the row stays locked until the transaction ends, so that a
// number is either used or never was.
func nextControlRef(ctx context.Context, x *session, bank string) (int64, error) {
	var ref int64
	err := x.QueryRowContext(ctx, `INSERT INTO bank_counter AS c (bank, last) VALUES ($1, 1)
		ON CONFLICT (bank) DO UPDATE SET last = c.last + 1 RETURNING last`, bank).Scan(&ref)
	if err != nil {
		return 0, fmt.Errorf("control number of bank %s: %w", bank, err)
	}
	return ref, nil
}

// controlRef is UNB 0020 as it is written: 14 digits.
func controlRef(n int64) string { return fmt.Sprintf("%014d", n) }

// fileName is the final name of an interchange at the bank; it carries the control number, so that no two are alike.
func (b Bank) fileName(ref int64) string {
	return strings.ReplaceAll(b.FileName, "{ref}", controlRef(ref))
}

// tempName is the name of one attempt to put a file; it carries the attempt, so that a late writer of an earlier
// attempt cannot touch it.
func (b Bank) tempName(ref int64, attempt int) string {
	return strings.NewReplacer("{ref}", controlRef(ref), "{attempt}", fmt.Sprint(attempt)).Replace(b.TempName)
}
