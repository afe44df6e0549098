package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nks/gateway/postgres/server"
	"nks/internal/app"
	"nks/internal/command"
	"nks/internal/starter"
	"nks/sftp"
	"nks/sim/bank"
	"nks/sim/country"
)

// world is the data directory of a demonstration and the parties that live in it.
type world struct {
	dir       string
	tell      *command.Program
	start     time.Time
	suppliers []string
	byQueue   []string // of the suppliers, those that send by message queue; with any, that door is open
	centres   []string
	want      marker
	// fill writes reference data and plans.
	fill func() error
	// harmless makes the banks reject nothing.
	harmless bool

	marker marker
	held   *os.File // the lock on dir
}

// marker says what a data directory holds and how far it is; it is written last, so that what it says is there.
type marker struct {
	Payments int            `json:"payments"`
	Holders  int            `json:"holders"`
	Seed     uint64         `json:"seed"`
	Sample   string         `json:"sample,omitempty"`
	Faults   string         `json:"bank_faults,omitempty"`
	Ports    map[string]int `json:"ports"`
	Loaded   bool           `json:"loaded"`
	Finished bool           `json:"finished"`
	Asked    int64          `json:"asked,omitempty"` // disputed orders about which persons have asked the banks
	// Machine is the time spent in earlier, interrupted runs.
	Machine time.Duration `json:"machine_ns"`
}

func demoCentres() []string { return []string{"BEC", "SDC", "BANKDATA"} }

func (w *world) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// lock keeps the data directory for this process: two demonstrations in one would destroy each other. It goes with the
// process, however that ends.
func (w *world) lock() error {
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return command.Usage(err)
	}
	f, err := os.OpenFile(w.path("demo.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return command.Usage(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(command.Usagef("another demonstration runs in %s", w.dir), f.Close())
	}
	w.held = f
	return nil
}

// prepare makes the data directory, or finds an unfinished run in it to go on with.
func (w *world) prepare(ctx context.Context, fresh bool) error {
	dir, err := filepath.Abs(w.dir)
	if err != nil {
		return err
	}
	w.dir = dir
	if err := w.lock(); err != nil {
		return err
	}
	err = readJSON(w.path("demo.json"), &w.marker)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return command.Usagef("%s: %w; --fresh starts over", w.dir, err)
	}
	found := err == nil
	if found && !fresh && !w.marker.Finished {
		m := w.marker
		if m.Payments != w.want.Payments || m.Holders != w.want.Holders || m.Seed != w.want.Seed || m.Sample != w.want.Sample || m.Faults != w.want.Faults {
			return command.Usagef("%s holds an unfinished run of %d payments, %d holders, seed %d, bank faults %q; --fresh starts over",
				w.dir, m.Payments, m.Holders, m.Seed, m.Faults)
		}
		_, _ = fmt.Fprintf(w.tell.Out, "going on with the unfinished run in %s\n", w.dir)
		return nil
	}
	if err := w.clear(ctx); err != nil {
		return err
	}
	return w.make()
}

