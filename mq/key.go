package mq

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
)

// maxKey is the longest id that is a key as it is.
const maxKey = 200

const keyOfID = "id:"

// KeyOfID is the TransportKey of a message that its sender has given an id. An id that is long or not plain text counts by its
// hash: a key goes into databases and logs. Drivers mark their own keys otherwise, so that a sender cannot guess its way into
// them.
func KeyOfID(id []byte) string {
	odd := func(r rune) bool { return r < ' ' || r > '~' }
	if len(id) > maxKey || bytes.ContainsFunc(id, odd) {
		return fmt.Sprintf("sha256:%x", sha256.Sum256(id))
	}
	return keyOfID + string(id)
}

// IDOfKey is the id that a TransportKey was made of, where it was made of one and is not its hash.
func IDOfKey(key string) (string, bool) { return strings.CutPrefix(key, keyOfID) }
