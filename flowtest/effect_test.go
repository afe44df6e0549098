package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
	"nks/gateway/view"
	"nks/internal/app"
	"nks/reconciliation/report"
	"nks/schema"
)

// ahead: a payment executes seven banking days after its release, so that a change after it may take effect before.
func ahead(t testing.TB) func(*options) {
	return func(o *options) {
		b, s := bec(t), sdc(t)
		b.LeadDays, s.LeadDays = 7, 7
		o.banks = gateway.BankCentres{b, s}
	}
}

// wants gives all agreements a with_effect.
func wants(does string) func(*options) {
	return func(o *options) {
		rows := o.country["agreements.csv"]
		changed := []string{rows[0] + ",with_effect"}
		for _, r := range rows[1:] {
			changed = append(changed, r+","+does)
		}
		c := o.country.with("agreements.csv")
		c["agreements.csv"] = changed
		o.country = c
	}
}

// followingWorld is a world whose register was followed up to now.
func followingWorld(t *testing.T, change ...func(*options)) *world {
	t.Helper()
	w := newWorld(t, change...)
	w.effects()
	return w
}

const newAccount = "30010000777771"

// changes loads another NemKonto of Ann's, from a day on or, without one, from now on.
func (w *world) changes(account, from string) {
	w.t.Helper()
	load(w.t, w.db, country{"accounts.csv": {accountColumns, "CPR," + ann + "," + account + ",,,,,,,,,,," + from + ","}}, w.now)
	w.fillImage()
}

// effects takes every step of looking at changed accounts.
func (w *world) effects() int { w.t.Helper(); return w.all("effect", w.Effect.Next) }

// found is what was found of payments: its first letter, where it stood, what was wanted and done, and from which day on.
func (w *world) found() string {
	return w.row(`SELECT left(p.e2e, 1), f.position, f.wanted, f.done, f.effect_on::text FROM effect_finding f JOIN payment p ON p.id = f.payment_id ORDER BY f.id`)
}

// toAnn is a payment to Ann's NemKonto.
func toAnn() intaketest.Document {
	d := bundle("G-1", cpr("A", ann, 100), complete("B", 200))
	d.Debits[0].On = "2005-08-22"
	return d
}

// toldOfChanges is what is raised of changed accounts.
func (w *world) toldOfChanges() string {
	return w.row(`SELECT detail FROM exception WHERE kind = $1 AND closed_at IS NULL ORDER BY id`, gateway.AccountChanged)
}

// TestEffect_Found: an account changes while a payment to it is somewhere, and what is done is what its agreement wants. // B25.2
func TestEffect_Found(t *testing.T) {
	t.Parallel()
	received := func(w *world) { w.receive(toAnn()); w.at(receiveBy) }
	frozen := func(w *world) { received(w); w.release() }
	sent := func(w *world) { frozen(w); w.dispatch() }
	accepted := func(w *world) { sent(w); w.says("BEC", contrl("BEC", 1, "7")) }
	published := func(w *world) {
		frozen(w)
		lease := w.held("BEC")
		defer lease.Release()
		w.publishing("BEC", lease.Fence)
	}
	const noticed = "BEC executes the payment on 2005-08-22 to account 7045000100xxxx, which from 2005-08-18 on is not its recipient's any more"
	for name, c := range map[string]struct {
		wants     string
		to        func(*world)
		found     string
		exception string
		ledger    string
		to2       string // the account of the order that counts
	}{
		"before release":       {"recall", received, "", "", "waiting 2 = 300", ""},
		"frozen, tell":         {"tell", frozen, "A frozen tell told 2005-08-18", noticed, "frozen 2 = 300", annAccount},
		"frozen, hold":         {"hold", frozen, "A frozen hold anew 2005-08-18", "", "void 2 = 300", annAccount},
		"published, hold":      {"hold", published, "A frozen hold told 2005-08-18", noticed, "frozen 2 = 300", annAccount},
		"unknown, recall":      {"recall", func(w *world) { frozen(w); w.doubt() }, "A unsure recall recalled 2005-08-18", "", "unknown 2 = 300", annAccount},
		"sent, tell":           {"tell", sent, "A with_bank tell told 2005-08-18", noticed, "with_bank 2 = 300", annAccount},
		"sent, recall":         {"recall", sent, "A with_bank recall recalled 2005-08-18", "", "with_bank 2 = 300", annAccount},
		"asked before, recall": {"recall", func(w *world) { sent(w); w.asks("A") }, "A with_bank recall told 2005-08-18", noticed, "with_bank 2 = 300", annAccount},
		"executed before the day": {"recall", func(w *world) { accepted(w); w.says("BEC", bansta("BEC-00000000000001-0001", status(1, 1, "4", ""))) }, "", "",
			"with_bank 1 = 200, executed 1 = 100", annAccount},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := followingWorld(t, ahead(t), wants(c.wants))
			c.to(w)
			w.changes(newAccount, "")
			w.effects()
			w.holds()
			w.want("found", w.found(), c.found)
			w.want("told", w.toldOfChanges(), c.exception)
			w.want("ledger", w.ledger(), c.ledger)
			w.want("once", fmt.Sprint(w.effects()), "0")
			w.want("of the last order", w.row(`SELECT o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id WHERE p.e2e = 'A' ORDER BY o.attempt DESC LIMIT 1`), c.to2)
			w.release()
			w.holds()
			if strings.Contains(c.found, "anew") || c.found == "" && name == "before release" {
				w.want("to the new account", w.row(`SELECT o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id WHERE p.e2e = 'A' ORDER BY o.attempt DESC LIMIT 1`), newAccount)
				w.effects()
				w.want("once", w.found(), c.found)
			}
			recalled := strings.Contains(c.found, "recalled")
			w.want("asked for", w.row(`SELECT count(*) FROM recall WHERE finding_id IS NOT NULL`), map[bool]string{true: "1", false: "0"}[recalled])
		})
	}
}

