package register_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nks/gateway"
	"nks/register"
)

// halfYear is a policy of 180 days for citizens and 90 for all others.
func halfYear(t interface{ Fatal(...any) }) *register.Policy {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	return &register.Policy{Days: [5]int{gateway.CPR: 180, gateway.CVR: 90, gateway.SE: 90, gateway.PNR: 90}, Location: copenhagen}
}

// Versions of the cases by number.
const (
	ownNemKonto = 1
	ownSpecific = 2
	companys    = 3
)

func nemKonto(id int64) register.AccountVersion { return register.AccountVersion{ID: id} }
func specific(id int64) register.AccountVersion {
	return register.AccountVersion{ID: id, Authority: "4101", BenefitType: "KBOLIG"}
}
func locked(v register.AccountVersion) register.AccountVersion { v.Locked = true; return v }
func until(v register.AccountVersion, at time.Time) register.AccountVersion {
	v.To = at
	return v
}
func since(v register.AccountVersion, at time.Time) register.AccountVersion {
	v.From = at
	return v
}

// TestChoose is the rule in the law's words.
func TestChoose(t *testing.T) {
	t.Parallel()
	policy := halfYear(t)
	day := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", s, policy.Location)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	now := day("2005-08-11 06:00")
	date := func(y int, m time.Month, d int) gateway.Date { return gateway.Date{Year: y, Month: m, Day: d} }
	facts := func(s gateway.HolderStatus, all ...register.AccountVersion) register.Facts {
		return register.Facts{Status: s, Accounts: all}
	}
	ended := func(f register.Facts, d gateway.Date) register.Facts { f.Ended = d; return f }
	under := func(f register.Facts) register.Facts { f.Parent = 12345674; return f }
	both := []register.AccountVersion{nemKonto(ownNemKonto), specific(ownSpecific)}
	firm := facts(gateway.Alive, nemKonto(companys))
	for name, tc := range map[string]struct {
		kind           gateway.HolderKind
		words          register.Words
		holder, parent register.Facts
		at             time.Time
		version        int64
		rule           gateway.AccountRule
		why            register.Reason
	}{
		// B5.1 B9.2 B14
		"each citizen has one account to which every authority pays": {gateway.CPR, register.Words{}, facts(gateway.Alive, nemKonto(ownNemKonto)), register.Facts{},
			now, ownNemKonto, gateway.ByNemKonto, 0},
		// B5.2 B14
		"the specific account for that authority and benefit comes first": {gateway.CPR, register.Words{}, facts(gateway.Alive, both...), register.Facts{},
			now, ownSpecific, gateway.BySpecific, 0},
		"whoever nobody knows is not paid":         {gateway.CPR, register.Words{}, register.Facts{}, register.Facts{}, now, 0, 0, register.UnknownHolder}, // G-ident
		"whoever has no account has none":          {gateway.CPR, register.Words{}, facts(gateway.Alive), register.Facts{}, now, 0, 0, register.NoAccount}, // B35-36
		"a kind that there is not is paid nothing": {0, register.Words{}, facts(gateway.Alive, both...), register.Facts{}, now, 0, 0, register.UnknownHolder},
		// G-timed
		"a timed account lapses by itself on its date": {gateway.CPR, register.Words{}, facts(gateway.Alive, nemKonto(ownNemKonto), until(specific(ownSpecific), now)), register.Facts{},
			now, ownNemKonto, gateway.ByNemKonto, 0},
		"a timed account counts to its last instant": {gateway.CPR, register.Words{}, facts(gateway.Alive, nemKonto(ownNemKonto), until(specific(ownSpecific), now.Add(1))), register.Facts{},
			now, ownSpecific, gateway.BySpecific, 0},
		"an account counts from its first instant": {gateway.CPR, register.Words{}, facts(gateway.Alive, since(nemKonto(ownNemKonto), now)), register.Facts{},
			now, ownNemKonto, gateway.ByNemKonto, 0},
		"an account does not count before it": {gateway.CPR, register.Words{}, facts(gateway.Alive, since(nemKonto(ownNemKonto), now.Add(1))), register.Facts{},
			now, 0, 0, register.NoAccount},
		// B18.3
		"the accounts of the dead stay usable to the last day of their period": {gateway.CPR, register.Words{}, ended(facts(gateway.Dead, both...), date(2005, 1, 1)), register.Facts{},
			day("2005-06-30 23:59"), ownSpecific, gateway.BySpecific, 0},
		"and not after it": {gateway.CPR, register.Words{}, ended(facts(gateway.Dead, both...), date(2005, 1, 1)), register.Facts{},
			day("2005-07-01 00:00"), 0, 0, register.HolderEnded},
		"a company's period is its own": {gateway.CVR, register.Words{}, ended(facts(gateway.Ceased, nemKonto(ownNemKonto)), date(2005, 5, 13)), register.Facts{},
			now, ownNemKonto, gateway.ByNemKonto, 0},
		"a company's accounts after its period": {gateway.CVR, register.Words{}, ended(facts(gateway.Ceased, nemKonto(ownNemKonto)), date(2005, 5, 12)), register.Facts{},
			now, 0, 0, register.HolderEnded},
		"death on a day that nobody knows": {gateway.CPR, register.Words{}, facts(gateway.Dead, both...), register.Facts{}, now, 0, 0, register.HolderEnded},
		// B22.3
		"the NemKonto of who has left the country needs an agreement with the payer": {gateway.CPR, register.Words{}, ended(facts(gateway.Emigrated, nemKonto(ownNemKonto)), date(1999, 1, 1)), register.Facts{},
			now, 0, 0, register.EmigratedOnly},
		"and with it is used": {gateway.CPR, register.Words{PaysEmigrated: true}, facts(gateway.Emigrated, nemKonto(ownNemKonto)), register.Facts{},
			now, ownNemKonto, gateway.ByNemKonto, 0},
		"a specific account needs none, for the payer registered it": {gateway.CPR, register.Words{}, facts(gateway.Emigrated, both...), register.Facts{},
			now, ownSpecific, gateway.BySpecific, 0},
		"who has left the country without an account": {gateway.CPR, register.Words{}, facts(gateway.Emigrated), register.Facts{}, now, 0, 0, register.NoAccount},
		// B23.1
		"a company may be known by its SE number alone": {gateway.SE, register.Words{}, facts(gateway.Alive, nemKonto(ownNemKonto)), register.Facts{},
			now, ownNemKonto, gateway.ByNemKonto, 0},
		// B23.2
		"an SE number's own account comes first":          {gateway.SE, register.Words{}, under(facts(gateway.Alive, nemKonto(ownNemKonto))), firm, now, ownNemKonto, gateway.ByNemKonto, 0},
		"else that of the CVR number serves":              {gateway.SE, register.Words{}, under(facts(gateway.Alive)), firm, now, companys, gateway.ByParentAccount, 0},
		"a P number's own only by the payer's word":       {gateway.PNR, register.Words{}, under(facts(gateway.Alive, nemKonto(ownNemKonto))), firm, now, companys, gateway.ByParentAccount, 0},
		"with the payer's word it comes first":            {gateway.PNR, register.Words{UsesPNumbers: true}, under(facts(gateway.Alive, nemKonto(ownNemKonto))), firm, now, ownNemKonto, gateway.ByNemKonto, 0},
		"with the word and no own the CVR number's":       {gateway.PNR, register.Words{UsesPNumbers: true}, under(facts(gateway.Alive)), firm, now, companys, gateway.ByParentAccount, 0},
		"without the word and with a poor company":        {gateway.PNR, register.Words{}, under(facts(gateway.Alive, nemKonto(ownNemKonto))), facts(gateway.Alive), now, 0, 0, register.NoAccount},
		"the company's specific accounts are its own":     {gateway.SE, register.Words{}, under(facts(gateway.Alive)), facts(gateway.Alive, specific(companys)), now, 0, 0, register.NoAccount},
		"a company that ended lately serves its units":    {gateway.PNR, register.Words{}, under(facts(gateway.Alive)), ended(facts(gateway.Ceased, nemKonto(companys)), date(2005, 8, 1)), now, companys, gateway.ByParentAccount, 0}, // B18.3
		"a company that ended long ago serves nobody":     {gateway.PNR, register.Words{}, under(facts(gateway.Alive)), ended(facts(gateway.Ceased, nemKonto(companys)), date(2004, 8, 1)), now, 0, 0, register.NoAccount},             // B18.3
		"a company above that nobody knows serves nobody": {gateway.SE, register.Words{}, under(facts(gateway.Alive)), register.Facts{}, now, 0, 0, register.NoAccount},
		// B25.4 B27.2
		"a benefit without fallback is paid to its locked account": {gateway.CPR, register.Words{NoFallback: true}, facts(gateway.Alive, nemKonto(ownNemKonto), locked(specific(ownSpecific))), register.Facts{},
			now, ownSpecific, gateway.BySpecific, 0},
		"not to one that is not locked":  {gateway.CPR, register.Words{NoFallback: true}, facts(gateway.Alive, both...), register.Facts{}, now, 0, 0, register.NoFallback},
		"not to the NemKonto":            {gateway.CPR, register.Words{NoFallback: true}, facts(gateway.Alive, nemKonto(ownNemKonto)), register.Facts{}, now, 0, 0, register.NoFallback},
		"not to the company above":       {gateway.SE, register.Words{NoFallback: true}, under(facts(gateway.Alive)), firm, now, 0, 0, register.NoFallback},
		"a lock hides nothing otherwise": {gateway.CPR, register.Words{}, facts(gateway.Alive, nemKonto(ownNemKonto), locked(specific(ownSpecific))), register.Facts{}, now, ownSpecific, gateway.BySpecific, 0},
		// B22.4
		"two NemKonti at once are never paid to":   {gateway.CPR, register.Words{}, facts(gateway.Alive, nemKonto(1), nemKonto(2)), register.Facts{}, now, 0, 0, register.Overlap},
		"two specific accounts at once neither":    {gateway.CPR, register.Words{}, facts(gateway.Alive, specific(1), specific(2), nemKonto(3)), register.Facts{}, now, 0, 0, register.Overlap},
		"two of a company above neither":           {gateway.SE, register.Words{}, under(facts(gateway.Alive)), facts(gateway.Alive, nemKonto(1), nemKonto(2)), now, 0, 0, register.Overlap},
		"two NemKonti of who has left the country": {gateway.CPR, register.Words{}, facts(gateway.Emigrated, nemKonto(1), nemKonto(2)), register.Facts{}, now, 0, 0, register.EmigratedOnly}, // B22.3
		"and with the payer's word":                {gateway.CPR, register.Words{PaysEmigrated: true}, facts(gateway.Emigrated, nemKonto(1), nemKonto(2)), register.Facts{}, now, 0, 0, register.Overlap},
		// B25.4
		"one that is not locked stands in no locked one's way": {gateway.CPR, register.Words{NoFallback: true}, facts(gateway.Alive, specific(1), locked(specific(ownSpecific))), register.Facts{},
			now, ownSpecific, gateway.BySpecific, 0},
		"two that are not locked are none":  {gateway.CPR, register.Words{NoFallback: true}, facts(gateway.Alive, specific(1), specific(2)), register.Facts{}, now, 0, 0, register.NoFallback},
		"two locked accounts at once":       {gateway.CPR, register.Words{NoFallback: true}, facts(gateway.Alive, locked(specific(1)), locked(specific(2))), register.Facts{}, now, 0, 0, register.Overlap},
		"two NemKonti that nobody asks for": {gateway.CPR, register.Words{}, facts(gateway.Alive, specific(ownSpecific), nemKonto(8), nemKonto(9)), register.Facts{}, now, ownSpecific, gateway.BySpecific, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := register.Question{Kind: tc.kind, Number: 1, Authority: "4101", BenefitType: "KBOLIG", Words: tc.words}
			want := register.Choice{Version: tc.version, Rule: tc.rule, Reason: tc.why}
			if got := register.Choose(&q, &tc.holder, &tc.parent, policy, tc.at); got != want {
				t.Errorf("got %+v (%s), want %+v", got, got.Reason, want)
			}
		})
	}
}

