package release

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// setOffs is what is taken of a unit's payments for claims against their recipients. Its claims are locked: nobody else takes of them
// until the release ends.
type setOffs struct {
	claims map[debtor][]*gateway.Claim // in the order in which they are served
	rules  map[benefit]gateway.SetOffRule
	months map[int64]time.Time
	next   map[int64]int64 // of each delivery whose payments may be parted, the id of the next part
	used   map[string]bool // EndToEndIds of parts that their payer has given to payments itself
	taken  []postgres.SetOff
}

type debtor struct {
	kind   gateway.HolderKind
	number int64
}

// benefit is a benefit type of an authority; without one it is the general one.
type benefit struct{ authority, benefitType string }

//go:embed sql/claims.sql
var claimsSQL string

// claimsOf locks and reads the claims against recipients of a unit; nil when there are none. Payments of months that are closed go whole:
// their sums are frozen.
func claimsOf(ctx context.Context, x *postgres.Session, c *completion, executesOn gateway.Date) (*setOffs, error) {
	var any bool
	if err := x.GetContext(ctx, &any, `SELECT EXISTS (SELECT FROM claim)`); err != nil || !any {
		return nil, err
	}
	s := &setOffs{claims: map[debtor][]*gateway.Claim{}, rules: map[benefit]gateway.SetOffRule{}, months: c.months, next: map[int64]int64{}, used: map[string]bool{}}
	var deliveries []int64
	var months []string
	for delivery, month := range c.months {
		deliveries, months = append(deliveries, delivery), append(months, month.Format(time.DateOnly))
	}
	if _, err := x.HoldMonths(ctx, `SELECT DISTINCT unnest($1::date[])`, months); err != nil {
		return nil, err
	}
	var creditors, numbers []string
	if err := x.SelectContext(ctx, &creditors, claimsSQL, c.asOf, executesOn.String(), deliveries, c.groups); err != nil {
		return nil, fmt.Errorf("claims against recipients: %w", err)
	}
	for i := range creditors {
		var number string
		creditors[i], number, _ = strings.Cut(creditors[i], "\n")
		numbers = append(numbers, number)
	}
	if err := s.readClaims(ctx, x, c, executesOn, creditors, numbers); err != nil || len(s.claims) == 0 {
		return nil, err
	}
	if err := s.readRules(ctx, x, c); err != nil {
		return nil, err
	}
	return s, s.numberParts(ctx, x, deliveries)
}

// readClaims locks claims, and reads what remains of them: what is read after the lock sees what was taken before it.
func (s *setOffs) readClaims(ctx context.Context, x *postgres.Session, c *completion, executesOn gateway.Date, creditors, numbers []string) error {
	const those = `(creditor, claim) IN (SELECT * FROM unnest($1::text[], $2::text[]))`
	if _, err := x.ExecContext(ctx, `SELECT FROM claim WHERE `+those+` ORDER BY creditor, claim FOR NO KEY UPDATE`, creditors, numbers); err != nil {
		return fmt.Errorf("lock claims: %w", err)
	}
	var rows []struct {
		Kind         gateway.HolderKind `db:"holder_kind"`
		Number       int64              `db:"holder_id"`
		Creditor     string             `db:"creditor"`
		Claim        string             `db:"claim"`
		Version      int64              `db:"id"`
		Priority     int                `db:"priority"`
		LeftOre      int64              `db:"left_ore"`
		Account      string             `db:"account"`
		BenefitTypes string             `db:"benefit_types"`
	}
	err := x.SelectContext(ctx, &rows, `SELECT holder_kind, holder_id, creditor, claim, id, priority, ore - claim_taken(creditor, claim) AS left_ore, account,
			coalesce(array_to_string(benefit_types, ' '), '') AS benefit_types
		FROM claim_as_of($3, 'infinity') WHERE `+those+` AND (runs_from IS NULL OR runs_from <= $4::date) AND (runs_to IS NULL OR runs_to >= $4::date)`,
		creditors, numbers, c.asOf, executesOn.String())
	if err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	for _, r := range rows {
		if r.LeftOre > 0 {
			of := debtor{r.Kind, r.Number}
			s.claims[of] = append(s.claims[of], &gateway.Claim{Creditor: r.Creditor, Claim: r.Claim, Version: r.Version, Priority: r.Priority, LeftOre: r.LeftOre,
				Account: r.Account, BenefitTypes: strings.Fields(r.BenefitTypes)})
		}
	}
	for _, claims := range s.claims {
		slices.SortFunc(claims, gateway.CompareClaims)
	}
	return nil
}

