package witness_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/sim/witness"
)

func TestEverythingAsItMustBe(t *testing.T) {
	t.Parallel()
	r := tiny().compute(t)
	if r.FindingCount != 0 || r.Unanswered != 0 {
		t.Fatalf("findings %v, unanswered %d", r.Findings, r.Unanswered)
	}
	want := witness.States{
		Received: witness.Sum{Count: 7, Oere: 280001}, Rejected: witness.Sum{Count: 1, Oere: 30000},
		Returned: witness.Sum{Count: 2, Oere: 90000}, Executed: witness.Sum{Count: 3, Oere: 100001}, Cheque: witness.Sum{Count: 1, Oere: 60000},
	}
	if r.Total != want {
		t.Errorf("total %+v, want %+v", r.Total, want)
	}
	if r.Total.Accounted() != r.Total.Received {
		t.Errorf("accounted %+v", r.Total.Accounted())
	}
	if len(r.Authorities) != 1 || r.Authorities[0].States != want || r.Authorities[0].Authority != "10" {
		t.Errorf("authorities %+v", r.Authorities)
	}
	bank := witness.Bank{Centre: "BC", Ordered: witness.Sum{Count: 5, Oere: 210001}, Rejected: witness.Sum{Count: 1, Oere: 50000}, Executed: witness.Sum{Count: 4, Oere: 160001}}
	if len(r.Banks) != 1 || r.Banks[0] != bank {
		t.Errorf("banks %+v, want %+v", r.Banks, bank)
	}
	if r.Deliveries != 2 || r.BundlesAccepted != 1 || r.BundlesRejected != 1 {
		t.Errorf("deliveries %d, accepted %d, rejected %d", r.Deliveries, r.BundlesAccepted, r.BundlesRejected)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// TestFindings changes one thing in a good directory and looks for what must be found.
func TestFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change     func(*testing.T, files)
		kind       string
		unanswered int
		more       bool // other findings may follow from it
	}{
		"one øre more in an order":     {func(t *testing.T, f files) { f.edit(t, paymul, "200,01", "200,02") }, witness.WrongAmount, 0, false},
		"an order in another currency": {func(t *testing.T, f files) { f.edit(t, paymul, "600,00:DKK", "600,00:EUR") }, witness.WrongAmount, 0, false},
		"missing order": {func(t *testing.T, f files) {
			f.edit(t, paymul, "SEQ++1'MOA+9:700,00:DKK'RFF+CR:00000001G'RFF+BID:8714375749799926'RFF+KRE:4684044'PAI+::IBK:::A04'", "")
		}, witness.StrayAnswer, 0, false},
		"doubled order in one file": {func(t *testing.T, f files) {
			f.edit(t, paymul, "CNT+LIN", line(4, seq(1, "00000002A 1", "100,00", "", transfer("0000012345", "3001")))+"CNT+LIN")
		}, witness.PaidTwice, 0, false},
		"doubled order in another file": {func(_ *testing.T, f files) {
			f[centre+"done/000002-NKS2.edi"] = interchange("2", "AG1", line(1, seq(1, "00000001A 1", "100,00", "", transfer("0000012345", "3001"))))
		}, witness.PaidTwice, 0, false},
		"the same interchange twice": {func(_ *testing.T, f files) { f[centre+"done/000002-NKS1.edi"] = f[paymul] }, witness.RepeatedControl, 0, false},
		"order that nobody sent": {func(t *testing.T, f files) {
			f.edit(t, paymul, "CNT+LIN", line(4, seq(1, "00000001Z", "1,00", "", transfer("0000012345", "3001")))+"CNT+LIN")
		}, witness.UnknownOrder, 0, false},
		"order to another account":         {func(t *testing.T, f files) { f.edit(t, paymul, "0000999892", "0000999893") }, witness.WrongAccount, 0, true},
		"slip with another creditor":       {func(t *testing.T, f files) { f.edit(t, paymul, "KRE:4684044", "KRE:4684045") }, witness.WrongAccount, 0, true},
		"slip with another id":             {func(t *testing.T, f files) { f.edit(t, paymul, "BID:8714375749799926", "BID:8714375749799927") }, witness.WrongAccount, 0, false},
		"slip of another card type":        {func(t *testing.T, f files) { f.edit(t, paymul, "A04", "A15") }, witness.WrongAccount, 0, false},
		"response 8 tells another account": {func(t *testing.T, f files) { f.edit(t, got+"s8.xml", "30010000012345", "30010000012346") }, witness.WrongAccount, 0, false},
		"another payout account":           {func(t *testing.T, f files) { f.edit(t, paymul, "FII+OR+0000000001", "FII+OR+0000000002") }, witness.WrongDebit, 0, true},
		"another agreement":                {func(t *testing.T, f files) { f.edit(t, paymul, "+AG1'", "+AG2'") }, witness.WrongDebit, 0, true},
		"rejected and ordered": {func(t *testing.T, f files) {
			f.edit(t, got+"s2.xml", answered("C", "RJCT", ""), answered("C", "RJCT", "")+answered("A 1", "RJCT", ""))
		}, witness.Forbidden, 1, true},
		"returned and ordered": {func(t *testing.T, f files) {
			f.edit(t, got+"s7.xml", answered("D", "RJCT", ""), answered("D", "RJCT", "")+answered("A 1", "RJCT", ""))
		}, witness.Forbidden, 0, false},
		"no receipt":      {func(_ *testing.T, f files) { delete(f, got+"r0.xml") }, witness.NoAnswer, 1, false},
		"no response 2":   {func(_ *testing.T, f files) { delete(f, got+"s2.xml") }, witness.NoAnswer, 1, false},
		"no response 8":   {func(t *testing.T, f files) { f.edit(t, got+"s8.xml", answered("Æ", "ACPT", ""), "") }, witness.NoAnswer, 1, false},
		"no response 9":   {func(_ *testing.T, f files) { delete(f, got+"s9.xml") }, witness.NoAnswer, 1, false},
		"two receipts":    {func(_ *testing.T, f files) { f[got+"r1b.xml"] = receiptXML(1, "3", "M1", "ACPT") }, witness.StrayAnswer, 0, false},
		"two responses 2": {func(t *testing.T, f files) { f.again("s2", 2) }, witness.DoubleAnswer, 0, false},
		"two responses 8": {func(t *testing.T, f files) { f.again("s8", 8) }, witness.DoubleAnswer, 0, true},
		"one number, two documents": {func(_ *testing.T, f files) {
			f[got+"s8b.xml"] = response(8, "1", "", answered("A 1", "ACPT", ""))
		}, witness.DoubleAnswer, 0, false},
		"response 8 without order": {func(t *testing.T, f files) {
			f.edit(t, got+"s8.xml", answered("Æ", "ACPT", ""), answered("Æ", "ACPT", "")+answered("D", "ACPT", ""))
		}, witness.StrayAnswer, 0, false},
		"response 9 without a reject": {func(t *testing.T, f files) {
			f.edit(t, got+"s9.xml", answered("E", "RJCT", ""), answered("E", "RJCT", "")+answered("A 1", "RJCT", ""))
		}, witness.Contradiction, 0, false},
		"response about no payment": {func(t *testing.T, f files) {
			f.edit(t, got+"s9.xml", answered("E", "RJCT", ""), answered("E", "RJCT", "")+answered("Q", "RJCT", ""))
		}, witness.StrayAnswer, 0, false},
		"response about no bundle": {func(t *testing.T, f files) {
			f[got+"s9b.xml"] = strings.ReplaceAll(response(9, "2", "", answered("E", "RJCT", "")), "G1", "G2")
		}, witness.StrayAnswer, 0, false},
		"status against the list":           {func(t *testing.T, f files) { f.edit(t, got+"s2.xml", "PART", "ACPT") }, witness.Contradiction, 0, false},
		"cheque nobody announced":           {func(t *testing.T, f files) { f.edit(t, got+"s7.xml", answered("Æ", "ACPT", ""), "") }, witness.Contradiction, 0, false},
		"cheque announced, account ordered": {func(t *testing.T, f files) { f.edit(t, paymul, "PAI+::20'", transfer("0000012345", "3001")) }, witness.Contradiction, 0, false},
		"answer that is no XML":             {func(_ *testing.T, f files) { f[got+"x.xml"] = "<n:NKSResponse8 xmlns:n='u'><a/>" }, witness.Unreadable, 0, false},
		"a bundle accepted twice": {func(t *testing.T, f files) {
			f[sent+"c.xml"] = strings.ReplaceAll(f[sent+"a.xml"], "M1", "M3")
			f[got+"r3.xml"] = receiptXML(1, "3", "M3", "ACPT")
		}, witness.DoubleAnswer, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tiny()
			c.change(t, f)
			r := f.compute(t)
			found := false
			for _, finding := range r.Findings {
				found = found || finding.Kind == c.kind
			}
			if !found || !c.more && r.FindingCount != 1 {
				t.Errorf("want %q, found %v", c.kind, r.Findings)
			}
			if r.Unanswered != c.unanswered {
				t.Errorf("unanswered %d, want %d: %v", r.Unanswered, c.unanswered, r.Findings)
			}
			if r.Total.Accounted() != r.Total.Received {
				t.Errorf("accounted %+v, received %+v", r.Total.Accounted(), r.Total.Received)
			}
		})
	}
}

