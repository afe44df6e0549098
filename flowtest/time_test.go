package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/gateway/intake/intaketest"
	"nks/internal/app"
	"nks/register"
)

// The standing agreement of these tests, at another bank centre or with another term. Days: Thursday 11 to Wednesday 17 August.
func agreedAt(centre string) country {
	return country{"agreements.csv": {agreementColumns, "AFT-1,77,U1,LEVA," + centre + "," + debit1 + ",return,06:00,,"}}
}

func agreedFor(from, to string) country {
	return country{"agreements.csv": {agreementColumns, "AFT-1,77,U1,LEVA,BEC," + debit1 + ",return,06:00," + from + "," + to}}
}

// due is a bundle whose payment is to be executed on a day.
func due(on string) intaketest.Document {
	d := bundle("G-"+on, complete("P-"+on, 100))
	d.Debits[0].On = on
	return d
}

func (w *world) loadFrom(c country, day string) {
	w.t.Helper()
	if err := loadFrom(w.t, w.db, c, w.time(), day); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) carried() string {
	w.t.Helper()
	return w.row(`SELECT bank, executes_on::text FROM interchange WHERE kind = 'PAYMUL' AND state <> 'void' ORDER BY id`)
}

// TestTime_BankChanges: the version in force on the execution day carries, wherever the change is learned; a payment that waits goes
// to the new bank on its day if that still takes it, and else on the next, and the authority is told the day.
func TestTime_BankChanges(t *testing.T) {
	t.Parallel()
	type step func(*world)
	from := func(centre, day string) step { return func(w *world) { w.loadFrom(agreedAt(centre), day) } }
	none := func(*world) {}
	for name, c := range map[string]struct {
		before, between step // the bundle is read; it is released
		early           bool // the new bank's send-by is before the release
		planned, want   string
	}{
		"the day after":                      {none, from("SDC", "2005-08-16"), false, "BEC 2005-08-15", "BEC 2005-08-15"},
		"on the day":                         {none, from("SDC", "2005-08-15"), false, "BEC 2005-08-15", "SDC 2005-08-15"},
		"the day before":                     {none, from("SDC", "2005-08-14"), false, "BEC 2005-08-15", "SDC 2005-08-15"},
		"at once":                            {none, from("SDC", ""), false, "BEC 2005-08-15", "SDC 2005-08-15"},
		"the day after, known when it comes": {from("SDC", "2005-08-16"), none, false, "BEC 2005-08-15", "BEC 2005-08-15"},
		"on the day, known when it comes":    {from("SDC", "2005-08-15"), none, false, "SDC 2005-08-15", "SDC 2005-08-15"},
		"and back":                           {from("SDC", "2005-08-15"), from("BEC", "2005-08-12"), false, "SDC 2005-08-15", "BEC 2005-08-15"},
		"too late for the new one":           {none, from("SDC", "2005-08-15"), true, "BEC 2005-08-15", "SDC 2005-08-16"},
		"planned by an early send-by":        {from("SDC", "2005-08-15"), none, true, "SDC 2005-08-15", "SDC 2005-08-15"},
		"two changes": {none, func(w *world) {
			w.loadFrom(agreedAt("SDC"), "2005-08-15")
			w.loadFrom(agreedAt("BKD"), "2005-08-16")
		}, false, "BEC 2005-08-15", "SDC 2005-08-15"},
		"two changes, too late for the first": {none, func(w *world) {
			w.loadFrom(agreedAt("SDC"), "2005-08-15")
			w.loadFrom(agreedAt("BKD"), "2005-08-16")
		}, true, "BEC 2005-08-15", "BKD 2005-08-16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *options) {
				o.banks = append(o.banks, bkd(t))
				if c.early {
					o.banks[1].SendBy = 5 * time.Hour
				}
			})
			c.before(w)
			w.receive(due("2005-08-15"))
			w.want("planned", w.row(`SELECT bank_centre, executes_on::text FROM release_group`), c.planned)
			c.between(w)
			w.at(w.row(`SELECT to_char(release_at AT TIME ZONE 'Europe/Copenhagen', 'YYYY-MM-DD HH24:MI') FROM release_group`))
			w.release()
			w.want("carried", w.carried(), c.want)
			w.want("versions", w.row(`SELECT v.bank_centre FROM interchange i JOIN agreement_version v ON v.id = i.agreement_version`), c.want[:3])
			w.want("exceptions", w.exceptions(), "")
			if bank, day, _ := strings.Cut(c.want, " "); bank == "SDC" {
				w.dispatch()
				w.newAnswers()
				w.says(bank, contrl(bank, 1, "7"), bansta("SDC-00000000000001-0001", line(1, "1", "")))
				w.wantAnswers("8 P-2005-08-15")
				answer := w.raw(w.number(`SELECT document_id FROM answer ORDER BY id DESC LIMIT 1`))
				if !strings.Contains(answer, day) {
					t.Errorf("the authority is not told %s:\n%s", day, answer)
				}
			}
		})
	}
}

