package dryrun

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/check"
	"nks/gateway/postgres/receive"
)

// tellUnreadable reports receipt 0; an error that is not the document's is returned.
func tellUnreadable(err error, b *placedBundle, d postgres.Delivery, out Report) error {
	var bad *gateway.UnreadableError
	if !errors.As(err, &bad) {
		return err
	}
	r := result(Unreadable, b, d)
	r.Errors = 1
	if err := out.Judged(r); err != nil {
		return err
	}
	return out.Error(Error{Line: bad.Line, Path: bad.Path, Code: gateway.CodeBadXML, Text: bad.Text})
}

// tellRefused reports a rejecting receipt 1: its leading error, since response 2 with the others never comes.
func tellRefused(b *placedBundle, d postgres.Delivery, reported map[gateway.Code]string, out Report) error {
	r := result(Refused, b, d)
	r.Payments, r.Rejected, r.Errors = b.payments, b.payments, 1
	if err := out.Judged(r); err != nil {
		return err
	}
	code := b.Fault()
	line, path := b.place(code)
	return out.Error(Error{Line: line, Path: path, Code: code, Text: reported[code]})
}

func result(receipt string, b *placedBundle, d postgres.Delivery) Result {
	head := b.Head()
	supplier := d.Supplier
	if supplier == "" {
		supplier = head.Sender
	}
	return Result{Receipt: receipt, Supplier: supplier, Authority: head.Authority, GroupRef: head.GroupRef}
}

// texts is every code's text: a million errors are not looked up one by one.
func texts(english bool) map[gateway.Code]string {
	all := map[gateway.Code]string{}
	for _, c := range gateway.Codes() {
		all[c.Code] = c.Danish
		if english {
			all[c.Code] = c.English
		}
	}
	return all
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
	element := map[gateway.Code]string{gateway.CodeUnknownParty: "/InitgPty", gateway.CodeNotConnected: "/InitgPty", gateway.CodeDuplicateBundle: "/GrpId",
		gateway.CodeInstruction: "/InstrNks", gateway.CodeControlSum: "/CtrlSum", gateway.CodeCount: "/NbOfTxs",
		gateway.CodeGrouping: "/Grpg"}[c]
	return head.GroupLine, "NKSPayment/GrpHdr" + element
}

// tryPayments checks the payments of the temporary table bundle and reports them.
func (s *Store) tryPayments(ctx context.Context, x *postgres.Session, in Request, d postgres.Delivery, b *placedBundle, payer receive.Payer,
	rows *receive.BundleRows, out Report) error {
	if err := check.FindFaults(ctx, x, b.Head().Authority, in.At); err != nil {
		return err
	}
	if err := s.findUnpayable(ctx, x, in.At); err != nil {
		return err
	}
	hashes, err := s.Receive.Hashes(ctx, x)
	if err != nil {
		return err
	}
	if err := findDuplicates(ctx, x, hashes, payer.ID); err != nil {
		return err
	}
	r := result(Accepted, b, d)
	r.Payments = b.payments
	if err := addTotals(ctx, x, rows.Groups(), &r); err != nil {
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

// addTotals counts what is accepted, of each group and of all.
func addTotals(ctx context.Context, x *postgres.Session, groups []*receive.Group, r *Result) error {
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
	r.Groups = make([]Group, len(groups))
	for i, g := range groups {
		r.Groups[i] = Group{Agreement: g.Number(), DebitAccount: g.DebitAccount(), RequestedOn: g.RequestedOn(),
			Payments: int64(g.Payments), Accepted: int64(g.Payments), Ore: g.Ore}
	}
	for _, n := range rejected {
		g := &r.Groups[n.Group-1]
		g.Accepted, g.Ore = g.Accepted-n.Payments, g.Ore-n.Ore
	}
	for i, g := range groups {
		t := &r.Groups[i]
		r.Accepted, r.Ore = r.Accepted+t.Accepted, r.Ore+t.Ore
		if g.Fault() == "" && t.Accepted > 0 {
			t.ExecutesOn, t.ReleaseAt = g.Way.Plan.ExecutesOn, g.Way.Plan.ReleaseAt
		}
	}
	r.Rejected = r.Payments - r.Accepted
	return nil
}

// tellErrors reports the payments' errors in the order of the document.
func tellErrors(ctx context.Context, x *postgres.Session, in Request, out Report) error {
	reported := texts(in.English)
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
		var e Error
		var block, tx int
		if err := rows.Scan(&e.Line, &block, &tx, &e.EndToEndID, (*string)(&e.Code)); err != nil {
			return err
		}
		e.Path = "NKSPayment/PmtInf[" + strconv.Itoa(block) + "]/PmtTx[" + strconv.Itoa(tx) + "]"
		e.Text = reported[e.Code]
		if err := out.Error(e); err != nil {
			return err
		}
	}
	return rows.Err()
}
