package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"nks/gateway"
)

// ReadNext reads the next delivery: all of its payments and receipt 1, or a refusal that leaves the delivery and its
// receipt and nothing else. It tells whether there was one.
func (s *Store) ReadNext(ctx context.Context) (bool, error) {
	var d delivered
	verdict := verdict{}
	err := s.transact(ctx, "read", func(x *session) (err error) {
		if d, err = s.claimDelivery(ctx, x, "received"); err != nil {
			return err
		}
		verdict, err = s.read(ctx, x, d)
		return err
	})
	switch {
	case errors.Is(err, gateway.ErrNotFound) && d.ID == 0:
		return false, nil
	case errors.Is(err, errRefused):
		// What was copied is rolled back; the receipt is a transaction of its own.
		if err = s.refuse(ctx, d, verdict); errors.Is(err, gateway.ErrLostOwnership) {
			return true, nil // another reader came to the same end in between
		}
		if err != nil && !errors.Is(err, gateway.ErrTemporary) && ctx.Err() == nil {
			err = errors.Join(err, s.noteFailure(ctx, d, err))
		}
		return true, err
	case err != nil && d.ID != 0 && !errors.Is(err, gateway.ErrTemporary) && ctx.Err() == nil:
		return true, errors.Join(err, s.noteFailure(ctx, d, err))
	}
	return true, err
}

// errRefused ends the reading of a bundle that is refused.
var errRefused = errors.New("bundle refused")

// verdict is why a bundle was refused.
type verdict struct {
	head gateway.BundleHead
	code gateway.Code
	text string // of receipt 0
}

// read copies the payments of one delivery and accepts the bundle, or says why not.
func (s *Store) read(ctx context.Context, x *session, d delivered) (verdict, error) {
	document, err := s.openDocument(ctx, s.DB, d.DocumentID)
	if err != nil {
		return verdict{}, err
	}
	content := readAhead(document)
	defer func() { _ = content.Close() }()
	b, err := s.OpenBundle(content, s.bundleRules(d))
	if b == nil {
		return verdict{}, err
	}
	v := verdict{head: b.Head()}
	if err != nil {
		return v.unreadable(err)
	}
	payer, err := s.payer(ctx, x, d, b)
	if err != nil {
		return v, err
	}
	rows := &paymentRows{store: s, delivery: d, bundle: b, payer: payer, groups: map[groupKey]*newGroup{}}
	rows.line = rows.payment
	if _, err = x.copyIn(ctx, copyPayments, rows); err != nil && rows.err != nil {
		err = rows.err
	}
	if errors.Is(err, errRefused) && rows.unreadable != nil {
		return v.unreadable(rows.unreadable)
	}
	if errors.Is(err, errRefused) {
		v.code = b.Fault()
		return v, errRefused
	}
	if err != nil {
		return v, fmt.Errorf("delivery %d: copy: %w", d.ID, err)
	}
	return v, s.acceptBundle(ctx, x, d, v.head, payer, rows)
}

// unreadable makes receipt 0 of an error of the document; any other error is the gateway's own.
func (v verdict) unreadable(err error) (verdict, error) {
	var bad *gateway.UnreadableError
	if !errors.As(err, &bad) {
		return v, err
	}
	v.code, v.text = gateway.CodeBadXML, bad.Text
	return v, errRefused
}

func (s *Store) bundleRules(d delivered) gateway.BundleRules {
	return gateway.BundleRules{OwnName: s.Rules.OwnName, Supplier: d.Supplier, Today: gateway.DateOf(d.ReceivedAt.In(s.Location)),
		DaysAhead: s.Rules.DaysAhead, BundlePayments: min(s.Rules.BundlePayments, gateway.MaxBundlePayments), DocumentBytes: s.Rules.DocumentBytes}
}

// payerOf is who pays: the scope of ids, and the agreements that may be used.
type payerOf struct {
	id         int64
	agreements []Agreement // of the pair
	others     []Agreement // everybody's, to tell another's number from an unknown one
}

