package bank

import (
	_ "embed"

	"nks/gateway"
	"nks/pgscript"
)

// Selection says which payments of an authority are meant: all that wait, or are on their way, and are as each of its fields says
// that is given.
type Selection struct {
	Authority   string
	Supplier    string
	BenefitType string
	Agreement   string
	Day         string // requested, or on which they are executed: yyyy-mm-dd
	From, To    int64  // øre; 0: any
	// EndToEndIDs are the only ones; also what is at its end. nil: any.
	EndToEndIDs []string
	Recipient   func(gateway.HolderKind, int64) bool
}

//go:embed sql/selection.sql
var selectionSQL string

//go:embed sql/selection_listed.sql
var selectionListedSQL string

// of is the payments that a selection has. What was executed on earlier days is looked at only where its ids are listed.
func (s Selection) of(today gateway.Date) Chosen {
	which := Chosen{payments: selectionSQL, waiting: true, recipient: s.Recipient, args: pgscript.Args{"authority": s.Authority, "supplier": s.Supplier,
		"benefit": s.BenefitType, "agreement": s.Agreement, "day": s.Day, "from": s.From, "to": s.To, "today": today.String()}}
	if s.EndToEndIDs != nil {
		delete(which.args, "today")
		which.payments, which.waiting, which.args["listed"] = selectionListedSQL, false, s.EndToEndIDs
	}
	return which
}

// Select chooses the payments of a selection.
func (s *Store) Select(of Selection) Chosen { return of.of(gateway.DateOf(s.Now().In(s.Location))) }
