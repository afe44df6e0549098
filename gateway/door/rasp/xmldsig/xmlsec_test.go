package xmldsig_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nks/gateway/door/rasp/xmldsig"
)

// namespaces by the words that templates use.
var namespaces = map[string]string{
	"SOAP": xmldsig.SOAP, "WSA": xmldsig.Addressing, "RM": xmldsig.Reliable, "WSU": xmldsig.Utility, "WSSE": xmldsig.Security, "OIO": xmldsig.OIO,
}

// identified are the elements whose u:Id xmlsec1 must be told of.
var identified = map[string][]string{
	xmldsig.SOAP: {"Body"}, xmldsig.Reliable: {"Sequence", "SequenceAcknowledgement", "AckRequested"},
	xmldsig.Addressing: {"Action", "MessageID", "ReplyTo", "To", "RelatesTo"},
	xmldsig.OIO:        {"MessageIdentifier", "SenderPartyIdentifier", "SenderPartyIdentifierType", "ReceiverPartyIdentifier", "ReceiverPartyIdentifierType"},
	xmldsig.Utility:    {"Timestamp"}, xmldsig.Security: {"BinarySecurityToken"},
}

// xmlsec runs xmlsec1, and returns what it says and what it writes.
func xmlsec(t testing.TB, arguments ...string) (printed, written string) {
	t.Helper()
	for space, names := range identified {
		for _, name := range names {
			arguments = append([]string{arguments[0], "--id-attr:Id", space + ":" + name}, arguments[1:]...)
		}
	}
	cmd := exec.Command("xmlsec1", arguments...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); !asExit(err, &exit) {
			t.Fatalf("xmlsec1: %v", err)
		}
	}
	return errs.String(), out.String()
}

func asExit(err error, exit **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*exit = e
	return ok
}

// documents is how many generated documents are compared, and with which seed.
func documents(t testing.TB, usual int) (int, *rand.Rand) {
	seed := uint64(1)
	if s := os.Getenv("NKS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	if s := os.Getenv("NKS_SIGNATURES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		usual = n
	}
	t.Logf("%d documents, seed %d", usual, seed)
	return usual, rand.New(rand.NewPCG(seed, 0))
}

const batch = 100

// files writes texts as files.
func files(t testing.TB, texts []string) []string {
	t.Helper()
	dir := t.TempDir()
	names := make([]string, len(texts))
	for i, s := range texts {
		names[i] = filepath.Join(dir, fmt.Sprintf("%03d.xml", i))
		if err := os.WriteFile(names[i], []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// pems writes an identity's certificate and key as files.
func pems(t testing.TB, i *identity) (certificate, key string) {
	t.Helper()
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: i.certificate.Raw}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func TestXmlsec_VerifiesWhatIsSignedHere(t *testing.T) {
	t.Parallel()
	count, r := documents(t, 300)
	for name, by := range map[string]*identity{"RSA": country().rsa, "ECDSA": country().curve} {
		certificate, _ := pems(t, by)
		for done := 0; done < count/2; done += batch {
			var messages []string
			for range min(batch, count/2-done) {
				messages = append(messages, string(signed(t, by, request(generated(r)))))
			}
			printed, _ := xmlsec(t, append([]string{"--verify", "--pubkey-cert-pem", certificate}, files(t, messages)...)...)
			if good := strings.Count(printed, "SignedInfo References (ok/all): 12/12"); good != len(messages) {
				t.Errorf("%s: of %d messages xmlsec1 verified %d: %s", name, len(messages), good, printed)
			}
		}
	}
}

func TestXmlsec_IsVerifiedHere(t *testing.T) {
	t.Parallel()
	count, r := documents(t, 300)
	p := country()
	long := issue(p.root, curveKey(elliptic.P384()), nil)
	for _, c := range []struct {
		by     *identity
		method string
	}{
		{p.rsa, "rsa-sha256"}, {p.rsa, "rsa-sha384"}, {p.rsa, "rsa-sha512"}, {p.curve, "ecdsa-sha256"}, {long, "ecdsa-sha384"},
	} {
		_, key := pems(t, c.by)
		der := base64.StdEncoding.EncodeToString(c.by.certificate.Raw)
		for done := 0; done < count/5; done += batch {
			var texts []string
			for range min(batch, count/5-done) {
				texts = append(texts, requestTemplate(r, generated(r), der, "http://www.w3.org/2001/04/xmldsig-more#"+c.method))
			}
			printed, written := xmlsec(t, append([]string{"--sign", "--privkey-pem", key}, files(t, texts)...)...)
			messages := strings.SplitAfter(written, "Envelope>\n")
			if len(messages) != len(texts)+1 {
				t.Fatalf("%s: of %d templates xmlsec1 signed %d: %s", c.method, len(texts), len(messages)-1, printed)
			}
			for i, message := range messages[:len(texts)] {
				if _, err := requestVerifier().Verify([]byte(message), now); err != nil {
					t.Errorf("%s: %v\n%s", c.method, err, message)
				}
				broken := strings.Replace(message, "5790000123459", "5790000123458", 1)
				if _, err := requestVerifier().Verify([]byte(broken), now); err == nil {
					t.Errorf("%s: message %d is taken with another sender", c.method, i)
				}
			}
		}
	}
}

func TestC14N_AsXmllint(t *testing.T) {
	t.Parallel()
	count, r := documents(t, 300)
	for done := 0; done < count; done += batch {
		texts := make([]string, min(batch, count-done))
		canonical := make([]string, len(texts))
		for i := range texts {
			texts[i] = generated(r)
			m, err := requestVerifier().Verify(signed(t, country().curve, request(texts[i])), now)
			if err != nil {
				t.Fatalf("%v\n%s", err, texts[i])
			}
			canonical[i] = string(m.Body.Bytes())
		}
		names := files(t, texts)
		if xmllint(t, names...) == strings.Join(canonical, "") {
			continue
		}
		for i, name := range names {
			if theirs := xmllint(t, name); theirs != canonical[i] {
				t.Errorf("document\n%s\nxmllint\n%s\nhere\n%s", texts[i], theirs, canonical[i])
			}
		}
	}
}

func xmllint(t testing.TB, names ...string) string {
	t.Helper()
	cmd := exec.Command("xmllint", append([]string{"--exc-c14n"}, names...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("xmllint: %v: %s", err, errs.String())
	}
	return string(out)
}
