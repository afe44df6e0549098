// Package answer is the last stage of the flow: what an authority is due is gathered into responses 5, 7, 8 and 9, and answers
// lie ready at their doors until they are taken. It writes answer (closed and collected), answer_due (closed) and what dues
// add up to.
package answer

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// Rules are when an answer is closed.
type Rules struct {
	Payments int           // of one document
	Quiet    time.Duration // when nothing has come for so long
	Deadline time.Duration // at the latest after so long
}

// Store closes answers and gives them to their doors. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Answers *postgres.Answers
	Rules   Rules
}

// responsePage is how many payments of a response are in memory at a time.
const responsePage = 5000

//go:embed sql/gather.sql
var gatherSQL string

//go:embed sql/choose.sql
var chooseSQL string

// Next closes the answer that has waited longest and up to its deadline, else one that is full, else the one that has been
// quiet longest: responses 5, 7, 8 and 9, per bundle. It reports whether there was one.
func (s *Store) Next(ctx context.Context) (bool, error) {
	if err := s.gather(ctx); err != nil {
		return false, err
	}
	return s.SkipFailing(ctx, gateway.AnswerFails, func(over []int64) (took []int64, err error) {
		err = s.Transact(ctx, "answer", func(x *postgres.Session) error {
			now := s.Now()
			var delivery int64
			var kind int16
			err := x.QueryRowContext(ctx, chooseSQL, pgscript.Args{"quiet": now.Add(-s.Rules.Quiet), "deadline": now.Add(-s.Rules.Deadline),
				"most": s.Rules.Payments, "over": over}).Scan(&delivery, &kind)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			took = []int64{delivery}
			if err := s.closeAnswer(ctx, x, delivery, gateway.AnswerKind(kind), now); err != nil {
				return fmt.Errorf("delivery %d: %w", delivery, err)
			}
			return s.closeMended(ctx, x, delivery)
		})
		return took, err
	})
}

// gather puts together what dues were added up to since the last time, so that choosing looks at few rows.
func (s *Store) gather(ctx context.Context) error {
	if _, err := s.DB.ExecContext(ctx, gatherSQL); err != nil {
		return fmt.Errorf("gather dues: %w", postgres.Transient(err))
	}
	return nil
}

// closeMended closes the exception of a delivery's answers when nothing of them that failed is left to tell: another
// kind of answer may have succeeded than the one that failed.
func (s *Store) closeMended(ctx context.Context, x *postgres.Session, delivery int64) error {
	var oldest sql.NullTime
	err := x.QueryRowContext(ctx, `SELECT min(first_at) FROM answer_waiting WHERE delivery_id = $1`, delivery).Scan(&oldest)
	if err != nil {
		return fmt.Errorf("answers left: %w", err)
	}
	return s.CloseRaisedBefore(ctx, x, gateway.AnswerFails, delivery, oldest)
}

//go:embed sql/take.sql
var takeScript string

//go:embed sql/take_payments.sql
var takePaymentsScript string

//go:embed sql/take_lines.sql
var takeLinesScript string

//go:embed sql/close.sql
var closeScript string

//go:embed sql/nothing_to_tell.sql
var nothingToTellScript string

//go:embed sql/count_left.sql
var countLeftScript string

