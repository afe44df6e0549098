package metrics_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/metrics"
)

var errBroken = errors.New("broken")

func made(t *testing.T) *metrics.Metrics {
	t.Helper()
	m, err := metrics.New([]gateway.Instrument{
		{Kind: gateway.Gauge, Name: "nks_things", Help: "Things.", Labels: []string{"kind"}},
		{Kind: gateway.Counter, Name: "nks_done_total", Help: "Done."},
		{Kind: gateway.Duration, Name: "nks_took_seconds", Help: "Took.", Labels: []string{"bank"}},
	}, "v1", func() time.Time { return time.Unix(1000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shows is the lines of /metrics that begin with one of our names, without the comments.
func shows(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body.String())
	}
	var ours []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "nks_") && !strings.Contains(line, "_bucket{") && !strings.HasPrefix(line, "nks_build_info") &&
			!strings.HasSuffix(line, `nks_sample_failures_total{of="sample"} 0`+"\n") && !strings.HasSuffix(line, `nks_sample_failures_total{of="difference"} 0`+"\n") {
			ours = append(ours, strings.TrimSuffix(line, "\n"))
		}
	}
	return strings.Join(ours, "\n")
}

// TestMetrics_Queue: what queues of one kind hold does not take the place of what the others do.
func TestMetrics_Queue(t *testing.T) {
	t.Parallel()
	m := made(t)
	for kind, messages := range map[string]uint64{"in": 1, "out": 2, "parked": 0} {
		if err := m.Queue(kind, messages, time.Duration(messages)*time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	shown := shows(t, m)
	for _, want := range []string{`nks_queue_messages{queue="in"} 1`, `nks_queue_messages{queue="out"} 2`, `nks_queue_messages{queue="parked"} 0`, `nks_queue_oldest_seconds{queue="out"} 120`} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is not shown", want)
		}
	}
}

