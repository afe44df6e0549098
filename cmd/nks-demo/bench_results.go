package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"nks/internal/app"
	"nks/internal/command"
)

// measurement is one line of bench/results.jsonl. Values are in the units that their names end in.
type measurement struct {
	Date    time.Time          `json:"date"` // of the run, by the machine's clock
	Version string             `json:"version"`
	Machine machine            `json:"machine"`
	Name    string             `json:"name"` // load, lookup, flow, idle, codecs, edifact, match, keys, growth
	Sizes   map[string]int     `json:"sizes"`
	Values  map[string]float64 `json:"values"`
}

// machine is what a result depends on.
type machine struct {
	Cores      int    `json:"cores"`
	MemoryMB   int    `json:"memory_mb"`
	CPU        string `json:"cpu"`
	PostgreSQL string `json:"postgresql"`
}

func (b *bench) describeMachine(ctx context.Context) (m machine, err error) {
	m = hardware()
	err = b.withDatabase(ctx, func(db *app.Database) error {
		return db.Pool().QueryRowContext(ctx, `SHOW server_version`).Scan(&m.PostgreSQL)
	})
	return m, err
}

// hardware is the machine without its PostgreSQL.
func hardware() (m machine) {
	m.Cores = runtime.NumCPU()
	if content, err := os.ReadFile("/proc/meminfo"); err == nil {
		m.MemoryMB = int(kernelNumber(content, "MemTotal:") / 1024)
	}
	if content, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range bytes.Lines(content) {
			if name, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	return m
}

// keep stamps the measurements of this run and appends them to the file of all.
func (b *bench) keep(ctx context.Context, list []measurement) error {
	if b.options.out == "" {
		return nil
	}
	m, err := b.describeMachine(ctx)
	if err != nil {
		return err
	}
	return b.keepOf(m, list)
}

// keepOf is keep of a machine that is known.
func (b *bench) keepOf(m machine, list []measurement) error {
	if b.options.out == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(b.options.out), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(b.options.out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	out := json.NewEncoder(f)
	for _, one := range list {
		one.Date, one.Version, one.Machine = now, version, m
		for name, v := range one.Values {
			one.Values[name] = rounded(v)
		}
		err = errors.Join(err, out.Encode(one))
	}
	return errors.Join(err, f.Close())
}

// rounded keeps three places behind the point of small values, and none of large ones: more is noise.
func rounded(v float64) float64 {
	if v >= 1000 {
		return float64(int64(v + 0.5))
	}
	return float64(int64(v*1000+0.5)) / 1000
}

// readMeasurements reads the file of all results, in its order.
func readMeasurements(path string) ([]measurement, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, command.Usagef("%s is not there: nks-demo bench --out makes it", path)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only
	var list []measurement
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var m measurement
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, len(list)+1, err)
		}
		list = append(list, m)
	}
	return list, lines.Err()
}

// sizes are those of the world.
func (b *bench) sizes() map[string]int {
	return map[string]int{"payments": b.options.payments, "holders": b.options.holders, "history": b.options.history, "rounds": b.options.rounds}
}

// flowMeasurement makes one result of all rounds: medians of speeds and processor times, the largest memory, and where
// the time went in the round of the median. Each round is held against its own COPY, since a machine changes its speed.
func (b *bench) flowMeasurement(flows []flowRound, copies []copyRound) measurement {
	series := map[string][]float64{}
	v := map[string]float64{}
	for i, flow := range flows {
		peer := copies[i]
		for name, one := range map[string]float64{"payments_per_s": flow.speed(), "copy_rows_per_s": peer.speed(), "ratio": flow.speed() / peer.speed(),
			"cpu_us_per_payment": flow.cpu() * 1e6, "copy_cpu_us_per_row": peer.cpu() * 1e6, "cpu_times_copy": flow.cpu() / max(peer.cpu(), leastCPU)} {
			series[name] = append(series[name], one)
		}
		v["nks_mb"] = max(v["nks_mb"], flow.GatewayMB)
		v["postgres_mb"] = max(v["postgres_mb"], flow.Usage.PostgresMB)
	}
	for name, values := range series {
		v[name] = median(values)
	}
	sorted := slices.SortedFunc(slices.Values(flows), func(a, b flowRound) int { return int(a.speed()) - int(b.speed()) })
	sorted[(len(sorted)-1)/2].describe(v)
	return measurement{Name: "flow", Sizes: b.sizes(), Values: v}
}

// leastCPU stands for a processor time too short for the kernel's clock, in seconds per row.
const leastCPU = 1e-9

// describe adds a round's use, and its steps: when they worked, and the processor time that was theirs. The rest of that
// is "other": the database's own processes, the collection of garbage, the doors, the bench's looking.
func (r flowRound) describe(v map[string]float64) {
	v["seconds"], v["upload_s"], v["nks_cpu_s"], v["postgres_cpu_s"] = r.Seconds, r.Upload, r.Usage.GatewayCPU, r.Usage.PostgresCPU
	v["wal_mb"], v["temp_mb"], v["read_mb"], v["written_mb"] = r.Usage.WALMB, r.Usage.TempMB, r.Usage.ReadMB, r.Usage.WrittenMB
	v["rejected"], v["returned"], v["orders"] = float64(r.Rejected), float64(r.Returned), float64(r.Orders)
	for _, s := range r.Steps.Times {
		v["step_"+s.Name+"_busy_s"] = s.Busy.Seconds()
		v["step_"+s.Name+"_from_s"] = s.First.Sub(r.Began).Seconds()
		v["step_"+s.Name+"_to_s"] = s.Last.Sub(r.Began).Seconds()
	}
	other := processorTimes{nks: r.Usage.GatewayCPU, postgres: r.Usage.PostgresCPU}
	for _, name := range benchSteps(v) {
		cpu := r.processor(name)
		v["step_"+name+"_nks_cpu_s"], v["step_"+name+"_postgres_cpu_s"] = cpu.nks, cpu.postgres
		other.nks, other.postgres = other.nks-cpu.nks, other.postgres-cpu.postgres
	}
	v["step_other_nks_cpu_s"], v["step_other_postgres_cpu_s"] = max(0, other.nks), max(0, other.postgres)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
