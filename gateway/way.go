package gateway

import (
	"fmt"
	"slices"
	"time"
)

// Way is how payments of an agreement go: by the version and the profile that decide on their execution day.
type Way struct {
	Agreement Agreement
	Bank      BankCentre
	Plan      Plan
}

// Ways decides which way payments go.
type Ways struct {
	Days
	Banks    BankCentres
	Controls NightControls
	Salaries bool // of salaries and pensions alone // B1-salary
}

// Terms are the terms of an agreement at a booking centre, with the cut-offs that were moved.
func (w Ways) Terms(a Agreement, b BankCentre) Terms {
	t := w.Days.Terms(a, b)
	if w.Salaries {
		t = w.Days.SalaryTerms(a, b)
	}
	t.Controls, t.For = w.Controls, About{Bank: b.ID, Authority: a.Authority, Agreement: a.Number}
	return t
}

// NotInForceError means that no version of an agreement is in force on the day on which its payments would be executed.
type NotInForceError struct{ On Date }

func (e *NotInForceError) Error() string {
	return fmt.Sprintf("no version of the agreement is in force on %s", e.On)
}

// Planned is the way of payments that count as received at an instant and ask for a day, by an agreement's versions: when they
// are released, and when their recipients have the money. It is what happens unless the reference data are changed or the
// gateway is not there in time. The error may be a NotInForceError, or ErrNotFound of a booking centre. // G-deadline
func (w Ways) Planned(versions Agreements, received time.Time, requested Date) (Way, error) {
	return w.find(versions, requested, func(a Agreement, from Date) (Way, error) { return w.plan(a, received, from) })
}

// Leaving is the way of payments that leave now and were planned for a day: past the send-by of the booking centre that the
// agreement has on their execution day, that moves on. The errors are those of Planned.
func (w Ways) Leaving(versions Agreements, now time.Time, planned Date) (Way, error) {
	return w.find(versions, planned, func(a Agreement, from Date) (Way, error) {
		bank, err := w.Banks.InForce(a.BankCentre, now)
		if err != nil {
			return Way{}, err
		}
		return Way{Agreement: a, Bank: bank, Plan: Plan{ReleaseAt: now, ExecutesOn: w.Terms(a, bank).ExecutionDay(now, from)}}, nil
	})
}

// plan plans by one version of the agreement. Which profile of its booking centre counts is known when the payments are released:
// of the plans that each of them would make, those hold that execute as planned by the one that counts then. The earliest of these
// is made, with the latest release. Where none holds, the payments are released as is planned now, and execute when they can.
func (w Ways) plan(a Agreement, received time.Time, from Date) (way Way, err error) {
	now, err := w.Banks.InForce(a.BankCentre, received)
	if err != nil {
		return way, err
	}
	found := false
	for _, b := range w.Banks {
		if b.ID != a.BankCentre || b.Closed {
			continue
		}
		plan := w.Terms(a, b).PlanRelease(received, from)
		then, executes := w.released(a, b, plan)
		better := !found || plan.ExecutesOn.Before(way.Plan.ExecutesOn) || plan.ExecutesOn == way.Plan.ExecutesOn && plan.ReleaseAt.After(way.Plan.ReleaseAt)
		if executes == plan.ExecutesOn && better {
			way, found = Way{Agreement: a, Bank: then, Plan: plan}, true
		}
	}
	if !found {
		way = Way{Agreement: a, Plan: w.Terms(a, now).PlanRelease(received, from)}
		way.Bank, way.Plan.ExecutesOn = w.released(a, now, way.Plan)
	}
	return way, nil
}

// released is the profile that counts when a plan is carried out, and the execution day that it makes of it, somewhat late. A
// centre that has ended by then counts as it was planned with: what is to be sent to it is told when it should be.
func (w Ways) released(a Agreement, planned BankCentre, p Plan) (BankCentre, Date) {
	late := p.ReleaseAt.Add(handOver)
	day := p.ExecutesOn
	for _, at := range []time.Time{late, p.ReleaseAt} { // another may begin to count in between
		if b, err := w.Banks.InForce(a.BankCentre, at); err == nil {
			planned = b
		}
		day = w.Terms(a, planned).ExecutionDay(late, day)
	}
	return planned, day
}

// find looks for a way whose version is in force on the very day on which it executes, the earliest there is. land is where a
// version takes payments that are to be executed from a day on, never before it.
func (w Ways) find(versions Agreements, from Date, land func(Agreement, Date) (Way, error)) (Way, error) {
	var missing error
	var days []Date
	for _, a := range versions {
		way, err := land(a, from)
		if err != nil {
			missing = err
			continue
		}
		days = append(days, way.Plan.ExecutesOn)
	}
	slices.SortFunc(days, func(a, b Date) int { return a.number() - b.number() })
	for _, day := range slices.Compact(days) {
		for {
			a, ok := versions.OnDay(day, w.Location)
			if !ok {
				break
			}
			way, err := land(a, day)
			if err != nil || way.Plan.ExecutesOn == day {
				return way, err
			}
			day = way.Plan.ExecutesOn
		}
	}
	if missing == nil && len(days) > 0 {
		missing = &NotInForceError{On: days[0]}
	}
	return Way{}, missing
}
