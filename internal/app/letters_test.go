package app_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/crypto/ssh"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/postgres/pgtest"
	"nks/paper/papertest"
	"nks/register/accounts"
	"nks/register/law"
	"nks/schema"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// lettered is a gateway that has letters printed, and whose interface a site calls.
type lettered struct {
	t        *testing.T
	db       *sqlx.DB
	node     node
	provider *sftptest.Plain
	client   *http.Client
}

func newLettered(t *testing.T) *lettered {
	t.Helper()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	key, err := sftp.GenerateKey(filepath.Join(c.Folder, "print"))
	if err != nil {
		t.Fatal(err)
	}
	l := &lettered{t: t, db: database.Open(t, schema.Flow), provider: sftptest.StartPlain(t, key, nil)}
	c.Print = conf.Print{Address: l.provider.Addr, User: "nks", Key: filepath.Join(c.Folder, "print"), HostKeys: []string{string(ssh.MarshalAuthorizedKey(l.provider.Host))}, Poll: conf.Duration{Duration: 100 * time.Millisecond}}
	c.Activation.Sender, c.Activation.Site, c.Activation.Phone = "NemKonto", "nemkonto.example", "33 92 00 00"
	ca := rasptest.NewAuthority(t, "authority")
	site := ca.Issue(t, "site", "")
	c.API.Listen, c.API.ClientsCA = "127.0.0.1:0", ca.File(t, c.Folder, "clients")
	c.API.Certificate, c.API.Key = ca.Issue(t, "gateway", "").Files(t, c.Folder, "api")
	sum := sha256.Sum256(site.Certificate.Raw)
	c.API.Clients = []conf.APIClient{{Name: "site", Fingerprints: []string{"sha256:" + hex.EncodeToString(sum[:])}}}
	l.node = startNode(t, c)
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ca.Pool(), Certificates: []tls.Certificate{site.TLS()}}}
	t.Cleanup(transport.CloseIdleConnections)
	l.client = &http.Client{Transport: transport, Timeout: 10 * time.Second}
	return l
}

// await waits until something is so.
func (l *lettered) await(what string, is func() bool) {
	l.t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("%s: not within 20 s; the provider has %q", what, l.provider.Names())
		}
	}
}

// registers has an authority register an account for somebody.
func (l *lettered) registers() {
	l.t.Helper()
	tx := l.db.MustBeginTx(l.t.Context(), nil)
	tx.MustExec(`INSERT INTO authority (authority, name) VALUES ('77', 'Prøvekøbing Kommune')`)
	tx.MustExec(`INSERT INTO holder_version (id, kind, status, name, street, postcode, town, country, valid_from, recorded_from, counter)
		VALUES (101700001, 1, 1, 'Ann Andersen', 'Algade 1', '4600', 'Køge', 'DK', '-infinity', '-infinity', 0)`)
	store := &accounts.Store{Now: time.Now, Location: time.UTC}
	all, err := store.Apply(l.t.Context(), tx, []accounts.Application{{Channel: law.Interface, Action: law.Register, Holder: gateway.Holder{Kind: gateway.CPR, ID: "0101700001"},
		Account: accounts.Account{Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: "10020000555555"}}, Expects: law.Unsaid, By: "system of 77", OnBehalfOf: "77", Why: "asked", Source: "case 12"}})
	if err != nil || all[0].State != law.WaitsActivation {
		l.t.Fatalf("%+v: %v", all, err)
	}
	if err := tx.Commit(); err != nil {
		l.t.Fatal(err)
	}
}

// enters posts a code, and gives the answer.
func (l *lettered) enters(reference, code string) string {
	l.t.Helper()
	r, err := l.client.Post("https://"+l.node.Addresses().API+"/v1/activations", "application/json", strings.NewReader(fmt.Sprintf(`{"reference": %q, "code": %q}`, reference, code)))
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", r.StatusCode, body)
}

// TestLetters: a running gateway writes the letter, hands it over, and takes its code by the interface; its lines are told of. // B13 // B25.3
func TestLetters(t *testing.T) {
	t.Parallel()
	l := newLettered(t)
	l.registers()
	l.await("letter and index", func() bool { return len(l.provider.Names()) == 2 })
	text := strings.ReplaceAll(papertest.Text(t, l.provider.Content(t, l.provider.Names()[0])), "\n", " ")
	found := regexp.MustCompile(`Reference: (\d{5} \d{5}).*Kode: (\d{4} \d{4} \d{4})`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("a letter without a code: %s", text)
	}
	if got := l.enters(found[1], "000000000000"); !strings.HasPrefix(got, "404") {
		t.Errorf("a wrong code: %s", got)
	}
	first := l.enters(found[1], found[2])
	if !strings.HasPrefix(first, `200 {"state":"active","since":"`) {
		t.Errorf("the code: %s", first)
	}
	if again := l.enters(found[1], found[2]); again != first {
		t.Errorf("again: %s, first %s", again, first)
	}
	l.await("lines", func() bool {
		var all string
		err := l.db.GetContext(context.Background(), &all, `SELECT coalesce(string_agg(kind || ' ' || name || ' ' || state, ', ' ORDER BY kind, name), '') FROM line WHERE (kind, name) IN (('print', 'provider'), ('door', 'api'))`)
		return err == nil && all == "door api up, print provider up"
	})
}
