package witness_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nks/sim/bank"
	"nks/sim/witness"
)

// reported has a bank carry out four interchanges and report them, and reads its files.
func reported(t *testing.T, centre string, p bank.Profile) (witness.Report, bank.Ledger) {
	t.Helper()
	dir := t.TempDir()
	b := simulated{t, dir, centre}
	if err := bank.WriteProfile(dir, centre, p); err != nil {
		t.Fatal(err)
	}
	var txs []string
	for n := range 4 {
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
	for _, f := range r.Findings {
		if f.Kind != witness.NoAnswer {
			t.Errorf("%s: %s", f.Kind, f.What)
		}
	}
	if r.Total.Accounted() != r.Total.Received {
		t.Errorf("accounted %+v of %+v", r.Total.Accounted(), r.Total.Received)
	}
	return r, ledger
}

func reporting(p bank.Profile, m bank.ReportFaults) bank.Profile {
	p = bank.WithReports(p)
	p.RejectPerMille, p.LateRejectPerMille, p.Misbehaves = 100, 50, bank.Misbehaviour{}
	p.Reports.Returns = bank.Returns{PerMille: 300, Within: 4, Part: 200, Fee: 200, Two: 200, Merged: 500}
	p.Reports.Misbehaves = m
	return p
}

// cameBack is the orders of which anything came back, with how much of them was ordered and came back, and the fees.
func cameBack(l bank.Ledger) (orders, credited witness.Sum, fees int64) {
	for _, o := range l.Orders {
		if back, fee := o.CameBack(); back > 0 {
			orders.Count++
			orders.Oere += o.Oere
			credited.Oere += back
			credited.Count += int64(len(o.Returns))
			fees += fee
		}
	}
	return orders, credited, fees
}

// TestReadsEveryReport compares what the bytes of reports say of every account and payment with what the banks' journals
// have: in each bank's way, with returns to the payout account and to another one.
func TestReadsEveryReport(t *testing.T) {
	t.Parallel()
	for centre, p := range bank.DefaultProfiles() {
		for _, elsewhere := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s elsewhere %t", centre, elsewhere), func(t *testing.T) {
				t.Parallel()
				p := reporting(p, bank.ReportFaults{Twice: 300, Reordered: 200, Late: 200, Early: 300})
				if elsewhere {
					p.Reports.ReturnAccounts = map[string]string{"3001/30010000000001": "3002/77"}
				}
				r, l := reported(t, centre, p)
				orders, credited, fees := cameBack(l)
				if r.Total.CameBack != orders || orders.Count == 0 || r.Total.Unnamed.Count > 0 || r.Total.Disputed.Count > 0 {
					t.Errorf("%+v, %+v came back", r.Total, orders)
				}
				b := r.Banks[0]
				if b.Back.Count != orders.Count || b.Back.Oere != credited.Oere {
					t.Errorf("really back %+v, %+v", b.Back, credited)
				}
				money := r.Authorities[0].Money
				if money.CameBack != credited || money.Kept != fees || money.Unknown.Count > 0 {
					t.Errorf("%+v; credited %+v, fees %d", money, credited, fees)
				}
				compareAccounts(t, r, l)
			})
		}
	}
}

func compareAccounts(t *testing.T, r witness.Report, l bank.Ledger) {
	t.Helper()
	accounts := l.Accounts()
	if len(r.Accounts) != len(accounts) {
		t.Fatalf("%d accounts, %d", len(r.Accounts), len(accounts))
	}
	var debited witness.Sum
	for i, a := range accounts {
		var debits, credits witness.Sum
		for _, p := range a.Postings {
			if p.Oere < 0 {
				debits.Count++
				debits.Oere -= p.Oere
			} else {
				credits.Count++
				credits.Oere += p.Oere
			}
		}
		debited.Count += debits.Count
		debited.Oere += debits.Oere
		got := r.Accounts[i]
		if got.Debited != debits || got.Credits != credits || got.Closing != a.Balance || got.Statements != len(a.Statements) {
			t.Errorf("%+v\n%+v %+v balance %d", got, debits, credits, a.Balance)
		}
		if got.Authority != "10" || got.Missing+got.Unbalanced+got.Unreported+got.Unstated+got.Contradicted > 0 {
			t.Errorf("%+v", got)
		}
	}
	if m := r.Authorities[0].Money; m.Debited != debited {
		t.Errorf("%+v, debited %+v", m, debited)
	}
}

