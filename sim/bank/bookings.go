package bank

import (
	"fmt"
	"slices"
	"time"
)

const (
	reportAfter   = time.Minute // from a booking to its report
	earlyReturn   = time.Hour   // from an early booking to what comes back of it
	lateReport    = 3           // weekdays
	mostSeqs      = 9_999       // SEQ in a LIN of DEBMUL, CREMUL and FINSTA, and LIN in a message (D.96A)
	mostGroups    = 2           // RFF+AEK in a LIN of DEBMUL beside RFF+ACK (SG5)
	charged       = 5_00        // øre
	feeOfReturn   = 25_00
	moreThanIs    = 100_00 // by which an amount is wrong
	amountOfStray = 123_45
)

// isBooked reports whether an order is debited.
func (o orderLine) isBooked() bool { return o.Truth == Executed || o.Booked }

// planMoney decides what will be booked on which account when, and when it is reported.
func (d *decision) planMoney(checked time.Time) {
	d.bookRejected()
	d.exchange()
	early := d.errs("early", d.line.Control, d.profile.Reports.Misbehaves.Early)
	var all []comingBack
	for _, date := range d.dates(orderLine.isBooked) {
		due := onDay(d.line.At, date, d.profile.Books, d.zone)
		switch {
		case early:
			due = d.line.At.Truncate(time.Second).Add(-time.Second)
		case !due.After(checked):
			due = checked.Add(2 * time.Second)
		}
		booking := d.add(planned{Kind: answerBook, Due: due, Date: date})
		d.debits(booking, date, due)
		if mode := d.profile.Reports.Debmul; mode == DebmulLine || mode == DebmulParts {
			d.report(answerDebits, booking, due, date, early)
		}
		all = append(all, d.returns(date, due, early)...)
	}
	d.planReturns(all, early)
	d.planClosings()
}

// bookRejected has orders booked that were rejected: they come back.
func (d *decision) bookRejected() {
	d.eachOrder(func(_ *line, o *orderLine) {
		refused := o.Verdict == verdictReject || o.Verdict == verdictLate
		o.Booked = refused && o.Truth == Rejected && d.errs("rejected and booked", payersName(o.Ref), d.profile.Reports.Misbehaves.Rejected)
	})
}

// eachOrder calls f for the orders of messages that stand.
func (d *decision) eachOrder(f func(l *line, o *orderLine)) {
	d.any(func(_ *message, l *line) bool {
		for o := range l.orders {
			f(l, &l.orders[o])
		}
		return false
	})
}

// errs draws with the seed of the profile among what concerns accounts.
func (d *decision) errs(text, key string, perMille int) bool {
	return chance(d.profile.Seed, "reports "+text, key, perMille)
}

// book adds a posting to a booking.
func (d *decision) book(booking string, due time.Time, p postingLine) {
	p.Kind, p.Booking, p.Date = kindPosting, booking, due.In(d.zone).Format("20060102")
	p.ACK = fmt.Sprintf("%s-%d-%d", p.Date, d.line.Serial, len(d.postings)+1)
	d.postings = append(d.postings, p)
}

// debits makes the debit postings of a date: one of each line, but for what is split or joined.
func (d *decision) debits(booking, date string, due time.Time) {
	var open *postingLine // may be joined by the next line
	flush := func() {
		if open != nil {
			d.debit(booking, due, *open)
			open = nil
		}
	}
	d.any(func(_ *message, l *line) bool {
		booked := slices.DeleteFunc(slices.Clone(l.orders), func(o orderLine) bool { return l.Date != date || !o.isBooked() })
		if len(booked) == 0 {
			return false
		}
		one := debitOf(l, booked)
		name := payersName(booked[0].Ref)
		switch {
		case open != nil && open.joins(one) && d.errs("joint debit", name, d.profile.Reports.Debits.Joint):
			open.Oere += one.Oere
			open.Orders += one.Orders
			open.Groups = append(open.Groups, one.Groups...)
		case len(booked) > 1 && d.errs("split debit", name, d.profile.Reports.Debits.Split):
			flush()
			half := len(booked) / 2
			d.debit(booking, due, debitOf(l, booked[:half]))
			d.debit(booking, due, debitOf(l, booked[half:]))
		default:
			flush()
			open = &one
		}
		return false
	})
	flush()
}

func debitOf(l *line, booked []orderLine) postingLine {
	p := postingLine{Cause: causeDebit, AccountName: AccountName{l.Bank, l.Account}, Groups: []string{l.Group}, Orders: len(booked)}
	for i := range booked {
		p.Oere -= booked[i].debit()
		p.rated = p.rated || booked[i].Exchanged != nil
	}
	return p
}

// joins reports whether one posting may be of both. What a rate made of one of them could not be known, then.
func (p *postingLine) joins(other postingLine) bool {
	return !p.rated && !other.rated && p.AccountName == other.AccountName && len(p.Groups) < mostGroups && p.Orders+other.Orders <= mostSeqs
}

func (d *decision) debit(booking string, due time.Time, p postingLine) {
	key := fmt.Sprint(p.AccountName, p.Groups, p.Oere)
	if d.errs("charge", key, d.profile.Reports.Debits.Charge) {
		p.Charge = charged
		p.Oere -= charged
	}
	if d.errs("more", key, d.profile.Reports.Misbehaves.More) {
		p.Oere -= moreThanIs
	}
	p.Unnamed = d.errs("unnamed", key, d.profile.Reports.Misbehaves.Unnamed)
	d.book(booking, due, p)
}

// report plans what tells of a booking, as often and as late as the centre does.
func (d *decision) report(kind, booking string, due time.Time, date string, early bool) {
	if !early {
		due = due.Add(reportAfter)
	}
	first := ""
	for _, r := range d.profile.reportsOf(planned{Kind: kind, Of: booking, Due: due, Date: date}, d.line.Control+" "+booking, d.zone) {
		if r.Kind == answerAgain {
			r.Of = first
		}
		first = d.add(r)
	}
}

// reportsOf is a report with what misbehaviour makes of it. One that comes again as the same bytes is of the first, which
// has no id yet: its Of is empty.
func (p Profile) reportsOf(a planned, key string, zone *time.Location) []planned {
	key, m := a.Kind+" "+key, p.Reports.Misbehaves
	switch {
	case chance(p.Seed, "reports late", key, m.Late):
		a.Due = weekdaysAfter(a.Due, lateReport, zone)
	case chance(p.Seed, "reports reordered", key, m.Reordered):
		a.Due = weekdaysAfter(a.Due, 1, zone).Add(reportAfter)
	}
	if !chance(p.Seed, "reports twice", key, m.Twice) {
		return []planned{a}
	}
	again := a
	if draw(p.Seed, "reports twice how", key)%2 == 0 {
		again = planned{Kind: answerAgain}
	}
	again.Due = a.Due.Add(time.Hour)
	return []planned{a, again}
}

// planClosings has every day end on which something is booked, where the centre sends statements.
func (d *decision) planClosings() {
	if d.profile.Reports.Finsta == "" {
		return
	}
	var dates []string
	for i := range d.postings {
		if date := d.postings[i].Date; !slices.Contains(dates, date) {
			dates = append(dates, date)
		}
	}
	slices.Sort(dates)
	for _, date := range dates {
		if _, known := d.books.closings[closing{d.line.Agreement, date}]; known {
			continue
		}
		day, err := time.ParseInLocation("20060102", date, d.zone)
		if err != nil {
			continue
		}
		d.add(planned{Kind: answerClose, Date: date, Due: after(day.AddDate(0, 0, 1), d.profile.Reports.Finsta, d.zone)})
	}
}
