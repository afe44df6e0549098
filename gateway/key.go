package gateway

import (
	"strings"
	"time"
)

// KeyKind is what a key or certificate is for. Others than these may come with what uses them.
type KeyKind string

// The kinds of keys.
const (
	KeyMailboxHost KeyKind = "mailbox host key"
	KeyOfOurs      KeyKind = "our key for a bank"
	KeyBankHost    KeyKind = "bank host key"
	KeySupplier    KeyKind = "supplier key"
	KeyPerson      KeyKind = "person key"
	KeyAudit       KeyKind = "audit key"
	KeyRetention   KeyKind = "retention key"
)

// Key is a key, certificate or list of revoked ones that the gateway uses; nothing of it is secret.
type Key struct {
	Kind        KeyKind   `json:"kind"`
	Name        string    `json:"name"` // whose it is: a bank, supplier, person; or its file's
	Fingerprint string    `json:"fingerprint,omitempty"`
	NotAfter    time.Time `json:"not_after,omitzero"` // zero: it does not expire, as far as is known
	UsedBy      string    `json:"used_by"`
	Environment string    `json:"environment"`
	Node        string    `json:"node,omitempty"`  // whose file it is; "": all nodes'
	Wrong       string    `json:"wrong,omitempty"` // why nothing more is known of it
}

// Subject is the key as an exception names it.
func (k Key) Subject() string {
	subject := string(k.Kind) + " " + k.Name + " " + k.Fingerprint
	if k.Node != "" {
		subject += atNode + k.Node
	}
	return subject
}

// atNode stands before the node in a subject; no other part of one has it.
const atNode = " at node "

// NamesNode reports whether a subject is of a key in a node's file.
func NamesNode(subject string) bool { return strings.Contains(subject, atNode) }

// Owns reports whether a subject is of a key in the same node's files.
func (k Key) Owns(subject string) bool { return strings.HasSuffix(subject, atNode+k.Node) }

// Days is how many days a key that expires is still good for; below 0: it has expired.
func (k Key) Days(now time.Time) int {
	left := k.NotAfter.Sub(now)
	if left < 0 {
		return -1
	}
	return int(left / (24 * time.Hour))
}

// Expires is how soon somebody must see to a key since it expires; 0: not yet.
func (k Key) Expires(now time.Time) Severity {
	if k.NotAfter.IsZero() {
		return 0
	}
	switch days := k.Days(now); {
	case days < 7:
		return Urgent
	case days < 30:
		return Warning
	case days < 60:
		return Notice
	}
	return 0
}
