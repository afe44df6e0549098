package autack_test

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
)

// openssl runs the program, which has nothing in common with this package.
func openssl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

var pssArgs = []string{"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"}

func TestOpenSSLVerifiesWhatIsSigned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	public := filepath.Join(dir, "public.pem")
	openssl(t, "pkey", "-in", keyFile, "-pubout", "-out", public)
	for name, test := range map[string]struct {
		padding autack.Padding
		args    []string
	}{"v1.5": {autack.PKCS1v15, nil}, "PSS": {autack.PSS, pssArgs}} {
		text := signed(t, interchange3, autack.LevelMessage, 3, autack.SignOptions{Padding: test.padding})
		// Bytes and value are found without this package.
		_, text, _ = strings.Cut(text, "USX+REF?'7+BANK:14:SUB+NKS:ZZ++++M2")
		_, text, _ = strings.Cut(text, "USY+1+1:")
		value, _, _ := strings.Cut(text, "'")
		signature, err := hex.DecodeString(value)
		if err != nil || len(signature) != 256 {
			t.Fatalf("%s: signature %q: %v", name, value, err)
		}
		content := interchange3[strings.Index(interchange3, "UNH+M2"):strings.Index(interchange3, "UNZ")]
		verified := func(content string) string {
			for file, b := range map[string][]byte{"content": []byte(content), "signature": signature} {
				if err := os.WriteFile(filepath.Join(dir, file), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := append([]string{"dgst", "-sha256", "-verify", public, "-signature", filepath.Join(dir, "signature")}, test.args...)
			out, _ := exec.CommandContext(t.Context(), "openssl", append(args, filepath.Join(dir, "content"))...).CombinedOutput()
			return strings.TrimSpace(string(out))
		}
		if got := verified(content); got != "Verified OK" {
			t.Errorf("%s: openssl says %q", name, got)
		}
		if got := verified(content + "\n"); !strings.HasSuffix(got, "Verification failure") {
			t.Errorf("%s: openssl says %q of other bytes", name, got)
		}
	}
}

func TestWhatOpenSSLSignedIsVerified(t *testing.T) {
	t.Parallel()
	_, public := loadKey(t, keyFile)
	dir := t.TempDir()
	content, signature := filepath.Join(dir, "content"), filepath.Join(dir, "signature")
	if err := os.WriteFile(content, []byte(interchange4), 0o600); err != nil {
		t.Fatal(err)
	}
	for padding, args := range map[string][]string{"11:1": nil, "PSS:ZZZ": pssArgs} {
		openssl(t, append(append([]string{"dgst", "-sha256", "-sign", keyFile, "-out", signature}, args...), content)...)
		value, err := os.ReadFile(signature)
		if err != nil {
			t.Fatal(err)
		}
		text := "UNB+UNOC:3+A+B+260301:0600+R'UNH+1+AUTACK:4:1:UN'USH+7+1+3+1+2'USA+1:::48:1'USC'USA+6:::10:1:" + padding +
			"'USB+1++A+B'USX+REF7'USY+1+1:" + hex.EncodeToString(value) + "'UST+1+5'UNT+10+1'UNZ+1+R'"
		_, m := mustRead(t, text)
		d, _, err := read(strings.NewReader(interchange4), edifact.ReaderOptions{}, autack.HashOptions{})
		if err != nil {
			t.Fatal(err)
		}
		covered, err := autack.Verify(m[0], d, autack.VerifyOptions{Keys: autack.OneKey(public)})
		if err != nil || len(covered) != 1 {
			t.Errorf("%s: %d covered, %v", padding, len(covered), err)
		}
	}
}
