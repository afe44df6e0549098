package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// DeliveryHead is a document that came in, with its answers.
type DeliveryHead struct {
	ID            int64     `db:"id"`
	Door          string    `db:"door"`
	Supplier      string    `db:"supplier"`
	Authority     string    `db:"authority"` // empty: not known
	AuthorityName string    `db:"authority_name"`
	State         string    `db:"state"` // received, read, checked or refused
	Payments      int64     `db:"payments"`
	Ore           int64     `db:"ore"`
	Size          int64     `db:"size"` // bytes
	ReceivedAt    time.Time `db:"received_at"`
	Answers       []Answer  `db:"-"`
}

// Delivery is all of one delivery.
type Delivery struct {
	DeliveryHead
	GroupRef  string     `db:"group_ref"` // the bundle's GrpId; empty: not known
	ReadAt    *time.Time `db:"read_at"`
	CheckedAt *time.Time `db:"checked_at"`

	Groups       []ReleaseGroup    `db:"-"`
	MoreGroups   bool              `db:"-"` // there are more than are listed
	Interchanges []Interchange     `db:"-"`
	Rejected     []RejectedPayment `db:"-"` // one page of them
	From         int64             `db:"-"` // the page begins after this payment; 0: at the first
	Next         int64             `db:"-"` // the next page begins after this payment; 0: there is none
	Shown        bool              `db:"-"` // the viewer may see payments and documents
}

// ReleaseGroup is payments of one delivery that are released together.
type ReleaseGroup struct {
	Agreement   string     `db:"agreement"`
	Account     string     `db:"debit_account"`
	Bank        string     `db:"bank_centre"`
	RequestedOn time.Time  `db:"requested_on"`
	ExecutesOn  *time.Time `db:"executes_on"` // a day
	ReleaseAt   *time.Time `db:"release_at"`
	ReleasedAt  *time.Time `db:"released_at"`
	State       string     `db:"state"` // unchecked, rejected, waiting or released
	RejectCode  string     `db:"reject_code"`
	Payments    int64      `db:"payments"`
	Ore         int64      `db:"ore"`
}

// RejectedPayment is one payment that was not accepted.
type RejectedPayment struct {
	ID   int64  `db:"id"`
	E2E  string `db:"e2e"` // a citizen's number in it is masked
	Code string `db:"code"`
	Ore  int64  `db:"ore"`
}

const (
	latest       = 20 // deliveries on an overview
	mostGroups   = 200
	rejectedPage = 50
	answerBytes  = 16 << 10 // of each answer that is shown
)

const deliveryColumns = `d.id, d.door, d.supplier, coalesce(d.authority, '') AS authority, coalesce(a.name, '') AS authority_name, d.state, d.payments,
	d.ore, d.size, d.received_at`

func latestDeliveries(ctx context.Context, tx *sqlx.Tx, open int64) ([]DeliveryHead, error) {
	var list []DeliveryHead
	err := tx.SelectContext(ctx, &list, `SELECT `+deliveryColumns+`
		FROM delivery d LEFT JOIN authority a ON a.authority = d.authority WHERE d.id >= $2 ORDER BY d.id DESC LIMIT $1`, latest, open)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	ids := make([]int64, len(list))
	at := map[int64]int{}
	for i, d := range list {
		ids[i], at[d.ID] = d.ID, i
	}
	answers, err := answersOf(ctx, tx, `SELECT answer_id FROM answer_key WHERE delivery_id = ANY ($1::bigint[]) ORDER BY 1 LIMIT 1000`, ids)
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		d := &list[at[a.Delivery]]
		d.Answers = append(d.Answers, a)
	}
	return list, nil
}

