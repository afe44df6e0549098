package act

import (
	"context"
	"fmt"
	"slices"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// Parameters of a standing choice, beside the authority and the benefit.
const (
	causeOf  = "cause"
	choiceOf = "choice"
)

// allBenefits stands for all benefit types that have no choice of their own.
const allBenefits = "all"

// chosen is the choice that a decision is for. The error is an ErrIntent.
func chosen(content map[string]string) (gateway.StandingChoice, error) {
	c, err := gateway.ParseChoice(content[choiceOf])
	if err != nil {
		return c, err
	}
	c.Authority, c.Cause = content[authorityOf], gateway.Cause(content[causeOf])
	if content[benefitOf] != allBenefits {
		c.BenefitType = content[benefitOf]
	}
	if !slices.Contains(gateway.Causes(), c.Cause) {
		return c, fmt.Errorf("cause must be no_account, bank_rejected or came_back: %w", gateway.ErrIntent)
	}
	return c, nil
}

// standingChoice is what the authority has chosen so far in that case.
func (d *Desk) standingChoice(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	c, err := chosen(of.Content)
	if err == nil {
		err = register.CheckChoice(ctx, x, c)
	}
	if err != nil {
		return nil, err
	}
	all, err := register.Choices(ctx, x, d.bank.Now())
	if err != nil {
		return nil, err
	}
	state := "none is made"
	if i := slices.IndexFunc(all, func(o gateway.StandingChoice) bool {
		return o.Authority == c.Authority && o.BenefitType == c.BenefitType && o.Cause == c.Cause
	}); i >= 0 {
		state = "is " + all[i].String()
	}
	return []gateway.DecisionItem{{Thing: gateway.ThingChoice, Authority: c.Authority, State: state}}, nil
}

func setChoice(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, _ gateway.DecisionItem) (string, error) {
	c, err := chosen(by.Content)
	if err != nil {
		return "", err
	}
	return "is " + c.String() + " from now on", register.ChangeChoice(ctx, x, register.ChoiceChange{StandingChoice: c, Decision: by.ID, Now: d.bank.Now, Location: d.bank.Location})
}
