package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
	"nks/sftp"
	"nks/sftp/sftptest"
)

const autackKey = "../../edifact/autack/testdata/test-key.pem"

// TestAutack_KeyComesLater: a profile that asks for signatures comes to a node before its key does; when the key is put there, what waits is
// signed, without a restart.
func TestAutack_KeyComesLater(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	host, err := sftp.LoadKey(filepath.Join(c.Folder, "host"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := sftp.LoadKey(filepath.Join(c.Folder, "client"))
	if err != nil {
		t.Fatal(err)
	}
	box := sftptest.NewMemory()
	bank := sftptest.Start(t, sftp.ServerConfig{HostKeys: []ssh.Signer{host}, Mailbox: box, Keys: sftptest.Keyring{"nks": {client.PublicKey()}}})
	c.Banks[0].Address = bank.Addr().String()
	other := c.Banks[0]
	other.ID, other.GLN, other.Address = "NEW", "5790000000029", "127.0.0.1:1"
	c.Banks = append(c.Banks, other)
	n := startNode(t, c)
	n.turns.await(t, "hear OLD")
	change := filepath.Join(c.Folder, "change.toml")
	text := strings.Replace(profileOf("OLD", "5790000000012"), "127.0.0.1:1", bank.Addr().String(), 1) + "autack = \"messages\"\nautack_sign = \"own.pem\"\nautack_key_name = \"NKS1\"\n"
	if err := os.WriteFile(change, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := app.LoadProfiles(t.Context(), c, n.Database(), change, "change.toml", gateway.Date{}, n.Now); changed != 1 || err != nil {
		t.Fatalf("%d changed, %v", changed, err)
	}
	n.log.await(t, "own.pem", 1)
	n.turns.await(t, "hear NEW")
	n.turns.await(t, "hear NEW") // it has read the profiles of all
	copyFile(t, autackKey, filepath.Join(c.Folder, "own.pem"))
	n.log.await(t, `"bank":"OLD","message":"bank is served"`, 1)
	box.Offer("nks", "a.edi", []byte(fmt.Sprintf("UNB+UNOC:3+5790000000012:14+%s:14+050811:0700+F1++++1++1'UNH+1+BANSTA:D:96A:UN'UNT+2+1'UNZ+1+F1'", c.Identity.GLN)))
	db := database.Open(t, schema.Flow)
	var state string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		err := db.GetContext(context.Background(), &state, `SELECT (SELECT state FROM bank_file)
			|| coalesce((SELECT ' ' || kind || ' ' || (signed_by IS NOT NULL) FROM interchange), '') || coalesce((SELECT ' ' || max(kind) FROM exception WHERE kind <> 'bank file unreadable' AND kind <> 'line down'), '')`)
		if err == nil && state == "parked CONTRL true" {
			return
		}
	}
	t.Fatalf("the bank's file is %q", state)
}