// payer finds the pair of supplier and authority and whether the bundle came before. // B33.1
func (s *Store) payer(ctx context.Context, x *session, d delivered, b gateway.Bundle) (payerOf, error) {
	p, err := s.agreements(ctx, x, d, b)
	if err != nil || len(p.agreements) == 0 {
		return p, err
	}
	head := b.Head()
	// Committed by itself, so that two first bundles of a pair do not wait for each other.
	_, err = s.DB.ExecContext(ctx, `INSERT INTO payer (supplier, authority) SELECT $1, $2
		WHERE NOT EXISTS (SELECT 1 FROM payer WHERE supplier = $1 AND authority = $2) ON CONFLICT DO NOTHING`, d.Supplier, head.Authority)
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT id FROM payer WHERE supplier = $1 AND authority = $2`, d.Supplier, head.Authority).Scan(&p.id)
	}
	if err != nil {
		return p, fmt.Errorf("payer: %w", err)
	}
	return p, s.receivedBefore(ctx, x, d, b, p)
}

// agreements finds the agreements of the pair; without any the bundle is refused.
func (s *Store) agreements(ctx context.Context, x *session, d delivered, b gateway.Bundle) (payerOf, error) {
	all, err := s.Register.Agreements(ctx, x)
	if err != nil {
		return payerOf{}, err
	}
	p := payerOf{others: all}
	authority := b.Head().Authority
	for _, a := range all {
		if a.Supplier == d.Supplier && a.Authority == authority {
			p.agreements = append(p.agreements, a)
		}
	}
	if len(p.agreements) == 0 {
		b.Refuse(gateway.CodeUnknownParty)
	}
	return p, nil
}

// receivedBefore refuses a bundle of a payer that was accepted under another name.
func (s *Store) receivedBefore(ctx context.Context, x *session, d delivered, b gateway.Bundle, p payerOf) error {
	var before int
	err := x.QueryRowContext(ctx, `SELECT count(*) FROM delivery WHERE payer_id = $1 AND state IN ('read', 'checked')
		AND (group_ref = $2 OR sha256 = $3)`, p.id, b.Head().GroupRef, d.SHA256).Scan(&before)
	if err != nil {
		return fmt.Errorf("duplicate bundle: %w", err)
	}
	if before > 0 {
		b.Refuse(gateway.CodeDuplicateBundle)
	}
	return nil
}

// acceptBundle makes the bundle's payments visible: groups, receipt 1, state.
func (s *Store) acceptBundle(ctx context.Context, x *session, d delivered, head gateway.BundleHead, p payerOf, rows *paymentRows) error {
	for _, g := range rows.ordered {
		if err := s.insertGroup(ctx, x, d, head, g); err != nil {
			return fmt.Errorf("delivery %d: group: %w", d.ID, err)
		}
	}
	now := s.Now()
	err := x.touch(ctx, `UPDATE delivery SET state = 'read', payer_id = $2, authority = $3, message_id = $4, group_ref = $5,
			sender_ean = nullif($6, ''), grouped = $7, return_always = $8, payments = $9, ore = $10, read_at = $11
		WHERE id = $1 AND state = 'received'`, d.ID, p.id, head.Authority, head.MessageID, head.GroupRef, head.SenderEAN,
		head.Grouped, head.ReturnAlways, rows.payments, rows.ore, now)
	if isUnique(err, "delivery_group_ref") || isUnique(err, "delivery_bytes") {
		return fmt.Errorf("%w: the same bundle was accepted at the same moment: %w", gateway.ErrTemporary, err)
	}
	if err != nil {
		return err
	}
	if err := s.mended(ctx, x, deliveryFails, d.ID); err != nil {
		return err
	}
	d.MessageID.String, d.GroupRef.String, d.SenderEAN.String, d.Authority.String = head.MessageID, head.GroupRef, head.SenderEAN, head.Authority
	return s.receipt(ctx, x, d, gateway.Receipt1, now, func(a *gateway.Answer) { a.Status = "ACPT" })
}

func (s *Store) insertGroup(ctx context.Context, x *session, d delivered, head gateway.BundleHead, g *newGroup) error {
	requested := g.key.requested
	if requested.IsZero() {
		requested = gateway.DateOf(d.ReceivedAt.In(s.Location))
	}
	var agreementID, bank, unit, choice, executes, releaseAt any
	if g.key.fault == "" {
		plan, err := s.plan(g.agreement, d.ReceivedAt, requested)
		if err != nil {
			return err
		}
		agreementID, bank, choice = g.agreement.ID, g.agreement.BankCentre, string(g.agreement.NoAccount)
		executes, releaseAt = plan.ExecutesOn.String(), plan.ReleaseAt
		unit = g.agreement.LOSUnit
	}
	var debitText any
	if head.Grouped {
		debitText = g.debitText
	}
	_, err := x.ExecContext(ctx, `INSERT INTO release_group (id, delivery_id, month, agreement, debit_account, requested_on, debit_text,
			reject_code, agreement_id, bank_centre, los_unit, no_account, executes_on, release_at, payments, ore)
		VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, ''), $9, $10, $11, $12, $13, $14, $15, $16)`,
		g.id, d.ID, d.Month, g.key.agreement, g.key.account, requested.String(), debitText, string(g.key.fault),
		agreementID, bank, unit, choice, executes, releaseAt, g.payments, g.ore)
	return err
}

// plan says when a group of the agreement is released.
func (s *Store) plan(a *Agreement, received time.Time, requested gateway.Date) (gateway.Plan, error) {
	bank, ok := s.banks[a.BankCentre]
	if !ok {
		return gateway.Plan{}, fmt.Errorf("bank centre %s of agreement %d is not configured", a.BankCentre, a.ID)
	}
	terms := gateway.Terms{ReceiveBy: a.ReceiveBy, SendBy: bank.SendBy, LeadDays: bank.LeadDays, Calendar: s.Calendar, Location: s.Location}
	return terms.PlanRelease(received, requested), nil
}

// refuse answers a delivery with receipt 0 or a rejecting receipt 1.
func (s *Store) refuse(ctx context.Context, d delivered, v verdict) error {
	return s.transact(ctx, "refuse", func(x *session) error {
		now := s.Now()
		err := x.touch(ctx, `UPDATE delivery SET state = 'refused', message_id = nullif($2, ''), group_ref = nullif($3, ''),
				authority = nullif($4, ''), sender_ean = nullif($5, ''), read_at = $6
			WHERE id = $1 AND state = 'received'`, d.ID, v.head.MessageID, v.head.GroupRef, v.head.Authority, v.head.SenderEAN, now)
		if err != nil {
			return err
		}
		if err := s.mended(ctx, x, deliveryFails, d.ID); err != nil {
			return err
		}
		d.MessageID.String, d.GroupRef.String, d.SenderEAN.String, d.Authority.String = v.head.MessageID, v.head.GroupRef, v.head.SenderEAN, v.head.Authority
		kind, status, text := gateway.Receipt1, "RJCT", v.code.Danish()
		if v.code == gateway.CodeBadXML {
			kind, status, text = gateway.Receipt0, "Bad XML", v.text
		}
		s.Log.Info().Int64("delivery", d.ID).Str("supplier", d.Supplier).Str("code", string(v.code)).Msg("bundle refused: " + text)
		return s.receipt(ctx, x, d, kind, now, func(a *gateway.Answer) {
			a.Status, a.Code, a.Text = status, v.code, text
			if kind == gateway.Receipt0 {
				a.Supplier = v.head.Sender
			}
		})
	})
}

// noteFailure counts a failure of our own; after some the delivery is set aside for a person, and releases no longer
// wait for it.
func (s *Store) noteFailure(ctx context.Context, d delivered, cause error) error {
	return s.transact(ctx, "note failure", func(x *session) error {
		var failures int
		err := x.QueryRowContext(ctx, `UPDATE delivery SET failures = failures + 1 WHERE id = $1 RETURNING failures`, d.ID).Scan(&failures)
		if err != nil || failures < s.Rules.ReadFailuresBefore {
			return err
		}
		return s.raise(ctx, x, deliveryFails, strconv.FormatInt(d.ID, 10), cause.Error())
	})
}

// RetrySetAside gives deliveries that were set aside another try: a new start may have mended what kept them.
func (s *Store) RetrySetAside(ctx context.Context) error {
	_, err := s.DB.ExecContext(ctx, `UPDATE delivery SET failures = 0 WHERE state IN ('received', 'read') AND failures > 0`)
	if err != nil {
		return fmt.Errorf("retry set aside: %w", temporary(err))
	}
	return nil
}

// groupKey is what payments of one release group share.
type groupKey struct {
	agreement, account string
	requested          gateway.Date
	fault              gateway.Code
}

// newGroup is a release group of the bundle that is being read.
type newGroup struct {
	id        int64
	key       groupKey
	agreement *Agreement
	debitText string
	payments  int
	ore       int64
}

// judgeDebit adds to a debit block's own error what the agreements say. // G-agreement
func (p payerOf) judgeDebit(d *gateway.Debit, today gateway.Date) (*Agreement, gateway.Code) {
	i := slices.IndexFunc(p.agreements, func(a Agreement) bool { return a.Number == d.Agreement })
	known := slices.ContainsFunc(p.others, func(a Agreement) bool { return a.Number == d.Agreement })
	code := d.Fault
	switch {
	case code != "":
	case i < 0 && known:
		code = gateway.CodeForeignAgreement
	case i < 0:
		code = gateway.CodeUnknownAgreement
	case !p.agreements[i].InForce(today):
		code = gateway.CodeAgreementExpired
	case !slices.Contains(p.agreements[i].PayoutAccounts, d.DebitAccount):
		code = gateway.CodeDebitAccount
	}
	if i < 0 {
		return nil, code
	}
	return &p.agreements[i], code
}

func appendJSON(dst []byte, d *gateway.Detail) ([]byte, error) {
	b, err := json.Marshal(d)
	return append(dst, b...), err
}

var _ io.Reader = (*paymentRows)(nil)