// TestReadsEveryReportFault: what a report has wrong is seen for what it is, and nothing of it is a fault of the gateway.
func TestReadsEveryReportFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		m    bank.ReportFaults
		sees func(r witness.Report, l bank.Ledger) bool
	}{
		"unnamed": {bank.ReportFaults{Unnamed: 1000}, func(r witness.Report, l bank.Ledger) bool {
			orders, credited, _ := cameBack(l)
			return r.Total.CameBack.Count == 0 && r.Total.Unnamed == orders && r.Authorities[0].Money.Unknown == credited && r.Banks[0].Back.Oere == credited.Oere
		}},
		"unknown": {bank.ReportFaults{Unknown: 1000}, func(r witness.Report, l bank.Ledger) bool {
			_, credited, _ := cameBack(l)
			return r.Total.CameBack.Count == 0 && r.Authorities[0].Money.Unknown == credited
		}},
		"stray": {bank.ReportFaults{Stray: 1000}, func(r witness.Report, l bank.Ledger) bool {
			orders, _, _ := cameBack(l)
			return r.Total.CameBack == orders && r.Authorities[0].Money.Unknown.Count > 0
		}},
		"more": {bank.ReportFaults{More: 1000}, func(r witness.Report, l bank.Ledger) bool {
			orders, credited, _ := cameBack(l)
			return r.Total.CameBack == orders && credited.Oere > orders.Oere && r.Authorities[0].Money.CameBack == credited
		}},
		"rejected": {bank.ReportFaults{Rejected: 1000}, func(r witness.Report, l bank.Ledger) bool {
			return r.Total.Disputed.Count > 0 && r.Total.Returned.Count == 0
		}},
		"sum": {bank.ReportFaults{Sum: 1000}, func(r witness.Report, _ bank.Ledger) bool {
			a := r.Accounts[0]
			return r.Total.CameBack.Count == 0 && a.Unknown == a.Credits && a.Contradicted == int(a.Credits.Count) && a.Unstated == a.Contradicted && a.Unreported == a.Contradicted && a.Unbalanced == 0
		}},
		"balance": {bank.ReportFaults{Balance: 1000}, func(r witness.Report, _ bank.Ledger) bool {
			return r.Accounts[0].Unbalanced == r.Accounts[0].Statements
		}},
		"missing": {bank.ReportFaults{Missing: 500}, func(r witness.Report, l bank.Ledger) bool {
			return r.Accounts[0].Missing > 0 && r.Accounts[0].Unstated > 0 && r.Accounts[0].Contradicted == 0
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, l := reported(t, "BEC", reporting(bank.DefaultProfiles()["BEC"], c.m))
			if !c.sees(r, l) {
				t.Errorf("%+v\n%+v\n%+v", r.Total, r.Accounts, r.Banks)
			}
		})
	}
}

const advised = centre + "sent/C1.edi" // after the booking

func cremul(control, amount string, parts ...string) string {
	return statement(control, "UNH+1+CREMUL:D:96A:UN'BGM+455+"+control+"-1'DTM+137:20050815:102'LIN+1'DTM+202:20050815:102'DTM+209:20050815:102'BUS++DO++IBB'"+
		"MOA+60:"+amount+":DKK'RFF+ACK:"+control+"'FII+BF+0000000001:::DKK+:::3001:80:130'"+strings.Join(parts, "")+"CNT+LIN:1'CNT+SEQ:1'UNT+9+1'")
}

func returnOf(ref, amount, fee string) string {
	if fee != "" {
		fee = "FCA+13'MOA+23:" + fee + ":DKK'"
	}
	return "SEQ++1'FII+OR'RFF+CR:" + ref + "'MOA+60:" + amount + ":DKK'MOA+98:100,00:DKK'GIS+2'FTX+AAO+++K0561:Konto ophørt'" + fee
}

// again is where the second interchange of a bank lies.
const again = centre + "done/000002-NKS2.edi"

// anew orders a payment once more.
func anew(amount string) string {
	return interchange("2", "AG1", line(1, seq(1, "00000002A 1", amount, "", transfer("0000012345", "3001"))))
}

