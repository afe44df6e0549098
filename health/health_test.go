package health_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nks/health"
)

var errBroken = errors.New("broken")

// monitor is one whose clocks are a bubble's; business time runs an hour ahead.
func monitor() *health.Monitor {
	m := health.New(time.Now, 10*time.Minute)
	m.Business(func() time.Time { return time.Now().Add(time.Hour) })
	return m
}

// alive ticks for a while.
func alive(m *health.Monitor, d time.Duration) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-t.C {
		m.Tick()
	}
}

func TestMonitor_Sick(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(m *health.Monitor)
		want string
	}{
		"just begun":         {func(*health.Monitor) {}, ""},
		"no tick":            {func(*health.Monitor) { <-time.After(31 * time.Second) }, "no sign of life for 31s"},
		"ticking":            {func(m *health.Monitor) { alive(m, time.Hour) }, ""},
		"business time back": {func(m *health.Monitor) { m.Tick(); m.Tick() }, "business time stands still or has gone back"},
		"step never began": {func(m *health.Monitor) {
			m.Expect("read")
			alive(m, 10*time.Minute+time.Second)
		}, "step read has not come round for 10m1s"},
		"step does not end": {func(m *health.Monitor) {
			m.Begin("send BEC")
			alive(m, 11*time.Minute)
		}, "step send BEC has not come round for 11m0s"},
		"one of two does not end": {func(m *health.Monitor) {
			m.Begin("read")
			alive(m, 6*time.Minute)
			m.Begin("read")()
			alive(m, 6*time.Minute)
		}, "step read has not come round for 12m0s"},
		"step ended, and did not come back": {func(m *health.Monitor) {
			m.Expect("read")
			m.Begin("read")()
			alive(m, 11*time.Minute)
		}, "step read has not come round for 11m0s"},
		"another process has the connection": {func(m *health.Monitor) {
			m.Begin("send BEC")()
			alive(m, time.Hour)
		}, ""},
		"step comes round": {func(m *health.Monitor) {
			m.Expect("read")
			for range 10 {
				ended := m.Begin("read")
				alive(m, 5*time.Minute)
				ended()
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := monitor()
				c.do(m)
				if got := strings.Join(m.Sick(), "; "); got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestMonitor_Unready(t *testing.T) {
	t.Parallel()
	open := func(m *health.Monitor) { m.Door("mailbox", nil); m.Database(nil) }
	for name, c := range map[string]struct {
		do   func(m *health.Monitor)
		want string
	}{
		"starting":        {func(m *health.Monitor) { m.Door("mailbox", nil) }, "starting: the database has not been asked yet"},
		"ready":           {open, ""},
		"database away":   {func(m *health.Monitor) { open(m); m.Database(errBroken) }, "database: broken"},
		"database back":   {func(m *health.Monitor) { open(m); m.Database(errBroken); m.Database(nil) }, ""},
		"nobody asks":     {func(m *health.Monitor) { open(m); <-time.After(21 * time.Second) }, "database: not asked for 21s"},
		"door closed":     {func(m *health.Monitor) { open(m); m.Door("mailbox", errBroken) }, "door mailbox: broken"},
		"check fails":     {func(m *health.Monitor) { open(m); m.Check("clock", "apart"); m.Check("a", "b") }, "a: b; clock: apart"},
		"check mended":    {func(m *health.Monitor) { open(m); m.Check("clock", "apart"); m.Check("clock", "") }, ""},
		"shutting down":   {func(m *health.Monitor) { open(m); m.Stopping() }, "shutting down"},
		"several reasons": {func(m *health.Monitor) { m.Stopping(); m.Door("b", errBroken); m.Door("a", errBroken); m.Database(nil) }, "shutting down; door a: broken; door b: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := monitor()
				c.do(m)
				if got := strings.Join(m.Unready(), "; "); got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

// TestHandler: what is answered to whom.
func TestHandler(t *testing.T) {
	t.Parallel()
	numbers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "numbers") })
	for name, c := range map[string]struct {
		method, path, accept, host, from string
		sick                             bool
		code                             int
		body                             string
	}{
		"alive":                     {path: "/healthz", code: 200, body: "ok\n"},
		"not alive":                 {path: "/healthz", sick: true, code: 503, body: "step read has not come round for 0s\n"},
		"not ready":                 {path: "/readyz", code: 503, body: "database: two lines\ndoor mailbox: broken\n"},
		"not ready, as JSON":        {path: "/readyz", accept: "application/json", code: 503, body: `{"status":"unavailable","reasons":["database: two\n lines","door mailbox: broken"]}` + "\n"},
		"alive, as JSON":            {path: "/healthz", accept: "application/json", code: 200, body: `{"status":"ok","reasons":[]}` + "\n"},
		"numbers":                   {path: "/metrics", code: 200, body: "numbers"},
		"nothing is changed here":   {method: "POST", path: "/healthz", code: 405, body: "Method Not Allowed\n"},
		"nothing else":              {path: "/", code: 404, body: "404 page not found\n"},
		"profile":                   {path: "/debug/pprof/cmdline", code: 200, body: "*"},
		"profile by name":           {path: "/debug/pprof/goroutine?debug=1", host: "localhost:9464", code: 200, body: "*"},
		"profile, IPv6":             {path: "/debug/pprof/cmdline", host: "[::1]:9464", from: "[::1]:5555", code: 200, body: "*"},
		"profile from elsewhere":    {path: "/debug/pprof/cmdline", from: "192.0.2.1:5555", code: 403, body: "profiles are for this machine\n"},
		"profile by another's name": {path: "/debug/pprof/cmdline", host: "rebound.example:9464", code: 403, body: "profiles are for this machine\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := health.New(time.Now, time.Hour)
			if c.sick {
				m = health.New(time.Now, -time.Nanosecond)
				m.Expect("read")
			}
			m.Database(fmt.Errorf("two\n lines"))
			m.Door("mailbox", errBroken)
			r := httptest.NewRequest(max(c.method, "GET"), c.path, nil)
			r.Host, r.RemoteAddr = "127.0.0.1:9464", "127.0.0.1:5555"
			if c.host != "" {
				r.Host = c.host
			}
			if c.from != "" {
				r.RemoteAddr = c.from
			}
			r.Header.Set("Accept", c.accept)
			w := httptest.NewRecorder()
			health.Handler(m, numbers, true).ServeHTTP(w, r)
			if w.Code != c.code || c.body != "*" && w.Body.String() != c.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body.String(), c.code, c.body)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("may be kept")
			}
		})
	}
}

// TestHandler_Lines: how lines and other things are is told beside readiness, and keeps no work away.
func TestHandler_Lines(t *testing.T) {
	t.Parallel()
	m := health.New(time.Now, time.Hour)
	m.Database(nil)
	since := time.Date(2005, 8, 11, 4, 30, 0, 0, time.UTC)
	three := int64(3)
	m.Lines([]health.Line{{Kind: "door", Name: "mailbox", Node: "n1", State: "up", Since: since, LastGood: since.Add(time.Hour)},
		{Kind: "bank", Name: "BEC", State: "down", Since: since, Late: true, Error: "two\n rows"},
		{Kind: "queue", Name: "LEVA", Node: "n1", State: "up", Since: since, Queues: []health.Queue{{Place: "in"},
			{Place: "to_put", Messages: new(int64)}, {Place: "out", Messages: &three, Oldest: &since}}}})
	m.Note("cluster", "2 of 3")
	h := health.Handler(m, http.NotFoundHandler(), false)
	for accept, want := range map[string]string{
		"": "ok\ncluster: 2 of 3\nline door mailbox at n1: up since 2005-08-11T04:30:00Z, last good 2005-08-11T05:30:00Z\n" +
			"line bank BEC: down since 2005-08-11T04:30:00Z, FOR TOO LONG: two rows\n" +
			"line queue LEVA at n1: up since 2005-08-11T04:30:00Z; waiting: in unknown, to_put 0, out 3 since 2005-08-11T04:30:00Z\n",
		"application/json": `{"status":"ok","reasons":[],"notes":{"cluster":"2 of 3"},"lines":[{"kind":"door","name":"mailbox","node":"n1","state":"up","since":"2005-08-11T04:30:00Z",` +
			`"last_good":"2005-08-11T05:30:00Z","late":false},{"kind":"bank","name":"BEC","state":"down","since":"2005-08-11T04:30:00Z","late":true,"error":"two\n rows"},{"kind":"queue","name":"LEVA","node":"n1","state":"up","since":"2005-08-11T04:30:00Z","late":false,"queues":[` +
			`{"place":"in","messages":null},{"place":"to_put","messages":0},{"place":"out","messages":3,"oldest":"2005-08-11T04:30:00Z"}]}]}` + "\n",
	} {
		r := httptest.NewRequest("GET", "/readyz", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%d %q, want %q", w.Code, w.Body.String(), want)
		}
	}
}

// TestHandler_NoProfiles where others reach the address.
func TestHandler_NoProfiles(t *testing.T) {
	t.Parallel()
	h := health.Handler(monitor(), http.NotFoundHandler(), false)
	for _, path := range []string{"", "cmdline", "profile", "heap", "trace", "symbol"} {
		r := httptest.NewRequest("GET", "/debug/pprof/"+path, nil)
		r.Host, r.RemoteAddr = "127.0.0.1:9464", "127.0.0.1:5555"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%q: %d", path, w.Code)
		}
	}
}

// TestServer answers until it is closed.
func TestServer(t *testing.T) {
	t.Parallel()
	s, err := health.Listen("127.0.0.1:0", health.Handler(monitor(), http.NotFoundHandler(), false))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	client := http.Client{Timeout: 10 * time.Second}
	r, err := client.Get("http://" + s.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("%d, %v", r.StatusCode, err)
	}
	client.CloseIdleConnections()
	if err := errors.Join(s.Close(), <-ended); err != nil {
		t.Error(err)
	}
	if _, err := health.Listen("127.0.0.1:nowhere", nil); err == nil {
		t.Error("listens nowhere")
	}
}

// TestRepeat: at least the pause, and no more than its share of the time.
func TestRepeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, at := time.Now(), []string{}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		lasts := []time.Duration{time.Second, 10 * time.Second, 0}
		health.Repeat(ctx, time.Minute, 2, func(context.Context) {
			at = append(at, time.Since(began).String())
			<-time.After(lasts[min(len(at)-1, 2)])
		})
		if got := strings.Join(at[:4], " "); got != "1m0s 2m1s 10m21s 11m21s" {
			t.Errorf("done at %s", got)
		}
	})
}
