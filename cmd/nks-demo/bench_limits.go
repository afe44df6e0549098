package main

import (
	"fmt"
	"io"
	"math"
)

// What the product wants of itself, in a world of the real size. Time is judged beside COPY's in the same run alone:
// machines differ.
const (
	wantedRatio     = 0.12   // of COPY's speed
	wantedCPU       = 13     // times COPY's processor time for a row, at most
	wantedMB        = 64     // of memory beside the register's image, at most
	wantedFill      = 2      // µs of processor time for a row that an image is filled from, at most
	wantedRate      = 3e6    // accounts that an image tells in a second, on one core
	wantedMatch     = 50_000 // parts of postings that are matched in a second, on one core
	wantedSignature = 1      // of xmlsec1's time for a message of 16 MB, at most
	wantedIdle      = 2      // percent of one core that nks and its PostgreSQL use while there is nothing to do, at most
)

// limit is one of these, with the value of a measurement that it is for.
type limit struct {
	of, value string
	title     string
	format    string
	bound     float64
	atLeast   bool
}

func benchLimits() []limit {
	return []limit{
		{"flow", "ratio", "speed of the flow, of COPY's", "%.3f", wantedRatio, true},
		{"flow", "cpu_times_copy", "processor time of a payment, times a row of COPY's", "%.1f", wantedCPU, false},
		{"image", "nks_beside_mb", "peak memory of nks beside the register's image, MB", "%.0f", wantedMB, false},
		{"image", "fill_us_per_row", "processor time to fill the image, µs a row", "%.2f", wantedFill, false},
		{"image", "choices_per_s", "accounts that the image tells, per second", "%.0f", wantedRate, true},
		{"codecs", "signature_of_xmlsec1", "time to verify a signed message, of xmlsec1's", "%.2f", wantedSignature, false},
		{"match", "parts_per_s", "parts of postings that are matched, per second", "%.0f", wantedMatch, true},
		{"idle", "together_percent", "idle nks and PostgreSQL, % of one core", "%.2f", wantedIdle, false},
	}
}

// judge tells that a value keeps to its limit, or by how much it misses it.
func (l limit) judge(value float64) string {
	bound, kept, missed := "at most", value <= l.bound, "too much"
	if l.atLeast {
		bound, kept, missed = "at least", value >= l.bound, "too little"
	}
	verdict := "kept"
	if !kept {
		verdict = fmt.Sprintf("MISSED by "+l.format+", %.0f %% %s", math.Abs(value-l.bound), 100*math.Abs(value/l.bound-1), missed)
	}
	return fmt.Sprintf("%s: "+l.format+", wanted %s "+l.format+": %s", l.title, value, bound, l.bound, verdict)
}

// judgeAll prints what has become of each limit that was measured. That one is missed is told and no failure: a bench that
// has measured has done its work.
func judgeAll(w io.Writer, list []measurement, realSize bool) {
	_, _ = fmt.Fprintln(w, "\nlimits")
	if !realSize {
		_, _ = fmt.Fprintln(w, "  (they are meant for the sizes that nks-demo bench has by default; these are others)")
	}
	for _, l := range benchLimits() {
		for _, m := range list {
			if value, ok := m.Values[l.value]; ok && m.Name == l.of {
				_, _ = fmt.Fprintln(w, "  "+l.judge(value))
			}
		}
	}
}
