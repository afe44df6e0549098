package nksxml

import (
	"fmt"
	"math"
	"time"
)

// textType is a string type of the schema. Lengths count characters.
type textType struct {
	name     string // its name in testdata/schema
	min, max int
	token    bool     // white space is collapsed, as in xs:token; else the text is kept as it is
	capitals bool     // A-Z only
	oneOf    []string // the values that are allowed; nil: all
}

// String types of the schema. The lengths are wider than any document seen, for the flow refuses single payments with less
// ado than the schema a whole bundle.
var (
	typeID          = textType{name: "Id", min: 1, max: 70}
	typeReference   = textType{name: "Reference", max: 70}
	typeEndToEnd    = textType{name: "EndToEndId", max: 256}
	typeAuthstn     = textType{name: "Authstn", min: 1, max: 128}
	typeText        = textType{name: "Text", max: 350}
	typeReason      = textType{name: "ReasonText", max: 1024}
	typeCode        = textType{name: "Code", min: 1, max: 35, token: true}
	typeStatusCode  = textType{name: "StatusCode", max: 35, token: true}
	typeCurrency    = textType{name: "Currency", min: 3, max: 3, token: true, capitals: true}
	typeCountry     = textType{name: "Country", min: 2, max: 2, token: true, capitals: true}
	typeADMID       = textType{name: "ADMID", min: 1, max: 5, token: true, oneOf: []string{"ADMID"}}
	typeVersion     = textType{name: "Version", min: 1, max: 3, token: true, oneOf: []string{"2.0"}}
	typeSeverity    = textType{name: "Severity", min: 1, max: 5, token: true, oneOf: []string{"Error"}}
	typeGroupStatus = textType{name: "GroupStatus", min: 1, max: 4, token: true, oneOf: []string{"ACPT", "PART", "RJCT"}}
	typeStatus      = textType{name: "TransactionStatus", min: 1, max: 4, token: true, oneOf: []string{"ACPT", "RJCT"}}
	typeAction0     = textType{name: "Action0", min: 1, max: 7, token: true, oneOf: []string{"Bad XML"}}
	typeAction1     = textType{name: "Action1", min: 1, max: 4, token: true, oneOf: []string{"ACPT", "RJCT"}}
	typeMessageType = textType{name: "MessageType", min: 1, max: 10, token: true, oneOf: []string{"NKSBetaling"}}
)

// clean processes white space and returns the value with the rule that it breaks.
func (t *textType) clean(v []byte) ([]byte, string) {
	if t.token {
		v = collapse(v)
	}
	// A character has one to four bytes: most values need no counting.
	if len(v) < t.min || len(v) > t.max {
		if n := countRunes(v); n < t.min {
			if n == 0 {
				return v, "a value is missing"
			}
			return v, fmt.Sprintf("shorter than %d characters", t.min)
		} else if n > t.max && t.oneOf == nil {
			return v, fmt.Sprintf("longer than %d characters", t.max)
		}
	} else if t.min > 1 && countRunes(v) < t.min {
		return v, fmt.Sprintf("shorter than %d characters", t.min)
	}
	if t.capitals {
		for _, c := range v {
			if c < 'A' || c > 'Z' {
				return v, "capital letters A-Z only"
			}
		}
	}
	if t.oneOf == nil {
		return v, ""
	}
	for _, s := range t.oneOf {
		if string(v) == s {
			return v, ""
		}
	}
	return v, fmt.Sprintf("not one of %q", t.oneOf)
}

// trim cuts white space from both ends: all that collapsing does to a value without white space inside. XSD-2 §4.3.6.
func trim(v []byte) []byte {
	for len(v) > 0 && isSpace(v[0]) {
		v = v[1:]
	}
	for len(v) > 0 && isSpace(v[len(v)-1]) {
		v = v[:len(v)-1]
	}
	return v
}

// collapse does it all, in place.
func collapse(v []byte) []byte {
	v = trim(v)
	n := 0
	for i, c := range v {
		if isSpace(c) {
			if isSpace(v[i-1]) {
				continue
			}
			c = ' '
		}
		v[n] = c
		n++
	}
	return v[:n]
}

// parseLong reads an xs:long.
func parseLong(v []byte) (int64, string) {
	v = trim(v)
	digits := v
	negative := false
	if len(digits) > 0 && (digits[0] == '+' || digits[0] == '-') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	if len(digits) == 0 {
		return 0, "not a whole number"
	}
	var n uint64
	for _, c := range digits {
		if !isDigit(c) {
			return 0, "not a whole number"
		}
		d := uint64(c - '0')
		if n > (math.MaxInt64+1-d)/10 {
			return 0, "number too large"
		}
		n = n*10 + d
	}
	switch {
	case negative:
		return -int64(n), ""
	case n > math.MaxInt64:
		return 0, "number too large"
	}
	return int64(n), ""
}