// TestWhatComesBack judges payments of which money came back, and what is ordered anew with it.
func TestWhatComesBack(t *testing.T) {
	t.Parallel()
	sum := func(oere int64) witness.Sum { return witness.Sum{Count: 1, Oere: oere} }
	for name, c := range map[string]struct {
		files                   files
		stated                  string // amounts that responses 9 say came back
		paid                    bool   // it is told by one more response 8
		back, settled, waits    witness.Sum
		disputed                witness.Sum
		kind                    string // of a finding
		credited, fees, unknown int64
	}{
		"all":                {files: files{advised: cremul("R1", "100,00", returnOf("00000001A 1", "100,00", ""))}, stated: "100,00", back: sum(10000), credited: 10000},
		"and nobody is told": {files: files{advised: cremul("R1", "100,00", returnOf("00000001A 1", "100,00", ""))}, back: sum(10000), credited: 10000, kind: witness.NoAnswer},
		"and another amount is told": {files: files{advised: cremul("R1", "100,00", returnOf("00000001A 1", "100,00", ""))}, stated: "99,00", back: sum(10000), credited: 10000,
			kind: witness.Contradiction},
		"and is told three times": {files: files{advised: cremul("R1", "100,00", returnOf("00000001A 1", "100,00", ""))}, stated: "50,00 25,00 25,00", back: sum(10000), credited: 10000,
			kind: witness.DoubleAnswer},
		"a part": {files: files{advised: cremul("R1", "40,00", returnOf("00000001A 1", "40,00", ""))}, stated: "40,00", back: sum(10000), credited: 4000},
		"less a fee": {files: files{advised: cremul("R1", "75,00", returnOf("00000001A 1", "75,00", "25,00"))},
			stated: "75,00", back: sum(10000), credited: 7500, fees: 2500},
		"in two parts": {files: files{advised: cremul("R1", "100,00", returnOf("00000001A 1", "40,00", ""), returnOf("00000001A 1", "60,00", ""))},
			stated: "40,00 60,00", back: sum(10000), credited: 10000},
		"twice told": {files: files{
			advised:                cremul("R1", "100,00", returnOf("00000001A 1", "100,00", "")),
			centre + "sent/C2.edi": strings.Replace(cremul("R1", "100,00", returnOf("00000001A 1", "100,00", "")), "0601+R1'", "0602+R1'", 1),
		}, stated: "100,00", back: sum(10000), credited: 10000},
		"of what was rejected": {files: files{advised: cremul("R1", "500,00", returnOf("00000001E", "500,00", ""))},
			disputed: sum(50000), credited: 50000},
		"and is ordered anew": {files: files{
			advised: cremul("R1", "100,00", returnOf("00000001A 1", "100,00", "")), again: anew("100,00"),
		}, stated: "100,00", waits: sum(10000), credited: 10000},
		"and is paid anew": {files: files{
			advised: cremul("R1", "100,00", returnOf("00000001A 1", "100,00", "")), again: anew("100,00"),
			centre + "sent/D1.edi": statement("D1", "UNH+1+BANSTA:D:96A:UN'BGM+XZ8+D1-1+9'DTM+137:20050812:102'RFF+ACW:MSG2'LIN+1'SEQ'GIS+4'UNT+9+1'"),
		}, stated: "100,00", paid: true, credited: 10000},
		"and is paid to the error account": {files: files{
			advised:                  cremul("R1", "100,00", returnOf("00000001A 1", "100,00", "")),
			again:                    interchange("2", "AG1", line(1, seq(1, "00000002A 1", "100,00", "", transfer("0000000099", "3001")))),
			"../country/choices.csv": "authority,benefit_type,cause,choice\n10,,came_back,error_account 30010000000099\n",
			centre + "sent/D1.edi":   statement("D1", "UNH+1+BANSTA:D:96A:UN'BGM+XZ8+D1-1+9'DTM+137:20050812:102'RFF+ACW:MSG2'LIN+1'SEQ'GIS+4'UNT+9+1'"),
		}, stated: "100,00", paid: true, settled: sum(10000), credited: 10000},
		"and is rejected where it is ordered anew": {files: files{
			advised: cremul("R1", "100,00", returnOf("00000001A 1", "100,00", "")), again: anew("100,00"),
			centre + "sent/D1.edi": statement("D1", "UNH+1+BANSTA:D:96A:UN'BGM+XZ8+D1-1+9'DTM+137:20050812:102'RFF+ACW:MSG2'LIN+1'SEQ'GIS+2'UNT+9+1'"),
		}, stated: "100,00 0,00", credited: 10000},
		"a part, and that goes to another account": {files: files{
			advised: cremul("R1", "40,00", returnOf("00000001A 1", "40,00", "")),
			again:   interchange("2", "AG1", line(1, seq(1, "00000002A 1", "40,00", "", "PAI+::20'"))),
		}, stated: "40,00", waits: sum(10000), credited: 4000},
		"a part, and one øre more goes elsewhere": {files: files{
			advised: cremul("R1", "40,00", returnOf("00000001A 1", "40,00", "")),
			again:   interchange("2", "AG1", line(1, seq(1, "00000002A 1", "40,01", "", transfer("0000000099", "3001")))),
		}, stated: "40,00", waits: sum(10000), credited: 4000, kind: witness.PaidTwice},
		"a part, and all is ordered anew": {files: files{
			advised: cremul("R1", "40,00", returnOf("00000001A 1", "40,00", "")), again: anew("100,00"),
		}, stated: "40,00", waits: sum(10000), credited: 4000, kind: witness.PaidTwice},
		"whose sum is another": {files: files{advised: cremul("R1", "100,01", returnOf("00000001A 1", "100,00", ""))}, unknown: 10001},
		"without an amount": {files: files{
			advised: strings.Replace(cremul("R1", "100,00", returnOf("00000001A 1", "100,00", "")), "MOA+60:100,00:DKK'RFF+ACK", "MOA+60:viel:DKK'RFF+ACK", 1),
		}, kind: witness.Unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tiny()
			for path, text := range c.files {
				f[path] = text
			}
			for i, amount := range strings.Fields(c.stated) {
				text := strings.Replace(answered("A 1", "RJCT", ""), "</s:TxSts>", "</s:TxSts><s:AddtlInf>Konto ophørt. Beløb kommet retur: "+amount+". Hos myndigheden</s:AddtlInf>", 1)
				f[fmt.Sprintf("%st%d.xml", got, i)] = response(9, fmt.Sprint("t", i), "", text)
			}
			if c.paid {
				f[got+"t8.xml"] = response(8, "t8", "", answered("A 1", "ACPT", ""))
			}
			r := f.compute(t)
			if r.Total.CameBack != c.back || r.Total.Settled != c.settled || r.Total.Waiting != c.waits || r.Total.Disputed != c.disputed || r.Total.Accounted() != r.Total.Received {
				t.Errorf("%+v", r.Total)
			}
			if m := r.Authorities[0].Money; m.CameBack.Oere != c.credited || m.Kept != c.fees || m.Unknown.Oere != c.unknown {
				t.Errorf("%+v", m)
			}
			found := func(f witness.Finding) bool { return f.Kind == c.kind }
			if (len(r.Findings) > 0) != (c.kind != "") || c.kind != "" && !slices.ContainsFunc(r.Findings, found) {
				t.Errorf("findings %v, want %q", r.Findings, c.kind)
			}
		})
	}
}

