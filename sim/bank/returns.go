package bank

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// comingBack is one return before it is decided which credit it is in.
type comingBack struct {
	due  time.Time
	to   AccountName
	part returnLine
}

// returns are those of a date's orders. An order that was rejected and booked all the same always comes back.
func (d *decision) returns(date string, booked time.Time, early bool) []comingBack {
	var all []comingBack
	d.eachOrder(func(l *line, o *orderLine) {
		name := payersName(o.Ref)
		if l.Date != date || !o.isBooked() || !o.Booked && !d.errs("return", name, d.profile.Reports.Returns.PerMille) {
			return
		}
		due := weekdaysAfter(booked, 1+int(draw(d.profile.Seed, "reports return after", name)%uint64(max(1, d.profile.Reports.Returns.Within))), d.zone)
		if early {
			due = booked.Add(earlyReturn)
		}
		to := d.profile.Reports.returnAccount(AccountName{l.Bank, l.Account})
		for i, part := range d.partsOf(o) {
			all = append(all, comingBack{weekdaysAfter(due, i, d.zone), to, part})
		}
	})
	return all
}

// partsOf is what comes back of an order, on one day or on two.
func (d *decision) partsOf(o *orderLine) []returnLine {
	r, name := d.profile.Reports, payersName(o.Ref)
	part := d.returned(o)
	part.Why = int(draw(d.profile.Seed, "reports reason", name) % uint64(len(d.profile.Reasons)))
	switch {
	case d.errs("unnamed", name, r.Misbehaves.Unnamed):
		part.Names = ""
	case d.errs("unknown", name, r.Misbehaves.Unknown):
		part.Names = "00000000UKENDT" + d.line.Control
	}
	switch parts := []returnLine{part}; {
	case d.errs("more", name, r.Misbehaves.More):
		parts[0].Oere += moreThanIs
		return parts
	case o.Booked:
		parts[0].Why = o.Why
		return parts
	case part.Oere < 2:
		return parts
	case d.errs("part", name, r.Returns.Part):
		parts[0].take(part.Oere / 2)
		return parts
	case d.errs("fee", name, r.Returns.Fee):
		parts[0].Fee = min(feeOfReturn, part.Oere/2)
		parts[0].Oere -= parts[0].Fee
		return parts
	case d.errs("two", name, r.Returns.Two):
		second := part
		parts[0].take(part.Oere / 2)
		second.Oere -= parts[0].Oere
		second.Foreign = max(1, second.Foreign-parts[0].Foreign)
		return append(parts, second)
	default:
		return parts
	}
}

// planReturns books what comes back, by day and account.
func (d *decision) planReturns(all []comingBack, early bool) {
	slices.SortStableFunc(all, func(a, b comingBack) int {
		return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.to.String(), b.to.String()))
	})
	for len(all) > 0 {
		due := all[0].due
		n := slices.IndexFunc(all, func(c comingBack) bool { return !c.due.Equal(due) })
		if n < 0 {
			n = len(all)
		}
		date := due.In(d.zone).Format("20060102")
		booking := d.add(planned{Kind: answerBook, Due: due, Date: date})
		d.credits(booking, all[:n])
		if d.errs("stray", d.line.Control+date, d.profile.Reports.Misbehaves.Stray) {
			part := returnLine{Names: "00000000FREMMED" + d.line.Control, Oere: amountOfStray}
			d.book(booking, due, postingLine{Cause: causeStray, AccountName: all[0].to, Oere: amountOfStray, Parts: []returnLine{part}})
		}
		if d.profile.Reports.Cremul {
			d.report(answerCredits, booking, due, date, early)
		}
		all = all[n:]
	}
}

// credits makes the credit postings of a day: for each account one, or one of each return.
func (d *decision) credits(booking string, day []comingBack) {
	for len(day) > 0 {
		to := day[0].to
		n := slices.IndexFunc(day, func(c comingBack) bool { return c.to != to })
		if n < 0 {
			n = len(day)
		}
		size := 1
		if d.errs("merged", fmt.Sprint(d.line.Control, day[0].due.Unix(), to), d.profile.Reports.Returns.Merged) {
			size = mostSeqs
		}
		for some := range slices.Chunk(day[:n], size) {
			d.credit(booking, some)
		}
		day = day[n:]
	}
}

func (d *decision) credit(booking string, returns []comingBack) {
	p := postingLine{Cause: causeReturn, AccountName: returns[0].to}
	for _, r := range returns {
		p.Oere += r.part.Oere
		p.Parts = append(p.Parts, r.part)
	}
	if d.errs("sum", payersName(p.Parts[0].Order), d.profile.Reports.Misbehaves.Sum) {
		p.Stated = p.Oere + moreThanIs
	}
	d.book(booking, returns[0].due, p)
}
