package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// paymentRow is a payment with everything that happened to it, as the tables have it.
type paymentRow struct {
	ID          int64          `db:"id"`
	Ore         int64          `db:"ore"`
	E2E         string         `db:"e2e"`
	Authority   string         `db:"authority"`
	BenefitType string         `db:"benefit_type"`
	Complete    bool           `db:"complete"`
	HolderKind  sql.NullInt16  `db:"holder_kind"`
	Holder      sql.NullInt64  `db:"holder"`
	Text        sql.NullString `db:"statement_text"`
	Named       sql.NullString `db:"named"`

	Delivery      int64        `db:"delivery_id"`
	Door          string       `db:"door"`
	Supplier      string       `db:"supplier"`
	GroupRef      string       `db:"group_ref"`
	DeliveryState string       `db:"delivery_state"`
	ReceivedAt    time.Time    `db:"received_at"`
	ReadAt        sql.NullTime `db:"read_at"`
	CheckedAt     sql.NullTime `db:"checked_at"`
	Document      int64        `db:"document_id"`

	Agreement  string         `db:"agreement"`
	Debit      string         `db:"debit_account"`
	GroupState string         `db:"group_state"`
	Bank       sql.NullString `db:"bank_centre"`
	ReleaseAt  sql.NullTime   `db:"release_at"`
	ReleasedAt sql.NullTime   `db:"released_at"`
	ExecutesOn sql.NullTime   `db:"executes_on"`

	EarlyKind sql.NullString `db:"early_kind"`
	EarlyCode sql.NullString `db:"early_code"`
	EarlyText sql.NullString `db:"early_text"`
	EarlyAt   sql.NullTime   `db:"early_at"`

	Rule        sql.NullInt16  `db:"rule"`
	OrderType   sql.NullInt16  `db:"order_type"`
	Account     sql.NullString `db:"account"`
	AccountKind sql.NullInt16  `db:"account_kind"`
	Message     sql.NullInt64  `db:"message_no"`
	Line        sql.NullInt64  `db:"lin"`
	Seq         sql.NullInt64  `db:"seq"`
	MessageRef  sql.NullString `db:"message_ref"`
	Reference   sql.NullInt64  `db:"reference"`

	Interchange      sql.NullInt64  `db:"interchange_id"`
	ControlRef       sql.NullInt64  `db:"control_ref"`
	FileName         sql.NullString `db:"file_name"`
	InterchangeState sql.NullString `db:"interchange_state"`
	InterchangeBank  sql.NullString `db:"interchange_bank"`
	InterchangeDoc   sql.NullInt64  `db:"interchange_document"`
	InterchangeOn    sql.NullTime   `db:"interchange_on"`
	PreparedAt       sql.NullTime   `db:"prepared_at"`
	SentAt           sql.NullTime   `db:"sent_at"`
	Contrl           sql.NullString `db:"contrl"`
	ContrlAt         sql.NullTime   `db:"contrl_at"`

	LineState   sql.NullString `db:"line_state"`
	LineCode    sql.NullString `db:"line_code"`
	LineText    sql.NullString `db:"line_text"`
	LineAt      sql.NullTime   `db:"line_at"`
	ValidatedAt sql.NullTime   `db:"validated_at"`

	EventKind sql.NullString `db:"event_kind"`
	EventCode sql.NullString `db:"event_code"`
	EventText sql.NullString `db:"event_text"`
	EventAt   sql.NullTime   `db:"event_at"`
}

// paymentQuery finds a payment by its number alone: the number carries the delivery, and that the month. Each part is
// looked up by a whole key.
const paymentQuery = `SELECT p.id, p.ore, p.e2e, p.authority, p.benefit_type, p.complete, p.holder_kind, p.holder, p.statement_text, p.account AS named,
		d.id AS delivery_id, d.door, d.supplier, coalesce(d.group_ref, '') AS group_ref, d.state AS delivery_state, d.received_at, d.read_at, d.checked_at,
		d.document_id,
		g.agreement, g.debit_account, g.state AS group_state, g.bank_centre, g.release_at, g.released_at, g.executes_on,
		e0.kind AS early_kind, e0.code AS early_code, e0.text AS early_text, e0.at AS early_at,
		o.rule, o.type AS order_type, o.account, o.account_kind, o.message_no, o.lin, o.seq, m.ref AS message_ref, r.number AS reference,
		i.id AS interchange_id, i.control_ref, i.file_name, i.state AS interchange_state, i.bank AS interchange_bank,
		i.document_id AS interchange_document, i.executes_on AS interchange_on, i.prepared_at, i.sent_at, i.contrl, i.contrl_at,
		l.state AS line_state, l.code AS line_code, l.text AS line_text, l.changed_at AS line_at, l.validated_at,
		e1.kind AS event_kind, e1.code AS event_code, e1.text AS event_text, e1.at AS event_at
	FROM delivery d
	JOIN payment p ON p.month = d.month AND p.id = $2
	JOIN release_group g ON g.id = p.group_id
	LEFT JOIN payment_event e0 ON e0.month = d.month AND e0.payment_id = $2 AND e0.attempt = 0
	LEFT JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = d.month AND b.payment_id = $2 ORDER BY b.attempt DESC LIMIT 1) o ON true
	LEFT JOIN payment_event e1 ON e1.month = d.month AND e1.payment_id = $2 AND e1.attempt = o.attempt
	LEFT JOIN bank_reference r ON r.delivery_id = d.id AND r.attempt = o.attempt
	LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
	LEFT JOIN message m ON m.interchange_id = o.interchange_id AND m.no = o.message_no
	LEFT JOIN interchange i ON i.id = o.interchange_id
	WHERE d.id = $1 AND d.month = $3`

