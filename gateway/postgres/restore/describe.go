package restore

import (
	"encoding/json"
	"fmt"
	"strings"

	"nks/gateway/postgres"
	"nks/journal"
)

// Describe says in a few words what a record is about, and names nobody.
func Describe(r journal.Record) string {
	var f struct {
		place
		ID       int64           `json:"id"`
		Attempt  int             `json:"attempt"`
		Payments int             `json:"payments"`
		Ore      int64           `json:"ore"`
		Supplier string          `json:"supplier"`
		Size     int64           `json:"size"`
		Kind     json.RawMessage `json:"kind"`
		Number   int64           `json:"number"`
		Delivery int64           `json:"delivery_id"`
	}
	if err := json.Unmarshal(r.Facts, &f); err != nil {
		return r.Key
	}
	switch r.Kind {
	case postgres.JournalDelivery:
		return fmt.Sprintf("%d of %s, %d bytes", f.ID, f.Supplier, f.Size)
	case postgres.JournalParked:
		return fmt.Sprintf("message %d in the queue of %s, %d bytes", f.ID, f.Supplier, f.Size)
	case postgres.JournalSending:
		return fmt.Sprintf("to %s, number %d, attempt %d: %d payments, %d øre", f.Bank, f.ControlRef, f.Attempt, f.Payments, f.Ore)
	case postgres.JournalSent:
		return fmt.Sprintf("%s has number %d", f.Bank, f.ControlRef)
	case postgres.JournalBankFile:
		return fmt.Sprintf("of %s, %d bytes", f.Bank, f.Size)
	case postgres.JournalAnswer:
		return fmt.Sprintf("response or receipt %s, number %d, about delivery %d, to %s", f.Kind, f.Number, f.Delivery, f.Supplier)
	case postgres.JournalDecision:
		return fmt.Sprintf("%d: %s", f.ID, strings.Trim(string(f.Kind), `"`))
	}
	return r.Key
}
