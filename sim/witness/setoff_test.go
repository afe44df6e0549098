package witness_test

import (
	"slices"
	"strings"
	"testing"

	"nks/sim/witness"
)

// TestCompute_SetOff: what was taken of a payment for a claim is a payment of its own, to a creditor's account, and of a claim no more than it is.
func TestCompute_SetOff(t *testing.T) {
	t.Parallel()
	reported := func(e2e, text string) string {
		return strings.Replace(answered(e2e, "ACPT", ""), "</s:TxSts>", "</s:TxSts><s:AddtlInf>"+text+"</s:AddtlInf>", 1)
	}
	const taken = "Modregnet i krav K1 af betaling A 1: 40,00"
	for name, c := range map[string]struct{ text, rest, to, claims, kind string }{
		"told and ordered":      {taken, "60,00", "0000990001", "4000", ""},
		"less is told":          {strings.Replace(taken, "40", "39", 1), "60,00", "0000990001", "4000", witness.WrongAmount},
		"all is told":           {strings.Replace(taken, "40", "100", 1), "60,00", "0000990001", "4000", witness.Contradiction},
		"the whole is paid too": {taken, "100,00", "0000990001", "4000", witness.WrongAmount},
		"to somebody else":      {taken, "60,00", "0000990002", "4000", witness.WrongAccount},
		"more than is claimed":  {taken, "60,00", "0000990001", "3999", witness.PaidTwice},
		"of another payment":    {"Modregnet i krav K1 af betaling X: 40,00", "60,00", "0000990001", "4000", witness.Contradiction},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tiny()
			f["../country/claims.csv"] = "kind,id,creditor,claim,priority,ore,account,benefit_types,valid_from,valid_to\nCPR,0101701111,20,K1,1," + c.claims + ",30010000990001,,,\n"
			f.edit(t, paymul, seq(1, "00000001A 1", "100,", "", transfer("0000012345", "3001")), seq(1, "00000001A 1", c.rest, "", transfer("0000012345", "3001"))+
				seq(4, "00000001MODREGNET-1", "40,00", "", transfer(c.to, "3001")))
			f.edit(t, got+"s7.xml", answered("Æ", "ACPT", ""), answered("Æ", "ACPT", "")+reported("A 1", "Modregnet i krav K1: 40,00")+reported("MODREGNET-1", c.text))
			f.edit(t, got+"s8.xml", answered("G", "ACPT", "<s:Prtry><s:Id>4684044</s:Id></s:Prtry>"), answered("G", "ACPT", "<s:Prtry><s:Id>4684044</s:Id></s:Prtry>")+
				answered("MODREGNET-1", "ACPT", ""))
			r := f.compute(t)
			if r.Total.Accounted() != r.Total.Received || r.Total.Received.Oere != 280001 {
				t.Errorf("%+v", r.Total)
			}
			found := func(f witness.Finding) bool { return f.Kind == c.kind }
			if (len(r.Findings) > 0) != (c.kind != "") || c.kind != "" && !slices.ContainsFunc(r.Findings, found) {
				t.Errorf("findings %v, want %q", r.Findings, c.kind)
			}
		})
	}
}
