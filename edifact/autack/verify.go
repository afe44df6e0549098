package autack

import (
	"bytes"
	"crypto/rsa"
	"slices"
	"strconv"
)

// VerifyOptions are what [Verify] asks for.
type VerifyOptions struct {
	Keys Keys
	// Wanted are structures that must be signed: by themselves, or as part of a
	// structure that is. They must be among the digests.
	Wanted []Reference
	// AllMessages wants every message that was read and is no AUTACK: one that
	// somebody added to the signed ones is then found. It needs the digests of
	// [LevelMessage].
	AllMessages bool
	Codes       Codes
}

// Covered is a structure whose signature was right.
type Covered struct {
	Digest          // what was signed: references, byte range, digest
	Header   string // 0534 of the security header
	Service  string // 0501: 7 non-repudiation of origin, 8 authentication of origin
	KeyName  string // under which the key was found
	SignedAt Time   // what USH says; it is not signed
}

// Verify holds an AUTACK against the digests of what was read, and returns what
// its signatures cover, in the order of the message. There is no error only when
// every structure that the AUTACK refers to was read, every USY was verified and
// is right, every structure has a signature and not a mere digest, and what is
// wanted is covered. Otherwise nothing is returned but the first fault, which
// wraps a sentinel of this package.
//
// What the message does not refer to is not signed, and without Wanted or
// AllMessages that is no error: who needs more than what is returned must ask for
// it. No message at all, nil, is ErrNotSigned.
//
// Certificates in the message are not looked at: keys come from the options
// alone. Neither are times.
func Verify(m *Message, digests *Digests, o VerifyOptions) ([]Covered, error) {
	o.Codes = o.Codes.withDefaults()
	if m == nil {
		return nil, &Error{Text: "there is no AUTACK", Err: ErrNotSigned}
	}
	if len(m.Secured) == 0 {
		return nil, &Error{Text: "the AUTACK refers to nothing", Err: ErrNotSigned}
	}
	if err := m.checkLinks(); err != nil {
		return nil, err
	}
	schemes := map[string]*scheme{}
	for i := range m.Headers {
		s, err := o.scheme(&m.Headers[i])
		if err != nil {
			return nil, err
		}
		schemes[m.Headers[i].Ref] = s
	}
	var covered []Covered
	seen := map[Reference]bool{}
	for i := range m.Secured {
		x := &m.Secured[i]
		d, err := digests.Find(x.Reference)
		if err != nil {
			return nil, err
		}
		if seen[d.Reference] {
			return nil, &Error{Reference: x.Reference, Text: "the AUTACK refers to it twice", Err: ErrAmbiguous}
		}
		seen[d.Reference] = true
		list, err := x.verify(&d, schemes)
		if err != nil {
			return nil, err
		}
		covered = append(covered, list...)
	}
	for _, s := range schemes {
		if !s.used {
			return nil, malformed(s.header.Ref, "no USY belongs to it")
		}
	}
	if o.AllMessages {
		var err error
		if o.Wanted, err = digests.messages(o.Wanted); err != nil {
			return nil, err
		}
	}
	for _, want := range o.Wanted {
		if err := checkWanted(want, digests, covered); err != nil {
			return nil, err
		}
	}
	return covered, nil
}

// checkLinks checks that headers and trailers belong together and are counted.
func (m *Message) checkLinks() error {
	trailers := map[string]*Trailer{}
	for i := range m.Trailers {
		t := &m.Trailers[i]
		if trailers[t.Header] != nil {
			return malformed(t.Header, "it has two trailers")
		}
		trailers[t.Header] = t
	}
	headers := map[string]bool{}
	for i := range m.Headers {
		h := &m.Headers[i]
		t := trailers[h.Ref]
		switch {
		case headers[h.Ref]:
			return malformed(h.Ref, "there are two with this reference")
		case t == nil:
			return malformed(h.Ref, "it has no trailer")
		case t.Segments != h.segments(t):
			return malformed(h.Ref, "trailer counts "+strconv.Itoa(t.Segments)+" security segments (0588), there are "+strconv.Itoa(h.segments(t)))
		case len(t.Signature) > 0:
			return unsupported(h.Ref, "signature of the AUTACK itself (USR)")
		}
		headers[h.Ref] = true
	}
	for ref := range trailers {
		if !headers[ref] {
			return malformed(ref, "there is a trailer without a header")
		}
	}
	return nil
}

// scheme is what a header says about its signatures.
type scheme struct {
	header  *Header
	signed  bool // its values are signatures, else digests
	padding Padding
	key     *rsa.PublicKey
	name    string
	used    bool
}

// scheme reads a header. What it does not know is an error.
func (o *VerifyOptions) scheme(h *Header) (*scheme, error) {
	s := &scheme{header: h}
	switch h.Service {
	case ServiceNonRepudiation, ServiceOrigin:
		s.signed = true
	case ServiceIntegrity:
	default:
		return nil, unsupported(h.Ref, "security service (0501) "+strconv.Quote(h.Service))
	}
	switch {
	case h.Scope != ScopeWhole && h.Scope != ScopeMessage:
		return nil, unsupported(h.Ref, "scope (0541) "+strconv.Quote(h.Scope))
	case h.Filter != Hex && h.Filter != Base64:
		return nil, unsupported(h.Ref, "filter (0505) "+strconv.Quote(string(h.Filter)))
	}
	hash, n := algorithm(h.Algorithms, useHashing)
	if n != 1 || !hash.Code.is(o.Codes.Hash) {
		return nil, unsupported(h.Ref, "hash algorithm other than SHA-256, or none, or several")
	}
	if !s.signed {
		return s, nil
	}
	if err := o.signing(s); err != nil {
		return nil, err
	}
	return s, o.find(s)
}