// clear takes away an earlier run, and nothing else: a directory that is not ours is left alone.
func (w *world) clear(ctx context.Context) error {
	entries, err := os.ReadDir(w.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.MkdirAll(w.dir, 0o755)
	}
	if err != nil {
		return command.Usage(err)
	}
	ours := map[string]bool{"demo.lock": true, "demo.json": true, "nks.toml": true, "keys": true, "country": true, "sim": true, "pg": true, "mq": true, "log": true, "samples": true, "audit": true,
		"journal": true, "retention": true}
	for _, e := range entries {
		if !ours[strings.TrimSuffix(e.Name(), newSuffix)] && !strings.HasPrefix(e.Name(), "pg.") {
			return command.Usagef("%s holds %s, which no demonstration has made: name another --data", w.dir, e.Name())
		}
	}
	if err := w.stopDatabase(ctx); err != nil {
		return err
	}
	if err := w.stopParties(); err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "demo.lock" {
			continue
		}
		if err := os.RemoveAll(w.path(e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// stopDatabase ends what a killed demonstration has left running. A directory in which another one runs is refused.
func (w *world) stopDatabase(ctx context.Context) error {
	if _, err := os.Stat(w.path("pg", "postmaster.pid")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s, err := server.Start(ctx, server.Config{DataDir: w.path("pg")})
	if err != nil {
		return command.Usage(err)
	}
	return s.Stop(ctx)
}

func (w *world) make() error {
	_, _ = fmt.Fprintf(w.tell.Out, "making a country in %s\n", w.dir)
	for _, sub := range []string{"keys", "country", "sim", "log"} {
		if err := os.MkdirAll(w.path(sub), 0o755); err != nil {
			return err
		}
	}
	if err := w.makeKeys(); err != nil {
		return err
	}
	w.marker = w.want
	if err := w.choosePorts(); err != nil {
		return err
	}
	faults, err := bank.FaultsOf(w.marker.Faults, w.marker.Seed)
	if err != nil {
		return err
	}
	for _, c := range w.centres {
		profile := bank.DefaultProfiles()[c]
		profile.Faults = faults
		if w.harmless {
			profile.RejectPerMille, profile.LateRejectPerMille, profile.Misbehaves = 0, 0, bank.Misbehaviour{}
		} else {
			profile = bank.WithReports(profile)
			profile.Reports.ReturnAccounts, profile.Reports.Returns.PerMille = returnAccounts(), demoReturns
			profile.Reports.Returns.Within = 3
		}
		profile.Test, profile.Autack = true, autackOf(c)
		if err := bank.WriteProfile(w.dir, c, profile); err != nil {
			return err
		}
	}
	if err := w.fill(); err != nil {
		return err
	}
	if err := writeFile(w.path("nks.toml"), []byte(w.config())); err != nil {
		return err
	}
	return w.save()
}

// demoReturns is how many per mille of what is executed come back: far more than in life, so that a small demonstration has some, too.
const demoReturns = 50

// returnAccounts is where money comes back to, as banks write accounts.
func returnAccounts() map[string]string {
	written := func(account string) string { return account[:4] + "/" + account[4:] }
	to := map[string]string{}
	for from, account := range country.ReturnAccounts() {
		to[written(from)] = written(account)
	}
	return to
}

func (w *world) save() error { return writeJSON(w.path("demo.json"), w.marker) }

func (w *world) makeKeys() error {
	names := []string{"mailbox_host", "nks_client"}
	for _, c := range w.centres {
		names = append(names, "bank_"+c+"_host")
	}
	for _, s := range w.suppliers {
		names = append(names, "supplier_"+s)
	}
	for _, n := range names {
		if _, err := sftp.EnsureKey(w.path("keys", n)); err != nil {
			return err
		}
	}
	if err := w.makeAutack(); err != nil {
		return err
	}
	if len(w.byQueue) == 0 {
		return nil
	}
	for _, s := range w.suppliers {
		if _, err := app.SupplierSecret(w.path("keys", "mq"), s); err != nil {
			return err
		}
	}
	return nil
}

// choosePorts finds free ports and keeps them: the parties of an interrupted run live on and must find each other.
func (w *world) choosePorts() error {
	w.marker.Ports = map[string]int{}
	names := append([]string{"mailbox"}, w.centres...)
	if len(w.byQueue) > 0 {
		names = append(names, "mq")
	}
	ports, err := starter.FreePorts(len(names))
	if err != nil {
		return err
	}
	for i, name := range names {
		w.marker.Ports[name] = ports[i]
	}
	return nil
}

func (w *world) address(name string) string { return fmt.Sprintf("127.0.0.1:%d", w.marker.Ports[name]) }

// queueAddress is the message broker's; empty: that door is closed.
func (w *world) queueAddress() string {
	if w.marker.Ports["mq"] == 0 {
		return ""
	}
	return w.address("mq")
}

// config is the gateway's configuration: its own view of the three banks, which must agree with theirs about facts.
func (w *world) config() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, `# Made by nks-demo demo.
environment = "test"
data = "."

[mailbox]
listen = %q
host_key = "keys/mailbox_host"

[mq]
listen = %q
credentials = "keys/mq"

[metrics]
listen = "127.0.0.1:0"
difference_every = "1m"

[console]
listen = "127.0.0.1:8080"

[answers]
quiet = "500ms"
deadline = "10s"

[log]
level = "info"
format = "json"
`, w.address("mailbox"), w.queueAddress())
	views := map[string]string{
		"BEC": `acceptance = "silence"
acceptance_deadline = "10m"
gis_rejected = ["2"]
gis_information = ["3"]
gis_accepted = []
gis_executed = ["4"]
`,
		"SDC": `wrap = "crlf"
una = false
acceptance = "bansta_line"
acceptance_deadline = "2h"
gis_rejected = ["2"]
gis_information = []
gis_accepted = ["3"]
gis_executed = ["4"]
` + autackView(),
		"BANKDATA": `acceptance = "bansta_line"
acceptance_deadline = "4h"
contrl_final = 8
gis_rejected = ["2"]
gis_information = []
gis_accepted = ["1"]
gis_executed = ["53"]
`,
	}
	for _, c := range w.centres {
		profile := bank.DefaultProfiles()[c]
		_, _ = fmt.Fprintf(&b, `
[[bank]]
id = %q
name = %q
gln = %q
address = %q
key = "keys/nks_client"
host_keys = ["keys/bank_%s_host.pub"]
poll = "2s"
cheque = true
executed = "bansta"
debit_deadline = "72h"
%s`, c, c, profile.GLN, w.address(c), c, views[c])
	}
	return b.String()
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(b, '\n'))
}

// newSuffix marks a file that is being written.
const newSuffix = ".new"

// writeFile replaces a file whole or not at all.
func writeFile(path string, content []byte) error {
	temp := path + newSuffix
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