// TestTime_AgreementEnds: an agreement carries to its last execution day, and none after it; what waits is held, named once, and goes
// when the agreement is in force again. // M10
func TestTime_AgreementEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		term string // since and until when
		goes bool
	}{
		{" 2005-08-14", false}, {" 2005-08-15", true}, {" 2005-08-16", true},
		{"2005-08-14 ", true}, {"2005-08-15 ", true}, {"2005-08-16 ", false},
	} {
		first, last, _ := strings.Cut(c.term, " ")
		t.Run("read "+c.term, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.loadFrom(agreedFor(first, last), "")
			w.receive(due("2005-08-15"))
			want := "1 ACPT; 2 RJCT 9002"
			if c.goes {
				want = "1 ACPT; 2 ACPT"
			}
			w.wantAnswers(want)
		})
		t.Run("released "+c.term, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.receive(due("2005-08-15"))
			w.loadFrom(agreedFor(first, last), "")
			w.at("2005-08-12 06:00")
			w.release()
			if c.goes {
				w.want("carried", w.carried(), "BEC 2005-08-15")
				return
			}
			w.release()
			w.want("held", w.ledger(), "waiting 1 = 100")
			w.want("exception", w.row(`SELECT kind, subject, authority, detail FROM exception`),
				"agreement not in force "+w.row(`SELECT id FROM agreement WHERE agreement = 'AFT-1'`)+" 77 agreement AFT-1 is not in force on 2005-08-15, when the payments would be executed; 1 payments, 100 øre, wait")
			w.loadFrom(agreedFor("", ""), "")
			w.at("2005-08-12 09:00") // the bank's send-by has passed meanwhile
			w.release()
			w.want("carried", w.carried(), "BEC 2005-08-16")
			w.want("exceptions", w.exceptions(), "")
			w.want("closed by", w.row(`SELECT closed_by FROM exception`), "nks")
		})
	}
}

// TestTime_InForceLater: what is held goes by the version that is to come, on the first day on which that is in force.
func TestTime_InForceLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(due("2005-08-12"), due("2005-08-15"))
	w.loadFrom(agreedFor("", "2005-08-11"), "")
	w.loadFrom(agreedAt("SDC"), "2005-08-16")
	for _, at := range []string{"2005-08-11 06:00", "2005-08-12 06:00", "2005-08-12 08:30"} {
		w.at(at)
		w.release()
		w.want(at, w.carried(), "")
	}
	w.want("one exception", w.exceptions(), "agreement not in force")
	w.at("2005-08-12 08:31")
	w.release()
	w.want("carried", w.carried(), "SDC 2005-08-16; SDC 2005-08-16")
	w.want("exceptions", w.exceptions(), "")
}

// TestTime_OrderedAnew: what is ordered anew waits for its agreement as what is ordered first does.
func TestTime_OrderedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(due("2005-08-12"))
	w.at(receiveBy)
	w.release()
	w.void("BEC", 1)
	w.loadFrom(agreedFor("", "2005-08-11"), "")
	w.release()
	w.holds()
	w.want("waits", w.ledger(), "void 1 = 100")
	w.want("exceptions", w.exceptions(), "agreement not in force")
	w.loadFrom(agreedAt("SDC"), "")
	w.release()
	w.want("carried", w.carried(), "SDC 2005-08-12")
	w.want("exceptions", w.exceptions(), "")
}

// TestTime_ChangeWhileFreezing: what is being frozen goes by what was known when it began, what comes after by the change.
func TestTime_ChangeWhileFreezing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	changed := false
	freezing := w.steps(func(o *app.StepOptions) {
		o.Failpoint = func(name string) {
			if name == "after-freezing-before-release" && !changed {
				changed = true
				w.loadFrom(agreedAt("SDC"), "")
			}
		}
	})
	w.receive(due("2005-08-12"), due("2005-08-15"))
	w.at("2005-08-12 06:00")
	w.all("release", freezing.Release.Next)
	w.want("carried", w.carried(), "BEC 2005-08-15; SDC 2005-08-15")
	w.want("known", w.row(`SELECT v.bank_centre, v.recorded_to IS NULL FROM interchange i JOIN agreement_version v ON v.id = i.agreement_version ORDER BY i.id`),
		"BEC false; SDC true")
}

