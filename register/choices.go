package register

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/pgscript"
)

const choiceColumns = `id, authority, coalesce(benefit_type, ''), cause, choice, coalesce(hold_days, 0), coalesce(otherwise, ''), coalesce(error_account, '')`

// Choices reads what authorities want done, at an instant, with money that has nowhere to go, as known now.
func Choices(ctx context.Context, q Queryer, at time.Time) (gateway.StandingChoices, error) {
	return choices(ctx, q, `SELECT `+choiceColumns+` FROM nks.standing_choice_as_of($1, 'infinity') ORDER BY authority, benefit_type NULLS FIRST, cause`, at)
}

// ChoicesAs reads what counted at one instant, as was known at another.
func ChoicesAs(ctx context.Context, q Queryer, on, knownAt time.Time) (gateway.StandingChoices, error) {
	return choices(ctx, q, `SELECT `+choiceColumns+` FROM nks.standing_choice_as_of($1, $2) ORDER BY authority, benefit_type NULLS FIRST, cause`, on, knownAt)
}

// ChoiceVersions reads versions, also those that are closed.
func ChoiceVersions(ctx context.Context, q Queryer, ids []int64) (gateway.StandingChoices, error) {
	return choices(ctx, q, `SELECT `+choiceColumns+` FROM nks.standing_choice_version WHERE id = ANY ($1::bigint[]) ORDER BY id`, ids)
}

func choices(ctx context.Context, q Queryer, query string, args ...any) (all gateway.StandingChoices, err error) {
	err = each(ctx, q, query, func(r *sql.Rows) error {
		var c gateway.StandingChoice
		err := r.Scan(&c.Version, &c.Authority, &c.BenefitType, &c.Cause, &c.Does, &c.HoldDays, &c.Otherwise, &c.Account)
		all = append(all, c)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("standing choices: %w", err)
	}
	return all, nil
}

// ChoiceChange is what an authority chooses by a decision, from now on.
type ChoiceChange struct {
	gateway.StandingChoice
	Decision int64            // 0: a rehearsal, of which nothing stays
	Now      func() time.Time // business time
	Location *time.Location
}

// CheckChoice reports whether an authority can choose so: it must be known, and the benefit type general or its own. The error is an
// ErrNotFound.
func CheckChoice(ctx context.Context, q Queryer, c gateway.StandingChoice) error {
	var authority, benefit bool
	err := each(ctx, q, `SELECT EXISTS (SELECT FROM nks.authority WHERE authority = $1), $2::text = '' OR EXISTS (SELECT FROM nks.benefit_type
		WHERE benefit_type = $2 AND (authority IS NULL OR authority = $1))`, func(r *sql.Rows) error { return r.Scan(&authority, &benefit) }, c.Authority, c.BenefitType)
	switch {
	case err != nil:
		return fmt.Errorf("standing choice: %w", err)
	case !authority:
		return fmt.Errorf("authority %s: %w", c.Authority, gateway.ErrNotFound)
	case !benefit:
		return fmt.Errorf("benefit type %s is neither general nor that of %s: %w", c.BenefitType, c.Authority, gateway.ErrNotFound)
	}
	return nil
}

// ChangeChoice records a choice in the caller's transaction, as a change of the register by a decision; what is so already makes
// nothing.
func ChangeChoice(ctx context.Context, tx Tx, c ChoiceChange) error {
	const staged = "chosen"
	what := pgscript.Step{Name: "what is chosen", Statement: `CREATE TEMP TABLE ` + staged + ` ON COMMIT DROP AS
		SELECT @authority::text AS authority, nullif(@benefit::text, '') AS benefit_type, @cause::text AS cause, @choice::text AS choice,
			nullif(@days::int, 0) AS hold_days, nullif(@otherwise::text, '') AS otherwise, nullif(@account::text, '') AS error_account`}
	err := changeByDecision(ctx, tx, decided{decision: c.Decision, now: c.Now, location: c.Location}, map[string]any{"authority": c.Authority, "benefit": c.BenefitType, "cause": string(c.Cause),
		"choice": string(c.Does), "days": c.HoldDays, "otherwise": string(c.Otherwise), "account": c.Account},
		slices.Concat([]pgscript.Step{what}, choiceSteps(staged), []pgscript.Step{{Name: "nothing more is", Statement: `DROP TABLE ` + staged}}))
	if err != nil {
		return fmt.Errorf("standing choice of %s: %w", c.Authority, err)
	}
	return nil
}

// choiceSteps make versions of staged choices.
func choiceSteps(staged string) []pgscript.Step {
	const table = "nks.standing_choice_version"
	return versioned(staged, table, "authority, benefit_type, cause", "choice, hold_days, otherwise, error_account", adding+"standing_choice_version")
}

// parseStandingChoice reads what an authority chooses in one case. // B35-36 // G-faulty
func parseStandingChoice(r *row) {
	const authority, benefit, cause, choice = 0, 1, 2, 3
	r.start()
	r.required(authority, 35)
	r.optional(benefit, 35)
	r.coded(cause, func(b []byte) bool {
		c := gateway.Cause(b)
		return c == gateway.CauseNoAccount || c == gateway.CauseBankRejected || c == gateway.CauseCameBack
	}, "must be no_account, bank_rejected or came_back")
	c, err := gateway.ParseChoice(string(r.fields[choice]))
	if err != nil {
		r.fail(choice, gateway.ChoiceRule)
	}
	r.Text("choice", string(c.Does))
	if c.HoldDays == 0 {
		r.Null("hold_days")
	} else {
		r.Int4("hold_days", int32(c.HoldDays))
	}
	r.Optional("otherwise", string(c.Otherwise))
	r.Optional("error_account", c.Account)
}
