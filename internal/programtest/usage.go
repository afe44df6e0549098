package programtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Help fails unless every command of the program says what it is for, its flags as --flag, and how it is called by example.
func (p *Program) Help(t *testing.T, commands ...string) {
	t.Helper()
	list := p.helpOf(t, "")
	if !slices.Equal(list, commands) {
		t.Errorf("%s help names %q, want %q", p.name, list, commands)
	}
	for _, c := range list {
		for _, below := range p.helpOf(t, c) {
			p.helpOf(t, c+" "+below)
		}
	}
}

// helpOf judges the help of a command, and returns the commands that it lists.
func (p *Program) helpOf(t *testing.T, command string) (below []string) {
	t.Helper()
	words := strings.Fields(command)
	help := p.Run(t, append([]string{"help"}, words...)...)
	help.Want(t, 0)
	text := help.Out.String()
	for _, flag := range []string{"--help", "-h"} {
		same := p.Run(t, append(words, flag)...)
		same.Want(t, 0)
		if same.Out.String() != text || same.Err.String() != "" || help.Err.String() != "" {
			t.Errorf("%s %s %s: %q and %q, want %q", p.name, command, flag, same.Out.String(), same.Err.String(), text)
		}
	}
	if command != "" {
		called := strings.TrimSpace(p.name + " " + command)
		_, examples, found := strings.Cut(text, "\nexamples:\n")
		if !strings.HasPrefix(text, "usage: "+called) || !found || !strings.HasPrefix(examples, "  "+called) {
			t.Errorf("help of %s has no usage or no example: %q", command, text)
		}
	}
	for _, flag := range regexp.MustCompile(`(?m)(?:^|[\s(])-[a-z][\w-]*`).FindAllString(text, -1) {
		t.Errorf("help of %s: flag %q is not written --flag", command, flag)
	}
	if !strings.Contains(text, " COMMAND [flags]\n") {
		return nil
	}
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z-]+)  +\S`).FindAllStringSubmatch(text, -1) {
		below = append(below, m[1])
	}
	return below
}

// Wrong is a command line that is wrong, and words that the complaint must have.
type Wrong [2][]string

// Refuses fails unless each command line ends with exit code 2 and one line that names what is wrong, and the command once.
func (p *Program) Refuses(t *testing.T, all map[string]Wrong) {
	t.Helper()
	for name, c := range all {
		r := p.Run(t, c[0]...)
		if r.Code() != 2 {
			t.Errorf("%s: exit code %d, want 2: %s", name, r.Code(), r.Err.String())
		}
		r.OneLine(t, c[1]...)
		text := strings.TrimPrefix(r.Err.String(), p.name)
		if len(text) == len(r.Err.String()) {
			t.Errorf("%s: said %q, which does not begin with the program's name", name, text)
		}
		if command, rest, _ := strings.Cut(strings.TrimPrefix(text, " "), ": "); command != "" && strings.HasPrefix(rest, command+":") {
			t.Errorf("%s: said %q, which names the command twice", name, r.Err.String())
		}
		if regexp.MustCompile(`[\s"]-[a-z]{2,}`).MatchString(text) || strings.Contains(text, "want") {
			t.Errorf("%s: said %q; flags are written --flag, and what must be is said with must", name, r.Err.String())
		}
	}
}
