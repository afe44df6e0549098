package witness_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"nks/sim/bank"
	"nks/sim/witness"
)

// TestReadsEveryFault has a bank contradict itself in every way that it can, in each bank's own manner, and compares what
// can be known from its files with what its journal has.
func TestReadsEveryFault(t *testing.T) {
	t.Parallel()
	for centre, p := range bank.DefaultProfiles() {
		for _, name := range bank.FaultNames() {
			for _, corrects := range []int{0, 1000} {
				t.Run(fmt.Sprintf("%s %s corrected by %d", centre, name, corrects), func(t *testing.T) {
					t.Parallel()
					p := p
					p.RejectPerMille, p.LateRejectPerMille, p.Misbehaves = 100, 50, bank.Misbehaviour{}
					p.Faults = bank.Faults{Kinds: []bank.Fault{bank.Fault(name)}, Seed: 7, Interchanges: 1000, Orders: 250, Corrects: corrects, CorrectsAfter: 2}
					compareFault(t, centre, p, bank.Fault(name), corrects > 0)
				})
			}
		}
	}
}

func compareFault(t *testing.T, centre string, p bank.Profile, fault bank.Fault, corrected bool) {
	t.Helper()
	dir := t.TempDir()
	b := simulated{t, dir, centre}
	if err := bank.WriteProfile(dir, centre, p); err != nil {
		t.Fatal(err)
	}
	var txs []string
	for n := range 3 {
		text, own := ordered(n+1, p.GLN)
		b.write(filepath.Join("sim", "bank", centre, "root", "in", fmt.Sprintf("NKS%d.edi", n+1)), text)
		txs = append(txs, own...)
	}
	b.deliver(payments("M1", "G1", "10", txs...))
	b.answerAll()
	ledger, err := bank.ReadJournal(dir, centre)
	if err != nil {
		t.Fatal(err)
	}
	r, err := witness.Compute(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	truth := map[bank.Outcome]int64{}
	faulty := int64(0)
	for _, o := range ledger.Orders {
		truth[o.Truth]++
		if o.Fault != "" {
			faulty++
		}
	}
	all := int64(len(ledger.Orders))
	s := r.Total
	if r.Banks[0].Paid.Count != truth[bank.Executed] || s.Accounted() != s.Received || s.Received.Count != all {
		t.Errorf("paid %+v, in truth %v; %+v", r.Banks[0].Paid, truth, s)
	}
	// what the files leave open or in dispute, beside what truly became of the others
	open := s.Disputed.Count + s.Waiting.Count
	if s.Executed.Count > truth[bank.Executed] || s.Returned.Count > truth[bank.Rejected] {
		t.Errorf("more is executed or returned than in truth: %+v, truth %v", s, truth)
	}
	switch fault {
	case bank.FaultLate, bank.FaultTwice, bank.FaultReversed, bank.FaultDuplicateRefusal, bank.FaultForged:
		if open != 0 || faulty != 0 || s.Executed.Count != truth[bank.Executed] {
			t.Errorf("%+v, truth %v, %d faulty", s, truth, faulty)
		}
	case bank.FaultRejectAfterExecuted, bank.FaultExecutedAfterReject, bank.FaultOtherAmount:
		if s.Disputed.Count != faulty || s.Waiting.Count != 0 || faulty == 0 {
			t.Errorf("%+v, %d faulty", s, faulty)
		}
	case bank.FaultContrlAfterAccepted:
		// What is rejected only by the booking is disputed before.
		if s.Disputed.Count < faulty || s.Waiting.Count != 0 || faulty == 0 {
			t.Errorf("%+v, %d faulty", s, faulty)
		}
	case bank.FaultUnknownCode:
		if want := given(!corrected, faulty); s.Disputed.Count != 0 || s.Waiting.Count != want || s.Undecided.Count != want || faulty == 0 {
			t.Errorf("%+v, %d faulty", s, faulty)
		}
	case bank.FaultWrongReference:
		if (s.Waiting.Count == 0) != corrected || s.Disputed.Count == 0 || r.Banks[0].UndecidedStatements == 0 || open > faulty {
			t.Errorf("%+v, %d faulty, %d undecided statements", s, faulty, r.Banks[0].UndecidedStatements)
		}
	case bank.FaultUnreadable:
		if s.Disputed.Count != 0 || (s.Waiting.Count == 0) != corrected || s.Undecided != s.Waiting || r.Banks[0].UndecidedStatements == 0 {
			t.Errorf("%+v, %d undecided statements", s, r.Banks[0].UndecidedStatements)
		}
	case bank.FaultOldNumber:
		if s.Disputed.Count != 0 || (s.Waiting.Count == 0) != corrected || s.Undecided != s.Waiting || s.Executed.Count == 0 {
			t.Errorf("%+v, %d undecided statements", s, r.Banks[0].UndecidedStatements)
		}
	default:
		t.Errorf("no verdict on %s", fault)
	}
	for _, f := range r.Findings {
		if f.Kind != witness.NoAnswer {
			t.Errorf("%s: %s", f.Kind, f.What)
		}
	}
	if s.Waiting.Count > 0 {
		saysAgain(t, b, r)
	}
}

// saysAgain has the bank asked to say once more what nobody could use: nothing waits then, and nothing else has changed.
func saysAgain(t *testing.T, b simulated, before witness.Report) {
	t.Helper()
	b.write(filepath.Join("sim", "bank", b.centre, "asked", "again"), "*")
	b.answerAll()
	r, err := witness.Compute(context.Background(), b.dir)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Total; s.Waiting.Count != 0 || s.Undecided.Count != 0 || s.Disputed != before.Total.Disputed || s.Received.Count != s.Executed.Count+s.Returned.Count+s.Disputed.Count {
		t.Errorf("said again: %+v, before: %+v", s, before.Total)
	}
}

func given(holds bool, n int64) int64 {
	if holds {
		return n
	}
	return 0
}
