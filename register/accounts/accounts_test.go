package accounts_test

import (
	"errors"
	"testing"
	"time"

	"nks/bankday"
	"nks/gateway"
	"nks/register"
	"nks/register/accounts"
	"nks/register/law"
)

// TestCitizenReplaces: another NemKonto replaces the one before, at once, and what was is kept. // B22.4 // B25.1 // B26.1a
func TestCitizenReplaces(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := byCitizen(ann, law.Register, domestic(2))
	seen, err := d.Held(t.Context(), d.db, ann, "", "")
	if err != nil {
		t.Fatal(err)
	}
	a.Expects = seen.Version
	o := d.apply(a)[0]
	d.want("outcome", string(o.State), "in_force")
	d.want("read back", d.tells(o.Now), "12340000000002")
	d.want("register", d.holds(ann, "", ""), "12340000000002")
	if o.Version != o.Now.Version || !o.From.Equal(d.now) {
		t.Errorf("made %d from %s, and shows %d", o.Version, o.From, o.Now.Version)
	}
	var before int
	if err := d.db.Get(&before, `SELECT count(*) FROM nks.account_version WHERE account = '12340000000001' AND recorded_to IS NULL AND valid_to = $1`, d.now); err != nil || before != 1 {
		t.Errorf("%d versions tell what was before: %v", before, err)
	}
	again := d.apply(a)[0]
	d.want("by what was seen before", string(again.State)+" "+again.Rule, "refused stale")
	a.Expects = o.Now.Version
	d.want("the same again", string(d.apply(a)[0].State), "unchanged")
}

// TestTwoPersonsAndActivation: a caseworker's change waits for another person, then for the holder, and the old account stays in use
// until then; deletion needs no activation. // B32 // B13 // B13.2 // B25.3
func TestTwoPersonsAndActivation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.apply(byAuthority(law.Caseworker, ann, law.Register, domestic(3)))[0]
	d.want("asked", string(o.State), "waits_approval")
	err := d.inTransaction(t.Context(), func(x register.Tx) (err error) {
		_, err = d.Approve(t.Context(), x, o.Application, "a.  hansen")
		return err
	})
	if !errors.Is(err, gateway.ErrPersons) {
		t.Errorf("the same person: %v", err)
	}
	step := func(what string, do func(register.Tx) (accounts.Outcome, error)) accounts.Outcome {
		t.Helper()
		var got accounts.Outcome
		if err := d.inTransaction(t.Context(), func(x register.Tx) (err error) { got, err = do(x); return err }); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return got
	}
	approved := step("approve", func(x register.Tx) (accounts.Outcome, error) {
		return d.Approve(t.Context(), x, o.Application, "B. Lund")
	})
	d.want("approved", string(approved.State), "waits_activation")
	d.want("still in use", d.holds(ann, "", ""), "12340000000001")
	activated := step("activate", func(x register.Tx) (accounts.Outcome, error) {
		return d.Activate(t.Context(), x, o.Application, "by telephone")
	})
	d.want("activated", string(activated.State)+" "+d.tells(activated.Now), "in_force 12340000000003")
	if err := d.inTransaction(t.Context(), func(x register.Tx) (err error) {
		_, err = d.Activate(t.Context(), x, o.Application, "by telephone")
		return err
	}); !errors.Is(err, accounts.ErrMoved) {
		t.Errorf("activated twice: %v", err)
	}
	gone := byAuthority(law.Caseworker, ann, law.Delete, accounts.Account{})
	gone.Approved = "B. Lund"
	d.want("deleted", string(d.apply(gone)[0].State)+" "+d.holds(ann, "", ""), "in_force nothing")
}

