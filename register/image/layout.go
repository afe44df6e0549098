package image

import (
	"math"
	"time"

	"nks/gateway"
	"nks/register"
)

// Instants are PostgreSQL's: microseconds since 2000, and its two infinities.
const (
	always  = math.MinInt64
	forever = math.MaxInt64
)

// epoch2000 is where PostgreSQL's instants and days begin.
var epoch2000 = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func instantOf(t time.Time) int64 { return t.UnixMicro() - epoch2000.UnixMicro() }

// timeOf is an instant as register has it: the infinities are the zero Time.
func timeOf(instant int64) time.Time {
	if instant == always || instant == forever {
		return time.Time{}
	}
	return time.UnixMicro(instant + epoch2000.UnixMicro())
}

// holderKey is kind and number in 36 bits, in the order of the register's indexes.
type holderKey uint64

func keyOf(kind gateway.HolderKind, number int64) holderKey {
	return holderKey(number)<<2 | holderKey(kind-1)
}

// A key with its holder's standing is one word: the key above, so that words are in the order of keys.
const (
	keyShift    = 28
	statusShift = 25 // 3 bits
	endedShift  = 6  // 19 bits: days since 1900 and one more; 0: none
	oddBit      = 1
)

const (
	firstDay  = -36_524 // 1 January 1900, in PostgreSQL's days
	endedMask = 1<<19 - 1
)

// standing is what is packed beside a key.
func standing(status gateway.HolderStatus, ended int32, hasEnded, odd bool) uint64 {
	w := uint64(status) << statusShift
	if hasEnded {
		w |= uint64(ended-firstDay+1) & endedMask << endedShift
	}
	if odd {
		w |= oddBit
	}
	return w
}

func endedOf(word uint64) gateway.Date {
	days := word >> endedShift & endedMask
	if days == 0 {
		return gateway.Date{}
	}
	return dateOf(int32(days) - 1 + firstDay)
}

// dateOf is the day that PostgreSQL has a number for.
func dateOf(days int32) gateway.Date { return gateway.DateOf(epoch2000.AddDate(0, 0, int(days))) }

// head is what a holder has beside its key and standing: 24 bytes.
type head struct {
	version uint64 // of the NemKonto, if it is domestic, in force and open; 0: there is none such
	account uint64 // its 14 digits
	parent  uint32 // the CVR number above; 0: none
	more    uint32 // where its further versions begin in the chunk's; they end where the next holder's begin
}

// further is a version that has no room in its holder's head: 24 bytes, and the periods are shared.
type further struct {
	version uint64
	account uint64 // the 14 digits of a domestic one; kind and lock above
	purpose uint32 // of the image's purposes
	period  uint32 // of the image's periods
}

const (
	kindShift  = 48
	lockedBit  = 1 << 52
	digitsMask = 1<<kindShift - 1
)

// purpose is whose account for what: nothing of both for a NemKonto, which is the first of an image's purposes.
type purpose struct{ authority, benefitType string }

// period is when a version counts. The first of an image's is: now and for ever.
type period struct{ from, to int64 }

// Holders are kept in chunks, so that an image grows without being copied; an index names each group's first key.
const (
	groupSize = 32
	chunkSize = 256 * groupSize
)

// The directory goes by at most the first 16 of a key's 36 bits, by fewer where there are few holders.
const (
	keyBits          = 36
	directoryBitsMax = 16
)

type chunk struct {
	keys     []uint64
	heads    []head
	furthers []further
}

// base is an image as it was filled; it never changes.
type base struct {
	holders int
	index   []uint64 // the key word of the first holder of each group
	// directory is where in the index the keys begin whose first bits are those of the place.
	directory []uint32
	shift     int // of the key's other bits
	chunks    []chunk
	purposes  []purpose
	periods   []period
}

// place is where a holder stands; without a chunk it is not there.
type place struct {
	in *chunk
	at int
}

// find is where a holder stands.
func (b *base) find(key holderKey) place {
	in, first := b.group(key)
	return in.find(key, first)
}

// group is where the holders stand that a holder would be among: those from first on.
func (b *base) group(key holderKey) (in *chunk, first int) {
	bits := key >> b.shift
	low, high := int(b.directory[bits]), int(b.directory[bits+1]) // the last group that begins at the key or before
	for low < high {
		middle := int(uint(low+high) >> 1)
		if b.index[middle]>>keyShift <= uint64(key) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return nil, 0
	}
	const groups = chunkSize / groupSize
	return &b.chunks[(low-1)/groups], (low - 1) % groups * groupSize
}

