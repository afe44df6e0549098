package bank

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// applyStatuses carries out what a bank says of orders and lines, gathered in the temporary table bank_status, all of one
// file at once. What cannot be decided becomes an exception; what came before does no harm.
func (s *Store) applyStatuses(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, document int64, now time.Time) error {
	if err := s.match(ctx, x, bank); err != nil {
		return err
	}
	if err := s.raiseUndecided(ctx, x, bank, document); err != nil {
		return err
	}
	if err := s.proveSent(ctx, x, `SELECT interchange_id FROM matched`); err != nil {
		return err
	}
	if _, err := s.follow(ctx, x, gateway.NewsOtherAmount, source{document: document}, "", heardWords+`'`+meansOtherAmount+`'`, nil); err != nil {
		return err
	}
	if err := s.applyRejects(ctx, x, document); err != nil {
		return err
	}
	return s.applyProgress(ctx, x, bank, document, now)
}

//go:embed sql/match.sql
var matchScript string

//go:embed sql/reference.sql
var referenceScript string

// match finds what each status is about: by its place in our message, by its reference, or by both. // bank-edifact "BANSTA"
func (s *Store) match(ctx context.Context, x *postgres.Session, bank gateway.BankCentre) error {
	_, err := x.ExecContext(ctx, `INSERT INTO named (n, reference) SELECT n, reference FROM bank_status WHERE reference IS NOT NULL`)
	if err == nil {
		_, err = x.ExecContext(ctx, `ANALYZE bank_status (n, message_ref, lin, seq), named`)
	}
	if err != nil {
		return fmt.Errorf("references of statuses: %w", err)
	}
	args, err := s.findNamed(ctx, x, bank, `(SELECT min(i.since) FROM bank_status s JOIN message m ON m.ref = s.message_ref JOIN interchange i ON i.id = m.interchange_id)`)
	if err != nil {
		return err
	}
	args["otheramount"] = meansOtherAmount
	return pgscript.Run(ctx, x, matchScript, args)
}

// findNamed finds the orders of a bank that the references in the temporary table named name, and gives what bounds the months that
// they are of, and those of a query of the earliest month.
func (s *Store) findNamed(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, earliest string) (pgscript.Args, error) {
	if err := x.PlanForMonths(ctx); err != nil {
		return nil, err
	}
	until := s.thisMonth()
	var since string
	err := x.QueryRowContext(ctx, `SELECT least($1::date, `+earliest+`,
			(SELECT min(month_of(r.delivery_id)) FROM named s JOIN bank_reference r ON r.head = left(s.reference, 8)))::text`, until).Scan(&since)
	if err != nil {
		return nil, fmt.Errorf("months: %w", err)
	}
	hashes, err := s.Hashes(ctx, x)
	if err != nil {
		return nil, err
	}
	inner, outer := hashes.Blocks()
	args := pgscript.Args{"bank": bank.ID, "since": since, "until": until, "inner": inner, "outer": outer}
	return args, pgscript.Run(ctx, x, referenceScript, args)
}

// raiseUndecided makes one exception per status that names nothing or two things, and one for all that are too many.
func (s *Store) raiseUndecided(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, document int64) error {
	var undecided []struct {
		N       int    `db:"n"`
		Trouble string `db:"trouble"`
		Dropped int64  `db:"dropped"` // the payment, where its month is dropped
	}
	err := x.SelectContext(ctx, &undecided, `SELECT m.n, m.trouble, coalesce(g.payment_id, 0) AS dropped FROM matched m LEFT JOIN by_dropped g USING (n)
		WHERE m.trouble IS NOT NULL ORDER BY m.n LIMIT 1000`)
	if err != nil {
		return fmt.Errorf("undecided: %w", err)
	}
	for _, u := range undecided {
		detail := gateway.DetailOf(u.Trouble)
		if u.Dropped != 0 {
			detail = gateway.DetailDroppedPayment.With(u.Dropped)
		}
		if err := s.RaiseDetail(ctx, x, gateway.BankStatusUndecided, fmt.Sprintf("%s document %d item %d", bank.ID, document, u.N), detail); err != nil {
			return err
		}
	}
	r, err := x.ExecContext(ctx, `DELETE FROM matched WHERE trouble IS NOT NULL`)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil || n <= int64(len(undecided)) {
		return err
	}
	return s.RaiseDetail(ctx, x, gateway.BankStatusUndecided, fmt.Sprintf("%s document %d", bank.ID, document), gateway.DetailMoreStatuses.With(n-int64(len(undecided))))
}