// parseCount reads up to 15 digits.
func parseCount(v []byte) (int64, string) {
	v = trim(v)
	if len(v) == 0 || len(v) > 15 {
		return 0, "not a number of 1 to 15 digits"
	}
	var n int64
	for _, c := range v {
		if !isDigit(c) {
			return 0, "not a number of 1 to 15 digits"
		}
		n = n*10 + int64(c-'0')
	}
	return n, ""
}

// parseBoolean reads an xs:boolean; both spellings occur in the documents. nks-domain §3.
func parseBoolean(v []byte) (bool, string) {
	switch string(trim(v)) {
	case "true", "1":
		return true, ""
	case "false", "0":
		return false, ""
	}
	return false, "neither true, false, 1 nor 0"
}

// Date is a calendar day.
type Date struct {
	Year  int // 1000 to 2999
	Month time.Month
	Day   int
}

// IsZero tells that there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String is the date as in the documents, YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// valid reports whether the calendar has the day and the schema the year.
func (d Date) valid() bool {
	if d.Year < 1000 || d.Year > 2999 || d.Month < 1 || d.Month > 12 || d.Day < 1 {
		return false
	}
	return d.Day <= time.Date(d.Year, d.Month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// DateTime is a time as a document states it: some are without a zone. nks-domain §3.
type DateTime struct {
	time.Time      // when HasZone is false its clock reading is right and its location, UTC, means nothing
	HasZone   bool // the document says Z or an offset
}

// In is the instant, taking a time without zone as a clock reading at loc.
func (d DateTime) In(loc *time.Location) time.Time {
	if d.HasZone {
		return d.Time.In(loc)
	}
	t := d.Time
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc)
}

// number reads n digits from the beginning of v; -1 when they are not there.
func number(v []byte, n int) int {
	if len(v) < n {
		return -1
	}
	x := 0
	for _, c := range v[:n] {
		if !isDigit(c) {
			return -1
		}
		x = x*10 + int(c-'0')
	}
	return x
}

// cutDate reads YYYY-MM-DD from the beginning of v.
func cutDate(v []byte) (d Date, rest []byte, ok bool) {
	if len(v) < 10 || v[4] != '-' || v[7] != '-' {
		return Date{}, v, false
	}
	d = Date{number(v, 4), time.Month(number(v[5:], 2)), number(v[8:], 2)}
	return d, v[10:], d.valid()
}

// cutZone reads what is left of v as a zone: nothing, Z, or an offset of less than 14 hours.
func cutZone(v []byte) (loc *time.Location, ok bool) {
	switch {
	case len(v) == 0:
		return nil, true
	case string(v) == "Z":
		return time.UTC, true
	case len(v) != 6 || v[0] != '+' && v[0] != '-' || v[3] != ':':
		return nil, false
	}
	hours, minutes := number(v[1:], 2), number(v[4:], 2)
	if hours < 0 || hours > 13 || minutes < 0 || minutes > 59 {
		return nil, false
	}
	offset := hours*3600 + minutes*60
	if v[0] == '-' {
		offset = -offset
	}
	return time.FixedZone("", offset), true
}

// parseDate reads an xs:date of the schema. A zone means nothing for a day in Denmark and is dropped.
func parseDate(v []byte) (Date, string) {
	d, rest, ok := cutDate(trim(v))
	if ok {
		_, ok = cutZone(rest)
	}
	if !ok {
		return Date{}, "not a date YYYY-MM-DD"
	}
	return d, ""
}

// parseDateTime reads an xs:dateTime of the schema: at most nine decimals, no 24:00:00.
func parseDateTime(v []byte) (DateTime, string) {
	const rule = "not a time YYYY-MM-DDThh:mm:ss"
	d, rest, ok := cutDate(trim(v))
	if !ok || len(rest) < 9 || rest[0] != 'T' || rest[3] != ':' || rest[6] != ':' {
		return DateTime{}, rule
	}
	hour, minute, second := number(rest[1:], 2), number(rest[4:], 2), number(rest[7:], 2)
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return DateTime{}, rule
	}
	rest = rest[9:]
	nanos := 0
	if len(rest) > 0 && rest[0] == '.' {
		digits := 0
		for digits < len(rest)-1 && isDigit(rest[1+digits]) {
			digits++
		}
		if digits == 0 || digits > 9 {
			return DateTime{}, rule
		}
		nanos = number(rest[1:], digits)
		for range 9 - digits {
			nanos *= 10
		}
		rest = rest[1+digits:]
	}
	loc, ok := cutZone(rest)
	if !ok {
		return DateTime{}, rule
	}
	out := DateTime{HasZone: loc != nil}
	if loc == nil {
		loc = time.UTC
	}
	out.Time = time.Date(d.Year, d.Month, d.Day, hour, minute, second, nanos, loc)
	return out, ""
}
