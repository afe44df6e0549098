package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nks/internal/command"
)

// benchOptions are the flags of nks-demo bench.
type benchOptions struct {
	payments int
	holders  int
	history  int
	rounds   int
	data     string
	quick    bool
	fresh    bool
	keep     bool
	explain  bool
	codecs   bool
	idle     time.Duration
	out      string
	docs     string
	growth   growthOptions
}

// The sizes of the real thing, which limits are meant for.
const (
	realPayments = 1_000_000
	realHolders  = 6_000_000
	realHistory  = 10_000_000
)

func (o benchOptions) realSize() bool {
	return o.payments == realPayments && o.holders == realHolders && o.history == realHistory
}

// quickShare is what --quick divides every size by.
const quickShare = 20

// quickIdle is how long --quick looks at an idle gateway.
const quickIdle = 20 * time.Second

func benchCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	o := benchOptions{}
	fs.IntVar(&o.payments, "payments", realPayments, "payments of the measured bundle")
	fs.IntVar(&o.holders, "holders", realHolders, "citizens in the register")
	fs.IntVar(&o.history, "history", realHistory, "payments that the database holds already")
	fs.IntVar(&o.rounds, "rounds", 5, "interleaved rounds of flow and COPY; medians count")
	fs.StringVar(&o.data, "data", "", "`directory` of everything that the bench keeps, where a world made earlier is used again (default \"/var/tmp/nks-bench-UID\", with --quick \"/var/tmp/nks-bench-UID-quick\")")
	fs.BoolVar(&o.fresh, "fresh", false, "make the world again")
	fs.BoolVar(&o.keep, "keep", false, "leave the database of the last round where it is")
	fs.BoolVar(&o.explain, "statements", false, "also print the statements that the database was longest at; this slows the flow a little")
	fs.BoolVar(&o.codecs, "codecs", true, "also measure the readers and writers of XML and EDIFACT, and the matching of postings")
	fs.DurationVar(&o.idle, "idle", time.Minute, "also measure for how much of a processor an idle gateway runs, for so long; 0 does not (with --quick 20s at most)")
	fs.StringVar(&o.out, "out", "", "`file` that the results are appended to, as lines of JSON")
	fs.StringVar(&o.docs, "docs", "", "`folder` whose benchmarks.md and img/bench.svg are brought up to date from --out")
	keys := fs.String("keys", "", "measure instead what taking a bundle's EndToEndIds costs with so many `numbers` of them there already, as text and as hashes, as 10000000,100000000; "+
		"in a directory of its own, which is emptied at the end")
	grown := fs.Bool("growth", false, "measure instead what the gateway costs with the payments of many months behind it, and with those of one; in a directory of its own")
	fs.IntVar(&o.growth.payments, "growth-payments", 20_000_000, "payments of all those months")
	fs.IntVar(&o.growth.months, "growth-months", 60, "how many `months`, the last of them open")
	report := fs.Bool("report", false, "measure nothing, only bring --docs up to date")
	quick := fs.Bool("quick", false, fmt.Sprintf("divide all sizes by %d", quickShare))
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(tokens) == 2 && tokens[0] == benchGatewayMark {
		return benchGateway(ctx, p, tokens[1])
	}
	if len(tokens) > 0 {
		return command.Usagef("takes no argument %q", tokens[0])
	}
	if o.docs != "" && o.out == "" || *report && o.docs == "" {
		return command.Usagef("--report needs --docs, and --docs needs --out")
	}
	if *report {
		return writeReport(o.out, o.docs)
	}
	apart := ""
	switch {
	case *keys != "" && *grown:
		return command.Usagef("--keys and --growth are two measurements: one at a time")
	case *keys != "":
		apart = "keys"
	case *grown:
		apart = "growth"
	}
	if err := o.settle(*quick, apart); err != nil {
		return err
	}
	var there []int
	if *keys != "" {
		if there, err = parseKeys(*keys, o.payments); err != nil {
			return err
		}
	}
	b, err := newBench(p, o)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return errors.Join(b.keys(ctx, there), b.close())
	}
	if *grown {
		return errors.Join(b.growth(ctx), b.close())
	}
	return errors.Join(b.run(ctx), b.close())
}

