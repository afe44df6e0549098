package witness_test

import (
	"strings"
	"testing"

	"nks/sim/witness"
)

// afterwards is a file of the bank that comes after all others.
const afterwards = centre + "sent/Z1.edi"

func banstaAbout(control, body string) string {
	return statement(control, "UNH+1+BANSTA:D:96A:UN'BGM+XZ8+"+control+"-1+9'DTM+137:20050813:102'RFF+ACW:MSG1'"+body+"UNT+0+1'")
}

func contrlAbout(control, words string) string {
	return statement(control, "UNH+1+CONTRL:D:3:UN'UCI+1+5798000016446:14+5790001000013:14+"+words+"UNT+0+1'")
}

// rejectsA rejects order A 1, which has been executed.
const rejectsA = "LIN+1'SEQ++1'GIS+2'FTX+AAO+++K0530:Konto findes ikke'"

// TestDisputes has everything with which a bank can contradict itself, and what looks like it and is none.
func TestDisputes(t *testing.T) {
	t.Parallel()
	sum := func(count, oere int64) witness.Sum { return witness.Sum{Count: count, Oere: oere} }
	a1, e := sum(1, 10000), sum(1, 50000)
	all := sum(4, 160001) // orders that are executed in the good directory
	for name, c := range map[string]struct {
		change                        func(*testing.T, files)
		disputed, waiting, undecided  witness.Sum
		statements, findings, missing int
	}{
		"a reject after the bank's own executed": {
			change:   func(_ *testing.T, f files) { f[afterwards] = banstaAbout("Z1", rejectsA) },
			disputed: a1,
		},
		"a response 9 that follows from it": {
			change: func(t *testing.T, f files) {
				f[afterwards] = banstaAbout("Z1", rejectsA)
				f.edit(t, got+"s9.xml", answered("E", "RJCT", ""), answered("E", "RJCT", "")+answered("A 1", "RJCT", ""))
			},
			disputed: a1, findings: 1,
		},
		"a reject of a whole line after it": {
			change:   func(_ *testing.T, f files) { f[afterwards] = banstaAbout("Z1", "LIN+3'SEQ'GIS+2'") },
			disputed: sum(1, 70000),
		},
		"executed once more does not settle it": {
			change: func(_ *testing.T, f files) {
				f[afterwards] = banstaAbout("Z1", rejectsA)
				f[centre+"sent/Z2.edi"] = banstaAbout("Z2", "LIN+1'SEQ++1'GIS+4'")
			},
			disputed: a1,
		},
		"executed after a reject, which was answered": {
			change:   func(_ *testing.T, f files) { f[afterwards] = banstaAbout("Z1", "LIN+1'SEQ++3'GIS+4'") },
			disputed: e,
		},
		"executed after a reject, which was not answered": {
			change: func(_ *testing.T, f files) {
				f[afterwards] = banstaAbout("Z1", "LIN+1'SEQ++3'GIS+4'")
				delete(f, got+"s9.xml")
			},
			disputed: e,
		},
		"executed line after a reject in it": {
			change: func(_ *testing.T, f files) { f[afterwards] = banstaAbout("Z1", "LIN+1'SEQ'GIS+4'") },
		},
		"CONTRL 4 after 7": {
			change: func(_ *testing.T, f files) {
				delete(f, booked)
				delete(f, got+"s8.xml")
				f[afterwards] = contrlAbout("Z1", "4+18+UNB'")
			},
			disputed: all,
		},
		"CONTRL 4 after 7 and executed": {
			change:   func(_ *testing.T, f files) { f[afterwards] = contrlAbout("Z1", "4+18+UNB'") },
			disputed: all,
		},
		"executed after CONTRL 4 after 7": {
			change: func(_ *testing.T, f files) {
				f[centre+"sent/A2.edi"] = contrlAbout("A2", "4+18+UNB'")
			},
			disputed: sum(5, 210001), findings: 1, // response 9 for what is rejected after it is disputed
		},
		"a message refused after the interchange was accepted": {
			change: func(_ *testing.T, f files) {
				f[afterwards] = contrlAbout("Z1", "7'UCM+1+PAYMUL:D:96A:UN+4'UCS+17+16'")
			},
			disputed: all,
		},
		"executed after CONTRL 4": {
			change: func(t *testing.T, f files) {
				f.edit(t, contrl, "14+7'", "14+4+12'")
				f.edit(t, got+"s9.xml", answered("E", "RJCT", ""), answered("E", "RJCT", "")+answered("A 1", "RJCT", ""))
			},
			disputed: all,
		},
		"executed with another amount": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "LIN+3'SEQ++1'GIS+4'", "LIN+3'SEQ++1'GIS+4'MOA+9:70000,00:DKK'")
			},
			disputed: sum(1, 70000),
		},
		"executed with the amount that was ordered": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "LIN+3'SEQ++1'GIS+4'", "LIN+3'SEQ++1'GIS+4'MOA+9:700:DKK'")
			},
		},
		"a duplicate refusal after 7": {
			change: func(_ *testing.T, f files) { f[afterwards] = contrlAbout("Z1", "4+26+UNB'") },
		},
		"a duplicate refusal instead of 7": {
			change: func(t *testing.T, f files) { f.edit(t, contrl, "14+7'", "14+4+26+UNB'") },
		},
		"a reject after acceptance, answered by 8 and then 9": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "LIN+3'SEQ++1'GIS+4'", "LIN+3'SEQ++1'GIS+2'")
				f.edit(t, got+"s9.xml", answered("E", "RJCT", ""), answered("E", "RJCT", "")+answered("G", "RJCT", ""))
			},
		},
		"everything twice": {
			change: func(_ *testing.T, f files) {
				for _, path := range []string{contrl, banned, booked} {
					f[strings.Replace(path, ".edi", "-again.edi", 1)] = f[path]
				}
				f[afterwards] = banstaAbout("Z1", "LIN+3'SEQ++1'GIS+4'LIN+1'SEQ++3'GIS+2'")
			},
		},
		"BANSTA before CONTRL": {
			change: func(_ *testing.T, f files) { f[afterwards] = f[contrl]; delete(f, contrl) },
		},
		"an unknown code": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "LIN+3'SEQ++1'GIS+4'", "LIN+3'SEQ++1'GIS+97'")
			},
			waiting: sum(1, 70000), undecided: sum(1, 70000),
		},
		"an unknown code and then the right one": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "LIN+3'SEQ++1'GIS+4'", "LIN+3'SEQ++1'GIS+97'LIN+3'SEQ++1'GIS+4'")
			},
		},
		"place and reference of two orders": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "LIN+3'SEQ++1'GIS+4'", "LIN+3'RFF+CR:00000001A 1'SEQ++1'GIS+4'")
			},
			waiting: sum(1, 70000), undecided: sum(1, 70000),
		},
		"a reference that names nothing": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "RFF+ACW:MSG1'LIN+1'SEQ'GIS+4'LIN+2'SEQ'GIS+4'LIN+3'SEQ++1'GIS+4'",
					"LIN+1'RFF+CR:00000000UKENDT'SEQ'GIS+4'")
			},
			waiting: all, undecided: all, statements: 1,
		},
		"a file that is cut off": {
			change:  func(_ *testing.T, f files) { f[booked] = f[booked][:len(f[booked])*3/5] },
			waiting: all, undecided: all, statements: 1,
		},
		"a terminator that is lost": {
			change:  func(_ *testing.T, f files) { f[booked] = strings.Replace(f[booked], "LIN+2'SEQ'", "LIN+2SEQ'", 1) },
			waiting: all, undecided: all, statements: 1,
		},
		"a number that other bytes have, of the same minute": {
			change:  func(t *testing.T, f files) { f.edit(t, booked, "B2'", "B1'") },
			waiting: all, undecided: all, statements: 1,
		},
		"a number that other bytes have, of another day": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "B2'", "B1'")
				f.edit(t, booked, "050811:0601", "050812:0900")
			},
		},
		"a second order beside a disputed one": {
			change: func(_ *testing.T, f files) {
				f[afterwards] = banstaAbout("Z1", rejectsA)
				f[centre+"done/000002-NKS2.edi"] = interchange("2", "AG1", line(1, seq(1, "00000002A 1", "100,00", "", transfer("0000012345", "3001"))))
			},
			disputed: a1, findings: 1,
		},
		"settled: the bank has paid": {
			change: func(_ *testing.T, f files) {
				f[afterwards] = banstaAbout("Z1", rejectsA)
				f[bankJournal] = `{"k":"confirmed","ref":"00000001A 1","truth":"executed"}` + "\n"
			},
		},
		"settled: the bank has not paid, and nobody has been told": {
			change: func(_ *testing.T, f files) {
				f[afterwards] = banstaAbout("Z1", rejectsA)
				f[bankJournal] = `{"k":"confirmed","ref":"00000001A 1","truth":"rejected"}` + "\n"
			},
			findings: 1, missing: 1,
		},
		"settled: an order that nobody can decide": {
			change: func(t *testing.T, f files) {
				f.edit(t, booked, "LIN+3'SEQ++1'GIS+4'", "LIN+3'SEQ++1'GIS+97'")
				f[bankJournal] = `{"k":"confirmed","ref":"00000001G","truth":"executed"}` + "\n"
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tiny()
			c.change(t, f)
			r := f.compute(t)
			got := []witness.Sum{r.Total.Disputed, r.Total.Waiting, r.Total.Undecided, r.Banks[0].Disputed}
			if want := []witness.Sum{c.disputed, c.waiting, c.undecided, c.disputed}; !equal(got, want) {
				t.Errorf("disputed, waiting, undecided, at the bank: %v, want %v", got, want)
			}
			if r.Total.Accounted() != r.Total.Received {
				t.Errorf("accounted %+v, received %+v", r.Total.Accounted(), r.Total.Received)
			}
			if r.FindingCount != c.findings || r.Unanswered != c.missing || r.Banks[0].UndecidedStatements != c.statements {
				t.Errorf("findings %v, want %d; unanswered %d, want %d; %d undecided statements, want %d",
					r.Findings, c.findings, r.Unanswered, c.missing, r.Banks[0].UndecidedStatements, c.statements)
			}
		})
	}
}

