package soap

import (
	"crypto/rand"
	"fmt"
)

// NewID is an identifier that nobody else has, in the form of a UUID. // RFC 9562 §5.4
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it does not fail
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
