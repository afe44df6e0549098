package receive

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
)

// NextToRead reads the next delivery: all of its payments and receipt 1, or a refusal that leaves the delivery and its
// receipt and nothing else. It reports whether there was one.
func (s *Store) NextToRead(ctx context.Context) (bool, error) {
	var d postgres.Delivery
	verdict := verdict{}
	err := s.Transact(ctx, "read", func(x *postgres.Session) (err error) {
		if d, err = x.ClaimReceived(ctx); err != nil {
			return err
		}
		verdict, err = s.read(ctx, x, d)
		return err
	})
	switch {
	case errors.Is(err, gateway.ErrNotFound) && d.ID == 0:
		return false, nil
	case errors.Is(err, ErrBundleRefused) || verdict.refused != nil:
		// What was copied is rolled back; the receipt is a transaction of its own.
		if verdict.refused != nil {
			err = s.refuseRequest(ctx, d, verdict.request, verdict.refused)
		} else {
			err = s.refuse(ctx, d, verdict)
		}
		if errors.Is(err, gateway.ErrLostOwnership) {
			return true, nil // another reader came to the same end in between
		}
		if err != nil {
			err = errors.Join(err, s.NoteFailure(ctx, d, err, s.Rules.Patience))
		}
		return true, err
	case err != nil && d.ID != 0:
		return true, errors.Join(err, s.NoteFailure(ctx, d, err, s.Rules.Patience))
	}
	return true, err
}

// ErrBundleRefused ends the reading of a bundle that is refused.
var ErrBundleRefused = errors.New("bundle refused")

// verdict is why a bundle or a request was refused.
type verdict struct {
	head gateway.BundleHead
	code gateway.Code
	text string // of receipt 0

	request gateway.RequestKind
	refused *postgres.RefusedRequest // nil: it is no request that is refused
}

