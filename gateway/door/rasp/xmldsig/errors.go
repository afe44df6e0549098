package xmldsig

import (
	"errors"
	"fmt"
)

// Sentinels by what a caller does.
var (
	// ErrTooLarge is a message beyond a limit: the sender may divide it.
	ErrTooLarge = errors.New("message is beyond a limit")
	// ErrMalformed is no message that can be read: not well-formed, or not in the strict form. The sender mends it.
	ErrMalformed = errors.New("message is malformed")
	// ErrUnsupported is a message in another profile than its signer's: encrypted, or in the clear, or signed by what that one
	// has not. The sender may be told so plainly, since that says nothing of keys.
	ErrUnsupported = errors.New("message is in a profile that is not supported")
	// ErrInvalid is a signature that does not hold, or not over what it must. It is told without saying why.
	ErrInvalid = errors.New("message is not validly signed")
	// ErrExpired is a message outside its time: the sender looks at its clock and sends again.
	ErrExpired = errors.New("message is outside its time")
	// ErrUntrusted is a certificate that is not trusted: unknown issuer, out of date, revoked, not for signing.
	ErrUntrusted = errors.New("signer's certificate is not trusted")
	// ErrRevocationUnknown is a certificate of which nobody can say now whether it is revoked: our trouble. The sender
	// sends again later.
	ErrRevocationUnknown = errors.New("revocation of signer's certificate is unknown")
)

// Refusal says why a message is refused, for the log. It holds no content of the message.
type Refusal struct {
	Reason Reason
	Place  string // where: an element by its usual prefix, with a number from 1 where there are several, or a byte offset
}

// Error is the reason with its place.
func (r *Refusal) Error() string {
	if r.Place == "" {
		return fmt.Sprintf("%v: %s", r.Reason.sentinel(), r.Reason)
	}
	return fmt.Sprintf("%v: %s at %s", r.Reason.sentinel(), r.Reason, r.Place)
}

// Unwrap is the sentinel.
func (r *Refusal) Unwrap() error { return r.Reason.sentinel() }

func refuse(reason Reason, place string) error { return &Refusal{Reason: reason, Place: place} }
