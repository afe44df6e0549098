package bank

import (
	"fmt"
	"slices"
	"time"
)

// planContrls plans the CONTRL about an interchange, and says when its checks are done.
func (d *decision) planContrls() (checked time.Time) {
	first := after(d.line.At, d.profile.Acknowledges, d.zone)
	checked = after(d.line.At, d.profile.Accepts, d.zone)
	if checked.Before(first) {
		checked = first
	}
	d.planContrl(first, checked)
	return checked
}

// plan lists the answers to a PAYMUL interchange with their moments, misbehaviour included.
func (d *decision) plan() {
	r, p := d.line, d.profile
	checked := d.planContrls()
	if r.Flaw == nil {
		if d.wantsValidation() {
			d.add(planned{Kind: answerValidation, Due: d.slow(checked, "validation"), Status: p.Validation})
		}
		d.planBooking(checked)
		if chance(p.Seed, "unknown reference", r.Control, p.Misbehaves.UnknownReference) {
			d.add(planned{Kind: AnswerStray, Due: checked.Add(time.Second)})
		}
	}
	d.planFaults(checked)
	if r.Fault != FaultTwice {
		d.planAgain()
	}
	if r.Flaw == nil {
		d.planMoney(checked)
	}
}

// add plans an answer and returns its id.
func (d *decision) add(a planned) string {
	a.ID = fmt.Sprintf("%d.%d", d.line.Serial, len(d.line.Plan)+1)
	d.line.Plan = append(d.line.Plan, a)
	return a.ID
}

// planContrl: who did not ask for a CONTRL gets one only where something is refused.
func (d *decision) planContrl(first, checked time.Time) {
	refused := d.line.Flaw != nil || slices.ContainsFunc(d.line.Messages, func(m messageFacts) bool { return m.Flaw != nil })
	if !d.line.Asks && !refused {
		return
	}
	final := planned{Kind: answerContrl, Due: d.slow(checked, "contrl"), Action: "7", Last: true}
	if d.line.Flaw != nil {
		final.Action = "4"
	}
	if chance(d.profile.Seed, "out of order", d.line.Control, d.profile.Misbehaves.OutOfOrder) {
		final.Due = checked.Add(time.Minute)
	}
	switch {
	case d.profile.Contrl == Contrl7:
		final.Due = d.slow(first, "contrl")
		if chance(d.profile.Seed, "out of order", d.line.Control, d.profile.Misbehaves.OutOfOrder) {
			final.Due = checked.Add(time.Minute)
		}
		d.add(final)
	case d.profile.Contrl == Contrl8Then7:
		d.add(planned{Kind: answerContrl, Due: first, Action: "8"})
		d.add(final)
	case refused:
		d.add(planned{Kind: answerContrl, Due: first, Action: "8"})
		d.add(final)
	default:
		d.add(planned{Kind: answerContrl, Due: first, Action: "8", Last: true})
	}
}

func (d *decision) slow(t time.Time, what string) time.Time {
	if chance(d.profile.Seed, "slow "+what, d.line.Control, d.profile.Misbehaves.Slow) {
		by, _ := parseDelay(d.profile.Misbehaves.SlowBy)
		return wholeSecond(t.Add(by))
	}
	return t
}

func (d *decision) wantsValidation() bool {
	if d.profile.Validation == ValidationNone {
		return false
	}
	return d.any(func(m *message, l *line) bool {
		return d.profile.Validation != ValidationRejects ||
			slices.ContainsFunc(l.orders, func(o orderLine) bool { return o.Verdict == verdictReject })
	})
}

// any reports whether f holds for a line of a message that stands.
func (d *decision) any(f func(m *message, l *line) bool) bool {
	for i := range d.got.messages {
		m := &d.got.messages[i]
		for l := range m.lines {
			if m.Flaw == nil && f(m, &m.lines[l]) {
				return true
			}
		}
	}
	return false
}

// planBooking plans one answer per execution date.
func (d *decision) planBooking(checked time.Time) {
	dates := d.dates(func(o orderLine) bool {
		return o.Verdict == verdictLate || o.Verdict == "" && d.profile.Executed != ExecutedNone
	})
	silent := d.dates(func(o orderLine) bool { return o.Verdict == verdictSilent })
	for _, date := range dates {
		due := onDay(d.line.At, date, d.profile.Books, d.zone)
		if !due.After(checked) {
			due = checked.Add(2 * time.Second)
		}
		if chance(d.profile.Seed, "late "+date, d.line.Control, d.profile.Misbehaves.Late) {
			by, _ := parseDelay(d.profile.Misbehaves.LateBy)
			due = wholeSecond(due.Add(by))
		}
		status := d.profile.Executed
		if status == ExecutedLine && slices.Contains(silent, date) {
			// A whole LIN cannot be told of where some of its orders are to be kept silent about.
			status = ExecutedSeq
		}
		d.add(planned{Kind: answerBooking, Due: due, Status: status, Date: date})
	}
}

// planAgain repeats answers: every second time as the same bytes under another name, else as a new interchange.
func (d *decision) planAgain() {
	for _, a := range slices.Clone(d.line.Plan) {
		key := d.line.Control + " " + a.ID
		if !chance(d.profile.Seed, "twice", key, d.profile.Misbehaves.Twice) {
			continue
		}
		again := a
		if draw(d.profile.Seed, "twice how", key)%2 == 0 {
			again = planned{Kind: answerAgain, Of: a.ID}
		}
		again.Due = a.Due.Add(30 * time.Second)
		d.add(again)
	}
}