// TestMetrics_NothingFailedYet: a failure that has not happened is 0, so that the first one is a rise.
func TestMetrics_NothingFailedYet(t *testing.T) {
	t.Parallel()
	var failures []float64
	families, err := made(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "nks_sample_failures_total" {
			for _, m := range f.GetMetric() {
				failures = append(failures, m.GetCounter().GetValue())
			}
		}
	}
	if !slices.Equal(failures, []float64{0, 0}) {
		t.Errorf("failures %v, want 0 of samples and 0 of differences", failures)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(m *metrics.Metrics) error
		want string
		err  string
	}{
		"readings": {do: func(m *metrics.Metrics) error {
			return m.Take(gateway.Reading{Name: "nks_things", Labels: []string{"a"}, Value: 3}, gateway.Reading{Name: "nks_done_total", Value: 2},
				gateway.Reading{Name: "nks_took_seconds", Labels: []string{"BEC"}, Took: 1500 * time.Millisecond})
		}, want: "nks_done_total 2\nnks_things{kind=\"a\"} 3\nnks_took_seconds_sum{bank=\"BEC\"} 1.5\nnks_took_seconds_count{bank=\"BEC\"} 1"},
		"a gauge forgets, a counter adds": {do: func(m *metrics.Metrics) error {
			return errors.Join(m.Take(gateway.Reading{Name: "nks_things", Labels: []string{"a"}, Value: 3}, gateway.Reading{Name: "nks_done_total", Value: 2}),
				m.Take(gateway.Reading{Name: "nks_things", Labels: []string{"b"}, Value: 4}, gateway.Reading{Name: "nks_things", Labels: []string{"c"}, Value: 5},
					gateway.Reading{Name: "nks_done_total", Value: 2}))
		}, want: "nks_done_total 4\nnks_things{kind=\"b\"} 4\nnks_things{kind=\"c\"} 5"},
		"what nobody knows": {do: func(m *metrics.Metrics) error {
			return m.Take(gateway.Reading{Name: "nks_else"}, gateway.Reading{Name: "nks_done_total", Value: 1}, gateway.Reading{Name: "nks_things"},
				gateway.Reading{Name: "nks_done_total", Value: -1})
		}, want: "nks_done_total 1", err: "nks_else: no such instrument"},
		"steps": {do: func(m *metrics.Metrics) error {
			return errors.Join(m.Stepped("read", "", time.Second, false, nil), m.Stepped("read", "", time.Second, true, nil),
				m.Stepped("send", "BEC", 2*time.Second, false, errBroken))
		}, want: `nks_step_failures_total{bank="BEC",step="send"} 1
nks_step_seconds_sum{bank="",step="read"} 1
nks_step_seconds_count{bank="",step="read"} 1
nks_step_seconds_sum{bank="BEC",step="send"} 2
nks_step_seconds_count{bank="BEC",step="send"} 1`},
		"connections": {do: func(m *metrics.Metrics) error {
			return errors.Join(m.Known("BEC"), m.Known("SDC"), m.Connected("BEC", true))
		}, want: "nks_bank_connected{bank=\"BEC\"} 1\nnks_bank_connected{bank=\"SDC\"} 0\nnks_bank_connected_timestamp_seconds{bank=\"BEC\"} 1000"},
		"accounts": {do: func(m *metrics.Metrics) error {
			return errors.Join(m.Accounts(0, 0), m.Accounts(5, 1), m.Accounts(3, 0))
		}, want: "nks_register_accounts_total{by=\"image\"} 8\nnks_register_accounts_total{by=\"sql\"} 1"},
		"sample": {do: func(m *metrics.Metrics) error {
			return errors.Join(m.Ready(true), m.Failed(metrics.OfSample),
				m.Sampled([]gateway.Reading{{Name: "nks_things", Labels: []string{"a"}, Value: 1}}, time.Unix(77, 0)))
		}, want: "nks_business_time_timestamp_seconds 77\nnks_ready 1\nnks_sample_failures_total{of=\"sample\"} 1\nnks_sample_timestamp_seconds 1000\nnks_things{kind=\"a\"} 1"},
		"difference": {do: func(m *metrics.Metrics) error {
			return m.Compared(metrics.Difference{Payments: 1, Ore: 250, Violations: 3, Took: 4 * time.Second,
				States: map[string]metrics.Amount{"waiting": {Payments: 5, Ore: 600}}})
		}, want: `nks_difference_ore 250
nks_difference_payments 1
nks_difference_run_seconds 4
nks_difference_timestamp_seconds 1000
nks_invariant_violations 3
nks_ledger_ore{state="waiting"} 600
nks_ledger_payments{state="waiting"} 5`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := made(t)
			err := c.do(m)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if got := shows(t, m); got != c.want {
				t.Errorf("shows\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestMetrics_WholeSamples: a scrape never sees half of what belongs together.
func TestMetrics_WholeSamples(t *testing.T) {
	t.Parallel()
	m := made(t)
	sample := func(n int64) error {
		return m.Take(gateway.Reading{Name: "nks_things", Labels: []string{"a"}, Value: n}, gateway.Reading{Name: "nks_things", Labels: []string{"b"}, Value: -n})
	}
	if err := sample(1); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for n := range int64(200) {
			if err := sample(n); err != nil {
				t.Error(err)
			}
		}
	})
	for range 50 {
		families, err := m.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() != "nks_things" {
				continue
			}
			sum := 0.0
			for _, one := range f.GetMetric() {
				sum += one.GetGauge().GetValue()
			}
			if len(f.GetMetric()) != 2 || sum != 0 {
				t.Errorf("a scrape sees %v", f.GetMetric())
			}
		}
	}
	wait.Wait()
}

// TestNew refuses names that are used twice.
func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := metrics.New([]gateway.Instrument{{Name: "nks_ready", Help: "Again."}}, "", time.Now); err == nil {
		t.Error("two numbers of one name")
	}
}

// TestLines: what is no line any more has no number.
func TestLines(t *testing.T) {
	t.Parallel()
	m, err := metrics.New(nil, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	scrape := func(lines ...metrics.Line) string {
		t.Helper()
		if err := m.Lines(lines); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Body.String()
	}
	both := scrape(metrics.Line{Kind: "bank", Name: "BEC", Good: time.Minute}, metrics.Line{Kind: "door", Name: "mailbox", Up: true})
	for _, want := range []string{`nks_line_up{kind="bank",name="BEC"} 0`, `nks_line_up{kind="door",name="mailbox"} 1`, `nks_line_last_good_seconds{kind="bank",name="BEC"} 60`} {
		if !strings.Contains(both, want) {
			t.Errorf("no %s", want)
		}
	}
	if none := scrape(); strings.Contains(none, "nks_line_up{") {
		t.Error("a line that is none any more")
	}
}
