package bank_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
	"nks/edifact/directory/d96a"
	"nks/sim/bank"
)

const (
	centreKey  = "../../edifact/autack/testdata/test-key.pem"
	gatewayKey = "../../edifact/autack/testdata/test-key-4096.pem"
)

// sealed begins a centre that signs, and knows one key of its gateway.
func sealed(t *testing.T, change ...func(*bank.Profile)) *centre {
	t.Helper()
	p := quiet()
	p.Autack = bank.Autack{Key: "own.pem", Name: "B1", Verify: map[string]string{"NKS1": "gateway.pem"}}
	for _, f := range change {
		f(&p)
	}
	c := prepare(t, p)
	own, err := os.ReadFile(centreKey)
	if err != nil {
		t.Fatal(err)
	}
	c.write(filepath.Join("keys", "own.pem"), own)
	c.write(filepath.Join("keys", "gateway.pem"), publicPEM(t, gatewayKey))
	c.run()
	return c
}

// signedWith is an interchange with its AUTACK.
func signedWith(t *testing.T, path, name, text string) string {
	t.Helper()
	key, err := autack.LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := autack.Append(&out, strings.NewReader(text), key, autack.AppendOptions{SignOptions: autack.SignOptions{KeyName: name}}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestAutack: a centre that asks for signatures carries out nothing else, and signs what it says itself.
func TestAutack(t *testing.T) {
	t.Parallel()
	good := simple("1", 2).text()
	signed := signedWith(t, gatewayKey, "NKS1", good)
	for name, test := range map[string]struct{ text, want string }{
		"signed":              {signed, "+7'"},
		"unsigned":            {good, "+4+18+UNB'"},
		"tampered":            {strings.Replace(signed, "Roskilde", "Rockilde", 1), "+4+18+UNB'"},
		"with the wrong key":  {signedWith(t, centreKey, "NKS1", good), "+4+18+UNB'"},
		"with an unknown key": {signedWith(t, gatewayKey, "NKS2", good), "+4+18+UNB'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := sealed(t)
			s := c.open()
			c.put(s, "NKS1.edi", test.text)
			texts := c.answers(s)
			if got := strings.Join(texts, ""); !strings.Contains(got, test.want) {
				t.Errorf("no %q in %s", test.want, got)
			}
			for _, text := range texts {
				if err := centreSigned(text); err != nil {
					t.Errorf("%v: %s", err, text)
				}
			}
			refused := 0
			l := c.ledger()
			for _, o := range l.Orders {
				if o.Outcome == bank.Rejected {
					refused++
				}
			}
			if good := test.text == signed; len(l.Orders) != 2 || good && refused > 0 || !good && (refused != 2 || len(l.Findings) == 0) {
				t.Errorf("%d of %d orders are refused, findings %v", refused, len(l.Orders), l.Findings)
			}
		})
	}
}

// TestAutack_Forged: beside each answer lies one that is not the centre's, which its ledger knows nothing of.
func TestAutack_Forged(t *testing.T) {
	t.Parallel()
	c := sealed(t, func(p *bank.Profile) {
		p.Faults = bank.Faults{Kinds: []bank.Fault{bank.FaultForged}, Interchanges: 1000}
	})
	s := c.open()
	for _, control := range []string{"1", "2", "3"} {
		c.put(s, "NKS"+control+".edi", signedWith(t, gatewayKey, "NKS1", strings.ReplaceAll(strings.ReplaceAll(simple(control, 2).text(), "1-0000", control+"-0000"), "-M1+", "-M"+control+"+")))
	}
	c.jumpOn()
	var good, forged int
	why := map[string]bool{}
	for _, text := range c.answers(s) {
		err := centreSigned(text)
		for fault, name := range map[error]string{autack.ErrNotSigned: "not signed", autack.ErrBadSignature: "tampered"} {
			if errors.Is(err, fault) {
				why[name] = true
			}
		}
		if err == nil {
			good++
		} else {
			forged++
		}
	}
	l := c.ledger()
	if good == 0 || good != forged || len(l.Answers) != good || !why["not signed"] || !why["tampered"] {
		t.Errorf("%d answers, %d forged, for %v; %d in the ledger", good, forged, why, len(l.Answers))
	}
	for ref, o := range l.Orders {
		if o.Outcome != bank.Executed || o.Truth != bank.Executed {
			t.Errorf("%s is told %s, is %s", ref, o.Outcome, o.Truth)
		}
	}
}

func centreSigned(text string) error {
	key, err := autack.LoadSigner(centreKey)
	if err != nil {
		return err
	}
	r, h := autack.NewReader(strings.NewReader(text), edifact.ReaderOptions{}, autack.HashOptions{Levels: autack.LevelMessage})
	v := edifact.NewValidator(r, edifact.NewSchema(d96a.Directory()).WithCodes(edifact.Codes{edifact.AllElements: {Any: true}}))
	var m *autack.Message
	for s, err := range v.Segments() {
		if err != nil {
			return err
		}
		if s.Tag == "UNH" && v.Message().Type == "AUTACK" {
			if m, err = autack.Read(v); err != nil {
				return err
			}
		}
	}
	_, err = autack.Verify(m, h.Digests(), autack.VerifyOptions{Keys: autack.OneKey(key.Public().(*rsa.PublicKey)), AllMessages: true})
	return err
}

// publicPEM is the public part of a private key.
func publicPEM(t *testing.T, path string) []byte {
	t.Helper()
	key, err := autack.LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestAutack_Profile(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.Autack.Key = "own.pem"
	if err := bank.WriteProfile(t.TempDir(), "TEST", p); !errors.Is(err, bank.ErrProfile) {
		t.Errorf("a key without a name: %v", err)
	}
}