func (s *setOffs) readRules(ctx context.Context, x *postgres.Session, c *completion) error {
	var rules []struct {
		BenefitType string `db:"benefit_type"`
		Authority   string `db:"authority"`
		Thousandths int    `db:"thousandths"`
		LeavesOre   int64  `db:"leaves_ore"`
	}
	err := x.SelectContext(ctx, &rules, `SELECT benefit_type, coalesce(authority, '') AS authority, thousandths, leaves_ore FROM setoff_rule_as_of($1, 'infinity')
		WHERE authority IS NULL OR authority = $2`, c.asOf, c.agreement.Authority)
	if err != nil {
		return fmt.Errorf("rules of set-off: %w", err)
	}
	for _, r := range rules {
		s.rules[benefit{r.Authority, r.BenefitType}] = gateway.SetOffRule{Thousandths: r.Thousandths, LeavesOre: r.LeavesOre}
	}
	return nil
}

// numberParts keeps the ids after the last payment of each delivery for parts, of months that are not closed: nobody else makes any of it
// until the release ends.
func (s *setOffs) numberParts(ctx context.Context, x *postgres.Session, deliveries []int64) error {
	_, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.parts/' || d, 0)) FROM unnest($1::bigint[]) d ORDER BY d`, deliveries)
	if err != nil {
		return fmt.Errorf("lock deliveries for parts: %w", err)
	}
	var last []int64
	err = x.SelectContext(ctx, &last, `SELECT q.id FROM unnest($1::bigint[]) d CROSS JOIN LATERAL (SELECT p.id FROM payment p
		WHERE p.month = month_of(d) AND p.id BETWEEN d << 24 AND (d << 24) + 16777215 ORDER BY p.id DESC LIMIT 1) q
		WHERE NOT EXISTS (SELECT FROM month m WHERE m.month = month_of(d) AND m.state <> 'open')`, deliveries)
	if err != nil {
		return fmt.Errorf("last payments: %w", err)
	}
	for _, id := range last {
		s.next[gateway.DeliveryOf(id)] = id + 1
		if err := s.readUsed(ctx, x, id+1); err != nil {
			return err
		}
	}
	return nil
}

// readUsed reads which EndToEndIds of parts that may be made of a delivery, from one on, its payer has used. They are as long as each other, and
// ordered as their ids.
func (s *setOffs) readUsed(ctx context.Context, x *postgres.Session, from int64) error {
	delivery := gateway.DeliveryOf(from)
	var used []string
	err := x.SelectContext(ctx, &used, `SELECT k.e2e FROM delivery d JOIN payment_key k ON k.payer_id = d.payer_id AND k.e2e BETWEEN $2 AND $3 WHERE d.id = $1 ORDER BY 1`,
		delivery, gateway.SetOffEndToEndID(from), gateway.SetOffEndToEndID(gateway.PaymentID(delivery, gateway.MaxBundlePayments)))
	if err != nil {
		return fmt.Errorf("used EndToEndIds: %w", err)
	}
	for _, e2e := range used {
		s.used[e2e] = true
	}
	return nil
}

// nextPart is the id of the next part of a delivery whose EndToEndId is free.
func (s *setOffs) nextPart(delivery int64) int64 {
	id := s.next[delivery]
	for s.used[gateway.SetOffEndToEndID(id)] {
		id++
	}
	return id
}

