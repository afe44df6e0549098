package sftp_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// TestHostKeys_RollOver: OpenSSH learns the next key, knows the server by it when it has become the first without a restart, and
// trusts the former no more: while the same file stands for both, and when there is no next one.
func TestHostKeys_RollOver(t *testing.T) {
	t.Parallel()
	first, next := sftptest.Key(t), sftptest.Key(t)
	o := newOpenSSHWith(t, sftp.ServerConfig{HostKeys: []ssh.Signer{first, next}})
	trusts := func(step string, want ...ssh.Signer) {
		t.Helper()
		out, err := run(t, "ls\n", "sftp", append([]string{"-v", "-b", "-", "-o", "UpdateHostKeys=yes"}, append(o.options("KMD"), "KMD@127.0.0.1")...)...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", step, err, out)
		}
		if strings.Contains(out, "duplicated") {
			t.Errorf("%s: the client is told of a key twice:\n%s", step, out)
		}
		known, err := os.ReadFile(filepath.Join(o.dir, "known_hosts"))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []ssh.Signer{first, next} {
			wanted := false
			for _, w := range want {
				wanted = wanted || w == key
			}
			if is := bytes.Contains(known, bytes.TrimSpace(ssh.MarshalAuthorizedKey(key.PublicKey()))); is != wanted {
				t.Errorf("%s: key %s is trusted: %t\n%s", step, ssh.FingerprintSHA256(key.PublicKey()), is, known)
			}
		}
	}
	trusts("announced", first, next)
	for step, keys := range map[string][]ssh.Signer{"the same for both": {next, next}, "alone": {next}} {
		if err := o.server.SetHostKeys(keys...); err != nil {
			t.Fatal(err)
		}
		trusts(step, next)
	}
}
