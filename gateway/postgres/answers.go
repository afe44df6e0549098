package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
)

// answering is an answer that is being written: its number is drawn, its document grows.
type answering struct {
	gateway.Answer
	delivery delivered
	doc      *documentWriter
	enc      gateway.AnswerEncoder
}

// beginAnswer draws the kind's next number from its locked row and begins the document. The number is used or never
// was: both commit together.
func (s *Store) beginAnswer(ctx context.Context, x *session, d delivered, kind gateway.AnswerKind, now time.Time, fill func(*gateway.Answer)) (*answering, error) {
	a := &answering{delivery: d, Answer: gateway.Answer{Kind: kind, MadeAt: now.In(s.Location), Supplier: d.Supplier,
		SenderEAN: d.SenderEAN.String, OwnName: s.Rules.OwnName, OwnGLN: s.Rules.OwnGLN, MessageRef: d.MessageID.String,
		Authority: d.Authority.String, GroupRef: d.GroupRef.String, Grouped: d.Grouped.Bool}}
	fill(&a.Answer)
	err := x.QueryRowContext(ctx, `UPDATE answer_counter SET last = last + 1 WHERE kind = $1 RETURNING last`, int(kind)).Scan(&a.Number)
	if err != nil {
		return nil, fmt.Errorf("answer number: %w", err)
	}
	if a.doc, err = s.newDocument(ctx, x); err != nil {
		return nil, err
	}
	if a.enc, err = s.Answers(a.doc, a.Answer); err != nil {
		return nil, fmt.Errorf("answer %s: %w", a.ID(), err)
	}
	return a, nil
}