// TestEffect_Boundary: an order of the fourth banking day after the change was registered may still go to the old account, one of the fifth may not.
func TestEffect_Boundary(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lead      int
		on, found string
	}{
		"fourth": {4, "2005-08-17", ""},
		"fifth":  {5, "2005-08-18", "A frozen hold anew 2005-08-18"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := followingWorld(t, wants("hold"), func(o *options) {
				b := bec(t)
				b.LeadDays = c.lead
				o.banks = gateway.BankCentres{b, sdc(t)}
			})
			d := toAnn()
			d.Debits[0].On = c.on
			w.receive(d)
			w.at(receiveBy)
			w.release()
			w.changes(newAccount, "")
			w.effects()
			w.want("found", w.found(), c.found)
		})
	}
}

// TestEffect_KnownBefore: the release takes the account that counts when it comes, and an end before the day on which its orders are executed that was
// known then is found all the same.
func TestEffect_KnownBefore(t *testing.T) {
	t.Parallel()
	w := followingWorld(t, ahead(t), wants("recall"))
	w.changes(newAccount, "2005-08-19")
	w.receive(toAnn())
	w.at(receiveBy)
	w.effects()
	w.release()
	w.effects()
	w.want("found", w.found(), "A frozen recall told 2005-08-19")
}

// TestEffect_WhileReleased: a change that is followed before a release that does not know it is committed is found in what that has frozen.
func TestEffect_WhileReleased(t *testing.T) {
	t.Parallel()
	w := followingWorld(t, ahead(t), wants("hold"))
	w.receive(toAnn())
	w.at(receiveBy)
	releasing := w.steps(func(o *app.StepOptions) {
		o.Failpoint = func(name string) {
			if name == "after-freezing-before-release" {
				w.changes(newAccount, "")
				w.effects()
			}
		}
	})
	w.all("release", releasing.Release.Next)
	w.want("not yet", w.found(), "")
	w.effects()
	w.want("found", w.found(), "A frozen hold anew 2005-08-18")
	w.holds()
}

// TestEffect_Late: what executes before the day of effect is looked at again on it, while it has not left; what the bank should have told of and has
// not is stored there.
func TestEffect_Late(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to     func(*world)
		status time.Duration
		found  string
	}{
		"frozen":                 {func(w *world) {}, 0, "A frozen hold anew 2005-08-18"},
		"sent, and nothing told": {func(w *world) { w.dispatch(); w.says("BEC", contrl("BEC", 1, "7")) }, 24 * time.Hour, "A accepted hold told 2005-08-18"},
		"sent, and told as executed": {func(w *world) {
			w.dispatch()
			w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", line(1, "4", "")))
		}, 24 * time.Hour, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := followingWorld(t, wants("hold"), func(o *options) {
				b := bec(t)
				b.StatusDeadline = c.status
				o.banks = gateway.BankCentres{b, sdc(t)}
			})
			w.receive(bundle("G-1", cpr("A", ann, 100)))
			w.at(receiveBy)
			w.release()
			w.changes(newAccount, "")
			w.effects()
			c.to(w)
			w.want("in time", w.found(), "")
			w.at("2005-08-17 23:59")
			w.effects()
			w.want("still in time", w.found(), "")
			due, err := w.Effect.NextDue(t.Context(), w.time())
			if err != nil || c.found != "" && !due.Equal(gateway.Date{Year: 2005, Month: 8, Day: 18}.At(0, w.Base.Location)) {
				t.Errorf("looked at again %v, %v", due, err)
			}
			w.at("2005-08-18 00:00")
			w.effects()
			w.want("found", w.found(), c.found)
			w.holds()
		})
	}
}

// TestEffect_Unlogged: of a change that somebody made by hand the log says nothing, and all that is on its way is looked at.
func TestEffect_Unlogged(t *testing.T) {
	t.Parallel()
	w := followingWorld(t, ahead(t), wants("hold"))
	w.receive(toAnn())
	w.at(receiveBy)
	w.release()
	w.effects()
	w.exec(`UPDATE account_version SET recorded_to = $1, closed = counter + 1 WHERE account = $2`, w.time(), annAccount)
	w.effects()
	w.want("found", w.found(), "A frozen hold anew 2005-08-18")
}

