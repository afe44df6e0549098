package gateway

import (
	"fmt"
	"strings"
	"time"
)

// ParkedMessage is a message of a queue that was not taken and waits for persons.
type ParkedMessage struct {
	ID       int64     `json:"id" db:"id"`
	Supplier string    `json:"supplier" db:"supplier"`
	Key      string    `json:"key" db:"transport_key"` // may hold anything that its sender has put there
	SHA256   []byte    `json:"-" db:"sha256"`
	Size     int64     `json:"size" db:"size"`
	Reason   string    `json:"reason" db:"reason"`
	Evidence string    `json:"put_by,omitempty" db:"evidence"`
	ParkedAt time.Time `json:"parked_at" db:"parked_at"`
	State    string    `json:"state" db:"state"`
	Decision int64     `json:"decision,omitempty" db:"decision"`
}

// keyOfParked begins the key of a delivery that was a parked message.
const keyOfParked = "parked:"

// PutBackKey is the transport key of a parked message that is put back: its own may be used up.
func PutBackKey(id int64, key string) string { return fmt.Sprintf("%s%d:%s", keyOfParked, id, key) }

// OriginalKey is the transport key that a message came with.
func OriginalKey(key string) string {
	rest, parked := strings.CutPrefix(key, keyOfParked)
	if _, original, found := strings.Cut(rest, ":"); parked && found {
		return original
	}
	return key
}
