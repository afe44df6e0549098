package bank_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/sim/bank"
)

// faulty is quiet with one fault in every interchange and half of its orders.
func faulty(f bank.Fault, corrects int) bank.Profile {
	p := quiet()
	p.RejectPerMille, p.LateRejectPerMille = 100, 50
	p.Faults = bank.Faults{Kinds: []bank.Fault{f}, Seed: 1, Interchanges: 1000, Orders: 500, Corrects: corrects, CorrectsAfter: 2}
	return p
}

// TestFaultsGoOut has what goes out, and what the journal has of it, for two interchanges: the second one is another way
// to have the fault, where there are two.
func TestFaultsGoOut(t *testing.T) {
	t.Parallel()
	for _, name := range bank.FaultNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := begin(t, faulty(bank.Fault(name), 500))
			s := c.open()
			for _, control := range []string{"1", "6"} {
				c.put(s, "NKS"+control+".edi", twoMessages(control).text())
			}
			c.jumpOn()
			l := c.ledger()
			var out strings.Builder
			zone := must(time.LoadLocation("Europe/Copenhagen"))(t)
			for _, a := range l.Answers {
				text := string(must(os.ReadFile(filepath.Join(c.folders.Sent, a.Name)))(t))
				if bank.Fault(name) != bank.FaultUnreadable || a.Corrects || a.Fault == "" {
					checkStructure(t, text)
				}
				fmt.Fprintf(&out, "== %s %s %s of %s fault=%q corrects=%t\n%s\n", a.At.In(zone).Format(time.DateTime), a.Name, a.Kind, a.About,
					a.Fault, a.Corrects, readable(text, quiet()))
			}
			for line := range strings.Lines(string(must(os.ReadFile(filepath.Join(c.folders.Home, "journal", "journal.jsonl")))(t))) {
				if strings.HasPrefix(line, `{"k":"order"`) {
					out.WriteString(line)
				}
			}
			golden(t, "fault "+name, out.String())
			if len(l.Findings) > 0 || l.Waiting > 0 {
				t.Errorf("findings %v, %d answers waiting", l.Findings, l.Waiting)
			}
		})
	}
}

// TestFaultsLeaveTheMoneyAlone: whatever goes wrong in words, an order is executed once or never, and the journal has it;
// a corrected fault has told it in the end.
func TestFaultsLeaveTheMoneyAlone(t *testing.T) {
	t.Parallel()
	for _, name := range bank.FaultNames() {
		for _, corrects := range []int{0, 1000} {
			t.Run(fmt.Sprintf("%s corrected by %d", name, corrects), func(t *testing.T) {
				t.Parallel()
				c := begin(t, faulty(bank.Fault(name), corrects))
				s := c.open()
				for i := range 6 {
					control := fmt.Sprint(100 + i)
					c.put(s, "NKS"+control+".edi", twoMessages(control).text())
				}
				c.jumpOn()
				l := c.ledger()
				executed, refused, faults := 0, 0, 0
				for ref, o := range l.Orders {
					switch o.Truth {
					case bank.Executed:
						executed++
					case bank.Rejected:
						refused++
					default:
						t.Errorf("%s: truth %q", ref, o.Truth)
					}
					if o.Fault == "" && o.Outcome != o.Truth && !fileIsSpoilt(bank.Fault(name)) {
						t.Errorf("%s has no fault; told %s, is %s", ref, o.Outcome, o.Truth)
					}
					if o.Fault != "" {
						faults++
					}
				}
				if executed == 0 || refused == 0 || executed+refused != 6*13 {
					t.Errorf("%d executed, %d refused", executed, refused)
				}
				corrected := 0
				for _, a := range l.Answers {
					if a.Corrects {
						corrected++
					}
				}
				if mayCorrect := faults > 0 || fileIsSpoilt(bank.Fault(name)); (corrected > 0) != (mayCorrect && corrects > 0) {
					t.Errorf("%d correcting answers, %d faulty orders", corrected, faults)
				}
			})
		}
	}
}

// fileIsSpoilt is a fault of whole files: no order is chosen.
func fileIsSpoilt(f bank.Fault) bool { return f == bank.FaultUnreadable || f == bank.FaultOldNumber }

// TestFaultsFollowTheSeed: the same payments have the same faults, under whatever number they come; another seed has others.
func TestFaultsFollowTheSeed(t *testing.T) {
	t.Parallel()
	journal := func(control string, seed uint64) string {
		p := faulty(bank.FaultRejectAfterExecuted, 500)
		p.Faults.Seed = seed
		text := strings.NewReplacer("+1++++1+", "+"+control+"++++1+", "UNZ+2+1'", "UNZ+2+"+control+"'").Replace(twoMessages("1").text())
		n, lines, err := bank.InspectText(text, p)
		if err != nil || n != 13 {
			t.Fatalf("%d orders, %v", n, err)
		}
		return string(lines)
	}
	first := journal("1", 1)
	if journal("77", 1) != first {
		t.Error("another UNB 0020 gives other faults")
	}
	if journal("1", 2) == first {
		t.Error("another seed gives the same faults")
	}
}

func TestFaultsOf(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]string{
		"":                                   "",
		"late":                               "",
		strings.Join(bank.FaultNames(), ","): "",
		" late , twice":                      "",
		"late,never":                         `fault "never": must be one of late, twice`,
		"late,late":                          `fault "late" is named twice`,
		",":                                  `fault "": must be one of`,
	} {
		f, err := bank.FaultsOf(names, 3)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", names, err, want)
		}
		if err == nil && len(f.Kinds) > 0 && f.Seed != 3 {
			t.Errorf("%q: seed %d", names, f.Seed)
		}
	}
}
