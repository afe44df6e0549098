package bankfile

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"nks/edifact"
	"nks/edifact/autack"
	"nks/gateway"
)

// ErrNoKey means that an interchange must be signed and the key for that is not at hand.
var ErrNoKey = errors.New("signing key is not at hand")

// Signing is how interchanges to a bank are signed: an AUTACK behind the messages signs each of them, RSA with SHA-256.
type Signing struct {
	// Key is an RSA key whose signatures depend on nothing but what is signed.
	Key crypto.Signer
	// Missing is why there is no Key; whatever must be signed is then refused with it.
	Missing error
	// Name is what the bank knows the key by (0538), 1 to 35 characters.
	Name string
}

// maxKeyBytes is of keys whose signature finds room in a validation value (0560), in hexadecimal.
const maxKeyBytes = 512

// referenceBytes is an upper bound of what an AUTACK takes for a message, beside the signature: USX and USY with line breaks.
const referenceBytes = 320

// mostSigned is how many messages an AUTACK can sign.
const mostSigned = 9999

// Signature implements gateway.BankCodec.
func (c *Codec) Signature() (gateway.Signature, error) {
	if c.profile.Sign == nil {
		return gateway.Signature{}, nil
	}
	key, err := c.profile.Sign.public()
	if err != nil {
		return gateway.Signature{}, err
	}
	fingerprint, err := autack.Fingerprint(key)
	if err != nil {
		return gateway.Signature{}, fmt.Errorf("%w: %w", ErrNoKey, err)
	}
	characters := 2 * key.Size()
	return gateway.Signature{Key: fingerprint, MostMessages: mostSigned, MessageBytes: referenceBytes + characters + characters/40}, nil
}

// public is the public part of the key.
func (s *Signing) public() (*rsa.PublicKey, error) {
	if s.Missing != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoKey, s.Missing)
	}
	key, ok := s.Key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: it is not an RSA key", ErrNoKey)
	}
	if bits := key.N.BitLen(); bits < autack.MinKeyBits || key.Size() > maxKeyBytes {
		return nil, fmt.Errorf("%w: it has %d bits, must be %d to %d", ErrNoKey, bits, autack.MinKeyBits, 8*maxKeyBytes)
	}
	return key, nil
}

// validate leaves the key alone: what is wrong with that is told of what must be signed.
func (s *Signing) validate() error {
	if s == nil {
		return nil
	}
	if s.Name == "" || len([]rune(s.Name)) > maxReference {
		return fmt.Errorf("bank profile: name of the signing key has not 1 to %d characters", maxReference)
	}
	if s.Key == nil && s.Missing == nil {
		return errors.New("bank profile: no signing key, and not why")
	}
	return nil
}

// defaultVersion is the syntax version of a UNB that names none.
const defaultVersion = 3

// outgoing is an interchange on its way out, which is signed where the profile says so.
type outgoing struct {
	*edifact.Writer
	codec *Codec
	unb   edifact.UNB
	at    time.Time
	hash  *autack.Output // nil: it is not signed
	unh   edifact.UNH    // of the message that has begun
}

// begin writes UNB.
func (c *Codec) begin(out io.Writer, u edifact.UNB, prepared time.Time) (*outgoing, error) {
	o := &outgoing{codec: c, at: prepared}
	if c.profile.Sign != nil {
		if _, err := c.profile.Sign.public(); err != nil {
			return nil, err
		}
		o.hash = autack.NewOutput(out)
		out = o.hash
	}
	o.Writer = edifact.NewWriter(out, c.options)
	u.Prepare(prepared)
	o.unb = u
	o.Begin(u)
	return o, o.Err()
}

// opens says that a message is written next.
func (o *outgoing) opens(h edifact.UNH) {
	if o.hash == nil {
		return
	}
	_ = o.Flush() // the Writer keeps its error
	o.unh = h
	o.hash.Begin()
}

// closed says that a message has been written.
func (o *outgoing) closed() {
	if o.hash == nil {
		return
	}
	_ = o.Flush() // the Writer keeps its error
	h := &o.unh
	o.hash.End(autack.Reference{Interchange: o.unb.ControlRef, Sender: o.unb.Sender, Recipient: o.unb.Recipient,
		Message: autack.MessageID{Ref: h.Ref, Type: h.Type, Version: h.Version, Release: h.Release, Agency: h.Agency}})
}

// finish signs the messages and writes UNZ.
func (o *outgoing) finish() error {
	if err := o.Err(); err != nil {
		return err
	}
	if o.hash != nil {
		if err := o.sign(); err != nil {
			return err
		}
	}
	return o.End()
}

func (o *outgoing) sign() error {
	digests, by := o.hash.Digests(), o.codec.profile.Sign
	h := edifact.UNH{Ref: strconv.Itoa(len(digests) + 1), Type: autackType, Version: "4", Release: "1", Agency: "UN"}
	version := max(o.unb.Version, defaultVersion)
	if version == 4 {
		h.Function = autack.FunctionAuthentication
	}
	m, err := autack.Sign(digests, by.Key, autack.SignOptions{
		Message: h,
		KeyName: by.Name,
		Time:    autack.Time{Date: o.at.Format("20060102"), Time: o.at.Format("150405")},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	if err := m.Write(o.Writer, version); err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	return nil
}
