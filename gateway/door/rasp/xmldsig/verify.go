package xmldsig

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"time"
)

// Verifier verifies messages. It may be used by many at once.
type Verifier struct {
	Policy Policy
	Trust  *Trust
	Limits Limits
	Window time.Duration // how old a message may be; 0 = 5 minutes
	Skew   time.Duration // how far clocks may be apart; 0 = none, 10 minutes at most
	// ProfileOf is the profile that a certificate is bound to; nil: that of the Policy for all.
	ProfileOf func(Certificate) Profile
	// Recipient opens what is encrypted; nil: nothing that is encrypted is taken, and nobody may be bound to OIORASP.
	Recipient *Recipient
}

// Verify reads a message and checks that it is signed by somebody who is trusted, over all that it must be, now. What it
// is refused for is a *Refusal; any other error is of the Verifier itself, which lacks something. message must not be
// changed as long as the Message is in use.
func (v *Verifier) Verify(message []byte, now time.Time) (*Message, error) {
	if !v.speaks(v.Policy.profile) || v.Trust == nil {
		return nil, errIncomplete
	}
	t, err := parse(message, v.Limits)
	if err != nil {
		return nil, err
	}
	if v.Recipient != nil && t.encrypted() {
		return v.open(t, now)
	}
	return v.check(t, now, inClear)
}

var errIncomplete = errors.New("verify message: no policy of a known profile, or nobody to trust, or nobody to decrypt")

func (v *Verifier) speaks(p Profile) bool { return p == SHA256 || p == OIORASP && v.Recipient != nil }

// form is how the body of a document stands in the message that it is of.
type form uint8

const (
	inClear form = iota
	closed       // encrypted, and left out of the document: its digest is not compared
	opened       // encrypted, and decrypted in the document
)

// check verifies a document in which nothing is encrypted.
func (v *Verifier) check(t *tree, now time.Time, f form) (*Message, error) {
	e, err := openEnvelope(t, v.Policy)
	if err != nil {
		return nil, err
	}
	parts, err := e.signatureParts()
	if err != nil {
		return nil, err
	}
	leaf, err := e.signer(parts[2], v.Policy, v.Trust, now)
	if err != nil {
		return nil, err
	}
	m := &Message{NotUnderstood: e.notUnderstood, tree: t, headers: e.headers}
	if m.Signer, err = describe(leaf); err != nil {
		return nil, err
	}
	if m.Profile, err = v.profile(m.Signer, f); err != nil {
		return nil, err
	}
	s, err := e.readSignature(parts, suites[m.Profile])
	if err != nil {
		return nil, err
	}
	if err := s.method.fits(leaf); err != nil {
		return nil, err
	}
	replay := sha256.New()
	hashed := s.method.hash.New()
	if err := t.canonicalise(io.MultiWriter(hashed, replay), s.node, s.inclusive); err != nil {
		return nil, err
	}
	if !s.method.verify(leaf, hashed.Sum(nil), s.value) {
		return nil, refuse(SignatureWrong, "ds:SignatureValue")
	}
	replay.Sum(m.Replay[:0])
	if err := e.compareDigests(s.references, f); err != nil {
		return nil, err
	}
	if m.Timestamp, err = v.readTimestamp(e, now); err != nil {
		return nil, err
	}
	m.Body = e.readBody(s.references)
	return m, nil
}

// profile is the one that a signer is bound to, whatever the message looks like; then it must look like it.
func (v *Verifier) profile(signer Certificate, f form) (Profile, error) {
	p := v.Policy.profile
	if v.ProfileOf != nil {
		p = v.ProfileOf(signer)
	}
	switch {
	case !v.speaks(p):
		return 0, errIncomplete
	case p == SHA256 && f != inClear:
		return 0, refuse(Encrypted, "s:Body")
	case p == OIORASP && f == inClear:
		return 0, refuse(NotEncrypted, "s:Body")
	case p == OIORASP && !nameable(signer.Leaf): // as a reply must that is encrypted for it
		return 0, refuse(CertificateNoID, "")
	}
	return p, nil
}

// compareDigests hashes each part that is signed, and is there.
func (e *envelope) compareDigests(references []partReference, f form) error {
	for _, r := range references {
		if f == closed && r.target == e.body {
			continue
		}
		h := r.digest()
		if err := e.canonicalise(h, r.target, r.inclusive); err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(h.Sum(nil), r.value) != 1 {
			return refuse(DigestWrong, r.place)
		}
	}
	return nil
}

// readBody shows the body, which has been found to be empty or one element.
func (e *envelope) readBody(references []partReference) Body {
	inside, _ := e.children(e.body)
	if len(inside) == 0 {
		return Body{Empty: true}
	}
	b := Body{Name: e.nameOf(inside[0]), Element: Element{e.tree, inside[0]}}
	for _, r := range references {
		if r.target == e.body {
			b.prefixes = r.inclusive
		}
	}
	return b
}

// readTimestamp reads the time of a message and judges it (WSS SOAP Message Security §10).
func (v *Verifier) readTimestamp(e *envelope, now time.Time) (Timestamp, error) {
	inside, err := e.sequence(e.timestamp, TimestampContent, Name{Utility, "Created"}, Name{Utility, "Expires"})
	if err != nil {
		return Timestamp{}, err
	}
	var ts Timestamp
	for k, at := range []*time.Time{&ts.Created, &ts.Expires} {
		written, _ := e.text(inside[k])
		parsed, err := time.Parse("2006-01-02T15:04:05.999999999Z", written)
		if err != nil {
			return Timestamp{}, refuse(TimestampContent, e.nameOf(inside[k]).short())
		}
		*at = parsed
	}
	window, skew := v.Window, min(v.Skew, mostSkew)
	if window == 0 {
		window = defaultWindow
	}
	ts.Until = ts.Created.Add(window)
	if ts.Expires.Before(ts.Until) {
		ts.Until = ts.Expires
	}
	ts.Until = ts.Until.Add(skew)
	switch {
	case !ts.Created.Before(ts.Expires):
		return Timestamp{}, refuse(TimestampOrder, "u:Timestamp")
	case ts.Created.After(now.Add(skew)):
		return Timestamp{}, refuse(NotYetValid, "u:Timestamp")
	case !now.Before(ts.Until):
		return Timestamp{}, refuse(NoLongerValid, "u:Timestamp")
	}
	return ts, nil
}
