package amqp_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nks/mq"
	"nks/mq/amqp"
)

// mostWords is how long an error may be, whatever has come.
const mostWords = 400

// TestManagement: what the plugin says is told by queue, what it has not counted is left out, and what it does not say is no depth.
func TestManagement(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broker string
		status int
		says   string
		want   map[string]int64
		err    error
	}{
		"depths":             {"amqp://localhost", 200, `[{"name":"in","messages":3},{"name":"out","messages":0},{"name":"new"}]`, map[string]int64{"in": 3, "out": 0}, nil},
		"a virtual host":     {"amqp://localhost/a b", 200, `[]`, map[string]int64{}, nil},
		"a login it has not": {"amqp://localhost", 401, `{"error":"not_authorised"}`, nil, mq.ErrAuth},
		"no right to ask":    {"amqp://localhost", 403, ``, nil, mq.ErrAuth},
		"another server":     {"amqp://localhost", 404, ``, nil, mq.ErrUnsupported},
		"sent elsewhere":     {"amqp://localhost", 302, ``, nil, mq.ErrUnsupported},
		"no such words":      {"amqp://localhost", 200, `<html>`, nil, mq.ErrUnsupported},
		"cut off":            {"amqp://localhost", 200, `[{"name":"in","messages":3}`, nil, mq.ErrUnsupported},
		"less than nothing":  {"amqp://localhost", 200, `[{"name":"in","messages":-1},{"name":"out","messages":2}]`, map[string]int64{"out": 2}, nil},
		"no list":            {"amqp://localhost", 200, `null`, nil, mq.ErrUnsupported},
		"no number":          {"amqp://localhost", 200, `[{"name":"in","messages":` + strings.Repeat("9", 10_000) + `}]`, nil, mq.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				path := map[bool]string{true: "/api/queues/a%20b", false: "/api/queues/%2F"}[strings.HasSuffix(c.broker, "a b")]
				if user != "nks" || password != "ours" || r.URL.EscapedPath() != path {
					t.Errorf("asked by %q %q at %s", user, password, r.URL.EscapedPath())
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.says))
			}))
			defer server.Close()
			m, err := amqp.NewManagement(server.URL, c.broker, "nks", "ours", nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Depths(t.Context())
			if err != nil && len(err.Error()) > mostWords {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if !errors.Is(err, c.err) || (c.err == nil) != (err == nil) || !maps.Equal(got, c.want) {
				t.Errorf("%v, %v; want %v, %v", got, err, c.want, c.err)
			}
			server.Close()
			if _, err := m.Depths(t.Context()); !errors.Is(err, mq.ErrTemporary) || strings.Contains(err.Error(), "ours") {
				t.Errorf("nobody there: %v", err)
			}
		})
	}
}

// TestManagement_Hostile: what answers as no server does costs neither time nor memory, and is not repeated in the log.
func TestManagement_Hostile(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 30_000)
	for name, c := range map[string]struct {
		says string
		err  error
		wait time.Duration
	}{
		"a long status":        {"HTTP/1.1 500 " + long + "\r\nContent-Length: 0\r\n\r\n", mq.ErrUnsupported, time.Minute},
		"a long refusal":       {"HTTP/1.1 401 " + long + "\r\nContent-Length: 0\r\n\r\n", mq.ErrAuth, time.Minute},
		"no HTTP":              {long + "\r\n\r\n", mq.ErrTemporary, time.Minute},
		"a place that is none": {"HTTP/1.1 302 Found\r\nLocation: http://%zz" + long + "\r\nContent-Length: 0\r\n\r\n", mq.ErrTemporary, time.Minute},
		"headers for ever":     {"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+long+"\r\n", 10), mq.ErrTemporary, time.Minute},
		"a body that stops":    {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[", mq.ErrTemporary, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					_, err = conn.Write([]byte(c.says))
				}
				if err != nil && name != "headers for ever" {
					t.Error(err)
				}
				t.Cleanup(func() { _ = conn.Close() })
			}))
			defer server.Close()
			m, err := amqp.NewManagement(server.URL, "amqp://localhost", "nks", "ours", nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), c.wait)
			defer cancel()
			if _, err := m.Depths(ctx); !errors.Is(err, c.err) || len(err.Error()) > mostWords {
				t.Errorf("%.500v", err)
			}
		})
	}
}
