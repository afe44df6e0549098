package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// benchOptions are the flags of nks bench.
type benchOptions struct {
	payments int
	holders  int
	history  int
	rounds   int
	data     string
	fresh    bool
	keep     bool
}

// quickShare is what --quick divides every size by.
const quickShare = 20

func benchCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	o := benchOptions{}
	fs.IntVar(&o.payments, "payments", 1_000_000, "payments of the measured bundle")
	fs.IntVar(&o.holders, "holders", 6_000_000, "citizens in the register")
	fs.IntVar(&o.history, "history", 10_000_000, "payments that the database holds already")
	fs.IntVar(&o.rounds, "rounds", 3, "interleaved rounds of flow and COPY; medians count")
	fs.StringVar(&o.data, "data", filepath.Join("/var/tmp", fmt.Sprintf("nks-bench-%d", os.Getuid())), "directory of everything that the bench keeps; a world made earlier is used again")
	fs.BoolVar(&o.fresh, "fresh", false, "make the world again")
	fs.BoolVar(&o.keep, "keep", false, "leave the database of the last round where it is")
	quick := fs.Bool("quick", false, fmt.Sprintf("divide all sizes by %d", quickShare))
	words, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) == 2 && words[0] == benchGatewayWord {
		return benchGateway(ctx, p, words[1])
	}
	if len(words) > 0 {
		return usagef("takes no argument %q", words[0])
	}
	if *quick {
		o.payments, o.holders, o.history = o.payments/quickShare, o.holders/quickShare, o.history/quickShare
	}
	if o.payments < 1 || o.payments > mostBenchPayments || o.holders < 1 || o.holders > mostBenchHolders || o.history < benchDays ||
		o.history > benchDays*mostBenchPayments || o.rounds < 1 {
		return usagef("--payments must be 1 to %d, --holders 1 to %d, --history %d to %d, --rounds at least 1",
			mostBenchPayments, mostBenchHolders, benchDays, benchDays*mostBenchPayments)
	}
	b, err := newBench(p, o)
	if err != nil {
		return err
	}
	return errors.Join(b.run(ctx), b.close())
}

// run makes the world where it is missing, and measures.
func (b *bench) run(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	var flows []flowRound
	var copies []copyRound
	for n := range b.options.rounds {
		if err := b.restore(ctx); err != nil {
			return fmt.Errorf("round %d: %w", n+1, err)
		}
		flow, err := b.flowRound(ctx, n == 0)
		if err != nil {
			return fmt.Errorf("round %d: flow: %w", n+1, err)
		}
		flows = append(flows, flow)
		flow.tell(b.p.out, n+1)
		peer, err := b.copyRound(ctx, n == 0)
		if err != nil {
			return fmt.Errorf("round %d: copy: %w", n+1, err)
		}
		copies = append(copies, peer)
		peer.tell(b.p.out, n+1)
	}
	b.conclude(flows, copies)
	return nil
}