// TestRates: what rates make of orders abroad is told apart, by the bytes of debits and returns, and what is ordered anew of what came back at a better rate is
// not paid twice.
func TestRates(t *testing.T) {
	t.Parallel()
	abroad := func(text string) string {
		return recounted(strings.ReplaceAll(text, "MOA+98:100,00:DKK'", "MOA+98:13,40:EUR'CUX+2:DKK+3:EUR+7,4'"))
	}
	debit := "UNH+1+DEBMUL:D:96A:UN'BGM+470+D1'DTM+137:20050812:102'LIN+1'DTM+202:20050812:102'MOA+60:101,00:DKK'RFF+ACK:D1'FII+OR+0004567890:::DKK+:::3011:80:130'" +
		returnOf("00000001A 1", "101,00", "") + "CNT+LIN:1'CNT+SEQ:1'UNT+1+1'"
	for name, c := range map[string]struct {
		files      files
		over, took int64
		twice      bool
	}{
		"a debit":                       {files: files{centre + "sent/D1.edi": statement("D1", abroad(debit))}, over: 100},
		"a debit in kroner":             {files: files{centre + "sent/D1.edi": statement("D1", debit)}},
		"a worse rate":                  {files: files{advised: abroad(cremul("R1", "98,00", returnOf("00000001A 1", "98,00", "")))}, took: 200},
		"a worse rate, less a fee":      {files: files{advised: abroad(cremul("R1", "73,00", returnOf("00000001A 1", "73,00", "25,00")))}, took: 200},
		"in two parts":                  {files: files{advised: abroad(cremul("R1", "98,00", returnOf("00000001A 1", "50,00", ""), returnOf("00000001A 1", "48,00", "")))}, took: 200},
		"a part":                        {files: files{advised: abroad(cremul("R1", "50,00", returnOf("00000001A 1", "50,00", "")))}},
		"in kroner":                     {files: files{advised: cremul("R1", "98,00", returnOf("00000001A 1", "98,00", ""))}},
		"a better rate":                 {files: files{advised: abroad(cremul("R1", "103,00", returnOf("00000001A 1", "103,00", "")))}, took: -300},
		"a better rate, and anew":       {files: files{advised: abroad(cremul("R1", "103,00", returnOf("00000001A 1", "103,00", ""))), again: anew("103,00")}, took: -300},
		"a better rate, and more, anew": {files: files{advised: abroad(cremul("R1", "103,00", returnOf("00000001A 1", "103,00", ""))), again: anew("103,01")}, took: -300, twice: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tiny()
			for path, text := range c.files {
				f[path] = text
			}
			r := f.compute(t)
			if r.Total.OverDebited != c.over || r.Total.RatesTook != c.took || r.Authorities[0].RatesTook != c.took {
				t.Errorf("%+v", r.Total)
			}
			if twice := slices.ContainsFunc(r.Findings, func(f witness.Finding) bool { return f.Kind == witness.PaidTwice }); twice != c.twice {
				t.Errorf("%+v", r.Findings)
			}
		})
	}
}
