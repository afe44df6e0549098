package register

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// number reads exactly n digits.
func number(b []byte, n int) (int64, bool) {
	if len(b) != n {
		return 0, false
	}
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func isDay(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return day <= 28 || time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
}

func isUpper(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// textRule tells what is wrong with a text of at most max characters; empty when nothing is.
func textRule(b []byte, max int) string {
	if len(b) == 0 {
		return ""
	}
	if b[0] == ' ' || b[len(b)-1] == ' ' {
		return "must not begin or end with a blank"
	}
	n := 0
	for i := 0; i < len(b); n++ {
		c, size := rune(b[i]), 1
		if c >= utf8.RuneSelf {
			if c, size = utf8.DecodeRune(b[i:]); c == utf8.RuneError && size == 1 {
				return "is not UTF-8"
			}
		}
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return "must not hold control characters"
		}
		i += size
	}
	if n > max {
		return "is longer than " + strconv.Itoa(max) + " characters"
	}
	return ""
}

// isLogin is the alphabet of a data supplier's name, which is a login and the name of a folder.
func isLogin(b []byte) bool {
	if len(b) < 1 || len(b) > 35 || string(b) == "." || string(b) == ".." {
		return false
	}
	for _, c := range b {
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// parseDate reads YYYY-MM-DD of a day that exists, from 1900 to 2999, as midnight UTC.
func parseDate(b []byte) (time.Time, bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return time.Time{}, false
	}
	y, okY := number(b[:4], 4)
	m, okM := number(b[5:7], 2)
	d, okD := number(b[8:], 2)
	if !okY || !okM || !okD || y < 1900 || y > 2999 || !isDay(int(y), int(m), int(d)) {
		return time.Time{}, false
	}
	return time.Date(int(y), time.Month(m), int(d), 0, 0, 0, 0, time.UTC), true
}
