package main

import (
	"context"
	"flag"
	"fmt"

	"nks/conf"
	"nks/internal/app"
	"nks/internal/command"
	"nks/register/image"
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
	if err := tellImage(p, c); err != nil {
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

// tellImage says what room the register has in memory, and for whom that is enough.
func tellImage(p *command.Program, c conf.Config) error {
	const mebi, country = 1 << 20, 8_000_000
	may := app.ImageOptions(c).MaxBytes
	if may == 0 {
		_, err := fmt.Fprintln(p.Out, "register image: none; SQL is asked for each payment")
		return err
	}
	_, err := fmt.Fprintf(p.Out, "register image: at most %d MB, twice while it is replaced; enough for %d holders with one account\n", may/mebi,
		may/image.SizeOf(1, 1).Bytes)
	if needs := image.SizeOf(country, country).Bytes; err == nil && may < needs {
		_, err = fmt.Fprintf(p.Err, "before nks run: %d holders take %d MB; with more holders than there is room for, SQL is asked for each payment\n",
			country, needs/mebi)
	}
	return err
}
