package gateway

import "time"

// Calendar tells which days the banks work.
type Calendar interface {
	IsBankingDay(Date) bool
}

// Terms are what decides when a group of payments leaves: the agreement's receive-by, the bank's lead and send-by.
type Terms struct {
	ReceiveBy time.Duration // since midnight, Copenhagen; default 06:00
	SendBy    time.Duration // since midnight; the bank's last time on the day of release
	LeadDays  int           // banking days between release and the day the recipient has the money
	Calendar  Calendar
	Location  *time.Location
	// Controls may have moved either cut-off of a day, For whom the terms are.
	Controls NightControls
	For      About
}

// receiveBy is the receive-by of a day.
func (t Terms) receiveBy(day Date) time.Duration {
	if moved, ok := t.Controls.Moved(EffectReceiveBy, t.For, day); ok {
		return moved
	}
	return t.ReceiveBy
}

// sendBy is the send-by of a day.
func (t Terms) sendBy(day Date) time.Duration {
	if moved, ok := t.Controls.Moved(EffectSendBy, t.For, day); ok {
		return moved
	}
	return t.SendBy
}

// Plan is when a group is released and on which day its recipients have the money.
type Plan struct {
	ReleaseAt  time.Time
	ExecutesOn Date
}

// handOver is how long before a bank's send-by payments must be released to be certain to reach it in time. Terms whose
// receive-by is later hand over on the next banking day.
const handOver = 15 * time.Minute

// leadFromReceiveBy is the number of banking days between the day of receive-by and the day the recipient has the money.
func (t Terms) leadFromReceiveBy(day Date) int {
	const whole = 24 * time.Hour
	switch released := t.receiveBy(day) + handOver; {
	case released <= t.sendBy(day):
		return t.LeadDays
	case released <= t.sendBy(t.nextBankingDay(day))+whole:
		return t.LeadDays + 1
	}
	return t.LeadDays + 2 // it is past midnight, and the send-by soon after
}

// HandsOverLater reports whether what is received until receive-by can only be handed over on a later banking day, by the
// terms of every day.
func (t Terms) HandsOverLater() bool { return t.ReceiveBy+handOver > t.SendBy }

// PlanRelease finds the last receive-by that still meets the requested day; a delivery that comes after it, or on
// a day without banks, counts as received the next banking day, and the execution day moves with it. // G-deadline
func (t Terms) PlanRelease(received time.Time, requested Date) Plan {
	received = received.In(t.Location)
	counts := DateOf(received)
	if !t.Calendar.IsBankingDay(counts) || received.After(counts.At(t.receiveBy(counts), t.Location)) {
		counts = t.nextBankingDay(counts)
	}
	earliest := t.addBankingDays(counts, t.leadFromReceiveBy(counts))
	executes := t.bankingDayFrom(requested)
	if executes.Before(earliest) {
		executes = earliest
	}
	day := t.addBankingDays(executes, -t.LeadDays)
	for counts.Before(day) && executes.Before(t.addBankingDays(day, t.leadFromReceiveBy(day))) {
		day = t.addBankingDays(day, -1)
	}
	return Plan{ReleaseAt: day.At(t.receiveBy(day), t.Location), ExecutesOn: executes}
}

// ExecutionDay is the day that a release at the instant now can still meet: the planned one, or a later one when
// the bank's send-by has passed.
func (t Terms) ExecutionDay(now time.Time, planned Date) Date {
	now = now.In(t.Location)
	day := DateOf(now)
	if !t.Calendar.IsBankingDay(day) || now.After(day.At(t.sendBy(day), t.Location)) {
		day = t.nextBankingDay(day)
	}
	if earliest := t.addBankingDays(day, t.LeadDays); planned.Before(earliest) {
		return earliest
	}
	return planned
}

// NextSendBy is the next instant by which the bank must have what leaves for it; now itself still counts.
func (t Terms) NextSendBy(now time.Time) time.Time {
	day := DateOf(now.In(t.Location))
	if !t.Calendar.IsBankingDay(day) || now.After(day.At(t.sendBy(day), t.Location)) {
		day = t.nextBankingDay(day)
	}
	return day.At(t.sendBy(day), t.Location)
}

func (t Terms) bankingDayFrom(d Date) Date {
	for !t.Calendar.IsBankingDay(d) {
		d = d.AddDays(1)
	}
	return d
}

func (t Terms) nextBankingDay(d Date) Date { return t.bankingDayFrom(d.AddDays(1)) }

func (t Terms) addBankingDays(d Date, n int) Date {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = d.AddDays(step)
		if t.Calendar.IsBankingDay(d) {
			n--
		}
	}
	return d
}