// TestTime_AsKnown: nothing is overwritten, nothing counts before it is recorded, and what held on a day is told as it was known on another.
func TestTime_AsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2005-08-12 12:00")
	w.loadFrom(agreedAt("SDC"), "2005-08-16")
	w.loadFrom(agreedAt("SDC"), "2005-08-16") // makes nothing
	w.at("2005-08-15 12:00")
	w.loadFrom(agreedAt("BKD"), "2005-08-17")
	err := loadFrom(t, w.db, agreedAt("NEM"), w.time(), "2005-08-14")
	if !errors.Is(err, register.ErrSource) {
		t.Errorf("a load that counts since yesterday: %v", err)
	}
	if err := loadFrom(t, w.db, country{"holders.csv": denmark()["holders.csv"]}, w.time(), "2005-08-17"); !errors.Is(err, register.ErrSource) {
		t.Errorf("holders that count since a day: %v", err)
	}
	at := func(day int) time.Time { return time.Date(2005, 8, day, 23, 0, 0, 0, w.Base.Location) }
	for _, c := range []struct {
		on, known int
		want      string
	}{{11, 11, "BEC"}, {17, 11, "BEC"}, {15, 12, "BEC"}, {16, 12, "SDC"}, {17, 12, "SDC"}, {15, 15, "BEC"}, {16, 15, "SDC"}, {17, 15, "BKD"}} {
		all, err := register.AgreementsAs(t.Context(), w.db, at(c.on), at(c.known))
		if err != nil {
			t.Fatal(err)
		}
		got := all.ByNumber("AFT-1")
		if len(got) != 1 || got[0].BankCentre != c.want {
			t.Errorf("on %d, known on %d: %+v, want %s", c.on, c.known, got, c.want)
		}
	}
	w.want("origins", w.row(`SELECT origin, files::text, valid_from FROM register_change_origin WHERE counter > 1 ORDER BY counter`),
		"load {agreements.csv} 2005-08-16T00:00; load {agreements.csv} 2005-08-17T00:00")
	if _, err := w.db.ExecContext(t.Context(), `UPDATE agreement_version SET recorded_to = NULL, closed = NULL WHERE recorded_to IS NOT NULL`); err == nil {
		t.Error("a closed version could be opened")
	}
	if _, err := w.db.ExecContext(t.Context(), `UPDATE agreement_version SET bank_centre = 'NEM'`); err == nil {
		t.Error("a version could be overwritten")
	}
}

// TestTime_PromiseIsKept: the day that a dry run promises is the day on which what is sent executes, whatever the receive-by. // M11
func TestTime_PromiseIsKept(t *testing.T) {
	t.Parallel()
	for _, receive := range []string{"06:00", "08:14", "08:15", "08:16", "08:30", "12:00", "23:00"} {
		t.Run(receive, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *options) {
				o.country = denmark().with("agreements.csv", "AFT-1,77,U1,LEVA,BEC,"+debit1+",return,"+receive+",,")
			})
			for n, at := range []string{"2005-08-11 04:30", "2005-08-13 10:00", "2005-08-16 22:00", "2005-08-19 23:30"} {
				w.at(at)
				d := bundle(fmt.Sprint("G-", n), complete(fmt.Sprint("A-", n), 100))
				d.Debits[0].On = at[:10]
				promised := w.try(d.XML(), "LEVA").Groups[0]
				w.receive(d)
				w.want("planned", w.row(`SELECT executes_on::text FROM release_group WHERE state = 'waiting'`), promised.ExecutesOn.String())
				w.at(promised.ReleaseAt.Add(10 * time.Minute).In(w.Base.Location).Format("2006-01-02 15:04"))
				w.release()
				w.want(at, w.row(`SELECT executes_on::text FROM interchange ORDER BY id DESC LIMIT 1`), promised.ExecutesOn.String())
				w.dispatch()
				w.eachBank("deadlines", w.Bank.DecideSilence)
				w.want("late", w.row(`SELECT kind FROM exception WHERE kind = 'send-by missed'`), "")
			}
		})
	}
}
