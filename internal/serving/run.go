// Package serving is the commands that a program has by which a gateway runs: they alone depend on what it is built with.
package serving

import (
	"context"
	"errors"
	"flag"

	"nks/internal/app"
	"nks/internal/command"
)

// defaultConfig is where a configuration is looked for when none is named.
const defaultConfig = "conf/nks.toml"

// ConfigFlag is the flag of every command that has to do with a gateway.
func ConfigFlag(fs *flag.FlagSet) *string {
	return fs.String("config", defaultConfig, "configuration `file`")
}

// Run is the command that runs the gateway until it is told to stop, in a program of this version, with this driver of IBM MQ, or nil.
func Run(version string, ibm *app.QueueDriver) func(context.Context, *command.Program, *flag.FlagSet, []string) error {
	return func(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
		return run(ctx, p, fs, args, app.Options{Version: version, IBMMQ: ibm})
	}
}

func run(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string, o app.Options) error {
	config := ConfigFlag(fs)
	clock := fs.String("clock", "", "business `time` of the very first start, RFC 3339; later starts go on from there")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	c, err := app.LoadConfig(*config)
	if err != nil {
		return err
	}
	start, err := command.Time("clock", *clock)
	if err != nil {
		return err
	}
	log, err := app.NewLog(c.Log, p.Err)
	if err != nil {
		return err
	}
	o.Config, o.Log, o.Start, o.Failpoint = c, log, start, app.FailpointFromEnvironment()
	a, err := app.Start(ctx, o)
	if err != nil && ctx.Err() != nil {
		log.Info().Err(err).Msg("stopped before it was up")
		return nil
	}
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		log.Info().Msg("stopping")
	case err = <-a.Failed():
	}
	return errors.Join(err, a.Shutdown())
}
