package bank

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// mostItems is how many items of a file have an exception each; one more counts the rest.
const mostItems = 1000

// raiseUnclear makes one exception for each status about something of ours whose meaning nobody can say.
func (s *Store) raiseUnclear(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile) error {
	var items []struct {
		N    int    `db:"n"`
		Text string `db:"text"`
		All  int    `db:"all"`
	}
	err := x.SelectContext(ctx, &items, `SELECT n, text, count(*) OVER () AS all FROM matched WHERE meaning = $1 ORDER BY n LIMIT $2`, gateway.MeansUnclear, mostItems)
	if err != nil {
		return fmt.Errorf("unclear statuses: %w", err)
	}
	for _, i := range items {
		if err := s.RaiseDetail(ctx, x, gateway.BankStatusUndecided, fmt.Sprintf("%s item %d", documentSubject(bank, file), i.N), gateway.DetailUnclear.With(i.Text)); err != nil {
			return err
		}
	}
	if len(items) == 0 || items[0].All <= mostItems {
		return nil
	}
	return s.RaiseDetail(ctx, x, gateway.BankStatusUndecided, documentSubject(bank, file)+" unclear", gateway.DetailMoreUnclear.With(items[0].All-mostItems))
}

// fileSubject is how an exception names a file of a bank.
func fileSubject(bank gateway.BankCentre, file bankFile) string {
	return fmt.Sprintf("%s file %d", bank.ID, file.ID)
}

// documentSubject is how an exception names the bytes of a file.
func documentSubject(bank gateway.BankCentre, file bankFile) string {
	return fmt.Sprintf("%s document %d", bank.ID, file.DocumentID)
}

// unknownSubject is how an exception names a message of a type that is not known.
func unknownSubject(bank gateway.BankCentre, file bankFile, index int) string {
	return fmt.Sprintf("%s message %d", fileSubject(bank, file), index+1)
}

// raiseUnknown makes one exception for each message of a type that is not known.
func (s *Store) raiseUnknown(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, heard *hearing) error {
	for i, m := range heard.unknown {
		subject := unknownSubject(bank, file, i)
		heard.unknown[i] = m.undecidable(gateway.UndecidedType, subject)
		if err := s.RaiseDetail(ctx, x, gateway.BankMessageUnknown, subject, gateway.DetailMessageType.With(m.Meaning)); err != nil {
			return err
		}
	}
	if heard.unknownMore == 0 {
		return nil
	}
	return s.RaiseDetail(ctx, x, gateway.BankMessageUnknown, fileSubject(bank, file)+" messages", gateway.DetailMoreMessages.With(heard.unknownMore))
}
