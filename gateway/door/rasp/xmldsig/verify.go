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
}

// Verify reads a message and checks that it is signed by somebody who is trusted, over all that it must be, now. What it
// is refused for is a *Refusal; any other error is of the Verifier itself, which lacks something. message must not be
// changed as long as the Message is in use.
func (v *Verifier) Verify(message []byte, now time.Time) (*Message, error) {
	if v.Policy.profile != SHA256 || v.Trust == nil {
		return nil, errors.New("verify message: no policy of a known profile, or nobody to trust")
	}
	t, err := parse(message, v.Limits)
	if err != nil {
		return nil, err
	}
	e, err := openEnvelope(t, v.Policy)
	if err != nil {
		return nil, err
	}
	s, err := e.readSignature()
	if err != nil {
		return nil, err
	}
	leaf, err := e.signer(s.keyInfo, v.Policy, v.Trust, now)
	if err != nil {
		return nil, err
	}
	m := &Message{NotUnderstood: e.notUnderstood, tree: t, headers: e.headers}
	if m.Signer, err = describe(leaf); err != nil {
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
	if err := e.compareDigests(s.references); err != nil {
		return nil, err
	}
	if m.Timestamp, err = v.readTimestamp(e, now); err != nil {
		return nil, err
	}
	m.Body = e.readBody(s.references)
	return m, nil
}

// compareDigests hashes each part that is signed.
func (e *envelope) compareDigests(references []partReference) error {
	for _, r := range references {
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