// proveSent marks the interchanges that the bank speaks of, those of a query, as sent, whatever our own side of the sending knows of them.
func (s *Store) proveSent(ctx context.Context, x *postgres.Session, spoken string) error {
	var proven []int64
	err := x.SelectContext(ctx, &proven, `SELECT DISTINCT i.id FROM (`+spoken+`) w JOIN interchange i ON i.id = w.interchange_id WHERE i.state <> 'sent'`)
	if err != nil {
		return fmt.Errorf("interchanges spoken of: %w", err)
	}
	for _, id := range proven {
		if err := s.sent(ctx, x, id); err != nil {
			return err
		}
	}
	return nil
}

// meansOtherAmount is the meaning of a status that names another amount than was sent, whatever else it says.
const meansOtherAmount = "other amount"

// heardWords are the statuses of one meaning as rows of word.
const heardWords = `SELECT n, month, payment_id, attempt, interchange_id, message_no, lin, seq, code, text FROM matched WHERE meaning = `

// applyRejects ends the orders and lines that the bank refused. A reject of what the bank has executed is not decided here:
// that is disputed.
func (s *Store) applyRejects(ctx context.Context, x *postgres.Session, document int64) error {
	_, err := s.follow(ctx, x, gateway.NewsBankRejected, source{document: document}, "", heardWords+`'rejected'`, nil)
	return err
}

// applyProgress moves lines on to accepted and executed, and single orders to executed.
func (s *Store) applyProgress(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, document int64, now time.Time) error {
	if err := s.applyValidation(ctx, x, bank, now); err != nil {
		return err
	}
	// What the bank has carried out it has, whatever else it has said.
	_, err := s.acceptLines(ctx, x, `SELECT DISTINCT interchange_id, message_no, lin FROM matched WHERE meaning = 'executed' AND payment_id IS NULL`, nil)
	if err != nil {
		return err
	}
	_, err = s.follow(ctx, x, gateway.NewsExecuted, source{document: document}, "", heardWords+`'executed'`, nil)
	return err
}

// applyValidation notes the lines that the bank's validation answer speaks for, by its profile, and accepts those whose
// interchange CONTRL has accepted; the others wait for it.
func (s *Store) applyValidation(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) error {
	var validated string
	switch bank.Acceptance {
	case gateway.AcceptedByLine:
		validated = `SELECT DISTINCT interchange_id, message_no, lin FROM matched WHERE meaning = 'accepted' AND payment_id IS NULL`
	case gateway.AcceptedByMessage:
		validated = `SELECT DISTINCT l.interchange_id, l.message_no, l.lin FROM matched w JOIN order_line l USING (interchange_id, message_no)
			WHERE w.meaning IN ('rejected', 'accepted')`
	default:
		return nil
	}
	_, err := x.ExecContext(ctx, `UPDATE order_line l SET validated_at = $1 FROM (`+validated+`) v
		WHERE l.interchange_id = v.interchange_id AND l.message_no = v.message_no AND l.lin = v.lin AND l.validated_at IS NULL`, now)
	if err != nil {
		return fmt.Errorf("validated lines: %w", err)
	}
	_, err = s.acceptLines(ctx, x, `SELECT DISTINCT l.interchange_id, l.message_no, l.lin
		FROM matched w JOIN order_line l USING (interchange_id, message_no) JOIN interchange i ON i.id = l.interchange_id
		WHERE l.validated_at IS NOT NULL AND i.contrl = 'accepted'`, nil)
	return err
}
