package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"nks/edifact"
	"nks/edifact/directory"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
	"nks/edifact/lint"
	"nks/internal/command"
)

// edifactCommands are what can be done with EDIFACT files, none of which needs a gateway.
func edifactCommands() []command.Command {
	return []command.Command{
		{Name: "lint", Args: "FILE...", Summary: "tell everything that departs from ISO 9735 or from the directory, with line and column; - is standard input",
			Run: lintCommand, Examples: []string{"edifact lint bank.edi", "edifact lint --json --codes banks bank.edi"}},
		{Name: "show", Args: "FILE...", Summary: "print segments with their groups, names of data elements and meanings of codes; - is standard input",
			Run: showCommand, Examples: []string{"edifact show bank.edi", "edifact show --mask --message 17 bank.edi"}},
		{Name: "fmt", Args: "FILE...", Summary: "write interchanges in canonical form; values stay as they are; - is standard input",
			Run: formatCommand, Examples: []string{"edifact fmt bank.edi", "edifact fmt --write --counts bank.edi"}},
		{Name: "contrl", Args: "FILE", Summary: "write the CONTRL that answers each interchange; - is standard input",
			Run: answerCommand, Examples: []string{"edifact contrl bank.edi > answer.edi", "edifact contrl --action 8 - < bank.edi"}},
	}
}

// edifactFlags are flags of all these commands.
type edifactFlags struct {
	codes, repertoire, lenient *string
}

func newEdifactFlags(fs *flag.FlagSet, lenient edifact.Leniency, meaning string) edifactFlags {
	return edifactFlags{
		codes:      fs.String("codes", "", "codes agreed beside the directory's: a TOML `file`, or banks for those of the Danish banks"),
		repertoire: fs.String("repertoire", "", "character `repertoire` to read with, such as UNOC, whatever UNB says"),
		lenient:    fs.String("lenient", lenient.String(), "`names` of "+meaning+", or all"),
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
		return s, command.Usagef("--lenient %q: must be names of %s, with commas between, or all", *f.lenient, edifact.Everything)
	}
	if *f.repertoire != "" {
		if s.repertoire, known = edifact.ParseRepertoire(*f.repertoire); !known {
			return s, command.Usagef("--repertoire %q: must be one of UNOA to UNOL, UNOW, UNOX, UNOY", *f.repertoire)
		}
	}
	var err error
	s.codes, err = agreedCodes(*f.codes)
	return s, err
}

// edifactFiles gives out files one after the other; what is wrong with one does not keep the others from their turn. A
// file that is not EDIFACT at all is refused unless that is the command's own business.
func edifactFiles(tokens []string, sniff bool, do func(name string, in io.Reader) error) error {
	if len(tokens) == 0 {
		return command.Usagef("name the files; - is standard input")
	}
	files, absent := bundleFiles(tokens)
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
			return command.Usage(err)
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
	if err := do(name, in); err != nil && !errors.Is(err, command.ErrRejected) {
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
		return command.ErrRejected
	}
	return nil
}
