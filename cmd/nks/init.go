package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"time"

	"nks/internal/command"
	"nks/internal/starter"
)

// initCommand writes a gateway to try. There is none for production: who pays real money decides each of its keys.
func initCommand(_ context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	o := starter.Options{NKS: "nks", Demo: "nks-demo", Now: time.Now()}
	fs.BoolVar(&o.OpenQueue, "mq", false, "open the message queue's door, too")
	fs.BoolVar(&o.OpenSigned, "rasp", false, "open the signed endpoint, too, with certificates that a made-up authority has issued")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(tokens) != 1 {
		return command.Usagef("name one directory, which must be new or empty")
	}
	if o.Dir, err = filepath.Abs(tokens[0]); err != nil {
		return err
	}
	if program, err := os.Executable(); err == nil {
		o.NKS, o.Demo = program, filepath.Join(filepath.Dir(program), "nks-demo")
	}
	text, err := starter.Write(o)
	if errors.Is(err, starter.ErrTaken) {
		return command.Usage(err)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(p.Out, text)
	return err
}
