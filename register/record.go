package register

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
)

// Record is what stands on record of an account version beside what decides by it.
type Record struct {
	Account  string    // its last four characters hidden // B19.1
	Recorded time.Time // since when the register knows of it
}

// Records are those of some account versions, by number. What a version says never changes, so it is the same whenever it
// was known.
func Records(ctx context.Context, q Queryer, versions []int64) (map[int64]Record, error) {
	all := map[int64]Record{}
	err := each(ctx, q, `SELECT id, account, recorded_from FROM nks.account_version WHERE id = ANY ($1::bigint[])`, func(r *sql.Rows) error {
		var id int64
		var account gateway.Account
		var recorded time.Time
		err := r.Scan(&id, &account.Number, &recorded)
		all[id] = Record{Account: account.MaskedNumber(), Recorded: recorded}
		return err
	}, versions)
	if err != nil {
		return nil, fmt.Errorf("account versions: %w", err)
	}
	return all, nil
}

// Purpose is what an account is for, as a person reads it.
func (v *AccountVersion) Purpose() string {
	switch {
	case v.Authority == "":
		return "NemKonto"
	case v.Locked:
		return fmt.Sprintf("specific to %s/%s, locked", v.Authority, v.BenefitType)
	}
	return fmt.Sprintf("specific to %s/%s", v.Authority, v.BenefitType)
}

// LastDay is the last day on which a holder's accounts may be used, zero where they may be for ever. Whoever ended on a
// day that nobody knows has none: ok is false. // B18.3
func (p *Policy) LastDay(kind gateway.HolderKind, f *Facts) (day gateway.Date, ok bool) {
	switch {
	case f.Status != gateway.Dead && f.Status != gateway.Ceased:
		return gateway.Date{}, true
	case f.Ended.IsZero():
		return gateway.Date{}, false
	}
	return f.Ended.AddDays(p.Days[kind]), true
}
