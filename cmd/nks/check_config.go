package main

import (
	"context"
	"flag"
	"fmt"

	"nks/internal/app"
	"nks/internal/command"
)

func checkConfigCommand(_ context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(tokens) > 1 {
		return command.Usagef("one file at a time")
	}
	if len(tokens) == 1 {
		*config = tokens[0]
	}
	c, err := app.LoadConfig(*config)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(p.Out, "%s: good; %s environment, %d bank centres\n", *config, c.Environment, len(c.Banks)); err != nil {
		return err
	}
	// Files may be put in place later, and elsewhere than where the configuration is written: they are told, not held
	// against it.
	if err := c.CheckFiles(); err != nil {
		_, err = fmt.Fprintf(p.Err, "before nks run: %v\n", err)
		return err
	}
	return nil
}
