package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
)

// RenderNext writes the bank's next frozen interchange and stores its bytes. Whoever renders it, and how often, the
// bytes are the same: they depend on nothing but what was frozen. It tells whether there was one.
func (s *Store) RenderNext(ctx context.Context, bankID string) (bool, error) {
	return s.passing(ctx, interchangeFails, func(over []int64) (took []int64, err error) {
		err = s.transact(ctx, "render", func(x *session) error {
			var f frozen
			err := x.GetContext(ctx, &f, `SELECT id, control_ref, agreement, authority, executes_on, prepared_at, messages, payments, ore
				FROM interchange WHERE bank = $1 AND state = 'frozen' AND id <> ALL ($2::bigint[])
				ORDER BY control_ref LIMIT 1 FOR UPDATE SKIP LOCKED`, bankID, over)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			took = []int64{f.ID}
			if err := s.render(ctx, x, s.banks[bankID], f); err != nil {
				return fmt.Errorf("interchange %d: %w", f.ID, err)
			}
			return s.mended(ctx, x, interchangeFails, f.ID)
		})
		return took, err
	})
}

type frozen struct {
	ID         int64     `db:"id"`
	ControlRef int64     `db:"control_ref"`
	Agreement  string    `db:"agreement"`
	Authority  string    `db:"authority"`
	ExecutesOn time.Time `db:"executes_on"`
	PreparedAt time.Time `db:"prepared_at"`
	Messages   int       `db:"messages"`
	Payments   int       `db:"payments"`
	Ore        int64     `db:"ore"`
}

// renderPage is how many orders are in memory at a time.
const renderPage = 2000

func (s *Store) render(ctx context.Context, x *session, bank Bank, f frozen) error {
	doc, err := s.newDocument(ctx, x)
	if err != nil {
		return err
	}
	w, err := bank.Codec.Begin(doc, gateway.Interchange{ControlRef: controlRef(f.ControlRef), Agreement: f.Agreement,
		Authority: f.Authority, ExecutesOn: gateway.DateOf(f.ExecutesOn), Prepared: f.PreparedAt.In(s.Location)})
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `DECLARE orders NO SCROLL CURSOR FOR
		SELECT o.message_no, o.lin, o.seq, o.ore, o.type, o.account_kind, o.account, o.bic, o.bank_code, o.transfer_currency,
			r.number AS reference, p.e2e, p.statement_text, p.detail, o.beneficiary
		FROM bank_order o JOIN payment p ON p.month = o.month AND p.id = o.payment_id
		JOIN bank_reference r ON r.delivery_id = o.payment_id >> 24 AND r.attempt = o.attempt
		WHERE o.interchange_id = $1 ORDER BY o.message_no, o.lin, o.seq`, f.ID)
	if err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	r := &rendering{w: w, x: x, interchange: f}
	for {
		var page []orderRow
		if err := x.SelectContext(ctx, &page, fmt.Sprintf(`FETCH %d FROM orders`, renderPage)); err != nil {
			return fmt.Errorf("orders: %w", err)
		}
		for i := range page {
			if err := r.order(ctx, &page[i]); err != nil {
				return err
			}
		}
		if len(page) < renderPage {
			break
		}
	}
	if err := w.End(gateway.Totals{Messages: f.Messages, Payments: f.Payments, Ore: f.Ore}); err != nil {
		return err
	}
	if _, err := doc.finish(ctx, x); err != nil {
		return err
	}
	if _, err := x.ExecContext(ctx, `CLOSE orders`); err != nil {
		return err
	}
	if err := recordChanges(ctx, x, f.ID, w.Changes()); err != nil {
		return err
	}
	return x.touch(ctx, `UPDATE interchange SET state = 'rendered', document_id = $2 WHERE id = $1 AND state = 'frozen'`, f.ID, doc.id)
}

// recordChanges keeps what went to the bank otherwise than it came: somebody will ask why a name is written so.
func recordChanges(ctx context.Context, x *session, interchange int64, changes []gateway.TextChange) error {
	if len(changes) == 0 {
		return nil
	}
	var rows []byte
	for _, c := range changes {
		rows = strconv.AppendInt(rows, interchange, 10)
		for _, n := range []int{c.Message, c.Line, c.Seq} {
			rows = number(rows, int64(n))
		}
		rows = append(optional(optional(rows, c.Field), c.What), '\n')
	}
	_, err := x.copyIn(ctx, `COPY text_change (interchange_id, message_no, lin, seq, field, what) FROM STDIN`, bytes.NewReader(rows))
	if err != nil {
		return fmt.Errorf("text changes: %w", err)
	}
	return nil
}

