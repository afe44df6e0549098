package rasp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"sync"
)

// room is the bytes of all messages in hand, and whose they are. While a message comes nobody gets more than is then left for all others, so
// that who comes finds some, however long others keep theirs: one sender has half of it at most, two have a third each.
type room struct {
	size int64

	mu    sync.Mutex
	taken int64
	of    map[string]int64
	freed chan struct{} // closed when something is given back
}

func newRoom(size int64) *room {
	return &room{size: size, of: map[string]int64{}, freed: make(chan struct{})}
}

// take waits for room as long as ctx lasts; false: there was none.
func (r *room) take(ctx context.Context, whose string, n int64) bool {
	for {
		r.mu.Lock()
		if r.of[whose]+n <= r.size-r.taken-n {
			r.taken += n
			r.of[whose] += n
			r.mu.Unlock()
			return true
		}
		freed := r.freed
		r.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return false
		}
	}
}

func (r *room) give(whose string, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= n
	r.less(whose, n)
	close(r.freed)
	r.freed = make(chan struct{})
}

// pass makes what one holds another's; false: that one has half of all room then.
func (r *room) pass(from, to string, n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of[to]+n > r.size/2 {
		return false
	}
	r.less(from, n)
	r.of[to] += n
	return true
}

func (r *room) less(whose string, n int64) {
	if r.of[whose] -= n; r.of[whose] <= 0 {
		delete(r.of, whose)
	}
}

// holding is a message's room.
type holding struct {
	room  *room
	whose string
	bytes int64
}

func (h *holding) more(ctx context.Context, n int64) bool {
	if !h.room.take(ctx, h.whose, n) {
		return false
	}
	h.bytes += n
	return true
}

// becomes counts the room as a party's from now on: until its message was verified nobody knew that.
func (h *holding) becomes(party string) bool {
	whose := "party " + party
	if !h.room.pass(h.whose, whose, h.bytes) {
		return false
	}
	h.whose = whose
	return true
}

func (h *holding) release() { h.room.give(h.whose, h.bytes) }

// sender is who sends a request as far as that is known before its message: the certificate of its TLS, or where it comes from.
func sender(r *http.Request) string {
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		sum := sha256.Sum256(r.TLS.PeerCertificates[0].Raw)
		return "certificate " + hex.EncodeToString(sum[:])
	}
	return "address " + origin(r.RemoteAddr)
}

// origin is the address of host:port; of IPv6 the network of 64 bits, of which one machine may have every address.
func origin(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	address := at.Addr().Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	network, err := address.Prefix(64)
	if err != nil {
		return address.String()
	}
	return network.String()
}
