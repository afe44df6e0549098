package autack_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
)

const keyFile = "testdata/test-key.pem"

func loadKey(t testing.TB, path string) (crypto.Signer, *rsa.PublicKey) {
	t.Helper()
	key, err := autack.LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	return key, key.Public().(*rsa.PublicKey)
}

// The messages are CONTRL, which need no directory.
const (
	interchange3 = "UNA:+.? '" +
		"UNB+UNOC:3+BANK:14:SUB+NKS:ZZ+260301:0600+REF?'7++AFT'" +
		"UNH+M1+CONTRL:D:3:UN'UCI+42+NKS:ZZ+BANK:14+7'UNT+3+M1'" +
		"UNH+M2+CONTRL:D:3:UN'UCI+43+NKS:ZZ+BANK:14+7'UCM+1+PAYMUL:D:96A:UN+4+12'UNT+4+M2'" +
		"UNZ+2+REF?'7'"
	interchange4 = "UNB+UNOW:4+BANK:14:SUB:S2+NKS:ZZ+20260301:0600+REF7'" +
		"UNH+M1+CONTRL:4:1:UN'UCI+42+NKS:ZZ+BANK:14+7'UNT+3+M1'" +
		"UNH+M2+CONTRL:4:1:UN'UCI+43+NKS:ZZ+BÅNK:14+7'UNT+3+M2'" +
		"UNO+P1+1:X+1:Y+9'a'UNT+1'zUNP+9+P1'" +
		"UNZ+3+REF7'"
	grouped = "UNB+UNOC:3+BANK:14+NKS:ZZ+260301:0600+REF7'" +
		"UNG+CONTRL+APP+APP2:ZZ+260301:0600+G1+UN+D:3'" +
		"UNH+M1+CONTRL:D:3:UN'UCI+42+NKS:ZZ+BANK:14+7'UNT+3+M1'UNE+1+G1'" +
		"UNG+CONTRL+APP+APP2:ZZ+260301:0600+G2+UN+D:3'" +
		"UNH+M2+CONTRL:D:3:UN'UCI+43+NKS:ZZ+BANK:14+7'UNT+3+M2'UNE+1+G2'" +
		"UNZ+2+REF7'"
)

// read reads an input to its end: its digests and the AUTACKs in it.
func read(in io.Reader, ro edifact.ReaderOptions, ho autack.HashOptions) (*autack.Digests, []*autack.Message, error) {
	r, h := autack.NewReader(in, ro, ho)
	v := edifact.NewValidator(r, edifact.NewSchema())
	var found []*autack.Message
	for s, err := range v.Segments() {
		if err != nil {
			return h.Digests(), found, err
		}
		if s.Tag != "UNH" || v.Message().Type != "AUTACK" {
			continue
		}
		m, err := autack.Read(v)
		if err != nil {
			return h.Digests(), found, err
		}
		found = append(found, m)
	}
	return h.Digests(), found, nil
}

func mustRead(t testing.TB, input string) (*autack.Digests, []*autack.Message) {
	t.Helper()
	d, m, err := read(strings.NewReader(input), edifact.ReaderOptions{}, autack.HashOptions{})
	if err != nil {
		t.Fatalf("%v in %q", err, input)
	}
	return d, m
}

// of returns the digests of one level.
func of(d *autack.Digests, level autack.Level) []autack.Digest {
	return slices.DeleteFunc(slices.Clone(d.All()), func(x autack.Digest) bool { return x.Reference.Level() != level })
}

// own writes a message into an interchange of its own.
func own(m *autack.Message, version int) (string, error) {
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.WriterOptions{})
	date := "260301"
	if version == 4 {
		date = "20260301"
	}
	w.Begin(edifact.UNB{
		Version: version, Sender: edifact.Party{ID: "BANK", Qualifier: "14"}, Recipient: edifact.Party{ID: "NKS", Qualifier: "ZZ"},
		Date: date, Time: "0601", ControlRef: "REF8",
	})
	err := errors.Join(m.Write(w, version), w.End())
	return out.String(), err
}

func mustOwn(t testing.TB, m *autack.Message, version int) string {
	t.Helper()
	s, err := own(m, version)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signed signs structures of an input and returns an interchange with the
// AUTACK.
func signed(t testing.TB, input string, level autack.Level, version int, o autack.SignOptions) string {
	t.Helper()
	d, _ := mustRead(t, input)
	key, _ := loadKey(t, keyFile)
	m, err := autack.Sign(of(d, level), key, o)
	if err != nil {
		t.Fatal(err)
	}
	return mustOwn(t, m, version)
}
