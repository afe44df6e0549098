package view

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/audit"
	"nks/gateway"
)

// Payment is a payment with everything that happened to it. Times are nil until it has come so far. Texts of others
// have citizens' numbers masked, and accounts that must not be seen yet.
type Payment struct {
	ID          int64     `db:"id"`
	Ore         int64     `db:"ore"`
	E2E         string    `db:"e2e"`
	Authority   string    `db:"authority"`
	BenefitType string    `db:"benefit_type"`
	Text        string    `db:"statement_text"` // on the statement; may be empty
	State       State     `db:"-"`
	Recipient   string    `db:"-"` // kind and number, a citizen's masked; empty: named by the account alone
	Decision    *Decision `db:"-"` // nil: the payment names its account, or was not accepted
	Account     string    `db:"-"` // its tail masked until the bank has the payment, and that of a NemKonto always; empty: found at release
	Masked      bool      `db:"-"` // the account's tail is

	Delivery      int64      `db:"delivery_id"`
	Door          string     `db:"door"`
	Supplier      string     `db:"supplier"`
	GroupRef      string     `db:"group_ref"` // the bundle's GrpId
	DeliveryState string     `db:"delivery_state"`
	ReceivedAt    time.Time  `db:"received_at"`
	ReadAt        *time.Time `db:"read_at"`
	CheckedAt     *time.Time `db:"checked_at"`

	Agreement  string     `db:"agreement"`
	GroupState string     `db:"group_state"`
	ReleaseAt  *time.Time `db:"release_at"`
	ReleasedAt *time.Time `db:"released_at"`
	ExecutesOn *time.Time `db:"executes_on"` // a day

	SetOffs []SetOff `db:"-"` // what was taken of it for claims, or that it is what was taken

	Early       Event       `db:"-"` // the last fact before it became an order, where it did not: rejected, not payable, stopped or held
	Order       Order       `db:"order"`
	Interchange Interchange `db:"interchange"` // without ID: it is in none
	ValidatedAt *time.Time  `db:"validated_at"`
	BankStatus  Event       `db:"-"` // the last status of it by the bank, or else of its whole line

	Changes []Change `db:"-"` // of the account, by which an order was found, the first first

	Answers   []Answer  `db:"-"`
	Recalls   []Recall  `db:"-"`
	Inquiries []Inquiry `db:"-"`
	Papers    []Paper   `db:"-"`
}

// Event is something that happened to a payment; without Kind nothing did.
type Event struct {
	Kind string     `db:"kind"`
	Code string     `db:"code"`
	Text string     `db:"text"`
	At   *time.Time `db:"at"`
}

// Change is a change of the account after an order to the old one, and what was done about it. // B25.2
type Change struct {
	Attempt    int                `db:"attempt"` // the how manyth order
	EffectOn   time.Time          `db:"effect_on"`
	ExecutesOn time.Time          `db:"executes_on"`
	Wanted     gateway.WithEffect `db:"wanted"`
	Done       gateway.EffectDone `db:"done"`
	FoundAt    time.Time          `db:"found_at"`
}

// Order is what a bank is told to do, and where it stands in the interchange.
type Order struct {
	Rule       int    `db:"rule"`    // by which the account was chosen
	Version    int64  `db:"version"` // of the register's account; 0: none
	Type       int    `db:"type"`    // as gateway.PaymentType
	MessageRef string `db:"message_ref"`
	Message    int    `db:"message_no"`
	Line       int    `db:"lin"`
	Seq        int    `db:"seq"`
}

// paymentRow is a payment with what must not leave as it is.
type paymentRow struct {
	Payment
	HolderKind          gateway.HolderKind `db:"holder_kind"`
	Holder              int64              `db:"holder"`
	NamedAccount        string             `db:"named_account"` // in the payment itself
	OrderAccount        *string            `db:"order_account"`
	Reference           string             `db:"reference"`
	Document            int64              `db:"document_id"`
	InterchangeDocument int64              `db:"interchange_document"`
	Line                Event              `db:"line"`
	Fact                Event              `db:"fact"` // the last about the payment by itself
	FactAttempt         int                `db:"fact_attempt"`
}

//go:embed payment.sql
var paymentQuery string

// Payment reads one payment of the viewer's; now is when one that waits would be decided. It is ErrOperations for operations, and gateway.ErrNotFound when there is
// none that the viewer may see.
func (r *Reader) Payment(ctx context.Context, v Viewer, id int64, now time.Time) (*Payment, error) {
	return r.payment(ctx, v, id, now, r.papers)
}

// PaymentWithoutPapers is Payment without its documents, which take time to search.
func (r *Reader) PaymentWithoutPapers(ctx context.Context, v Viewer, id int64, now time.Time) (*Payment, error) {
	return r.payment(ctx, v, id, now, func(context.Context, *sqlx.Tx, *paymentRow) ([]Paper, error) { return nil, nil })
}

func (r *Reader) payment(ctx context.Context, v Viewer, id int64, now time.Time,
	papers func(context.Context, *sqlx.Tx, *paymentRow) ([]Paper, error)) (*Payment, error) {
	if v.Operations() {
		return nil, ErrOperations
	}
	p := &paymentRow{}
	err := r.look(ctx, v, func(tx *sqlx.Tx) error {
		if err := p.read(ctx, tx, id); err != nil {
			return err
		}
		p.settle()
		err := p.decide(ctx, tx, now)
		if err == nil {
			err = p.recalls(ctx, tx)
		}
		if err == nil {
			err = p.inquiries(ctx, tx)
		}
		if err != nil {
			return err
		}
		p.Papers, err = papers(ctx, tx, p)
		return err
	})
	if err == nil {
		err = r.looked(ctx, audit.PaymentLook, paymentLook{By: v.who(), Authority: v.Authority, Payment: id})
	}
	if err != nil {
		return nil, fmt.Errorf("payment %d: %w", id, err)
	}
	p.maskTexts()
	return &p.Payment, nil
}

