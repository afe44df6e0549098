package autack

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"strconv"
	"unicode/utf8"

	"nks/edifact"
)

// SignOptions are what an AUTACK says and how it signs. The zero value signs
// with PKCS #1 v1.5, in hexadecimal, as non-repudiation of origin of the whole
// structures.
type SignOptions struct {
	// Message is the header. No Type means AUTACK, version 4, release 1 of the UN,
	// no Ref 1. In syntax version 4 Function should be [FunctionAuthentication].
	Message  edifact.UNH
	Header   string // 0534; 1 when empty
	Service  string // 0501: 7, which an empty one means, or 8
	Scope    string // 0541: 3, which an empty one means, or 6, which only messages have
	Response string // 0503 of USB: 1, which an empty one means, or 2: an acknowledgement is expected
	Filter   Filter // empty means Hex
	Padding  Padding
	// Certificate (0536) and KeyName (0538) are what the receiver finds the key by.
	Certificate string
	KeyName     string
	// Sequence is the security sequence number (0520).
	Sequence string
	// Time of the signature; an empty qualifier means a security timestamp.
	Time Time
	// Sender and Recipient of the AUTACK (USB); empty ones are those of the first
	// interchange signed.
	Sender, Recipient edifact.Party
	Codes             Codes
	// MaxValue is how many characters the receiver takes in a value (0560): 1,024,
	// which 0 means, as ISO 9735 has it, or 512 and 256 in its older releases.
	MaxValue int
}

const maxValue = 1024

// maxReferences is how many structures an AUTACK can refer to.
const maxReferences = 9999

func (o SignOptions) withDefaults(first *Reference) SignOptions {
	set := func(to *string, usual string) {
		if *to == "" {
			*to = usual
		}
	}
	set(&o.Message.Ref, "1")
	if o.Message.Type == "" {
		o.Message.Type, o.Message.Version, o.Message.Release, o.Message.Agency = messageType, "4", "1", "UN"
	}
	set(&o.Header, "1")
	set(&o.Service, ServiceNonRepudiation)
	set(&o.Scope, ScopeWhole)
	set(&o.Response, "1")
	set((*string)(&o.Filter), string(Hex))
	if o.Time != (Time{}) {
		set(&o.Time.Qualifier, timestamp)
	}
	if o.Sender == (edifact.Party{}) {
		o.Sender = first.Sender
	}
	if o.Recipient == (edifact.Party{}) {
		o.Recipient = first.Recipient
	}
	if o.MaxValue <= 0 {
		o.MaxValue = maxValue
	}
	o.Codes = o.Codes.withDefaults()
	return o
}

// Sign makes an AUTACK that signs the structures whose digests are given, in
// their order. The key is an RSA key of at least [MinKeyBits]; a *rsa.PrivateKey
// is a crypto.Signer, and so is what a security module offers. Every signature
// made is verified before it is used.
//
// The error wraps ErrKey, ErrLimit, ErrAmbiguous or ErrUnsupported, or is that of
// the key.
func Sign(digests []Digest, key crypto.Signer, o SignOptions) (*Message, error) {
	if len(digests) == 0 {
		return nil, &Error{Text: "there is nothing to sign", Err: ErrNotFound}
	}
	if len(digests) > maxReferences {
		return nil, &Error{Text: "an AUTACK refers to no more than " + strconv.Itoa(maxReferences) + " structures", Err: ErrLimit}
	}
	o = o.withDefaults(&digests[0].Reference)
	public, err := o.check(key)
	if err != nil {
		return nil, err
	}
	m := o.message()
	seen := map[Reference]bool{}
	for i := range digests {
		ref := digests[i].Reference
		if seen[ref] {
			return nil, &Error{Reference: ref, Text: "it is to be signed twice", Err: ErrAmbiguous}
		}
		seen[ref] = true
		if o.Scope == ScopeMessage && ref.Level() != LevelMessage {
			return nil, &Error{Reference: ref, Text: "scope (0541) 6 is that of messages", Err: ErrUnsupported}
		}
		value, err := o.sign(key, public, digests[i].SHA256[:])
		if err != nil {
			return nil, err
		}
		m.Secured = append(m.Secured, Secured{
			Reference: ref,
			Results:   []Result{{Header: o.Header, Values: []Value{{onlyValue, value}}}},
		})
	}
	return m, nil
}

// check looks at what does not depend on the digests.
func (o *SignOptions) check(key crypto.Signer) (*rsa.PublicKey, error) {
	switch {
	case key == nil:
		return nil, &Error{Text: "there is no key", Err: ErrKey}
	case o.Service != ServiceNonRepudiation && o.Service != ServiceOrigin:
		return nil, unsupported(o.Header, "service (0501) other than 7 and 8")
	case o.Scope != ScopeWhole && o.Scope != ScopeMessage:
		return nil, unsupported(o.Header, "scope (0541) other than 3 and 6")
	case o.Padding != PKCS1v15 && o.Padding != PSS:
		return nil, unsupported(o.Header, "padding")
	}
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, &Error{Text: "the key is not an RSA key", Err: ErrKey}
	}
	if fault := unfit(public); fault != "" {
		return nil, &Error{Text: fault, Err: ErrKey}
	}
	return public, nil
}

// message is the AUTACK without its references.
func (o *SignOptions) message() *Message {
	padding := o.Codes.PKCS
	if o.Padding == PSS {
		padding = o.Codes.PSS
	}
	certificate := Certificate{
		Ref:        o.Certificate,
		Algorithms: []Algorithm{{Use: useSigning, Code: o.Codes.RSA, Padding: padding}},
	}
	if o.KeyName != "" || o.Certificate == "" { // a segment without data elements would be odd
		certificate.Parties = []Party{{Qualifier: certificateOwner, KeyName: o.KeyName}}
	}
	h := Header{
		Service: o.Service, Ref: o.Header, Scope: o.Scope, Filter: o.Filter, Sequence: o.Sequence, Time: o.Time,
		Algorithms:   []Algorithm{{Use: useHashing, Code: o.Codes.Hash}},
		Certificates: []Certificate{certificate},
	}
	t := Trailer{Header: o.Header}
	t.Segments = h.segments(&t)
	return &Message{
		UNH: o.Message, Headers: []Header{h}, Response: o.Response, Sender: o.Sender, Recipient: o.Recipient,
		Trailers: []Trailer{t},
	}
}

// sign returns the value for a digest.
func (o *SignOptions) sign(key crypto.Signer, public *rsa.PublicKey, digest []byte) (string, error) {
	var how crypto.SignerOpts = crypto.SHA256
	if o.Padding == PSS {
		how = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	signature, err := key.Sign(rand.Reader, digest, how)
	if err != nil {
		return "", err
	}
	if o.Padding.verify(public, digest, signature) != nil {
		return "", &Error{Text: "it makes signatures that its public key does not verify", Err: ErrKey}
	}
	value, err := o.Filter.encode(signature)
	if err != nil {
		return "", err
	}
	if n := utf8.RuneCountInString(value); n > o.MaxValue {
		return "", &Error{Text: "signature takes " + strconv.Itoa(n) + " characters, a value (0560) " + strconv.Itoa(o.MaxValue), Err: ErrLimit}
	}
	return value, nil
}

// verify holds a signature against a digest.
func (p Padding) verify(key *rsa.PublicKey, digest, signature []byte) error {
	if p == PSS {
		return rsa.VerifyPSS(key, crypto.SHA256, digest, signature, nil)
	}
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, signature)
}
