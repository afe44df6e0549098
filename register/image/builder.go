package image

import (
	"math/bits"
	"slices"

	"nks/gateway"
)

// builder makes a base of rows that come in the order of kind and number.
type builder struct {
	base
	purposeOf map[purpose]uint32
	periodOf  map[period]uint32

	last    holderKey
	started bool
	// furthers are those of the last chunk: room that every chunk uses, since what grows leaves garbage behind.
	furthers []further
}

func newBuilder() *builder {
	b := &builder{purposeOf: map[purpose]uint32{}, periodOf: map[period]uint32{}}
	b.purposeNumber(purpose{})
	b.periodNumber(period{always, forever})
	return b
}

// row is a known version of a holder, with one of its accounts or without.
type row struct {
	key      holderKey
	status   gateway.HolderStatus
	parent   int64
	ended    int32 // in PostgreSQL's days
	hasEnded bool
	odd      bool // another version of the holder comes, or may come

	version  int64 // 0: no account
	kind     gateway.AccountKind
	digits   []byte // of a domestic account
	locked   bool
	purpose  purpose
	from, to int64 // always, if it is in force; forever, if it is open
}

// add takes the next row.
func (b *builder) add(r *row) {
	if !b.started || r.key != b.last {
		b.started, b.last = true, r.key
		b.holder(r)
	}
	c := &b.chunks[len(b.chunks)-1]
	at := len(c.heads) - 1
	if r.odd {
		c.keys[at] |= oddBit
	}
	if r.version == 0 || c.keys[at]&oddBit != 0 {
		return
	}
	h := &c.heads[at]
	digits, domestic := digitsOf(r)
	if domestic && h.version == 0 && r.purpose == (purpose{}) && r.from == always && r.to == forever {
		h.version, h.account = uint64(r.version), digits
		return
	}
	v := further{version: uint64(r.version), purpose: b.purposeNumber(r.purpose), period: b.periodNumber(period{r.from, r.to})}
	switch {
	case domestic:
		v.account = digits | uint64(gateway.DomesticBBAN)<<kindShift
	case r.kind != gateway.DomesticBBAN:
		v.account = uint64(r.kind) << kindShift
	}
	if r.locked {
		v.account |= lockedBit
	}
	b.furthers = append(b.furthers, v)
}

// holder begins the next holder.
func (b *builder) holder(r *row) {
	if n := len(b.chunks); n == 0 || len(b.chunks[n-1].keys) == chunkSize {
		b.endChunk()
		b.chunks = append(b.chunks, chunk{keys: make([]uint64, 0, chunkSize), heads: make([]head, 0, chunkSize)})
	}
	c := &b.chunks[len(b.chunks)-1]
	fits := r.parent >= 0 && r.parent <= 1<<32-1 && (!r.hasEnded || r.ended >= firstDay && r.ended < firstDay+endedMask)
	word := uint64(r.key)<<keyShift | standing(r.status, r.ended, r.hasEnded, !fits)
	if len(c.keys)%groupSize == 0 {
		b.index = append(b.index, word)
	}
	c.keys = append(c.keys, word)
	c.heads = append(c.heads, head{parent: uint32(r.parent), more: uint32(len(b.furthers))})
	b.holders++
}

// endChunk gives back the room that the last chunk did not need.
func (b *builder) endChunk() {
	if n := len(b.chunks); n > 0 {
		c := &b.chunks[n-1]
		c.furthers, b.furthers = exact(b.furthers), b.furthers[:0]
		if len(c.keys) < chunkSize {
			c.keys, c.heads = exact(c.keys), exact(c.heads)
		}
	}
}

// done is the base.
func (b *builder) done() *base {
	b.endChunk()
	b.index, b.periods = exact(b.index), exact(b.periods)
	b.direct()
	return &b.base
}

// direct fills the directory of the index.
func (b *builder) direct() {
	first := min(directoryBitsMax, bits.Len(uint(len(b.index))))
	b.directory, b.shift = make([]uint32, 1<<first+1), keyBits-first
	at := 0
	for bits := range b.directory {
		for at < len(b.index) && b.index[at]>>keyShift < uint64(bits)<<b.shift {
			at++
		}
		b.directory[bits] = uint32(at)
	}
}

// exact is a slice in memory of its own size.
func exact[T any](s []T) []T { return slices.Clip(append(make([]T, 0, len(s)), s...)) }

func (b *builder) purposeNumber(p purpose) uint32 {
	n, known := b.purposeOf[p]
	if !known {
		n = uint32(len(b.purposes))
		b.purposes, b.purposeOf[p] = append(b.purposes, p), n
	}
	return n
}

func (b *builder) periodNumber(p period) uint32 {
	n, known := b.periodOf[p]
	if !known {
		n = uint32(len(b.periods))
		b.periods, b.periodOf[p] = append(b.periods, p), n
	}
	return n
}

// digitsOf is the 14 digits of a domestic account; false for any other, and for what is none.
func digitsOf(r *row) (uint64, bool) {
	if r.kind != gateway.DomesticBBAN || len(r.digits) != 14 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range r.digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
