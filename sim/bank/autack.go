package bank

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"nks/edifact"
	"nks/edifact/autack"
)

// Autack is how a centre and its gateway sign what they send each other: each message, by an AUTACK at the end of the interchange.
// Keys are PEM files in the folder keys of the data directory.
type Autack struct {
	Key    string            `json:"key,omitempty"`    // the centre's own, private; none: it signs nothing
	Name   string            `json:"name,omitempty"`   // what the gateway knows that by
	Verify map[string]string `json:"verify,omitempty"` // the gateway's, public, by their names; none: nothing must be signed
}

func (a Autack) check() error {
	if (a.Key == "") != (a.Name == "") {
		return fmt.Errorf("%w: autack.key and autack.name go together", ErrProfile)
	}
	return nil
}

// seal is what signs and proves.
type seal struct {
	key  crypto.Signer
	name string
	keys map[string]*rsa.PublicKey // nil: nothing must be signed
}

func (a Autack) open(dir string) (s seal, err error) {
	keys := filepath.Join(dir, "keys")
	if a.Key != "" {
		s.name = a.Name
		if s.key, err = autack.LoadSigner(filepath.Join(keys, a.Key)); err != nil {
			return s, fmt.Errorf("own key: %w", err)
		}
	}
	for name, file := range a.Verify {
		key, err := autack.LoadPublicKey(filepath.Join(keys, file))
		if err != nil {
			return s, fmt.Errorf("key of the gateway: %w", err)
		}
		if s.keys == nil {
			s.keys = map[string]*rsa.PublicKey{}
		}
		s.keys[name] = key
	}
	return s, nil
}

// signed has what is written signed on its way.
func (s seal) signed(write func(io.Writer) error) func(io.Writer) error {
	if s.key == nil {
		return write
	}
	return func(w io.Writer) error {
		in, out := io.Pipe()
		go func() { _ = out.CloseWithError(write(out)) }() // the reader has the error
		err := autack.Append(w, in, s.key, autack.AppendOptions{
			SignOptions: autack.SignOptions{KeyName: s.name},
			Reader:      edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.WrappedLines},
		})
		return errors.Join(err, in.Close()) // who still writes gives up
	}
}

// proof holds the signatures of an interchange against what was read of it.
type proof struct {
	keys   map[string]*rsa.PublicKey
	hash   *autack.Hasher
	signed *autack.Message
}

// reader reads an interchange, and hashes what must be signed.
func (p *proof) reader(r io.Reader, o edifact.ReaderOptions) *edifact.Reader {
	if p.keys == nil {
		return edifact.NewReader(r, o)
	}
	in, hash := autack.NewReader(r, o, autack.HashOptions{Levels: autack.LevelMessage})
	p.hash = hash
	return in
}

// autack reads the AUTACK that has begun. The returned error is one of the interchange.
func (p *inspector) autack(unh *edifact.Segment) error {
	if p.proof.signed != nil {
		return wrong(unh, 0, 0, edifact.CodeTooManyGroups, "a second AUTACK")
	}
	parser, err := autack.Begin(p.reader)
	for err == nil {
		var s *edifact.Segment
		if s, err = p.next("UNT"); err != nil {
			return err
		}
		if len(p.faults) > 0 {
			return flawOf(p.faults[0])
		}
		var m *autack.Message
		if m, err = parser.Take(s); m != nil {
			p.proof.signed = m
			return nil
		}
	}
	return notProven(err)
}

// judge refuses an interchange of which not every message is signed.
func (p *proof) judge() error {
	if p.keys == nil {
		return nil
	}
	_, err := autack.Verify(p.signed, p.hash.Digests(), autack.VerifyOptions{Keys: autack.KeyPool(p.keys), AllMessages: true})
	if err != nil {
		return notProven(err)
	}
	return nil
}

func notProven(err error) *flaw {
	return &flaw{Code: int(edifact.CodeUnspecified), Tag: "UNB", What: err.Error()}
}