func (s *Store) closeAnswer(ctx context.Context, x *postgres.Session, delivery int64, kind gateway.AnswerKind, now time.Time) error {
	// The bundle's row is the closer's lock.
	d, err := x.LockDelivery(ctx, delivery)
	if err != nil {
		return err
	}
	payments, err := s.takeDues(ctx, x, d, kind)
	if err != nil {
		return err
	}
	left := pgscript.Args{"delivery": d.ID, "kind": int(kind)}
	if payments == 0 {
		return pgscript.Run(ctx, x, nothingToTellScript+countLeftScript, left)
	}
	status, err := s.groupStatus(ctx, x, d, kind)
	if err != nil {
		return err
	}
	a, err := s.Answers.Begin(ctx, x, d, kind, now, func(a *gateway.Answer) { a.Status = status })
	if err != nil {
		return err
	}
	if err := s.writePayments(ctx, x, a); err != nil {
		return fmt.Errorf("answer %s: %w", a.ID(), err)
	}
	id, err := s.Answers.End(ctx, x, a)
	if err != nil {
		return err
	}
	left["answer"] = id
	closed, err := pgscript.RunCounting(ctx, x, closeScript, left)
	var taken int64
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT count(*) FROM closing`).Scan(&taken)
	}
	if err == nil && closed != taken { // one of them is owed no more: something contradicts it
		err = fmt.Errorf("answer %s: %d dues of %d: %w", a.ID(), closed, taken, gateway.ErrTransient)
	}
	if err != nil {
		return err
	}
	return pgscript.Run(ctx, x, countLeftScript, left)
}

// groupStatus is what response 5 says of its bundle as a whole: whether anything of it still goes. Other responses say nothing.
func (s *Store) groupStatus(ctx context.Context, x *postgres.Session, d postgres.Delivery, kind gateway.AnswerKind) (string, error) {
	if kind != gateway.Response5 {
		return "", nil
	}
	var ended int
	err := x.QueryRowContext(ctx, `SELECT count(*) FROM standing WHERE month = $1 AND payment_id BETWEEN $2 AND $3 AND kind IN ('rejected', 'stopped')`,
		d.Month, d.FirstPayment(), gateway.PaymentID(d.ID, d.Payments)).Scan(&ended) // what was taken for claims follows them
	if err != nil {
		return "", fmt.Errorf("payments that are stopped: %w", err)
	}
	return gateway.BundleStatus(ended, d.Payments), nil
}

// takeDues puts the dues that go into one document in the temporary table closing, and the payments that they tell of
// in responding, up to the limit of a document. A due of response 8 speaks for what of its line is not rejected by now.
func (s *Store) takeDues(ctx context.Context, x *postgres.Session, d postgres.Delivery, kind gateway.AnswerKind) (payments int, err error) {
	script := takeScript + takePaymentsScript
	if kind == gateway.Response8 {
		script = takeScript + takeLinesScript
	}
	if err := x.PlanForMonths(ctx); err != nil {
		return 0, err
	}
	err = pgscript.Run(ctx, x, script, pgscript.Args{"delivery": d.ID, "kind": int(kind), "rejects": int(gateway.Response9), "most": s.Rules.Payments, "month": d.Month,
		"until": s.thisMonth(), "first": d.FirstPayment(), "last": d.LastPayment()})
	if err != nil {
		return 0, err
	}
	err = x.QueryRowContext(ctx, `SELECT count(*) FROM responding`).Scan(&payments)
	return payments, err
}

// thisMonth is the month of business time.
func (s *Store) thisMonth() string { return gateway.MonthOf(s.Now().In(s.Location)).String() }

// responded is one payment of a response as the tables have it.
type responded struct {
	ID          int64          `db:"id"`
	E2E         string         `db:"e2e"`
	InstrID     sql.NullString `db:"instr_id"`
	Status      string         `db:"status"`
	Code        sql.NullString `db:"code"`
	Text        sql.NullString `db:"text"`
	Ore         int64          `db:"ore"`
	Currency    sql.NullString `db:"currency"`
	Complete    bool           `db:"complete"`
	HolderKind  sql.NullInt16  `db:"holder_kind"`
	Holder      sql.NullInt64  `db:"holder"`
	AccountKind sql.NullInt16  `db:"account_kind"`
	Account     sql.NullString `db:"account"`
	Rule        int16          `db:"rule"`
	BIC         sql.NullString `db:"bic"`
	BankCode    sql.NullString `db:"bank_code"`
	Detail      []byte         `db:"detail"`
	ExecutesOn  time.Time      `db:"executes_on"`
	Agreement   string         `db:"agreement"`
	Debit       string         `db:"debit_account"`
	DebitText   sql.NullString `db:"debit_text"`
}

//go:embed sql/payments.sql
var paymentsSQL string

func (s *Store) writePayments(ctx context.Context, x *postgres.Session, a *postgres.Answering) error {
	after := a.Delivery.FirstPayment()
	for {
		var page []responded
		err := x.SelectContext(ctx, &page, paymentsSQL, pgscript.Args{"month": a.Delivery.Month, "until": s.thisMonth(), "after": after, "page": responsePage})
		if err != nil {
			return err
		}
		for _, t := range page {
			tx, err := t.tx(a.Kind)
			if err != nil {
				return err
			}
			if err := a.Encoder.Tx(tx); err != nil {
				return fmt.Errorf("payment %d: %w", t.ID, err)
			}
			after = t.ID
		}
		if len(page) < responsePage {
			return nil
		}
	}
}

func (t responded) tx(kind gateway.AnswerKind) (gateway.AnswerTx, error) {
	tx := gateway.AnswerTx{EndToEndID: t.E2E, InstrID: t.InstrID.String, Status: t.Status, Code: gateway.Code(t.Code.String),
		Text: t.Text.String, Ore: t.Ore, Complete: t.Complete, TransferCurrency: t.Currency.String,
		Holder: gateway.HolderOf(gateway.HolderKind(t.HolderKind.Int16), t.Holder.Int64),
		Block: gateway.DebitBlock{ExecutesOn: gateway.DateOf(t.ExecutesOn), Agreement: t.Agreement,
			DebitAccount: t.Debit, DebitText: t.DebitText.String}}
	if kind == gateway.Response8 {
		tx.Account = gateway.Account{Kind: gateway.AccountKind(t.AccountKind.Int16), Number: t.Account.String,
			BIC: t.BIC.String, BankCode: t.BankCode.String}
		tx.Rule = gateway.AccountRule(t.Rule)
		if len(t.Detail) > 0 {
			if err := json.Unmarshal(t.Detail, &tx.Detail); err != nil {
				return tx, fmt.Errorf("payment %d: detail: %w", t.ID, err)
			}
		}
	}
	return tx, nil
}
