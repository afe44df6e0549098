package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"nks/gateway"
)

// tellUnreadable reports receipt 0; an error that is not the document's is returned.
func tellUnreadable(err error, b *placedBundle, d delivered, out DryRunReport) error {
	var bad *gateway.UnreadableError
	if !errors.As(err, &bad) {
		return err
	}
	r := dryResult(DryUnreadable, b, d)
	r.Errors = 1
	if err := out.Judged(r); err != nil {
		return err
	}
	return out.Error(DryRunError{Line: bad.Line, Path: bad.Path, Code: gateway.CodeBadXML, Text: bad.Text})
}

// tellRefused reports a rejecting receipt 1: its leading error, since response 2 with the others never comes.
func tellRefused(b *placedBundle, d delivered, texts map[gateway.Code]string, out DryRunReport) error {
	r := dryResult(DryRefused, b, d)
	r.Payments, r.Rejected, r.Errors = b.payments, b.payments, 1
	if err := out.Judged(r); err != nil {
		return err
	}
	code := b.Fault()
	line, path := b.place(code)
	return out.Error(DryRunError{Line: line, Path: path, Code: code, Text: texts[code]})
}

func dryResult(receipt string, b *placedBundle, d delivered) DryRunResult {
	head := b.Head()
	supplier := d.Supplier
	if supplier == "" {
		supplier = head.Sender
	}
	return DryRunResult{Receipt: receipt, Supplier: supplier, Authority: head.Authority, GroupRef: head.GroupRef}
}

// dryTexts is every code's text: a million errors are not looked up one by one.
func dryTexts(english bool) map[gateway.Code]string {
	texts := map[gateway.Code]string{}
	for _, c := range gateway.Codes() {
		texts[c.Code] = c.Danish
		if english {
			texts[c.Code] = c.English
		}
	}
	return texts
}

// place is where an error of the whole bundle stands.
func (b *placedBundle) place(c gateway.Code) (line int, path string) {
	head := b.Head()
	switch c {
	case gateway.CodeWrongSender:
		return head.MessageLine, "NKSPayment/MessageHeader/From/PartyId"
	case gateway.CodeWrongEnvironment:
		return head.MessageLine, "NKSPayment/MessageHeader/To/PartyId"
	case gateway.CodeTooOld:
		return b.refusedLine, fmt.Sprintf("NKSPayment/PmtInf[%d]/ReqdExctnDt", b.refusedBlock)
	}
	element := map[gateway.Code]string{gateway.CodeUnknownParty: "/InitgPty", gateway.CodeDuplicateBundle: "/GrpId",
		gateway.CodeInstruction: "/InstrNks", gateway.CodeControlSum: "/CtrlSum", gateway.CodeCount: "/NbOfTxs",
		gateway.CodeGrouping: "/Grpg"}[c]
	return head.GroupLine, "NKSPayment/GrpHdr" + element
}

// tryPayments checks the payments of the temporary table bundle, as check does, and reports them.
func (s *Store) tryPayments(ctx context.Context, x *session, in DryRun, d delivered, rows *paymentRows, out DryRunReport) error {
	b := rows.bundle.(*placedBundle)
	if err := s.findFaults(ctx, x, b.Head().Authority); err != nil {
		return err
	}
	if err := s.findStrangers(ctx, x); err != nil {
		return err
	}
	if err := findMore(ctx, x, rows.payer.id); err != nil {
		return err
	}
	r := dryResult(DryAccepted, b, d)
	r.Payments = b.payments
	if err := s.dryTotals(ctx, x, d, rows, &r); err != nil {
		return err
	}
	if err := out.Judged(r); err != nil {
		return err
	}
	if err := tellErrors(ctx, x, in, out); err != nil {
		return fmt.Errorf("errors: %w", err)
	}
	return nil
}

