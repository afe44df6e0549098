package bankfile_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
	"nks/edifact/directory/d96a"
	"nks/gateway"
	"nks/gateway/bankfile"
)

// The keys of package autack's tests: ours, and two of a bank.
const (
	ownKey   = "../../edifact/autack/testdata/test-key.pem"
	otherKey = "../../edifact/autack/testdata/test-key-4096.pem"
)

func signing(t testing.TB, path string) *bankfile.Signing {
	t.Helper()
	key, err := autack.LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	return &bankfile.Signing{Key: key, Name: "NKS2005"}
}

func public(t testing.TB, path string) *rsa.PublicKey {
	t.Helper()
	return signing(t, path).Key.Public().(*rsa.PublicKey)
}

// verified demands that one AUTACK signs every message of an interchange, read independently of what wrote it.
func verified(in []byte, key *rsa.PublicKey) (messages int, err error) {
	r, h := autack.NewReader(bytes.NewReader(in), edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.WrappedLines},
		autack.HashOptions{Levels: autack.LevelMessage})
	v := edifact.NewValidator(r, edifact.NewSchema(d96a.Directory()).WithCodes(bankfile.Codes()))
	var signature *autack.Message
	for s, err := range v.Segments() {
		switch {
		case err != nil:
			return 0, err
		case s.Tag == "UNH" && v.Message().Type == "AUTACK":
			if signature, err = autack.Read(v); err != nil {
				return 0, err
			}
		}
	}
	covered, err := autack.Verify(signature, h.Digests(), autack.VerifyOptions{Keys: autack.OneKey(key), AllMessages: true})
	return len(covered), err
}

func TestSigned(t *testing.T) {
	t.Parallel()
	key := public(t, ownKey)
	orders := func(c *bankfile.Codec) ([]byte, error) {
		var out bytes.Buffer
		_, err := mixed().write(c, &out)
		return out.Bytes(), err
	}
	asks := func(c *bankfile.Codec) ([]byte, error) { return c.Recall(recall("00000001LEVA-1", "00000002LEVA-2")) }
	answers := func(c *bankfile.Codec) ([]byte, error) {
		e, err := c.Read(strings.NewReader(fromBank(banstaHead+"RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'")), prepared, &heard{})
		if err != nil {
			return nil, err
		}
		return c.Answer(e, nil, "00000000000077", prepared)
	}
	for _, test := range []struct {
		golden   string
		messages int
		write    func(*bankfile.Codec) ([]byte, error)
		wrap     string
	}{
		{"mixed-signed.edi", 2, orders, "crlf"},
		{"mixed-signed-wrapped.edi", 2, orders, "80"},
		{"mixed-signed-plain.edi", 2, orders, "none"},
		{"fincan-signed.edi", 1, asks, "crlf"},
		{"contrl-signed.edi", 1, answers, "80"},
	} {
		t.Run(test.golden, func(t *testing.T) {
			t.Parallel()
			unsigned, err := test.write(codec(t, func(p *bankfile.Profile) { p.Wrap = test.wrap }))
			if err != nil {
				t.Fatal(err)
			}
			c := codec(t, func(p *bankfile.Profile) { p.Wrap, p.Sign = test.wrap, signing(t, ownKey) })
			out, err := test.write(c)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, test.golden, out)
			if n, err := verified(out, key); n != test.messages || err != nil {
				t.Errorf("%d messages are signed: %v", n, err)
			}
			if again, err := test.write(c); err != nil || !bytes.Equal(out, again) {
				t.Errorf("written again it differs: %v", err)
			}
			signature, err := c.Signature()
			if most := len(unsigned) + 1024 + test.messages*signature.MessageBytes; err != nil || len(out) > most {
				t.Errorf("%d bytes, at most %d: %v", len(out), most, err)
			}
		})
	}
}

// TestSigned_Version4: a CONTRL about an interchange of syntax version 4 is one of that version, and so is its signature.
func TestSigned_Version4(t *testing.T) {
	t.Parallel()
	c := codec(t, func(p *bankfile.Profile) { p.Sign = signing(t, ownKey) })
	text := strings.NewReplacer("UNOC:3", "UNOC:4", "050811:0630", "20050811:0630").Replace(fromBank(banstaHead + "RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'"))
	e, err := c.Read(strings.NewReader(text), prepared, &heard{})
	var bad *gateway.UnreadableError
	if !errors.As(err, &bad) {
		t.Fatal(err)
	}
	out, err := c.Answer(e, err, "00000000000077", prepared)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := verified(out, public(t, ownKey)); n != 1 || err != nil || !bytes.Contains(out, []byte("AUTACK:4:1:UN:::SECAUT'")) {
		t.Errorf("%d messages are signed in %s: %v", n, out, err)
	}
}