// signing reads the signature algorithm: one, in the certificate group or beside
// the hash.
func (o *VerifyOptions) signing(s *scheme) error {
	h := s.header
	a, n := algorithm(h.Algorithms, useSigning, useEitherSign)
	for i := range h.Certificates {
		b, k := algorithm(h.Certificates[i].Algorithms, useSigning, useEitherSign)
		if n += k; k > 0 {
			a = b
		}
	}
	if n != 1 || !a.Code.is(o.Codes.RSA) {
		return unsupported(h.Ref, "signature algorithm other than RSA, or none, or several")
	}
	switch {
	case a.Padding == (Code{}), a.Padding.is(o.Codes.PKCS), a.Padding.is(olderPKCS):
		s.padding = PKCS1v15
	case a.Padding.is(o.Codes.PSS):
		s.padding = PSS
	default:
		return unsupported(h.Ref, "padding (0591) "+strconv.Quote(a.Padding.Value)+" of list (0601) "+strconv.Quote(a.Padding.List))
	}
	return nil
}

// algorithm returns the last algorithm with one of the uses, and how many have.
func algorithm(list []Algorithm, uses ...string) (a Algorithm, n int) {
	for i := range list {
		for _, use := range uses {
			if list[i].Use == use {
				a, n = list[i], n+1
			}
		}
	}
	return a, n
}

// find looks for the key by the names that the header gives: of the key, of the
// certificate, of the sender's key.
func (o *VerifyOptions) find(s *scheme) error {
	if o.Keys == nil {
		return &Error{Header: s.header.Ref, Text: "no keys are given", Err: ErrUnknownKey}
	}
	names := s.header.keyNames()
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		key := o.Keys(name)
		if key == nil {
			continue
		}
		if fault := unfit(key); fault != "" {
			return &Error{Header: s.header.Ref, Text: fault, Err: ErrKey}
		}
		s.key, s.name = key, name
		return nil
	}
	return &Error{Header: s.header.Ref, Text: "of " + strconv.Itoa(len(names)) + " names, the first " + strconv.Quote(names[0]), Err: ErrUnknownKey}
}

func (h *Header) keyNames() []string {
	var names []string
	add := func(name string) {
		if name != "" {
			names = append(names, name)
		}
	}
	for i := range h.Certificates {
		for _, p := range h.Certificates[i].Parties {
			add(p.KeyName)
		}
		add(h.Certificates[i].Ref)
	}
	for _, p := range h.Parties {
		if p.Qualifier == messageSender {
			add(p.KeyName)
		}
	}
	return names
}

// verify holds the USYs of a structure against its digest.
func (x *Secured) verify(d *Digest, schemes map[string]*scheme) ([]Covered, error) {
	var covered []Covered
	seen := map[string]bool{}
	for i := range x.Results {
		y := &x.Results[i]
		fault := func(err error, text string) error {
			return &Error{Reference: x.Reference, Header: y.Header, Text: text, Err: err}
		}
		s := schemes[y.Header]
		switch {
		case y.Error != "":
			return nil, fault(ErrRejected, "security error (0571) "+strconv.Quote(y.Error))
		case s == nil:
			return nil, fault(ErrMalformed, "USY belongs to no header")
		case seen[y.Header]:
			return nil, fault(ErrMalformed, "there are two USY for it")
		case len(y.Values) != 1 || y.Values[0].Qualifier != onlyValue:
			return nil, fault(ErrMalformed, "USY has not one validation value (0563 is 1)")
		case s.header.Scope == ScopeMessage && d.Reference.Level() != LevelMessage:
			return nil, fault(ErrUnsupported, "scope (0541) 6 of a structure that is no message")
		}
		seen[y.Header], s.used = true, true
		value, err := s.header.Filter.decode(y.Values[0].Value)
		if err != nil {
			return nil, fault(ErrMalformed, "validation value (0560) is not of its filter")
		}
		switch {
		case !s.signed && !bytes.Equal(value, d.SHA256[:]):
			return nil, fault(ErrBadSignature, "digest is another")
		case !s.signed:
			continue
		case s.padding.verify(s.key, d.SHA256[:], value) != nil:
			return nil, fault(ErrBadSignature, "")
		}
		covered = append(covered, Covered{Digest: *d, Header: y.Header, Service: s.header.Service, KeyName: s.name, SignedAt: s.header.Time})
	}
	if len(covered) == 0 {
		return nil, &Error{Reference: x.Reference, Text: "the AUTACK has no signature of it", Err: ErrNotSigned}
	}
	return covered, nil
}

// messages adds all messages but AUTACK to those wanted.
func (d *Digests) messages(wanted []Reference) ([]Reference, error) {
	if d.lost&LevelMessage != 0 {
		return nil, &Error{Text: "more messages were read than are kept", Err: ErrLimit}
	}
	wanted = slices.Clone(wanted)
	hashed := false
	for i := range d.list {
		r := &d.list[i].Reference
		if r.Level() != LevelMessage {
			continue
		}
		if hashed = true; r.Message.Type != "AUTACK" {
			wanted = append(wanted, *r)
		}
	}
	if !hashed {
		return nil, &Error{Text: "no message was hashed", Err: ErrNotFound}
	}
	return wanted, nil
}

// checkWanted finds a wanted structure among those covered, or inside of one.
func checkWanted(want Reference, digests *Digests, covered []Covered) error {
	d, err := digests.Find(want)
	if err != nil {
		return err
	}
	for i := range covered {
		if c := &covered[i].Digest; c.input == d.input && c.From <= d.From && d.To <= c.To {
			return nil
		}
	}
	return &Error{Reference: want, Err: ErrNotSigned}
}