// paymentView is a payment's page.
type paymentView struct {
	paymentRow
	State     string // of the ledger
	Recipient string
	AccountNo string // its tail masked until the bank has it
	Masked    bool
	Hops      []hop
	Journey   []station
	Documents []paper
}

// paper is a raw document, or the payment's part of one.
type paper struct {
	Key     string // of its name
	Of      string // which one, where there are several
	At      time.Time
	Excerpt *excerpt
}

func (s *Console) paymentPage(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	if who.Operations() {
		return errPolite
	}
	v := &paymentView{}
	err = s.look(ctx, who, func(tx *sqlx.Tx) error { return s.readPayment(ctx, tx, v, id, languageOf(r)) })
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "payment", "payment.title", 0, v)
}

func (s *Console) readPayment(ctx context.Context, tx *sqlx.Tx, v *paymentView, id int64, l Language) error {
	var month time.Time
	delivery := gateway.DeliveryOf(id)
	err := tx.GetContext(ctx, &month, `SELECT month FROM delivery WHERE id = $1`, delivery)
	if err == nil {
		// The month as a constant: only its partition is then looked at.
		err = tx.GetContext(ctx, &v.paymentRow, paymentQuery, delivery, id, month)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("payment %d: %w", id, err)
	}
	var answers []answerRow
	err = tx.SelectContext(ctx, &answers, `SELECT `+answerColumns+` FROM answer WHERE delivery_id = $1 AND (kind IN (0, 1, 2) OR id IN (
			SELECT answer_id FROM answer_due WHERE kind IN (5, 7, 9) AND delivery_id = $1 AND payment_id = $2
			UNION SELECT answer_id FROM answer_due WHERE kind = 8 AND delivery_id = $1 AND payment_id = 0 AND attempt = 0
				AND interchange_id = $3 AND message_no = $4 AND lin = $5)) ORDER BY id LIMIT 20`,
		delivery, id, v.Interchange, v.Message, v.Line)
	if err != nil {
		return fmt.Errorf("payment %d: answers: %w", id, err)
	}
	v.settle()
	v.tell(l, answers)
	if v.Documents, err = s.papers(ctx, tx, v, answers); err != nil {
		return err
	}
	// What the documents were searched by is not what is shown.
	v.E2E, v.Text.String = mask(v.E2E, v.holder()), mask(v.Text.String, v.holder())
	return nil
}

func (v *paymentView) holder() gateway.Holder { return holderOf(v.HolderKind, v.Holder) }

// withBank tells whether the bank has the order.
func (v *paymentView) withBank() bool { return v.SentAt.Valid }

// settle works out what follows from the row.
func (v *paymentView) settle() {
	v.State = v.state()
	if h := v.holder(); h.Kind != gateway.NoHolder {
		v.Recipient = h.Masked()
		if h.Kind == gateway.CPR {
			v.Recipient = "CPR " + v.Recipient
		}
	}
	account := v.Named.String
	if v.Account.Valid {
		account = v.Account.String
	}
	v.AccountNo = account
	if v.Masked = account != "" && !v.withBank(); v.Masked {
		v.AccountNo = gateway.Account{Number: account}.MaskedNumber()
	}
}

// state is where the payment is, as the ledger has it.
func (v *paymentView) state() string {
	executed := stateExecuted
	if gateway.PaymentType(v.OrderType.Int16) == gateway.Cheque {
		executed = stateCheque
	}
	switch {
	case v.EarlyKind.Valid:
		return v.EarlyKind.String
	case !v.Interchange.Valid && v.GroupState == "unchecked":
		return stateUnread
	case !v.Interchange.Valid:
		return stateWaiting
	case v.EventKind.String == "bank_rejected", !v.EventKind.Valid && v.LineState.String == "rejected":
		return stateReturned
	case v.EventKind.String == "executed", v.LineState.String == "executed":
		return executed
	case v.InterchangeState.String == "unknown":
		return stateUnknown
	case v.LineState.String == "frozen":
		return stateFrozen
	}
	return stateWithBank
}

