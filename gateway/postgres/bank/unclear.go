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
		if err := s.Raise(ctx, x, gateway.BankStatusUndecided, fmt.Sprintf("%s document %d item %d", bank.ID, file.DocumentID, i.N), i.Text); err != nil {
			return err
		}
	}
	if len(items) == 0 || items[0].All <= mostItems {
		return nil
	}
	return s.Raise(ctx, x, gateway.BankStatusUndecided, fmt.Sprintf("%s document %d unclear", bank.ID, file.DocumentID),
		fmt.Sprintf("%d more statuses mean nothing", items[0].All-mostItems))
}

// raiseUnknown makes one exception for each message of a type that is not known.
func (s *Store) raiseUnknown(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, heard *hearing) error {
	for i, messageType := range heard.unknown {
		if err := s.Raise(ctx, x, gateway.BankMessageUnknown, fmt.Sprintf("%s file %d message %d", bank.ID, file.ID, i+1), "message type "+messageType); err != nil {
			return err
		}
	}
	if heard.unknownMore == 0 {
		return nil
	}
	return s.Raise(ctx, x, gateway.BankMessageUnknown, fmt.Sprintf("%s file %d messages", bank.ID, file.ID), fmt.Sprintf("%d more messages of unknown types", heard.unknownMore))
}
