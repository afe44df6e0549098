package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"nks/internal/command"
	"nks/internal/growth"
	"nks/schema"
)

// growthOptions are the flags of nks-demo bench --growth.
type growthOptions struct {
	payments, months int
}

// growthBundles is how many a month of the history has.
const growthBundles = 20

// growthWorld says which history a data directory holds, and how it was made; it is written last.
type growthWorld struct {
	Form   int         `json:"form"`   // of what is made: raised when that changes
	Tables string      `json:"tables"` // the digest of the migrations that have made it
	Size   growth.Size `json:"size"`
	Made   growth.Made `json:"made"`
}

const growthForm = 1

// growth makes a history of many months where it is missing, and measures what the gateway costs with it and with one.
func (b *bench) growth(ctx context.Context) error {
	tables, err := schema.Digest()
	if err != nil {
		return err
	}
	size := growth.Size{Payments: b.options.growth.payments, Months: b.options.growth.months, Bundles: growthBundles}
	if err := size.Validate(); err != nil {
		return command.Usage(err)
	}
	var have growthWorld
	if err := readJSON(b.path("growth.json"), &have); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return command.Usage(err)
	}
	if have.Size == size && have.Form == growthForm && have.Tables != tables && !b.options.fresh && !b.options.quick {
		return command.Usagef("another version of the tables has made the history in %s: --fresh makes it again, which takes some twenty minutes", b.dir)
	}
	want := growthWorld{Form: growthForm, Tables: tables, Size: size, Made: have.Made}
	if b.options.fresh || have.Form != want.Form || have.Tables != want.Tables || have.Size != want.Size {
		if want.Made, err = growth.Make(ctx, b.dir, size, b.say); err != nil {
			return fmt.Errorf("history: %w", err)
		}
		if err := writeJSON(b.path("growth.json"), want); err != nil {
			return err
		}
		b.say("growth: made in %.0f s", want.Made.Seconds)
	}
	costs, postgres, err := growth.Measure(ctx, b.dir, size, b.options.rounds, b.say)
	if err != nil {
		return err
	}
	tellGrowth(b.p.Out, want, costs, b.options.explain)
	on := hardware()
	on.PostgreSQL = postgres
	return b.keepOf(on, []measurement{growthMeasurement(want, b.options.rounds, costs)})
}

// growthMeasurement is the result that is kept: each thing's pages and time in both worlds.
func growthMeasurement(world growthWorld, rounds int, costs []growth.Cost) measurement {
	v := map[string]float64{"made_s": world.Made.Seconds, "month_s": world.Made.MonthS, "database_mb": float64(world.Made.ClusterB) / (1 << 20)}
	for _, c := range costs {
		name := strings.NewReplacer(" ", "_", ",", "", "'", "").Replace(c.What)
		v[name+"_one_pages"], v[name+"_many_pages"] = float64(c.Buffers[0]), float64(c.Buffers[1])
		v[name+"_one_ms"], v[name+"_many_ms"] = c.Millis[0], c.Millis[1]
	}
	return measurement{Name: "growth", Sizes: map[string]int{"payments": world.Size.Payments, "months": world.Size.Months, "rounds": rounds}, Values: v}
}

// tellGrowth prints what each thing costs with one month and with all, and by how much that misses its limit.
func tellGrowth(w io.Writer, world growthWorld, costs []growth.Cost, statements bool) {
	_, _ = fmt.Fprintf(w, "\n%d payments over %d months, the last one open; limit %.1f\n", world.Size.Payments, world.Size.Months, growth.MostGrowth)
	_, _ = fmt.Fprintf(w, "%-26s %9s %9s %6s  %9s %9s %6s\n", "", "pages, 1", fmt.Sprint("of ", world.Size.Months), "times", "ms, 1", fmt.Sprint("of ", world.Size.Months), "times")
	for _, c := range costs {
		buffers, millis := c.Growth()
		_, _ = fmt.Fprintf(w, "%-26s %9d %9d %6.2f  %9.1f %9.1f %6.2f  %s\n", c.What, c.Buffers[0], c.Buffers[1], buffers, c.Millis[0], c.Millis[1], millis, verdict(buffers, millis))
		if statements && max(buffers, millis) > growth.MostGrowth {
			for _, s := range c.Statements {
				_, _ = fmt.Fprintf(w, "      %.300s\n", s)
			}
		}
	}
}

// verdict reports whether a growth keeps to its limit.
func verdict(buffers, millis float64) string {
	most := max(buffers, millis)
	if most <= growth.MostGrowth {
		return "kept"
	}
	return fmt.Sprintf("MISSED by %.2f", most-growth.MostGrowth)
}
