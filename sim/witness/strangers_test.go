package witness_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/sim/bank"
	"nks/sim/witness"
)

// began is the instant at which the banks' machine clock stands.
var began = time.Date(2005, 8, 11, 2, 30, 0, 0, time.UTC)

// TestReadsEveryBank has each simulated bank answer many orders in its own way, with rejects early and late, twice, out
// of order and about nothing, and compares with the bank's own ledger.
func TestReadsEveryBank(t *testing.T) {
	t.Parallel()
	for centre, p := range bank.DefaultProfiles() {
		t.Run(centre, func(t *testing.T) {
			t.Parallel()
			p := p
			p.RejectPerMille, p.LateRejectPerMille = 150, 50
			p.Misbehaves.Twice, p.Misbehaves.UnknownReference, p.Misbehaves.OutOfOrder, p.Misbehaves.RejectMessage = 400, 400, 400, 100
			compareWithLedger(t, centre, p, "")
		})
		t.Run(centre+" silent", func(t *testing.T) {
			t.Parallel()
			p := p
			p.Executed, p.RejectPerMille = bank.ExecutedNone, 150
			compareWithLedger(t, centre, p, bank.Accepted)
		})
	}
}

// compareWithLedger counts what the ledger says; asExecuted is a further outcome that means execution there.
func compareWithLedger(t *testing.T, centre string, p bank.Profile, asExecuted bank.Outcome) {
	t.Helper()
	dir := t.TempDir()
	b := simulated{t, dir, centre}
	if err := bank.WriteProfile(dir, centre, p); err != nil {
		t.Fatal(err)
	}
	var txs []string
	for n := range 4 {
		text, own := ordered(n+1, p.GLN)
		b.write(filepath.Join("sim", "bank", centre, "root", "in", fmt.Sprintf("NKS%d.edi", n+1)), text)
		txs = append(txs, own...)
	}
	b.deliver(payments("M1", "G1", "10", txs...))
	if p.Misbehaves.RejectMessage == 0 {
		var asked []string
		for n := range 4 {
			for s := range 6 {
				asked = append(asked, fmt.Sprintf("%08dP?+%d.0.1.%d", n+1, n+1, s))
			}
		}
		b.write(filepath.Join("sim", "bank", centre, "root", "in", "NKS9.edi"), recalls(9, p.GLN, asked...))
	}
	b.answerAll()
	ledger, err := bank.ReadJournal(dir, centre)
	if err != nil {
		t.Fatal(err)
	}
	var want witness.Bank
	want.Centre = centre
	count := func(s *witness.Sum, o *bank.LedgerOrder) {
		s.Count++
		s.Oere += o.Oere
	}
	for _, a := range ledger.Answers {
		if a.Kind == "STRAY" {
			want.UndecidedStatements++
		}
	}
	for _, o := range ledger.Orders {
		count(&want.Ordered, o)
		if o.Truth == bank.Executed {
			count(&want.Paid, o)
		}
		if o.Recall != "" {
			count(&want.Asked, o)
		}
		switch o.Recall {
		case bank.RecallStopped:
			count(&want.Granted, o)
		case bank.RecallRefused:
			count(&want.Refused, o)
		}
		switch o.Outcome {
		case bank.Rejected:
			count(&want.Rejected, o)
		case bank.Executed, asExecuted:
			count(&want.Executed, o)
		case bank.Ordered:
			// A bank that never speaks of an order has it executed, if silence is its way.
			if asExecuted != "" {
				count(&want.Executed, o)
			}
		}
	}
	r, err := witness.Compute(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Banks) != 1 || r.Banks[0] != want || want.Rejected.Count == 0 || want.Executed.Count == 0 || len(ledger.Findings) > 0 ||
		p.Misbehaves.RejectMessage == 0 && (want.Granted.Count == 0 || want.Refused.Count == 0) {
		t.Errorf("witness %+v\nledger  %+v\nfindings of the bank %v", r.Banks, want, ledger.Findings)
	}
	for _, f := range r.Findings {
		if f.Kind != witness.NoAnswer {
			t.Errorf("%s: %s", f.Kind, f.What)
		}
	}
}

// recalls asks for orders back.
func recalls(n int, gln string, references ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "UNH+1+FINCAN:D:96A:UN'BGM+453+I%d-M1+9'DTM+137:20050811:102'FII+OR+30010000000001:::DKK+:::3001:80:130'NAD+OY+++Myndighed'", n)
	for l, ref := range references {
		fmt.Fprintf(&b, "LIN+%d'RFF+CR:%s'", l+1, ref)
	}
	fmt.Fprintf(&b, "CNT+LIN:%d'", len(references))
	return fmt.Sprintf("UNA:+,? 'UNB+UNOC:3+5798000016446:14+%s:14+050811:0430+%d++++1+AG1'%sUNT+%d+1'UNZ+1+%d'", gln, n, b.String(), strings.Count(b.String(), "'")+1, n)
}