// TestSigned_AsAppended: package autack makes the same of what is not signed.
func TestSigned_AsAppended(t *testing.T) {
	t.Parallel()
	var unsigned, signed, appended bytes.Buffer
	if _, err := mixed().write(codec(t, func(p *bankfile.Profile) { p.Wrap = "none" }), &unsigned); err != nil {
		t.Fatal(err)
	}
	by := signing(t, ownKey)
	if _, err := mixed().write(codec(t, func(p *bankfile.Profile) { p.Wrap, p.Sign = "none", by }), &signed); err != nil {
		t.Fatal(err)
	}
	err := autack.Append(&appended, &unsigned, by.Key, autack.AppendOptions{SignOptions: autack.SignOptions{
		Message: edifact.UNH{Ref: "3", Type: "AUTACK", Version: "4", Release: "1", Agency: "UN"}, KeyName: by.Name,
		Time: autack.Time{Date: prepared.Format("20060102"), Time: prepared.Format("150405")}}})
	if err != nil || !bytes.Equal(signed.Bytes(), appended.Bytes()) {
		t.Errorf("signed\n%s\nappended\n%s\n%v", signed.Bytes(), appended.Bytes(), err)
	}
}

// TestSigned_ByOpenSSL: what somebody else's program says of the signatures.
func TestSigned_ByOpenSSL(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := mixed().write(codec(t, func(p *bankfile.Profile) { p.Wrap, p.Sign = "none", signing(t, ownKey) }), &out); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(args ...string) string {
		printed, _ := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput()
		return strings.TrimSpace(string(printed))
	}
	run("pkey", "-in", ownKey, "-pubout", "-out", filepath.Join(dir, "public"))
	messages := regexp.MustCompile(`(?s)UNH\+\d\+PAYMUL.*?UNT\+\d+\+\d'`).FindAll(out.Bytes(), -1)
	values := regexp.MustCompile(`USY\+1\+1:([0-9A-F]+)'`).FindAllSubmatch(out.Bytes(), -1)
	if len(messages) != 2 || len(values) != 2 {
		t.Fatalf("%d messages, %d signatures", len(messages), len(values))
	}
	for i, m := range messages {
		value, err := hex.DecodeString(string(values[i][1]))
		if err != nil {
			t.Fatal(err)
		}
		for name, bytes := range map[string][]byte{"content": m, "signature": value} {
			if err := os.WriteFile(filepath.Join(dir, name), bytes, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if printed := run("dgst", "-sha256", "-verify", filepath.Join(dir, "public"), "-signature", filepath.Join(dir, "signature"), filepath.Join(dir, "content")); printed != "Verified OK" {
			t.Errorf("message %d: %s", i+1, printed)
		}
	}
}

// TestSigned_WithoutKey: what must be signed is not written without the key, and anything else is read.
func TestSigned_WithoutKey(t *testing.T) {
	t.Parallel()
	gone := errors.New("no such file")
	for name, by := range map[string]*bankfile.Signing{"missing": {Missing: gone, Name: "NKS"}, "weak": {Key: weak(t), Name: "NKS"}} {
		c := codec(t, func(p *bankfile.Profile) { p.Sign = by })
		_, begun := c.Begin(&bytes.Buffer{}, mixed().Interchange)
		_, asked := c.Recall(recall("A"))
		_, signature := c.Signature()
		e, read := c.Read(strings.NewReader(fromBank(banstaHead+"RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'")), prepared, &heard{})
		_, answered := c.Answer(e, nil, "00000000000077", prepared)
		for _, err := range []error{begun, asked, signature, answered} {
			if !errors.Is(err, bankfile.ErrNoKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if read != nil {
			t.Errorf("%s: read: %v", name, read)
		}
	}
}

// weak is a key of 1,024 bits, which package autack would not load.
func weak(t testing.TB) crypto.Signer {
	t.Helper()
	text, err := os.ReadFile("../../edifact/autack/testdata/test-key-1024.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(crypto.Signer)
}

func TestProfile_Keys(t *testing.T) {
	t.Parallel()
	key := public(t, ownKey)
	for name, change := range map[string]func(*bankfile.Profile){
		"no name":     func(p *bankfile.Profile) { p.Sign = &bankfile.Signing{Key: signing(t, ownKey).Key} },
		"long name":   func(p *bankfile.Profile) { p.Sign = signing(t, ownKey); p.Sign.Name = strings.Repeat("x", 36) },
		"no key":      func(p *bankfile.Profile) { p.Sign = &bankfile.Signing{Name: "x"} },
		"nameless":    func(p *bankfile.Profile) { p.Verify = map[string]*rsa.PublicKey{"": key} },
		"name alone":  func(p *bankfile.Profile) { p.Verify = map[string]*rsa.PublicKey{"x": nil} },
		"eleven keys": func(p *bankfile.Profile) { p.Verify = many(key, 11) },
	} {
		p := profile()
		change(&p)
		if _, err := bankfile.New(p); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func many(key *rsa.PublicKey, n int) map[string]*rsa.PublicKey {
	keys := map[string]*rsa.PublicKey{}
	for i := range n {
		keys[fmt.Sprint(i)] = key
	}
	return keys
}

// signedBy is a file of a bank with its AUTACK.
func signedBy(t testing.TB, path, name, text string) string {
	t.Helper()
	var out bytes.Buffer
	key, err := autack.LoadSigner(path)
	if err == nil {
		err = autack.Append(&out, strings.NewReader(text), key, autack.AppendOptions{SignOptions: autack.SignOptions{KeyName: name},
			Reader: edifact.ReaderOptions{Lenient: edifact.LineBreaks}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestProven: a bank whose profile has keys is believed when one of them signed all that a file says, and then alone.
func TestProven(t *testing.T) {
	t.Parallel()
	one := banstaHead + "RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'"
	good := fromBank(one)
	signed := signedBy(t, ownKey, "B1", good)
	added := strings.Replace(signed, "UNH+AUTACK", "UNH+2+"+one+"UNT+9+2'UNH+AUTACK", 1)
	added = strings.Replace(added, "UNZ+2+", "UNZ+3+", 1)
	twice := signedBy(t, ownKey, "B1", strings.NewReplacer("UNH+AUTACK+", "UNH+X+", "UNT+10+AUTACK'", "UNT+10+X'").Replace(signed))
	faulty := fromBank(banstaHead + "RFF+ACW:" + strings.Repeat("M", 36) + "'LIN+1'SEQ++1'GIS+4'")
	for _, test := range []struct{ name, text, want string }{
		{"signed", signed, "by own"},
		{"by the next key", signedBy(t, otherKey, "B2", good), "by other"},
		{"unsigned", good, "not signed: there is no AUTACK"},
		{"empty", "", "not signed: there is no AUTACK"},
		{"tampered", strings.Replace(signed, "GIS+4'", "GIS+2'", 1), "signature is wrong"},
		{"by a key under another's name", signedBy(t, otherKey, "B1", good), "signature is wrong"},
		{"by a key that is not known", signedBy(t, ownKey, "B3", good), "key is not known"},
		{"with a message that is not signed", added, "not signed"},
		{"signed twice", twice, "there are several AUTACK"},
		{"cut off", signed[:len(signed)-40], "not signed"},
		{"signature alone is broken", strings.Replace(signed, "USY+1+1:", "USY+1+1:AB", 1), "signature is wrong"},
		{"a signature of nothing", strings.Replace(signed, "UST+1+5'", "UST+1+6'", 1), "malformed"},
		{"faulty and signed", signedBy(t, ownKey, "B1", faulty), "unreadable by own"},
		{"faulty and unsigned", faulty, "not signed: there is no AUTACK"},
		{"for somebody else", signedBy(t, ownKey, "B1", strings.Replace(good, "5798000016446", "5798000016447", 1)), "unreadable by own"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := codec(t, func(p *bankfile.Profile) {
				p.Verify = map[string]*rsa.PublicKey{"B1": public(t, ownKey), "B2": public(t, otherKey)}
			})
			e, err := c.Read(strings.NewReader(test.text), prepared, &heard{})
			var unproven *gateway.UnprovenError
			var bad *gateway.UnreadableError
			got := ""
			switch {
			case errors.As(err, &unproven):
				if got = err.Error(); e.SignedBy != nil || errors.As(err, &bad) {
					t.Errorf("unproven, and signed by %x", e.SignedBy)
				}
			case errors.As(err, &bad):
				got = "unreadable by " + named(t, e.SignedBy)
			case err != nil:
				t.Fatal(err)
			default:
				got = "by " + named(t, e.SignedBy)
			}
			if !strings.Contains(got, test.want) {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func named(t testing.TB, fingerprint []byte) string {
	t.Helper()
	for name, path := range map[string]string{"own": ownKey, "other": otherKey} {
		want, err := autack.Fingerprint(public(t, path))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(want, fingerprint) {
			return name
		}
	}
	return "nobody"
}

// TestSignature_IsPassedOver: that of a bank whose profile asks for none is no message of a type that is not known.
func TestSignature_IsPassedOver(t *testing.T) {
	t.Parallel()
	sink := &heard{}
	text := signedBy(t, ownKey, "B1", fromBank(banstaHead+"RFF+ACW:M1'LIN+3'SEQ++1'GIS+4'"))
	e, err := codec(t, nil).Read(strings.NewReader(text), prepared, sink)
	if got := strings.Join(sink.lines, "; "); err != nil || got != `M1 3/1 "" executed  ""` || e.SignedBy != nil || !e.WantsContrl {
		t.Errorf("%s, %+v, %v", got, e, err)
	}
}
