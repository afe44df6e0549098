package autack_test

import (
	"crypto/rsa"
	"errors"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
)

func TestEveryChangeOfAByteIsNoticed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		input   string
		level   autack.Level
		changes []byte // what is XORed to each byte; nil means everything
	}{
		{interchange3, autack.LevelInterchange, []byte{1, 2, 4, 8, 0x20, 0x80, 0xFF}},
		{interchange4, autack.LevelInterchange, []byte{1, 2, 4, 8, 0x20, 0x80, 0xFF}},
		{grouped, autack.LevelGroup, []byte{1, 2, 4, 0x20}},
		{interchange4, autack.LevelPackage, nil},
		{interchange3, autack.LevelMessage, nil},
	} {
		d, _ := mustRead(t, test.input)
		_, m := mustRead(t, signed(t, test.input, test.level, 3, autack.SignOptions{}))
		_, public := loadKey(t, keyFile)
		o := autack.VerifyOptions{Keys: autack.OneKey(public)}
		if _, err := autack.Verify(m[0], d, o); err != nil {
			t.Fatal(err)
		}
		changes := test.changes
		for c := 1; len(changes) < 255 && test.changes == nil; c++ {
			changes = append(changes, byte(c))
		}
		bytesRead, wrong := 0, 0
		for _, x := range of(d, test.level) {
			for i := x.From; i < x.To; i++ {
				for _, c := range changes {
					b := []byte(test.input)
					b[i] ^= c
					// Whatever the syntax allows to be read at all.
					d, _, err := read(strings.NewReader(string(b)), edifact.ReaderOptions{Lenient: edifact.Everything, Faults: func(*edifact.ParseError) {}}, autack.HashOptions{})
					if err == nil {
						bytesRead++
					}
					_, err = autack.Verify(m[0], d, o)
					if err == nil {
						t.Fatalf("byte %d of %q changed by %#x: verified", i, test.input, c)
					}
					if errors.Is(err, autack.ErrBadSignature) {
						wrong++
					}
				}
			}
		}
		if bytesRead == 0 || wrong == 0 {
			t.Errorf("of the changed inputs %d were read and %d signatures wrong: nothing was tried", bytesRead, wrong)
		}
	}
}

// fault is what verifying says about a changed message or other options.
type fault struct {
	change func(m *autack.Message, o *autack.VerifyOptions)
	want   error
}

func TestVerifyFaults(t *testing.T) {
	t.Parallel()
	_, public := loadKey(t, keyFile)
	_, other := loadKey(t, "testdata/test-key-4096.pem")
	_, m := mustRead(t, signed(t, interchange3, autack.LevelMessage, 3, autack.SignOptions{Certificate: "CERT", KeyName: "K1"}))
	d, _ := mustRead(t, interchange3)
	for name, f := range faults(public, other) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := clone(m[0])
			o := autack.VerifyOptions{Keys: autack.KeyPool(map[string]*rsa.PublicKey{"K1": public})}
			f.change(changed, &o)
			covered, err := autack.Verify(changed, d, o)
			if !errors.Is(err, f.want) || (err == nil) != (len(covered) > 0) {
				t.Errorf("verified %d structures with %v, want %v", len(covered), err, f.want)
			}
		})
	}
}

// clone copies what the faults change.
func clone(m *autack.Message) *autack.Message {
	c := *m
	c.Headers = append([]autack.Header(nil), m.Headers...)
	for i := range c.Headers {
		h := &c.Headers[i]
		h.Algorithms = append([]autack.Algorithm(nil), h.Algorithms...)
		h.Certificates = append([]autack.Certificate(nil), h.Certificates...)
		for j := range h.Certificates {
			h.Certificates[j].Algorithms = append([]autack.Algorithm(nil), h.Certificates[j].Algorithms...)
		}
	}
	c.Trailers = append([]autack.Trailer(nil), m.Trailers...)
	c.Secured = append([]autack.Secured(nil), m.Secured...)
	for i := range c.Secured {
		x := &c.Secured[i]
		x.Results = append([]autack.Result(nil), x.Results...)
		for j := range x.Results {
			x.Results[j].Values = append([]autack.Value(nil), x.Results[j].Values...)
		}
	}
	return &c
}

