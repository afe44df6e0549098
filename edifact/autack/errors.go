package autack

import (
	"errors"
	"strconv"
)

// What is wrong, by what a caller does about it. Errors of this package that
// are about a message or a key wrap one of them.
var (
	// ErrNotSigned: no signature covers what should be covered.
	ErrNotSigned = errors.New("not signed")
	// ErrBadSignature: the signature is not that of these bytes with this key.
	ErrBadSignature = errors.New("signature is wrong")
	// ErrUnknownKey: the key that the message names is not at hand, or it names
	// none.
	ErrUnknownKey = errors.New("key is not known")
	// ErrNotFound: what is referred to has not been read.
	ErrNotFound = errors.New("referenced structure is not there")
	// ErrAmbiguous: a reference stands for several structures, or is given twice.
	ErrAmbiguous = errors.New("reference is not unique")
	// ErrUnsupported: an algorithm, filter, scope or service that this package
	// does not do.
	ErrUnsupported = errors.New("not supported")
	// ErrRejected: the AUTACK reports a security error (0571).
	ErrRejected = errors.New("rejected by the sender of the AUTACK")
	// ErrMalformed: the AUTACK contradicts itself, or is none.
	ErrMalformed = errors.New("malformed AUTACK")
	// ErrLimit: more or longer than allowed.
	ErrLimit = errors.New("over the limit")
	// ErrKey: a key that cannot be used.
	ErrKey = errors.New("unusable key")
)

// Error is a fault with what it is about. It wraps one of the sentinels.
type Error struct {
	Reference Reference // of the structure; zero when it is about none
	Header    string    // 0534 of the security header; empty when it is about none
	Text      string    // what is wrong; references and codes are all it holds of the message
	Err       error
}

// Error tells the fault in one line.
func (e *Error) Error() string {
	s := "autack: "
	if e.Reference != (Reference{}) {
		s += e.Reference.String() + ": "
	}
	if e.Header != "" {
		s += "security header " + strconv.Quote(e.Header) + ": "
	}
	s += e.Err.Error()
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

func malformed(header, text string) error {
	return &Error{Header: header, Text: text, Err: ErrMalformed}
}

func unsupported(header, text string) error {
	return &Error{Header: header, Text: text, Err: ErrUnsupported}
}
