package gateway_test

import (
	"testing"

	"pgregory.net/rapid"

	"nks/gateway"
)

// TestSetOff_Property: whatever the amount, the rule and the claims: what is taken and what is left are the payment, no claim gives more than
// remained of it, nothing is taken beyond the rule, and no claim waits while one behind it is served.
func TestSetOff_Property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ore := rapid.Int64Range(1, 1<<40).Draw(t, "ore")
		rule := gateway.SetOffRule{Thousandths: rapid.IntRange(0, 1000).Draw(t, "thousandths"), LeavesOre: rapid.Int64Range(0, 1<<40).Draw(t, "leaves")}
		left := rapid.SliceOfN(rapid.Int64Range(0, 1<<39), 0, 6).Draw(t, "left")
		var claims []*gateway.Claim
		for i, l := range left {
			c := &gateway.Claim{LeftOre: l, Priority: i}
			if rapid.Bool().Draw(t, "of another benefit") {
				c.BenefitTypes = []string{"OTHER"}
			}
			claims = append(claims, c)
		}
		taken := int64(0)
		for _, p := range gateway.SetOff(ore, "YD1", rule, claims) {
			if p.Ore <= 0 || p.Ore > p.Left || !p.Claim.Of("YD1") {
				t.Fatalf("takes %d of %d", p.Ore, p.Left)
			}
			taken += p.Ore
		}
		most, gave, behind := rule.Most(ore), int64(0), false
		for i, c := range claims {
			gave += left[i] - c.LeftOre
			if behind && c.LeftOre != left[i] {
				t.Fatalf("claim %d is served before one in front of it", i)
			}
			behind = behind || c.Of("YD1") && c.LeftOre > 0
		}
		switch {
		case taken != gave:
			t.Fatalf("takes %d, and claims gave %d", taken, gave)
		case taken > most || most > ore || ore-taken < min(ore, rule.LeavesOre) && taken > 0:
			t.Fatalf("takes %d of %d, may take %d", taken, ore, most)
		case behind && taken != most:
			t.Fatalf("takes %d of %d while a claim waits", taken, most)
		case most*1000 > ore*int64(rule.Thousandths):
			t.Fatalf("may take %d, more than %d thousandths of %d", most, rule.Thousandths, ore)
		}
	})
}
