package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/view"
)

// hop is one thing that happened to a payment, or that is to happen.
type hop struct {
	Key    string     // of what happened
	At     *time.Time // nil: not yet, or not told
	Detail []string
	Class  string // done, wait, bad
}

// station is one stop of the journey's picture.
type station struct {
	Key   string
	At    *time.Time
	Class string // done, now, bad, "" for what has not come yet
	X     int
}

// tell writes down every hop in the order of the flow.
func (v *paymentView) tell(l Language) {
	v.received(l)
	answered := func(kinds ...int) {
		for _, a := range v.Answers {
			for _, k := range kinds {
				if a.Kind == k {
					v.hop("answer."+strconv.Itoa(a.Kind), &a.MadeAt, "done", a.FileName, answerStatus(l, a))
				}
			}
		}
	}
	answered(0, 1)
	v.checked(l)
	answered(2)
	v.released(l)
	answered(5, 7)
	v.sent(l)
	answered(8)
	v.ended(l)
	answered(9)
	v.recalled(l)
	v.inquired(l)
	v.journey()
}

func (v *paymentView) hop(key string, at *time.Time, class string, detail ...string) {
	h := hop{Key: key, At: at, Class: class}
	for _, d := range detail {
		if d != "" {
			h.Detail = append(h.Detail, d)
		}
	}
	v.Hops = append(v.Hops, h)
}

func answerStatus(l Language, a view.Answer) string {
	if a.CollectedAt != nil {
		return a.Status + " " + say(l, "answer.collected")
	}
	return a.Status + " " + say(l, "answer.lies")
}

func (v *paymentView) received(l Language) {
	v.hop("hop.received", &v.ReceivedAt, "done", say(l, "door."+v.Door)+", "+v.Supplier)
	if v.ReadAt != nil {
		v.hop("hop.read", v.ReadAt, "done", fmt.Sprintf(say(l, "hop.read.detail"), v.GroupRef))
	}
}

func (v *paymentView) checked(l Language) {
	switch {
	case v.Early.Kind == "rejected":
		v.hop("hop.rejected", v.Early.At, "bad", codeText(l, v.Early.Code))
	case v.CheckedAt != nil:
		v.hop("hop.checked", v.CheckedAt, "done")
	default:
		v.hop("hop.unchecked", nil, "wait")
	}
}

// codeText is a code with its text.
func codeText(l Language, code string) string {
	text := gateway.Code(code).Danish()
	if l == English {
		text = english(code)
	}
	if text == "" {
		return code
	}
	return code + ": " + text
}

// english is the English text of a code; empty when there is none.
func english(code string) string {
	for _, c := range gateway.Codes() {
		if string(c.Code) == code {
			return c.English
		}
	}
	return ""
}

func (v *paymentView) released(l Language) {
	switch {
	case v.Early.Kind == "rejected" || v.DeliveryState != "checked":
		return
	case v.Early.Kind == "stopped" || v.Early.Kind == "held":
		v.hop("hop."+v.Early.Kind, v.Early.At, "bad", v.Early.Text)
		return
	case v.GroupState == "waiting":
		v.hop("hop.waits", v.ReleaseAt, "wait", fmt.Sprintf(say(l, "hop.waits.detail"), dayOf(l, v.ExecutesOn)))
		return
	}
	v.hop("hop.released", v.ReleasedAt, "done", say(l, "hop.agreement")+" "+v.Agreement)
	if v.Early.Kind == "not_payable" {
		v.hop("hop.returned", v.Early.At, "bad", v.Early.Text)
		return
	}
	if v.Order.Type == 0 {
		return
	}
	account := v.Account
	if account != "" && v.Masked {
		account += " " + say(l, "payment.masked")
	}
	v.hop("hop.completed", v.orderedAt(), "done", say(l, "rule."+strconv.Itoa(v.Order.Rule)), account)
}

// orderedAt is when the present order was made: at the release, or later where the one before was void.
func (v *paymentView) orderedAt() *time.Time {
	made := v.Interchange.PreparedAt
	if made == nil || v.ReleasedAt != nil && !made.After(*v.ReleasedAt) {
		return v.ReleasedAt
	}
	return made
}

func (v *paymentView) sent(l Language) {
	if v.Interchange.ID == 0 {
		return
	}
	v.hop("hop.placed", v.orderedAt(), "done",
		fmt.Sprintf(say(l, "hop.placed.detail"), v.Interchange.Bank, fmt.Sprintf("%014d", v.Interchange.ControlRef)),
		fmt.Sprintf("UNH %d, LIN %d, SEQ %d; BGM %s", v.Order.Message, v.Order.Line, v.Order.Seq, v.Order.MessageRef))
	switch {
	case v.Interchange.SentAt != nil:
		v.hop("hop.sent", v.Interchange.SentAt, "done", v.Interchange.FileName)
	case v.Interchange.State == "unknown":
		v.hop("hop.unknown", nil, "bad", v.Interchange.FileName)
	case v.Interchange.State == "void":
		v.hop("hop.void", v.BankStatus.At, "wait")
	default:
		v.hop("hop.unsent", nil, "wait")
	}
	switch v.Interchange.Contrl {
	case "received", "accepted":
		v.hop("hop.contrl."+v.Interchange.Contrl, v.Interchange.ContrlAt, "done")
	case "rejected", "disputed":
		v.hop("hop.contrl."+v.Interchange.Contrl, v.Interchange.ContrlAt, "bad")
	}
	if v.ValidatedAt != nil {
		v.hop("hop.validated", v.ValidatedAt, "done")
	}
}

