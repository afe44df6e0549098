package bank

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// knownOrder is an order that came before, as it stands when it is asked for.
type knownOrder struct {
	order   orderLine
	line    lineLine
	file    *knownFile
	message string // id that it came with
	fault   Fault  // of the interchange
	booking string // the plan that books it; empty: none does
	books   time.Time
	ack     string // of the posting
	stopped bool   // by an earlier recall
	back    bool   // money of it came back, or will
}

// knownFile is a file with orders that are asked for.
type knownFile struct {
	line    *receivedLine
	section section
	orders  []knownFact // all of it
	state   *state
}

// knownFact is what of any order of such a file decides whether something is left to be reported.
type knownFact struct {
	ref, date, verdict string
	booked             bool
	stopped            bool
}

// look finds the orders of some references in the journal: first the files that they are in, then everything of these.
func (d *desk) look(references map[string]bool) (map[string]*knownOrder, error) {
	known := map[string]*knownOrder{}
	files, err := d.filesWith(references)
	for _, f := range files {
		if err == nil {
			err = d.lookInto(f, references, known)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("orders that are asked for: %w", err)
	}
	d.state.eachReturn(func(r returnLine) {
		if o := known[r.Order]; o != nil {
			o.back = true
		}
	})
	return known, nil
}

func (d *desk) filesWith(references map[string]bool) ([]*knownFile, error) {
	file, err := os.Open(d.folders.journal())
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var files []*knownFile
	from, wanted := int64(0), false
	_, err = scanLines(file, func(line []byte, after int64) error {
		switch kindOf(line) {
		case kindLine, kindPosting:
			return nil
		case kindOrder:
			ref, err := referenceOf(line)
			wanted = wanted || references[ref]
			return err
		case kindReceived:
			if wanted {
				f := &knownFile{line: new(receivedLine), section: section{from, after - int64(len(line)) - 1}, state: d.state}
				if err := json.Unmarshal(line, f.line); err != nil {
					return err
				}
				files = append(files, f)
			}
		}
		from, wanted = after, false
		return nil
	})
	return files, err
}

// lookInto reads a file's orders; of a reference that came twice the first counts.
func (d *desk) lookInto(f *knownFile, references map[string]bool, known map[string]*knownOrder) error {
	var l lineLine
	debits := map[string]*debited{}
	for _, p := range f.line.Plan {
		if p.Kind == answerBook && len(d.state.bookings[p.ID]) > 0 && d.state.bookings[p.ID][0].Cause == causeDebit {
			debits[p.Date] = &debited{plan: p, postings: d.state.bookings[p.ID]}
		}
	}
	return f.section.lines(d.folders.journal(), func(text []byte) error {
		switch kindOf(text) {
		case kindLine:
			l = lineLine{}
			return json.Unmarshal(text, &l)
		case kindOrder:
			var o orderLine
			if err := json.Unmarshal(text, &o); err != nil {
				return err
			}
			_, stopped := d.state.stopped[markOf(o.Ref)]
			f.orders = append(f.orders, knownFact{o.Ref, l.Date, o.Verdict, o.isBooked(), stopped})
			k := &knownOrder{order: o, line: l, file: f, message: f.line.Messages[o.Message].ID, fault: f.line.Fault, stopped: stopped}
			if at := debits[l.Date]; at != nil && o.isBooked() && !stopped {
				k.booking, k.books, k.ack = at.plan.ID, at.plan.Due, at.next()
			}
			if references[o.Ref] && known[o.Ref] == nil {
				known[o.Ref] = k
			}
		}
		return nil
	})
}

// debited is a booking of debits, whose postings are of its booked orders one after the other.
type debited struct {
	plan     planned
	postings []*postingLine
	used     int // of the first of them
}

func (d *debited) next() string {
	for len(d.postings) > 0 && d.used == d.postings[0].Orders {
		d.postings, d.used = d.postings[1:], 0
	}
	if len(d.postings) == 0 {
		return ""
	}
	d.used++
	return d.postings[0].ACK
}

// silenced are the plans that have nothing to tell once these orders are stopped, too.
func (f *knownFile) silenced(stopped map[string]bool) []string {
	reported, booked := map[string]int{}, map[string]int{}
	gone := map[string]bool{} // dates on which something is stopped
	for _, o := range f.orders {
		if stopped[o.ref] {
			gone[o.date] = true
		}
		if o.stopped || stopped[o.ref] {
			continue
		}
		if o.verdict == verdictLate || o.verdict == "" {
			reported[o.date]++
		}
		if o.booked {
			booked[o.date]++
		}
	}
	var drops []string
	drop := func(id string) {
		if f.state.waits(id) && !slices.Contains(drops, id) {
			drops = append(drops, id)
		}
	}
	empty := map[string]bool{} // bookings
	for _, p := range f.line.Plan {
		switch {
		case p.Kind == answerBooking && gone[p.Date] && reported[p.Date] == 0:
			drop(p.ID)
			empty[p.ID] = true
		case p.Kind == answerBook && gone[p.Date] && booked[p.Date] == 0 && f.state.isDebit(p.ID), p.Kind == answerBook && f.state.isReturnOf(p.ID, stopped):
			empty[p.ID] = true
		}
	}
	for range 2 { // what comes again is of a report
		for _, p := range f.line.Plan {
			if p.Of != "" && empty[p.Of] {
				drop(p.ID)
				empty[p.ID] = true
			}
		}
	}
	return drops
}

// waits reports whether an answer or booking is still to come.
func (s *state) waits(id string) bool {
	return slices.ContainsFunc(s.todo, func(a *answerState) bool { return a.ID == id })
}

func (a *accounts) isDebit(booking string) bool {
	return len(a.bookings[booking]) > 0 && a.bookings[booking][0].Cause == causeDebit
}

// isReturnOf reports whether a booking is of money that comes back of these orders, and of nothing else.
func (a *accounts) isReturnOf(booking string, orders map[string]bool) bool {
	for _, p := range a.bookings[booking] {
		if p.Cause != causeReturn || slices.ContainsFunc(p.Parts, func(r returnLine) bool { return !orders[r.Order] }) {
			return false
		}
	}
	return len(a.bookings[booking]) > 0
}

// eachReturn gives what came back, or will.
func (a *accounts) eachReturn(f func(returnLine)) {
	for _, postings := range a.bookings {
		for _, p := range postings {
			for _, part := range p.Parts {
				f(part)
			}
		}
	}
}

// withdraw takes orders that are stopped out of what will be booked: of their debit, and of what was to come back.
func withdraw(bookings map[string][]*postingLine, recalls []recalled) {
	files := map[string]bool{}
	stopped := map[string]bool{}
	for _, r := range recalls {
		if r.Does != RecallStopped {
			continue
		}
		stopped[r.Ref] = true
		files[fileOf(r.Booking)] = true
		for _, p := range bookings[r.Booking] {
			if p.ACK == r.ACK {
				p.Oere += r.Oere
				p.Orders--
			}
		}
	}
	if len(stopped) == 0 {
		return
	}
	for _, id := range slices.Collect(maps.Keys(bookings)) {
		if files[fileOf(id)] {
			bookings[id] = withoutStopped(bookings[id], stopped)
		}
	}
}

// fileOf is the file's number in the id of a plan.
func fileOf(id string) string {
	serial, _, _ := strings.Cut(id, ".")
	return serial
}

// withoutStopped are the postings that something is left of.
func withoutStopped(postings []*postingLine, stopped map[string]bool) []*postingLine {
	for _, p := range postings {
		p.Parts = slices.DeleteFunc(p.Parts, func(r returnLine) bool {
			if stopped[r.Order] {
				p.Oere -= r.Oere
			}
			return stopped[r.Order]
		})
	}
	return slices.DeleteFunc(postings, func(p *postingLine) bool {
		return p.Cause == causeDebit && p.Orders == 0 || p.Cause == causeReturn && len(p.Parts) == 0
	})
}