// rendering is one interchange on its way through the codec.
type rendering struct {
	w           gateway.OrderWriter
	x           *session
	interchange frozen
	message     int
	lines       []lineRow // of the present message
	line        int
}

type lineRow struct {
	Lin      int            `db:"lin"`
	Debit    string         `db:"debit_account"`
	Type     int16          `db:"type"`
	Currency sql.NullString `db:"transfer_currency"`
	Payments int            `db:"payments"`
	Ore      int64          `db:"ore"`
}

// line is what the codec is told of a LIN.
func (l lineRow) line(control int64, message int) gateway.Line {
	return gateway.Line{No: l.Lin, DebitAccount: l.Debit, Type: gateway.PaymentType(l.Type), TransferCurrency: l.Currency.String,
		GroupRef: fmt.Sprintf("%s-%d-%d", controlRef(control), message, l.Lin), Orders: l.Payments, Ore: l.Ore}
}

type orderRow struct {
	Message     int            `db:"message_no"`
	Lin         int            `db:"lin"`
	Seq         int            `db:"seq"`
	Ore         int64          `db:"ore"`
	Type        int16          `db:"type"`
	AccountKind int16          `db:"account_kind"`
	Account     string         `db:"account"`
	BIC         sql.NullString `db:"bic"`
	BankCode    sql.NullString `db:"bank_code"`
	Currency    sql.NullString `db:"transfer_currency"`
	Reference   int64          `db:"reference"`
	E2E         string         `db:"e2e"`
	Text        sql.NullString `db:"statement_text"`
	Detail      sql.NullString `db:"detail"`
	Beneficiary sql.NullString `db:"beneficiary"`
}

func (r *rendering) order(ctx context.Context, o *orderRow) error {
	if o.Message != r.message {
		if err := r.beginMessage(ctx, o.Message); err != nil {
			return err
		}
	}
	if o.Lin != r.line {
		if o.Lin < 1 || o.Lin > len(r.lines) {
			return fmt.Errorf("message %d has no LIN %d", o.Message, o.Lin)
		}
		l := r.lines[o.Lin-1]
		if err := r.w.Line(l.line(r.interchange.ControlRef, o.Message)); err != nil {
			return err
		}
		r.line = o.Lin
	}
	order, err := o.order()
	if err != nil {
		return fmt.Errorf("message %d LIN %d SEQ %d: %w", o.Message, o.Lin, o.Seq, err)
	}
	return r.w.Order(&order)
}

func (r *rendering) beginMessage(ctx context.Context, no int) error {
	var ref string
	err := r.x.QueryRowContext(ctx, `SELECT ref FROM message WHERE interchange_id = $1 AND no = $2`, r.interchange.ID, no).Scan(&ref)
	if err != nil {
		return fmt.Errorf("message %d: %w", no, err)
	}
	r.lines = r.lines[:0]
	err = r.x.SelectContext(ctx, &r.lines, `SELECT lin, debit_account, type, transfer_currency, payments, ore FROM order_line
		WHERE interchange_id = $1 AND message_no = $2 ORDER BY lin`, r.interchange.ID, no)
	if err != nil {
		return fmt.Errorf("message %d: %w", no, err)
	}
	r.message, r.line = no, 0
	return r.w.Message(no, ref)
}

func (o *orderRow) order() (gateway.Order, error) {
	order := gateway.Order{Seq: o.Seq, Reference: bankReference(o.Reference, o.E2E), Ore: o.Ore, TransferCurrency: o.Currency.String,
		Type: gateway.PaymentType(o.Type), Text: o.Text.String,
		Account: gateway.Account{Kind: gateway.AccountKind(o.AccountKind), Number: o.Account, BIC: o.BIC.String, BankCode: o.BankCode.String}}
	return order, addDetails(&order, o.Detail.String, o.Beneficiary.String)
}

// addDetails puts the payment's own detail and what was frozen of the beneficiary together: the latter counts.
func addDetails(order *gateway.Order, detail, beneficiary string) error {
	for _, stored := range []string{detail, beneficiary} {
		if stored == "" {
			continue
		}
		if err := json.Unmarshal([]byte(stored), &order.Detail); err != nil {
			return fmt.Errorf("detail: %w", err)
		}
	}
	return nil
}