func (p *paymentRow) read(ctx context.Context, tx *sqlx.Tx, id int64) error {
	var month time.Time
	delivery := gateway.DeliveryOf(id)
	err := tx.GetContext(ctx, &month, `SELECT month FROM delivery WHERE id = $1`, delivery)
	var ordered sql.NullTime
	if err == nil {
		err = tx.GetContext(ctx, &ordered, `SELECT coalesce(s.order_month, g.order_month) FROM payment p JOIN release_group g ON g.id = p.group_id
			LEFT JOIN standing s ON s.month = $1 AND s.payment_id = p.id WHERE p.month = $1 AND p.id = $2`, month, id)
	}
	if err == nil {
		err = tx.GetContext(ctx, p, paymentQuery, delivery, id, month, ordered)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrNotFound
	}
	if err != nil {
		return err
	}
	if p.SetOffs, err = setOffsOf(ctx, tx, id); err != nil {
		return err
	}
	if err := tx.SelectContext(ctx, &p.Changes, `SELECT attempt, effect_on, executes_on, wanted, done, found_at FROM effect_finding WHERE payment_id = $1 ORDER BY id LIMIT 20`, id); err != nil {
		return fmt.Errorf("changes of the account: %w", err)
	}
	p.Answers, err = answersOf(ctx, tx, `
			SELECT answer_id FROM answer_key WHERE kind IN (0, 1, 2) AND delivery_id = $1
			UNION SELECT answer_id FROM answer_due WHERE kind IN (5, 7, 8, 9) AND delivery_id = $1 AND payment_id = $2
			UNION SELECT answer_id FROM answer_due WHERE kind = 8 AND delivery_id = $1 AND payment_id = 0 AND attempt = 0
				AND interchange_id = $3 AND message_no = $4 AND lin = $5
			ORDER BY 1 LIMIT 20`, delivery, id, p.Interchange.ID, p.Order.Message, p.Order.Line)
	if err != nil {
		return fmt.Errorf("answers: %w", err)
	}
	return nil
}

func (p *paymentRow) holder() gateway.Holder { return gateway.HolderOf(p.HolderKind, p.Holder) }

// withBank reports whether the bank has the order.
func (p *paymentRow) withBank() bool { return p.Interchange.SentAt != nil }

// settle works out what follows from the row.
func (p *paymentRow) settle() {
	p.State = gateway.StateOf(p.facts())
	p.BankStatus = p.Line
	switch kind := gateway.FactKind(p.Fact.Kind); {
	case p.Order.Type == 0:
		p.Early = p.Fact
	case p.FactAttempt > 0 && kind != "" && kind != gateway.FactDisputeSettled:
		p.BankStatus = p.Fact
	}
	if h := p.holder(); h.Kind != gateway.NoHolder {
		p.Recipient = h.Masked()
		if h.Kind == gateway.CPR {
			p.Recipient = "CPR " + p.Recipient
		}
	}
	account := p.NamedAccount
	if p.OrderAccount != nil {
		account = *p.OrderAccount
	}
	p.Account = account
	if p.Masked = account != "" && p.hides(); p.Masked {
		p.Account = gateway.Account{Number: account}.MaskedNumber()
	}
}

func (p *paymentRow) facts() gateway.PaymentFacts {
	return gateway.PaymentFacts{Last: gateway.FactKind(p.Fact.Kind), Group: gateway.GroupState(p.GroupState), Order: gateway.PaymentType(p.Order.Type),
		Line: gateway.LineState(p.Line.Kind), Interchange: gateway.InterchangeState(p.Interchange.State)}
}

// masker hides in texts about the payment what must not be seen.
func (p *paymentRow) masker() masker {
	m := masker{holder: p.holder(), hidden: p.hidden()}
	if h := p.holder(); h.Kind == gateway.PNR {
		m.ours = []string{h.ID} // names a place of work
	}
	return m
}

// hides reports whether the end of the account must not be seen: of a NemKonto never, of any other until the bank has the payment. // B19.1
func (p *paymentRow) hides() bool {
	return gateway.AccountRule(p.Order.Rule).IsNemKonto() || !p.withBank()
}

// hidden are accounts that must not be seen, in every way in which documents write them.
func (p *paymentRow) hidden() []string {
	if !p.hides() {
		return nil
	}
	accounts := []string{p.NamedAccount}
	if p.OrderAccount != nil {
		accounts = append(accounts, *p.OrderAccount)
	}
	var list []string
	for _, a := range accounts {
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

// maskTexts comes last: what the documents are searched by is not what is shown.
func (p *paymentRow) maskTexts() {
	m := p.masker()
	for _, text := range []*string{&p.E2E, &p.Text, &p.GroupRef, &p.Early.Text, &p.BankStatus.Text} {
		*text = m.mask(*text)
	}
	for i := range p.Recalls {
		p.Recalls[i].Text = m.mask(p.Recalls[i].Text)
	}
	for i := range p.Inquiries {
		p.Inquiries[i].Answer = m.mask(p.Inquiries[i].Answer)
	}
}
