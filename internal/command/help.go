package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
)

// list prints the program's commands.
func (p *Program) list(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%s: %s\n\nusage: %s COMMAND [flags]\n\n", p.Name, p.About, p.Name)
	table(w, p.Commands)
	_, _ = fmt.Fprintf(w, "\n%s help COMMAND shows a command's flags and examples. Exit codes: 0 all done or accepted,\n"+
		"1 something rejected or failed, 2 wrong use, configuration or file.\n", p.Name)
}

// listBelow prints the commands that belong to a command.
func (p *Program) listBelow(c Command) {
	_, _ = fmt.Fprintf(p.Out, "usage: %s %s COMMAND [flags]\n\n  %s\n\n", p.Name, c.Name, c.Summary)
	table(p.Out, c.Commands)
	p.examples(c)
	_, _ = fmt.Fprintf(p.Out, "\n%s help %s COMMAND shows a command's flags and examples.\n", p.Name, c.Name)
}

func table(w io.Writer, commands []Command) {
	for _, c := range commands {
		_, _ = fmt.Fprintf(w, "  %-13s %s\n", c.Name, c.Summary)
	}
}

// help prints what a command does, its flags, which it has defined by then, and its examples.
func (p *Program) help(c Command, fs *flag.FlagSet) {
	_, _ = fmt.Fprintf(p.Out, "usage: %s\n\n  %s\n", strings.TrimSpace(fs.Name()+" [flags] "+c.Args), c.Summary)
	title := "\nflags:\n"
	fs.VisitAll(func(f *flag.Flag) {
		argument, usage := placeholder(f)
		if !slices.Contains([]string{"", "0", "0s", "false"}, f.DefValue) {
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		_, _ = fmt.Fprintf(p.Out, "%s  %s\n        %s\n", title, strings.TrimSpace("--"+f.Name+" "+argument), usage)
		title = ""
	})
	if c.Commands != nil {
		_, _ = fmt.Fprintf(p.Out, "\nor: %s %s COMMAND [flags]\n\n", p.Name, c.Name)
		table(p.Out, c.Commands)
	}
	p.examples(c)
}

// placeholder is what stands for a flag's value in its help, and the help's text. A word in backquotes in the text names it.
func placeholder(f *flag.Flag) (argument, usage string) {
	argument, usage = flag.UnquoteUsage(f)
	switch {
	case isSwitch(f):
		argument = ""
	case argument == "int" || argument == "uint":
		argument = "N"
	case argument == "duration":
		argument = "TIME"
	case argument == "string":
		argument = "TEXT"
	}
	return strings.ToUpper(argument), usage
}

func (p *Program) examples(c Command) {
	_, _ = fmt.Fprint(p.Out, "\nexamples:\n")
	for _, e := range c.Examples {
		_, _ = fmt.Fprintf(p.Out, "  %s %s\n", p.Name, e)
	}
}

// Version is the command that prints the program's version.
func Version(version string) Command {
	return Command{Name: "version", Summary: "print the version", Examples: []string{"version"},
		Run: func(_ context.Context, p *Program, fs *flag.FlagSet, args []string) error {
			if err := NoArguments(fs, args); err != nil {
				return err
			}
			_, err := fmt.Fprintf(p.Out, "%s %s (%s)\n", p.Name, version, runtime.Version())
			return err
		}}
}