// hidden are accounts that must not be seen yet, in every way in which documents write them.
func (v *paymentView) hidden() []string {
	if v.withBank() {
		return nil
	}
	var list []string
	for _, a := range []string{v.Named.String, v.Account.String} {
		if a == "" {
			continue
		}
		list = append(list, a)
		if len(a) == 14 {
			list = append(list, a[4:], strings.TrimLeft(a[4:], "0"))
		}
	}
	return list
}

// partOf shows what a document says of the payment.
type partOf func(key, of string, at time.Time, document int64, find func(io.Reader) (*excerpt, error)) paper

// papers gathers the payment's part of every raw document that tells of it.
func (s *Console) papers(ctx context.Context, tx *sqlx.Tx, v *paymentView, answers []answerRow) ([]paper, error) {
	part := func(key, of string, at time.Time, document int64, find func(io.Reader) (*excerpt, error)) paper {
		e := s.read(ctx, tx, document, find)
		e.Text = mask(e.Text, v.holder(), v.hidden()...)
		return paper{Key: key, Of: of, At: at, Excerpt: e}
	}
	ordinal := int(v.ID & gateway.MaxBundlePayments)
	list := []paper{part("paper.bundle", v.GroupRef, v.ReceivedAt, v.Document, func(r io.Reader) (*excerpt, error) {
		return findXML(r, xmlPart{element: "PmtTx", within: "PmtInf", ordinal: ordinal, holds: "EndToEndId", text: v.E2E})
	})}
	if v.InterchangeDoc.Valid {
		at := v.place()
		list = append(list, part("paper.paymul", v.FileName.String, v.PreparedAt.Time, v.InterchangeDoc.Int64,
			func(r io.Reader) (*excerpt, error) { return findOrder(r, at) }))
		said, err := s.bankPapers(ctx, tx, v, part)
		if err != nil {
			return nil, err
		}
		list = append(list, said...)
	}
	for _, a := range answers {
		key := "answer." + strconv.Itoa(a.Kind)
		if a.Kind <= 1 {
			list = append(list, paper{Key: key, Of: a.FileName, At: a.MadeAt, Excerpt: s.head(ctx, tx, a.Document, answerBytes)})
			continue
		}
		p := part(key, a.FileName, a.MadeAt, a.Document, func(r io.Reader) (*excerpt, error) {
			return findXML(r, xmlPart{element: "OrgnlTxRefInfAndSts", holds: "EndToEndId", text: v.E2E})
		})
		if a.Kind == int(gateway.Response2) && p.Excerpt.Missing == "raw.nothing" {
			p.Excerpt.Missing = "raw.accepted"
		}
		list = append(list, p)
	}
	return list, nil
}

func (v *paymentView) place() place {
	return place{ControlRef: v.ControlRef.Int64, MessageRef: v.MessageRef.String, Message: int(v.Message.Int64), Line: int(v.Line.Int64),
		Seq: int(v.Seq.Int64), Reference: fmt.Sprintf("%08d", v.Reference.Int64) + v.E2E}
}

// mostBankFiles bounds the files of a bank that are looked through for one payment.
const mostBankFiles = 20

// bankPapers are what the bank said of the payment: the parts of those of its files that speak of nobody else.
func (s *Console) bankPapers(ctx context.Context, tx *sqlx.Tx, v *paymentView, part partOf) ([]paper, error) {
	var said []struct {
		Name       sql.NullString `db:"name"`
		ReceivedAt sql.NullTime   `db:"received_at"`
		Document   sql.NullInt64  `db:"document_id"`
	}
	err := tx.SelectContext(ctx, &said, `SELECT f.name, f.received_at, f.document_id FROM bank_file_about a LEFT JOIN bank_file f ON f.id = a.bank_file_id
		WHERE a.interchange_id = $1 ORDER BY a.bank_file_id LIMIT $2`, v.Interchange.Int64, mostBankFiles)
	if err != nil {
		return nil, fmt.Errorf("payment %d: files of the bank: %w", v.ID, err)
	}
	at := v.place()
	var list []paper
	for _, f := range said {
		if !f.Document.Valid {
			list = append(list, paper{Key: "paper.bankfile", Excerpt: &excerpt{Missing: "raw.others"}})
			continue
		}
		list = append(list, part("paper.bankfile", f.Name.String, f.ReceivedAt.Time, f.Document.Int64, func(r io.Reader) (*excerpt, error) { return findWords(r, at) }))
	}
	return list, nil
}
