package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"nks/edifact"
	"nks/edifact/directory"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
	"nks/edifact/lint"
)

// edifactCommands are what can be done with EDIFACT files, none of which needs a gateway.
func edifactCommands() []command {
	return []command{
		{"lint", "FILE...", "tell everything that departs from ISO 9735 or from the directory, with line and column", lintCommand},
		{"show", "FILE...", "print segments with their groups, names of data elements and meanings of codes", showCommand},
		{"fmt", "FILE...", "write interchanges in canonical form; values stay as they are", formatCommand},
		{"contrl", "FILE", "write the CONTRL that answers each interchange", answerCommand},
	}
}

// edifactCommand runs one of them.
func edifactCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	if len(args) > 0 {
		for _, c := range edifactCommands() {
			if c.name != args[0] {
				continue
			}
			err := c.run(ctx, p, fs, args[1:])
			if errors.Is(err, flag.ErrHelp) {
				c.name = "edifact " + c.name
				p.help(c, fs)
				return nil
			}
			return err
		}
	}
	words, err := parse(fs, args)
	if errors.Is(err, flag.ErrHelp) {
		return p.edifactHelp()
	}
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usagef("edifact %q: want lint, show, fmt or contrl", words[0])
	}
	return usagef("wants lint, show, fmt or contrl")
}

func (p *program) edifactHelp() error {
	var b strings.Builder
	b.WriteString("usage: nks edifact lint|show|fmt|contrl [flags] FILE...\n\n")
	for _, c := range edifactCommands() {
		fmt.Fprintf(&b, "  %-7s %s\n", c.name, c.summary)
	}
	b.WriteString("\n- is standard input. nks edifact lint --help shows the flags of lint. docs/edifact.md says more.\n")
	_, err := io.WriteString(p.out, b.String())
	return err
}

// edifactFlags are flags of all these commands.
type edifactFlags struct {
	codes, repertoire, lenient *string
}

func newEdifactFlags(fs *flag.FlagSet, lenient edifact.Leniency, meaning string) edifactFlags {
	return edifactFlags{
		codes:      fs.String("codes", "", "codes agreed beside the directory's: a TOML file, or banks for those of the Danish banks"),
		repertoire: fs.String("repertoire", "", "character repertoire to read with, such as UNOC, whatever UNB says"),
		lenient:    fs.String("lenient", lenient.String(), meaning+", or all"),
	}
}

// edifactSettings are what the flags say.
type edifactSettings struct {
	directories []*directory.Directory
	codes       edifact.Codes
	repertoire  edifact.Repertoire
	lenient     edifact.Leniency
}

func (f edifactFlags) settings() (edifactSettings, error) {
	s := edifactSettings{directories: []*directory.Directory{d96a.Directory(), d01b.Directory()}}
	known := false
	if s.lenient, known = edifact.ParseLeniency(*f.lenient); !known {
		return s, usagef("--lenient %q: want names of %s, with commas between, or all", *f.lenient, edifact.Everything)
	}
	if *f.repertoire != "" {
		if s.repertoire, known = edifact.ParseRepertoire(*f.repertoire); !known {
			return s, usagef("--repertoire %q: want UNOA to UNOL, UNOW, UNOX or UNOY", *f.repertoire)
		}
	}
	var err error
	s.codes, err = agreedCodes(*f.codes)
	return s, err
}

// edifactFiles gives out files one after the other; what is wrong with one does not keep the others from their turn. A
// file that is not EDIFACT at all is refused unless that is the command's own business.
func edifactFiles(words []string, sniff bool, do func(name string, in io.Reader) error) error {
	if len(words) == 0 {
		return usagef("name the files; - is standard input")
	}
	files, absent := bundleFiles(words)
	errs := []error{absent}
	for _, name := range files {
		if err := edifactFile(name, sniff, do); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func edifactFile(name string, sniff bool, do func(name string, in io.Reader) error) error {
	f := os.Stdin
	if name != stdin {
		var err error
		if f, err = os.Open(name); err != nil {
			return usageError{err}
		}
		defer func() { _ = f.Close() }()
	}
	in := bufio.NewReaderSize(fileReader{f}, lint.Peeked)
	if sniff {
		head, err := in.Peek(lint.Peeked)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", name, err)
		}
		if why := lint.Foreign(head); why != "" {
			return fmt.Errorf("%s: not EDIFACT: %s", name, why)
		}
	}
	if err := do(name, in); err != nil && !errors.Is(err, errRejected) {
		return fmt.Errorf("%s: %w", name, err)
	} else if err != nil {
		return err
	}
	return nil
}

// judged is the error of a command whose files were all read, and some refused: it has said so already.
func judged(refused bool, errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if refused {
		return errRejected
	}
	return nil
}