func (v *paymentView) ended(l Language) {
	switch v.State {
	case view.Executed, view.Cheque:
		v.hop("hop."+string(v.State), v.BankStatus.At, "done", v.BankStatus.Text)
	case view.Returned:
		if v.Interchange.ID != 0 {
			v.hop("hop.refused", v.BankStatus.At, "bad", v.BankStatus.Code, v.BankStatus.Text)
		}
	case view.Disputed, view.CameBack, view.Settled:
		v.hop("hop."+string(v.State), v.BankStatus.At, "bad", v.BankStatus.Code, v.BankStatus.Text)
	case view.WithBank:
		v.hop("hop.awaits", nil, "wait", fmt.Sprintf(say(l, "hop.awaits.detail"), dayOf(l, v.Interchange.ExecutesOn)))
	}
}

// recalled tells of each time that the bank was asked for the payment back.
func (v *paymentView) recalled(l Language) {
	for i := range v.Recalls {
		r := &v.Recalls[i]
		by := fmt.Sprintf(say(l, "hop.recall.changed"), r.Bank)
		if r.Decision != 0 {
			by = fmt.Sprintf(say(l, "hop.recall.detail"), r.AskedBy, r.Bank, r.Decision)
		}
		v.hop("hop.recall", &r.AskedAt, "done", by)
		class := "wait"
		switch r.Answer {
		case gateway.Recalled:
			class = "done"
		case gateway.RecallRefused, gateway.RecallFailed:
			class = "bad"
		}
		answer := r.Answer
		if answer == "" {
			answer = "none"
		}
		v.hop("hop.recall."+string(answer), r.AnsweredAt, class, strings.TrimSpace(r.Code+" "+r.Text))
		if r.BackOre > 0 {
			v.hop("hop.recall.back", r.BackAt, "done", Kroner(r.BackOre)+" kr.")
		}
	}
}

// inquired tells of each case that was opened since somebody missed the payment.
func (v *paymentView) inquired(l Language) {
	for i := range v.Inquiries {
		c := &v.Inquiries[i]
		v.hop("hop.inquiry", &c.OpenedAt, "done", fmt.Sprintf(say(l, "hop.inquiry.detail"), c.ID, dayOf(l, &c.DueOn)))
		if c.AskedBankAt != nil {
			v.hop("hop.inquiry.asked_bank", c.AskedBankAt, "done")
		}
		if c.AnsweredAt != nil {
			v.hop("hop.inquiry.answered", c.AnsweredAt, "done", c.Answer)
		}
		switch {
		case c.ClosedAt != nil:
			v.hop("hop.inquiry."+string(c.Outcome), c.ClosedAt, "done")
		default:
			v.hop("hop.inquiry.open", nil, "wait")
		}
	}
}

// journey is the picture: six stops, of which those are marked that the payment has come to.
func (v *paymentView) journey() {
	stop := func(key string, at *time.Time, reached bool, bad bool) {
		s := station{Key: key, X: 70 + 150*len(v.Journey)}
		switch {
		case bad:
			s.Class, s.At = "bad", at
		case reached:
			s.Class, s.At = "done", at
		}
		v.Journey = append(v.Journey, s)
	}
	early := v.Early.Kind
	stop("stop.received", &v.ReceivedAt, true, false)
	if early == "rejected" {
		stop("stop.rejected", v.Early.At, true, true)
	} else {
		stop("stop.checked", v.CheckedAt, v.CheckedAt != nil, false)
	}
	stop("stop.released", v.ReleasedAt, v.ReleasedAt != nil && early != "rejected", false)
	if early == "not_payable" {
		stop("stop.returned", v.Early.At, true, true)
	} else {
		stop("stop.sent", v.Interchange.SentAt, v.Interchange.SentAt != nil, v.State == view.Unknown)
	}
	stop("stop.contrl", v.Interchange.ContrlAt, v.Interchange.Contrl == "accepted" || v.Interchange.Contrl == "received", v.Interchange.Contrl == "rejected")
	end := v.Hops[len(v.Hops)-1].At
	if v.BankStatus.At != nil {
		end = v.BankStatus.At
	}
	switch v.State {
	case view.Returned:
		stop("stop.returned", end, early == "", early == "")
	case view.Disputed:
		stop("stop.disputed", end, true, true)
	case view.Cheque:
		stop("stop.cheque", end, true, false)
	default:
		stop("stop.executed", end, v.State == view.Executed, false)
	}
	if early != "" {
		v.Journey = v.Journey[:4]
		if early == "rejected" {
			v.Journey = v.Journey[:2]
		}
	}
}
