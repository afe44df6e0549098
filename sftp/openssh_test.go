package sftp_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// openSSH is a mailbox server and what the OpenSSH clients need to log in to it.
type openSSH struct {
	server *sftp.Server
	host   ssh.PublicKey
	box    *sftptest.Memory
	dir    string
	port   string
}

// newOpenSSH starts a server for the parties KMD and CSC, each with a key file of
// its name in dir.
func newOpenSSH(t *testing.T) openSSH {
	t.Helper()
	return newOpenSSHWith(t, sftp.ServerConfig{})
}

// newOpenSSHWith is newOpenSSH with a configuration of which what is missing is made.
func newOpenSSHWith(t *testing.T, cfg sftp.ServerConfig) openSSH {
	t.Helper()
	o := openSSH{box: sftptest.NewMemory(), dir: t.TempDir()}
	keys := sftptest.Keyring{}
	for _, party := range []string{"KMD", "CSC"} {
		key, err := sftp.GenerateKey(filepath.Join(o.dir, party))
		if err != nil {
			t.Fatal(err)
		}
		keys[party] = []ssh.PublicKey{key.PublicKey()}
	}
	if cfg.Keys == nil {
		cfg.Keys = keys
	}
	if cfg.Mailbox == nil {
		cfg.Mailbox = o.box
	}
	if cfg.HostKeys == nil {
		cfg.HostKeys = []ssh.Signer{sftptest.Key(t)}
	}
	o.host = cfg.HostKeys[0].PublicKey()
	o.server = sftptest.Start(t, cfg)
	o.port = sftptest.Port(t, o.server.Addr())
	o.write(t, "known_hosts", fmt.Appendf(nil, "[127.0.0.1]:%s %s", o.port, ssh.MarshalAuthorizedKey(o.host)))
	return o
}

func (o openSSH) write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (o openSSH) options(key string) []string {
	return []string{
		"-F", "none", "-o", "UserKnownHostsFile=" + filepath.Join(o.dir, "known_hosts"),
		"-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-i", filepath.Join(o.dir, key), "-P", o.port,
	}
}

// run runs a client of OpenSSH and gives its output; a missing client is a failure.
func run(t *testing.T, stdin, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("%s: %v (install openssh-client)", name, err)
	}
	return string(out), err
}

func (o openSSH) sftp(t *testing.T, party, batch string) (string, error) {
	t.Helper()
	return run(t, batch, "sftp", append(o.options(party), "-b", "-", party+"@127.0.0.1")...)
}

func (o openSSH) mustSFTP(t *testing.T, party, batch string) string {
	t.Helper()
	out, err := o.sftp(t, party, batch)
	if err != nil {
		t.Fatalf("sftp: %v\n%s", err, out)
	}
	return out
}

func wantDelivered(t *testing.T, m *sftptest.Memory, party string, want ...sftptest.Delivery) {
	t.Helper()
	got := m.Deliveries(party)
	if len(got) != len(want) {
		t.Fatalf("%d deliveries, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Name != want[i].Name || !bytes.Equal(got[i].Data, want[i].Data) {
			t.Fatalf("delivery %d: %s, %d bytes; want %s, %d bytes",
				i, got[i].Name, len(got[i].Data), want[i].Name, len(want[i].Data))
		}
	}
}

// pattern is data in which no two packets are alike.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i ^ i>>8 ^ i>>15*31)
	}
	return p
}

func TestOpenSSHPutAndRename(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	small, large := []byte("<NKSPayment/>"), pattern(9<<20+17)
	a, b := o.write(t, "a", small), o.write(t, "b", large)
	o.mustSFTP(t, "KMD", fmt.Sprintf(`
put %[1]s in/a.xml
put -p %[2]s in/.b.xml.1.tmp
rename in/.b.xml.1.tmp in/b.xml
cd in
put -f %[1]s c.xml.filepart
rename c.xml.filepart c.xml
put %[1]s a.xml
`, a, b))
	wantDelivered(t, o.box, "KMD",
		sftptest.Delivery{Name: "a.xml", Data: small},
		sftptest.Delivery{Name: "b.xml", Data: large},
		sftptest.Delivery{Name: "c.xml", Data: small})
	wantDelivered(t, o.box, "CSC")
}