// TestEffect_Killed: whatever is killed, it is done once.
func TestEffect_Killed(t *testing.T) {
	t.Parallel()
	w := followingWorld(t, ahead(t), wants("recall"))
	w.receive(toAnn())
	w.at(receiveBy)
	w.release()
	w.dispatch()
	w.changes(newAccount, "")
	killed := errors.New("killed")
	func() {
		defer func() {
			if p := recover(); p != killed { //nolint:errorlint // it is the very value
				t.Errorf("not killed: %v", p)
			}
		}()
		w.all("effect", w.steps(func(o *app.StepOptions) {
			o.Failpoint = func(name string) {
				if name == "after-effect-before-commit" {
					panic(killed)
				}
			}
		}).Effect.Next)
	}()
	w.want("nothing", w.found(), "")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { w.all("effect", w.steps().Effect.Next) })
	}
	both.Wait()
	w.want("found", w.found(), "A with_bank recall recalled 2005-08-18")
	files := strings.Join(w.recallsAt("BEC"), "")
	if strings.Count(files, "+FINCAN:") != 1 || strings.Count(files, "RFF+CR:") != 1 {
		t.Errorf("the bank got %s", files)
	}
	w.want("asked", w.recalled(0), "A")
	reported := fmt.Sprint(w.report("effect", report.Options{Authority: "77"}))
	if !strings.Contains(reported, fmt.Sprintf("77 AFT-1 BEC %d 7045000100xxxx", w.id("A"))) || !strings.HasSuffix(reported, "asked back 100 ]]") {
		t.Errorf("reported %s", reported)
	}
	pages := view.New(w.database.Open(t, schema.Page), zerolog.Nop())
	p, err := pages.PaymentWithoutPapers(t.Context(), view.Viewer{Authority: "77"}, w.id("A"), w.time())
	if err != nil || len(p.Changes) != 1 || p.Changes[0].Done != gateway.EffectRecalled || p.Changes[0].Attempt != 1 || len(p.Recalls) != 1 || p.Recalls[0].Decision != 0 {
		t.Errorf("the page says %+v, %v", p, err)
	}
	w.changes(annAccount, "") // and back again
	w.effects()
	w.want("no more", w.found(), "A with_bank recall recalled 2005-08-18")
}

// TestEffect_PaidOnce: what is recalled comes back, and goes by the choice of its authority to the account that has come, once.
func TestEffect_PaidOnce(t *testing.T) {
	t.Parallel()
	w := followingWorld(t, ahead(t), chooses(",came_back,hold 3 else return"), wants("recall"))
	w.withReturnAccount()
	d := bySDC("G-1", cpr("A", ann, 100))
	d.Debits[0].On = "2005-08-22"
	w.paid(d)
	w.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", line(1, "1", "")))
	w.changes(newAccount, "")
	w.effects()
	w.want("found", w.found(), "A accepted recall recalled 2005-08-18")
	w.recallsAt("SDC")
	w.says("SDC", bansta("SDC-00000000000002-0001", line(1, "4", "")))
	w.cameBack("A", returnAccount, 100, "Tilbagekaldt")
	w.settle()
	w.release()
	w.holds()
	w.want("orders", w.row(`SELECT attempt, ore, account FROM bank_order ORDER BY attempt`), "1 100 "+annAccount+"; 2 100 "+newAccount)
	w.effects()
	w.holds()
	w.want("found", w.found(), "A accepted recall recalled 2005-08-18")
}

// TestEffect_Whose: specific accounts and those of a company above count, accounts that are named by the payment do not; an end without another account
// is a change; the same account by another rule is none.
func TestEffect_Whose(t *testing.T) {
	t.Parallel()
	w := followingWorld(t, ahead(t), wants("tell"))
	d := bundle("G-1", cpr("S", bob, 100), incomplete("C", "SE", branch, 200), intaketest.Complete("N", annAccount, 3000), cpr("E", exile, 400))
	d.Debits[0].On = "2005-08-22"
	w.receive(d)
	w.at(receiveBy)
	w.release()
	c := denmark()
	load(t, w.db, country{"accounts.csv": {accountColumns, "CVR," + firm + ",30010000777772,,,,,,,,,,,,", "CPR," + ann + "," + newAccount + ",,,,,,,,,,,,",
		"CPR," + exile + "," + exileAccount + ",,,,,,,,,,,,2005-08-10"},
		"specific_accounts.csv": c.with("specific_accounts.csv", "CPR,"+bob+",30010000777773,,,,,,,,,,,,,77,YD1,no")["specific_accounts.csv"]}, w.now)
	w.fillImage()
	w.effects()
	w.holds()
	w.want("found", w.row(`SELECT left(p.e2e, 1) FROM effect_finding f JOIN payment p ON p.id = f.payment_id ORDER BY 1`), "C; E; S")
}
