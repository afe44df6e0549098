package command_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/internal/command"
)

// called is what a command was given.
type called struct {
	arguments []string
	file      string
	times     int
	most      uint64
	wait      time.Duration
	dry       bool
	wrongly   error // what the command ends with
}

// run runs a program that has the commands go, and move with its own up and down; it returns what was printed.
func run(c *called, args ...string) (code int, out, err string) {
	one := func(_ context.Context, _ *command.Program, fs *flag.FlagSet, args []string) (err error) {
		fs.StringVar(&c.file, "file", "a.txt", "a `path`")
		fs.IntVar(&c.times, "times", 0, "how often")
		fs.Uint64Var(&c.most, "most", 9, "no more")
		fs.DurationVar(&c.wait, "wait", 0, "how long")
		fs.BoolVar(&c.dry, "dry-run", false, "do nothing")
		if c.arguments, err = command.Parse(fs, args); err != nil {
			return err
		}
		return c.wrongly
	}
	var stdout, stderr bytes.Buffer
	p := &command.Program{Name: "prog", About: "a program", Out: &stdout, Err: &stderr, Commands: []command.Command{
		{Name: "go", Args: "FILE...", Summary: "go somewhere", Examples: []string{"go there", "go --times 2 home"}, Run: one},
		{Name: "move", Summary: "move it", Examples: []string{"move up"}, Commands: []command.Command{
			{Name: "up", Summary: "move it up", Examples: []string{"move up"}, Run: one},
			{Name: "down", Summary: "move it down", Examples: []string{"move down"}, Run: one},
		}},
		{Name: "see", Summary: "look at all", Examples: []string{"see", "see one"}, Run: one, Commands: []command.Command{
			{Name: "one", Summary: "look at one", Examples: []string{"see one"}, Run: one},
		}},
		command.Version("1.2"),
	}}
	code = p.Execute(context.Background(), args)
	return code, stdout.String(), stderr.String()
}

