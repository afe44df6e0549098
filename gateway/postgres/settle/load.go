package settle

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

//go:embed sql/orders.sql
var ordersSQL string

//go:embed sql/line.sql
var lineSQL string

// mostOrders is how many orders are settled at a time.
const mostOrders = 5000

// stranded is money that has nowhere to go: what was rejected of an order, or one return of it.
type stranded struct {
	DueID         int64               `db:"due_id"`
	Cause         gateway.Cause       `db:"cause"`
	FactN         int                 `db:"fact_n"`
	FactMonth     time.Time           `db:"fact_month"`
	GivenBack     int64               `db:"given_back"`
	Why           gateway.Unpaid      `db:"why"`
	Payment       int64               `db:"payment_id"`
	Month         time.Time           `db:"month"`
	PaymentOre    int64               `db:"payment_ore"`
	Authority     string              `db:"authority"`
	BenefitType   string              `db:"benefit_type"`
	Complete      bool                `db:"complete"`
	Holder        int64               `db:"holder"`
	HolderKind    gateway.HolderKind  `db:"holder_kind"`
	PayerID       int32               `db:"payer_id"`
	Delivery      int64               `db:"delivery_id"`
	AgreementID   int64               `db:"agreement_id"`
	SetOff        bool                `db:"set_off"`  // it was taken for a claim
	Recalled      bool                `db:"recalled"` // persons have asked for it back
	Stands        gateway.FactKind    `db:"stands"`
	StandsAttempt int16               `db:"stands_attempt"`
	Attempt       int16               `db:"attempt"`
	OrderOre      int64               `db:"order_ore"`
	OrderType     gateway.PaymentType `db:"order_type"`
	AccountKind   gateway.AccountKind `db:"account_kind"`
	Account       string              `db:"account"`
	Message       int                 `db:"message_no"`
	Line          int                 `db:"lin"`
	DebitAccount  string              `db:"debit_account"`
	LineText      string              `db:"line_text"`
	Moved         int64               `db:"moved"`
	FactText      string              `db:"fact_text"`
	PostingID     int64               `db:"posting_id"`
	PostingPart   int                 `db:"posting_part"`
	PostedTo      string              `db:"posted_to"`
	OrderedBefore bool                `db:"ordered_before"` // by a choice
	ByHand        bool                `db:"by_hand"`        // persons paid it outside
	OpenAttempt   int16               `db:"open_attempt"`   // that is still to be ordered; 0: none
	OpenKind      kind                `db:"open_kind"`
	OpenUntil     sql.NullTime        `db:"open_until"`

	found       *register.Found // nil: nobody was asked
	toAuthority bool            // its recipient is an authority // B28
}

// still reports whether the order is where the money got lost: what moved on since is somebody else's.
func (s *stranded) still() bool {
	if s.StandsAttempt != s.Attempt {
		return false
	}
	if s.Cause == gateway.CauseBankRejected {
		return s.Stands == gateway.FactBankRejected
	}
	return s.Stands == gateway.FactCameBack || s.Stands == gateway.FactToSender
}

// ore is how much it is.
func (s *stranded) ore() int64 {
	switch {
	case s.GivenBack != 0:
		return s.GivenBack
	case s.Cause == gateway.CauseCameBack:
		return s.Moved
	}
	return s.OrderOre
}

// where is the account that the money is on: where it was booked, or where it never left.
func (s *stranded) where() string {
	if s.Cause == gateway.CauseCameBack && s.PostedTo != "" {
		return s.PostedTo
	}
	return s.DebitAccount
}

// text is what the bank says.
func (s *stranded) text() string {
	if s.FactText != "" {
		return s.FactText
	}
	return s.LineText
}

// batch is what is settled at a time.
type batch struct {
	due         []int64 // rows of settle_due
	interchange int64
	byLine      bool
	rows        []stranded
}

// load reads what is due of an interchange: orders by themselves, or one whole line.
func (s *Store) load(ctx context.Context, x *postgres.Session, d due) (all batch, err error) {
	if err := x.PlanForMonths(ctx); err != nil {
		return all, err
	}
	all.interchange = d.Interchange
	if err := x.SelectContext(ctx, &all.rows, ordersSQL, d.Interchange, mostOrders); err != nil {
		return all, fmt.Errorf("orders: %w", err)
	}
	for i := range all.rows {
		all.due = append(all.due, all.rows[i].DueID)
	}
	if len(all.due) > 0 {
		return all, nil
	}
	var line int64
	err = x.GetContext(ctx, &line, `SELECT id FROM settle_due WHERE interchange_id = $1 AND payment_id IS NULL ORDER BY id LIMIT 1`, d.Interchange)
	if errors.Is(err, sql.ErrNoRows) {
		return all, nil
	}
	all.due, all.byLine = []int64{line}, true
	if err == nil {
		err = x.SelectContext(ctx, &all.rows, lineSQL, line)
	}
	if err == nil && len(all.rows) == 0 {
		_, err = x.ExecContext(ctx, `DELETE FROM settle_due WHERE id = $1`, line)
	}
	if err != nil {
		return all, fmt.Errorf("line: %w", err)
	}
	return all, nil
}

// findAccounts asks the register about those for whom that decides.
func (s *Store) findAccounts(ctx context.Context, x *postgres.Session, choices gateway.StandingChoices, rows []stranded, now time.Time) error {
	authorities, err := register.AuthorityNumbers(ctx, x)
	if err != nil {
		return err
	}
	var asked []register.Asked
	var which []int
	for i := range rows {
		r := &rows[i]
		r.toAuthority = r.HolderKind == gateway.CVR && authorities[r.Holder]
		switch choices.For(r.Authority, r.BenefitType, r.Cause, "").Does {
		case gateway.SendCheque, gateway.HoldForAccount:
			if r.Holder != 0 {
				asked = append(asked, register.Asked{Kind: r.HolderKind, Number: r.Holder, Authority: r.Authority, BenefitType: r.BenefitType})
				which = append(which, i)
			}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	return x.Raw(func(conn *pgx.Conn) error {
		found, err := register.Find(ctx, conn, asked, now)
		if err != nil {
			return err
		}
		addresses, err := register.Addresses(ctx, conn, asked, now)
		for n, i := range which {
			if err == nil {
				rows[i].found = &found[n]
				found[n].Address = addresses[n]
			}
		}
		return err
	})
}