func equal(a, b []witness.Sum) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// bankJournal is where a centre writes down what it did.
const bankJournal = centre + "journal/journal.jsonl"

// TestSilenceIsBrokenByWhatCannotBeDecided: where silence means executed, it does only when the bank has said nothing
// that may have been about the order.
func TestSilenceIsBrokenByWhatCannotBeDecided(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		executed   int64
	}{
		"silence":                     {afterwards, banstaAbout("Z1", "LIN+1'SEQ++1'GIS+3'"), 3},
		"an unknown code of one":      {afterwards, banstaAbout("Z1", "LIN+1'SEQ++1'GIS+97'"), 2},
		"a name that nobody has":      {afterwards, banstaAbout("Z1", "LIN+9'SEQ++1'GIS+2'"), 0},
		"a file that cannot be read":  {afterwards, "UNB+UNOC:3+5790001000013:14+5798000016446:14+050811:0601+Z1'UNH+1+BAN", 0},
		"a CONTRL about another file": {afterwards, strings.Replace(contrlAbout("Z1", "4+18'"), "UCI+1+", "UCI+77+", 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tiny()
			delete(f, booked)
			f.edit(t, centre+"profile.json", `"executed":"line"`, `"executed":"none"`)
			f[c.file] = c.text
			if r := f.compute(t); r.Total.Executed.Count != c.executed || r.Total.Executed.Count+r.Total.Cheque.Count+r.Total.Undecided.Count != 4 {
				t.Errorf("executed %d, want %d; %+v", r.Total.Executed.Count, c.executed, r.Total)
			}
		})
	}
}