func TestFlagsAndArguments(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]called{
		"go a b":                               {arguments: []string{"a", "b"}, file: "a.txt", most: 9},
		"go a --file x b --times=-2 --dry-run": {arguments: []string{"a", "b"}, file: "x", times: -2, most: 9, dry: true},
		"go -file=x --dry-run=false -most 3":   {file: "x", most: 3},
		"go - --wait 2s -- --file x":           {arguments: []string{"-", "--file", "x"}, file: "a.txt", most: 9, wait: 2 * time.Second},
		"see --file x":                         {file: "x", most: 9},
		"see one --file y a":                   {arguments: []string{"a"}, file: "y", most: 9},
		"move up --file --most a":              {arguments: []string{"a"}, file: "--most", most: 9},
	} {
		var c called
		code, out, err := run(&c, strings.Fields(line)...)
		if code != command.Done || out != "" || err != "" || fmt.Sprint(c) != fmt.Sprint(want) {
			t.Errorf("%s: %d, %q, %q, %+v", line, code, out, err, c)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"fly":                `prog: unknown command "fly"; prog help lists them`,
		"g":                  `prog: unknown command "g"; did you mean "go"?`,
		"help mvoe":          `prog: unknown command "mvoe"; did you mean "move"?`,
		"move":               `prog move: a command is missing; must be one of up, down`,
		"move left":          `prog move: unknown command "left"; must be one of up, down`,
		"move dwon":          `prog move: unknown command "dwon"; did you mean "down"?`,
		"go --fil x":         `prog go: unknown flag --fil; did you mean --file?`,
		"go -dryrun":         `prog go: unknown flag --dryrun; did you mean --dry-run?`,
		"go --colour":        `prog go: unknown flag --colour; prog go --help lists them`,
		"move up --colour":   `prog move up: unknown flag --colour; prog move up --help lists them`,
		"go --file":          `prog go: --file: its value is missing`,
		"go --times often":   `prog go: --times "often": must be a whole number`,
		"go --most -1":       `prog go: --most "-1": must be a whole number, 0 or more`,
		"go --wait 5":        `prog go: --wait "5": must be a time such as 500ms, 30s or 2h`,
		"go --dry-run=maybe": `prog go: --dry-run "maybe": must be true or false`,
		"version 2":          `prog version: takes no argument "2"`,
	} {
		code, out, err := run(&called{}, strings.Fields(line)...)
		if code != command.Misused || out != "" || err != want+"\n" {
			t.Errorf("%s: %d, %q, %q", line, code, out, err)
		}
	}
	if code, out, err := run(&called{}); code != command.Misused || out != "" || !strings.Contains(err, "usage: prog COMMAND") {
		t.Errorf("nothing: %d, %q, %q", code, out, err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	plain := errors.New("it broke")
	for _, c := range []struct {
		err  error
		code int
		says string
	}{
		{plain, command.Failed, "prog move up: it broke\n"},
		{fmt.Errorf("up: up: x: %w", plain), command.Failed, "prog move up: x: it broke\n"},
		{fmt.Errorf("upper: %w", plain), command.Failed, "prog move up: upper: it broke\n"},
		{command.Usage(plain), command.Misused, "prog move up: it broke\n"},
		{fmt.Errorf("a: %w", command.Usagef("--x must be %d", 1)), command.Misused, "prog move up: a: --x must be 1\n"},
		{errors.Join(plain, nil, errors.Join(fmt.Errorf("up: %w", plain), command.Usage(plain))), command.Misused,
			"prog move up: it broke\nprog move up: it broke\nprog move up: it broke\n"},
		{fmt.Errorf("%w: two\nlines of %w", plain, plain), command.Failed, "prog move up: it broke: two\nlines of it broke\n"},
		{errors.Join(command.ErrRejected, plain), command.Failed, ""},
		{command.OneOf("side", "up", "left", "right"), command.Misused, "prog move up: --side \"up\": must be one of left, right\n"},
		{command.OneOf("side", "left", "left", "right"), command.Done, ""},
		{command.Usage(nil), command.Done, ""},
	} {
		if code, out, err := run(&called{wrongly: c.err}, "move", "up"); code != c.code || out != "" || err != c.says {
			t.Errorf("%v: %d, %q, %q", c.err, code, out, err)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}} {
		if code, out, err := run(&called{}, args...); code != command.Done || err != "" || !strings.Contains(out, "\n  move          move it\n") {
			t.Errorf("%q: %d, %q, %q", args, code, out, err)
		}
	}
	const of = `usage: prog go [flags] FILE...

  go somewhere

flags:
  --dry-run
        do nothing
  --file PATH
        a path (default a.txt)
  --most N
        no more (default 9)
  --times N
        how often
  --wait TIME
        how long

examples:
  prog go there
  prog go --times 2 home
`
	for _, args := range [][]string{{"help", "go"}, {"go", "--help"}, {"go", "x", "-h"}} {
		if code, out, err := run(&called{}, args...); code != command.Done || err != "" || out != of {
			t.Errorf("%q: %d, %q, %q", args, code, out, err)
		}
	}
	for _, args := range [][]string{{"help", "move"}, {"move", "--help"}} {
		if _, out, _ := run(&called{}, args...); !strings.HasPrefix(out, "usage: prog move COMMAND [flags]\n") || !strings.Contains(out, "  down ") {
			t.Errorf("%q: %q", args, out)
		}
	}
	if _, out, _ := run(&called{}, "version"); !strings.HasPrefix(out, "prog 1.2 (go") {
		t.Errorf("version: %q", out)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"run", "load", "ledger", "check", "check-config"}
	for argument, want := range map[string]string{"lod": "load", "laod": "load", "loads": "load", "rnu": "run", "urn": "run", "legder": "ledger", "ledgr": "ledger",
		"lxxger": "ledger", "chek-confg": "check-config", "checkconfig": "check-config", "fly": "", "lxxxer": "", "r": "", "": "", "øoad": "load"} {
		if got := command.Nearest(argument, known); got != want {
			t.Errorf("%q: %q, want %q", argument, got, want)
		}
	}
	if got := command.Nearest("heck", []string{"hack", "check"}); !slices.Contains([]string{"hack", "check"}, got) {
		t.Errorf("either of two as near: %q", got)
	}
}
