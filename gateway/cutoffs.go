package gateway

import (
	"slices"
	"time"
)

// KindCutOffs are what a booking centre has agreed to for payments of one kind, in the place of what counts for all.
type KindCutOffs struct {
	ReceiveBy time.Duration // since midnight; below 0: the agreement's
	SendBy    time.Duration // since midnight
	LeadDays  int           // banking days
}

// SalaryTerms are the terms of an agreement's salaries and pensions at a booking centre; those of all where it has none of their
// own. // B1-salary
func (d Days) SalaryTerms(a Agreement, b BankCentre) Terms {
	t := d.Terms(a, b)
	if b.Salaries == nil {
		return t
	}
	t.SendBy, t.LeadDays = b.Salaries.SendBy, b.Salaries.LeadDays
	if b.Salaries.ReceiveBy >= 0 {
		t.ReceiveBy = b.Salaries.ReceiveBy
	}
	return t
}

// SalaryBankTerms are BankTerms of salaries and pensions.
func (d Days) SalaryBankTerms(b BankCentre, controls NightControls) Terms {
	t := d.SalaryTerms(Agreement{}, b)
	t.Controls, t.For = controls, About{Bank: b.ID}
	return t
}

// SalariesApart reports whether the salaries of an agreement's versions have cut-offs of their own at some booking centre, by some profile
// that is known.
func (all BankCentres) SalariesApart(versions Agreements) bool {
	return slices.ContainsFunc(all, func(b BankCentre) bool {
		return b.Salaries != nil && slices.ContainsFunc(versions, func(a Agreement) bool { return a.BankCentre == b.ID })
	})
}
