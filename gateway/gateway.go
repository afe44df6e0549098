// Package gateway is the domain of nks and the flow of payment orders through it: deliveries from authorities,
// the payments in them, the orders to the banks, what became of them, and the answers that authorities are due.
//
// It holds types, pure rules and the small interfaces that the flow consumes. It imports the standard library
// only; PostgreSQL, EDIFACT, XML and SFTP live in packages of their own that import this one.
package gateway

import "errors"

// Errors by what the caller does about them.
var (
	// ErrNotFound: the thing does not exist; the caller tells its own caller so.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the key is taken by other content; refuse and raise an exception, never overwrite.
	ErrConflict = errors.New("same key, other content")
	// ErrRefused: the content is not taken, now or later; tell whoever sent it, or put it aside for a person.
	ErrRefused = errors.New("refused")
	// ErrLostOwnership: another process has taken over; stop at once, touch nothing.
	ErrLostOwnership = errors.New("ownership lost")
	// ErrCountMismatch: what was changed or counted is not what must be; nothing is committed, a person looks.
	ErrCountMismatch = errors.New("counts do not match")
	// ErrTransient: nothing was done; the same call may succeed later.
	ErrTransient = errors.New("temporarily not possible")
)