// findMore adds to the faults what an answer leaves out, and the duplicates.
func findMore(ctx context.Context, x *session, payer int64) error {
	steps := []struct {
		name, query string
		args        []any
	}{
		// An EndToEndId again in the bundle, or one that is used up. Sorted once, for both.
		{"used ids", `CREATE TEMP TABLE used ON COMMIT DROP AS
			SELECT b.id, b.e2e, b.again, k.payment_id IS NOT NULL AS stored
			FROM (SELECT id, e2e, coalesce(lag(e2e) OVER (ORDER BY e2e) = e2e, false) AS again FROM bundle) b
			LEFT JOIN payment_key k ON k.payer_id = $1 AND k.e2e = b.e2e
			WHERE b.again OR k.payment_id IS NOT NULL`, []any{payer}},
		{"used ids", `ANALYZE pg_temp.used`, nil},
		// As takeKeys has it: of the payments without an error the first takes the id, unless it was taken before; every other
		// payment with that id is a duplicate, whatever else is wrong with it.
		{"duplicates", `WITH same AS (
				SELECT b.id, b.e2e, NOT EXISTS (SELECT FROM fault f WHERE f.payment_id = b.id) AS good
				FROM bundle b WHERE b.e2e IN (SELECT u.e2e FROM used u WHERE u.again)),
			first AS (SELECT e2e, min(id) AS id FROM same WHERE good GROUP BY e2e)
			INSERT INTO fault (payment_id, code, rank)
			SELECT d.id, r.code, r.rank FROM (
				SELECT u.id FROM used u WHERE u.stored
				UNION SELECT s.id FROM same s JOIN first f ON f.e2e = s.e2e WHERE s.id <> f.id) d
			JOIN code_rank r ON r.code = $1`, []any{string(gateway.CodeDuplicatePayment)}},
		{"further errors", `INSERT INTO fault (payment_id, code, rank)
			SELECT b.id, r.code, r.rank FROM bundle b CROSS JOIN LATERAL unnest(string_to_array(b.more, ',')) AS m (code)
			JOIN code_rank r ON r.code = m.code WHERE b.more IS NOT NULL`, nil},
		{"all errors", `ANALYZE pg_temp.fault`, nil},
	}
	for _, st := range steps {
		if _, err := x.ExecContext(ctx, st.query, st.args...); err != nil {
			return fmt.Errorf("%s: %w", st.name, err)
		}
	}
	return nil
}

// dryTotals counts what is accepted, of each group and of all.
func (s *Store) dryTotals(ctx context.Context, x *session, d delivered, rows *paymentRows, r *DryRunResult) error {
	var rejected []struct {
		Group    int64 `db:"group_id"`
		Payments int64 `db:"payments"`
		Ore      int64 `db:"ore"`
	}
	err := x.SelectContext(ctx, &rejected, `SELECT b.group_id, count(*) AS payments, sum(b.ore) AS ore FROM bundle b
		WHERE EXISTS (SELECT FROM fault f WHERE f.payment_id = b.id) GROUP BY b.group_id`)
	if err == nil {
		err = x.GetContext(ctx, &r.Errors, `SELECT count(*) FROM fault`)
	}
	if err != nil {
		return fmt.Errorf("totals: %w", err)
	}
	r.Groups = make([]DryRunGroup, len(rows.ordered))
	for i, g := range rows.ordered {
		r.Groups[i] = DryRunGroup{Agreement: g.key.agreement, DebitAccount: g.key.account, RequestedOn: g.key.requested,
			Payments: int64(g.payments), Accepted: int64(g.payments), Ore: g.ore}
	}
	for _, n := range rejected {
		g := &r.Groups[n.Group-1]
		g.Accepted, g.Ore = g.Accepted-n.Payments, g.Ore-n.Ore
	}
	for i, g := range rows.ordered {
		t := &r.Groups[i]
		r.Accepted, r.Ore = r.Accepted+t.Accepted, r.Ore+t.Ore
		if g.key.fault != "" {
			continue
		}
		plan, err := s.plan(g.agreement, d.ReceivedAt, g.key.requested)
		if err != nil {
			return err
		}
		if t.Accepted > 0 {
			t.ExecutesOn, t.ReleaseAt = plan.ExecutesOn, plan.ReleaseAt
		}
	}
	r.Rejected = r.Payments - r.Accepted
	return nil
}

// tellErrors reports the payments' errors in the order of the document.
func tellErrors(ctx context.Context, x *session, in DryRun, out DryRunReport) error {
	texts := dryTexts(in.English)
	var limit any
	if in.Errors > 0 {
		limit = in.Errors
	}
	rows, err := x.QueryContext(ctx, `SELECT b.line, b.block, b.tx, b.e2e, f.code FROM fault f JOIN bundle b ON b.id = f.payment_id
		ORDER BY b.id, f.rank LIMIT $1::bigint`, limit)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var e DryRunError
		var block, tx int
		if err := rows.Scan(&e.Line, &block, &tx, &e.EndToEndID, (*string)(&e.Code)); err != nil {
			return err
		}
		e.Path = "NKSPayment/PmtInf[" + strconv.Itoa(block) + "]/PmtTx[" + strconv.Itoa(tx) + "]"
		e.Text = texts[e.Code]
		if err := out.Error(e); err != nil {
			return err
		}
	}
	return rows.Err()
}
