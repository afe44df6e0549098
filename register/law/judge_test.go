package law_test

import (
	"testing"
	"time"

	"nks/gateway"
	"nks/register/law"
)

var (
	citizen  = gateway.Holder{Kind: gateway.CPR, ID: "0101701234"}
	guardian = gateway.Holder{Kind: gateway.CPR, ID: "0202705678"}
	firm     = gateway.Holder{Kind: gateway.CVR, ID: "10000009"}
)

func now() time.Time { return time.Date(2005, 8, 11, 9, 0, 0, 0, time.UTC) }

func account(kind gateway.AccountKind, number string) law.Account {
	return law.Account{Account: gateway.Account{Kind: kind, Number: number}}
}

func danish() law.Account { return account(gateway.DomesticBBAN, "12340000000001") }

// facts are those of a living holder of age without an account, and of an account in a bank that has joined.
func facts() law.Facts {
	f := law.Facts{Now: now(), Counts: now(), Location: time.UTC, Known: true, Status: gateway.Alive, Born: gateway.Date{Year: 1970, Month: 1, Day: 1},
		AuthorityKnown: true, BenefitKnown: true}
	f.Directory.Filled, f.Directory.Known, f.Directory.Joined, f.Directory.Bank = true, true, true, "Egen Bank"
	return f
}

func has(locked bool) law.Version {
	return law.Version{ID: 7, Counter: 3, Account: account(gateway.DomesticBBAN, "12340000000009"), Locked: locked}
}

// of are applications that nothing speaks against, by channel.
func of(c law.Channel) law.Application {
	a := law.Application{Channel: c, Action: law.Register, Holder: citizen, Account: danish(), By: "somebody", Expects: law.Unsaid}
	switch c {
	case law.Bank:
		a.Bank = "Egen Bank"
	case law.Caseworker, law.Interface:
		a.OnBehalfOf, a.Why, a.Source = "4101", "moved bank", "letter 17"
	case law.Citizen:
		a.Actor = citizen
	case law.Guardian:
		a.Actor = guardian
	}
	return a
}

func specific(a law.Application) law.Application {
	a.Authority, a.BenefitType = "4101", "SU"
	return a
}

func only(a law.Application, action law.Action) law.Application {
	a.Action, a.Account = action, law.Account{}
	return a
}

