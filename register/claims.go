package register

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/pgscript"
)

// Claim is what a creditor claims of somebody, and what was taken for it.
type Claim struct {
	Creditor, Claim string
	Priority        int
	Ore             int64 // all that may be taken
	Taken           int64 // of it, and not given back
}

// Claims reads the claims that count at an instant, in the order of their keys. Debtors are not among it.
func Claims(ctx context.Context, q Queryer, at time.Time) (all []Claim, err error) {
	err = each(ctx, q, `SELECT creditor, claim, priority, ore, nks.claim_taken(creditor, claim) FROM nks.claim_as_of($1, 'infinity') ORDER BY creditor, claim`, func(r *sql.Rows) error {
		var c Claim
		err := r.Scan(&c.Creditor, &c.Claim, &c.Priority, &c.Ore, &c.Taken)
		all = append(all, c)
		return err
	}, at)
	if err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	return all, nil
}

// longestClaim is the characters of a claim's number: it stands in the creditor's statement.
const longestClaim = 20

// parseSetOffRule reads how much of a benefit may be taken for claims.
func parseSetOffRule(r *row) {
	const benefit, authority, thousandths, leaves = 0, 1, 2, 3
	r.start()
	r.required(benefit, 35)
	r.optional(authority, 35)
	r.Int4("thousandths", int32(r.between(thousandths, 0, 1000, "must be a number, 0 to 1000")))
	r.Int8("leaves_ore", r.between(leaves, 0, mostOre, mustBeOre))
}

// mostOre is the largest amount in a file.
const (
	mostOre   = 999_999_999_999
	mustBeOre = "must be an amount in øre, at most 12 digits"
)

// parseClaim reads what a creditor claims of a debtor.
func parseClaim(r *row) {
	const creditor, claim, priority, ore, account, benefits, from, to = 2, 3, 4, 5, 6, 7, 8, 9
	kind, id := r.holder()
	r.start()
	r.Int2("holder_kind", int16(kind))
	r.Int8("holder_id", id)
	r.required(creditor, 35)
	r.coded(claim, func(b []byte) bool { return len(b) <= longestClaim && isVisible(b) }, "must be at most 20 visible ASCII characters, without blanks")
	r.Int4("priority", int32(r.between(priority, 1, 9999, "must be a number, 1 to 9999")))
	r.Int8("ore", r.between(ore, 0, mostOre, mustBeOre))
	r.coded(account, func(b []byte) bool { return len(b) == 14 && isDigits(b) }, "must be an account of 14 digits")
	if b := r.fields[benefits]; len(b) == 0 {
		r.Null("benefit_types")
	} else {
		if rule := textRule(b, 400); rule != "" || bytes.Contains(b, []byte("  ")) {
			r.fail(benefits, "must be benefit types, separated by one blank, of at most 400 characters")
		}
		r.Bytes("benefit_types", sorted(bytes.Split(b, []byte{' '}), ' '))
	}
	a, b, hasFrom, hasTo := r.period(from, to)
	r.optionalDate("runs_from", a, hasFrom)
	r.optionalDate("runs_to", b, hasTo)
}

// between reads a number within bounds.
func (r *row) between(column int, least, most int64, rule string) int64 {
	n, ok := number(r.fields[column], len(r.fields[column]))
	if !ok || len(r.fields[column]) == 0 || len(r.fields[column]) > 12 || n < least || n > most {
		r.fail(column, rule)
		return least
	}
	return n
}

// claimChecks are the rules of claims that single rows cannot break.
func claimChecks(staged string) []check {
	return []check{
		duplicate(staged, "claim", "creditor, claim"),
		missing(staged, "creditor", "nks.authority o", "o.authority = l.creditor"),
		{"id", "is no holder", `SELECT l.source, l.line FROM ` + staged + ` l WHERE NOT EXISTS (SELECT FROM nks.holder o WHERE o.id = l.holder_id AND o.kind = l.holder_kind)`},
		{"id", "is not the debtor that this claim was loaded with", `SELECT l.source, l.line FROM ` + staged + ` l WHERE EXISTS (SELECT FROM nks.claim_version v
			WHERE v.creditor = l.creditor AND v.claim = l.claim AND (v.holder_id, v.holder_kind) <> (l.holder_id, l.holder_kind))`},
		{"benefit_types", "names a benefit type that is not known", `SELECT DISTINCT l.source, l.line FROM ` + staged + ` l
			CROSS JOIN LATERAL unnest(string_to_array(l.benefit_types, ' ')) b (benefit_type) WHERE NOT EXISTS (SELECT FROM nks.benefit_type o WHERE o.benefit_type = b.benefit_type)`},
	}
}

// setOffRuleChecks are those of rules.
func setOffRuleChecks(staged string) []check {
	return []check{
		duplicate(staged, "benefit_type", "benefit_type, authority"),
		missing(staged, "authority", "nks.authority o", "o.authority = l.authority"),
		{"benefit_type", "is neither general nor that authority's", `SELECT l.source, l.line FROM ` + staged + ` l WHERE NOT EXISTS (SELECT FROM nks.benefit_type o
			WHERE o.benefit_type = l.benefit_type AND (o.authority IS NULL OR o.authority = l.authority))`},
	}
}

// claimSteps make versions of staged claims.
func claimSteps(staged string) []pgscript.Step {
	return identified(staged, "nks.claim", "nks.claim_version", "creditor, claim", "holder_kind, holder_id, priority, ore, account, benefit_types, runs_from, runs_to", "benefit_types", `' '`)
}
