package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
)

// night asks for a decision about a night by its parameters, and has a second person approve it where it takes two.
func (w *world) night(kind string, content ...string) act.Decided {
	w.t.Helper()
	in := act.Intent{Kind: kind, By: "Ann", Why: "a test", Content: map[string]string{}}
	for i := 0; i < len(content); i += 2 {
		in.Content[content[i]] = content[i+1]
	}
	d, err := w.Desk.Decide(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	if d.Persons == 2 {
		d = w.approves(d.ID, "Bob")
	}
	return d
}

// hold holds something of a reach.
func (w *world) hold(what, of string) int64 {
	w.t.Helper()
	d := w.night(act.KindNightHold, "what", what, "of", of)
	if d.Persons != 1 {
		w.t.Errorf("holding takes %d persons", d.Persons)
	}
	return d.ID
}

// due is when and for which day each group that waits is released.
func (w *world) due() string {
	w.t.Helper()
	return w.row(`SELECT to_char(release_at AT TIME ZONE 'Europe/Copenhagen', 'DD HH24:MI'), to_char(executes_on, 'DD') FROM release_group WHERE state = 'waiting' ORDER BY id`)
}

// threeAgreements are bundles of AFT-1 and AFT-2 of authority 77, at BEC and SDC, and of AFT-78 of 78, at BEC.
func threeAgreements(w *world) {
	w.t.Helper()
	second := bundle("G-2", complete("B", 200))
	second.Debits[0].Agreement, second.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(bundle("G-1", complete("A", 100)), second, neighbours("G-3", complete("C", 400)))
}

// TestNight_Hold: nothing of what is held is released, by each reach, and all of it when it is lifted by two.
func TestNight_Hold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ what, of, held string }{
		"all":       {"all", "", "waiting 3 = 700"},
		"bank":      {"bank", "BEC", "waiting 2 = 500, frozen 1 = 200"},
		"authority": {"authority", "77", "waiting 2 = 300, frozen 1 = 400"},
		"agreement": {"agreement", "AFT-2", "waiting 1 = 200, frozen 2 = 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			threeAgreements(w)
			id := w.hold(c.what, c.of)
			w.at(receiveBy)
			w.release()
			w.want("held", w.ledger(), c.held)
			w.want("told once", w.exceptions(), string(gateway.NightHold))
			w.release()
			w.want("not told again", w.row(`SELECT count(*) FROM exception`), "1")
			w.decided(act.KindNightLift, id)
			w.release()
			w.want("lifted", w.ledger(), "frozen 3 = 700")
			w.want("nothing waits", w.exceptions(), "")
		})
	}
}

// TestNight_HoldIsDated: a hold begins and ends by itself; the step sleeps until then, and what was held goes at the very instant.
func TestNight_HoldIsDated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.night(act.KindNightHold, "what", "bank", "of", "BEC", "from", "2005-08-11 05:59", "until", "2005-08-11 07:00")
	w.receive(bundle("G-1", complete("A", 100)))
	next := func() string {
		t.Helper()
		due, err := w.Release.NextDue(t.Context(), w.time())
		if err != nil {
			t.Fatal(err)
		}
		return due.In(w.Base.Location).Format("15:04")
	}
	for _, c := range []struct{ now, ledger, next string }{
		{"2005-08-11 05:58", "waiting 1 = 100", "05:59"},
		{"2005-08-11 06:00", "waiting 1 = 100", "07:00"},
		{"2005-08-11 06:59", "waiting 1 = 100", "07:00"},
		{"2005-08-11 07:00", "frozen 1 = 100", "00:00"},
	} {
		w.at(c.now)
		w.release()
		w.want("at "+c.now, w.ledger(), c.ledger)
		if c.ledger != "frozen 1 = 100" {
			w.want("next after "+c.now, next(), c.next)
		}
	}
	w.want("over", w.row(`SELECT count(*) FROM night_control WHERE ended_at IS NOT NULL AND ended_by IS NULL`), "1")
	w.want("nothing is told", w.exceptions(), "")
}

