package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/jackc/pgx/v5"

	"nks/internal/programtest"
	"nks/sim/bank"
)

// demoArgs is the command of a demonstration in dir.
func demoArgs(dir string, payments string, more ...string) []string {
	return append([]string{"demo", "--payments", payments, "--holders", "2000", "--exit", "--json", "--data", dir}, more...)
}

// asPlanned compares a finished demonstration with its plan.
func asPlanned(t *testing.T, dir string, r result) {
	t.Helper()
	e := programtest.Expected(t, dir)
	files, refused := map[[2]string]bool{}, int64(0)
	for _, d := range e.Deliveries {
		files[[2]string{d.Supplier, d.As}] = true
		if d.Receipt == "rejected" || d.Receipt == "unreadable" {
			refused++
		}
	}
	if r.Deliveries != int64(len(files)) || r.BundlesRejected != refused {
		t.Errorf("%d deliveries, %d refused; planned %d, %d", r.Deliveries, r.BundlesRejected, len(files), refused)
	}
	if r.Received != int64(e.Received) || r.ReceivedOere != e.ReceivedOere || r.Rejected != int64(e.Rejected) || r.Returned < int64(e.Returned) {
		t.Errorf("received %d of %d øre, rejected %d, returned %d; planned %d of %d, %d, at least %d", r.Received, r.ReceivedOere,
			r.Rejected, r.Returned, e.Received, e.ReceivedOere, e.Rejected, e.Returned)
	}
}

