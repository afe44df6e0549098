package bank

import (
	"fmt"
	"slices"
	"time"
)

// Recalls is what becomes of orders that a centre is asked to give back. Without it every recall is refused. Rates are per mille, and
// functions of the seed and of what payers call their orders.
type Recalls struct {
	Answers string `json:"answers,omitempty"` // moment of the answer
	Stops   int    `json:"stops,omitempty"`   // of orders that are not booked yet: they never are
	Returns int    `json:"returns,omitempty"` // of executed orders: the recipient gives the money back, where the centre reports credits
	Within  int    `json:"within,omitempty"`  // one to so many weekdays after the answer; nought is one
	Silent  int    `json:"silent,omitempty"`  // of orders: nothing is ever answered, and nothing done
}

func (p Profile) checkRecalls() error {
	r := p.Recalls
	if _, _, err := parseMoment(r.Answers); err != nil {
		return err
	}
	for name, is := range map[string]int{"stops": r.Stops, "returns": r.Returns, "silent": r.Silent} {
		if is < 0 || is > 1000 {
			return fmt.Errorf("%w: recalls.%s is %d, must be 0 to 1000 per mille", ErrProfile, name, is)
		}
	}
	if r.Within < 0 || r.Within > 250 {
		return fmt.Errorf("%w: recalls.within is %d, must be 0 to 250 weekdays", ErrProfile, r.Within)
	}
	if (r.Stops > 0 || r.Returns > 0) && (len(p.Reasons) == 0 || p.Codes.Executed == "") {
		return fmt.Errorf("%w: recalls need reasons and codes.executed", ErrProfile)
	}
	return nil
}

// Recall is what a centre does with an order that it was asked to give back.
type Recall string

// What a centre does with a recall.
const (
	RecallStopped  Recall = "stopped"  // the order is never booked, and rejected
	RecallReturned Recall = "returned" // the recipient gives the money back
	RecallRefused  Recall = "refused"
	RecallSilent   Recall = "silent"
)

// recalled is one order of a FINCAN. What it names of the order is empty where the centre has none of that reference.
type recalled struct {
	Ref     string `json:"ref"` // RFF+CR
	Message int    `json:"msg"` // index into the messages of the received line
	Line    int    `json:"lin"` // of the FINCAN
	Does    Recall `json:"does,omitempty"`
	Of      string `json:"of,omitempty"` // message id that the order came with
	At      int    `json:"at,omitempty"` // its LIN there
	Seq     int    `json:"seq,omitempty"`
	Oere    int64  `json:"oere,omitempty"`    // that was debited for it, or would have been
	Booking string `json:"booking,omitempty"` // stopped: the plan that would have booked it
	ACK     string `json:"ack,omitempty"`     // and by which posting
}

// Reasons that a centre gives for what it does with a recall.
var (
	whyStopped  = Reason{"K0690", "Tilbagekaldt"}
	whyRefused  = Reason{"K0691", "Kan ikke tilbagekaldes"}
	whyUnknown  = Reason{"K0692", "Ordren kendes ikke"}
	whyReturned = Reason{"K0693", "Modtager betaler tilbage"}
)

// reason is what an answer tells of it.
func (r recalled) reason() Reason {
	switch {
	case r.Of == "":
		return whyUnknown
	case r.Does == RecallStopped:
		return whyStopped
	case r.Does == RecallReturned:
		return whyReturned
	}
	return whyRefused
}

// decideRecalls chooses what becomes of each order that is asked for, and plans the answers and the money.
func (d *decision) decideRecalls() {
	r := d.line
	if r.Flaw != nil {
		return
	}
	answered := after(r.At, d.profile.Recalls.Answers, d.zone)
	var back []comingBack
	stopped := map[string]bool{}
	for n, m := range d.got.messages {
		if m.Flaw != nil {
			continue
		}
		for _, asked := range m.asked {
			asked.Message, asked.Does = n, RecallRefused
			order := d.known[asked.Ref]
			if order == nil {
				d.find(FindingUnknownRecall, asked.Ref, "an order is recalled that never came")
			} else {
				asked.Of, asked.At, asked.Seq, asked.Oere = order.message, order.line.Line, order.order.Seq, order.order.debit()
				asked.Does = d.does(order, answered)
			}
			switch asked.Does {
			case RecallStopped:
				asked.Booking, asked.ACK = order.booking, order.ack
				order.stopped, stopped[asked.Ref] = true, true
			case RecallReturned:
				order.back = true
				back = append(back, d.givenBack(order, answered))
			}
			r.Recalls = append(r.Recalls, asked)
		}
	}
	d.planRecalls(answered, back)
	r.Drops = d.silenced(stopped)
}

// does is what becomes of one order.
func (d *decision) does(o *knownOrder, answered time.Time) Recall {
	name, rates := payersName(o.order.Ref), d.profile.Recalls
	switch {
	case chance(d.profile.Seed, "recall silent", name, rates.Silent):
		return RecallSilent
	case o.stopped || o.order.Truth != Executed || o.order.Verdict != "" || o.order.Fault != "" || o.fault != "":
		return RecallRefused
	case o.booking != "" && o.books.After(answered):
		if chance(d.profile.Seed, "recall stops", name, rates.Stops) {
			return RecallStopped
		}
	case !o.back && o.booking != "" && d.profile.Reports.Cremul && chance(d.profile.Seed, "recall returns", name, rates.Returns):
		return RecallReturned
	}
	return RecallRefused
}

// givenBack is the whole amount, on a later weekday.
func (d *decision) givenBack(o *knownOrder, answered time.Time) comingBack {
	name := payersName(o.order.Ref)
	days := 1 + int(draw(d.profile.Seed, "recall returns after", name)%uint64(max(1, d.profile.Recalls.Within)))
	return comingBack{
		weekdaysAfter(answered, days, d.zone), d.profile.Reports.returnAccount(AccountName{o.line.Bank, o.line.Account}),
		d.returned(&o.order),
	}
}

// planRecalls plans the answers, the rejects of what is stopped, and what comes back.
func (d *decision) planRecalls(answered time.Time, back []comingBack) {
	speaks := func(does func(Recall) bool) bool {
		return slices.ContainsFunc(d.line.Recalls, func(r recalled) bool { return does(r.Does) })
	}
	if speaks(func(does Recall) bool { return does != RecallSilent }) {
		d.add(planned{Kind: answerRecall, Due: answered})
	}
	if speaks(func(does Recall) bool { return does == RecallStopped }) {
		d.add(planned{Kind: answerStopped, Due: answered})
	}
	d.planReturns(back, false)
	d.planClosings()
}

// silenced are the plans of files before that have nothing to tell any more without the orders that are stopped now.
func (d *decision) silenced(stopped map[string]bool) []string {
	var files []*knownFile
	for _, o := range d.known {
		if o != nil && stopped[o.order.Ref] && !slices.Contains(files, o.file) {
			files = append(files, o.file)
		}
	}
	slices.SortFunc(files, func(a, b *knownFile) int { return a.line.Serial - b.line.Serial })
	var drops []string
	for _, f := range files {
		drops = append(drops, f.silenced(stopped)...)
	}
	return drops
}
