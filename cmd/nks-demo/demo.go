package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nks/internal/command"
	"nks/sim/bank"
	"nks/sim/country"
)

// demoOptions are the flags of nks-demo demo.
type demoOptions struct {
	data      string
	payments  int
	holders   int
	seed      uint64
	fresh     bool
	exit      bool
	json      bool
	samples   string
	reference string
	account   bool
	faults    string
}

// demoStart is the first moment of the demonstration: a Thursday morning, an hour and a half before the cut-off.
const demoStart = "2005-08-11T04:30:00+02:00"

func demoCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	var o demoOptions
	fs.StringVar(&o.data, "data", defaultDemoData(), "`directory` of everything that the demonstration keeps; an unfinished run is resumed")
	fs.IntVar(&o.payments, "payments", 10_000, "number of payments")
	fs.IntVar(&o.holders, "holders", 100_000, "number of citizens and companies")
	fs.Uint64Var(&o.seed, "seed", 1, "decides everything that is made up")
	fs.BoolVar(&o.fresh, "fresh", false, "start over")
	fs.BoolVar(&o.exit, "exit", false, "end when every payment is final, instead of staying up")
	fs.BoolVar(&o.json, "json", false, "print the result as one JSON object on standard output, everything else on standard error")
	fs.StringVar(&o.samples, "samples", "", "a `folder`: run each of its *.xml by itself, on an empty payment database at its own clock")
	fs.StringVar(&o.reference, "reference", "", "with --samples: `folder` of CSV reference data to use, instead of data made from each document")
	fs.StringVar(&o.faults, "bank-faults", "", "what the banks do wrong, as `NAMES` with commas between them: "+strings.Join(bank.FaultNames(), ", "))
	fs.BoolVar(&o.account, "account", false, "run nothing: account once more for the data directory as it is")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if o.payments < 1 || o.holders < 1000 {
		return command.Usagef("--payments must be at least 1 and --holders at least 1000")
	}
	if o.reference != "" && o.samples == "" {
		return command.Usagef("--reference goes with --samples")
	}
	if o.faults != "" && (o.samples != "" || o.account) {
		return command.Usagef("--bank-faults goes with neither --samples nor --account")
	}
	if _, err := bank.FaultsOf(o.faults, o.seed); err != nil {
		return command.Usagef("--bank-faults: %w", err)
	}
	tell := p.Out
	if o.json {
		tell = p.Err
	}
	d := &demo{options: o, tell: &command.Program{Out: tell, Err: p.Err}}
	switch {
	case o.account && (o.fresh || o.samples != ""):
		return command.Usagef("--account takes a data directory as it is")
	case o.account:
		return d.account(ctx, p)
	case o.samples != "":
		return d.samples(ctx, p)
	}
	return d.country(ctx, p)
}

// defaultDemoData is where a demonstration keeps its things: a place that the database's user may enter, which a home
// directory need not be.
func defaultDemoData() string {
	return filepath.Join("/var/tmp", fmt.Sprintf("nks-demo-%d", os.Getuid()))
}

// demo is one call of nks-demo demo.
type demo struct {
	options demoOptions
	tell    *command.Program
}

// country runs the whole small country.
func (d *demo) country(ctx context.Context, p *command.Program) error {
	start, err := time.Parse(time.RFC3339, demoStart)
	if err != nil {
		return err
	}
	w := &world{dir: d.options.data, tell: d.tell, start: start, suppliers: country.Suppliers(), byQueue: country.ByQueue(), centres: demoCentres(),
		want: marker{Payments: d.options.payments, Holders: d.options.holders, Seed: d.options.seed, Faults: d.options.faults}}
	w.fill = func() error {
		if err := country.Write(w.dir, country.Options{Holders: d.options.holders, Seed: d.options.seed, Centres: w.centres}); err != nil {
			return err
		}
		return country.Plan(w.dir, country.PlanOptions{Payments: d.options.payments, Seed: d.options.seed, Start: start})
	}
	if err := w.prepare(ctx, d.options.fresh); err != nil {
		return err
	}
	result, err := w.run(ctx, !d.options.exit, func(r *demoResult) error { return d.print(p, r) })
	if err != nil {
		return err
	}
	return verdictOf(result)
}

// print gives the result to a program that asked for it.
func (d *demo) print(p *command.Program, r *demoResult) error {
	if !d.options.json {
		return nil
	}
	return json.NewEncoder(p.Out).Encode(r)
}

// verdictOf makes the exit code of a result.
func verdictOf(r *demoResult) error {
	if r.Good() {
		return nil
	}
	return errors.Join(command.ErrRejected, errors.New("the two computations do not agree, or something is unanswered"))
}
