package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"nks/edifact"
	"nks/edifact/lint"
	"nks/edifact/show"
	"nks/internal/command"
)

// showCommand prints what EDIFACT files say.
func showCommand(_ context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	shared := newEdifactFlags(fs, lint.Usual, "departures that are not marked")
	message := fs.String("message", "", "print the message with this reference only")
	mask := fs.Bool("mask", false, "hide the digits of whatever looks like a CPR number; without it values are printed as they are")
	width := fs.Int("width", 0, "columns; default: those of the terminal, else 100")
	asJSON := fs.Bool("json", false, "print one JSON object for each segment (docs/edifact.md)")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	settings, err := shared.settings()
	if err != nil {
		return err
	}
	if *width == 0 {
		*width = columns(p.Out)
	}
	o := show.Options{
		Directories: settings.directories, Codes: settings.codes, Allowed: settings.lenient, Repertoire: settings.repertoire,
		Message: *message, Mask: *mask, Width: *width,
	}
	out := bufio.NewWriterSize(p.Out, 64<<10)
	err = edifactFiles(tokens, true, func(name string, in io.Reader) error {
		if len(tokens) > 1 && !*asJSON {
			_, _ = fmt.Fprintf(out, "==> %s <==\n", name)
		}
		return errors.Join(shown(out, in, o, *asJSON), out.Flush())
	})
	return err
}

// shown shows one file, and says so when there is nothing to show.
func shown(out io.Writer, in io.Reader, o show.Options, asJSON bool) error {
	segments := 0
	text := show.NewText(out, o.Width)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	err := show.Each(in, o, func(s *show.Segment) error {
		segments++
		if asJSON {
			return encoder.Encode(s)
		}
		return text.Segment(s)
	})
	if fault, ok := errors.AsType[*edifact.ParseError](err); ok {
		return fmt.Errorf("nothing behind byte %d can be read: %s (%s)", fault.Offset, fault.Text, fault.Rule)
	}
	if err == nil && segments == 0 && o.Message != "" {
		return fmt.Errorf("there is no message %q", o.Message)
	}
	return err
}

// columns is the width of the terminal that out is, 0 when it is none.
func columns(out io.Writer) int {
	f, ok := out.(*os.File)
	if !ok {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
