package command

import (
	"flag"
	"slices"
	"strings"
	"time"
)

// Parse reads flags, which are written --flag, --flag=value or --flag value and may stand before, between and behind the
// other words, and returns those. Behind -- there are only words. A wrong flag is a UsageError; --help is [flag.ErrHelp].
func Parse(fs *flag.FlagSet, args []string) ([]string, error) {
	var arguments []string
	for len(args) > 0 {
		argument := args[0]
		args = args[1:]
		if argument == "--" {
			return append(arguments, args...), nil
		}
		name, isFlag := flagName(argument)
		if !isFlag {
			arguments = append(arguments, argument)
			continue
		}
		taken, err := set(fs, name, args)
		if err != nil {
			return nil, err
		}
		args = args[taken:]
	}
	return arguments, nil
}

// NoWords is Parse for a command that takes nothing but flags.
func NoArguments(fs *flag.FlagSet, args []string) error {
	arguments, err := Parse(fs, args)
	if err == nil && len(arguments) > 0 {
		return Usagef("takes no argument %q", arguments[0])
	}
	return err
}

// OneOf returns a UsageError that names the flag unless the value is among those that it may have.
func OneOf(name, value string, may ...string) error {
	if slices.Contains(may, value) {
		return nil
	}
	return Usagef("--%s %q: must be one of %s", name, value, strings.Join(may, ", "))
}

// flagName cuts the dashes off; a single one is not held against who is used to it.
func flagName(argument string) (name string, isFlag bool) {
	if name, isFlag = strings.CutPrefix(argument, "--"); isFlag {
		return name, true
	}
	name, isFlag = strings.CutPrefix(argument, "-")
	return name, isFlag && name != ""
}

// set gives a flag its value, which may be the first of the words behind it, and returns how many of them that took.
func set(fs *flag.FlagSet, name string, behind []string) (taken int, err error) {
	name, value, given := strings.Cut(name, "=")
	f := fs.Lookup(name)
	switch {
	case f == nil && (name == "help" || name == "h"):
		return 0, flag.ErrHelp
	case f == nil:
		return 0, unknown("flag", name, flagNames(fs), func(name string) string { return "--" + name }, fs.Name()+" --help lists them")
	case given:
	case isSwitch(f):
		value = "true"
	case len(behind) == 0:
		return 0, Usagef("--%s: its value is missing", name)
	default:
		value, taken = behind[0], 1
	}
	if err := f.Value.Set(value); err != nil {
		return 0, Usagef("--%s %q: must be %s", name, value, kind(f))
	}
	return taken, nil
}

func flagNames(fs *flag.FlagSet) []string {
	var all []string
	fs.VisitAll(func(f *flag.Flag) { all = append(all, f.Name) })
	return all
}

// isSwitch reports whether a flag may stand without a value.
func isSwitch(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// kind says what a flag's value must be.
func kind(f *flag.Flag) string {
	getter, ok := f.Value.(flag.Getter)
	if !ok {
		return "another value"
	}
	switch getter.Get().(type) {
	case bool:
		return "true or false"
	case int, int64:
		return "a whole number"
	case uint, uint64:
		return "a whole number, 0 or more"
	case time.Duration:
		return "a time such as 500ms, 30s or 2h"
	default:
		return "another value"
	}
}
