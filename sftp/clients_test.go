package sftp_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// curl runs curl for a party; its arguments may say "@" for the mailbox's address.
func (o openSSH) curl(t *testing.T, party string, args ...string) (string, error) {
	t.Helper()
	pin := sha256.Sum256(o.host.Marshal())
	all := []string{"-sS", "--key", filepath.Join(o.dir, party), "--pubkey", filepath.Join(o.dir, party+".pub"), "-u", party + ":",
		"--hostpubsha256", strings.TrimRight(base64.StdEncoding.EncodeToString(pin[:]), "=")}
	for _, a := range args {
		all = append(all, strings.Replace(a, "@", "sftp://127.0.0.1:"+o.port, 1))
	}
	return run(t, "", "curl", all...)
}

// lftp runs commands of lftp for a party.
func (o openSSH) lftp(t *testing.T, party, commands string) (string, error) {
	t.Helper()
	options := o.options(party)
	connect := "ssh -a -x " + strings.Join(options[:len(options)-2], " ")
	script := fmt.Sprintf("set cmd:fail-exit yes; set net:max-retries 1; set net:reconnect-interval-base 1; set sftp:auto-confirm no; set sftp:connect-program \"%s\"; open -u %s,x sftp://127.0.0.1:%s; %s; bye",
		connect, party, o.port, commands)
	return run(t, "", "lftp", "--norc", "-c", script)
}