func (c *chunk) find(key holderKey, first int) place {
	if c == nil {
		return place{}
	}
	want := uint64(key) << keyShift
	keys := c.keys[first:min(first+groupSize, len(c.keys))]
	low, high := 0, len(keys)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if keys[middle] < want {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == len(keys) || keys[low]>>keyShift != uint64(key) {
		return place{}
	}
	return place{c, first + low}
}

// findAll is find for many, in steps: memory is slow to answer and answers many at once, so that each step reads for all
// of them what the next one needs. What touched returns is of no use but that it was read.
func (b *base) findAll(keys []holderKey, places []place) (touched uint64) {
	for n, key := range keys {
		places[n].in, places[n].at = b.group(key)
	}
	for n := range places {
		if c := places[n].in; c != nil {
			touched += c.keys[places[n].at] + c.keys[min(places[n].at+groupSize, len(c.keys))-1]
		}
	}
	for n, key := range keys {
		places[n] = places[n].in.find(key, places[n].at)
	}
	for n := range places {
		if c := places[n].in; c != nil {
			touched += c.heads[places[n].at].version
		}
	}
	for n := range places {
		if p := places[n]; p.in != nil {
			if more := int(p.in.heads[p.at].more); more < len(p.in.furthers) {
				touched += p.in.furthers[more].version
			}
		}
	}
	return touched
}

// furthersOf is the further versions of the holder at a place.
func (c *chunk) furthersOf(at int) []further {
	end := len(c.furthers)
	if at+1 < len(c.heads) {
		end = int(c.heads[at+1].more)
	}
	return c.furthers[c.heads[at].more:end]
}

// bytes is how much memory the base takes.
func (b *base) bytes() int64 {
	const keyBytes, directoryBytes, headBytes, furtherBytes, periodBytes, purposeBytes = 8, 4, 24, 24, 16, 32
	n := int64(cap(b.index))*keyBytes + int64(cap(b.directory))*directoryBytes + int64(cap(b.periods))*periodBytes
	for i := range b.chunks {
		c := &b.chunks[i]
		n += int64(cap(c.keys))*keyBytes + int64(cap(c.heads))*headBytes + int64(cap(c.furthers))*furtherBytes
	}
	for _, p := range b.purposes {
		n += purposeBytes + int64(len(p.authority)+len(p.benefitType))
	}
	return n
}

// account is a version as the image knows it.
type account struct {
	register.AccountVersion
	kind   gateway.AccountKind
	digits uint64
}

// facts is what Choose is asked with: room that is used again and again, and what goes with each version.
type facts struct {
	register.Facts
	accounts []account // in the order of Facts.Accounts
}

func (f *facts) reset() {
	f.Facts = register.Facts{Accounts: f.Accounts[:0]}
	f.accounts = f.accounts[:0]
}

func (f *facts) add(a account) {
	f.Accounts = append(f.Accounts, a.AccountVersion)
	f.accounts = append(f.accounts, a)
}

// read gathers what the base knows of the holder at a place; false when it cannot tell, since two things are or will be true of it.
func (b *base) read(p place, f *facts) bool {
	f.reset()
	if p.in == nil {
		return true
	}
	c, at := p.in, p.at
	word, h := c.keys[at], &c.heads[at]
	if word&oddBit != 0 {
		return false
	}
	f.Status, f.Ended, f.Parent = gateway.HolderStatus(word>>statusShift&7), endedOf(word), int64(h.parent)
	if h.version != 0 {
		f.add(account{AccountVersion: register.AccountVersion{ID: int64(h.version)}, kind: gateway.DomesticBBAN, digits: h.account})
	}
	for _, v := range c.furthersOf(at) {
		p, when := &b.purposes[v.purpose], &b.periods[v.period]
		f.add(account{kind: gateway.AccountKind(v.account >> kindShift & 3), digits: v.account & digitsMask,
			AccountVersion: register.AccountVersion{ID: int64(v.version), Authority: p.authority, BenefitType: p.benefitType,
				Locked: v.account&lockedBit != 0, From: timeOf(when.from), To: timeOf(when.to)}})
	}
	return true
}
