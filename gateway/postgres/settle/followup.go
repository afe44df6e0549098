package settle

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
	"nks/pgscript"
	"nks/register"
)

//go:embed sql/failed.sql
var failedSQL string

//go:embed sql/order_again.sql
var orderAgainScript string

// MostFailed bounds what one follow-up run looks at.
const MostFailed = 10_000

// Failures says which payments that failed are looked at; what is empty may be anything.
type Failures struct {
	Authority string
	Delivery  int64
	Agreement string
	Day       string // on which it became known
	Cause     string // bank_rejected, came_back or no_account
	Code      string // of the bank
}

// Failed is one payment that failed, with why it is not ordered anew.
type Failed struct {
	Payment      int64               `db:"payment_id"`
	Month        time.Time           `db:"month"`
	Delivery     int64               `db:"delivery_id"`
	PayerID      int32               `db:"payer_id"`
	Authority    string              `db:"authority"`
	BenefitType  string              `db:"benefit_type"`
	Holder       int64               `db:"holder"`
	HolderKind   gateway.HolderKind  `db:"holder_kind"`
	Ore          int64               `db:"ore"`
	AgreementID  int64               `db:"agreement_id"`
	Attempt      int16               `db:"attempt"`
	OrderOre     int64               `db:"order_ore"`
	AccountKind  gateway.AccountKind `db:"account_kind"`
	Account      string              `db:"account"`
	Debit        string              `db:"debit_account"`
	Interchange  int64               `db:"interchange_id"`
	Message      int                 `db:"message_no"`
	Line         int                 `db:"lin"`
	ByLine       bool                `db:"by_line"`
	FactN        int                 `db:"fact_n"`
	FactMonth    time.Time           `db:"fact_month"`
	KnownAt      *time.Time          `db:"known_at"`
	Code         string              `db:"code"`
	Text         string              `db:"text"`
	Position     gateway.Position    `db:"position"`
	CameBack     bool                `db:"came_back"`
	Owed         bool                `db:"owed"`
	Settling     bool                `db:"settling"`
	ByHand       bool                `db:"by_hand"`
	Debited      bool                `db:"debited"`
	SetOff       bool                `db:"set_off"`
	Recalled     bool                `db:"recalled"`
	Spent        bool                `db:"spent"`
	Contradicted bool                `db:"contradicted"`
	SentAgain    int64               `db:"sent_again"`
	Why          string              `db:"-"` // it is refused; empty: it is ordered anew
}

// Failed gives the payments that failed, with what would become of each. The lines of all banks are locked: nothing becomes known of them until
// the transaction ends.
func (s *Store) Failed(ctx context.Context, x *postgres.Session, which Failures) ([]Failed, error) {
	var banks []string
	err := x.SelectContext(ctx, &banks, `SELECT DISTINCT v.bank_centre FROM agreement_version v WHERE v.authority = $1
		UNION SELECT DISTINCT i.bank FROM interchange i JOIN agreement a ON a.id = i.agreement_id WHERE a.authority = $1 ORDER BY 1`, which.Authority)
	for i := 0; err == nil && i < len(banks); i++ {
		err = x.LockLines(ctx, banks[i])
	}
	var all []Failed
	if err == nil {
		err = x.SelectContext(ctx, &all, strings.Replace(failedSQL, "/*contradicted*/", contradicted("q.month", "q.payment_id"), 1), pgscript.Args{"authority": which.Authority, "delivery": which.Delivery, "agreement": which.Agreement, "day": which.Day,
			"cause": which.Cause, "code": which.Code, "zone": s.Location.String(), "debit_differs": string(gateway.DebitDiffers), "most": MostFailed + 1})
	}
	if err == nil && len(all) > MostFailed {
		err = fmt.Errorf("more than %d payments: %w", MostFailed, gateway.ErrIntent)
	}
	if err == nil {
		err = s.judgeFailed(ctx, x, all)
	}
	if err != nil {
		return nil, fmt.Errorf("payments that failed: %w", err)
	}
	return all, nil
}

