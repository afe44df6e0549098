package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/internal/programtest"
	"nks/sim/bank"
)

// How the program is killed.
const (
	killProgram  = "the program's process group"
	killDatabase = "the database's postmaster"
	killBoth     = "both at once"
)

// failpoints are the named points between two effects that must not come apart.
func failpoints() []string {
	return []string{"after-upload-before-reply", "after-commit-before-acknowledgement", "after-publishing-before-rename", "after-rename-before-sent",
		"after-fetch-before-commit", "after-fetch-commit-before-remove", "after-collection-before-reply", "after-queueing-before-record"}
}

// TestCrash kills the program and its database at random instants and at the failpoints, while the banks and the
// authorities live on. NKS_KILLS says how often (default a few, for make test), NKS_SEED which sequence (default 1). Afterwards every øre must be
// accounted for, every payment stand once in the banks' journals, and nothing that was acknowledged be lost.
func TestCrash(t *testing.T) {
	t.Parallel()
	c := &crasher{kills: number(t, "NKS_KILLS", programtest.Size(4, 30)), seed: uint64(number(t, "NKS_SEED", 1))}
	c.rng = rand.New(rand.NewPCG(c.seed, 1))
	c.failpoints = failpoints()
	c.rng.Shuffle(len(c.failpoints), func(i, k int) { c.failpoints[i], c.failpoints[k] = c.failpoints[k], c.failpoints[i] })
	for lives := 1; c.done < c.kills || len(c.failpoints) > 0; lives++ {
		if lives > 10+c.kills {
			t.Fatalf("%d kills in %d lives, and nobody came to the failpoints %v", c.done, lives, c.failpoints)
		}
		t.Run("life "+strconv.Itoa(lives), c.round)
		if t.Failed() {
			t.Fatalf("repeat with NKS_SEED=%d NKS_KILLS=%d; what was done:\n%s", c.seed, c.kills, strings.Join(c.log, "\n"))
		}
	}
	t.Logf("seed %d:\n%s", c.seed, strings.Join(c.log, "\n"))
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// crasher decides who is killed when.
type crasher struct {
	kills, done int
	seed        uint64
	rng         *rand.Rand
	failpoints  []string // not yet died at
	log         []string
}

func (c *crasher) note(format string, args ...any) {
	c.log = append(c.log, fmt.Sprintf(format, args...))
}

// mostStarts bounds one life: a program that is killed that often must have come to its end between.
const mostStarts = 100

// life is one demonstration from its beginning to its end, with as many kills as come to pass.
func (c *crasher) round(t *testing.T) {
	dir := program.Place(t)
	// One plan for all lives: the kills differ, and what is planned is known to be what the plan says.
	args := demoArgs(dir, "200", "--seed", "1")
	if os.Getenv("NKS_FARM") != "" && c.seed%2 == 0 {
		args = append(args, "--bank-faults", borneFaults)
	}
	for range mostStarts {
		killed := c.done
		p := c.start(t, dir, args)
		if !p.Ended() {
			p.Finish(t, programtest.Longest)
		}
		switch {
		case p.Code() == 0:
			c.judge(t, dir, resultOf(t, p))
			return
		case p.Code() == -1 && p.Out.String() != "":
			// Killed when all was done and printed: the next start begins anew.
			resultOf(t, p).clean(t)
		case p.Code() == -1:
		case p.Out.String() == "" && p.Code() == 1 && c.done > killed:
			// Its database died under it where it cannot wait; the same command goes on.
			c.note("    the program gave up: %s", lastLine(p.Err.String()))
		default:
			t.Fatalf("exit code %d\n%s\n%s", p.Code(), p.Out.String(), programtest.Tail(p.Err.String()))
		}
	}
	t.Fatalf("not done after %d starts", mostStarts)
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// start starts the program and kills it, or its database, or lets it be.
func (c *crasher) start(t *testing.T, dir string, args []string) *programtest.Process {
	t.Helper()
	if len(c.failpoints) > 0 && (c.done >= c.kills || c.rng.IntN(6) == 0) {
		return c.dieAt(t, dir, args)
	}
	p := program.Begin(t, nil, args...)
	for c.done < c.kills {
		after := 200*time.Millisecond + time.Duration(c.rng.ExpFloat64()*float64(2500*time.Millisecond))
		who := []string{killProgram, killProgram, killDatabase, killBoth}[c.rng.IntN(4)]
		timer := time.NewTimer(after)
		select {
		case <-p.Exited():
			timer.Stop()
			return p
		case <-timer.C:
		}
		if !c.kill(t, dir, p, who) {
			continue
		}
		c.done++
		c.note("%2d: %s, after %v", c.done, who, after.Round(time.Millisecond))
		if who != killDatabase {
			return p
		}
	}
	return p
}

// kill kills, and reports whether there was something to kill.
func (c *crasher) kill(t *testing.T, dir string, p *programtest.Process, who string) bool {
	t.Helper()
	pid := 0
	if who != killProgram {
		pid = programtest.Postmaster(t, dir)
	}
	if pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if who != killDatabase {
		p.Kill()
	}
	return pid != 0 || who != killDatabase
}

// dieAt lets the program kill itself at one of the failpoints, if it comes there before its end.
func (c *crasher) dieAt(t *testing.T, dir string, args []string) *programtest.Process {
	t.Helper()
	once := filepath.Join(t.TempDir(), "died")
	p := program.Begin(t, []string{"NKS_TEST_FAILPOINT=" + c.failpoints[0], "NKS_TEST_FAILPOINT_ONCE=" + once}, args...)
	p.Finish(t, programtest.Longest)
	if programtest.Exists(t, once) {
		if p.Code() != -1 {
			t.Fatalf("at %s: exit code %d, want death", c.failpoints[0], p.Code())
		}
		c.done++
		c.note("%2d: at failpoint %s", c.done, c.failpoints[0])
		c.failpoints = c.failpoints[1:]
	}
	return p
}

// judge holds the end of a run against what the simulated parties wrote down.
func (c *crasher) judge(t *testing.T, dir string, r result) {
	t.Helper()
	r.clean(t)
	asPlanned(t, dir, r)
	programtest.NothingRuns(t, dir)
	orders := 0
	for _, centre := range []string{"BEC", "SDC", "BANKDATA"} {
		ledger, err := bank.ReadJournal(dir, centre)
		must(t, err)
		for _, f := range ledger.Findings {
			t.Errorf("bank %s, %s: %s: %s %s", centre, f.File, f.Kind, f.Reference, f.What)
		}
		for ref, o := range ledger.Orders {
			if o.Times != 1 {
				t.Errorf("bank %s got order %s %d times", centre, ref, o.Times)
			}
		}
		orders += len(ledger.Orders)
	}
	conn := database(t, dir)
	var anew int
	must(t, conn.QueryRow(context.Background(), `SELECT count(*) FROM obligation WHERE state = 'ordered'`).Scan(&anew))
	if e := programtest.Expected(t, dir); orders != e.Ordered+e.Cheque+anew {
		t.Errorf("the banks have %d orders, %d are due, and %d anew", orders, e.Ordered+e.Cheque, anew)
	}
	acknowledged(t, dir, conn)
}

// acknowledged fails when a delivery that an authority was told is safe is not in the database, byte for byte.
func acknowledged(t *testing.T, dir string, conn *pgx.Conn) {
	t.Helper()
	journals, err := filepath.Glob(filepath.Join(dir, "sim", "authority", "*", "journal.jsonl"))
	must(t, err)
	lines := 0
	for _, journal := range journals {
		supplier := filepath.Base(filepath.Dir(journal))
		b, err := os.ReadFile(journal)
		must(t, err)
		for line := range strings.Lines(string(b)) {
			var e struct{ As, Got, SHA256, Result string }
			must(t, json.Unmarshal([]byte(line), &e))
			if e.Result != "ok" || e.Got != "" {
				continue
			}
			lines++
			var n int
			must(t, conn.QueryRow(context.Background(), `SELECT count(*) FROM delivery
				WHERE (door, transport_key) IN (('sftp', $2), ('mq', 'id:' || $2)) AND supplier = $1 AND encode(sha256, 'hex') = $3`, supplier, e.As, e.SHA256).Scan(&n))
			if n != 1 {
				t.Errorf("%s of %s was acknowledged and is there %d times", e.As, supplier, n)
			}
		}
	}
	if lines == 0 {
		t.Error("no authority was told that a delivery is safe")
	}
	for _, door := range []string{"sftp", "mq"} {
		var n int
		must(t, conn.QueryRow(context.Background(), `SELECT count(*) FROM delivery d JOIN answer a ON a.delivery_id = d.id
			WHERE d.door = $1 AND a.door = $1 AND a.collected_at IS NOT NULL`, door).Scan(&n))
		if n == 0 {
			t.Errorf("nothing came and was answered by door %s", door)
		}
	}
}
