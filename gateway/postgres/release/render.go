package release

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
)

// NextToRender writes the bank's next frozen interchange and stores its bytes. Whoever renders it, and how often, the
// bytes are the same: they depend on nothing but what was frozen. It reports whether there was one.
func (s *Store) NextToRender(ctx context.Context, bankID string) (bool, error) {
	return s.SkipFailing(ctx, gateway.InterchangeFails, func(over []int64) (took []int64, err error) {
		err = s.Transact(ctx, "render", func(x *postgres.Session) error {
			var f frozen
			err := x.GetContext(ctx, &f, `SELECT id, control_ref, agreement, authority, executes_on, prepared_at, month, messages, payments, ore, bank_version, signed_by
				FROM interchange WHERE bank = $1 AND state = 'frozen' AND id <> ALL ($2::bigint[])
				ORDER BY control_ref LIMIT 1 FOR UPDATE SKIP LOCKED`, bankID, over)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			took = []int64{f.ID}
			banks, err := s.Banks.Known(ctx, x)
			if err != nil {
				return err
			}
			bank, err := banks.ByVersion(bankID, f.BankVersion)
			if err != nil {
				return fmt.Errorf("interchange %d: %w", f.ID, err)
			}
			if err := s.render(ctx, x, bank, f); err != nil {
				return fmt.Errorf("interchange %d: %w", f.ID, err)
			}
			return s.CloseMended(ctx, x, gateway.InterchangeFails, f.ID)
		})
		return took, err
	})
}

type frozen struct {
	ID         int64                 `db:"id"`
	ControlRef gateway.ControlNumber `db:"control_ref"`
	Agreement  string                `db:"agreement"`
	Authority  string                `db:"authority"`
	ExecutesOn time.Time             `db:"executes_on"`
	PreparedAt time.Time             `db:"prepared_at"`
	Month      time.Time             `db:"month"`
	Messages   int                   `db:"messages"`
	Payments   int                   `db:"payments"`
	Ore        int64                 `db:"ore"`
	// BankVersion is of the profile that it was frozen by: one that came later gives other bytes.
	BankVersion int64 `db:"bank_version"`
	// SignedBy is the key that it was frozen to be signed with: another gives other bytes, too.
	SignedBy []byte `db:"signed_by"`
}

// errOtherKey means that what was frozen cannot be written as it was frozen: the key that signs it is not at hand.
var errOtherKey = errors.New("it was frozen to be signed with another key than this node has; put that key back in its place")

// sameKey refuses to sign with another key than an interchange was frozen with.
func sameKey(bank gateway.BankCentre, f frozen) error {
	signature, err := bank.Codec.Signature()
	if err == nil && !bytes.Equal(signature.Key, f.SignedBy) {
		err = fmt.Errorf("%w: frozen with %s, here is %s", errOtherKey, keyName(f.SignedBy), keyName(signature.Key))
	}
	return err
}

// keyName names a key by the beginning of its fingerprint.
func keyName(fingerprint []byte) string {
	if len(fingerprint) == 0 {
		return "none"
	}
	return fmt.Sprintf("%x", fingerprint[:min(8, len(fingerprint))])
}

// renderPage is how many orders are in memory at a time.
const renderPage = 2000

func (s *Store) render(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, f frozen) error {
	if err := sameKey(bank, f); err != nil {
		return err
	}
	doc, err := s.NewDocument(ctx, x)
	if err != nil {
		return err
	}
	w, err := bank.Codec.Begin(doc, gateway.Interchange{ControlRef: f.ControlRef.String(), Agreement: f.Agreement,
		Authority: f.Authority, ExecutesOn: gateway.DateOf(f.ExecutesOn), Prepared: f.PreparedAt.In(s.Location)})
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `DECLARE orders NO SCROLL CURSOR FOR
		SELECT o.message_no, o.lin, o.seq, o.ore, o.type, o.account_kind, o.account, o.bic, o.bank_code, o.transfer_currency,
			r.head AS reference, p.e2e, p.statement_text, coalesce(p.debit_text, g.debit_text) AS debit_text, p.detail, o.beneficiary
		FROM bank_order o JOIN delivery d ON d.id = delivery_of(o.payment_id) JOIN payment p ON p.month = d.month AND p.id = o.payment_id
		JOIN release_group g ON g.id = p.group_id
		JOIN bank_reference r ON r.delivery_id = delivery_of(o.payment_id) AND r.attempt = o.attempt
		WHERE o.month = $2 AND o.interchange_id = $1 ORDER BY o.message_no, o.lin, o.seq`, f.ID, f.Month)
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
	sum, err := doc.Finish(ctx, x)
	if err != nil {
		return err
	}
	if _, err := x.ExecContext(ctx, `CLOSE orders`); err != nil {
		return err
	}
	if err := recordChanges(ctx, x, f.ID, w.Changes()); err != nil {
		return err
	}
	if err := s.auditSums(ctx, x, f.ID, sum); err != nil {
		return err
	}
	x.Wakes(postgres.ToSend(bank.ID))
	return x.UpdateOne(ctx, `UPDATE interchange SET state = 'rendered', document_id = $2 WHERE id = $1 AND state = 'frozen'`, f.ID, doc.ID())
}