// contradicted is whether a bank calls executed an order of a payment that it has rejected before, and nobody has decided about that yet: what
// was ordered in its place the bank had already.
func contradicted(month, payment string) string {
	return `EXISTS (SELECT FROM bank_order c JOIN interchange n ON n.id = c.interchange_id
		CROSS JOIN LATERAL concat(n.bank, ' ', n.control_ref) AS at_file CROSS JOIN LATERAL concat(at_file, ' message ', c.message_no) AS at_message
		CROSS JOIN LATERAL concat(at_message, ' LIN ', c.lin) AS at_line
		JOIN exception e ON e.closed_at IS NULL AND e.kind IN ('` + string(gateway.ExecutedAfterReject) + `', '` + string(gateway.ContrlAfterReject) + `')
			AND e.subject IN (n.id::text, at_file, at_message, at_line, at_line || ' SEQ ' || c.seq)
		WHERE c.month >= ` + month + ` AND c.payment_id = ` + payment + `)`
}

// judgeFailed asks the register for whom that decides, and says of each why it is refused.
func (s *Store) judgeFailed(ctx context.Context, x *postgres.Session, all []Failed) error {
	asked := make([]register.Asked, len(all))
	for i := range all {
		asked[i] = register.Asked{Kind: all[i].HolderKind, Number: all[i].Holder, Authority: all[i].Authority, BenefitType: all[i].BenefitType}
	}
	var found []register.Found
	err := x.Raw(func(conn *pgx.Conn) (err error) {
		found, err = register.Find(ctx, conn, asked, s.Now())
		return err
	})
	if err != nil {
		return err
	}
	for i := range all {
		f := &all[i]
		f.Why = gateway.FollowUp(gateway.Failed{Position: f.Position, Recipient: f.Holder != 0, CameBack: f.CameBack, Owed: f.Owed, Settling: f.Settling, ByHand: f.ByHand,
			SetOff: f.SetOff, Recalled: f.Recalled, Spent: f.Spent, Contradicted: f.Contradicted, Debited: f.Debited, SentAgain: f.SentAgain, Unpaid: found[i].Unpaid, Same: found[i].Account.Kind == f.AccountKind && found[i].Account.Number == f.Account})
	}
	return nil
}

// OrderAgain owes each payment that is not refused its next order, by a decision, and keeps what became of every one. Its authority is told.
func (s *Store) OrderAgain(ctx context.Context, x *postgres.Session, all []Failed, decision int64) error {
	if _, err := x.ExecContext(ctx, `CREATE TEMP TABLE again (month date, delivery_id bigint, payment_id bigint, attempt smallint, payer_id int, by_line boolean, interchange_id bigint,
			message_no int, lin int, fact_n int, fact_month date, agreement_id bigint, debit_account text, order_ore bigint, holder bigint, holder_kind smallint, why text,
			replaced boolean DEFAULT false) ON COMMIT DROP`); err != nil {
		return fmt.Errorf("temporary table: %w", err)
	}
	table := pgcopy.Table{Name: "again", Columns: []string{"month", "delivery_id", "payment_id", "attempt", "payer_id", "by_line", "interchange_id", "message_no", "lin", "fact_n",
		"fact_month", "agreement_id", "debit_account", "order_ore", "holder", "holder_kind", "why"}}
	rows := pgcopy.New(table)
	for i := range all {
		all[i].write(rows)
	}
	b, err := rows.Take()
	if err == nil {
		_, err = x.CopyIn(ctx, table.Statement(), bytes.NewReader(b))
	}
	now := s.Now()
	if err == nil {
		err = pgscript.Run(ctx, x, orderAgainScript, pgscript.Args{"decision": decision, "now": now, "today": gateway.DateOf(now.In(s.Location)).String(),
			"choice": string(gateway.FollowUpChoice().Does), "text": gateway.TextToAccount, "response8": int(gateway.Response8), "response9": int(gateway.Response9),
			"rejected": gateway.StatusRejected, "rejectcode": string(gateway.CodeBankReject)})
	}
	if err != nil {
		return fmt.Errorf("order anew: %w", err)
	}
	x.Wakes(postgres.ToRelease, postgres.ToAnswer)
	return nil
}

func (f *Failed) write(to *pgcopy.Rows) {
	to.Day("month", f.Month)
	to.Int8("delivery_id", f.Delivery)
	to.Int8("payment_id", f.Payment)
	to.Int2("attempt", f.Attempt)
	to.Int4("payer_id", f.PayerID)
	to.Bool("by_line", f.ByLine)
	to.Int8("interchange_id", f.Interchange)
	to.Int4("message_no", int32(f.Message))
	to.Int4("lin", int32(f.Line))
	to.Int4("fact_n", int32(f.FactN))
	to.Day("fact_month", f.FactMonth)
	to.Int8("agreement_id", f.AgreementID)
	to.Text("debit_account", f.Debit)
	to.Int8("order_ore", f.OrderOre)
	to.Int8("holder", f.Holder)
	to.Int2("holder_kind", int16(f.HolderKind))
	to.Text("why", f.Why)
	to.End()
}