// TestSpecificAccounts: its authority registers, locks, limits; another does not, and a citizen only while it is not locked. // B27.1 // B27.2 // B27.3 // G-timed
func TestSpecificAccounts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	specific := func(a accounts.Application) accounts.Application {
		a.Authority, a.BenefitType = "4101", "SU"
		return a
	}
	tells := func(a accounts.Application) string {
		o := d.apply(a)[0]
		return string(o.State) + " " + o.Rule
	}
	other := specific(byAuthority(law.Interface, ann, law.Register, domestic(7)))
	other.OnBehalfOf = "5200"
	d.want("another authority", tells(other), "refused B27.1")
	d.want("a citizen first", tells(specific(byCitizen(ann, law.Register, domestic(7)))), "refused B27.1")
	d.want("its authority", tells(specific(byAuthority(law.Interface, ann, law.Register, domestic(7)))), "in_force ")
	d.want("a citizen changes", tells(specific(byCitizen(ann, law.Register, domestic(8)))), "in_force ")
	d.want("lock", tells(specific(byAuthority(law.Interface, ann, law.Lock, accounts.Account{}))), "in_force ")
	d.want("locked", d.holds(ann, "4101", "SU"), "12340000000008 locked")
	d.want("a citizen deletes", tells(specific(byCitizen(ann, law.Delete, accounts.Account{}))), "refused B27.2")
	d.want("promote", tells(specific(byCitizen(ann, law.Promote, accounts.Account{}))), "refused B27.2")
	d.want("unlock", tells(specific(byAuthority(law.Interface, ann, law.Unlock, accounts.Account{}))), "in_force ")
	d.want("promote", tells(specific(byCitizen(ann, law.Promote, accounts.Account{}))), "in_force ")
	d.want("NemKonto", d.holds(ann, "", ""), "12340000000008")
	limit := specific(byAuthority(law.Interface, ann, law.Limit, accounts.Account{}))
	limit.To = gateway.Date{Year: 2005, Month: 9, Day: 1}
	d.want("limit", tells(limit), "in_force ")
	d.want("limited", d.holds(ann, "4101", "SU"), "12340000000008 until 2005-09-01 00:00:00")
	d.now = time.Date(2005, 9, 1, 0, 0, 0, 0, d.Location)
	d.want("lapsed by itself", d.holds(ann, "4101", "SU"), "nothing")
	d.want("promotion stays", d.holds(ann, "", ""), "12340000000008")
}

// TestScheduledIsWithdrawn: what is to come can be taken back, and everything is as it was.
func TestScheduledIsWithdrawn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := byCitizen(ann, law.Register, domestic(9))
	a.From = gateway.Date{Year: 2005, Month: 9, Day: 1}
	o := d.apply(a)[0]
	d.want("scheduled", string(o.State)+" "+d.holds(ann, "", ""), "scheduled 12340000000001 until 2005-09-01 00:00:00")
	var back accounts.Outcome
	if err := d.inTransaction(t.Context(), func(x register.Tx) (err error) {
		back, err = d.Withdraw(t.Context(), x, o.Application, "the holder", "changed my mind")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	d.want("withdrawn", string(back.State)+" "+d.tells(back.Now), "withdrawn 12340000000001")
}

// TestOrderCountsInOneCall: applications of one holder count in their order, and each outcome tells what the purpose holds after all.
func TestOrderCountsInOneCall(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all := d.apply(byCitizen(bo, law.Register, domestic(1)), byCitizen(dora, law.Register, domestic(1)), byCitizen(bo, law.Register, domestic(2)),
		byCitizen(bo, law.Delete, accounts.Account{}), byCitizen(bo, law.Register, domestic(3)))
	got := ""
	for _, o := range all {
		got += string(o.State) + " " + o.Rule + "; "
	}
	d.want("outcomes", got, "in_force ; refused B18.3; in_force ; in_force ; in_force ; ")
	d.want("register", d.holds(bo, "", ""), "12340000000003")
	var overlapping int
	if err := d.db.Get(&overlapping, `SELECT count(*) FROM nks.account_version WHERE holder_id = 202705678 AND recorded_to IS NULL`); err != nil || overlapping != 1 {
		t.Errorf("%d versions are known: %v", overlapping, err)
	}
}

// TestLateActivation: what the holder has done while a letter was on its way is not undone by its code. // B13.2
func TestLateActivation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	waiting := d.apply(byAuthority(law.Interface, ann, law.Register, domestic(4)))[0]
	d.want("waits", string(waiting.State), "waits_activation")
	d.want("the holder", string(d.apply(byCitizen(ann, law.Register, domestic(5)))[0].State), "in_force")
	var late accounts.Outcome
	if err := d.inTransaction(t.Context(), func(x register.Tx) (err error) {
		late, err = d.Activate(t.Context(), x, waiting.Application, "by telephone")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	d.want("late", string(late.State)+" "+late.Rule+" "+d.tells(late.Now), "refused stale 12340000000005")
}

// TestEffectDays: where the owner lets changes count later, they count from a banking day, from the fifth at the latest. // B25.1
func TestEffectDays(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]string{1: "2005-08-12", 5: "2005-08-18", 9: "2005-08-18"} {
		d := newDesk(t)
		calendar, err := bankday.New()
		if err != nil {
			t.Fatal(err)
		}
		d.Rules.EffectDays, d.Calendar = days, calendar
		o := d.apply(byCitizen(ann, law.Register, domestic(2)))[0]
		d.want("counts", string(o.State)+" "+o.From.In(d.Location).Format(time.DateTime), "scheduled "+want+" 00:00:00")
	}
}