// naive is the rule once more, as lists that are crossed out one rule after the other.
func naive(q register.Question, holder, parent register.Facts, policy register.Policy, at time.Time) register.Choice {
	over := func(kind gateway.HolderKind, f register.Facts) bool {
		if f.Status == gateway.Alive || f.Status == gateway.Emigrated || f.Status == 0 {
			return false
		}
		last := f.Ended.AddDays(policy.Days[kind])
		return f.Ended.IsZero() || last.Before(gateway.DateOf(at.In(policy.Location)))
	}
	counting := func(f register.Facts, authority, benefit string) (left []register.AccountVersion) {
		for _, v := range f.Accounts {
			begun, ended := !v.From.After(at), !v.To.IsZero() && !v.To.After(at)
			if begun && !ended && v.Authority == authority && v.BenefitType == benefit {
				left = append(left, v)
			}
		}
		return left
	}
	none := func(r register.Reason) register.Choice { return register.Choice{Reason: r} }
	if holder.Status == 0 || q.Kind == gateway.NoHolder {
		return none(register.UnknownHolder)
	}
	if over(q.Kind, holder) {
		return none(register.HolderEnded)
	}
	tries := []struct {
		all  []register.AccountVersion
		rule gateway.AccountRule
	}{{counting(holder, q.Authority, q.BenefitType), gateway.BySpecific}, {counting(holder, "", ""), gateway.ByNemKonto}, {counting(parent, "", ""), gateway.ByParentAccount}}
	if q.Authority == "" {
		tries[0].all = nil
	}
	if q.Kind == gateway.PNR && !q.UsesPNumbers {
		tries[1].all = nil
	}
	hasParent := holder.Parent != 0 && parent.Status != 0 && (q.Kind == gateway.SE || q.Kind == gateway.PNR)
	if !hasParent || over(gateway.CVR, parent) {
		tries[2].all = nil
	}
	if q.NoFallback {
		tries = tries[:1]
	}
	for _, try := range tries {
		left := slices.DeleteFunc(try.all, func(v register.AccountVersion) bool { return q.NoFallback && !v.Locked })
		if len(left) == 0 {
			continue
		}
		if try.rule == gateway.ByNemKonto && holder.Status == gateway.Emigrated && !q.PaysEmigrated {
			return none(register.EmigratedOnly)
		}
		if len(left) > 1 {
			return none(register.Overlap)
		}
		return register.Choice{Version: left[0].ID, Rule: try.rule}
	}
	if q.NoFallback {
		return none(register.NoFallback)
	}
	return none(register.NoAccount)
}

