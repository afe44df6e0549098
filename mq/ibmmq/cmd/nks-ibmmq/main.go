// Command nks-ibmmq runs a gateway whose suppliers' queues are in IBM MQ. All other commands are those of nks, by the same configuration.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // business times are Copenhagen's, also on a machine without a time zone database

	"nks/internal/command"
	"nks/internal/serving"
	"nks/mq/ibmmq/cmd/nks-ibmmq/driver"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	ibm := driver.New()
	p := &command.Program{Name: "nks-ibmmq", About: "the gateway between public authorities and their banks, with IBM MQ; nks has the other commands", Out: os.Stdout, Err: os.Stderr,
		Commands: []command.Command{
			{Name: "run", Summary: "run the gateway until it is told to stop (SIGTERM, Ctrl-C)", Run: serving.Run(version, &ibm), Examples: []string{"run --config /srv/nks/nks.toml"}},
			{Name: "check-config", Args: "[FILE]", Summary: "check a configuration file and say what is wrong", Run: serving.CheckConfig(&ibm), Examples: []string{"check-config /srv/nks/nks.toml"}},
			command.Version(version),
		}}
	os.Exit(p.Execute(ctx, os.Args[1:]))
}
