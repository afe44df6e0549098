package command

import (
	"errors"
	"fmt"
	"os"
)

// ErrRejected ends a command with Failed and without a word: it worked, what it was given was refused, and it has said so.
var ErrRejected = errors.New("rejected")

// UsageError is a mistake of whoever called the program: exit code Misused.
type UsageError struct{ error }

// WrongUse marks the error as a mistake of the caller.
func (UsageError) WrongUse() {}

// Unwrap returns what is wrong.
func (e UsageError) Unwrap() error { return e.error }

// Usage makes err a mistake of the caller; nil stays nil.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return UsageError{err}
}

// Usagef is fmt.Errorf for a mistake of the caller.
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// FilesExist is a mistake of the caller unless there are such files.
func FilesExist(names ...string) error {
	for _, name := range names {
		if _, err := os.Stat(name); err != nil {
			return Usage(err)
		}
	}
	return nil
}

// IsWrongUse reports whether an error is a mistake of the caller or of the configuration: whether it or one that it wraps
// has a method WrongUse().
func IsWrongUse(err error) bool {
	var wrong interface{ WrongUse() }
	return errors.As(err, &wrong)
}
