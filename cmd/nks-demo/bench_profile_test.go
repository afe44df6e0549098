package main

import (
	"bytes"
	"context"
	"runtime/pprof"
	"testing"
	"time"
)

// TestProfileByLabel reads what the runtime writes: work under a label is found under it, other work is not.
func TestProfileByLabel(t *testing.T) {
	var buffer bytes.Buffer
	if err := pprof.StartCPUProfile(&buffer); err != nil {
		t.Fatal(err)
	}
	work := func(context.Context) {
		for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		}
	}
	for _, step := range []string{"read", "send BEC"} {
		pprof.Do(t.Context(), pprof.Labels("step", step), work)
	}
	work(t.Context())
	pprof.StopCPUProfile()
	used, err := profileByLabel(buffer.Bytes(), "step")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"read", "send BEC", ""} {
		if used[step] <= 0 || used[step] > 1 {
			t.Errorf("%q has used %v s of 0.3 (all: %v)", step, used[step], used)
		}
	}
	if len(used) != 3 {
		t.Errorf("found %v", used)
	}
	if _, err := profileByLabel(buffer.Bytes()[:buffer.Len()/2], "step"); err == nil {
		t.Error("half a profile is as good as a whole one")
	}
}

func TestLimit_judge(t *testing.T) {
	for _, c := range []struct {
		of    string
		value float64
		want  string
	}{
		{"ratio", 0.12, "speed of the flow, of COPY's: 0.120, wanted at least 0.120: kept"},
		{"ratio", 0.09, "speed of the flow, of COPY's: 0.090, wanted at least 0.120: MISSED by 0.030, 25 % too little"},
		{"cpu_times_copy", 19.5, "processor time of a payment, times a row of COPY's: 19.5, wanted at most 13.0: MISSED by 6.5, 50 % too much"},
	} {
		for _, l := range benchLimits() {
			if got := l.judge(c.value); l.value == c.of && got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		}
	}
}
