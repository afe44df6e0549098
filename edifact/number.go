package edifact

import (
	"errors"
	"math"
	"strings"
)

// Faults of numbers, as ParseMinor returns them.
var (
	ErrNumber   = errors.New("edifact: not a number as ISO 9735 writes them")
	ErrDecimals = errors.New("edifact: number has more decimals than the unit")
	ErrOverflow = errors.New("edifact: number does not fit 64 bits")
)

// ParseMinor returns a number in minor units of which 10^decimals make one:
// "1234,5" with 2 decimals is 123450. It is exact: a decimal that the unit does
// not have is ErrDecimals unless it is zero. Point and comma are both decimal
// marks; a sign, a digit on each side of the mark, no triads. ISO 9735 §10
func ParseMinor(number string, decimals int) (int64, error) {
	digits, negative := strings.CutPrefix(number, "-")
	whole, fraction := digits, ""
	if i := strings.IndexAny(digits, ".,"); i >= 0 {
		if whole, fraction = digits[:i], digits[i+1:]; fraction == "" {
			return 0, ErrNumber
		}
	}
	if whole == "" || !isDigits(whole) || !isDigits(fraction) {
		return 0, ErrNumber
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > max(decimals, 0) {
		return 0, ErrDecimals
	}
	n := uint64(0)
	add := func(digit byte) bool {
		high := n > (math.MaxUint64-9)/10
		n = n*10 + uint64(digit)
		return !high
	}
	for i := range len(whole) {
		if !add(whole[i] - '0') {
			return 0, ErrOverflow
		}
	}
	for i := range max(decimals, 0) {
		digit := byte(0)
		if i < len(fraction) {
			digit = fraction[i] - '0'
		} else if n == 0 {
			break
		}
		if !add(digit) {
			return 0, ErrOverflow
		}
	}
	switch {
	case negative && n <= 1<<63:
		return int64(-n), nil
	case !negative && n < 1<<63:
		return int64(n), nil
	default:
		return 0, ErrOverflow
	}
}

// FormatMinor returns the number that ParseMinor takes for minor units, with a
// point as decimal mark: 123450 with 2 decimals is "1234.50".
func FormatMinor(minor int64, decimals int) string {
	return string(appendAmount(nil, minor, decimals, '.'))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
