// Command nks-demo shows and measures the payment gateway: a whole small country with simulated authorities and banks.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // business times are Copenhagen's, also on a machine without a time zone database

	"nks/internal/command"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "development"

func commands() []command.Command {
	return []command.Command{
		{Name: "demo", Summary: "run a whole small country: authorities, gateway, banks; then account for every øre", Run: demoCommand,
			Examples: []string{"demo", "demo --fresh --payments 100 --exit --json", "demo --account",
				"demo --fresh --payments 300 --exit --bank-faults twice,late,reversed", "demo --samples testdata/nks"}},
		{Name: "send", Args: "FILE", Summary: "send a bundle into a demonstration that stays up, and wait for its answer", Run: sendCommand,
			Examples: []string{"send --supplier KOMDATA bundle.xml", "send --data /var/tmp/nks-demo-0 --via mq --supplier KOMDATA bundle.xml"}},
		{Name: "bench", Summary: "measure the flow, its database and its codecs (docs/benchmarks.md)", Run: benchCommand,
			Examples: []string{"bench --quick", "bench --out bench/results.jsonl --docs docs"}},
		{Name: "sim", Args: "COMMAND", Summary: "run one simulated party", Commands: simCommands(),
			Examples: []string{"sim bank --dir DIR --centre BEC --listen 127.0.0.1:2022"}},
		command.Version(version),
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	p := &command.Program{Name: "nks-demo", About: "demonstration, simulated parties and measurements of the payment gateway nks", Commands: commands(),
		Out: os.Stdout, Err: os.Stderr}
	os.Exit(p.Execute(ctx, os.Args[1:]))
}