func faults(public, other *rsa.PublicKey) map[string]fault {
	header := func(change func(h *autack.Header), want error) fault {
		return fault{func(m *autack.Message, _ *autack.VerifyOptions) { change(&m.Headers[0]) }, want}
	}
	message := func(change func(m *autack.Message), want error) fault {
		return fault{func(m *autack.Message, _ *autack.VerifyOptions) { change(m) }, want}
	}
	result := func(change func(y *autack.Result), want error) fault {
		return message(func(m *autack.Message) { change(&m.Secured[1].Results[0]) }, want)
	}
	options := func(change func(o *autack.VerifyOptions), want error) fault {
		return fault{func(_ *autack.Message, o *autack.VerifyOptions) { change(o) }, want}
	}
	hash := func(code string, want error) fault {
		return header(func(h *autack.Header) { h.Algorithms[0].Code = autack.Code{Value: code} }, want)
	}
	signing := func(change func(a *autack.Algorithm), want error) fault {
		return header(func(h *autack.Header) { change(&h.Certificates[0].Algorithms[0]) }, want)
	}
	keys := func(pool map[string]*rsa.PublicKey, want error) fault {
		return options(func(o *autack.VerifyOptions) { o.Keys = autack.KeyPool(pool) }, want)
	}
	wanted := func(ref autack.Reference, want error) fault {
		return options(func(o *autack.VerifyOptions) { o.Wanted = []autack.Reference{ref} }, want)
	}
	return map[string]fault{
		"nothing":               message(func(*autack.Message) {}, nil),
		"SHA-256 of no list":    hash("48", nil),
		"SHA-1":                 hash("16", autack.ErrUnsupported),
		"MD5":                   hash("6", autack.ErrUnsupported),
		"no hash":               header(func(h *autack.Header) { h.Algorithms = nil }, autack.ErrMalformed),
		"hash of another use":   header(func(h *autack.Header) { h.Algorithms[0].Use = "2" }, autack.ErrUnsupported),
		"older padding":         signing(func(a *autack.Algorithm) { a.Padding = autack.Code{Value: "11"} }, nil),
		"no padding":            signing(func(a *autack.Algorithm) { a.Padding = autack.Code{} }, nil),
		"other padding":         signing(func(a *autack.Algorithm) { a.Padding.Value = "7" }, autack.ErrUnsupported),
		"padding of other list": signing(func(a *autack.Algorithm) { a.Padding.List = "2" }, autack.ErrUnsupported),
		"PSS said, not done":    signing(func(a *autack.Algorithm) { a.Padding = autack.Code{Value: "PSS", List: "ZZZ"} }, autack.ErrBadSignature),
		"DSA":                   signing(func(a *autack.Algorithm) { a.Code.Value = "11" }, autack.ErrUnsupported),
		"no signature use":      signing(func(a *autack.Algorithm) { a.Use = "3" }, autack.ErrUnsupported),
		"either use":            signing(func(a *autack.Algorithm) { a.Use = "7" }, nil),
		"two signatures": header(func(h *autack.Header) {
			h.Algorithms = append(h.Algorithms, h.Certificates[0].Algorithms[0])
		}, autack.ErrMalformed),
		"filter EDA":         header(func(h *autack.Header) { h.Filter = "5" }, autack.ErrUnsupported),
		"no filter":          header(func(h *autack.Header) { h.Filter = "" }, autack.ErrUnsupported),
		"wrong filter":       header(func(h *autack.Header) { h.Filter = autack.Base64 }, autack.ErrBadSignature),
		"scope of a message": header(func(h *autack.Header) { h.Scope = "6" }, nil),
		"scope of the body":  header(func(h *autack.Header) { h.Scope = "1" }, autack.ErrUnsupported),
		"no scope":           header(func(h *autack.Header) { h.Scope = "" }, autack.ErrUnsupported),
		"origin":             header(func(h *autack.Header) { h.Service = "8" }, nil),
		"digests alone":      header(func(h *autack.Header) { h.Service = "9" }, autack.ErrBadSignature),
		"AUTACK itself":      header(func(h *autack.Header) { h.Service = "1" }, autack.ErrUnsupported),
		"receipt":            header(func(h *autack.Header) { h.Service = "5" }, autack.ErrUnsupported),
		"trailer of another": header(func(h *autack.Header) { h.Ref = "2" }, autack.ErrMalformed),
		"two headers":        message(func(m *autack.Message) { m.Headers = append(m.Headers, m.Headers[0]) }, autack.ErrMalformed),
		"two trailers":       message(func(m *autack.Message) { m.Trailers = append(m.Trailers, m.Trailers[0]) }, autack.ErrMalformed),
		"trailer too many":   message(func(m *autack.Message) { m.Trailers = append(m.Trailers, autack.Trailer{Header: "2"}) }, autack.ErrMalformed),
		"wrong count":        message(func(m *autack.Message) { m.Trailers[0].Segments++ }, autack.ErrMalformed),
		"signature in USR": message(func(m *autack.Message) {
			m.Trailers[0] = autack.Trailer{Header: "1", Segments: 6, Signature: []autack.Value{{Qualifier: "1", Value: "AA"}}}
		}, autack.ErrUnsupported),
		"refers to nothing":   message(func(m *autack.Message) { m.Secured = nil }, autack.ErrNotSigned),
		"refers twice":        message(func(m *autack.Message) { m.Secured = append(m.Secured, m.Secured[0]) }, autack.ErrAmbiguous),
		"other interchange":   message(func(m *autack.Message) { m.Secured[1].Reference.Interchange = "REF8" }, autack.ErrNotFound),
		"other message":       message(func(m *autack.Message) { m.Secured[1].Reference.Message.Ref = "M3" }, autack.ErrNotFound),
		"other type":          message(func(m *autack.Message) { m.Secured[1].Reference.Message.Type = "PAYMUL" }, autack.ErrNotFound),
		"other sender":        message(func(m *autack.Message) { m.Secured[1].Reference.Sender.ID = "BANQUE" }, autack.ErrNotFound),
		"no sender":           message(func(m *autack.Message) { m.Secured[1].Reference.Sender = edifact.Party{} }, nil),
		"group that is none":  message(func(m *autack.Message) { m.Secured[1].Reference.Group = "G1" }, autack.ErrNotFound),
		"message of another":  message(func(m *autack.Message) { m.Secured[0].Results = m.Secured[1].Results }, autack.ErrBadSignature),
		"no USY":              message(func(m *autack.Message) { m.Secured[1].Results = nil }, autack.ErrNotSigned),
		"two USY":             message(func(m *autack.Message) { y := &m.Secured[1]; y.Results = append(y.Results, y.Results[0]) }, autack.ErrMalformed),
		"USY of no header":    result(func(y *autack.Result) { y.Header = "2" }, autack.ErrMalformed),
		"USY with an error":   result(func(y *autack.Result) { y.Error = "1" }, autack.ErrRejected),
		"USY without a value": result(func(y *autack.Result) { y.Values = nil }, autack.ErrMalformed),
		"USY with two values": result(func(y *autack.Result) { y.Values = append(y.Values, y.Values[0]) }, autack.ErrMalformed),
		"value qualifier":     result(func(y *autack.Result) { y.Values[0].Qualifier = "7" }, autack.ErrMalformed),
		"value cut":           result(func(y *autack.Result) { y.Values[0].Value = y.Values[0].Value[:510] }, autack.ErrBadSignature),
		"value no digits":     result(func(y *autack.Result) { y.Values[0].Value = "XY" }, autack.ErrMalformed),
		"value in small digits": result(func(y *autack.Result) {
			y.Values[0].Value = strings.ToLower(y.Values[0].Value)
		}, nil),
		"no keys":              options(func(o *autack.VerifyOptions) { o.Keys = nil }, autack.ErrUnknownKey),
		"unknown key":          keys(map[string]*rsa.PublicKey{"K2": public, "": public}, autack.ErrUnknownKey),
		"key of certificate":   keys(map[string]*rsa.PublicKey{"CERT": public}, nil),
		"other key":            keys(map[string]*rsa.PublicKey{"K1": other}, autack.ErrBadSignature),
		"empty key":            keys(map[string]*rsa.PublicKey{"K1": {}}, autack.ErrKey),
		"wanted message":       wanted(autack.Reference{Interchange: "REF'7", Message: autack.MessageID{Ref: "M1"}}, nil),
		"wanted interchange":   wanted(autack.Reference{Interchange: "REF'7"}, autack.ErrNotSigned),
		"wanted, but not read": wanted(autack.Reference{Interchange: "REF'7", Message: autack.MessageID{Ref: "M9"}}, autack.ErrNotFound),
		"names no key": {func(m *autack.Message, o *autack.VerifyOptions) {
			m.Headers[0].Certificates[0].Ref, m.Headers[0].Certificates[0].Parties = "", nil
			o.Keys = autack.KeyPool(map[string]*rsa.PublicKey{"": public})
		}, nil},
		"sender's key": {func(m *autack.Message, o *autack.VerifyOptions) {
			m.Headers[0].Parties = []autack.Party{{Qualifier: "2", KeyName: "R"}, {Qualifier: "1", KeyName: "S"}}
			o.Keys = autack.KeyPool(map[string]*rsa.PublicKey{"S": public, "R": other})
		}, nil},
	}
}