// rule is that of the authority's own benefit type, else that of the general one, else that of a protected one.
func (s *setOffs) rule(authority, benefitType string) gateway.SetOffRule {
	own, is := s.rules[benefit{authority, benefitType}]
	if !is {
		own = s.rules[benefit{"", benefitType}]
	}
	return own
}

// takeOf takes of a payment what may be taken for claims against its recipient. What is left is the payment's own order; the parts are
// payments of their own. Where nothing is left, the payment itself goes to the last of the creditors.
func (s *setOffs) takeOf(p *completed) []completed {
	if s == nil || p.reason != "" || p.currency != "" || !gateway.MaySetOff(gateway.AccountRule(p.rule), gateway.AccountKind(p.kind), gateway.PaymentType(p.typ)) {
		return nil
	}
	claims := s.claims[debtor{p.holder.Kind, p.holder.Number}]
	if _, open := s.next[gateway.DeliveryOf(p.id)]; !open || len(claims) == 0 {
		return nil
	}
	before := *p
	var orders []completed
	for _, part := range gateway.SetOff(p.ore, p.holder.BenefitType, s.rule(p.holder.Authority, p.holder.BenefitType), claims) {
		o := before
		if o.ore = part.Ore; part.Ore < p.ore {
			id := s.nextPart(gateway.DeliveryOf(p.id))
			if gateway.DeliveryOf(id) != gateway.DeliveryOf(p.id) { // no room for parts: what is left goes whole
				break
			}
			s.next[gateway.DeliveryOf(p.id)] = id + 1
			o.id, o.e2e = id, gateway.SetOffEndToEndID(id)
			p.ore -= part.Ore
			p.whole = p.ore
		}
		o.pays(part, before.e2e)
		s.taken = append(s.taken, postgres.SetOff{Part: o.id, Payment: p.id, Month: s.months[gateway.DeliveryOf(p.id)], EndToEndID: o.e2e, Authority: p.holder.Authority, SetOffPart: part})
		if o.id == p.id {
			*p = o
			continue
		}
		orders = append(orders, o)
	}
	if took := before.ore - p.ore; took > 0 && p.rule != int16(gateway.BySetOff) {
		p.tells = gateway.SetOffText(orders[0].text, took)
		if len(orders) > 1 {
			p.tells = gateway.SetOffText(orders[0].text+" m.fl.", took)
		}
	}
	return orders
}

// pays makes an order one to a claim's creditor, of what was taken of a payment.
func (o *completed) pays(part gateway.SetOffPart, of string) {
	o.whole, o.account, o.rule, o.typ, o.kind, o.version = o.ore, part.Claim.Account, int16(gateway.BySetOff), int16(gateway.Transfer), int16(gateway.DomesticBBAN), 0
	o.bic, o.bankCode, o.detail, o.beneficiary, o.text = "", "", "", "", part.Claim.Claim
	if o.tells = gateway.SetOffText(part.Claim.Claim, part.Ore); o.e2e != of {
		o.tells = gateway.SetOffOfText(part.Claim.Claim, of, part.Ore)
	}
}

// recordSetOffs records what was taken of a unit's payments.
func (s *Store) recordSetOffs(ctx context.Context, x *postgres.Session, c *completion) error {
	if c.setOffs == nil || len(c.setOffs.taken) == 0 {
		return nil
	}
	s.Failpoint("after-freezing-before-set-off")
	return x.RecordSetOffs(ctx, c.setOffs.taken, c.asOf)
}

// lockClaimsOf locks the claims for which payments of void interchanges were set off, before they are judged anew.
func lockClaimsOf(ctx context.Context, x *postgres.Session, void []int64) error {
	_, err := x.ExecContext(ctx, `SELECT FROM claim WHERE (creditor, claim) IN (SELECT s.creditor, s.claim FROM obligation w JOIN set_off s ON s.part_id = w.payment_id
		WHERE w.cause_interchange = ANY ($1::bigint[]) AND w.cause IS NULL AND w.state = 'open') ORDER BY creditor, claim FOR NO KEY UPDATE`, void)
	if err != nil {
		return fmt.Errorf("lock claims: %w", err)
	}
	return nil
}
