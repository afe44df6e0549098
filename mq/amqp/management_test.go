package amqp_test

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nks/mq"
	"nks/mq/amqp"
)

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
