package app_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/ssh"

	"nks/conf"
	"nks/edifact/autack"
	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
	"nks/sftp"
	"nks/sftp/sftptest"
)

const (
	autackKey      = "../../edifact/autack/testdata/test-key.pem"
	otherAutackKey = "../../edifact/autack/testdata/test-key-4096.pem"
)

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
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		err := db.GetContext(context.Background(), &state, `SELECT (SELECT state FROM bank_file)
			|| coalesce((SELECT ' ' || kind || ' ' || (signed_by IS NOT NULL) FROM interchange), '') || coalesce((SELECT ' ' || max(kind) FROM exception WHERE kind <> 'bank file unreadable' AND kind <> 'line down'), '')`)
		if err == nil && state == "parked CONTRL true" {
			return
		}
	}
	t.Fatalf("the bank's file is %q", state)
}

// signingSite is a gateway of an environment, that signs by one key, and whose bank does by that of a certificate.
func signingSite(t *testing.T, environment, own, theirs string, notAfter time.Time, more string) (conf.Config, string) {
	t.Helper()
	address := environment + ".bank.example:22"
	dir := site(t, environment, address)
	copyFile(t, own, filepath.Join(dir, "own.pem"))
	signer, err := autack.LoadSigner(theirs)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "The Bank"}, NotBefore: notAfter.AddDate(-2, 0, 0), NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "bank.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	}
	for name, days := range map[string]int{"former.crl": -17, "bank.crl": -10} {
		if err == nil {
			list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: notAfter.AddDate(0, 0, days-7), NextUpdate: notAfter.AddDate(0, 0, days)}
			der, err = x509.CreateRevocationList(rand.Reader, list, template, signer)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), der, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	configure(t, dir, environment, address, more)
	path := filepath.Join(dir, "nks.toml")
	text, err := os.ReadFile(path)
	if err == nil {
		text = append(text, "autack = \"messages\"\nautack_sign = \"own.pem\"\nautack_key_name = \"NKS1\"\nautack_verify = [\"B1 bank.pem\"]\nautack_issuers = [\"bank.pem\"]\nautack_revoked = [\"former.crl\", \"bank.crl\"]\n"...)
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := app.LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	return c, path
}

// TestApart_Signing: a signature does not say of which environment a file is, so a key that signs may be of one alone.
func TestApart_Signing(t *testing.T) {
	t.Parallel()
	later := time.Now().AddDate(1, 0, 0)
	_, test := signingSite(t, "test", autackKey, otherAutackKey, later, "")
	more := fmt.Sprintf("apart_from = [%q]\n", test)
	for name, c := range map[string]struct{ own, theirs, want string }{
		"our key":            {autackKey, newAutackKey(t), "bank OLD: autack_sign "},
		"the bank's":         {newAutackKey(t), otherAutackKey, "bank OLD: autack_verify B1, "},
		"crossed":            {otherAutackKey, newAutackKey(t), "bank OLD: autack_sign "},
		"nothing":            {newAutackKey(t), newAutackKey(t), ""},
		"a key that says so": {newAutackKey(t), newAutackKey(t), `own.pem.environment says "test"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, path := signingSite(t, "production", c.own, c.theirs, later, more)
			if strings.Contains(c.want, boundFile) {
				if err := os.WriteFile(filepath.Join(filepath.Dir(path), boundFile), []byte("test\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := app.CheckApart(config)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

const boundFile = "own.pem.environment"

// newAutackKey is a new key in a file.
func newAutackKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKeys_Signing: keys that sign files are among those that are in use, with the day by which a bank's certificate ends.
func TestKeys_Signing(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	ends := time.Now().AddDate(0, 0, 20).Truncate(time.Second)
	c, _ := signingSite(t, "production", autackKey, otherAutackKey, ends, "")
	c.Database.URL = database.Server.DSN(database.Name, pgtest.Superuser)
	db, err := app.OpenDatabase(t.Context(), c, zerolog.Nop(), app.Beside)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	inventory, err := app.OpenInventory(t.Context(), c, db)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := inventory.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found, issuer := map[gateway.KeyKind]gateway.Key{}, gateway.Key{}
	for _, k := range keys {
		if strings.Contains(k.Name, "issuer") {
			issuer = k
			continue
		}
		found[k.Kind] = k
	}
	if k := issuer; k.Kind != gateway.KeyBankSigning || k.Name != "OLD issuer The Bank" || !k.NotAfter.Equal(ends) || k.Fingerprint != found[gateway.KeyBankSigning].Fingerprint {
		t.Errorf("who issues the bank's certificates: %+v", k)
	}
	if k := found[gateway.KeyRevocations]; k.Name != "OLD" || k.UsedBy != "the files of bank OLD" || !k.NotAfter.Equal(ends.AddDate(0, 0, -10)) {
		t.Errorf("the list of revoked certificates: %+v", k)
	}
	if k := found[gateway.KeySigning]; len(k.Fingerprint) != 64 || k.Name != "OLD" || k.Wrong != "" || k.Node == "" {
		t.Errorf("our key: %+v", k)
	}
	if k := found[gateway.KeyBankSigning]; len(k.Fingerprint) != 64 || k.Name != "OLD B1" || !k.NotAfter.Equal(ends) || k.Expires(time.Now()) != gateway.Warning {
		t.Errorf("the bank's key: %+v", k)
	}
}

// TestBankProfile_Trust: a bank's profile has its certificates judged by who issues them.
func TestBankProfile_Trust(t *testing.T) {
	t.Parallel()
	c, _ := signingSite(t, "production", autackKey, otherAutackKey, time.Now().AddDate(1, 0, 0), "")
	p, err := app.BankProfile(c, c.Banks[0])
	if err != nil || len(p.Trust.Issuers) != 1 || p.Trust.Certificates["B1"] == nil {
		t.Errorf("%+v, %v", p.Trust, err)
	}
	b := c.Banks[0]
	b.AutackVerify = []string{"B1 " + publicOf(t, otherAutackKey)}
	if _, err := app.BankProfile(c, b); !errors.Is(err, conf.ErrInvalid) || !strings.Contains(err.Error(), "autack_verify B1 is no certificate") {
		t.Errorf("a key by itself: %v", err)
	}
	b = c.Banks[0]
	b.AutackRevoked = b.AutackIssuers
	if _, err := app.BankProfile(c, b); !errors.Is(err, conf.ErrInvalid) || !strings.Contains(err.Error(), "autack_revoked") {
		t.Errorf("a certificate for a list: %v", err)
	}
}

// publicOf is the public half of a key, in PEM.
func publicOf(t *testing.T, path string) string {
	t.Helper()
	signer, err := autack.LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
