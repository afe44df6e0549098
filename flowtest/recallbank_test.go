package flowtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nks/gateway"
	"nks/sftp"
	simbank "nks/sim/bank"
)

// simulatedBank is a simulated bank in this process, which knows the gateway by its bytes alone. Its clock is the world's.
type simulatedBank struct {
	w       *world
	centre  string
	dir     string
	folders simbank.Folders
	start   time.Time
	put     int
	turns   time.Duration
}

// simulated starts a bank by a profile; it ends with the test.
func (w *world) simulated(centre string, p simbank.Profile) *simulatedBank {
	w.t.Helper()
	s := &simulatedBank{w: w, centre: centre, dir: w.t.TempDir(), start: w.time()}
	s.folders = simbank.FoldersOf(s.dir, centre)
	if err := os.MkdirAll(filepath.Join(s.dir, "keys"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	for _, key := range []string{"nks_client", "bank_" + centre + "_host"} {
		if _, err := sftp.EnsureKey(filepath.Join(s.dir, "keys", key)); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := simbank.WriteProfile(s.dir, centre, p); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- simbank.Run(ctx, simbank.Config{Dir: s.dir, Centre: centre, Listen: "127.0.0.1:0", Out: io.Discard, Now: func() time.Time { return s.start }})
	}()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	return s
}

// write replaces a file of the bank's.
func (s *simulatedBank) write(path, text string) {
	s.w.t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = errors.Join(os.WriteFile(path+".tmp", []byte(text), 0o600), os.Rename(path+".tmp", path))
	}
	if err != nil {
		s.w.t.Fatal(err)
	}
}

// does gives the bank files, lets it do what is due by now, and has the gateway hear what it lays out.
func (s *simulatedBank) does(files ...string) {
	s.w.t.Helper()
	for _, text := range files {
		s.put++
		s.write(filepath.Join(s.folders.Root, "in", fmt.Sprintf("NKS%d.edi", s.put)), text)
	}
	s.turns++ // each turn has an instant of its own: the bank is at rest there when it has read the files
	offset := s.w.time().Sub(s.start) + s.turns
	s.write(filepath.Join(s.dir, "sim", "clock.json"), fmt.Sprintf(`{"offset_ns":%d}`, offset))
	end := time.After(time.Minute)
	for s.busy(offset) {
		select {
		case <-end:
			s.w.t.Fatal("the bank never comes to rest")
		case <-time.After(3 * time.Millisecond):
		}
	}
	ready, err := os.ReadDir(filepath.Join(s.folders.Root, "out"))
	if err != nil {
		s.w.t.Fatal(err)
	}
	for _, e := range ready {
		path := filepath.Join(s.folders.Root, "out", e.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			s.w.t.Fatal(err)
		}
		s.w.lay(s.centre, e.Name(), string(text))
		s.w.hear(s.centre)
		if err := os.Remove(path); err != nil {
			s.w.t.Fatal(err)
		}
	}
}

func (s *simulatedBank) busy(offset time.Duration) bool {
	text, err := os.ReadFile(filepath.Join(s.folders.Home, "status.json"))
	var status struct {
		OffsetNS int64 `json:"offset_ns"`
		Idle     bool
	}
	return err != nil || json.Unmarshal(text, &status) != nil || !status.Idle || status.OffsetNS != int64(offset)
}

func (s *simulatedBank) ledger() simbank.Ledger {
	s.w.t.Helper()
	l, err := simbank.ReadJournal(s.dir, s.centre)
	if err != nil {
		s.w.t.Fatal(err)
	}
	if len(l.Findings) > 0 {
		s.w.t.Errorf("the bank finds fault: %v", l.Findings)
	}
	return l
}

// TestRecall_Stranger: a recall through the gateway and a bank that knows nothing of it but its bytes, before the orders are booked and
// after: what the gateway believes of each payment is what the bank's own books have.
func TestRecall_Stranger(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		recalls         simbank.Recalls
		at              string // when it is asked
		answer          string
		ledger          string
		debited, backAt int64
	}{
		"stopped before it is booked": {simbank.Recalls{Answers: "5m", Stops: 1000}, "2005-08-11 10:00", "A recalled K0690 Tilbagekaldt", "executed 1 = 200, returned 1 = 100", 200, 0},
		"refused before it is booked": {simbank.Recalls{Answers: "5m"}, "2005-08-11 10:00", "A refused K0691 Kan ikke tilbagekaldes", "executed 2 = 300", 300, 0},
		"refused since executed":      {simbank.Recalls{Answers: "5m", Stops: 1000}, "2005-08-12 12:00", "A refused K0691 Kan ikke tilbagekaldes", "executed 2 = 300", 300, 0},
		"the money comes back":        {simbank.Recalls{Answers: "5m", Returns: 1000}, "2005-08-12 12:00", "A recalled K0693 Modtager betaler tilbage", "executed 1 = 200, settled 1 = 100", 300, 100},
		"silent":                      {simbank.Recalls{Answers: "5m", Stops: 1000, Silent: 1000}, "2005-08-11 10:00", "A", "executed 2 = 300", 300, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.simulated("BEC", simbank.Profile{GLN: becGLN, Test: true, Writes: simbank.WritesCRLF, Contrl: simbank.Contrl7, Validation: simbank.ValidationNone, Keys: simbank.KeysBoth,
				Executed: simbank.ExecutedSeq, Codes: simbank.Codes{Rejected: "2", Accepted: "1", Executed: "4"}, Books: "09:00", Seed: 3, Cheques: true,
				Reasons: []simbank.Reason{{Code: "K0530", Text: "Nej"}}, Reports: simbank.Reports{Debmul: simbank.DebmulLine, Cremul: true}, Recalls: c.recalls})
			s.does(w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))...)
			w.at(c.at)
			s.does()
			w.asks("A")
			s.does(w.recallsAt("BEC")...)
			w.later(10 * time.Minute)
			s.does()
			for _, at := range []string{"2005-08-12 12:00", "2005-08-15 12:00", "2005-08-18 12:00"} {
				if w.at(at); w.time().After(s.start) {
					s.does()
				}
			}
			w.want("answer", w.recalled(0), c.answer)
			w.settle()
			w.want("the gateway's books", w.book().since(nil), c.ledger)
			var debited, back int64
			for _, o := range s.ledger().Orders {
				debited += o.Debited
				came, _ := o.CameBack()
				back += came
			}
			if debited != c.debited || back != c.backAt {
				t.Errorf("the bank has debited %d øre, and %d are back", debited, back)
			}
			w.want("contradictions", w.row(`SELECT kind FROM exception WHERE kind NOT IN ($1, $2) ORDER BY id`, gateway.RecallRefusal, gateway.RecallMissing), "")
		})
	}
}