// again repeats a response under another number.
func (f files) again(name string, kind int) {
	number := string(rune('0'+kind)) + "-"
	f[got+name+"b.xml"] = strings.ReplaceAll(f[got+name+".xml"], number+"1<", number+"7<")
}

func TestStates(t *testing.T) {
	t.Parallel()
	sum := func(count, oere int64) witness.Sum { return witness.Sum{Count: count, Oere: oere} }
	for name, c := range map[string]struct {
		change func(*testing.T, files)
		want   func(witness.Report) (got, want witness.Sum)
	}{
		"not booked is waiting": {
			func(_ *testing.T, f files) { delete(f, booked) },
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Total.Waiting, sum(4, 160001) },
		},
		"silence is execution where that is the way": {
			func(t *testing.T, f files) {
				delete(f, booked)
				f.edit(t, centre+"profile.json", `"executed":"line"`, `"executed":"none"`)
			},
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Total.Executed, sum(3, 100001) },
		},
		"silence before an acknowledgement is not": {
			func(t *testing.T, f files) {
				delete(f, booked)
				delete(f, contrl)
				f.edit(t, centre+"profile.json", `"executed":"line"`, `"executed":"none"`)
			},
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Total.Waiting, sum(4, 160001) },
		},
		"an interchange refused": {
			func(t *testing.T, f files) {
				delete(f, booked)
				f.edit(t, contrl, "14+7'", "14+4+12'")
			},
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Total.Returned, sum(6, 250001) },
		},
		"a repetition refused says nothing of the first": {
			func(t *testing.T, f files) { f.edit(t, contrl, "14+7'", "14+4+26'") },
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Total.Returned, sum(2, 90000) },
		},
		"a message refused": {
			func(t *testing.T, f files) {
				delete(f, booked)
				f.edit(t, contrl, "14+7'", "14+7'UCM+1+PAYMUL:D:96A:UN+4'UCS+17+16'")
			},
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Banks[0].Rejected, sum(5, 210001) },
		},
		"rejected by reference alone": {
			func(t *testing.T, f files) { f.edit(t, banned, "RFF+ACW:MSG1'LIN+1'", "LIN+7'") },
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Banks[0].Rejected, sum(1, 50000) },
		},
		"rejected by position alone": {
			func(t *testing.T, f files) { f.edit(t, banned, "RFF+CR:00000001E'", "") },
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Banks[0].Rejected, sum(1, 50000) },
		},
		"words about unknown orders mean nothing": {
			func(t *testing.T, f files) { f.edit(t, banned, "00000001E", "00000000UKENDT") },
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Banks[0].Rejected, sum(0, 0) },
		},
		"a whole bundle rejected without a list": {
			func(t *testing.T, f files) {
				f.edit(t, got+"s2.xml", "PART</s:GrpSts><s:StsRsn/>", "RJCT</s:GrpSts><s:StsRsn>0002</s:StsRsn>")
				f.edit(t, got+"s2.xml", answered("C", "RJCT", ""), "")
				for _, gone := range []string{paymul, contrl, banned, booked, got + "s7.xml", got + "s8.xml", got + "s9.xml"} {
					delete(f, gone)
				}
			},
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Total.Rejected, sum(7, 280001) },
		},
		"an account abroad is not joined with its bank's number": {
			func(t *testing.T, f files) {
				f.edit(t, sent+"a.xml", "52210000999892", "12345678")
				f.edit(t, got+"s8.xml", "52210000999892", "12345678")
				f.edit(t, paymul, "FII+BF+0000999892+:::5221:80:130'", "FII+BF+12345678+NORDDEFFXXX:25:5:37040044:25:131'")
			},
			func(r witness.Report) (witness.Sum, witness.Sum) {
				return sum(int64(r.FindingCount), r.Total.Executed.Oere), sum(0, 100001)
			},
		},
		"impossible amounts are no money": {
			func(t *testing.T, f files) { f.edit(t, sent+"a.xml", ">300000<", ">300005<") },
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Total.Received, sum(7, 250001) },
		},
		"no way to write an interchange matters": {
			func(t *testing.T, f files) {
				for _, path := range []string{paymul, banned, booked} {
					f[path] = wrapped(strings.TrimPrefix(f[path], "UNA:+,? '\r\n"), 80)
				}
				f[paymul] = "UNA|^.!*~" + strings.NewReplacer(":", "|", "+", "^", ",", ".", "?+", "+", "??", "?", "?'", "'", "?:", ":", "'", "~").Replace(f[paymul])
			},
			func(r witness.Report) (witness.Sum, witness.Sum) { return r.Total.Executed, sum(3, 100001) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tiny()
			c.change(t, f)
			r := f.compute(t)
			if got, want := c.want(r); got != want {
				t.Errorf("%+v, want %+v; findings %v", got, want, r.Findings)
			}
		})
	}
}

