package register_test

import (
	"context"
	"strings"
	"testing"

	"nks/register"
)

const claimHead = "kind,id,creditor,claim,priority,ore,account,benefit_types,valid_from,valid_to\n"

// TestLoadClaims: the feed of claims is taken as often as it comes, what is changed is another version, and the amount shows what was taken.
func TestLoadClaims(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	feed := func(rows string) country {
		return country{"claims.csv": claimHead + rows, "setoff_rules.csv": "benefit_type,authority,thousandths,leaves_ore\nNKSLEV,,1000,0\nKBOLIG,4101,200,500000\n"}
	}
	const one, two = "CPR,0101701111,5200,S-1,1,250000,30010000990001,NKSLEV KBOLIG,2005-08-01,\n", "CPR,0101701111,5200,S-1,2,99,30010000990001,KBOLIG NKSLEV,2005-08-01,\n"
	for _, c := range []struct {
		rows           string
		added, changed int64
	}{{one, 3, 0}, {one, 0, 0}, {two, 0, 1}, {two, 0, 0}} {
		if added, changed := changes(load(t, db, morning(), feed(c.rows))); added != c.added || changed != c.changed {
			t.Errorf("%s: %d added, %d changed, want %d and %d", c.rows, added, changed, c.added, c.changed)
		}
	}
	all, err := register.Claims(t.Context(), db, morning())
	if err != nil || len(all) != 1 || all[0] != (register.Claim{Creditor: "5200", Claim: "S-1", Priority: 2, Ore: 99}) {
		t.Errorf("claims %+v, %v", all, err)
	}
}

// TestLoadClaims_Refused: what is wrong is told by line and rule, and no citizen is named.
func TestLoadClaims_Refused(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	load(t, db, morning(), country{"claims.csv": claimHead + "CPR,0101701111,5200,S-1,1,250000,30010000990001,,,\n"})
	for name, c := range map[string]struct{ file, row, column, rule string }{
		"another debtor":       {"claims.csv", "CPR,2902882222,5200,S-1,1,1,30010000990001,,,", "id", "is not the debtor"},
		"no holder":            {"claims.csv", "CPR,0101701112,5200,S-2,1,1,30010000990001,,,", "id", "is no holder"},
		"no creditor":          {"claims.csv", "CPR,0101701111,9,S-2,1,1,30010000990001,,,", "creditor", "is not known"},
		"kroner":               {"claims.csv", `CPR,0101701111,5200,S-2,1,"1,50",30010000990001,,,`, "ore", "øre"},
		"a negative amount":    {"claims.csv", "CPR,0101701111,5200,S-2,1,-1,30010000990001,,,", "ore", "øre"},
		"no priority":          {"claims.csv", "CPR,0101701111,5200,S-2,0,1,30010000990001,,,", "priority", "1 to 9999"},
		"an IBAN":              {"claims.csv", "CPR,0101701111,5200,S-2,1,1,DK8130010000990001,,,", "account", "14 digits"},
		"a number of 21":       {"claims.csv", "CPR,0101701111,5200,S-23456789012345678901,1,1,30010000990001,,,", "claim", "20"},
		"an unknown benefit":   {"claims.csv", "CPR,0101701111,5200,S-2,1,1,30010000990001,NKSLEV NONE,,", "benefit_types", "not known"},
		"ends before it runs":  {"claims.csv", "CPR,0101701111,5200,S-2,1,1,30010000990001,,2005-08-02,2005-08-01", "valid_to", "before"},
		"more than all":        {"setoff_rules.csv", "NKSLEV,,1001,0", "thousandths", "1000"},
		"of another authority": {"setoff_rules.csv", "KBOLIG,5200,1,0", "benefit_type", "neither"},
	} {
		t.Run(name, func(t *testing.T) {
			head := claimHead
			if c.file == "setoff_rules.csv" {
				head = "benefit_type,authority,thousandths,leaves_ore\n"
			}
			_, err := register.Load(context.Background(), db, country{c.file: head + c.row + "\n"}.sources(), register.Options{Now: morning})
			faults := refused(t, err).Faults
			if len(faults) != 1 || faults[0].Line != 2 || faults[0].Column != c.column || !strings.Contains(faults[0].Rule, c.rule) {
				t.Errorf("faults %+v, want %s …%s…", faults, c.column, c.rule)
			}
			if strings.Contains(err.Error(), "2902882222") || strings.Contains(err.Error(), "0101701111") || strings.Contains(err.Error(), "0101701112") {
				t.Errorf("a citizen is named: %v", err)
			}
		})
	}
}
