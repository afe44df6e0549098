package flowtest_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
)

// Accounts of authority 77 that choices name.
const (
	errorAccount  = "30010000770099"
	returnAccount = "30010000770088"
)

// chooses is a world in which authority 77 has made some choices, as "benefit,cause,choice"; its agreements have a return account.
func chooses(rows ...string) func(*options) {
	return func(o *options) {
		all := []string{"authority,benefit_type,cause,choice"}
		for _, r := range rows {
			all = append(all, "77,"+r)
		}
		o.country = maps.Clone(o.country)
		o.country["choices.csv"] = all
	}
}

// withReturnAccount lets money come back to an account of its own.
func (w *world) withReturnAccount() {
	w.t.Helper()
	if _, err := w.database.Open(w.t, pgtest.Superuser).ExecContext(w.t.Context(), `UPDATE nks.agreement_version SET return_account = $1 WHERE authority = '77'`,
		returnAccount); err != nil {
		w.t.Fatal(err)
	}
}

// settle settles whatever is due, and orders what comes of it.
func (w *world) settle() {
	w.t.Helper()
	w.all("settle", w.Settle.Next)
	w.release()
	w.all("settle", w.Settle.Next)
}

// cameBack has a bank book a return of so many øre of a payment's last order on an account, and that be heard.
func (w *world) cameBack(e2e, account string, ore int64, text string) {
	w.t.Helper()
	ctx := w.t.Context()
	var o struct {
		Payment     int64     `db:"payment_id"`
		Month       time.Time `db:"month"`
		Attempt     int16     `db:"attempt"`
		Interchange int64     `db:"interchange_id"`
		Message     int       `db:"message_no"`
		Line        int       `db:"lin"`
		Bank        string    `db:"bank"`
	}
	err := w.db.GetContext(ctx, &o, `SELECT o.payment_id, p.month, o.attempt, o.interchange_id, o.message_no, o.lin, i.bank FROM payment p
		JOIN bank_order o ON o.payment_id = p.id JOIN interchange i ON i.id = o.interchange_id WHERE p.e2e = $1 ORDER BY o.attempt DESC LIMIT 1`, e2e)
	if err == nil {
		err = w.Base.Transact(ctx, "came back", func(x *postgres.Session) error {
			return w.bookReturn(ctx, x, o.Bank, account, ore, text, func(posting int64) string {
				return fmt.Sprintf(`INSERT INTO new_fact (month, payment_id, attempt, kind, text, interchange_id, message_no, lin, moved_ore, posting_id, posting_part)
				VALUES ('%s', %d, %d, 'came_back', '%s', %d, %d, %d, %d, %d, 1)`, o.Month.Format(time.DateOnly), o.Payment, o.Attempt, text, o.Interchange, o.Message, o.Line, ore, posting)
			})
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) bookReturn(ctx context.Context, x *postgres.Session, bank, account string, ore int64, text string, fact func(int64) string) error {
	if err := x.LockLines(ctx, bank); err != nil {
		return err
	}
	month, err := w.Base.EnsureMonth(ctx, x, w.time())
	if err != nil {
		return err
	}
	var posting int64
	err = x.QueryRowContext(ctx, `INSERT INTO posting (id, bank, account, reference, posted_on, ore, running, parts, heard_in, bank_file_id, hearing, text, at)
		SELECT month_ids($1::date) + n, $2, $3, 'R' || n, $4::date, $5, 1, 1, 'CREMUL', 1, 1, $6, $7 FROM nextval('posting_number') n RETURNING id`,
		month.String(), bank, account, gateway.DateOf(w.time()).String(), ore, text, w.time()).Scan(&posting)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO posting_part (posting_id, n, ore) VALUES ($1, 1, $2)`, posting, ore)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO posting_key (bank, account, posted_on, ore, reference, running, posting_id)
			SELECT bank, account, posted_on, ore, reference, running, id FROM posting WHERE id = $1`, posting)
	}
	if err == nil {
		err = x.NewFacts(ctx)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, fact(posting))
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO posting_match (posting_id, part, n, payment_id, attempt, interchange_id, message_no, lin, ore, rule, at)
			SELECT posting_id, posting_part, 1, payment_id, attempt, interchange_id, message_no, lin, moved_ore, 'reference', $1 FROM new_fact WHERE posting_id IS NOT NULL`, w.time())
	}
	if err != nil {
		return err
	}
	return w.Base.RecordFacts(ctx, x)
}

// obligations are what was or is to be ordered by choices.
func (w *world) obligations() string {
	w.t.Helper()
	return w.row(`SELECT p.e2e, w.attempt, w.kind, w.cause, w.debit_account, w.ore, w.due_on::text, w.state FROM obligation w JOIN payment p ON p.id = w.payment_id
		WHERE w.cause IS NOT NULL ORDER BY p.e2e, w.attempt`)
}

// segments are those of some names in files that were sent.
func segments(sent []string, names ...string) string {
	var all []string
	for _, s := range strings.Split(strings.Join(sent, ""), "'") {
		for _, n := range names {
			if strings.HasPrefix(s, n+"+") {
				all = append(all, s)
			}
		}
	}
	return strings.Join(all, " ")
}

// lastMessage is the first message of the last interchange of orders that a bank got.
func (w *world) lastMessage(bank string) string {
	w.t.Helper()
	return gateway.MessageRef{Bank: bank, Control: gateway.ControlNumber(w.lastNumber(bank)), No: 1}.String()
}

func (w *world) lastNumber(bank string) int64 {
	w.t.Helper()
	return w.number(`SELECT max(control_ref) FROM interchange WHERE bank = $1 AND kind = 'PAYMUL'`, bank)
}

// accepts has a bank take the last interchange of orders over, all lines of its first message.
func (w *world) accepts(bank string) {
	w.t.Helper()
	w.says(bank, contrl(bank, w.lastNumber(bank), "7"), bansta(w.lastMessage(bank), line(1, "1", "")))
}
