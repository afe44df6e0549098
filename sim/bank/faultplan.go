package bank

import (
	"fmt"
	"slices"
	"time"
)

// Statements about the orders that have the interchange's fault.
const (
	stateExecuted = "executed"
	stateRejected = "rejected"
	stateUnknown  = "unknown code"
	stateMisnamed = "misnamed"
	stateAmount   = "other amount"
	stateTruth    = "truth" // the correction
)

const (
	faultLateBy = 26 * time.Hour // longer than a gateway waits for a CONTRL or a validation
	faultLater  = time.Hour      // from a statement to the one that contradicts it
	lateDays    = 2              // weekdays by which a booking comes late
)

// planFaults changes and adds to the answers that an interchange without fault would get.
func (d *decision) planFaults(checked time.Time) {
	r := d.line
	switch r.Fault {
	case FaultLate:
		d.planLate()
	case FaultTwice:
		d.planTwice()
	case FaultReversed:
		d.planReversed(checked)
	case FaultUnreadable, FaultOldNumber:
		d.planSpoiled()
	case FaultForged:
		for i := range r.Plan {
			r.Plan[i].Fault = FaultForged
		}
	case FaultDuplicateRefusal:
		d.planDuplicateRefusal(checked)
	case FaultContrlAfterAccepted:
		d.planContrlAfterAccepted(checked)
	}
	for _, date := range d.dates(func(o orderLine) bool { return o.Verdict == verdictSilent }) {
		d.planStatements(date, checked)
	}
}

// isBansta reports whether an answer is sent as BANSTA.
func (a planned) isBansta() bool { return a.Kind != answerContrl && a.Kind != answerAgain }

// isOld reports whether an answer goes under a number that was used before.
func (a *planned) isOld() bool { return a.Fault == FaultOldNumber && !a.Corrects }

func (d *decision) planLate() {
	for i := range d.line.Plan {
		a := &d.line.Plan[i]
		a.Fault = FaultLate
		if a.Kind == answerBooking {
			a.Due = weekdaysAfter(a.Due, lateDays, d.zone)
		} else {
			a.Due = a.Due.Add(faultLateBy)
		}
	}
}

func (d *decision) planTwice() {
	for _, a := range slices.Clone(d.line.Plan) {
		d.add(planned{Kind: answerAgain, Of: a.ID, Due: a.Due.Add(time.Minute), Fault: FaultTwice})
		again := a
		again.Due, again.Fault = a.Due.Add(2*time.Minute), FaultTwice
		d.add(again)
	}
}

// planReversed tells of execution order by order: a whole LIN could not be told of before its rejects are.
func (d *decision) planReversed(checked time.Time) {
	booked := checked
	for _, a := range d.line.Plan {
		if a.Kind == answerBooking && a.Due.After(booked) {
			booked = a.Due
		}
	}
	for i := range d.line.Plan {
		a := &d.line.Plan[i]
		a.Fault = FaultReversed
		switch {
		case a.Kind == answerBooking && a.Status == ExecutedLine:
			a.Status = ExecutedSeq
		case a.Kind == answerValidation:
			a.Due = booked.Add(time.Minute)
		case a.Kind == answerContrl && a.Action == "8" && !a.Last:
			a.Due = booked.Add(2 * time.Minute)
		case a.Kind == answerContrl:
			a.Due = booked.Add(3 * time.Minute)
		}
	}
}

// Ways in which an answer is spoilt.
const (
	spoiltEnd        = "cut off"
	spoiltTerminator = "without a terminator"
	spoiltNumber     = "number"             // it is used before
	spoiltBoth       = "number and instant" // of preparation are
)

// spoiltHow has two ways of each fault of whole answers.
var spoiltHow = map[Fault][2]string{
	FaultUnreadable: {spoiltEnd, spoiltTerminator},
	FaultOldNumber:  {spoiltNumber, spoiltBoth},
}