// drawFacts makes a holder whose dates lie about an instant, often on the very boundary.
func drawFacts(t *rapid.T, name string, at time.Time, firstID int64) register.Facts {
	f := register.Facts{Status: gateway.HolderStatus(rapid.IntRange(0, 4).Draw(t, name+" status"))}
	if rapid.IntRange(0, 9).Draw(t, name+" dated") > 0 {
		f.Ended = gateway.DateOf(at).AddDays(-rapid.SampledFrom([]int{0, 89, 90, 91, 179, 180, 181, -3}).Draw(t, name+" ended"))
	}
	instant := rapid.SampledFrom([]time.Time{{}, at.Add(-time.Hour), at.Add(-1), at, at.Add(1), at.Add(time.Hour)})
	for i := range rapid.IntRange(0, 5).Draw(t, name+" accounts") {
		v := register.AccountVersion{ID: firstID + int64(i), Locked: rapid.Bool().Draw(t, "locked"), From: instant.Draw(t, "from"), To: instant.Draw(t, "to")}
		if rapid.Bool().Draw(t, "specific") {
			v.Authority = rapid.SampledFrom([]string{"4101", "5200"}).Draw(t, "authority")
			v.BenefitType = rapid.SampledFrom([]string{"KBOLIG", "NKSLEV"}).Draw(t, "benefit")
		}
		f.Accounts = append(f.Accounts, v)
	}
	return f
}