// TestJudge: who may change which account, and when that counts. // B10.2 // B13.2 // B17 // B18.2 // B18.3 // B22.2 // B25.1 // B26.1a // B26.1b // B26.1c // B26.1d // B26.2 // B27.1 // B27.2 // B27.3 // B32 // B39.1
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a    law.Application
		with func(*law.Application, *law.Facts)
		want string
	}{
		{"citizen", of(law.Citizen), nil, "in_force"},
		{"bank", of(law.Bank), nil, "in_force"},
		{"initial", of(law.Initial), nil, "in_force"},
		{"caseworker", of(law.Caseworker), nil, "waits_approval"},
		{"caseworker approved", of(law.Caseworker), func(a *law.Application, _ *law.Facts) { a.Approved = "another" }, "waits_activation"},
		{"approved by the same", of(law.Caseworker), func(a *law.Application, _ *law.Facts) { a.Approved = "Somebody" }, "refused B32"},
		{"activated", of(law.Interface), func(_ *law.Application, f *law.Facts) { f.Activated = true }, "in_force"},
		{"interface", of(law.Interface), nil, "waits_activation"},
		{"deletion needs no activation", only(of(law.Interface), law.Delete), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(false)} }, "in_force"},
		{"scheduled", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.From = gateway.Date{Year: 2005, Month: 9, Day: 1} }, "scheduled"},
		{"counts later", of(law.Citizen), func(_ *law.Application, f *law.Facts) { f.Counts = now().AddDate(0, 0, 1) }, "scheduled"},
		{"the past", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.From = gateway.Date{Year: 2005, Month: 8, Day: 10} }, "refused malformed"},

		{"unknown holder", of(law.Citizen), func(_ *law.Application, f *law.Facts) { f.Known = false }, "refused G-ident"},
		{"dead", of(law.Bank), func(_ *law.Application, f *law.Facts) { f.Status = gateway.Dead }, "refused B18.3"},
		{"ceased", of(law.Interface), func(_ *law.Application, f *law.Facts) { f.Status = gateway.Ceased }, "refused B18.3"},
		{"emigrated", of(law.Citizen), func(_ *law.Application, f *law.Facts) { f.Status = gateway.Emigrated }, "in_force"},

		{"another bank's account", of(law.Bank), func(_ *law.Application, f *law.Facts) { f.Directory.Bank = "Anden Bank" }, "refused B39.1"},
		{"bank that has not joined", of(law.Bank), func(_ *law.Application, f *law.Facts) { f.Directory.Joined = false }, "refused B39.1"},
		{"no directory", of(law.Bank), func(_ *law.Application, f *law.Facts) { f.Directory.Filled, f.Directory.Known = false, false }, "refused B39.1"},
		{"abroad by a bank", of(law.Bank), func(a *law.Application, _ *law.Facts) {
			a.Account = account(gateway.IBANAccount, "DE89370400440532013000")
		}, "refused B26.2"},
		{"specific by a bank", specific(of(law.Bank)), nil, "refused G-specific"},
		{"deletion by a bank", of(law.Bank), func(a *law.Application, f *law.Facts) {
			a.Action, a.Account, f.Held = law.Delete, account(gateway.DomesticBBAN, "12340000000009"), []law.Version{has(false)}
		}, "in_force"},
		{"deletion of another account", of(law.Bank), func(a *law.Application, f *law.Facts) { a.Action, f.Held = law.Delete, []law.Version{has(false)} }, "refused B26.1b"},
		{"deletion without an account", only(of(law.Bank), law.Delete), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(false)} }, "refused B26.2"},

		{"abroad by the citizen", of(law.Citizen), func(a *law.Application, _ *law.Facts) {
			a.Account = account(gateway.IBANAccount, "DE89370400440532013000")
		}, "in_force"},
		{"company by itself", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.Holder, a.Actor = firm, firm }, "refused B26.1a"},
		{"company's specific account", specific(of(law.Citizen)), func(a *law.Application, f *law.Facts) {
			a.Holder, a.Actor, f.Held = firm, firm, []law.Version{has(false)}
		}, "refused B27.3"},
		{"company by an authority", of(law.Interface), func(a *law.Application, _ *law.Facts) { a.Holder = firm }, "waits_activation"},
		{"somebody else's", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.Actor = guardian }, "refused B26.1a"},
		{"minor alone", of(law.Citizen), func(_ *law.Application, f *law.Facts) { f.Born = gateway.Date{Year: 1987, Month: 8, Day: 12} }, "refused B22.2"},
		{"of age today", of(law.Citizen), func(_ *law.Application, f *law.Facts) { f.Born = gateway.Date{Year: 1987, Month: 8, Day: 11} }, "in_force"},
		{"under guardianship alone", of(law.Citizen), func(_ *law.Application, f *law.Facts) { f.Guarded, f.Guardian = true, guardian }, "refused B22.2"},
		{"guardian", of(law.Guardian), func(_ *law.Application, f *law.Facts) { f.Guarded, f.Guardian = true, guardian }, "in_force"},
		{"no guardian", of(law.Guardian), nil, "refused B22.2"},
		{"another's guardian", of(law.Guardian), func(_ *law.Application, f *law.Facts) {
			f.Guardian = gateway.Holder{Kind: gateway.CPR, ID: "0303709999"}
		}, "refused B22.2"},

		{"not applied", of(law.Interface), func(a *law.Application, _ *law.Facts) { a.Source = "" }, "refused B26.1d"},
		{"paid by it", of(law.Interface), func(a *law.Application, f *law.Facts) { a.Source, f.Pays = "", true }, "waits_activation"},
		{"unknown authority", of(law.Interface), func(_ *law.Application, f *law.Facts) { f.AuthorityKnown = false }, "refused B18.2"},
		{"specific by its authority", specific(of(law.Interface)), nil, "in_force"},
		{"specific by another", specific(of(law.Interface)), func(a *law.Application, _ *law.Facts) { a.OnBehalfOf = "5200" }, "refused B27.1"},
		{"unknown benefit", specific(of(law.Interface)), func(_ *law.Application, f *law.Facts) { f.BenefitKnown = false }, "refused B31"},
		{"locked, by its authority", only(specific(of(law.Interface)), law.Unlock), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(true)} }, "in_force"},
		{"locked, by the citizen", only(specific(of(law.Citizen)), law.Delete), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(true)} }, "refused B27.2"},
		{"locked, by another authority", only(specific(of(law.Interface)), law.Delete), func(a *law.Application, f *law.Facts) {
			a.OnBehalfOf, f.Held = "5200", []law.Version{has(true)}
		}, "refused B27.2"},
		{"unlocked, by the citizen", only(specific(of(law.Citizen)), law.Delete), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(false)} }, "in_force"},
		{"locking the NemKonto", only(of(law.Interface), law.Lock), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(false)} }, "refused B27.2"},
		{"promotion by an authority", only(specific(of(law.Interface)), law.Promote), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(false)} }, "waits_activation"},
		{"promotion of a locked one", only(specific(of(law.Interface)), law.Promote), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(true)} }, "refused B27.2"},
		{"suggestion for who has one", of(law.Initial), func(_ *law.Application, f *law.Facts) { f.Held = []law.Version{has(false)} }, "refused B17"},

		{"unknown registration number", of(law.Citizen), func(_ *law.Application, f *law.Facts) { f.Directory.Known = false }, "refused B10.2"},
		{"merged registration number", of(law.Citizen), func(_ *law.Application, f *law.Facts) { f.Directory.MergedInto = "5678" }, "refused B10.2"},
		{"thirteen digits", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.Account.Number = "1234000000001" }, "refused B10.2"},
		{"wrong check digits", of(law.Citizen), func(a *law.Application, _ *law.Facts) {
			a.Account = account(gateway.IBANAccount, "DE89370400440532013001")
		}, "refused B10.2"},
		{"no bank abroad", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.Account = account(gateway.ForeignAccount, "123") }, "refused B10.2"},
		{"wrong BIC", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.Account.BIC = "EGENDK" }, "refused B10.2"},
		{"slip creditor", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.Account = account(gateway.SlipCreditor, "12345678") }, "refused B10.2"},

		{"saw nothing", of(law.Citizen), func(a *law.Application, f *law.Facts) { a.Expects, f.Held = 0, []law.Version{has(false)} }, "refused stale"},
		{"saw this", of(law.Citizen), func(a *law.Application, f *law.Facts) { a.Expects, f.Held = 7, []law.Version{has(false)} }, "in_force"},
		{"saw what is gone", of(law.Citizen), func(a *law.Application, _ *law.Facts) { a.Expects = 7 }, "refused stale"},
		{"a later one is to come", of(law.Citizen), func(a *law.Application, f *law.Facts) {
			one, other := has(false), has(false)
			one.To, other.From, other.ID, other.Counter = now().AddDate(0, 0, 1), now().AddDate(0, 0, 2), 8, 4
			a.Expects, f.Held = 7, []law.Version{one, other}
		}, "refused stale"},
		{"nothing there", only(of(law.Citizen), law.Delete), nil, "refused missing"},
		{"so already", of(law.Citizen), func(a *law.Application, f *law.Facts) {
			f.Held, a.Account = []law.Version{has(false)}, has(false).Account
		}, "unchanged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, f := c.a, facts()
			if c.with != nil {
				c.with(&a, &f)
			}
			v := law.Judge(a, f, law.Rules{})
			got := string(v.State)
			if v.Rule != "" {
				got += " " + v.Rule
			}
			if got != c.want || (v.State == law.Refused) != (v.Why != "") {
				t.Errorf("%s (%s), want %s", got, v.Why, c.want)
			}
		})
	}
}

// TestPlan: what is replaced ends where the new begins, and what is to come later is replaced, too. // B22.4
func TestPlan(t *testing.T) {
	t.Parallel()
	a, f := of(law.Citizen), facts()
	later := has(false)
	later.ID, later.From = 8, now().AddDate(0, 1, 0)
	first := has(false)
	first.To = later.From
	f.Held = []law.Version{first, later}
	p := law.Judge(a, f, law.Rules{}).Plan
	if len(p.Close) != 2 || len(p.Add) != 2 || !p.Add[0].To.Equal(now()) || p.Made != 1 || !p.Add[1].From.Equal(now()) || !p.Add[1].To.IsZero() {
		t.Errorf("%+v", p)
	}
}