// Delivery reads one delivery, with the page of its rejected payments that begins after a payment (0: the first). It is
// gateway.ErrNotFound when there is none that the viewer may see.
func (r *Reader) Delivery(ctx context.Context, v Viewer, id, after int64) (*Delivery, error) {
	d := &Delivery{Shown: !v.Operations(), From: after}
	err := r.look(ctx, v, func(tx *sqlx.Tx) error {
		month, err := d.read(ctx, tx, id)
		if err != nil || !d.Shown {
			return err
		}
		if err := d.readRejected(ctx, tx, month); err != nil {
			return err
		}
		for i := range d.Answers {
			d.Answers[i].Excerpt = r.answerHead(ctx, tx, d.Answers[i])
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("delivery %d: %w", id, err)
	}
	return d, nil
}

// read gives the month in whose partition the payments are.
func (d *Delivery) read(ctx context.Context, tx *sqlx.Tx, id int64) (month time.Time, err error) {
	var row struct {
		*Delivery
		Month time.Time `db:"month"`
	}
	row.Delivery = d
	err = tx.GetContext(ctx, &row, `SELECT `+deliveryColumns+`, coalesce(d.group_ref, '') AS group_ref, d.read_at, d.checked_at, d.month
		FROM delivery d LEFT JOIN authority a ON a.authority = d.authority WHERE d.id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return month, gateway.ErrNotFound
	}
	if err != nil {
		return month, err
	}
	err = tx.SelectContext(ctx, &d.Groups, `SELECT agreement, debit_account, coalesce(bank_centre, '') AS bank_centre, requested_on, executes_on, release_at,
			released_at, state, coalesce(reject_code, '') AS reject_code, payments, ore
		FROM release_group WHERE delivery_id = $1 ORDER BY id LIMIT $2`, id, mostGroups+1)
	if err != nil {
		return month, fmt.Errorf("groups: %w", err)
	}
	if d.MoreGroups = len(d.Groups) > mostGroups; d.MoreGroups {
		d.Groups = d.Groups[:mostGroups]
	}
	if d.Answers, err = answersOf(ctx, tx, `SELECT answer_id FROM answer_key WHERE delivery_id = $1 ORDER BY 1 LIMIT 100`, id); err != nil {
		return month, err
	}
	// What a release makes interchanges of shares agreement, instant and execution day: no order has to be counted.
	err = tx.SelectContext(ctx, &d.Interchanges, `SELECT `+interchangeColumns+` FROM interchange i
		WHERE i.kind = 'PAYMUL' AND i.month = ANY (ARRAY(SELECT g.order_month FROM release_group g WHERE g.delivery_id = $1))
			AND EXISTS (SELECT FROM release_group g WHERE g.delivery_id = $1 AND g.agreement_id = i.agreement_id
			AND date_trunc('minute', g.released_at) = i.prepared_at AND g.executes_on = i.executes_on)
		ORDER BY i.id LIMIT 200`, id)
	if err != nil {
		return month, fmt.Errorf("interchanges: %w", err)
	}
	return row.Month, nil
}

func (d *Delivery) readRejected(ctx context.Context, tx *sqlx.Tx, month time.Time) error {
	var rows []struct {
		RejectedPayment
		HolderKind gateway.HolderKind `db:"holder_kind"`
		Holder     int64              `db:"holder"`
	}
	err := tx.SelectContext(ctx, &rows, `SELECT p.id, p.e2e, e.code, p.ore, `+holderColumns+`
		FROM standing e JOIN payment p ON p.month = e.month AND p.id = e.payment_id
		WHERE e.month = $1 AND e.payment_id > $2 AND e.payment_id <= $3 AND e.kind = 'rejected'
		ORDER BY e.payment_id LIMIT $4`,
		month, max(d.From, gateway.PaymentID(d.ID, 0)), gateway.PaymentID(d.ID, gateway.MaxBundlePayments), rejectedPage+1)
	if err != nil {
		return fmt.Errorf("rejected: %w", err)
	}
	for i, row := range rows {
		if i == rejectedPage {
			d.Next = d.Rejected[i-1].ID
			break
		}
		row.E2E = masker{holder: gateway.HolderOf(row.HolderKind, row.Holder)}.mask(row.E2E)
		d.Rejected = append(d.Rejected, row.RejectedPayment)
	}
	return nil
}