// TestNight_FrozenIsNotSent: what was frozen before the hold is not sent while it stands, of a bank, an agreement or an authority,
// also when its attempt had begun; others are.
func TestNight_FrozenIsNotSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		what, of string
		sent     int
	}{"all": {"all", "", 0}, "bank": {"bank", "BEC", 1}, "authority": {"authority", "78", 2}, "agreement": {"agreement", "AFT-1", 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			threeAgreements(w)
			w.at(receiveBy)
			w.release()
			id := w.hold(c.what, c.of)
			w.later(time.Minute)
			if sent := w.dispatch(); len(sent) != c.sent {
				t.Errorf("%d files were sent, must be %d", len(sent), c.sent)
			}
			w.at("2005-08-11 08:31")
			w.deadlines()
			w.decided(act.KindNightLift, id)
			if sent := w.dispatch(); len(sent) != 3-c.sent {
				t.Errorf("%d files were sent afterwards, must be %d", len(sent), 3-c.sent)
			}
		})
	}
}

// holding is a bank's mailbox at which persons hold everything while a file is handed over.
type holding struct {
	mailbox
	w *world
}

func (m *holding) Put(ctx context.Context, f gateway.Outgoing, content io.Reader, beforeRename func(context.Context) error) error {
	m.w.hold("all", "")
	m.w.later(time.Second)
	if err := m.mailbox.Put(ctx, f, content, beforeRename); err != nil {
		return fmt.Errorf("%w: %w", gateway.ErrNotSent, err)
	}
	return nil
}

// TestNight_HeldBeforeTheRename: a hold that comes while a file is handed over is in time until the last commit before the rename.
func TestNight_HeldBeforeTheRename(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	lease, err := w.Bank.Lease(t.Context(), "BEC")
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release()
	var sent []string
	d := &gateway.Dispatcher{Bank: "BEC", Fence: lease.Fence, Link: &holding{mailbox{sent: &sent}, w}, Outbox: w.Bank, Now: w.time, Failpoint: func(string) {}}
	if n := w.all("send", d.SendNext); n != 1 {
		t.Errorf("%d turns", n)
	}
	w.want("not let go", w.row(`SELECT state, may_be_out_since IS NULL FROM interchange`), "rendered true")
	w.want("nothing is wrong with it", w.row(`SELECT count(*) FROM exception WHERE kind = $1`, gateway.SendFails), "0")
}

// TestNight_ToldAgain: what is still held when a send-by passes is told again, with what waits by then.
func TestNight_ToldAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.hold("bank", "BEC")
	w.at(receiveBy)
	w.release()
	w.receive(neighbours("G-2", complete("B", 50)))
	reported := func() string {
		return w.row(`SELECT detail_args[3] || '/' || detail_args[4], closed_at IS NULL FROM exception WHERE kind = $1 ORDER BY id`, gateway.NightHold)
	}
	w.release()
	w.want("first", reported(), "1/100 true")
	w.at("2005-08-11 08:30")
	w.release()
	w.want("at send-by", reported(), "1/100 true")
	w.at("2005-08-12 06:00")
	w.release()
	w.want("past it", reported(), "1/100 false; 2/150 true")
}

// TestNight_MovedReceiveBy: one night's receive-by is another: what waits is planned anew, and what comes is planned by it, in both
// directions; when it is lifted all is as it was.
func TestNight_MovedReceiveBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrive := func(clock, id string) {
		w.at(clock)
		w.receive(bundle(id, complete(id, 100)))
	}
	arrive("2005-08-11 04:30", "A")
	w.want("before", w.due(), "11 06:00 12")
	later := w.night(act.KindMoveReceiveBy, "what", "authority", "of", "77", "on", "2005-08-11", "at", "07:30")
	if what := later.Executed().Outcome[0].What; !strings.Contains(what, "1 groups of 1 payments, 100 øre, are planned anew: 0 are released earlier and 1 later") {
		t.Error(what)
	}
	w.want("moved later", w.due(), "11 07:30 12")
	arrive("2005-08-11 07:29", "B")
	w.want("in time by it", w.due(), "11 07:30 12; 11 07:30 12")
	arrive("2005-08-11 07:31", "C")
	w.want("too late by it", w.due(), "11 07:30 12; 11 07:30 12; 12 06:00 15")
	w.at("2005-08-11 07:30")
	w.release()
	w.want("released", w.ledger(), "waiting 1 = 100, frozen 2 = 200")

	earlier := w.night(act.KindMoveReceiveBy, "what", "bank", "of", "BEC", "on", "2005-08-12", "at", "05:00")
	w.want("moved earlier", w.due(), "12 05:00 15")
	arrive("2005-08-12 05:01", "D")
	w.want("too late by that", w.row(`SELECT to_char(executes_on, 'DD') FROM release_group WHERE id = (SELECT max(id) FROM release_group)`), "16")
	w.decided(act.KindNightLift, earlier.ID)
	w.want("lifted: what is due stays", w.due(), "12 05:00 15; 12 06:00 15")
	w.release()
	w.want("the day is as planned", w.row(`SELECT DISTINCT to_char(executes_on, 'DD') FROM interchange ORDER BY 1`), "12; 15")
}

