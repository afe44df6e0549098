package app_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/ssh"

	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// TestKeys_ChangedWithoutRestart: a bank that takes another key of ours than the one in its file; when that is put there, the line is up.
func TestKeys_ChangedWithoutRestart(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	next := filepath.Join(t.TempDir(), "client")
	key, err := sftp.GenerateKey(next)
	if err != nil {
		t.Fatal(err)
	}
	host, err := sftp.LoadKey(filepath.Join(c.Folder, "host"))
	if err != nil {
		t.Fatal(err)
	}
	bank := sftptest.Start(t, sftp.ServerConfig{HostKeys: []ssh.Signer{host}, Mailbox: sftptest.NewMemory(), Keys: sftptest.Keyring{"nks": {key.PublicKey()}}})
	c.Banks[0].Address = bank.Addr().String()
	startNode(t, c)
	db := database.Open(t, schema.Flow)
	becomes := func(want string) {
		t.Helper()
		var got string
		for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
			if err := db.GetContext(context.Background(), &got, `SELECT concat_ws(' ', state, trouble) FROM line WHERE kind = 'bank'`); err == nil && strings.TrimSpace(got) == want {
				return
			}
		}
		t.Fatalf("the line is %q, want %q", got, want)
	}
	becomes("down login")
	if err := os.Rename(next, filepath.Join(c.Folder, "client")); err != nil {
		t.Fatal(err)
	}
	becomes("up")
	if err := os.WriteFile(filepath.Join(c.Folder, "expires"), []byte(ssh.FingerprintSHA256(key.PublicKey())+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Keys.Expires = filepath.Join(c.Folder, "expires")
	opened, err := app.OpenDatabase(t.Context(), c, zerolog.Nop(), app.Beside)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	inventory, err := app.OpenInventory(t.Context(), c, opened)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inventory.Keys(t.Context()); err == nil || !strings.Contains(err.Error(), "line 1 must be a fingerprint and a day") {
		t.Errorf("a file without days: %v", err)
	}
}

// TestHostKeys_RollOver: the next host key that is moved to the first's place is the one that is shown, without a restart and after one.
func TestHostKeys_RollOver(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	c.Mailbox.NextHostKey = filepath.Join(c.Folder, "next")
	next, err := sftp.GenerateKey(c.Mailbox.NextHostKey)
	if err != nil {
		t.Fatal(err)
	}
	log := &words{written: make(chan struct{})}
	a, err := app.Start(t.Context(), app.Options{Config: c, Log: zerolog.New(log), RenewEvery: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(c.Mailbox.NextHostKey, c.Mailbox.HostKey); err != nil {
		t.Error(err)
	}
	log.await(t, `"fingerprints":["`+ssh.FingerprintSHA256(next.PublicKey())+`"],"message":"mailbox: other host keys"`, 1)
	if err := a.Shutdown(); err != nil {
		t.Fatal(err)
	}
	startNode(t, c).log.await(t, "mailbox: there is no next host key", 1)
}
