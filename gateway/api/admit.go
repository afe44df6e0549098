package api

import (
	"context"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// admitted lets in who is named by its certificate, as often as it may come.
type admitted struct {
	Config
	rate *rate
	next http.Handler
}

type clientKey struct{}

// clientOf is the name of who calls.
func clientOf(ctx context.Context) string {
	name, _ := ctx.Value(clientKey{}).(string)
	return name
}

// ServeHTTP implements http.Handler.
func (a admitted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := ""
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		name = a.Clients[sha256.Sum256(r.TLS.PeerCertificates[0].Raw)]
	}
	if name == "" {
		a.Log.Warn().Str("remote", r.RemoteAddr).Msg("interface: a certificate that is nobody's")
		http.Error(w, "the certificate is not one of those that may call", http.StatusForbidden)
		return
	}
	if !a.rate.allows(name) {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many requests: wait a minute", http.StatusTooManyRequests)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), clientKey{}, name), a.Limits.Request)
	defer cancel()
	r.Body = http.MaxBytesReader(w, r.Body, mostBody+1)
	w.Header().Set("Cache-Control", "no-store")
	a.next.ServeHTTP(w, r.WithContext(ctx))
}

// rate counts what comes in a minute, by name. It holds no more names than requests of one minute. Safe for concurrent use.
type rate struct {
	most int
	now  func() time.Time

	mu    sync.Mutex
	begun time.Time
	count map[string]int
}

func newRate(most int, now func() time.Time) *rate {
	return &rate{most: most, now: now, count: map[string]int{}}
}

// allows counts one more, and reports whether it may come.
func (r *rate) allows(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); now.Sub(r.begun).Abs() >= time.Minute {
		r.begun = now
		clear(r.count)
	}
	if r.count[name] >= r.most {
		return false
	}
	r.count[name]++
	return true
}