// TestOrderOfPublication: what came first is what the bank's journal has first, whatever the files are called.
func TestOrderOfPublication(t *testing.T) {
	t.Parallel()
	f := tiny()
	f[afterwards] = banstaAbout("Z1", "LIN+1'SEQ++3'GIS+4'")
	f[bankJournal] = `{"k":"published","name":"Z1.edi"}` + "\n" + `{"k":"published","name":"A1.edi"}` + "\n" + `{"k":"publ`
	r := f.compute(t)
	// E was executed before it was rejected: its response 9 is one that no bank has given cause to.
	if r.Total.Disputed.Oere != 50000 || len(r.Findings) != 1 || r.Findings[0].Kind != witness.Contradiction {
		t.Errorf("%+v, findings %v", r.Total, r.Findings)
	}
}

// TestPaidTwiceByTheBanksOwnJournal finds two orders that paid, though one was said to be rejected.
func TestPaidTwiceByTheBanksOwnJournal(t *testing.T) {
	t.Parallel()
	f := tiny()
	f[centre+"done/000002-NKS2.edi"] = interchange("2", "AG1", line(1, seq(1, "00000002E", "500,00", "", transfer("0000012345", "3001"))))
	f[bankJournal] = `{"k":"order","ref":"00000001E","truth":"executed"}` + "\n" + `{"k":"order","ref":"00000002E","truth":"executed"}` + "\n"
	r := f.compute(t)
	if len(r.Findings) != 1 || r.Findings[0].Kind != witness.PaidTwice || r.Banks[0].Paid != (witness.Sum{Count: 2, Oere: 100000}) {
		t.Errorf("findings %v, paid %+v", r.Findings, r.Banks[0].Paid)
	}
}
