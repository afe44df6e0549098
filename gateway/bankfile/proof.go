package bankfile

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"time"

	"nks/edifact"
	"nks/edifact/autack"
	"nks/gateway"
)

// mostKeys bounds the keys by which a bank may prove itself: two during a roll-over.
const mostKeys = 10

// validateKeys tells what is wrong with the bank's keys.
func validateKeys(keys map[string]*rsa.PublicKey) error {
	if len(keys) > mostKeys {
		return fmt.Errorf("bank profile: %d keys verify, more than %d", len(keys), mostKeys)
	}
	for name, key := range keys {
		if name == "" || len([]rune(name)) > maxReference || key == nil {
			return fmt.Errorf("bank profile: key %q that verifies has no key, or a name that has not 1 to %d characters", name, maxReference)
		}
	}
	return nil
}

// proof gathers what proves who wrote a file, whatever else is wrong with it.
type proof struct {
	keys    map[string]*rsa.PublicKey
	trust   *Trust
	came    time.Time
	hash    *autack.Hasher
	parser  *autack.Parser // of the AUTACK that is being read
	signed  *autack.Message
	wrong   error // with the AUTACK: the first
	signing int   // AUTACK that have begun
	others  int   // messages that have begun and are none
}

// segment takes a segment that v has returned.
func (p *proof) segment(v *edifact.Validator, s *edifact.Segment) {
	if s.Tag == "UNH" {
		p.parser = nil
		if v.Message().Type != autackType {
			p.others++
			return
		}
		p.signing++
		var err error
		p.parser, err = autack.Begin(v)
		p.fail(err)
		return
	}
	if p.parser == nil {
		return
	}
	m, err := p.parser.Take(s)
	if m != nil {
		p.signed = m
	}
	if m != nil || err != nil {
		p.parser = nil
	}
	p.fail(err)
}

func (p *proof) fail(err error) {
	if p.wrong == nil {
		p.wrong = err
	}
}

const autackType = "AUTACK"

// judge is the fingerprint of the key that signed every message of the file.
func (p *proof) judge() ([]byte, error) {
	switch {
	case p.wrong != nil:
		return nil, p.wrong
	case p.signing > 1:
		return nil, errors.New("there are several AUTACK")
	}
	covered, err := autack.Verify(p.signed, p.hash.Digests(), autack.VerifyOptions{Keys: autack.KeyPool(p.keys), AllMessages: true})
	if err != nil {
		return nil, err
	}
	// What the reader took for a message is signed, not only what could be hashed as one.
	distinct := map[int64]bool{}
	for i := range covered {
		distinct[covered[i].From] = true
	}
	if len(distinct) != p.others {
		return nil, fmt.Errorf("%d of %d messages: %w", len(distinct), p.others, autack.ErrNotSigned)
	}
	for i := range covered {
		if err := p.trust.judge(covered[i].KeyName, p.came); err != nil {
			return nil, err
		}
	}
	return autack.Fingerprint(p.keys[covered[0].KeyName])
}

// proven adds to the result of a reading whether anything proves who wrote the file.
func (f *reading) proven(err error) (gateway.BankEnvelope, error) {
	if f.proof.keys == nil {
		return f.envelope, err
	}
	by, wrong := f.proof.judge()
	if wrong != nil {
		return f.envelope, &gateway.UnprovenError{Why: wrong, Fault: err}
	}
	f.envelope.SignedBy = by
	return f.envelope, err
}
