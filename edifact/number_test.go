package edifact_test

import (
	"errors"
	"math"
	"testing"

	"nks/edifact"
	"pgregory.net/rapid"
)

func TestParseMinor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		number   string
		decimals int
		want     int64
		err      error
	}{
		{"1234,5", 2, 123450, nil},
		{"1234.56", 2, 123456, nil},
		{"-0,01", 2, -1, nil},
		{"0", 2, 0, nil},
		{"0,00", 0, 0, nil},
		{"7,100", 1, 71, nil},
		{"15", 0, 15, nil},
		{"0000000000000000000000000,1", 3, 100, nil},
		{"9223372036854775807", 0, math.MaxInt64, nil},
		{"-92233720368547758.08", 2, math.MinInt64, nil},
		{"0", 400, 0, nil},
		{"9223372036854775808", 0, 0, edifact.ErrOverflow},
		{"-9223372036854775809", 0, 0, edifact.ErrOverflow},
		{"18446744073709551616", 0, 0, edifact.ErrOverflow},
		{"99999999999999999999999999", 0, 0, edifact.ErrOverflow},
		{"1", 19, 0, edifact.ErrOverflow},
		{"1,005", 2, 0, edifact.ErrDecimals},
		{"1,5", 0, 0, edifact.ErrDecimals},
		{"1,5", -1, 0, edifact.ErrDecimals},
		{"", 2, 0, edifact.ErrNumber},
		{"-", 2, 0, edifact.ErrNumber},
		{",5", 2, 0, edifact.ErrNumber},
		{"5,", 2, 0, edifact.ErrNumber},
		{"1.000,00", 2, 0, edifact.ErrNumber},
		{"+5", 2, 0, edifact.ErrNumber},
		{"--5", 2, 0, edifact.ErrNumber},
		{" 5", 2, 0, edifact.ErrNumber},
		{"1e3", 2, 0, edifact.ErrNumber},
	} {
		got, err := edifact.ParseMinor(test.number, test.decimals)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q with %d decimals is %d, %v, want %d, %v", test.number, test.decimals, got, err, test.want, test.err)
		}
	}
}

func TestMinorRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minor, decimals := rapid.Int64().Draw(t, "minor"), rapid.IntRange(0, 25).Draw(t, "decimals")
		text := edifact.FormatMinor(minor, decimals)
		if got, err := edifact.ParseMinor(text, decimals); got != minor || err != nil {
			t.Errorf("%d with %d decimals is %q, and that is %d, %v", minor, decimals, text, got, err)
		}
	})
}
