package gateway

import "fmt"

// Signature is how what goes to a bank is signed; the zero value: it is not. // B16.4
type Signature struct {
	// Key is the fingerprint of the public key that proves it: SHA-256 of the key's PKIX form.
	Key []byte
	// MessageBytes is what signing takes for each message of an interchange, at most.
	MessageBytes int
	// MostMessages is how many messages of an interchange can be signed; 0: there is no limit.
	MostMessages int
}

// UnprovenError says that nothing proves that a bank wrote a file which its profile wants signed. Nothing in it may be believed:
// it rejects nothing, accepts nothing, and is not even answered.
type UnprovenError struct {
	Why error // of the signature
	// Fault is what the file would be refused for if it were the bank's: an *UnreadableError, or nil.
	Fault error
}

// Error tells what is wrong with the signature.
func (e *UnprovenError) Error() string {
	return fmt.Sprintf("nothing proves who wrote it: %s", e.Why)
}
