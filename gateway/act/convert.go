package act

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register/accounts"
	"nks/register/law"
)

// Kinds of decisions about the accounts of a registration number that another has taken over. // B10.2
const (
	KindConvert     = "convert-accounts"
	KindUndoConvert = "undo-conversion"
)

// Parameters of them.
const (
	takenOver = "from"
	takesOver = "to"
)

// mostConverted bounds the accounts of one decision.
const mostConverted = 200_000

func convertKinds() []Kind {
	takes := []Parameter{{Name: takenOver, Help: "registration `number` that has been taken over"}, {Name: takesOver, Help: "registration `number` that has taken it over"}}
	return []Kind{
		{Name: KindConvert, Summary: "the accounts of a registration number have the one that has taken it over, after a merger of banks", Thing: gateway.ThingRegistration, Takes: takes,
			Example: `decide convert-accounts --from 1234 --to 5678 --by "A. Hansen" --why "merger of 2005-09-01"`,
			persons: two, find: (*Desk).conversion, do: convert(false)},
		{Name: KindUndoConvert, Summary: "accounts that a conversion has changed are as before, where nothing changed since", Thing: gateway.ThingRegistration, Takes: takes,
			Example: `decide undo-conversion --from 1234 --to 5678 --by "A. Hansen" --why "the wrong number"`,
			persons: two, find: (*Desk).undoneConversion, do: convert(true)},
	}
}

// converted is an account that a conversion changes.
type converted struct {
	ID          int64              `db:"id"`
	HolderID    int64              `db:"holder_id"`
	HolderKind  gateway.HolderKind `db:"holder_kind"`
	Authority   string             `db:"authority"`
	BenefitType string             `db:"benefit_type"`
	Account     string             `db:"account"`
	Locked      bool               `db:"locked"`
	To          sql.NullTime       `db:"valid_to"`
}

// conversionOf is how a conversion is named by the applications that it makes.
func conversionOf(content map[string]string) string {
	return "conversion of " + content[takenOver] + " to " + content[takesOver]
}

// convertible are the Danish accounts that a conversion changes, or that its undoing changes back. A purpose that waits for another
// account is left alone.
func (d *Desk) convertible(ctx context.Context, x *postgres.Session, content map[string]string, undo bool) (all []converted, err error) {
	for _, name := range []string{takenOver, takesOver} {
		if n, err := strconv.ParseUint(content[name], 10, 16); err != nil || n == 0 || len(content[name]) != 4 {
			return nil, fmt.Errorf("%s must be the four digits of a registration number: %w", name, gateway.ErrIntent)
		}
	}
	if content[takenOver] == content[takesOver] {
		return nil, fmt.Errorf("%s and %s must differ: %w", takenOver, takesOver, gateway.ErrIntent)
	}
	has, source := content[takenOver], ""
	if undo {
		has, source = content[takesOver], conversionOf(content)
	}
	err = x.SelectContext(ctx, &all, `SELECT v.id, v.holder_id, v.holder_kind, coalesce(v.authority, '') AS authority, coalesce(v.benefit_type, '') AS benefit_type, v.account, v.locked, v.valid_to
		FROM account_version v WHERE v.recorded_to IS NULL AND v.account_kind = $1 AND left(v.account, 4) = $2 AND v.valid_from <= $3 AND (v.valid_to > $3 OR v.valid_to IS NULL)
			AND ($4 = '' OR EXISTS (SELECT FROM account_application a WHERE a.id = v.application AND a.channel = 'system' AND a.source = $4))
			AND NOT EXISTS (SELECT FROM account_version l WHERE l.holder_id = v.holder_id AND l.holder_kind = v.holder_kind AND l.recorded_to IS NULL AND l.valid_from > $3
				AND l.authority IS NOT DISTINCT FROM v.authority AND l.benefit_type IS NOT DISTINCT FROM v.benefit_type)
		ORDER BY v.id LIMIT $5`, gateway.DomesticBBAN, has, d.bank.Now(), source, mostConverted+1)
	switch {
	case err != nil:
		return nil, fmt.Errorf("accounts of %s: %w", has, err)
	case len(all) > mostConverted:
		return nil, fmt.Errorf("more than %d accounts: %w", mostConverted, gateway.ErrIntent)
	}
	return all, nil
}

func (d *Desk) conversion(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return d.conversionItem(ctx, x, of, false)
}

func (d *Desk) undoneConversion(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return d.conversionItem(ctx, x, of, true)
}

// conversionItem says how many accounts change. The decision is for those: where their number has changed, it is left alone.
func (d *Desk) conversionItem(ctx context.Context, x *postgres.Session, of gateway.Decision, undo bool) ([]gateway.DecisionItem, error) {
	all, err := d.convertible(ctx, x, of.Content, undo)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	specific := 0
	for _, c := range all {
		if c.Authority != "" {
			specific++
		}
	}
	id, err := strconv.ParseInt(of.Content[takenOver], 10, 64)
	return []gateway.DecisionItem{{Thing: gateway.ThingRegistration, ID: id, State: fmt.Sprintf("%d NemKonti and %d specific accounts", len(all)-specific, specific)}}, err
}

// convert changes the accounts as one change of the register. What the law refuses stays, and is counted.
func convert(undo bool) func(*Desk, context.Context, *postgres.Session, gateway.Decision, gateway.DecisionItem) (string, error) {
	return func(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
		all, err := d.convertible(ctx, x, by.Content, undo)
		if err != nil {
			return "", err
		}
		to, source := by.Content[takesOver], conversionOf(by.Content)
		if undo {
			to, source = by.Content[takenOver], "undone "+source
		}
		asked := make([]accounts.Application, 0, len(all))
		for _, c := range all {
			a := accounts.Application{Channel: law.System, Action: law.Register, Holder: gateway.HolderOf(c.HolderKind, c.HolderID), Authority: c.Authority, BenefitType: c.BenefitType,
				Account: accounts.Account{Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: to + c.Account[4:]}}, Locked: c.Locked, Expects: c.ID, By: by.By, Why: by.Why, Source: source}
			if c.To.Valid {
				a.To = gateway.DateOf(c.To.Time.In(d.bank.Location))
			}
			asked = append(asked, a)
		}
		outcomes, err := d.accounts.Apply(ctx, x, asked)
		if err != nil {
			return "", err
		}
		changed, refused, why := 0, 0, ""
		for _, o := range outcomes {
			if o.State != law.Refused {
				changed++
				continue
			}
			refused++
			why = fmt.Sprintf("; %d are refused, the last by %s: %s", refused, o.Rule, o.Why)
		}
		return fmt.Sprintf("%d accounts have %s now%s", changed, to, why), nil
	}
}