func wrapped(s string, width int) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + "\r\n")
		s = s[width:]
	}
	return b.String() + s
}

// TestTwins has ids that are shared: within a bundle, and between two authorities of a supplier.
func TestTwins(t *testing.T) {
	t.Parallel()
	f := tiny()
	f.edit(t, sent+"a.xml", pay("C", 300000, ""), pay("A 1", 300000, ""))
	f.edit(t, got+"s2.xml", answered("C", "RJCT", ""), answered("A 1", "RJCT", ""))
	f[sent+"c.xml"] = strings.ReplaceAll(payments("M3", "G1", "20", pay("A 1", 100000, "")), "AG1", "AG3")
	f[got+"r3.xml"] = receiptXML(1, "3", "M3", "ACPT")
	f[got+"s2c.xml"] = strings.ReplaceAll(response(2, "2", "<s:GrpSts>ACPT</s:GrpSts>", ""), "<s:Id>10<", "<s:Id>20<")
	f[got+"s8c.xml"] = strings.ReplaceAll(response(8, "2", "", answered("A 1", "ACPT", "")), "<s:Id>10<", "<s:Id>20<")
	f[centre+"done/000002-NKS2.edi"] = interchange("2", "AG3", line(1, seq(1, "00000002A 1", "100,00", "", transfer("0000012345", "3001"))))
	f[centre+"sent/B3.edi"] = statement("B3", "UNH+1+BANSTA:D:96A:UN'BGM+XZ8+B3-1+9'DTM+137:20050812:102'RFF+ACW:MSG2'LIN+1'SEQ'GIS+4'UNT+9+1'")
	r := f.compute(t)
	if r.FindingCount != 0 || r.Unanswered != 0 {
		t.Errorf("findings %v", r.Findings)
	}
	if r.Total.Executed.Count != 4 || r.Total.Rejected.Oere != 30000 || len(r.Authorities) != 2 {
		t.Errorf("%+v", r.Total)
	}
}

