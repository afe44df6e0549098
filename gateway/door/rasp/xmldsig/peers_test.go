package xmldsig_test

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nks/gateway/door/rasp/xmldsig"
)

// peers are messages about smallBody that others have signed, and what becomes of them here.
var peers = map[string]xmldsig.Reason{
	"wss4j.xml":      "", // PrefixList on every transform, mustUnderstand="true"
	"xml-crypto.xml": "",
	// WSS4J 1.6 digests its Timestamp without the declaration that it then writes, where the envelope has bound the
	// namespace to another prefix. It refuses its own message, and so does xmlsec1.
	"wss4j-bound-utility.xml": xmldsig.DigestWrong,
	// npm's soap adds the transform enveloped-signature to headers, where it does nothing. WSS4J and xmlsec1 take it;
	// here there is one transform, and it is canonicalisation.
	"soap.xml": xmldsig.TransformForbidden,
}

var created = regexp.MustCompile(`Created>([^<]*)<`)

func TestPeers_RecordedMessages(t *testing.T) {
	t.Parallel()
	judgePeers(t, filepath.Join("testdata", "peers"))
}

func judgePeers(t *testing.T, dir string) {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	v := requestVerifier()
	v.Trust = trustIn(t, read("certificate.pem"))
	for name, want := range peers {
		message := read(name)
		at, err := time.Parse(time.RFC3339Nano, string(created.FindSubmatch(message)[1]))
		if err != nil {
			t.Fatal(err)
		}
		m, err := v.Verify(message, at.Add(time.Minute))
		if got := reasonOf(err); got != want {
			t.Errorf("%s: %q, where it is %q", name, got, want)
		}
		if err != nil {
			continue
		}
		original := shown(m)
		if !strings.Contains(original["body"], "a &amp; b") || !strings.HasSuffix(original["Sequence"], "MessageNumber1))") {
			t.Errorf("%s shows %v", name, original)
		}
		if m, err := v.Verify([]byte(strings.Replace(string(message), ">100<", ">101<", 1)), at); err == nil {
			t.Errorf("%s: taken with another amount: %s", name, m.Body.Bytes())
		}
	}
}

// TestPeers_Live has messages signed by WSS4J and by npm's libraries, and ours verified by WSS4J. It needs Java and takes
// its time: NKS_PEERS=1 of the farm lets it.
func TestPeers_Live(t *testing.T) {
	t.Parallel()
	if os.Getenv("NKS_PEERS") == "" {
		t.Log("recorded messages stand for it")
		return
	}
	dir, start := t.TempDir(), time.Now().UTC()
	who := issue(nil, rsaKeys()[2048], func(c *x509.Certificate) {
		c.KeyUsage |= x509.KeyUsageDigitalSignature
		c.NotBefore, c.NotAfter = start.Add(-time.Hour), start.Add(time.Hour)
	})
	certificate, key := pems(t, who)
	for _, name := range []string{"Peer.java", "sign.mjs", "package.json"} {
		run(t, ".", "cp", filepath.Join("testdata", "peers", name), dir)
	}
	run(t, ".", "cp", certificate, filepath.Join(dir, "certificate.pem"))
	run(t, dir, "openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key, "-name", "k", "-passout", "pass:pw", "-out", "k.p12")
	composed, err := xmldsig.Compose(request(smallBody))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := who.signer().Sign(request(smallBody), start)
	if err != nil {
		t.Fatal(err)
	}
	for name, message := range map[string]string{
		"bound": string(composed), "plain": strings.Replace(string(composed), ` xmlns:u="`+xmldsig.Utility+`"`, "", 1),
		"ours": string(ours), "ours-altered": strings.Replace(string(ours), ">100<", ">101<", 1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(message), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	jars := "."
	for _, jar := range []string{"wss4j", "xmlsec", "commons-codec", "commons-logging", "slf4j-api"} {
		jars += ":/usr/share/java/" + jar + ".jar"
	}
	run(t, dir, "javac", "-cp", jars, "Peer.java")
	run(t, dir, "java", "-cp", jars, "Peer", "sign", "k.p12", "plain", "bound")
	run(t, dir, "mv", "plain.signed", "wss4j.xml")
	run(t, dir, "mv", "bound.signed", "wss4j-bound-utility.xml")
	run(t, dir, "npm", "install", "--ignore-scripts", "--no-package-lock", "--silent")
	run(t, dir, "node", "--no-deprecation", "sign.mjs", key, certificate, start.Format("2006-01-02T15:04:05.000Z"), "bound")
	run(t, dir, "mv", "bound.signed", "xml-crypto.xml")
	run(t, dir, "mv", "bound.soap", "soap.xml")
	judgePeers(t, dir)
	printed := run(t, dir, "java", "-cp", jars, "Peer", "verify", "k.p12", "ours", "ours-altered")
	if lines := strings.Split(printed, "\n"); lines[0] != "3 verified" || !strings.HasPrefix(lines[1], "refused: ") {
		t.Errorf("WSS4J says of ours: %s", printed)
	}
}

// run runs a program in a folder, and returns what it prints.
func run(t *testing.T, dir, name string, arguments ...string) string {
	t.Helper()
	cmd := exec.Command(name, arguments...)
	cmd.Dir = dir
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, errs.String())
	}
	return string(out)
}
