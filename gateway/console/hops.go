package console

import (
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
)

// hop is one thing that happened to a payment, or that is to happen.
type hop struct {
	Key    string // of what happened
	At     time.Time
	Detail []string
	Class  string // done, wait, bad
}

// station is one stop of the journey's picture.
type station struct {
	Key   string
	At    time.Time
	Class string // done, now, bad, "" for what has not come yet
	X     int
}

// tell writes down every hop in the order of the flow.
func (v *paymentView) tell(l Language, answers []answerRow) {
	v.received(l)
	answered := func(kinds ...int) {
		for _, a := range answers {
			for _, k := range kinds {
				if a.Kind == k {
					v.hop("answer."+strconv.Itoa(a.Kind), a.MadeAt, "done", a.FileName, answerStatus(l, a))
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
	v.journey()
}

func (v *paymentView) hop(key string, at time.Time, class string, detail ...string) {
	h := hop{Key: key, At: at, Class: class}
	for _, d := range detail {
		if d != "" {
			h.Detail = append(h.Detail, mask(d, v.holder(), v.hidden()...))
		}
	}
	v.Hops = append(v.Hops, h)
}

func answerStatus(l Language, a answerRow) string {
	if a.CollectedAt.Valid {
		return a.Status + " " + say(l, "answer.collected")
	}
	return a.Status + " " + say(l, "answer.lies")
}

func (v *paymentView) received(l Language) {
	v.hop("hop.received", v.ReceivedAt, "done", say(l, "door."+v.Door)+", "+v.Supplier)
	if v.ReadAt.Valid {
		v.hop("hop.read", v.ReadAt.Time, "done", fmt.Sprintf(say(l, "hop.read.detail"), v.GroupRef))
	}
}

func (v *paymentView) checked(l Language) {
	switch {
	case v.EarlyKind.String == "rejected":
		v.hop("hop.rejected", v.EarlyAt.Time, "bad", codeText(l, v.EarlyCode.String))
	case v.CheckedAt.Valid:
		v.hop("hop.checked", v.CheckedAt.Time, "done")
	default:
		v.hop("hop.unchecked", time.Time{}, "wait")
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
	case v.EarlyKind.String == "rejected" || v.DeliveryState != "checked":
		return
	case v.GroupState == "waiting":
		v.hop("hop.waits", v.ReleaseAt.Time, "wait", fmt.Sprintf(say(l, "hop.waits.detail"), v.ExecutesOn.Time.Format(l.day())))
		return
	}
	v.hop("hop.released", v.ReleasedAt.Time, "done", say(l, "hop.agreement")+" "+v.Agreement)
	if v.EarlyKind.String == "returned" {
		v.hop("hop.returned", v.EarlyAt.Time, "bad", v.EarlyText.String)
		return
	}
	account := v.AccountNo
	if account != "" && v.Masked {
		account += " " + say(l, "payment.masked")
	}
	v.hop("hop.completed", v.ReleasedAt.Time, "done", say(l, "rule."+strconv.Itoa(int(v.Rule.Int16))), account)
}

func (v *paymentView) sent(l Language) {
	if !v.Interchange.Valid {
		return
	}
	v.hop("hop.placed", v.ReleasedAt.Time, "done",
		fmt.Sprintf(say(l, "hop.placed.detail"), v.InterchangeBank.String, v.place().control()),
		fmt.Sprintf("UNH %d, LIN %d, SEQ %d; BGM %s", v.Message.Int64, v.Line.Int64, v.Seq.Int64, v.MessageRef.String))
	switch {
	case v.SentAt.Valid:
		v.hop("hop.sent", v.SentAt.Time, "done", v.FileName.String)
	case v.InterchangeState.String == "unknown":
		v.hop("hop.unknown", time.Time{}, "bad", v.FileName.String)
	default:
		v.hop("hop.unsent", time.Time{}, "wait")
	}
	switch v.Contrl.String {
	case "received", "accepted":
		v.hop("hop.contrl."+v.Contrl.String, v.ContrlAt.Time, "done")
	case "rejected":
		v.hop("hop.contrl.rejected", v.ContrlAt.Time, "bad")
	}
	if v.ValidatedAt.Valid {
		v.hop("hop.validated", v.ValidatedAt.Time, "done")
	}
}

func (v *paymentView) ended(l Language) {
	at, code, text := v.LineAt.Time, v.LineCode.String, v.LineText.String
	if v.EventKind.Valid {
		at, code, text = v.EventAt.Time, v.EventCode.String, v.EventText.String
	}
	switch v.State {
	case stateExecuted, stateCheque:
		v.hop("hop."+v.State, at, "done", text)
	case stateReturned:
		if v.Interchange.Valid {
			v.hop("hop.refused", at, "bad", code, text)
		}
	case stateWithBank:
		v.hop("hop.awaits", time.Time{}, "wait", fmt.Sprintf(say(l, "hop.awaits.detail"), v.InterchangeOn.Time.Format(l.day())))
	}
}

// journey is the picture: six stops, of which those are marked that the payment has come to.
func (v *paymentView) journey() {
	stop := func(key string, at time.Time, reached bool, bad bool) {
		s := station{Key: key, X: 70 + 150*len(v.Journey)}
		switch {
		case bad:
			s.Class, s.At = "bad", at
		case reached:
			s.Class, s.At = "done", at
		}
		v.Journey = append(v.Journey, s)
	}
	early := v.EarlyKind.String
	stop("stop.received", v.ReceivedAt, true, false)
	if early == "rejected" {
		stop("stop.rejected", v.EarlyAt.Time, true, true)
	} else {
		stop("stop.checked", v.CheckedAt.Time, v.CheckedAt.Valid, false)
	}
	stop("stop.released", v.ReleasedAt.Time, v.ReleasedAt.Valid && early != "rejected", false)
	if early == "returned" {
		stop("stop.returned", v.EarlyAt.Time, true, true)
	} else {
		stop("stop.sent", v.SentAt.Time, v.SentAt.Valid, v.State == stateUnknown)
	}
	stop("stop.contrl", v.ContrlAt.Time, v.Contrl.String == "accepted" || v.Contrl.String == "received", v.Contrl.String == "rejected")
	end := v.Hops[len(v.Hops)-1].At
	if v.EventKind.Valid {
		end = v.EventAt.Time
	} else if v.LineAt.Valid {
		end = v.LineAt.Time
	}
	switch v.State {
	case stateReturned:
		stop("stop.returned", end, early == "", early == "")
	case stateCheque:
		stop("stop.cheque", end, true, false)
	default:
		stop("stop.executed", end, v.State == stateExecuted, false)
	}
	if early != "" {
		v.Journey = v.Journey[:4]
		if early == "rejected" {
			v.Journey = v.Journey[:2]
		}
	}
}
