// Package command is the frame of a program that has commands: how their flags are read, what help says, how a mistake
// is told, and the exit codes.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Exit codes of every command.
const (
	Done    = 0 // all done, or accepted
	Failed  = 1 // something was rejected or failed
	Misused = 2 // wrong use, wrong configuration, or a file that cannot be read
)

// Command is one of a program's. It runs, or has commands of its own, or both: then it runs unless one of them is named.
type Command struct {
	Name    string
	Args    string // what it takes besides flags, as FILE...
	Summary string
	// Examples are command lines without the program's name, one at least.
	Examples []string
	// Run defines flags on fs, gives args to Parse or NoWords, and does the work. [flag.ErrHelp] asks for help; an error
	// that is or wraps one with a method WrongUse() ends with Misused.
	Run      func(ctx context.Context, p *Program, fs *flag.FlagSet, args []string) error
	Commands []Command
}

// Program is a set of commands, and where their output goes.
type Program struct {
	Name     string
	About    string // one line
	Commands []Command
	Out, Err io.Writer
}

// Execute runs one command line, without the program's name, and returns its exit code.
func (p *Program) Execute(ctx context.Context, args []string) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	if len(args) == 0 {
		p.list(p.Err)
		return Misused
	}
	if asksHelp(args[0]) {
		p.list(p.Out)
		return Done
	}
	return p.choose(ctx, "", p.Commands, args)
}

// choose runs the command that the first word names. above is the command that commands belong to, "" for the program.
func (p *Program) choose(ctx context.Context, above string, commands []Command, args []string) int {
	i := slices.IndexFunc(commands, func(c Command) bool { return c.Name == args[0] })
	if i < 0 {
		otherwise := p.Name + " help lists them"
		if above != "" {
			otherwise = "must be one of " + strings.Join(names(commands), ", ")
		}
		return p.finish(above, unknown("command", args[0], names(commands), strconv.Quote, otherwise))
	}
	c := commands[i]
	c.Name = strings.TrimSpace(above + " " + c.Name)
	below := func() bool { return len(args) > 1 && slices.Contains(names(c.Commands), args[1]) }
	if c.Commands == nil || c.Run != nil && !below() {
		return p.run(ctx, c, args[1:])
	}
	switch rest := args[1:]; {
	case len(rest) == 0:
		return p.finish(c.Name, Usagef("a command is missing; must be one of %s", strings.Join(names(c.Commands), ", ")))
	case asksHelp(rest[0]):
		p.listBelow(c)
		return Done
	default:
		return p.choose(ctx, c.Name, c.Commands, rest)
	}
}

func (p *Program) run(ctx context.Context, c Command, args []string) int {
	fs := flag.NewFlagSet(p.Name+" "+c.Name, flag.ContinueOnError)
	err := c.Run(ctx, p, fs, args)
	if errors.Is(err, flag.ErrHelp) {
		p.help(c, fs)
		return Done
	}
	return p.finish(c.Name, err)
}

// finish tells an error, one line for each of several, and returns the exit code.
func (p *Program) finish(name string, err error) int {
	switch {
	case err == nil:
		return Done
	case errors.Is(err, ErrRejected):
		return Failed
	}
	for _, one := range parts(err) {
		_, _ = fmt.Fprintf(p.Err, "%s: %s\n", strings.TrimSpace(p.Name+" "+name), withoutEcho(one.Error(), name))
	}
	if IsWrongUse(err) {
		return Misused
	}
	return Failed
}

// withoutEcho cuts off what says once more which command has failed: packages name their operations, which are often called
// as the commands are.
func withoutEcho(text, name string) string {
	last := name[strings.LastIndex(name, " ")+1:]
	for {
		rest, found := strings.CutPrefix(text, last+": ")
		if !found || last == "" {
			return text
		}
		text = rest
	}
}

// parts takes apart what errors.Join has put together.
func parts(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	var texts []string
	for _, one := range joined.Unwrap() {
		all = append(all, parts(one)...)
		texts = append(texts, one.Error())
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []error{err}
	}
	return all
}

func asksHelp(argument string) bool {
	return slices.Contains([]string{"--help", "-help", "-h"}, argument)
}

func names(commands []Command) []string {
	all := make([]string, len(commands))
	for i, c := range commands {
		all[i] = c.Name
	}
	return all
}