// endAnswer finishes the document and lays the answer in the supplier's mailbox.
func (s *Store) endAnswer(ctx context.Context, x *session, a *answering) (int64, error) {
	if err := a.enc.End(); err != nil {
		return 0, fmt.Errorf("answer %s: %w", a.ID(), err)
	}
	if _, err := a.doc.finish(ctx, x); err != nil {
		return 0, err
	}
	var id int64
	err := x.QueryRowContext(ctx, `INSERT INTO answer (kind, number, delivery_id, supplier, door, file_name, status, made_at, document_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		int(a.Kind), a.Number, a.delivery.ID, a.delivery.Supplier, a.delivery.Door, a.FileName(), a.Status, a.MadeAt, a.doc.id).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("answer %s: %w", a.ID(), err)
	}
	return id, nil
}

// receipt answers a delivery with receipt 0 or 1.
func (s *Store) receipt(ctx context.Context, x *session, d delivered, kind gateway.AnswerKind, now time.Time, fill func(*gateway.Answer)) error {
	a, err := s.beginAnswer(ctx, x, d, kind, now, fill)
	if err != nil {
		return err
	}
	_, err = s.endAnswer(ctx, x, a)
	return err
}

// responsePage is how many payments of a response are in memory at a time.
const responsePage = 5000

// answerReception is response 2: always exactly one for a bundle that receipt 1 accepted.
func (s *Store) answerReception(ctx context.Context, x *session, d delivered, now time.Time) error {
	var rejected int
	var debit sql.NullString
	err := x.QueryRowContext(ctx, `SELECT count(*) FROM payment_event WHERE month = $1 AND payment_id BETWEEN $2 AND $3 AND attempt = 0`,
		d.Month, d.first(), d.last()).Scan(&rejected)
	if err == nil && d.Grouped.Bool {
		err = x.QueryRowContext(ctx, `SELECT reject_code FROM release_group WHERE delivery_id = $1`, d.ID).Scan(&debit)
	}
	if err != nil {
		return err
	}
	a, err := s.beginAnswer(ctx, x, d, gateway.Response2, now, func(a *gateway.Answer) {
		a.Status = groupStatus(rejected, d.Payments)
		a.Code = gateway.Code(debit.String)
	})
	if err != nil {
		return err
	}
	// A grouped bundle with an error of the debit level is told by that code alone, without a list.
	if !debit.Valid {
		if err := s.tellRejected(ctx, x, d, a); err != nil {
			return err
		}
	}
	_, err = s.endAnswer(ctx, x, a)
	return err
}

func groupStatus(rejected, of int) string {
	switch rejected {
	case 0:
		return "ACPT"
	case of:
		return "RJCT"
	}
	return "PART"
}

func (s *Store) tellRejected(ctx context.Context, x *session, d delivered, a *answering) error {
	after := d.first()
	for {
		var page []struct {
			ID      int64          `db:"payment_id"`
			E2E     string         `db:"e2e"`
			InstrID sql.NullString `db:"instr_id"`
			Code    string         `db:"code"`
		}
		err := x.SelectContext(ctx, &page, `SELECT e.payment_id, p.e2e, p.instr_id, e.code
			FROM payment_event e JOIN payment p ON p.month = e.month AND p.id = e.payment_id
			WHERE e.month = $1 AND e.payment_id > $2 AND e.payment_id <= $3 AND e.attempt = 0
			ORDER BY e.payment_id LIMIT $4`, d.Month, after, d.last(), responsePage)
		if err != nil {
			return err
		}
		for _, r := range page {
			code := gateway.Code(r.Code)
			err := a.enc.Tx(gateway.AnswerTx{EndToEndID: r.E2E, InstrID: r.InstrID.String, Status: "RJCT", Code: code, Text: code.Danish()})
			if err != nil {
				return fmt.Errorf("payment %d: %w", r.ID, err)
			}
			after = r.ID
		}
		if len(page) < responsePage {
			return nil
		}
	}
}

// AnswerNext closes the answer that has been quiet longest, or that has waited up to its deadline: responses 7, 8 and
// 9, per bundle. It tells whether there was one.
func (s *Store) AnswerNext(ctx context.Context) (bool, error) {
	return s.passing(ctx, answerFails, func(over []int64) (took []int64, err error) {
		err = s.transact(ctx, "answer", func(x *session) error {
			now := s.Now()
			var delivery int64
			var kind int16
			err := x.QueryRowContext(ctx, `SELECT a.delivery_id, a.kind FROM answer_due a
				WHERE a.answer_id IS NULL AND a.delivery_id <> ALL ($4::bigint[])
				GROUP BY a.delivery_id, a.kind
				HAVING max(a.caused_at) <= $1 OR min(a.caused_at) <= $2 OR sum(a.payments) >= $3
				ORDER BY min(a.caused_at), a.delivery_id, a.kind LIMIT 1`,
				now.Add(-s.Rules.AnswerQuiet), now.Add(-s.Rules.AnswerDeadline), s.Rules.AnswerPayments, over).Scan(&delivery, &kind)
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
			return s.answerMended(ctx, x, delivery)
		})
		return took, err
	})
}

// answerMended closes the exception of a delivery's answers when nothing of them that failed is left to tell: another
// kind of answer may have succeeded than the one that failed.
func (s *Store) answerMended(ctx context.Context, x *session, delivery int64) error {
	_, err := x.ExecContext(ctx, `UPDATE exception e SET closed_at = $3, closed_by = 'nks'
		WHERE kind = $1 AND subject = $2::bigint::text AND closed_at IS NULL
		  AND NOT EXISTS (SELECT 1 FROM answer_due a WHERE a.delivery_id = $2 AND a.answer_id IS NULL AND a.caused_at <= e.raised_at)`,
		answerFails, delivery, s.Now())
	if err != nil {
		return fmt.Errorf("close %s: %w", answerFails, err)
	}
	return nil
}

func (s *Store) closeAnswer(ctx context.Context, x *session, delivery int64, kind gateway.AnswerKind, now time.Time) error {
	var d delivered
	// The bundle's row is the closer's lock.
	err := x.GetContext(ctx, &d, `SELECT `+deliveredColumns+` FROM delivery WHERE id = $1 FOR UPDATE`, delivery)
	if err != nil {
		return err
	}
	dues, payments, err := s.takeDues(ctx, x, d, kind)
	if err != nil || dues == 0 {
		return err
	}
	if payments == 0 {
		_, err := x.ExecContext(ctx, `DELETE FROM answer_due a USING closing c WHERE `+sameDue)
		return err
	}
	a, err := s.beginAnswer(ctx, x, d, kind, now, func(*gateway.Answer) {})
	if err != nil {
		return err
	}
	if err := s.tellPayments(ctx, x, a); err != nil {
		return fmt.Errorf("answer %s: %w", a.ID(), err)
	}
	id, err := s.endAnswer(ctx, x, a)
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `UPDATE answer_due a SET answer_id = $1 FROM closing c WHERE `+sameDue, id)
	return err
}

const sameDue = `a.kind = c.kind AND a.delivery_id = c.delivery_id AND a.payment_id = c.payment_id AND a.attempt = c.attempt
	AND a.interchange_id = c.interchange_id AND a.message_no = c.message_no AND a.lin = c.lin`

// takeDues puts the dues that go into one document in the temporary table closing, and the payments that they tell of
// in telling, up to the limit of a document. A due of response 8 speaks for what of its line is not rejected by now.
func (s *Store) takeDues(ctx context.Context, x *session, d delivered, kind gateway.AnswerKind) (dues, payments int, err error) {
	_, err = x.ExecContext(ctx, `CREATE TEMP TABLE closing ON COMMIT DROP AS
		SELECT kind, delivery_id, month, payment_id, attempt, interchange_id, message_no, lin, status, code, text
		FROM (SELECT *, sum(payments) OVER (ORDER BY caused_at, payment_id, interchange_id, message_no, lin) - payments AS before
			FROM answer_due WHERE delivery_id = $1 AND kind = $2 AND answer_id IS NULL) q
		WHERE before = 0 OR before + payments <= $3`, d.ID, int(kind), s.Rules.AnswerPayments)
	if err != nil {
		return 0, 0, fmt.Errorf("dues: %w", err)
	}
	if kind == gateway.Response8 {
		_, err = x.ExecContext(ctx, `CREATE TEMP TABLE telling ON COMMIT DROP AS
			SELECT o.payment_id, o.attempt, c.status, c.code, c.text
			FROM closing c CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = $1 AND b.interchange_id = c.interchange_id
				AND b.message_no = c.message_no AND b.lin = c.lin AND b.payment_id BETWEEN $2 AND $3 OFFSET 0) o
			JOIN order_line l ON l.interchange_id = c.interchange_id AND l.message_no = c.message_no AND l.lin = c.lin
			LEFT JOIN payment_event e ON e.month = o.month AND e.payment_id = o.payment_id AND e.attempt = o.attempt
			WHERE CASE WHEN e.kind IS NULL THEN l.state <> 'rejected' ELSE e.kind <> 'bank_rejected' END`, d.Month, d.first(), d.last())
	} else {
		_, err = x.ExecContext(ctx, `CREATE TEMP TABLE telling ON COMMIT DROP AS
			SELECT payment_id, attempt, status, code, text FROM closing`)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("payments told: %w", err)
	}
	err = x.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM closing), (SELECT count(*) FROM telling)`).Scan(&dues, &payments)
	return dues, payments, err
}

