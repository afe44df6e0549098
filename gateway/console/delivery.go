package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// deliveryView is one document that came in.
type deliveryView struct {
	deliveryRow
	MessageID    sql.NullString `db:"message_id"`
	GroupRef     sql.NullString `db:"group_ref"`
	TransportKey string         `db:"transport_key"`
	ReadAt       sql.NullTime   `db:"read_at"`
	CheckedAt    sql.NullTime   `db:"checked_at"`
	Month        time.Time      `db:"month"`
	Grouped      sql.NullBool   `db:"grouped"`

	Groups       []groupRow
	MoreGroups   bool
	Interchanges []interchangeRow
	Rejected     []rejectedRow
	From, Next   int64 // page of rejected payments: after which, and where the next begins (0: no more)
	Shown        bool  // the viewer may see payments and documents
}

// groupRow is one release group.
type groupRow struct {
	Agreement   string         `db:"agreement"`
	Account     string         `db:"debit_account"`
	Bank        sql.NullString `db:"bank_centre"`
	RequestedOn time.Time      `db:"requested_on"`
	ExecutesOn  sql.NullTime   `db:"executes_on"`
	ReleaseAt   sql.NullTime   `db:"release_at"`
	ReleasedAt  sql.NullTime   `db:"released_at"`
	State       string         `db:"state"`
	RejectCode  sql.NullString `db:"reject_code"`
	Payments    int64          `db:"payments"`
	Ore         int64          `db:"ore"`
}

// interchangeRow is one file to a bank.
type interchangeRow struct {
	ID         int64        `db:"id"`
	Bank       string       `db:"bank"`
	ControlRef int64        `db:"control_ref"`
	FileName   string       `db:"file_name"`
	State      string       `db:"state"`
	Contrl     string       `db:"contrl"`
	ContrlAt   sql.NullTime `db:"contrl_at"`
	SentAt     sql.NullTime `db:"sent_at"`
	ExecutesOn sql.NullTime `db:"executes_on"`
	PreparedAt time.Time    `db:"prepared_at"`
	Payments   int64        `db:"payments"`
	Ore        int64        `db:"ore"`
}

// rejectedRow is one payment that was not accepted.
type rejectedRow struct {
	ID   int64  `db:"id"`
	E2E  string `db:"e2e"`
	Code string `db:"code"`
	Ore  int64  `db:"ore"`
}

const (
	mostGroups   = 200
	rejectedPage = 50
	answerBytes  = 16 << 10 // of each answer, on a delivery's page
)

// pathID is the number at the end of a page's address.
func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, gateway.ErrNotFound
	}
	return id, nil
}

func (s *Console) deliveryPage(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	from, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		from = 0
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	d := &deliveryView{From: from, Shown: !who.Operations()}
	err = s.look(ctx, who, func(tx *sqlx.Tx) error {
		if err := d.read(ctx, tx, id); err != nil || !d.Shown {
			return err
		}
		if err := d.readRejected(ctx, tx); err != nil {
			return err
		}
		for i := range d.Answers {
			d.Answers[i].Excerpt = s.head(ctx, tx, d.Answers[i].Document, answerBytes)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "delivery", "delivery.title", 0, d)
}

func (d *deliveryView) read(ctx context.Context, tx *sqlx.Tx, id int64) error {
	err := tx.GetContext(ctx, d, `SELECT d.id, d.door, d.supplier, d.authority, a.name AS authority_name, d.state, d.payments, d.ore, d.size,
			d.received_at, d.message_id, d.group_ref, d.transport_key, d.read_at, d.checked_at, d.month, d.grouped
		FROM delivery d LEFT JOIN authority a ON a.authority = d.authority WHERE d.id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delivery %d: %w", id, err)
	}
	err = tx.SelectContext(ctx, &d.Groups, `SELECT agreement, debit_account, bank_centre, requested_on, executes_on, release_at, released_at, state,
			reject_code, payments, ore
		FROM release_group WHERE delivery_id = $1 ORDER BY id LIMIT $2`, id, mostGroups+1)
	if err != nil {
		return fmt.Errorf("delivery %d: groups: %w", id, err)
	}
	if d.MoreGroups = len(d.Groups) > mostGroups; d.MoreGroups {
		d.Groups = d.Groups[:mostGroups]
	}
	err = tx.SelectContext(ctx, &d.Answers, `SELECT `+answerColumns+` FROM answer WHERE delivery_id = $1 ORDER BY id LIMIT 100`, id)
	if err != nil {
		return fmt.Errorf("delivery %d: answers: %w", id, err)
	}
	// What a release makes interchanges of shares agreement, instant and execution day: no order has to be counted.
	err = tx.SelectContext(ctx, &d.Interchanges, `SELECT `+interchangeColumns+` FROM interchange i
		WHERE i.kind = 'PAYMUL' AND EXISTS (SELECT FROM release_group g WHERE g.delivery_id = $1 AND g.agreement_id = i.agreement_id
			AND date_trunc('minute', g.released_at) = i.prepared_at AND g.executes_on = i.executes_on)
		ORDER BY i.id LIMIT 200`, id)
	if err != nil {
		return fmt.Errorf("delivery %d: interchanges: %w", id, err)
	}
	return nil
}

const interchangeColumns = `id, bank, control_ref, file_name, state, contrl, contrl_at, sent_at, executes_on, prepared_at, payments, ore`

func (d *deliveryView) readRejected(ctx context.Context, tx *sqlx.Tx) error {
	after := max(d.From, gateway.PaymentID(d.ID, 0))
	var rows []struct {
		rejectedRow
		Kind   sql.NullInt16 `db:"holder_kind"`
		Holder sql.NullInt64 `db:"holder"`
	}
	err := tx.SelectContext(ctx, &rows, `SELECT p.id, p.e2e, e.code, p.ore, p.holder_kind, p.holder
		FROM payment_event e JOIN payment p ON p.month = e.month AND p.id = e.payment_id
		WHERE e.month = $1 AND e.payment_id > $2 AND e.payment_id <= $3 AND e.attempt = 0 AND e.kind = 'rejected'
		ORDER BY e.payment_id LIMIT $4`, d.Month, after, gateway.PaymentID(d.ID, gateway.MaxBundlePayments), rejectedPage+1)
	if err != nil {
		return fmt.Errorf("delivery %d: rejected: %w", d.ID, err)
	}
	for i, row := range rows {
		if i == rejectedPage {
			d.Next = d.Rejected[i-1].ID
			break
		}
		row.E2E = mask(row.E2E, holderOf(row.Kind, row.Holder))
		d.Rejected = append(d.Rejected, row.rejectedRow)
	}
	return nil
}

// holderOf writes a stored recipient's number with its digits.
func holderOf(kind sql.NullInt16, id sql.NullInt64) gateway.Holder {
	k := gateway.HolderKind(kind.Int16)
	if k == gateway.NoHolder || !id.Valid {
		return gateway.Holder{}
	}
	return gateway.Holder{Kind: k, ID: fmt.Sprintf("%0*d", k.Digits(), id.Int64)}
}