// read copies the payments of one delivery and accepts the bundle, or says why not.
func (s *Store) read(ctx context.Context, x *postgres.Session, d postgres.Delivery) (verdict, error) {
	document, err := s.OpenDocument(ctx, s.DB, d.DocumentID)
	if err != nil {
		return verdict{}, err
	}
	ahead := readAhead(document)
	defer func() { _ = ahead.Close() }()
	content := bufio.NewReaderSize(ahead, postgres.HeadBytes)
	if r := s.request(content); r != nil {
		v := verdict{request: r.Kind}
		err := s.answer(ctx, x, d, r, content)
		v.refused, _ = refused(err)
		return v, err
	}
	b, err := s.OpenBundle(content, s.BundleRules(d))
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
	table := paymentTable()
	encoder := &payments{Rows: pgcopy.New(table), month: d.Month, delivery: d.ID, head: v.head}
	rows := s.NewRows(d, b, payer, encoder.Rows, encoder.encode)
	if _, err = x.CopyIn(ctx, table.Statement(), rows); err != nil && rows.err != nil {
		err = rows.err
	}
	if errors.Is(err, ErrBundleRefused) && rows.unreadable != nil {
		return v.unreadable(rows.unreadable)
	}
	if errors.Is(err, ErrBundleRefused) {
		v.code = b.Fault()
		return v, ErrBundleRefused
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
	return v, ErrBundleRefused
}

// BundleRules is what a delivery's document is read by.
func (s *Store) BundleRules(d postgres.Delivery) gateway.BundleRules {
	return gateway.BundleRules{Addressed: s.Rules.Addressed, Supplier: d.Supplier, Today: s.dayOf(d),
		DaysAhead: s.Rules.DaysAhead, BundlePayments: min(s.Rules.BundlePayments, gateway.MaxBundlePayments), DocumentBytes: s.Rules.DocumentBytes}
}

// acceptBundle makes the bundle's payments visible: groups, receipt 1, state.
func (s *Store) acceptBundle(ctx context.Context, x *postgres.Session, d postgres.Delivery, head gateway.BundleHead, p Payer, rows *BundleRows) error {
	for _, g := range rows.ordered {
		if err := s.insertGroup(ctx, x, d, head, g); err != nil {
			return fmt.Errorf("delivery %d: group: %w", d.ID, err)
		}
	}
	now := s.Now()
	err := x.UpdateOne(ctx, `UPDATE delivery SET state = 'read', payer_id = $2, authority = $3, message_id = $4, group_ref = $5,
			sender_ean = nullif($6, ''), grouped = $7, return_always = $8, payments = $9, ore = $10, read_at = $11, `+postgres.NoTrouble+`
		WHERE id = $1 AND state = 'received'`, d.ID, p.ID, head.Authority, head.MessageID, head.GroupRef, head.SenderEAN,
		head.Grouped, head.ReturnAlways, rows.payments, rows.ore, now)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO bundle_key (payer_id, group_ref, sha256, delivery_id) VALUES ($1, $2, $3, $4)`,
			p.ID, head.GroupRef, d.SHA256, d.ID)
	}
	if postgres.IsUnique(err, "bundle_key_group_ref") || postgres.IsUnique(err, "bundle_key_bytes") {
		return fmt.Errorf("%w: the same bundle was accepted at the same moment: %w", gateway.ErrTransient, err)
	}
	if err == nil {
		err = s.stillNew(ctx, x, head.GroupRef, `SELECT EXISTS (SELECT FROM bundle_key WHERE group_ref = $1 AND payer_id = $2)`, p.ID)
	}
	if err != nil {
		return err
	}
	if err := s.CloseMended(ctx, x, gateway.DeliveryFails, d.ID); err != nil {
		return err
	}
	x.Wakes(postgres.ToCheck, postgres.ToRelease) // of other payers, which waited for it to be read
	d.MessageID.String, d.GroupRef.String, d.SenderEAN.String, d.Authority.String = head.MessageID, head.GroupRef, head.SenderEAN, head.Authority
	return s.Answers.Receipt(ctx, x, d, gateway.Receipt1, now, func(a *gateway.Answer) {
		a.Status = gateway.StatusAccepted
		for _, g := range rows.ordered {
			if s.foretells(g) {
				a.Foretold = a.Foretold.And(g.Way.Plan.ExecutesOn)
			}
		}
	})
}

// refuse answers a delivery with receipt 0 or a rejecting receipt 1.
func (s *Store) refuse(ctx context.Context, d postgres.Delivery, v verdict) error {
	return s.Transact(ctx, "refuse", func(x *postgres.Session) error {
		now := s.Now()
		err := x.UpdateOne(ctx, `UPDATE delivery SET state = 'refused', message_id = nullif($2, ''), group_ref = nullif($3, ''),
				authority = nullif($4, ''), sender_ean = nullif($5, ''), read_at = $6, `+postgres.NoTrouble+`
			WHERE id = $1 AND state = 'received'`, d.ID, v.head.MessageID, v.head.GroupRef, v.head.Authority, v.head.SenderEAN, now)
		if err != nil {
			return err
		}
		if err := s.CloseMended(ctx, x, gateway.DeliveryFails, d.ID); err != nil {
			return err
		}
		x.Wakes(postgres.ToCheck, postgres.ToRelease) // which waited for it
		d.MessageID.String, d.GroupRef.String, d.SenderEAN.String, d.Authority.String = v.head.MessageID, v.head.GroupRef, v.head.SenderEAN, v.head.Authority
		kind, status, text := gateway.Receipt1, gateway.StatusRejected, v.code.Danish()
		if v.code == gateway.CodeBadXML {
			kind, status, text = gateway.Receipt0, gateway.StatusUnreadable, v.text
		}
		x.AfterCommit(func() {
			s.Log.Info().Int64("delivery", d.ID).Str("supplier", d.Supplier).Str("code", string(v.code)).Msg("bundle refused: " + text)
		})
		return s.Answers.Receipt(ctx, x, d, kind, now, func(a *gateway.Answer) {
			a.Status, a.Code, a.Text = status, v.code, text
			if kind == gateway.Receipt0 {
				a.Supplier = v.head.Sender
			}
		})
	})
}
