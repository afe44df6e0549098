package gateway

import (
	"errors"
	"fmt"
	"strings"
)

// ErrPersons: a decision must be stood for by two different persons.
var ErrPersons = errors.New("two different persons must stand for it")

// TwoPersons is nil when two names are of two different persons: neither is empty, and they differ by more than capitals
// and blanks. "A. Hansen" and "a.  hansen" are one.
func TwoPersons(by, approvedBy string) error {
	a, b := PersonKey(by), PersonKey(approvedBy)
	if a == "" || b == "" || a == b {
		return fmt.Errorf("%q and %q: %w", by, approvedBy, ErrPersons)
	}
	return nil
}

// PersonKey is a name as names are compared.
func PersonKey(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}
