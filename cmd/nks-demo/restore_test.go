package main_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nks/internal/programtest"
)

// nks is the program that a payer runs.
var nks = programtest.New("nks")

// TestRestore sets a demonstration's database back to a copy, again and again, at random instants of its life, and takes in what the journal has. Banks and
// authorities are not set back. NKS_RESTORES says how often (once, and 10 times for each seed in make farm), NKS_SEED at which instants. In the end every øre must be
// accounted for, every payment stand once in the banks' journals, and nothing that was acknowledged be lost.
func TestRestore(t *testing.T) {
	t.Parallel()
	wanted, seed := number(t, "NKS_RESTORES", programtest.Size(1, 50)), number(t, "NKS_SEED", 1)
	rng := rand.New(rand.NewPCG(uint64(seed), 16))
	for done, lives := 0, 1; done < wanted; lives++ {
		if lives > 10+wanted {
			t.Fatalf("%d restores in %d lives", done, lives)
		}
		t.Run("life "+strconv.Itoa(lives), func(t *testing.T) {
			dir := program.Place(t)
			args := demoArgs(dir, "300", "--seed", "1")
			for done < wanted && setBack(t, dir, args, rng) {
				done++
			}
			p := nksDemo(t, args...)
			p.Want(t, 0)
			(&crasher{}).judge(t, dir, resultOf(t, p))
		})
		if t.Failed() {
			t.Fatalf("repeat with NKS_SEED=%d NKS_RESTORES=%d", seed, wanted)
		}
	}
}

// setBack runs a demonstration for a while, copies its database, runs on, and goes back to the copy; false when it came to its end before.
func setBack(t *testing.T, dir string, args []string, rng *rand.Rand) bool {
	t.Helper()
	database, backup := filepath.Join(dir, "pg"), filepath.Join(t.TempDir(), "pg")
	if !runFor(t, dir, args, rng) {
		return false
	}
	copyAll(t, database, backup)
	if !runFor(t, dir, args, rng) {
		return false
	}
	must(t, os.RemoveAll(database))
	copyAll(t, backup, database)
	config := filepath.Join(dir, "nks.toml")
	p := nks.Run(t, "recover", "--take", "--by", "A. Hansen", "--config", config)
	p.Want(t, 0)
	t.Logf("%s", strings.TrimSpace(p.Out.String()))
	p = nks.Run(t, "ledger", "--config", config)
	p.Want(t, 0)
	if !strings.Contains(p.Out.String(), "every invariant holds") {
		t.Fatalf("after a restore: %s", p.Out.String())
	}
	return true
}

// runFor runs a demonstration for a while and stops it; false when it came to its end.
func runFor(t *testing.T, dir string, args []string, rng *rand.Rand) bool {
	t.Helper()
	p := program.Begin(t, nil, args...)
	// Before anything was sent there is little to go back to, and of the first seconds not even a business time.
	sent := filepath.Join(dir, "sim", "bank", "BEC", "done", "000001-NKS00000000000001.edi")
	programtest.Eventually(programtest.Longest, func() bool {
		return programtest.Exists(t, sent) && strings.Contains(p.Err.String(), "look at it") || p.Ended()
	})
	timer := time.NewTimer(time.Second + time.Duration(rng.ExpFloat64()*float64(2*time.Second)))
	defer timer.Stop()
	select {
	case <-p.Exited():
		p.Want(t, 0)
		return false
	case <-timer.C:
	}
	p.Terminate(t)
	p.Finish(t, programtest.Longest)
	return p.Code() != 0
}

// copyAll copies a folder whose server is stopped, as its owner's.
func copyAll(t *testing.T, from, to string) {
	t.Helper()
	out, err := exec.Command("cp", "-a", from, to).CombinedOutput()
	if err != nil {
		t.Fatalf("copy: %v: %s", err, out)
	}
}