func TestOpenSSHCollect(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	large := pattern(3<<20 + 5)
	o.box.Offer("KMD", "NKS_KVITTERING1-0000000001.xml", []byte("<receipt/>"))
	o.box.Offer("KMD", "RETURSVAR2-0000000002.xml", large)
	out := o.mustSFTP(t, "KMD", fmt.Sprintf(`
pwd
ls
ls -l out
ls -1 /out
get -p out/RETURSVAR2-0000000002.xml %[1]s/got
get out/*KVITTERING* %[1]s/
rm out/RETURSVAR2-0000000002.xml
ls -1 out
ls -1 in
`, o.dir))
	for _, want := range []string{"Remote working directory: /\n", "in", "out", "3145733"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	got, err := os.ReadFile(filepath.Join(o.dir, "got"))
	if err != nil || !bytes.Equal(got, large) {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(large))
	}
	got, err = os.ReadFile(filepath.Join(o.dir, "NKS_KVITTERING1-0000000001.xml"))
	if err != nil || string(got) != "<receipt/>" {
		t.Errorf("got %q, %v", got, err)
	}
	left, err := o.box.List(t.Context(), "KMD", sftp.DirOut)
	if err != nil || len(left) != 1 || left[0].Name != "NKS_KVITTERING1-0000000001.xml" {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestOpenSSHScp(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	data := pattern(200_000)
	file := o.write(t, "file", data)
	o.box.Offer("CSC", "answer.xml", data)
	for _, args := range [][]string{
		{file, "CSC@127.0.0.1:in/one.xml"},
		{"-p", file, "CSC@127.0.0.1:/in/two.xml"},
		{"CSC@127.0.0.1:out/answer.xml", filepath.Join(o.dir, "answer")},
	} {
		if out, err := run(t, "", "scp", append(append(o.options("CSC"), "-s"), args...)...); err != nil {
			t.Fatalf("scp %q: %v\n%s", args, err, out)
		}
	}
	wantDelivered(t, o.box, "CSC", sftptest.Delivery{Name: "one.xml", Data: data}, sftptest.Delivery{Name: "two.xml", Data: data})
	if got, err := os.ReadFile(filepath.Join(o.dir, "answer")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestOpenSSHRefused(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	file := o.write(t, "file", []byte("<a/>"))
	other := o.write(t, "other", []byte("<b/>"))
	o.mustSFTP(t, "KMD", "put "+file+" in/a.xml\nput "+file+" in/.s.tmp")
	o.box.Offer("KMD", "d.xml", []byte("<d/>"))
	for name, batch := range map[string]string{
		"other bytes under a delivered name":  "put " + other + " in/a.xml",
		"rename onto a delivered name":        "put " + other + " in/x.tmp\nrename in/x.tmp in/a.xml",
		"rename of a delivery":                "rename in/a.xml in/b.xml",
		"rename to a temporary name":          "rename in/.s.tmp in/.t.tmp",
		"rename out of in":                    "rename in/.s.tmp out/s.xml",
		"upload to out":                       "put " + file + " out/a.xml",
		"upload to the root":                  "put " + file + " a.xml",
		"upload into a nested folder":         "put " + file + " in/sub/a.xml",
		"upload under a name that is no XML":  "put " + file + " in/a.txt",
		"upload under a name with a blank":    "put " + file + " \"in/a b.xml\"",
		"upload outside":                      "put " + file + " /etc/a.xml",
		"resume":                              "reput " + file + " in/.s.tmp",
		"reading back":                        "get in/a.xml " + filepath.Join(o.dir, "back"),
		"removing a delivery":                 "rm in/a.xml",
		"removing what is not there":          "rm out/e.xml",
		"making a folder":                     "mkdir in/sub",
		"removing a folder":                   "rmdir in",
		"symbolic link":                       "symlink out/d.xml in/l.xml",
		"hard link":                           "ln out/d.xml in/l.xml",
		"owner":                               "chown 0 out/d.xml",
		"listing elsewhere":                   "ls /etc",
		"getting what is not there":           "get out/../../etc/passwd " + filepath.Join(o.dir, "back"),
		"free space":                          "df",
		"overwriting a document":              "put " + file + " out/d.xml",
		"the other party's place by its name": "ls /KMD",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := o.sftp(t, "KMD", batch); err == nil {
				t.Errorf("allowed:\n%s", out)
			}
		})
	}
	t.Cleanup(func() {
		wantDelivered(t, o.box, "KMD", sftptest.Delivery{Name: "a.xml", Data: []byte("<a/>")})
	})
}

func TestOpenSSHLoginRefused(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	for name, args := range map[string][]string{
		"another party's key": append(o.options("CSC"), "KMD@127.0.0.1"),
		"unknown party":       append(o.options("KMD"), "root@127.0.0.1"),
		"SHA-1 key exchange":  append(o.options("KMD"), "-o", "KexAlgorithms=diffie-hellman-group14-sha1", "KMD@127.0.0.1"),
		"SHA-1 MAC":           append(o.options("KMD"), "-o", "Ciphers=aes128-ctr", "-o", "MACs=hmac-sha1", "KMD@127.0.0.1"),
		"CBC":                 append(o.options("KMD"), "-o", "Ciphers=aes128-cbc", "KMD@127.0.0.1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := run(t, "ls\n", "sftp", append([]string{"-b", "-"}, args...)...); err == nil {
				t.Errorf("let in:\n%s", out)
			}
		})
	}
}

func TestOpenSSHShellRefused(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	options := o.options("KMD")
	options[len(options)-2] = "-p" // ssh's own spelling of the port
	for _, command := range [][]string{{"id"}, nil, {"-W", "127.0.0.1:22"}} {
		args := append(append([]string{}, options...), "KMD@127.0.0.1")
		if out, err := run(t, "", "ssh", append(args, command...)...); err == nil {
			t.Errorf("ssh %q: allowed: %s", command, out)
		}
	}
}
