package country

import (
	"strconv"
	"time"
)

// kind says which register a holder's number comes from.
type kind uint8

const (
	citizen kind = iota
	company
	seNumber
	unit
)

func (k kind) String() string { return [...]string{"CPR", "CVR", "SE", "P"}[k] }

// period is for how many days after the day of death or end a holder is paid.
func (k kind) period() int {
	if k == citizen {
		return 180
	}
	return 120
}

// status reports whether a holder can still be paid.
type status uint8

const (
	alive status = iota
	dead
	ceased
	emigrated
)

func (l status) String() string { return [...]string{"alive", "dead", "ceased", "emigrated"}[l] }

// aspect separates the dice that are thrown for one holder.
type aspect uint64

const (
	aLife aspect = iota + 1
	aHasAccount
	aAddress
	aParent
	aAccount
	aOldAccount
	aVersion
	aForeign
	aName
	aStreet
	aSpecific
	aSpecificVersion
	aEnded
)

// world answers every question about a country from its options.
type world struct {
	o      Options
	births *calendar
	count  [4]int // holders of each kind
	banks  []foreignBank
	words  words
}

func newWorld(o Options) *world {
	w := &world{o: o, births: newCalendar(), banks: foreignBanks(), words: newWords()}
	w.count[company] = o.Holders * 7 / 100
	w.count[seNumber] = o.Holders * 4 / 100
	w.count[unit] = o.Holders * 3 / 100
	w.count[citizen] = o.Holders - w.count[company] - w.count[seNumber] - w.count[unit]
	return w
}

// holder is the n-th holder of a kind.
type holder struct {
	w *world
	k kind
	n int
}

func (w *world) holder(k kind, n int) holder { return holder{w, k, n} }

// dice throws for one aspect of this holder.
func (h holder) dice(a aspect) uint64 {
	return mix(h.w.o.Seed^uint64(a)<<56, uint64(h.k)<<40|uint64(h.n))
}

// percent reports whether a throw falls within p of a hundred.
func (h holder) percent(a aspect, p uint64) bool { return h.dice(a)>>16%100 < p }

func (h holder) appendID(dst []byte) []byte {
	switch h.k {
	case company:
		return h.w.appendCVR(dst, h.n)
	case seNumber:
		return h.w.appendSE(dst, h.n)
	case unit:
		return h.w.appendUnit(dst, h.n)
	default:
		return h.w.appendCPR(dst, h.n)
	}
}

func (h holder) id() string { return string(h.appendID(nil)) }

// parent is the company that an SE number or production unit belongs to. One SE number in eight stands alone.
func (h holder) parent() (holder, bool) {
	if h.k != unit && (h.k != seNumber || h.percent(aParent, 12)) {
		return holder{}, false
	}
	return h.w.holder(company, int(h.dice(aParent)>>24%uint64(h.w.count[company]))), true
}

func (h holder) status() status {
	switch p := h.dice(aLife) % 1000; {
	case h.k == citizen && p < 20:
		return dead
	case h.k == citizen && p < 35:
		return emigrated
	case h.k != citizen && p < 30:
		return ceased
	default:
		return alive
	}
}

// ended is the day of death, end or emigration: half of them lie a month before any demonstration, the others years.
func (h holder) ended() (day time.Time, has bool) {
	if h.status() == alive {
		return time.Time{}, false
	}
	d := h.dice(aEnded)
	if h.percent(aEnded, 50) {
		return time.Date(2005, 7, 1+int(d>>32%31), 0, 0, 0, 0, time.UTC), true
	}
	return time.Date(2001, 1, 1+int(d>>32%1000), 0, 0, 0, 0, time.UTC), true
}

// usable reports whether the accounts of a holder are beyond doubt usable on a day and for some weeks more.
func (h holder) usable(day time.Time) bool {
	ended, has := h.ended()
	if !has || h.status() == emigrated {
		return true
	}
	const weeks = 60
	return !ended.After(day) && ended.AddDate(0, 0, h.k.period()-weeks).After(day)
}

// over reports whether the accounts of a holder are beyond doubt no longer usable on a day.
func (h holder) over(day time.Time) bool {
	ended, has := h.ended()
	return has && h.status() != emigrated && ended.AddDate(0, 0, h.k.period()+2).Before(day)
}

// hasAddress is rarer among those without an account: nobody knows where to write to them either.
func (h holder) hasAddress() bool {
	if h.hasOwnAccount() {
		return !h.percent(aAddress, 2)
	}
	return !h.percent(aAddress, 40)
}

func (w *world) writeHolders(t *table) {
	t.header("kind id parent status ended_on name street postcode town country")
	var id, buf []byte
	for _, k := range []kind{citizen, company, seNumber, unit} {
		for n := range w.count[k] {
			h := w.holder(k, n)
			t.text(k.String())
			id = h.appendID(id[:0])
			t.bytes(id)
			buf = buf[:0]
			if p, ok := h.parent(); ok {
				buf = p.appendID(buf)
			}
			t.bytes(buf)
			t.text(h.status().String())
			if day, has := h.ended(); has {
				t.text(day.Format(time.DateOnly))
			} else {
				t.text("")
			}
			buf = h.appendName(buf[:0])
			t.text(string(buf))
			h.addressFields(t)
			t.end()
		}
	}
}

// address is where a holder lives.
type address struct{ street, postcode, town, country string }

func (h holder) address() address {
	if !h.hasAddress() {
		return address{}
	}
	d := h.dice(aStreet)
	street := pick(h.w.words.streets, d) + " " + strconv.Itoa(int(d>>32%180)+1)
	if h.status() == emigrated {
		b := h.w.banks[d>>44%uint64(len(h.w.banks))]
		return address{street, strconv.Itoa(10_000 + int(d>>40%80_000)), "Fremmedby", b.country}
	}
	town := pick(h.w.words.towns, d>>20)
	return address{street, town[:4], town[5:], "DK"}
}

func (h holder) addressFields(t *table) {
	a := h.address()
	t.texts(a.street, a.postcode, a.town, a.country)
}

func (h holder) appendName(dst []byte) []byte {
	d := h.dice(aName)
	ws := &h.w.words
	last := pick(ws.last, d>>8)
	if h.k == citizen {
		dst = append(dst, pick(ws.first, d>>24)...)
		if d>>60 < 6 {
			dst = append(append(dst, ' '), pick(ws.last, d>>40)...)
		}
		return append(append(dst, ' '), last...)
	}
	switch d >> 61 {
	case 0:
		dst = append(append(dst, last...), ", "...)
		dst = append(dst, pick(ws.last, d>>40)...)
		dst = append(dst, " & Søn "...)
	case 1:
		dst = append(append(append(dst, '"'), last...), `" `...)
		dst = append(dst, pick(ws.trades, d>>40)...)
		dst = append(dst, ' ')
	default:
		dst = append(append(dst, last...), ' ')
		dst = append(dst, pick(ws.trades, d>>40)...)
		dst = append(dst, ' ')
	}
	return append(dst, pick([]string{"ApS", "A/S", "I/S", "v/ejer"}, d>>52)...)
}

func (h holder) name() string { return string(h.appendName(nil)) }
