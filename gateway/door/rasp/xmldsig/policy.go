package xmldsig

import "time"

// Profile is a set of algorithms.
type Profile uint8

const (
	// SHA256 is SHA-256 and better, RSA of 2048 bits and more or ECDSA, without encryption.
	SHA256 Profile = 1
	// OIORASP is what the unmodified library of OIORASP speaks, and that alone: rsa-sha1 with digests by SHA-1, the body signed
	// and then encrypted by AES-256-CBC, its key by RSA-OAEP with SHA-1. It is weak: see Recipient.
	OIORASP Profile = 2
)

// Policy says what must be signed, how, and how the signer's certificate is told. Made by RequestPolicy and ReplyPolicy.
type Policy struct {
	profile Profile
	headers []Name // that must be there; whatever else there is in the namespaces of signedSpaces must be signed, too
	known   bool   // a key identifier, or issuer and number, may name a certificate that is known beforehand
}

// RequestPolicy is for what somebody sends unasked: the signer's certificate comes with it; Action, To and MessageID
// must be there.
func RequestPolicy(p Profile) Policy {
	return Policy{profile: p, headers: []Name{{Addressing, "Action"}, {Addressing, "To"}, {Addressing, "MessageID"}}}
}

// ReplyPolicy is for an answer: the certificate comes with it, or is named by its key identifier, or by issuer and number, and known (Trust.Known);
// Action, To and RelatesTo must be there.
func ReplyPolicy(p Profile) Policy {
	return Policy{profile: p, known: true, headers: []Name{{Addressing, "Action"}, {Addressing, "To"}, {Addressing, "RelatesTo"}}}
}

// signedSpaces are the namespaces whose headers must be signed whenever they are there: those that something is decided by.
func signedSpace(space string) bool { return space == Addressing || space == Reliable || space == OIO }

// Limits bound what a message may cost. A zero field is the default.
type Limits struct {
	Bytes      int // 64 MiB, which is also the most
	Depth      int // 64 elements
	Attributes int // 64 of an element, with its declarations of namespaces
	Nodes      int // 5,000,000 elements and runs of text, and as many attributes
	IDs        int // 200,000 identifiers
}

func (l Limits) orDefault() Limits {
	const most = 64 << 20 // offsets are of 32 bits, and one []byte holds it all
	if l.Bytes <= 0 || l.Bytes > most {
		l.Bytes = most
	}
	l.Depth = orElse(l.Depth, 64)
	l.Attributes = min(orElse(l.Attributes, 64), 255)
	l.Nodes = orElse(l.Nodes, 5_000_000)
	l.IDs = orElse(l.IDs, 200_000)
	return l
}

func orElse(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

const (
	defaultWindow  = 5 * time.Minute
	mostSkew       = 10 * time.Minute
	mostParts      = 64   // References of a signature
	mostEncryption = 16   // elements of encryption whose ends are kept: more is refused
	mostListed     = 32   // prefixes of a PrefixList
	mostPrefixes   = 4096 // of a document
)
