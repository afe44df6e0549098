package main

// mutant is a change of one place that breaks a rule, and the test that must find it.
type mutant struct {
	rule     string // as docs/rules.md has it
	file     string // from the root
	old, new string // old stands there exactly once
	pkg, run string // the test: its package, and what go test takes as -run
}

// mutants are the changes, by rule. A further one is a line here.
func mutants() []mutant {
	const (
		choose = "register/choose.go"
		judge  = "register/law/judge.go"
		law    = "./register/law"
	)
	return []mutant{
		{"B4.1", "register/feed/follow.go", "s.Status, s.Ended = gateway.Emigrated, c.On", "s.Ended = c.On", "./flowtest", "TestFeed$"},
		{"B5.2", choose, "return v.Authority == authority && v.BenefitType == benefitType", "return v.Authority == authority", "./register", "TestChoose_IsTheLaw|TestChooseIsTheSQL"},
		{"B10.2", "register/law/account.go", "case !d.Known:", "case false:", law, "TestJudge"},
		{"B10.2", "register/law/account.go", "case d.MergedInto != \"\":", "case false:", law, "TestJudge"},
		{"B13.2", judge, "return a.Authority == \"\" || rules.ActivateSpecific", "return rules.ActivateSpecific", law, "TestJudge"},
		{"B14", choose, "case n > 0 && holder.Status == gateway.Emigrated && !q.PaysEmigrated:", "case n > 0:", "./register", "TestChoose$"},
		{"B17", judge, "case len(f.Held) > 0:\n\t\treturn refusal{\"B17\"", "case len(f.Held) > 99:\n\t\treturn refusal{\"B17\"", law, "TestJudge"},
		{"B18.2", judge, "case !f.AuthorityKnown:", "case false:", law, "TestJudge"},
		{"B18.3", choose, "f.Ended.Day+p.Days[kind]+1", "f.Ended.Day+1", "./register", "TestChoose$"},
		{"B19.1", "gateway/account.go", "return r == ByNemKonto || r == ByParentAccount", "return r == ByParentAccount", "./gateway/answers", "TestCopy_HidesNemKonti"},
		{"B19.2", "gateway/account.go", "return r == ByNemKonto || r == ByParentAccount", "return r == BySpecific || r == ByNemKonto || r == ByParentAccount", "./gateway/answers", "TestCopy_HidesNemKonti"},
		{"B22.2", judge, "case f.Guarded || f.minor():", "case f.minor():", law, "TestJudge"},
		{"B22.3", choose, "holder.Status == gateway.Emigrated && !q.PaysEmigrated:", "q.PaysEmigrated:", "./register", "TestChoose$"},
		{"B23.2", choose, "return q.Kind != gateway.PNR || q.UsesPNumbers", "return true", "./register", "TestChoose$"},
		{"B25.4", choose, "\tif q.NoFallback {\n", "\tif false {\n", "./register", "TestChoose$"},
		{"B26.1a", judge, "case a.Actor != a.Holder:", "case false:", law, "TestJudge"},
		{"B26.1b", judge, "if a.Action != Register && domestic(v.Account.Account) != domestic(a.Account.Account) {", "if false && v.Locked {", law, "TestJudge"},
		{"B26.1d", judge, "case !f.Pays && (a.Source == \"\" || a.Why == \"\"):", "case false:", law, "TestJudge"},
		{"B26.2", judge, "case registration(a.Account.Account) == \"\":", "case false:", law, "TestJudge"},
		{"B27.1", judge, "case authority:\n\t\treturn refusal{\"B27.1\"", "case false:\n\t\treturn refusal{\"B27.1\"", law, "TestJudge"},
		{"B27.2", judge, "case held != nil && anyLocked(f.Held):", "case false:", law, "TestJudge"},
		{"B27.3", judge, "case a.Holder.Kind != gateway.CPR && a.Authority != \"\":", "case false:", law, "TestJudge"},
		{"B32", judge, "case a.Approved != \"\" && gateway.TwoPersons(a.By, a.Approved) != nil:", "case false:", law, "TestJudge"},
		{"B38", "register/feed/apply.go", "if t.Number == last+1 {", "if t.Number > last {", "./flowtest", "TestFeed$"},
		{"B39.1", judge, "case !d.Known || d.Bank != a.Bank:", "case !d.Known:", law, "TestJudge"},
		{"G-ident", judge, "\tif !f.Known {\n", "\tif false {\n", law, "TestJudge"},
		{"G-ident", "gateway/holdernumber.go", "return n >= 0 && n < 1e10 && !BirthDate(n).IsZero()", "return n >= 0 && n < 1e10", "./register", "TestLoadRefusesBrokenRows"},
	}
}
