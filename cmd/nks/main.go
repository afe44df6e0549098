// Command nks is the payment gateway between public authorities and their banks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // business times are Copenhagen's, also on a machine without a time zone database
)

// Exit codes.
const (
	exitDone   = 0 // all done, or accepted
	exitFailed = 1 // something was rejected or failed
	exitUsage  = 2 // wrong use, wrong configuration, or a file that cannot be read
)

// usageError is a mistake of the caller: exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errRejected: the command worked, and what it was given was refused; it has said so already.
var errRejected = errors.New("rejected")

// command is one subcommand: its flags are made by run on the set that it is given.
type command struct {
	name    string
	args    string
	summary string
	run     func(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error
}

// program is where a command's output goes.
type program struct {
	out, err io.Writer
}

func commands() []command {
	return []command{
		{"run", "", "run the gateway until it is told to stop (SIGTERM, Ctrl-C)", runCommand},
		{"demo", "", "run a whole small country: authorities, gateway, banks; then account for every øre", demoCommand},
		{"load", "DIR|FILE...", "load reference data from CSV files (docs/reference-data.md)", loadCommand},
		{"send", "FILE", "send a bundle as a data supplier and wait for its answer", sendCommand},
		{"check", "FILE...", "tell what would become of bundles, without sending them; - is standard input", checkCommand},
		{"edifact", "lint|show|fmt|contrl FILE...", "judge, show, rewrite and answer EDIFACT files (docs/edifact.md)", edifactCommand},
		{"ledger", "", "show where every øre is, and what does not add up", ledgerCommand},
		{"resolve", "", "record what a bank said about an interchange in state unknown", resolveCommand},
		{"bench", "", "measure the flow, its database and its codecs (docs/benchmarks.md)", benchCommand},
		{"sim", "bank|authority", "run a simulated bank centre or authority", simCommand},
		{"migrate", "", "bring the database to this program's version", migrateCommand},
		{"check-config", "[FILE]", "check a configuration file and say what is wrong", checkConfigCommand},
		{"version", "", "print the version", versionCommand},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(execute(ctx, &program{out: os.Stdout, err: os.Stderr}, os.Args[1:]))
}

// execute runs one command line and gives its exit code.
func execute(ctx context.Context, p *program, args []string) int {
	if len(args) == 0 {
		printUsage(p.err)
		return exitUsage
	}
	if args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		if len(args) == 1 {
			printUsage(p.out)
			return exitDone
		}
		args = []string{args[1], "--help"}
	}
	for _, c := range commands() {
		if c.name == args[0] {
			fs := newFlags(c)
			err := c.run(ctx, p, fs, args[1:])
			if errors.Is(err, flag.ErrHelp) {
				p.help(c, fs)
			}
			return p.finish(c.name, err)
		}
	}
	_, _ = fmt.Fprintf(p.err, "nks: unknown command %q; nks help lists them\n", args[0])
	return exitUsage
}

// newFlags makes the flag set of a command. It says nothing itself: a mistake is told in one line, help by help.
func newFlags(c command) *flag.FlagSet {
	fs := flag.NewFlagSet("nks "+c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// help prints what a command does and its flags, which it has defined by then.
func (p *program) help(c command, fs *flag.FlagSet) {
	_, _ = fmt.Fprintf(p.out, "usage: %s\n\n  %s\n", strings.TrimSpace("nks "+c.name+" [flags] "+c.args), c.summary)
	fs.SetOutput(p.out)
	fs.PrintDefaults()
}

// parse reads flags that may stand before, between and behind the other words, which it gives back.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	var words []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{err}
		}
		if fs.NArg() == 0 {
			return words, nil
		}
		words = append(words, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// noWords refuses words that a command does not take.
func noWords(fs *flag.FlagSet, args []string) error {
	words, err := parse(fs, args)
	if err == nil && len(words) > 0 {
		return usagef("takes no argument %q", words[0])
	}
	return err
}

func (p *program) finish(name string, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.Is(err, errRejected):
		return exitFailed
	}
	_, _ = fmt.Fprintf(p.err, "nks %s: %v\n", name, err)
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func printUsage(w io.Writer) {
	_, _ = fmt.Fprint(w, "nks: the gateway between public authorities and their banks\n\nusage: nks COMMAND [flags]\n\n")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(w, "  %-13s %s\n", c.name, c.summary)
	}
	_, _ = fmt.Fprint(w, "\nnks help COMMAND shows a command's flags. Exit codes: 0 all done or accepted, 1 something rejected or failed,\n2 wrong use, configuration or file.\n")
}
