package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"nks/internal/app"
	"nks/internal/command"
)

// defaultConfig is where a configuration is looked for when none is named.
const defaultConfig = "conf/nks.toml"

// configFlag is the flag of every command that has to do with a gateway.
func configFlag(fs *flag.FlagSet) *string {
	return fs.String("config", defaultConfig, "configuration `file`")
}

func runCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	clock := fs.String("clock", "", "business `time` of the very first start, RFC 3339; later starts go on from there")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	c, err := app.LoadConfig(*config)
	if err != nil {
		return err
	}
	start, err := timeFlag("clock", *clock)
	if err != nil {
		return err
	}
	log, err := app.NewLog(c.Log, p.Err)
	if err != nil {
		return err
	}
	a, err := app.Start(ctx, app.Options{Config: c, Log: log, Version: version, Start: start, Failpoint: app.FailpointFromEnvironment()})
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

// timeFlag reads the value of a flag that is a time; zero when it is empty.
func timeFlag(name, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return t, command.Usagef("--%s %q: must be a time as RFC 3339 has it, such as 2005-08-11T04:30:00+02:00", name, value)
	}
	return t, nil
}
