package reconciliation

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
)

// Unkept is payments of one agreement whose recipients have their money on another day than receipt 1 foretold, and why. Those that
// are not paid at all are not in it: responses 2, 5 and 7 say so.
type Unkept struct {
	Supplier   string
	Authority  string
	Agreement  string
	Bank       string
	ForetoldOn gateway.Date
	OnAccount  gateway.Date // zero: they wait, and the day is there
	Why        UnkeptReason
	Payments   int64
	Ore        int64
}

// UnkeptReason is why what was foretold is not kept.
type UnkeptReason string

// The reasons.
const (
	UnkeptSetAside    UnkeptReason = "delivery set aside"
	UnkeptUnchecked   UnkeptReason = "not checked"
	UnkeptHeld        UnkeptReason = "held"
	UnkeptDoubt       UnkeptReason = "account in doubt"
	UnkeptLate        UnkeptReason = "released late"                                  // past the bank's send-by, or waiting for its agreement
	UnkeptOtherTerms  UnkeptReason = "other terms of the agreement or booking centre" // than were known when it was foretold
	UnkeptWaits       UnkeptReason = "waits"
	UnkeptOrderedAnew UnkeptReason = "ordered anew"
)

// UnkeptReasons is all of them.
func UnkeptReasons() []UnkeptReason {
	return []UnkeptReason{UnkeptSetAside, UnkeptUnchecked, UnkeptHeld, UnkeptDoubt, UnkeptLate, UnkeptOtherTerms, UnkeptWaits, UnkeptOrderedAnew}
}

//go:embed sql/foretold.sql
var foretoldSQL string

// ForetoldNotKept lists what receipt 1 foretold of the open months and was not, or is not any more, kept, as of an instant.
func ForetoldNotKept(ctx context.Context, db Queryer, now time.Time) ([]Unkept, error) {
	open, err := firstOpen(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("foretold: %w", err)
	}
	rows, err := db.QueryContext(ctx, foretoldSQL, open.first, open.delivery, gateway.DateOf(now).String(),
		UnkeptSetAside, UnkeptUnchecked, UnkeptHeld, UnkeptDoubt, UnkeptLate, UnkeptOtherTerms, UnkeptWaits, UnkeptOrderedAnew)
	if err != nil {
		return nil, fmt.Errorf("foretold: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []Unkept
	for rows.Next() {
		var u Unkept
		var foretold time.Time
		var onAccount sql.NullTime
		if err := rows.Scan(&u.Supplier, &u.Authority, &u.Agreement, &u.Bank, &foretold, &onAccount, &u.Why, &u.Payments, &u.Ore); err != nil {
			return nil, fmt.Errorf("foretold: %w", err)
		}
		u.ForetoldOn = gateway.DateOf(foretold)
		if onAccount.Valid {
			u.OnAccount = gateway.DateOf(onAccount.Time)
		}
		all = append(all, u)
	}
	return all, rows.Err()
}