// TestNight_MovedReceiveByOfUnchecked: what is read and not checked yet is planned anew, too.
func TestNight_MovedReceiveByOfUnchecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(bundle("G-1", complete("A", 100)))
	w.read()
	w.night(act.KindMoveReceiveBy, "what", "agreement", "of", "AFT-1", "on", "2005-08-11", "at", "05:00")
	w.check()
	w.want("planned", w.due(), "11 05:00 12")
}

// TestNight_MovedSendBy: a send-by that the bank has moved decides which day is still met, and when it is missed.
func TestNight_MovedSendBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.hold("bank", "BEC")
	w.night(act.KindMoveSendBy, "what", "bank", "of", "BEC", "on", "2005-08-11", "at", "10:00")
	w.at("2005-08-11 09:59")
	w.release()
	w.want("held", w.ledger(), "waiting 1 = 100")
	w.decided(act.KindNightLift, w.number(`SELECT id FROM night_control WHERE effect = 'hold'`))
	w.release()
	w.want("in time by it", w.row(`SELECT to_char(executes_on, 'DD') FROM interchange`), "12")
	w.at("2005-08-11 10:00")
	w.deadlines()
	w.want("not missed", w.exceptions(), "")
	w.at("2005-08-11 10:01")
	w.deadlines()
	w.want("missed", w.exceptions(), string(gateway.SendByMissed))
	w.dispatch()
}

// TestNight_ReleaseNow: what waits for its release until a time leaves at once, for the day that it was to be executed on.
func TestNight_ReleaseNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	far := bundle("G-4", complete("far", 800))
	far.Debits[0].On = "2005-08-26"
	threeAgreements(w)
	w.receive(far)
	went := w.night(act.KindReleaseNow, "what", "authority", "of", "77")
	if what := went.Executed().Outcome[0].What; what != "2 groups of 2 payments, 300 øre, are released now" {
		t.Error(what)
	}
	w.release()
	w.want("released", w.ledger(), "waiting 2 = 1200, frozen 2 = 300")
	w.want("for their day", w.row(`SELECT DISTINCT executes_on::text FROM interchange`), "2005-08-12")
	in := act.Intent{Kind: act.KindReleaseNow, By: "Ann", Why: "a test", Content: map[string]string{"what": "authority", "of": "77"}}
	if _, err := w.Desk.Preview(t.Context(), in); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("nothing is left: %v", err)
	}
}

// TestNight_Preview: what would be held or would leave is told with counts and sums before anybody decides, and nothing is done.
func TestNight_Preview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	threeAgreements(w)
	for kind, c := range map[string]struct {
		content map[string]string
		want    string
	}{
		act.KindNightHold:     {map[string]string{"what": "bank", "of": "BEC"}, "bank BEC is held: 2 payments, 500 øre, due in a day, and 0 files of 0 payments, 0 øre, that are not sent"},
		act.KindReleaseNow:    {map[string]string{"what": "all"}, "3 groups of 3 payments, 700 øre, are released now"},
		act.KindMoveReceiveBy: {map[string]string{"what": "bank", "of": "SDC", "on": "2005-08-11", "at": "04:00"}, "receive-by is 04:00 on 2005-08-11: 1 groups of 1 payments, 200 øre, are planned anew: 0 are released earlier and 1 later, 0 are executed on an earlier day and 1 on a later one"},
	} {
		asked, err := w.Desk.Preview(t.Context(), act.Intent{Kind: kind, By: "Ann", Why: "a test", Content: c.content})
		if err != nil {
			t.Fatal(err)
		}
		w.want(kind, asked.Items[0].Preview, c.want)
	}
	w.want("nothing was done", w.due(), "11 06:00 12; 11 06:00 12; 11 06:00 12")
	w.want("nothing is in force", w.row(`SELECT count(*) FROM night_control`), "0")
}