// settle completes the options, and refuses sizes that the bench cannot make.
// Another measurement than that of the flow keeps what it needs in a directory apart.
func (o *benchOptions) settle(quick bool, apart string) error {
	o.quick = quick
	if o.data == "" {
		o.data = filepath.Join("/var/tmp", fmt.Sprintf("nks-bench-%d", os.Getuid()))
		switch {
		case apart != "" && quick:
			o.data += "-" + apart + "-quick"
		case apart != "":
			o.data += "-" + apart
		case quick:
			o.data += "-quick"
		}
	}
	if quick {
		o.payments, o.holders, o.history = o.payments/quickShare, o.holders/quickShare, o.history/quickShare
		o.idle = min(o.idle, quickIdle)
		o.growth.payments, o.growth.months = o.growth.payments/quickShare/5, o.growth.months/5
	}
	if o.payments < 1 || o.payments > mostBenchPayments || o.holders < 1 || o.holders > mostBenchHolders || o.history < 1 ||
		o.history > benchDays*mostBenchPayments || o.rounds < 1 {
		return command.Usagef("--payments must be 1 to %d, --holders 1 to %d, --history 1 to %d, --rounds at least 1",
			mostBenchPayments, mostBenchHolders, benchDays*mostBenchPayments)
	}
	return nil
}

// run makes the world where it is missing, measures, and keeps the results.
func (b *bench) run(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	var results []measurement
	if b.load.Rows > 0 {
		results = append(results, measurement{Name: "load", Sizes: b.sizes(), Values: map[string]float64{
			"rows": float64(b.load.Rows), "seconds": b.load.Seconds, "rows_per_s": float64(b.load.Rows) / b.load.Seconds}})
	}
	measured, err := b.rounds(ctx)
	if err != nil {
		return err
	}
	results = append(results, measured...)
	if b.options.idle > 0 {
		idle, err := b.measureIdle(ctx)
		if err != nil {
			return fmt.Errorf("idle: %w", err)
		}
		results = append(results, idle)
	}
	if b.options.codecs {
		codecs, err := b.measureCodecs(ctx)
		if err != nil {
			return fmt.Errorf("codecs: %w", err)
		}
		results = append(results, codecs...)
		syntax, err := b.measureEdifact()
		if err != nil {
			return err
		}
		matching, err := b.measureMatch()
		if err != nil {
			return err
		}
		results = append(results, syntax, matching)
	}
	for _, m := range results {
		m.tell(b.p.Out)
	}
	judgeAll(b.p.Out, results, b.options.realSize())
	if err := b.keep(ctx, results); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	if err := b.tidy(); err != nil {
		return err
	}
	if b.options.docs == "" {
		return nil
	}
	return writeReport(b.options.out, b.options.docs)
}

// rounds measures flow and COPY in turns.
func (b *bench) rounds(ctx context.Context) ([]measurement, error) {
	var flows []flowRound
	var copies []copyRound
	var lookups []float64
	for n := range b.options.rounds {
		if err := b.restore(ctx); err != nil {
			return nil, fmt.Errorf("round %d: %w", n+1, err)
		}
		flow, err := b.tellFlow(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("round %d: flow: %w", n+1, err)
		}
		flows = append(flows, flow)
		peer, err := b.copyRound(ctx, n == 0)
		if err != nil {
			return nil, fmt.Errorf("round %d: copy: %w", n+1, err)
		}
		copies = append(copies, peer)
		lookups = append(lookups, peer.Lookups)
		peer.tell(b.p.Out, n+1)
	}
	return []measurement{b.flowMeasurement(flows, copies), b.imageMeasurement(flows, copies[0].Choices),
		{Name: "lookup", Sizes: b.sizes(), Values: map[string]float64{"lookups_per_s": median(lookups)}}}, nil
}

// tellFlow measures the flow once and says what came out. The first round checks every invariant, too.
func (b *bench) tellFlow(ctx context.Context, n int) (flowRound, error) {
	if b.options.explain {
		if err := b.logStatements(ctx); err != nil {
			return flowRound{}, err
		}
	}
	flow, err := b.flowRound(ctx, n == 0)
	if err != nil {
		return flow, err
	}
	flow.tell(b.p.Out, n+1)
	if b.options.explain {
		err = b.tellStatements(b.p.Out, flow.logFrom, flow.logTo)
	}
	return flow, err
}