// planSpoiled gives answers that cannot be used, and where they are corrected the same ones in good order.
func (d *decision) planSpoiled() {
	for i, a := range slices.Clone(d.line.Plan) {
		if !a.isBansta() || a.Kind != answerBooking && d.line.Fault == FaultOldNumber {
			continue
		}
		d.line.Plan[i].Fault = d.line.Fault
		d.line.Plan[i].How = spoiltHow[d.line.Fault][draw(d.profile.Faults.Seed, "spoilt how", fmt.Sprint(d.faultKey, i))%2]
		good := a
		if !d.line.Corrected {
			d.request(good)
			continue
		}
		good.Due, good.Corrects = d.correctedAt(a.Due), true
		d.add(good)
	}
}

func (d *decision) correctedAt(t time.Time) time.Time {
	return weekdaysAfter(t, d.profile.Faults.CorrectsAfter, d.zone).Add(faultLater)
}

// finalContrl is the answer that accepts, or nil.
func (d *decision) finalContrl() *planned {
	for i := range d.line.Plan {
		if a := &d.line.Plan[i]; a.Kind == answerContrl && a.Last {
			return a
		}
	}
	return nil
}

// planDuplicateRefusal refuses what was taken, as a duplicate: instead of accepting it, or later where a message of it was
// refused, too. The orders are carried out, and told of by their booking.
func (d *decision) planDuplicateRefusal(checked time.Time) {
	refusal := planned{Kind: answerContrl, Action: "4", Code: codeDuplicate, Due: checked.Add(faultLater), Fault: FaultDuplicateRefusal}
	whole := !slices.ContainsFunc(d.line.Messages, func(m messageFacts) bool { return m.Flaw != nil })
	if final := d.finalContrl(); final != nil && whole && d.either("no acceptance", d.faultKey) {
		refusal.Due, refusal.ID = final.Due, final.ID
		*final = refusal
		return
	}
	d.add(refusal)
}

// planContrlAfterAccepted: a centre whose last CONTRL is a receipt sends a 7 as well, so that there is an acceptance to
// take back.
func (d *decision) planContrlAfterAccepted(checked time.Time) {
	accepted := checked
	if final := d.finalContrl(); final != nil && final.Action == "7" {
		accepted = final.Due
	} else {
		d.add(planned{Kind: answerContrl, Action: "7", Due: accepted, Last: true})
	}
	d.add(planned{Kind: answerContrl, Action: "4", Code: codeUnspecified, Due: accepted.Add(faultLater), Fault: FaultContrlAfterAccepted})
}

// planStatements plans what is told of the faulty orders of a date.
func (d *decision) planStatements(date string, checked time.Time) {
	booked := onDay(d.line.At, date, d.profile.Books, d.zone)
	if !booked.After(checked) {
		booked = checked.Add(2 * time.Second)
	}
	state := func(what string, due time.Time) {
		d.add(planned{Kind: answerFault, Status: what, Date: date, Due: due, Fault: d.line.Fault, Corrects: what == stateTruth})
	}
	switch d.line.Fault {
	case FaultRejectAfterExecuted:
		state(stateExecuted, booked)
		state(stateRejected, booked.Add(faultLater))
	case FaultExecutedAfterReject:
		state(stateRejected, checked)
		state(stateExecuted, booked.Add(faultLater))
	case FaultUnknownCode:
		state(stateUnknown, booked)
	case FaultWrongReference:
		state(stateMisnamed, booked.Add(faultLater))
	case FaultOtherAmount:
		state(stateAmount, booked)
	}
	switch {
	case d.line.Corrected:
		state(stateTruth, d.correctedAt(booked))
	case d.line.Fault == FaultUnknownCode, d.line.Fault == FaultWrongReference:
		d.request(planned{Kind: answerFault, Status: stateTruth, Date: date, Fault: d.line.Fault})
	}
}

// dates are the execution dates of the orders that f holds for.
func (d *decision) dates(f func(orderLine) bool) []string {
	var dates []string
	d.any(func(_ *message, l *line) bool {
		if slices.ContainsFunc(l.orders, f) && !slices.Contains(dates, l.Date) {
			dates = append(dates, l.Date)
		}
		return false
	})
	slices.Sort(dates)
	return dates
}