// TestChoose_Properties: it decides on anything and always alike, as the rules read word by word do, and Explain says the
// same and why.
func TestChoose_Properties(t *testing.T) {
	t.Parallel()
	policy := halfYear(t)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2005, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"),
			rapid.SampledFrom([]int{0, 6, 23}).Draw(t, "hour"), 0, 0, 0, policy.Location)
		q := register.Question{Kind: gateway.HolderKind(rapid.IntRange(0, 4).Draw(t, "kind")), Authority: rapid.SampledFrom([]string{"", "4101", "5200"}).Draw(t, "payer"),
			BenefitType: rapid.SampledFrom([]string{"", "KBOLIG", "NKSLEV"}).Draw(t, "benefit type"),
			Words:       register.Words{PaysEmigrated: rapid.Bool().Draw(t, "emigrated"), UsesPNumbers: rapid.Bool().Draw(t, "p"), NoFallback: rapid.Bool().Draw(t, "none")}}
		holder, parent := drawFacts(t, "holder", at, 1), drawFacts(t, "parent", at, 100)
		if rapid.Bool().Draw(t, "has parent") {
			holder.Parent = 12345674
		}
		got := register.Choose(&q, &holder, &parent, policy, at)
		if want := naive(q, holder, parent, *policy, at); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if (got.Version == 0) != (got.Reason != register.Chosen) || (got.Version == 0) != (got.Rule == 0) {
			t.Fatalf("%+v is half a choice", got)
		}
		checkExplanation(t, register.Explain(&q, &holder, &parent, policy, at), got, len(holder.Accounts))
		// The order in which facts are told means nothing.
		slices.Reverse(holder.Accounts)
		slices.Reverse(parent.Accounts)
		if again := register.Choose(&q, &holder, &parent, policy, at); again != got {
			t.Fatalf("%+v, and the other way round %+v", got, again)
		}
	})
}