// TestClients: what suppliers use hands in straight and by rename, lists, fetches and removes.
func TestClients(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(t *testing.T, o openSSH, file, got string) (listed string){
		"sftp": func(t *testing.T, o openSSH, file, got string) string {
			return o.mustSFTP(t, "KMD", fmt.Sprintf("put %[1]s in/a.xml\nput %[1]s in/b.xml.tmp\nrename in/b.xml.tmp in/b.xml\nls out\nget out/answer.xml %[2]s\nrm out/answer.xml", file, got))
		},
		"curl": func(t *testing.T, o openSSH, file, got string) string {
			var listed string
			for _, args := range [][]string{{"-T", file, "@/in/a.xml"}, {"-T", file, "@/in/b.xml.tmp", "-Q", "-rename /in/b.xml.tmp /in/b.xml"}, {"@/out/"},
				{"-o", got, "@/out/answer.xml", "-Q", "-rm /out/answer.xml"}} {
				out, err := o.curl(t, "KMD", args...)
				if err != nil {
					t.Errorf("curl %q: %v\n%s", args, err, out)
				}
				listed += out
			}
			return listed
		},
		"lftp": func(t *testing.T, o openSSH, file, got string) string {
			out, err := o.lftp(t, "KMD", fmt.Sprintf("put %[1]s -o in/a.xml; put %[1]s -o in/b.xml.tmp; mv in/b.xml.tmp in/b.xml; ls out; get out/answer.xml -o %[2]s; rm out/answer.xml", file, got))
			if err != nil {
				t.Errorf("lftp: %v\n%s", err, out)
			}
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOpenSSH(t)
			data := pattern(3<<20 + 17)
			file, got := o.write(t, "file", data), filepath.Join(o.dir, "got")
			o.box.Offer("KMD", "answer.xml", data)
			if listed := use(t, o, file, got); !strings.Contains(listed, "answer.xml") {
				t.Errorf("listed: %s", listed)
			}
			wantDelivered(t, o.box, "KMD", sftptest.Delivery{Name: "a.xml", Data: data}, sftptest.Delivery{Name: "b.xml", Data: data})
			if fetched, err := os.ReadFile(got); err != nil || !bytes.Equal(fetched, data) {
				t.Errorf("fetched %d bytes, %v", len(fetched), err)
			}
			if left, err := o.box.List(t.Context(), "KMD", sftp.DirOut); err != nil || len(left) != 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

// TestClients_Refused: what is refused fails with every client, and leaves nothing; where a client shows the server's words, these are
// there.
func TestClients_Refused(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	file, other := o.write(t, "file", pattern(1000)), o.write(t, "other", pattern(2000))
	o.mustSFTP(t, "KMD", "put "+file+" in/a.xml\nput "+file+" in/s.tmp")
	back := filepath.Join(o.dir, "back")
	o.box.Hook = func(op, _, name string) error {
		if op == "commit" && name == "full.tmp" {
			return fmt.Errorf("%w: 3 files", sftp.ErrQuota)
		}
		return nil
	}
	for name, c := range map[string]struct {
		run  func() (string, error)
		says string
	}{
		"curl resumes": {func() (string, error) { return o.curl(t, "KMD", "-C", "500", "-T", other, "@/in/s.tmp") }, ""},
		// Straight, curl does not look at the answer to its close: only a rename tells. docs/doors.md says so.
		"curl other bytes": {func() (string, error) {
			return o.curl(t, "KMD", "-T", other, "@/in/a.tmp", "-Q", "-rename /in/a.tmp /in/a.xml")
		}, "rename"},
		"curl over the quota": {func() (string, error) {
			return o.curl(t, "KMD", "-T", other, "@/in/full.tmp", "-Q", "-rename /in/full.tmp /in/full.xml")
		}, "rename"},
		"lftp over the quota": {func() (string, error) { return o.lftp(t, "KMD", "put "+other+" -o in/full.tmp") },
			"too many uploads wait for their rename: rename or remove some"},
		"curl reads back":    {func() (string, error) { return o.curl(t, "KMD", "-o", back, "@/in/a.xml") }, ""},
		"curl another name":  {func() (string, error) { return o.curl(t, "KMD", "-T", other, "@/in/a.txt") }, ""},
		"curl another's key": {func() (string, error) { return o.curl(t, "CSC", "-u", "KMD:", "@/out/") }, ""},
		"lftp resumes":       {func() (string, error) { return o.lftp(t, "KMD", "put -c "+other+" -o in/s.tmp") }, "no resume"},
		"lftp other bytes": {func() (string, error) { return o.lftp(t, "KMD", "put "+other+" -o in/a.xml") },
			"a file of this name with other content was already received"},
		"lftp another name": {func() (string, error) { return o.lftp(t, "KMD", "put "+other+" -o in/a.txt") }, "this file name is not allowed here"},
		"lftp a folder":     {func() (string, error) { return o.lftp(t, "KMD", "mkdir in/sub") }, "this is not allowed here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := c.run()
			if err == nil || !strings.Contains(out, c.says) {
				t.Errorf("%v, told: %s", err, out)
			}
		})
	}
	t.Cleanup(func() {
		wantDelivered(t, o.box, "KMD", sftptest.Delivery{Name: "a.xml", Data: pattern(1000)})
		if s, err := o.box.Stat(t.Context(), "KMD", sftp.DirIn, "s.tmp"); err != nil || s.Size != 1000 {
			t.Errorf("staged: %+v, %v", s, err)
		}
	})
}

// TestClients_SaysWhy: a client that is not let in shows why: keys cannot be looked up, a key that is not loaded, too many connections.
func TestClients_SaysWhy(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	out, err := run(t, "ls\n", "sftp", append([]string{"-b", "-"}, append(o.options("CSC"), "KMD@127.0.0.1")...)...)
	if err == nil || !strings.Contains(out, "no key that was offered so far is loaded for this login") {
		t.Errorf("a wrong key: %v, %s", err, out)
	}
	away := newOpenSSHWith(t, sftp.ServerConfig{Keys: awayKeys{}})
	if out, err := away.sftp(t, "KMD", "ls"); err == nil || !strings.Contains(out, "cannot look up keys at this moment; try again later") {
		t.Errorf("sftp, the database is away: %v, %s", err, out)
	}
	// These show no banner.
	if out, err := away.lftp(t, "KMD", "ls"); err == nil {
		t.Errorf("lftp, the database is away: %s", out)
	}
	if out, err := away.curl(t, "KMD", "@/out/"); err == nil {
		t.Errorf("curl, the database is away: %s", out)
	}
	crowded := newOpenSSHWith(t, sftp.ServerConfig{Limits: sftp.Limits{PerAddress: 1, Handshake: patience}})
	idle := &served{Server: crowded.server}
	idle.tcp(t)
	if out, err := crowded.sftp(t, "KMD", "ls"); err == nil || !strings.Contains(out, "too many connections: 1 logins at a time from one address") {
		t.Errorf("sftp, turned away: %v, %s", err, out)
	}
}

// TestKeysChange: a supplier whose key changes is let in with either, and the server's next key is learnt before it is used.
func TestKeysChange(t *testing.T) {
	t.Parallel()
	first, next := sftptest.Key(t), sftptest.Key(t)
	box := sftptest.NewMemory()
	now := newOpenSSHWith(t, sftp.ServerConfig{HostKeys: []ssh.Signer{first, next}, Mailbox: box})
	both := filepath.Join(now.dir, "known_hosts")
	if out, err := run(t, "ls\n", "sftp", append([]string{"-b", "-", "-o", "UpdateHostKeys=yes"}, append(now.options("KMD"), "KMD@127.0.0.1")...)...); err != nil {
		t.Fatalf("sftp: %v\n%s", err, out)
	}
	known, err := os.ReadFile(both)
	if err != nil || !bytes.Contains(known, bytes.TrimSpace(ssh.MarshalAuthorizedKey(next.PublicKey()))) {
		t.Fatalf("the next key was not learnt: %v\n%s", err, known)
	}
	then := newOpenSSHWith(t, sftp.ServerConfig{HostKeys: []ssh.Signer{next}, Mailbox: box})
	options := then.options("KMD")
	for i, o := range options {
		if strings.HasPrefix(o, "UserKnownHostsFile=") {
			options[i] = "UserKnownHostsFile=" + then.write(t, "learnt", bytes.ReplaceAll(known, []byte(":"+now.port), []byte(":"+then.port)))
		}
	}
	if out, err := run(t, "ls\n", "sftp", append([]string{"-b", "-"}, append(options, "KMD@127.0.0.1")...)...); err != nil {
		t.Errorf("after the change: %v\n%s", err, out)
	}

	old, new := sftptest.Key(t), sftptest.Key(t)
	s := serveWith(t, sftp.ServerConfig{Keys: sftptest.Keyring{"KMD": {old.PublicKey(), new.PublicKey()}}})
	for _, key := range []ssh.Signer{old, new} {
		if _, err := s.login(t, "127.0.0.1", "KMD", key); err != nil {
			t.Error(err)
		}
		if e := s.await(t, sftp.EventLogin); e.Party != "KMD" {
			t.Errorf("%+v", e)
		}
	}
}
