package receive

import (
	"context"

	"nks/gateway"
	"nks/gateway/postgres"
)

// groupKey is what payments of one release group share.
type groupKey struct {
	agreement, account string
	requested          gateway.Date
	fault              gateway.Code
	salaries           bool // alone, with cut-offs of their own // B1-salary
}

// Group is a release group of a bundle that is being read.
type Group struct {
	groupKey
	ID       int64
	Way      gateway.Way // by which the payments go, if they have no fault
	Payments int
	Ore      int64

	debitText string
}

// Number is the agreement number of the debit block.
func (g *Group) Number() string { return g.agreement }

// DebitAccount is the account of the debit block.
func (g *Group) DebitAccount() string { return g.account }

// RequestedOn is the day that the document asks for; zero when it does not say.
func (g *Group) RequestedOn() gateway.Date { return g.requested }

// Fault is the error of the debit level, empty when there is none.
func (g *Group) Fault() gateway.Code { return g.fault }

// foretells reports whether receipt 1 says when the recipients of a group have their money.
func (s *Store) foretells(g *Group) bool { return s.Rules.Foretells && g.fault == "" }

func (g *Group) unit() string { return g.Way.Agreement.LOSUnit }

// dayOf is the day of receipt.
func (s *Store) dayOf(d postgres.Delivery) gateway.Date {
	return gateway.DateOf(d.ReceivedAt.In(s.Location))
}

func (s *Store) insertGroup(ctx context.Context, x *postgres.Session, d postgres.Delivery, head gateway.BundleHead, g *Group) error {
	requested := g.requested
	if requested.IsZero() {
		requested = s.dayOf(d)
	}
	var agreementID, bank, unit, choice, executes, releaseAt, foretold any
	if g.fault == "" {
		a := g.Way.Agreement
		agreementID, bank, choice = a.ID, a.BankCentre, string(a.NoAccount)
		executes, releaseAt = g.Way.Plan.ExecutesOn.String(), g.Way.Plan.ReleaseAt
		unit = a.LOSUnit
	}
	if s.foretells(g) {
		foretold = executes
	}
	var debitText any
	if head.Grouped {
		debitText = g.debitText
	}
	_, err := x.ExecContext(ctx, `INSERT INTO release_group (id, delivery_id, month, agreement, debit_account, requested_on, debit_text,
			reject_code, agreement_id, bank_centre, los_unit, no_account, executes_on, release_at, payments, ore, foretold_on, salary)
		VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, ''), $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		g.ID, d.ID, d.Month, g.agreement, g.account, requested.String(), debitText, string(g.fault),
		agreementID, bank, unit, choice, executes, releaseAt, g.Payments, g.Ore, foretold, g.salaries)
	return err
}