// TestDuplicateBundle sends the same bytes under another name: the receipts are told apart by their time.
func TestDuplicateBundle(t *testing.T) {
	t.Parallel()
	f := tiny()
	f[sent+"c.xml"] = f[sent+"a.xml"]
	f[got+"r2.xml"] = receiptXML(1, "5", "M1", "RJCT")
	r := f.compute(t)
	if r.FindingCount != 0 || r.BundlesRejected != 2 || r.Total.Received.Count != 7 {
		t.Errorf("findings %v, %+v", r.Findings, r.Total)
	}
}

func TestNoCPRInFindings(t *testing.T) {
	t.Parallel()
	f := tiny()
	f.edit(t, paymul, "CNT+LIN", line(4, seq(1, "00000001 0102031234", "1,00", "", transfer("0000012345", "3001")))+"CNT+LIN")
	r := f.compute(t)
	if len(r.Findings) != 1 || strings.Contains(r.Findings[0].What, "0102031234") || !strings.Contains(r.Findings[0].What, "010203-xxxx") {
		t.Errorf("findings %v", r.Findings)
	}
}

// TestNonsense reads files of noise: they are findings, never an end.
func TestNonsense(t *testing.T) {
	t.Parallel()
	for _, noise := range []string{"", "'", "UNB'UNH'BGM'LIN'SEQ'MOA'RFF'PAI'FII'UNT'", "UNH+1+PAYMUL'UNB'LIN+1'SEQ'RFF+CR'CNT'", "UNA", "UNH+1+BANSTA'LIN'RFF'SEQ'GIS'GIS+2'UCI'UCM'"} {
		f := tiny()
		f[centre+"done/000009-x"], f[centre+"sent/x"], f[got+"x"] = noise, noise, noise
		f.compute(t)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if r, err := witness.Compute(context.Background(), dir); err != nil || r.Deliveries != 0 {
		t.Errorf("empty directory: %v, %+v", err, r)
	}
	if err := os.MkdirAll(filepath.Join(dir, "sim", "bank", "BC"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.Compute(context.Background(), dir); err == nil {
		t.Error("a bank without a profile is no error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir = t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "sim", "authority", "LEV", "send"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sim", "authority", "LEV", "journal.jsonl"), []byte(`{"file":"a","as":"a","sha256":"","result":"ok"}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.Compute(ctx, dir); err == nil {
		t.Error("a document that is not there is no error")
	}
}

// TestLetters: what is stopped may be ordered where its authority has written that it shall go, and not otherwise.
func TestLetters(t *testing.T) {
	t.Parallel()
	f := tiny()
	f[got+"s5.xml"] = response(5, "1", "<s:GrpSts>PART</s:GrpSts>", answered("A 1", "RJCT", ""))
	r := f.compute(t)
	if len(r.Findings) != 1 || r.Findings[0].Kind != witness.Forbidden {
		t.Errorf("stopped and ordered: %v", r.Findings)
	}
	f[home+"letters.jsonl"] = `{"e2e":"A 1"}` + "\n"
	if r := f.compute(t); r.FindingCount > 0 || r.Total.Stopped.Count > 0 {
		t.Errorf("with a letter: %v", r.Findings)
	}
}