// checkExplanation: exactly the version chosen is taken, of every other it is said why not.
func checkExplanation(t *rapid.T, e register.Explanation, choice register.Choice, atLeast int) {
	if e.Choice != choice || len(e.Steps) < atLeast {
		t.Fatalf("explained %+v, want %+v", e, choice)
	}
	two := 0
	for _, s := range e.Steps {
		if (s.Verdict == register.Taken) != (s.Version == choice.Version) || s.Text() == "" || s.Verdict.String() == "unknown" {
			t.Fatalf("%s (%d), but the choice is %+v", s.Text(), s.Verdict, choice)
		}
		if s.Verdict == register.OneOfTwo {
			two++
		}
	}
	if (choice.Reason == register.Overlap) != (two > 1) || two == 1 {
		t.Fatalf("%d versions in each other's way, but the choice is %+v", two, choice)
	}
}

// TestExplain says of every candidate what became of it, as a person reads it.
func TestExplain(t *testing.T) {
	t.Parallel()
	at := time.Date(2005, 8, 11, 4, 0, 0, 0, time.UTC)
	q := register.Question{Kind: gateway.PNR, Number: 1000000001, Authority: "4101", BenefitType: "KBOLIG"}
	holder := register.Facts{Status: gateway.Alive, Parent: 12345674, Accounts: []register.AccountVersion{nemKonto(1), until(specific(2), at),
		{ID: 3, Authority: "5200", BenefitType: "KBOLIG"}}}
	parent := register.Facts{Status: gateway.Alive, Accounts: []register.AccountVersion{nemKonto(4), since(nemKonto(5), at.Add(1)), specific(6)}}
	var got []string
	for _, s := range register.Explain(&q, &holder, &parent, halfYear(t), at).Steps {
		got = append(got, s.Text())
	}
	want := []string{
		"version 1: not taken, since the authority has not said that it pays to P numbers' own accounts", // B23.2
		"version 2: not taken, since it is no longer in force",                                           // G-timed
		"version 3: not taken, since it is for another authority or benefit",                             // B5.2
		"the company's version 4: taken",
		"the company's version 5: not taken, since it is not in force yet",
		"the company's version 6: not taken, since it is the company's own, for one benefit",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestChoose_AllocatesNothing: millions are asked for a day.
func TestChoose_AllocatesNothing(t *testing.T) {
	policy, holder, parent := halfYear(t), register.Facts{Status: gateway.Dead, Ended: gateway.Date{Year: 2005, Month: 8, Day: 1},
		Accounts: []register.AccountVersion{nemKonto(1), specific(2)}}, register.Facts{}
	q := register.Question{Kind: gateway.CPR, Authority: "4101", BenefitType: "KBOLIG"}
	if n := testing.AllocsPerRun(100, func() { register.Choose(&q, &holder, &parent, policy, morning()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkChoose asks for citizens, most of them with one NemKonto, and for the units of companies.
func BenchmarkChoose(b *testing.B) {
	policy := halfYear(b)
	type asked struct {
		q              register.Question
		holder, parent register.Facts
	}
	one := register.Facts{Status: gateway.Alive, Accounts: []register.AccountVersion{nemKonto(1)}}
	two := register.Facts{Status: gateway.Alive, Accounts: []register.AccountVersion{until(nemKonto(1), morning()), since(nemKonto(2), morning()), specific(3)}}
	unit := register.Facts{Status: gateway.Alive, Parent: 12345674}
	gone := one
	gone.Status, gone.Ended = gateway.Dead, gateway.Date{Year: 2005, Month: 8, Day: 1}
	var all []asked
	for n := range 1000 {
		a := asked{register.Question{Kind: gateway.CPR, Number: int64(n), Authority: "4101", BenefitType: "KBOLIG"}, one, register.Facts{}}
		switch {
		case n%10 == 0:
			a.q.Kind, a.holder, a.parent = gateway.PNR, unit, one
		case n%5 == 0:
			a.holder = two
		case n%50 == 1:
			a.holder = gone
		}
		all = append(all, a)
	}
	at := morning()
	chosen := 0
	for i := 0; b.Loop(); i++ {
		a := &all[i%len(all)]
		if register.Choose(&a.q, &a.holder, &a.parent, policy, at).Reason == register.Chosen {
			chosen++
		}
	}
	if chosen == 0 {
		b.Fatal("nobody has an account")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "choices/s")
}