// recordChanges keeps what went to the bank otherwise than it came: somebody will ask why a name is written so.
func recordChanges(ctx context.Context, x *postgres.Session, interchange int64, changes []gateway.TextChange) error {
	if len(changes) == 0 {
		return nil
	}
	rows := pgcopy.New(changeTable())
	for _, c := range changes {
		rows.Int8("interchange_id", interchange)
		rows.Int4("message_no", int32(c.Message))
		rows.Int4("lin", int32(c.Line))
		rows.Int4("seq", int32(c.Seq))
		rows.Text("field", c.Field)
		rows.Text("what", c.What)
		rows.End()
	}
	all, err := rows.Take()
	if err == nil {
		_, err = x.CopyIn(ctx, changeTable().Statement(), bytes.NewReader(all))
	}
	if err != nil {
		return fmt.Errorf("text changes: %w", err)
	}
	return nil
}

// rendering is one interchange on its way through the codec.
type rendering struct {
	w           gateway.OrderWriter
	x           *postgres.Session
	interchange frozen
	message     int
	lines       []lineRow // of the present message
	line        int
	last        gateway.Order // that the codec was given
}

type lineRow struct {
	Lin      int            `db:"lin"`
	Debit    string         `db:"debit_account"`
	Type     int16          `db:"type"`
	Currency sql.NullString `db:"transfer_currency"`
	Payments int            `db:"payments"`
	Ore      int64          `db:"ore"`
	// PaymentOre is what its orders' payments are, where the orders are of parts of them; else 0.
	PaymentOre int64
	Attempt    int16 `db:"attempt"` // of its orders
}

// line is what the codec is told of a LIN.
func (l lineRow) line(control gateway.ControlNumber, message int, debitText string) gateway.Line {
	return gateway.Line{No: l.Lin, DebitAccount: l.Debit, Type: gateway.PaymentType(l.Type), TransferCurrency: l.Currency.String,
		GroupRef: gateway.LineRef{Control: control, No: message, LineNo: l.Lin}.String(), Orders: l.Payments, Ore: l.Ore, DebitText: debitText}
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
	Reference   string         `db:"reference"`
	E2E         string         `db:"e2e"`
	Text        sql.NullString `db:"statement_text"`
	DebitText   sql.NullString `db:"debit_text"`
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
		if err := r.w.Line(l.line(r.interchange.ControlRef, o.Message, o.DebitText.String)); err != nil {
			return err
		}
		r.line = o.Lin
	}
	frozen := o.frozen()
	if err := frozen.tell(&r.last); err != nil {
		return fmt.Errorf("message %d LIN %d SEQ %d: %w", o.Message, o.Lin, o.Seq, err)
	}
	return r.w.Order(&r.last)
}

func (r *rendering) beginMessage(ctx context.Context, no int) error {
	var ref string
	err := r.x.QueryRowContext(ctx, `SELECT ref FROM message WHERE interchange_id = $1 AND no = $2`, r.interchange.ID, no).Scan(&ref)
	if err != nil {
		return fmt.Errorf("message %d: %w", no, err)
	}
	r.lines = r.lines[:0]
	err = r.x.SelectContext(ctx, &r.lines, `SELECT lin, debit_account, type, transfer_currency, payments, ore, attempt FROM order_line
		WHERE interchange_id = $1 AND message_no = $2 ORDER BY lin`, r.interchange.ID, no)
	if err != nil {
		return fmt.Errorf("message %d: %w", no, err)
	}
	r.message, r.line = no, 0
	return r.w.Message(no, ref)
}

func (o *orderRow) frozen() frozenOrder {
	return frozenOrder{seq: o.Seq, reference: o.Reference, e2e: o.E2E, ore: o.Ore, currency: o.Currency.String, typ: o.Type, kind: o.AccountKind,
		account: o.Account, bic: o.BIC.String, bankCode: o.BankCode.String, text: o.Text.String, debitText: o.DebitText.String, detail: o.Detail.String,
		beneficiary: o.Beneficiary.String}
}
