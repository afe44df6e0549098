package console

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// errBadForm is a form that a browser of ours would not send.
var errBadForm = errors.New("form cannot be read")

const (
	mostForm = 4 << 10 // bytes of a form without a file
	pageTime = 10 * time.Second
)

// guard keeps other sites and other names away from pages that have no login, and tells the browser to do the same.
func guard(next http.Handler) http.Handler {
	same := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		// A name of somebody else's that leads to this machine would make a stranger's script one of ours.
		if !loopbackName(r.Host) {
			http.Error(w, "this page is served as 127.0.0.1, [::1] or localhost only", http.StatusMisdirectedRequest)
			return
		}
		same.ServeHTTP(w, r)
	})
}

// loopbackName reports whether a Host header names this machine by a name that nobody else can give it.
func loopbackName(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	switch strings.ToLower(strings.Trim(name, "[]")) {
	case "127.0.0.1", "localhost", "::1":
		return true
	}
	return false
}

// cached lets a browser keep what belongs to the program.
func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=300")
		next.ServeHTTP(w, r)
	})
}

// NewServer gives a handler the limits that a server needs towards strangers.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ReadTimeout: pageTime, WriteTimeout: 3 * pageTime}
}