// TestNight_Refused: what cannot be decided names the place and the rule.
func TestNight_Refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		kind, content string
		want          error
	}{
		"no such bank":         {act.KindNightHold, "what=bank of=NOWHERE", gateway.ErrNotFound},
		"no such reach":        {act.KindNightHold, "what=country of=DK", gateway.ErrIntent},
		"all of somebody":      {act.KindNightHold, "what=all of=77", gateway.ErrIntent},
		"ended before":         {act.KindNightHold, "what=all until=2005-08-11_04:30", gateway.ErrIntent},
		"no time":              {act.KindNightHold, "what=all until=tomorrow", gateway.ErrIntent},
		"no banking day":       {act.KindMoveReceiveBy, "what=all on=2005-08-13 at=06:00", gateway.ErrIntent},
		"yesterday":            {act.KindMoveReceiveBy, "what=all on=2005-08-10 at=06:00", gateway.ErrIntent},
		"no time of day":       {act.KindMoveReceiveBy, "what=all on=2005-08-11 at=25:00", gateway.ErrIntent},
		"send-by of agreement": {act.KindMoveSendBy, "what=agreement of=AFT-1 on=2005-08-11 at=09:00", gateway.ErrIntent},
		"limit of a bank":      {act.KindReleaseLimit, "what=bank of=BEC limit=day most=100", gateway.ErrIntent},
		"no such limit":        {act.KindReleaseLimit, "what=all limit=week most=100", gateway.ErrIntent},
		"factor of one":        {act.KindReleaseLimit, "what=all limit=history most=1", gateway.ErrIntent},
	} {
		in := act.Intent{Kind: c.kind, By: "Ann", Why: "a test", Content: map[string]string{}}
		for _, f := range strings.Fields(c.content) {
			k, v, _ := strings.Cut(f, "=")
			in.Content[k] = strings.ReplaceAll(v, "_", " ")
		}
		if _, err := w.Desk.Preview(t.Context(), in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestNight_Again: in a database that was set back to before them, holds, moved cut-offs and limits are in force again, and what two
// persons had lifted is lifted. What had left counts for its agreement's day, and what had been over a limit is not over it any more.
func TestNight_Again(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	o := newOutside(w)
	w.limit("bundle", "99")
	w.receive(bundle("G-1", complete("A", 100)))
	w.night(act.KindReleaseNow, "what", "all")
	w.release()
	backup := w.backup()
	w.decided(act.KindReleaseOverLimit, w.number(`SELECT id FROM over_limit`))
	w.hold("bank", "SDC")
	w.decided(act.KindNightLift, w.hold("agreement", "AFT-1"))
	w.night(act.KindMoveReceiveBy, "what", "authority", "of", "78", "on", "2005-08-11", "at", "07:30")
	w.night(act.KindReleaseLimit, "what", "all", "limit", "day", "most", "1000")
	w.release()
	o.exchange()
	state := func() string {
		return w.row(`SELECT effect, subject, ended_by IS NOT NULL FROM night_control ORDER BY id`) + "; " +
			w.row(`SELECT limit_of, most FROM release_limit ORDER BY id`) + "; " + w.row(`SELECT payments, ore, largest FROM release_day`)
	}
	before := state()
	w.want("before", before, "hold SDC false; hold AFT-1 true; receive_by 78 false; bundle 99; day 1000; 1 100 100")
	w.setBack(o, backup, false)
	w.want("again", state(), before)
	w.want("over no limit", w.over(), "")
	w.want("nobody waits for it", w.row(`SELECT count(*) FROM exception WHERE kind = $1 AND closed_at IS NULL`, gateway.OverLimit), "0")
	w.release()
	w.want("sent once", o.orders(), "A")
}

// TestNight_ReachIsTheSQL: the database reaches whom gateway.Reach does.
func TestNight_ReachIsTheSQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const one = "AFT-1"
	id := w.number(`SELECT id FROM agreement WHERE agreement = $1 AND authority = '77'`, one)
	who := gateway.About{Bank: "BEC", Authority: "77", Agreement: one}
	reached := 0
	for _, reach := range []gateway.Reach{gateway.ReachAll, gateway.ReachBank, gateway.ReachAuthority, gateway.ReachAgreement} {
		for _, subject := range []string{"", "BEC", "SDC", "77", "78", one, "AFT-2"} {
			want := reach.Reaches(subject, who)
			if want {
				reached++
			}
			w.want(string(reach)+" "+subject, w.row(`SELECT night_reaches($1, $2, 'BEC', $3)`, string(reach), subject, id), fmt.Sprint(want))
		}
	}
	if reached != 7+3 {
		t.Errorf("%d reach it", reached)
	}
}