// ordered writes an interchange of two messages with two LIN each, and the payments that it pays.
func ordered(n int, gln string) (text string, txs []string) {
	const perLine = 12
	var b strings.Builder
	fmt.Fprintf(&b, "UNA:+,? 'UNB+UNOC:3+5798000016446:14+%s:14+050811:0430+%d++++1+AG1'", gln, n)
	for m := range 2 {
		var body strings.Builder
		fmt.Fprintf(&body, "UNH+%d+PAYMUL:D:96A:UN'BGM+452+I%d-M%d+9'DTM+137:20050811:102'", m+1, n, m+1)
		for l := range 2 {
			fmt.Fprintf(&body, "LIN+%d'DTM+203:2005081%d:102'RFF+AEK:I%d-G%d'BUS++DO++IBB'MOA+9:%d,00:DKK'FII+OR+30010000000001:::DKK+:::3001:80:130'NAD+OY+++Myndighed'",
				l+1, 2+3*l, n, l+1, 100*perLine)
			for s := range perLine {
				id := fmt.Sprintf("P+%d.%d.%d.%d", n, m, l, s)
				fmt.Fprintf(&body, "SEQ++%d'MOA+9:100,00:DKK'RFF+CR:%08d%s'PAI+::IBB:::UKA'FII+BF+%010d+:::4300:80:130'NAD+BE+++Per B\xf8dker+Algade 1+Roskilde++4000+DK'",
					s+1, n, strings.ReplaceAll(id, "+", "?+"), s+1)
				txs = append(txs, pay(id, 100_000, ""))
			}
		}
		fmt.Fprintf(&body, "CNT+LIN:2'CNT+SEQ:%d'", 2*perLine)
		fmt.Fprintf(&b, "%sUNT+%d+%d'", body.String(), strings.Count(body.String(), "'")+1, m+1)
	}
	fmt.Fprintf(&b, "UNZ+2+%d'", n)
	return b.String(), txs
}

// simulated is a bank centre in a directory of its own.
type simulated struct {
	t           *testing.T
	dir, centre string
}

func (b simulated) write(name, content string) {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		b.t.Fatal(err)
	}
}

// deliver makes one accepted bundle.
func (b simulated) deliver(document string) {
	b.t.Helper()
	b.write("sim/"+sent+"a.xml", document)
	b.write("sim/"+home+"journal.jsonl", fmt.Sprintf(`{"file":"a.xml","as":"a.xml","sha256":"%s","result":"ok"}`+"\n", digest(document)))
	b.write("sim/"+got+"r1.xml", receiptXML(1, "1", "M1", "ACPT"))
	b.write("sim/"+got+"s2.xml", response(2, "1", "<s:GrpSts>ACPT</s:GrpSts><s:StsRsn/>", ""))
}

// answerAll runs the bank, jumping from due answer to due answer until none is left.
func (b simulated) answerAll() {
	b.t.Helper()
	b.write("sim/clock.json", `{"offset_ns":0}`)
	for _, name := range []string{"bank_" + b.centre + "_host", "nks_client"} {
		b.key(name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- bank.Run(ctx, bank.Config{Dir: b.dir, Centre: b.centre, Listen: "127.0.0.1:0", Now: func() time.Time { return began }})
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
	}()
	var offset time.Duration
	for {
		due := b.idle(offset)
		if due.IsZero() {
			return
		}
		offset = due.Sub(began)
		b.write("sim/clock.json", fmt.Sprintf(`{"offset_ns":%d}`, int64(offset)))
	}
}

// idle waits until the bank has nothing left to do at that time, and tells when the next is due.
func (b simulated) idle(offset time.Duration) time.Time {
	b.t.Helper()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	end := time.After(5 * time.Minute)
	for {
		var s struct {
			OffsetNS int64  `json:"offset_ns"`
			Idle     bool   `json:"idle"`
			NextDue  string `json:"next_due"`
			Done     int    `json:"done"`
		}
		text, err := os.ReadFile(filepath.Join(b.dir, "sim", "bank", b.centre, "status.json"))
		if err == nil && json.Unmarshal(text, &s) == nil && s.Idle && s.OffsetNS == int64(offset) {
			due, err := time.Parse(time.RFC3339, s.NextDue)
			if s.NextDue != "" && err != nil {
				b.t.Fatal(err)
			}
			return due
		}
		select {
		case <-tick.C:
		case <-end:
			b.t.Fatalf("the bank is never idle: %s", text)
		}
	}
}

func (b simulated) key(name string) {
	b.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		b.t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		b.t.Fatal(err)
	}
	b.write(filepath.Join("keys", name), string(pem.EncodeToMemory(block)))
	b.write(filepath.Join("keys", name+".pub"), string(ssh.MarshalAuthorizedKey(key)))
}
