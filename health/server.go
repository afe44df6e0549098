package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"
	"time"
)

// longestProfile bounds how long a profile or trace may be taken.
const longestProfile = 2 * time.Minute

// Handler answers /healthz and /readyz from memory, /metrics by metrics, and with profiling /debug/pprof/.
func Handler(m *Monitor, metrics http.Handler, profiling bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { tell(w, r, m.Sick(), nil, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { tell(w, r, m.Unready(), m.allNotes(), m.allLines()) })
	if profiling {
		mux.Handle("GET /debug/pprof/", local(http.HandlerFunc(pprof.Index)))
		mux.Handle("GET /debug/pprof/cmdline", local(http.HandlerFunc(pprof.Cmdline)))
		mux.Handle("GET /debug/pprof/profile", local(http.HandlerFunc(pprof.Profile)))
		mux.Handle("GET /debug/pprof/symbol", local(http.HandlerFunc(pprof.Symbol)))
		mux.Handle("GET /debug/pprof/trace", local(http.HandlerFunc(pprof.Trace)))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

// tell answers 200, or 503 with a row for each reason, and then one for each note and for each line to a bank or door; as JSON where that is asked for.
func tell(w http.ResponseWriter, r *http.Request, why []string, notes map[string]string, lines []Line) {
	status, word := http.StatusOK, "ok"
	if len(why) > 0 {
		status, word = http.StatusServiceUnavailable, "unavailable"
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(struct {
			Status  string            `json:"status"`
			Reasons []string          `json:"reasons"`
			Notes   map[string]string `json:"notes,omitempty"`
			Lines   []Line            `json:"lines,omitempty"`
		}{word, append([]string{}, why...), notes, lines})
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if len(why) == 0 {
		why = []string{word}
	}
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		why = append(why, name+": "+notes[name])
	}
	for _, l := range lines {
		why = append(why, l.String())
	}
	for _, line := range why {
		_, _ = io.WriteString(w, strings.Join(strings.Fields(line), " ")+"\n")
	}
}

// local refuses whoever does not come from this machine, or was sent by a page that gave our address a name of its own.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.Trim(host, "[]")
		from, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil || !net.ParseIP(from).IsLoopback() || host != "localhost" && !net.ParseIP(host).IsLoopback() {
			http.Error(w, "profiles are for this machine", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Server serves a Handler at an address of its own.
type Server struct {
	http     *http.Server
	listener net.Listener
}

// Listen opens the address.
func Listen(addr string, handler http.Handler) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("health: %w", err)
	}
	return &Server{listener: l, http: &http.Server{Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: longestProfile,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}}, nil
}

// Addr is the address that is listened at.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until Close; then it gives nil.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("health: %w", err)
	}
	return nil
}

// Close ends the server; a request in hand may go on for a second.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}
