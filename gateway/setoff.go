package gateway

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// SetOffRule is how much of a payment of a benefit type may be taken for claims against its recipient (modregning). The zero rule is that
// of a protected benefit: nothing is taken.
type SetOffRule struct {
	Thousandths int   // of the payment
	LeavesOre   int64 // that must be left of the payment
}

// Most is how many øre of a payment may be taken.
func (r SetOffRule) Most(ore int64) int64 {
	share := ore/1000*int64(r.Thousandths) + ore%1000*int64(r.Thousandths)/1000
	return max(0, min(share, ore-r.LeavesOre))
}

// Claim is what a creditor may take of payments to a debtor.
type Claim struct {
	Creditor     string // an authority
	Claim        string // its own number for it
	Version      int64
	Priority     int      // the smallest is served first
	LeftOre      int64    // what remains of it
	Account      string   // the creditor's, 14 digits
	BenefitTypes []string // of which it may be taken; none: of any that is not protected
}

// Of reports whether it may be taken of a benefit type.
func (c *Claim) Of(benefitType string) bool {
	return len(c.BenefitTypes) == 0 || slices.Contains(c.BenefitTypes, benefitType)
}

// CompareClaims orders claims as they are served: by priority, then by creditor and number.
func CompareClaims(a, b *Claim) int {
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Creditor, b.Creditor), strings.Compare(a.Claim, b.Claim))
}

// SetOffPart is what is taken of a payment for a claim.
type SetOffPart struct {
	Claim *Claim
	Ore   int64
	Left  int64 // what remained of the claim before
}

// SetOff takes of a payment what its benefit's rule lets go, for the claims against its recipient in their order, and takes that off
// them. Never more is taken than the rule allows, nor than remains of a claim; what is not taken is the recipient's.
func SetOff(ore int64, benefitType string, rule SetOffRule, claims []*Claim) (parts []SetOffPart) {
	most := rule.Most(ore)
	for _, c := range claims {
		if most == 0 {
			break
		}
		if take := min(most, c.LeftOre); take > 0 && c.Of(benefitType) {
			parts = append(parts, SetOffPart{Claim: c, Ore: take, Left: c.LeftOre})
			most, c.LeftOre = most-take, c.LeftOre-take
		}
	}
	return parts
}

// MaySetOff reports whether claims are set off against an order: one within Denmark to an account that the register gave. What names its
// account itself, cheques, error accounts and accounts abroad go whole.
func MaySetOff(rule AccountRule, to AccountKind, as PaymentType) bool {
	return (rule == BySpecific || rule == ByNemKonto || rule == ByParentAccount) && to == DomesticBBAN && (as == Transfer || as == Salary)
}

// setOffID is how the EndToEndId of a part begins that is a payment of its own.
const setOffID = "MODREGNET-"

// SetOffEndToEndID is the EndToEndId of a part that is a payment of its own: made of its id, and so unique.
func SetOffEndToEndID(part int64) string {
	return setOffID + strings.ToUpper(strconv.FormatInt(part, 36))
}

// SetOffText is what an authority is told of a payment of which something was taken.
func SetOffText(claim string, ore int64) string { return TextSetOff + claim + ": " + Kroner(ore) }

// SetOffOfText is what it is told of a part that is a payment of its own: of which payment it was taken.
func SetOffOfText(claim, of string, ore int64) string {
	return TextSetOff + claim + TextSetOffOf + of + ": " + Kroner(ore)
}