func TestADigestAloneSignsNothing(t *testing.T) {
	t.Parallel()
	d, _ := mustRead(t, interchange3)
	_, m := mustRead(t, signed(t, interchange3, autack.LevelInterchange, 3, autack.SignOptions{}))
	_, public := loadKey(t, keyFile)
	sum := of(d, autack.LevelInterchange)[0].SHA256
	const digits = "0123456789ABCDEF"
	value := ""
	for _, b := range sum {
		value += string(digits[b>>4]) + string(digits[b&15])
	}
	o := autack.VerifyOptions{Keys: autack.OneKey(public)}
	m[0].Headers[0].Service = autack.ServiceIntegrity
	m[0].Secured[0].Results[0].Values[0].Value = value
	if _, err := autack.Verify(m[0], d, o); !errors.Is(err, autack.ErrNotSigned) {
		t.Errorf("verified a digest: %v", err)
	}

	// Beside a signature it is looked at.
	m2 := signed(t, interchange3, autack.LevelInterchange, 3, autack.SignOptions{Header: "2"})
	_, both := mustRead(t, m2)
	both[0].Headers = append(both[0].Headers, m[0].Headers[0])
	both[0].Trailers = append(both[0].Trailers, m[0].Trailers[0])
	both[0].Secured[0].Results = append(both[0].Secured[0].Results, m[0].Secured[0].Results[0])
	if covered, err := autack.Verify(both[0], d, o); err != nil || len(covered) != 1 || covered[0].Header != "2" {
		t.Errorf("verified %+v, %v", covered, err)
	}
	both[0].Secured[0].Results[1].Values = []autack.Value{{Qualifier: "1", Value: "00" + value[2:]}}
	if _, err := autack.Verify(both[0], d, o); !errors.Is(err, autack.ErrBadSignature) {
		t.Errorf("verified with a wrong digest: %v", err)
	}
}

