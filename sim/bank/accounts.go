package bank

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// accounts is the money: what will be booked and what has been. It is a part of the state, and changed as that is.
type accounts struct {
	coming     []*postingLine            // of a file without its committing line
	bookings   map[string][]*postingLine // by the plan that books them
	statements map[string][]statement    // by the plan that ended the day
	named      map[AccountName]*account
}

// account is one account as it stands.
type account struct {
	agreements map[string]struct{} // UNB 0032 that have moved money on it
	booked     []*postingLine
	stated     int   // how many of them are in a statement
	balance    int64 // after these
	number     int   // of the last statement
}

// statement is one with its entries.
type statement struct {
	statementLine
	entries []*postingLine
}

func newAccounts() accounts {
	return accounts{bookings: map[string][]*postingLine{}, statements: map[string][]statement{}, named: map[AccountName]*account{}}
}

// decided takes a posting line of a file that is not committed yet.
func (a *accounts) decided(p *postingLine) error {
	a.coming = append(a.coming, p)
	return nil
}

// expect takes in the postings of a committed file.
func (a *accounts) expect(agreement string) {
	for _, p := range a.coming {
		one := a.named[p.AccountName]
		if one == nil {
			one = &account{agreements: map[string]struct{}{}, balance: openingBalance}
			a.named[p.AccountName] = one
		}
		one.agreements[agreement] = struct{}{}
		a.bookings[p.Booking] = append(a.bookings[p.Booking], p)
	}
	a.coming = nil
}

// move books the postings of a booking.
func (a *accounts) move(booking string) {
	for _, p := range a.bookings[booking] {
		one := a.named[p.AccountName]
		one.booked = append(one.booked, p)
	}
}

// settle takes in the statements of a day that has ended.
func (a *accounts) settle(id string, lines []statementLine) error {
	for _, l := range lines {
		one := a.named[l.AccountName]
		if one == nil || l.From != one.stated || l.To > len(one.booked) || l.Number != one.number+1 || l.Opening != one.balance {
			return fmt.Errorf("statement %d of %s does not follow", l.Number, l.AccountName)
		}
		entries := one.booked[l.From:l.To]
		one.stated, one.number, one.balance = l.To, l.Number, l.Closing
		a.statements[id] = append(a.statements[id], statement{l, entries})
	}
	return nil
}

// statementsOf makes the statements of an agreement's accounts on everything that was booked until a day and is in none.
func (a *accounts) statementsOf(agreement, date string, p Profile) []statementLine {
	names := slices.SortedFunc(maps.Keys(a.named), func(x, y AccountName) int {
		return cmp.Or(cmp.Compare(x.Bank, y.Bank), cmp.Compare(x.Number, y.Number))
	})
	var lines []statementLine
	for _, name := range names {
		one := a.named[name]
		if _, moves := one.agreements[agreement]; moves {
			lines = append(lines, one.statements(name, date, p)...)
		}
	}
	return lines
}

// statements are as many as the entries need.
func (a *account) statements(name AccountName, date string, p Profile) []statementLine {
	var lines []statementLine
	number, balance := a.number, a.balance
	for from := a.stated; ; {
		l := statementLine{AccountName: name, Number: number + 1, Date: date, Opening: balance, Closing: balance, From: from, To: from}
		for l.To < len(a.booked) && l.To-from < mostSeqs && a.booked[l.To].Date <= date {
			l.Closing += a.booked[l.To].Oere
			l.To++
		}
		if l.To == from {
			return lines
		}
		key := fmt.Sprint(name, l.Number)
		l.Missing = chance(p.Seed, "reports missing", key, p.Reports.Misbehaves.Missing)
		if chance(p.Seed, "reports balance", key, p.Reports.Misbehaves.Balance) {
			l.Stated = l.Closing + moreThanIs
		}
		lines = append(lines, l)
		from, number, balance = l.To, l.Number, l.Closing
	}
}

// book moves the money of a booking.
func (d *desk) book(a *answerState) error {
	b := &bookedLine{Kind: kindBooked, Answer: a.ID, At: d.now()}
	if err := d.journal.commit(b); err != nil {
		return err
	}
	d.failpoint(AtBooked)
	d.say("booked %s: %d postings", a.ID, len(d.state.bookings[a.ID]))
	return d.state.booked(b)
}

// closeDay makes the statements of a day.
func (d *desk) closeDay(a *answerState) error {
	agreement := d.state.files[a.serial].line.Agreement
	c := &closedLine{Kind: kindClosed, Answer: a.ID, At: d.now(), Statements: d.state.statementsOf(agreement, a.Date, d.profile)}
	if slices.ContainsFunc(c.Statements, func(l statementLine) bool { return !l.Missing }) {
		c.Plan = d.profile.reportsOf(planned{Kind: answerStatements, Of: a.ID, Due: a.Due, Date: a.Date}, a.ID, d.zone)
	}
	for i := range c.Plan {
		c.Plan[i].ID = fmt.Sprintf("%s.%d", a.ID, i+1)
		if c.Plan[i].Kind == answerAgain {
			c.Plan[i].Of = c.Plan[0].ID
		}
	}
	if err := d.journal.commit(c); err != nil {
		return err
	}
	d.failpoint(AtClosed)
	d.say("closed %s: %d statements", a.Date, len(c.Statements))
	return d.state.closed(c)
}

func (s *state) booked(b *bookedLine) error {
	a := s.answers[b.Answer]
	if a == nil || a.Kind != answerBook {
		return fmt.Errorf("booking %s was never planned", b.Answer)
	}
	s.move(b.Answer)
	s.drop(a)
	s.end(a)
	return nil
}

func (s *state) closed(c *closedLine) error {
	a := s.answers[c.Answer]
	if a == nil || a.Kind != answerClose {
		return fmt.Errorf("closing %s was never planned", c.Answer)
	}
	if err := s.settle(c.Answer, c.Statements); err != nil {
		return err
	}
	s.plan(a.serial, c.Plan)
	s.drop(a)
	s.end(a)
	return nil
}
