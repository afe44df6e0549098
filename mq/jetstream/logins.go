package jetstream

import (
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// logins tells the server who a client is. The server asks at every
// connection, so that suppliers may come, and change their secret, while it
// runs; a connection that stands is left alone.
type logins struct {
	gatewayPassword string
	// among is the account in which members of a cluster ask each other; nil: there is none.
	among *server.Account

	mu       sync.RWMutex
	accounts map[string]member
	known    map[string]bool // of a member of a cluster
}

// member is a supplier with its account in the server.
type member struct {
	Supplier
	account *server.Account
	// open is whether the queues are there. The gateway, which makes them, logs in before; the supplier does not.
	open bool
}

func newLogins(gatewayPassword string) *logins {
	return &logins{gatewayPassword: gatewayPassword, accounts: make(map[string]member), known: make(map[string]bool)}
}

func (l *logins) put(m member) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accounts[m.Name] = m
}

// open lets a supplier in whose queues are there.
func (l *logins) open(supplier string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.accounts[supplier]
	m.open = true
	l.accounts[supplier] = m
}

func (l *logins) get(supplier string) (member, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	m, ok := l.accounts[supplier]
	return m, ok
}

// know notes suppliers of whose queues a member of a cluster keeps copies.
func (l *logins) know(suppliers ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range suppliers {
		l.known[s] = true
	}
}

func (l *logins) allKnown() []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Collect(maps.Keys(l.known))
}

// withKey finds the supplier of a user NKey.
func (l *logins) withKey(key string) (member, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, m := range l.accounts {
		if m.Key != "" && m.Key == key {
			return m, true
		}
	}
	return member{}, false
}

// Check implements server.Authentication.
func (l *logins) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if c.RemoteAddress().Network() != throughGate {
		return false // a member listens beside its gate, for its server wants to
	}
	if o.Username == gatewayUser && l.among != nil && samePassword(l.gatewayPassword, o.Password) {
		c.RegisterUser(&server.User{Username: o.Username, Account: l.among})
		return true
	}
	if o.Nkey != "" {
		m, ok := l.withKey(o.Nkey)
		if !ok || !m.open || !signed(o.Nkey, o.Sig, c.GetNonce()) {
			return false
		}
		c.RegisterUser(&server.User{Account: m.account, Permissions: rights(m.Name)})
		return true
	}
	if supplier, ours := strings.CutPrefix(o.Username, gatewayUser); ours {
		m, ok := l.get(supplier)
		if !ok || !samePassword(l.gatewayPassword, o.Password) {
			return false
		}
		c.RegisterUser(&server.User{Username: o.Username, Account: m.account})
		return true
	}
	m, ok := l.get(o.Username)
	if !ok || !m.open || !samePassword(m.Password, o.Password) {
		return false
	}
	c.RegisterUser(&server.User{Username: o.Username, Account: m.account, Permissions: rights(m.Name)})
	return true
}

// throughGate is the network of connections that are made inside the program.
const throughGate = "pipe"

// signed reports whether the owner of key signed the nonce that the server
// gave this connection.
func signed(key, signature string, nonce []byte) bool {
	if len(nonce) == 0 {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		// Allow fallback to normal base64, as the server itself does.
		if sig, err = base64.StdEncoding.DecodeString(signature); err != nil {
			return false
		}
	}
	public, err := nkeys.FromPublicKey(key)
	return err == nil && public.Verify(nonce, sig) == nil
}

// samePassword compares with a password or its bcrypt hash; an empty one lets
// nobody in.
func samePassword(known, given string) bool {
	if known == "" {
		return false
	}
	if _, err := bcrypt.Cost([]byte(known)); err == nil {
		return bcrypt.CompareHashAndPassword([]byte(known), []byte(given)) == nil
	}
	return subtle.ConstantTimeCompare([]byte(known), []byte(given)) == 1
}
