package bank

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// recheckDebits tells of lines of which the bank has debited another sum than is due of them: those that a file names, and those that
// were told of before, which what a file says may have made right.
func (s *Store) recheckDebits(ctx context.Context, x *postgres.Session, bank gateway.BankCentre) error {
	var named bool
	if err := x.QueryRowContext(ctx, `SELECT to_regclass('pg_temp.debited') IS NOT NULL`).Scan(&named); err != nil {
		return fmt.Errorf("debited lines: %w", err)
	}
	lines := `SELECT l.interchange_id, l.message_no, l.lin FROM exception e JOIN order_line l ON l.interchange_id = e.thing_id
		JOIN interchange i ON i.id = l.interchange_id
		WHERE e.kind = @kind AND e.bank = @bank AND e.closed_at IS NULL AND e.subject = ` + placeOfDebit
	if named {
		lines += ` UNION SELECT interchange_id, message_no, lin FROM debited WHERE trouble IS NULL`
	}
	var all []struct {
		Place   string `db:"place"`
		Due     int64  `db:"due"`
		Debited int64  `db:"debited"`
	}
	err := x.SelectContext(ctx, &all, `SELECT `+placeOfDebit+` AS place, line_due(l.interchange_id, l.message_no, l.lin) AS due,
			line_debited(l.interchange_id, l.message_no, l.lin) AS debited
		FROM (`+lines+`) l JOIN interchange i ON i.id = l.interchange_id ORDER BY l.interchange_id, l.message_no, l.lin`,
		pgscript.Args{"bank": bank.ID, "kind": string(gateway.DebitDiffers)})
	if err != nil {
		return fmt.Errorf("debited lines: %w", err)
	}
	raised := 0
	for _, l := range all {
		if l.Due == l.Debited {
			err = s.Close(ctx, x, gateway.DebitDiffers, l.Place, closedByBank)
		} else if raised++; raised <= mostItems {
			err = s.RaiseDetail(ctx, x, gateway.DebitDiffers, l.Place, gateway.DetailDebitDiffers.With(l.Debited, l.Due))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// placeOfDebit is how an exception names a line l of an interchange i.
const placeOfDebit = `i.bank || ' ' || i.control_ref || ' message ' || l.message_no || ' LIN ' || l.lin`