func TestStructuresMustBeUnique(t *testing.T) {
	t.Parallel()
	_, m := mustRead(t, signed(t, interchange3, autack.LevelMessage, 3, autack.SignOptions{}))
	_, public := loadKey(t, keyFile)
	twice := interchange3 + interchange3
	d, _ := mustRead(t, twice)
	if _, err := autack.Verify(m[0], d, autack.VerifyOptions{Keys: autack.OneKey(public)}); !errors.Is(err, autack.ErrAmbiguous) {
		t.Errorf("verified %v", err)
	}
}

func TestInterchangeCoversItsMessages(t *testing.T) {
	t.Parallel()
	_, m := mustRead(t, signed(t, grouped, autack.LevelInterchange, 3, autack.SignOptions{}))
	_, g := mustRead(t, signed(t, grouped, autack.LevelGroup, 3, autack.SignOptions{}))
	_, public := loadKey(t, keyFile)
	// Two inputs, whose offsets say nothing about each other.
	d := &autack.Digests{}
	for _, input := range []string{grouped, strings.ReplaceAll(interchange3, "REF?'7", "REF9")} {
		if _, _, err := read(strings.NewReader(input), edifact.ReaderOptions{}, autack.HashOptions{Digests: d}); err != nil {
			t.Fatal(err)
		}
	}
	inside := autack.Reference{Interchange: "REF7", Message: autack.MessageID{Ref: "M2"}}
	elsewhere := autack.Reference{Interchange: "REF9", Message: autack.MessageID{Ref: "M1"}}
	for _, m := range []*autack.Message{m[0], g[0]} {
		for ref, want := range map[autack.Reference]error{inside: nil, elsewhere: autack.ErrNotSigned} {
			_, err := autack.Verify(m, d, autack.VerifyOptions{Keys: autack.OneKey(public), Wanted: []autack.Reference{ref}})
			if !errors.Is(err, want) {
				t.Errorf("%v: %v, want %v", ref, err, want)
			}
		}
	}
}

func TestVerifyWithoutMessage(t *testing.T) {
	t.Parallel()
	d, _ := mustRead(t, interchange3)
	if _, err := autack.Verify(nil, d, autack.VerifyOptions{}); !errors.Is(err, autack.ErrNotSigned) {
		t.Errorf("error is %v, want %v", err, autack.ErrNotSigned)
	}
}

// TestAllMessagesWithoutDigests: where no message was hashed, nothing says that all are signed.
func TestAllMessagesWithoutDigests(t *testing.T) {
	t.Parallel()
	_, public := loadKey(t, keyFile)
	in := signed(t, interchange3, autack.LevelInterchange, 3, autack.SignOptions{})
	_, m := mustRead(t, in)
	d := &autack.Digests{}
	if _, _, err := read(strings.NewReader(interchange3), edifact.ReaderOptions{}, autack.HashOptions{Digests: d, Levels: autack.LevelInterchange}); err != nil {
		t.Fatal(err)
	}
	if _, err := autack.Verify(m[0], d, autack.VerifyOptions{Keys: autack.OneKey(public), AllMessages: true}); !errors.Is(err, autack.ErrNotFound) {
		t.Errorf("error is %v, want %v", err, autack.ErrNotFound)
	}
}