// underWay waits until a demonstration that starts over has sent something to a bank.
func underWay(t *testing.T, dir string, p *programtest.Process) {
	t.Helper()
	first := filepath.Join(dir, "sim", "bank", "BEC", "done", "000001-NKS00000000000001.edi")
	if !programtest.Eventually(programtest.Longest, func() bool {
		return strings.Contains(p.Err.String(), "making a country") && programtest.Exists(t, first) || p.Ended()
	}) || p.Ended() {
		t.Fatalf("no bank has got anything: %s", programtest.Tail(p.Err.String()))
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	payments := programtest.Size(60, 300)
	args := demoArgs(dir, strconv.Itoa(payments))
	fresh := demoArgs(dir, strconv.Itoa(payments), "--fresh")
	p := program.Begin(t, nil, fresh...)
	underWay(t, dir, p)
	p.Kill()

	// What the killed one has left living does not stand in the way.
	p = program.Begin(t, nil, fresh...)
	underWay(t, dir, p)
	second := nksDemo(t, fresh...)
	second.Want(t, 2)
	second.OneLine(t, "another demonstration runs in "+dir)
	p.Signal(syscall.SIGTERM)
	p.Finish(t, programtest.Longest)
	p.Want(t, 1)
	programtest.NothingRuns(t, dir)

	p = nksDemo(t, demoArgs(dir, strconv.Itoa(payments-1))...)
	p.Want(t, 2)
	p.OneLine(t, fmt.Sprintf("unfinished run of %d payments", payments), "--fresh")

	p = nksDemo(t, args...)
	p.Want(t, 0)
	r := resultOf(t, p)
	r.clean(t)
	asPlanned(t, dir, r)
	programtest.NothingRuns(t, dir)

	// A finished run is run anew.
	p = nksDemo(t, args...)
	p.Want(t, 0)
	again := resultOf(t, p)
	again.clean(t)
	asPlanned(t, dir, again)
	if r.Seconds = again.Seconds; again != r {
		t.Errorf("the same seed gave %+v, then %+v", r, again)
	}
}

// borneFaults are faults of banks that cost nobody an answer and leave no payment open.
const borneFaults = "twice,reversed,late"

// TestDemo_BankFaults has the banks say everything late, again or the wrong way round: it ends as if they had not.
func TestDemo_BankFaults(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	payments := strconv.Itoa(programtest.Size(50, 300))
	p := nksDemo(t, demoArgs(dir, payments, "--fresh", "--bank-faults", borneFaults)...)
	p.Want(t, 0)
	r := resultOf(t, p)
	r.clean(t)
	asPlanned(t, dir, r)
	seen, reported := map[bank.Fault]int{}, 0
	var asked string
	var truth bank.Outcome
	for _, centre := range []string{"BEC", "SDC", "BANKDATA"} {
		l, err := bank.ReadJournal(dir, centre)
		must(t, err)
		for _, a := range l.Answers {
			seen[a.Fault]++
		}
		for ref, o := range l.Orders {
			if reported++; o.Outcome != o.Truth {
				t.Errorf("%s %s: told %s, in truth %s", centre, ref, o.Outcome, o.Truth)
			}
			if centre == "BEC" && !strings.ContainsFunc(ref, unicode.IsSpace) {
				asked, truth = ref, o.Truth
			}
		}
	}
	for name := range strings.SplitSeq(borneFaults, ",") {
		if seen[bank.Fault(name)] == 0 {
			t.Errorf("no bank has been %s: %v", name, seen)
		}
	}
	if reported == 0 {
		t.Error("no bank has got an order")
	}

	centre := program.Begin(t, nil, "sim", "bank", "--dir", dir, "--centre", "BEC", "--faults", "late", "--seed", "2")
	ask := []string{"sim", "ask", "--dir", dir, "--centre", "BEC", "--wait", programtest.Longest.String(), "--reference"}
	p = nksDemo(t, append(ask, asked)...)
	p.Want(t, 0)
	if p.Out.String() != string(truth)+"\n" {
		t.Errorf("asked about %s the bank says %q, in truth %s", asked, p.Out.String(), truth)
	}
	p = nksDemo(t, append(ask, "00000000NOBODY")...)
	p.Want(t, 1)
	p.OneLine(t, "the centre has no such order")
	centre.Signal(syscall.SIGTERM)
	centre.Finish(t, programtest.Longest)
	centre.Want(t, 0)

	p = nksDemo(t, demoArgs(dir, payments, "--bank-faults", "twice,nothing")...)
	p.Want(t, 2)
	p.OneLine(t, `fault "nothing": must be one of late, twice`)
}

// unusable are faults of whole files, beside answers that come late and again: what a bank has said nobody could use.
const unusable = "unreadable,twice,old-number,late"

// TestDemo_BankUnusable: where nobody can use what banks say, persons have them say it again, and everything is answered.
func TestDemo_BankUnusable(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	p := nksDemo(t, demoArgs(dir, strconv.Itoa(programtest.Size(40, 400)), "--fresh", "--bank-faults", unusable)...)
	p.Want(t, 0)
	r := resultOf(t, p)
	r.clean(t)
	asPlanned(t, dir, r)
	if output := p.Err.String(); !strings.Contains(output, "persons must act: ") || !strings.Contains(output, "is asked to say again") {
		t.Errorf("no person was called: %s", programtest.Tail(output))
	}
}

// TestDemo_BankContradicts has the banks answer everything wrong, in every way that there is: every øre is explained by both
// computations, and what nobody can know is open until persons have asked the banks. Its few payments are a sample; the farm has more.
func TestDemo_BankContradicts(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	seed := os.Getenv("NKS_SEED")
	if seed == "" {
		seed = "1"
	}
	p := nksDemo(t, demoArgs(dir, strconv.Itoa(programtest.Size(40, 400)), "--fresh", "--seed", seed, "--bank-faults", strings.Join(bank.FaultNames(), ","))...)
	p.Want(t, 0)
	r := resultOf(t, p)
	if r.DifferenceOere != 0 || r.BankLedgerDifference != 0 || r.Unanswered != 0 || r.Findings != 0 {
		t.Errorf("not everything is explained: %+v", r)
	}
	if r.Asked == 0 {
		t.Errorf("no bank has contradicted itself: %+v", r)
	}
	if r.Disputed != 0 || r.Undecided != 0 || r.Waiting != 0 {
		t.Errorf("persons have left something open: %+v", r)
	}
	if r.Received != r.Rejected+r.Executed+r.Returned+r.Cheque+r.CameBack+r.Settled+r.Waiting+r.Disputed || r.ReceivedOere != r.AccountedOere {
		t.Errorf("the figures do not add up: %+v", r)
	}
}

// tampering changes a finished demonstration behind the program's back, and takes the change back.
type tampering struct {
	name     string
	do, undo string // SQL
	// shows reports whether the result gives the change away in the right place.
	shows func(result) bool
}

// victim is one executed payment's order.
const victim = `(SELECT o.month, o.payment_id FROM bank_order o JOIN order_line l USING (interchange_id, message_no, lin)
	WHERE l.state = 'executed' AND o.ore > 100 ORDER BY o.payment_id LIMIT 1)`

// everywhere adds one øre to a payment, its order, and every sum that it is part of.
func everywhere(ore string) string {
	return `DO $$ DECLARE k bank_order; BEGIN
		SELECT * INTO k FROM bank_order WHERE (month, payment_id) = ` + victim + `;
		UPDATE bank_order SET ore = ore + (` + ore + `) WHERE month = k.month AND payment_id = k.payment_id;
		UPDATE payment SET ore = ore + (` + ore + `) WHERE month = k.month AND id = k.payment_id;
		UPDATE release_group SET ore = ore + (` + ore + `) WHERE id = (SELECT group_id FROM payment WHERE month = k.month AND id = k.payment_id);
		UPDATE delivery SET ore = ore + (` + ore + `) WHERE id = k.payment_id >> 24;
		UPDATE interchange SET ore = ore + (` + ore + `) WHERE id = k.interchange_id;
		UPDATE message SET ore = ore + (` + ore + `) WHERE interchange_id = k.interchange_id AND no = k.message_no;
		UPDATE order_line SET ore = ore + (` + ore + `) WHERE interchange_id = k.interchange_id AND message_no = k.message_no AND lin = k.lin;
	END $$`
}

func tamperings() []tampering {
	return []tampering{
		{"an order is deleted", `CREATE TABLE kept AS SELECT * FROM bank_order WHERE (month, payment_id) = ` + victim + `;
			DELETE FROM bank_order WHERE (month, payment_id) = (SELECT month, payment_id FROM kept)`,
			`INSERT INTO bank_order SELECT * FROM kept; DROP TABLE kept`,
			func(r result) bool { return r.DifferenceOere > 0 && r.BankLedgerDifference > 0 && r.Findings > 0 }},
		{"an order is one øre more", `UPDATE bank_order SET ore = ore + 1 WHERE (month, payment_id) = ` + victim,
			`UPDATE bank_order SET ore = ore - 1 WHERE (month, payment_id) = ` + victim,
			func(r result) bool { return r.DifferenceOere == -1 && r.BankLedgerDifference == 1 && r.Findings > 0 }},
		{"a payment and everything with it is one øre more", everywhere("1"), everywhere("-1"),
			func(r result) bool { return r.DifferenceOere == 0 && r.BankLedgerDifference == 1 && r.Findings == 0 }},
		{"an executed line is said to be rejected", `UPDATE order_line SET state = 'rejected', text = 'tampered' WHERE (interchange_id, message_no, lin) =
				(SELECT interchange_id, message_no, lin FROM bank_order WHERE (month, payment_id) = ` + victim + `);`,
			`UPDATE order_line SET state = 'executed', text = NULL WHERE text = 'tampered'`,
			func(r result) bool { return r.DifferenceOere == 0 && r.BankLedgerDifference > 2 }},
	}
}

func TestDemo_Tampered(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	p := nksDemo(t, demoArgs(dir, "120", "--fresh")...)
	p.Want(t, 0)
	good := resultOf(t, p)
	good.clean(t)
	account := []string{"demo", "--account", "--json", "--data", dir}
	conn := database(t, dir)
	for _, c := range tamperings() {
		change(t, conn, c.do)
		p := nksDemo(t, account...)
		p.Want(t, 1)
		if r := resultOf(t, p); !c.shows(r) {
			t.Errorf("%s: %+v", c.name, r)
		}
		change(t, conn, c.undo)
	}

	// An answer that an authority has not got.
	got, err := filepath.Glob(filepath.Join(dir, "sim", "authority", "*", "got", "*"))
	must(t, err)
	if len(got) == 0 {
		t.Fatal("no authority has an answer")
	}
	must(t, os.Rename(got[0], filepath.Join(dir, "answer")))
	p = nksDemo(t, account...)
	p.Want(t, 1)
	if r := resultOf(t, p); r.Unanswered == 0 || r.DifferenceOere != 0 {
		t.Errorf("without %s: %+v", filepath.Base(got[0]), r)
	}
	must(t, os.Rename(filepath.Join(dir, "answer"), got[0]))

	p = nksDemo(t, account...)
	p.Want(t, 0)
	r := resultOf(t, p)
	if r.Seconds = good.Seconds; r != good {
		t.Errorf("with everything taken back: %+v, want %+v", r, good)
	}
}

// change runs statements that must change something.
func change(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	_, err := conn.Exec(context.Background(), sql)
	must(t, err)
}
