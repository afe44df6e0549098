package driver_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/mq"
	"nks/mq/ibmmq"
	"nks/mq/ibmmq/cmd/nks-ibmmq/driver"
	"nks/mq/ibmmq/internal/standin"
	"nks/register"
	"nks/schema"
	"nks/sftp"
)

func TestMain(m *testing.M) {
	// As an operator has it in the service's environment.
	if err := os.Setenv("MQCCSID", "1208"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reference is a register with one supplier, which may send for one authority.
func reference(t *testing.T, database *pgtest.Database, now time.Time) {
	t.Helper()
	var sources []register.Source
	for name, text := range map[string]string{
		"suppliers.csv":     "supplier,name,ean,ssh_keys\nLEVA,Leverandør A,,\n",
		"authorities.csv":   "authority,name,cvr,emigrated,p_numbers\n77,Prøvekøbing Kommune,,yes,no\n",
		"benefit_types.csv": "benefit_type,authority,name,fallback,salary\nYD1,,Almen ydelse,yes,no\n",
		"agreements.csv": "agreement,authority,los_unit,supplier,bank_centre,payout_accounts,no_account,receive_by,valid_from,valid_to\n" +
			"AFT-1,77,,LEVA,BEC,30110004567890,return,06:00,,\n",
	} {
		sources = append(sources, register.Source{Name: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
	}
	_, err := register.Load(t.Context(), database.Open(t, schema.Flow), sources, register.Options{Now: func() time.Time { return now }})
	must(t, err)
}

// configured is a configuration with a bank that nobody answers for, and the queues of a queue manager.
func configured(t *testing.T, m *standin.Manager) string {
	t.Helper()
	dir := t.TempDir()
	for _, key := range []string{"client", "host", "mailbox"} {
		_, err := sftp.GenerateKey(filepath.Join(dir, key))
		must(t, err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "mq-login"), []byte(m.User+"\n"+m.Password+"\n"), 0o600))
	path := filepath.Join(dir, "nks.toml")
	must(t, os.WriteFile(path, []byte(fmt.Sprintf(`[identity]
name = "NKSTEST"
[mailbox]
listen = "127.0.0.1:0"
host_key = "mailbox"
[mq]
driver = "ibmmq"
login = "mq-login"
in = "NKS.IN.{supplier}"
out = "NKS.OUT.{supplier}"
parked = "NKS.PARKED.{supplier}"
[mq.ibmmq]
manager = %q
conn_name = "mq.example(1414)"
channel = "NKS.SVRCONN"
[metrics]
listen = ""
[console]
listen = ""
[flow]
poll = "50ms"
[[bank]]
id = "BEC"
name = "Bank"
gln = "5790000000012"
address = "127.0.0.1:1"
user = "nks"
key = "client"
host_keys = ["host.pub"]
`, m.Name)), 0o600))
	return path
}

// TestRun: a gateway with the driver takes a message out of a supplier's queue in IBM MQ, and puts its answers into the other.
func TestRun(t *testing.T) {
	m, ok := standin.New("QMGATEWAY", standin.Queue{Name: "NKS.IN.LEVA", Requeue: "NKS.PARKED.LEVA"}, standin.Queue{Name: "NKS.OUT.LEVA"},
		standin.Queue{Name: "NKS.PARKED.LEVA"})
	if !ok {
		t.Skip("linked with IBM's own library")
	}
	m.User, m.Password = "nks", "ours"
	database := pgtest.Create(t)
	start := time.Date(2005, 8, 11, 2, 30, 0, 0, time.UTC)
	reference(t, database, start)
	c, err := app.LoadConfig(configured(t, m))
	must(t, err)
	c.Database.URL = database.Server.DSN(database.Name, pgtest.Superuser)
	ibm := driver.New()
	a, err := app.Start(t.Context(), app.Options{Config: c, Log: zerolog.New(zerolog.NewTestWriter(t)), Version: "test", Start: start, IBMMQ: &ibm})
	must(t, err)
	defer func() { must(t, a.Shutdown()) }()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	supplier := ibmmq.Config{Manager: m.Name, ConnName: "mq.example(1414)", Channel: "LEVA", Queue: "NKS.OUT.LEVA", User: "nks", Password: "ours", Application: "supplier"}
	link, err := ibmmq.Open(ctx, supplier)
	must(t, err)
	defer func() { must(t, link.Close(context.WithoutCancel(ctx))) }()
	bundle := intaketest.Document{From: []string{"LEVA"}, GroupID: "G-1", Authority: "77", Debits: []intaketest.Debit{{On: "2005-08-12", Agreement: "AFT-1", Account: "30110004567890",
		Payments: []intaketest.Payment{intaketest.Complete("A-1", "70450001234567", 1000)}}}}
	must(t, link.Send(ctx, mq.Address{Queue: "NKS.IN.LEVA"}, &mq.Message{ID: []byte("B-1"), Format: "application/xml", Body: bundle.XML(), Persistent: true}))
	for _, want := range []string{"NKSReceipt1", "NKSResponse2"} {
		d, err := link.Receive(ctx)
		must(t, err)
		if got := rootOf(t, d.Body); got != want || string(d.CorrelID) != "B-1" {
			t.Errorf("answer %s about %q, want %s about B-1", got, d.CorrelID, want)
		}
		must(t, link.Ack(ctx, d))
	}
	if n := m.Depth("NKS.IN.LEVA") + m.Depth("NKS.PARKED.LEVA"); n != 0 {
		t.Errorf("%d messages are left", n)
	}
}

// rootOf is the root element of an answer.
func rootOf(t *testing.T, document []byte) string {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := d.Token()
		must(t, err)
		if root, is := token.(xml.StartElement); is {
			return root.Name.Local
		}
	}
}