// FollowedUp is what a decision to order failed payments anew did with one.
type FollowedUp struct {
	Payment int64  `db:"payment_id"`
	Attempt int    `db:"attempt"` // that was to come; 0: refused
	Ore     int64  `db:"ore"`
	Why     string `db:"why"`
}

// FollowedUp lists what a decision did with each payment that it looked at.
func (s *Store) FollowedUp(ctx context.Context, decision int64) (all []FollowedUp, err error) {
	err = s.DB.SelectContext(ctx, &all, `SELECT payment_id, coalesce(attempt, 0) AS attempt, ore, coalesce(why, '') AS why FROM follow_up WHERE decision_id = $1 ORDER BY payment_id`, decision)
	if err != nil {
		return nil, fmt.Errorf("follow-up of decision %d: %w", decision, postgres.Transient(err))
	}
	return all, nil
}

// PaidByHand keeps that persons have made a payment outside: nothing more is ordered for it, and what was still to be is given up. It says what
// keeps it from being so; empty: it is. Without a decision it only looks.
func (s *Store) PaidByHand(ctx context.Context, x *postgres.Session, payment, decision int64, reference, evidence string) (string, error) {
	var p struct {
		Month        time.Time        `db:"month"`
		Ore          int64            `db:"ore"`
		Bank         string           `db:"bank"`
		Position     gateway.Position `db:"position"`
		ByHand       bool             `db:"by_hand"`
		Settling     bool             `db:"settling"`
		SetOff       bool             `db:"set_off"`
		Contradicted bool             `db:"contradicted"`
	}
	where := `SELECT p.month, p.ore, coalesce(i.bank, '') AS bank, position_of(s.kind, g.state, o.type, l.state, i.state) AS position,
			EXISTS (SELECT FROM paid_by_hand b WHERE b.payment_id = p.id) AS by_hand, EXISTS (SELECT FROM set_off k WHERE k.part_id = p.id) AS set_off,
			` + contradicted("p.month", "p.id") + ` AS contradicted,
			EXISTS (SELECT FROM settle_due u WHERE u.payment_id = p.id OR u.payment_id IS NULL AND u.interchange_id = l.interchange_id AND u.message_no = l.message_no AND u.lin = l.lin) AS settling
		FROM delivery d JOIN payment p ON p.month = d.month AND p.id = $1 JOIN release_group g ON g.id = p.group_id
		LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
		LEFT JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = coalesce(s.order_month, g.order_month) AND b.payment_id = p.id AND b.attempt = greatest(coalesce(s.attempt, 1), 1) LIMIT 1) o ON true
		LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
		LEFT JOIN interchange i ON i.id = o.interchange_id WHERE d.id = delivery_of($1)`
	err := x.GetContext(ctx, &p, where, payment)
	if err == nil && p.Bank != "" {
		if err = x.LockLines(ctx, p.Bank); err == nil {
			err = x.GetContext(ctx, &p, where, payment)
		}
	}
	if err != nil {
		return "", fmt.Errorf("payment %d: %w", payment, err)
	}
	switch {
	case p.ByHand:
		return "was paid by hand before", nil
	case p.Settling:
		return "is being settled by what its authority chose: try again", nil
	case p.Position != gateway.AtBankRejected && p.Position != gateway.AtNotPayable && p.Position != gateway.AtSettled:
		return "is " + string(p.Position) + ": only what has failed, and lies where its authority has it, is paid by hand", nil
	case p.SetOff:
		return gateway.FollowUpSetOff, nil
	case p.Contradicted:
		return gateway.FollowUpContradicted + ": persons decide about that first", nil
	case decision == 0:
		return "", nil
	}
	_, err = x.ExecContext(ctx, `INSERT INTO paid_by_hand (payment_id, month, ore, reference, evidence, decision_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		payment, p.Month.Format(time.DateOnly), p.Ore, reference, evidence, decision, s.Now())
	if err == nil {
		_, err = x.ExecContext(ctx, `UPDATE obligation w SET state = 'given_up', ended_at = $2, register_counter = c.counter FROM register_counter c WHERE w.payment_id = $1 AND w.state = 'open'`,
			payment, s.Now())
	}
	if err != nil {
		return "", fmt.Errorf("payment %d: %w", payment, err)
	}
	return "", nil
}