// told is one payment of a response as the tables have it.
type told struct {
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
	BIC         sql.NullString `db:"bic"`
	BankCode    sql.NullString `db:"bank_code"`
	Detail      []byte         `db:"detail"`
	ExecutesOn  time.Time      `db:"executes_on"`
	Agreement   string         `db:"agreement"`
	Debit       string         `db:"debit_account"`
	DebitText   sql.NullString `db:"debit_text"`
}

func (s *Store) tellPayments(ctx context.Context, x *session, a *answering) error {
	after := a.delivery.first()
	for {
		var page []told
		err := x.SelectContext(ctx, &page, `SELECT p.id, p.e2e, p.instr_id, t.status, t.code, t.text, p.ore,
				coalesce(o.transfer_currency, p.transfer_currency) AS currency, p.complete, p.holder_kind, p.holder,
				o.account_kind, o.account, o.bic, o.bank_code, coalesce(o.beneficiary, p.detail) AS detail,
				coalesce(i.executes_on, g.executes_on) AS executes_on, g.agreement, g.debit_account,
				coalesce(p.debit_text, g.debit_text) AS debit_text
			FROM (SELECT * FROM telling WHERE payment_id > $2 ORDER BY payment_id LIMIT $3) t
			CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = $1 AND q.id = t.payment_id LIMIT 1) p
			JOIN release_group g ON g.id = p.group_id
			LEFT JOIN bank_order o ON o.month = p.month AND o.payment_id = p.id AND o.attempt = t.attempt
			LEFT JOIN interchange i ON i.id = o.interchange_id
			ORDER BY p.id`, a.delivery.Month, after, responsePage)
		if err != nil {
			return err
		}
		for _, t := range page {
			tx, err := t.tx(a.Kind)
			if err != nil {
				return err
			}
			if err := a.enc.Tx(tx); err != nil {
				return fmt.Errorf("payment %d: %w", t.ID, err)
			}
			after = t.ID
		}
		if len(page) < responsePage {
			return nil
		}
	}
}

func (t told) tx(kind gateway.AnswerKind) (gateway.AnswerTx, error) {
	tx := gateway.AnswerTx{EndToEndID: t.E2E, InstrID: t.InstrID.String, Status: t.Status, Code: gateway.Code(t.Code.String),
		Text: t.Text.String, Ore: t.Ore, Complete: t.Complete, TransferCurrency: t.Currency.String,
		Holder: holderOf(t.HolderKind.Int16, t.Holder.Int64),
		Block: gateway.DebitBlock{ExecutesOn: gateway.DateOf(t.ExecutesOn), Agreement: t.Agreement,
			DebitAccount: t.Debit, DebitText: t.DebitText.String}}
	if kind == gateway.Response8 {
		tx.Account = gateway.Account{Kind: gateway.AccountKind(t.AccountKind.Int16), Number: t.Account.String,
			BIC: t.BIC.String, BankCode: t.BankCode.String}
		if len(t.Detail) > 0 {
			if err := json.Unmarshal(t.Detail, &tx.Detail); err != nil {
				return tx, fmt.Errorf("payment %d: detail: %w", t.ID, err)
			}
		}
	}
	return tx, nil
}

// holderOf writes a stored holder number with its digits.
func holderOf(kind int16, id int64) gateway.Holder {
	k := gateway.HolderKind(kind)
	if k == gateway.NoHolder {
		return gateway.Holder{}
	}
	return gateway.Holder{Kind: k, ID: fmt.Sprintf("%0*d", k.Digits(), id)}
}
