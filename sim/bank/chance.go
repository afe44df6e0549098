package bank

import (
	"crypto/sha256"
	"encoding/binary"
)

// chance answers the same for the same seed, word and key for ever, so that a restarted centre decides as it did.
func chance(seed uint64, text, key string, perMille int) bool {
	return perMille > 0 && draw(seed, text, key)%1000 < uint64(perMille)
}

func draw(seed uint64, text, key string) uint64 {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 64), seed)
	b = append(append(append(b, text...), 0), key...)
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// mark stands for a reference in the set of all references ever seen: 16 bytes instead of up to 35, and no two
// references that anybody can make share one.
type mark [16]byte

func markOf(s string) mark {
	sum := sha256.Sum256([]byte(s))
	return mark(sum[:16])
}
