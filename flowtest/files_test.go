package flowtest_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"nks/gateway"
)

// TestFiles_Duplicates: a file that comes again does no harm, under its own name or another.
func TestFiles_Duplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.newAnswers()
	no := w.number(`SELECT control_ref FROM interchange`)
	sent := file("BEC", "F1", contrl("BEC", no, "7"), bansta("BEC-00000000000001-0001", status(1, 2, "2", "Nej")))
	for _, name := range []string{"a.edi", "a.edi", "b.edi"} {
		w.lay("BEC", name, sent)
		w.hear("BEC")
	}
	w.lay("BEC", "a.edi", sent) // after it was heard
	w.hear("BEC")
	w.want("files", w.row(`SELECT name, state, coalesce(replace(note, (SELECT min(id)::text FROM bank_file), 'one'), '') FROM bank_file ORDER BY id`), "a.edi done ; b.edi parked interchange F1 came before, in file one")
	w.want("exceptions", w.exceptions(), "")
	w.wantAnswers("8 A; 9 B:0001(Nej)")
	w.want("ledger", w.ledger(), "with_bank 1 = 100, returned 1 = 200")
}

// TestFiles_SameNameOtherBytes: both are kept and heard, and somebody is told.
func TestFiles_SameNameOtherBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.newAnswers()
	w.lay("BEC", "a.edi", file("BEC", "F1", contrl("BEC", 1, "7")))
	w.lay("BEC", "a.edi", file("BEC", "F2", bansta("BEC-00000000000001-0001", status(1, 2, "2", "Nej"))))
	w.hear("BEC")
	w.want("files", w.row(`SELECT name, state FROM bank_file ORDER BY id`), "a.edi done; a.edi done")
	w.want("exceptions", w.exceptions(), "bank file name reused")
	w.wantAnswers("8 A; 9 B:0001(Nej)")
}

// TestFiles_SameNumberOtherBytes: a bank that gives its number a second time may have said something else with it.
func TestFiles_SameNumberOtherBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.newAnswers()
	w.lay("BEC", "a.edi", file("BEC", "F1", contrl("BEC", 1, "7")))
	w.hear("BEC")
	w.lay("BEC", "b.edi", file("BEC", "F1", bansta("BEC-00000000000001-0001", status(1, 2, "2", "Nej"))))
	w.hear("BEC")
	w.want("files", w.row(`SELECT name, state FROM bank_file ORDER BY id`), "a.edi done; b.edi parked")
	w.want("exceptions", w.exceptions(), "bank control number reused")
}

// TestFiles_NumberOfAnotherTime: a bank that begins its numbers anew is heard, in whatever month; the same number of the same
// time with the same bytes is one that came before, also when another month has begun.
func TestFiles_NumberOfAnotherTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.newAnswers()
	first := file("BEC", "F1", contrl("BEC", 1, "7"))
	w.lay("BEC", "a.edi", first)
	w.hear("BEC")
	w.at("2005-10-03 08:00")
	w.lay("BEC", "a.edi", prepared("051003:0759", "BEC", "F1", bansta("BEC-00000000000001-0001", status(1, 2, "2", "Nej"))))
	w.lay("BEC", "b.edi", first)
	w.hear("BEC")
	w.want("files", w.row(`SELECT name, state FROM bank_file ORDER BY id`), "a.edi done; a.edi done; b.edi parked")
	w.want("exceptions", w.exceptions(), "bank file name reused")
	w.wantAnswers("8 A; 9 B:0001(Nej)")
	w.lay("BEC", "c.edi", prepared("051003:0759", "BEC", "F1", bansta("BEC-00000000000001-0001", status(1, 1, "2", "Nej"))))
	w.hear("BEC")
	w.want("exceptions", w.exceptions(), "bank file name reused; bank control number reused")
	w.want("ledger", w.ledger(), "with_bank 1 = 100, returned 1 = 200")
}

// TestFiles_Unreadable: the file is parked for a person, the bank is answered, and the next one is heard.
func TestFiles_Unreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100)))
	w.newAnswers()
	good := file("BEC", "F1", bansta("BEC-00000000000001-0001", status(1, 1, "2", "Nej")))
	for name, content := range map[string]string{"cut": good[:len(good)-20], "garbage": "garbage", "empty": "", "another bank's": strings.ReplaceAll(good, becGLN, sdcGLN),
		"production": strings.Replace(good, "++++1++1'", "++++1'", 1), "a count that is wrong": strings.Replace(good, "UNZ+1", "UNZ+2", 1)} {
		w.lay("BEC", name+".edi", content)
	}
	w.lay("BEC", "z.edi", file("BEC", "F2", contrl("BEC", 1, "7")))
	w.hear("BEC")
	w.want("files", w.row(`SELECT state, count(*) FROM bank_file GROUP BY 1 ORDER BY 1`), "done 1; parked 6")
	w.want("exceptions", w.row(`SELECT kind, count(*) FROM exception GROUP BY 1`), "bank file unreadable 6")
	w.wantAnswers("8 A")
	// Four of them have an UNB that can be answered; the answers go the way of every interchange, under the same numbers.
	w.want("answers", w.row(`SELECT kind, control_ref, state FROM interchange ORDER BY control_ref`),
		"PAYMUL 1 sent; CONTRL 2 rendered; CONTRL 3 rendered; CONTRL 4 rendered; CONTRL 5 rendered")
	for _, answer := range w.dispatch() {
		if !strings.Contains(answer, "UCI+F1+"+becGLN+":14+"+ownGLN+":14+4") && !strings.Contains(answer, "UCI+F1+"+sdcGLN) {
			t.Errorf("the bank is told:\n%s", answer)
		}
	}
	w.want("answers", w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL' AND state = 'sent'`), "4")
}

// TestFiles_Answered: what a bank sends is answered with CONTRL where it asks, never a CONTRL.
func TestFiles_Answered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100)))
	w.newAnswers()
	w.says("BEC", contrl("BEC", 1, "7"))
	asks := file("BEC", "F10", bansta("BEC-00000000000001-0001", status(1, 1, "4", "")))
	w.lay("BEC", "silent.edi", strings.Replace(strings.ReplaceAll(asks, "F10", "F9"), "++++1++1'", "++++++1'", 1))
	w.lay("BEC", "asks.edi", asks)
	w.hear("BEC")
	sent := w.dispatch()
	if len(sent) != 1 || !strings.Contains(sent[0], "UNB+UNOC:3+"+ownGLN+":14+"+becGLN+":14+050811:0600+00000000000002++++++1'") ||
		!strings.Contains(sent[0], "UCI+F10+"+becGLN+":14+"+ownGLN+":14+7'") {
		t.Errorf("sent: %q", sent)
	}
	w.want("no CONTRL is awaited for it", w.row(`SELECT count(*) FROM order_line WHERE interchange_id = (SELECT max(id) FROM interchange)`), "0")
	w.later(24 * 3600e9)
	w.deadlines()
	w.want("exceptions", w.exceptions(), "")
}

// TestFiles_ManyUndecided: more statuses than anybody reads one by one; none is passed over in silence.
func TestFiles_ManyUndecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var statuses []string
	for i := range 1002 {
		statuses = append(statuses, status(1+i%99, 1, "2", ""))
	}
	var messages []string
	for len(statuses) > 0 {
		n := min(len(statuses), 99)
		messages = append(messages, bansta("X", statuses[:n]...))
		statuses = statuses[n:]
	}
	w.says("BEC", messages...)
	w.want("exceptions", w.row(`SELECT count(*), max(detail) FILTER (WHERE detail LIKE '%more%') FROM exception WHERE kind = 'bank status undecided'`), "1001 2 more statuses")
}

// TestFiles_FetchFails: a file that did not come whole is none.
func TestFiles_FetchFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cut := errors.New("cut")
	err := w.Bank.StoreBankFile(t.Context(), "BEC", "a.edi", func(to io.Writer) error {
		_, err := io.WriteString(to, "half")
		return errors.Join(err, cut)
	})
	if !errors.Is(err, cut) {
		t.Error(err)
	}
	w.want("files", w.row(`SELECT count(*) FROM bank_file`), "0")
}

// TestOutbox: the states of sending, each guarded by the fencing number.
func TestOutbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	state := func(want string) {
		t.Helper()
		w.want("state", w.row(`SELECT state, attempt FROM interchange`), want)
	}
	w.unrender()
	if _, err := w.Bank.NextOutgoing(t.Context(), "BEC"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("before rendering: %v", err)
	}
	w.render()
	lease := w.held("BEC")
	stale := lease.Fence - 1
	ctx := t.Context()
	o, err := w.Bank.NextOutgoing(ctx, "BEC")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Bank.MarkSending(ctx, o.ID, stale); !errors.Is(err, gateway.ErrLostOwnership) {
		t.Errorf("sending by a former owner: %v", err)
	}
	state("rendered 0")
	first, err := w.Bank.MarkSending(ctx, o.ID, lease.Fence)
	if err != nil {
		t.Fatal(err)
	}
	state("sending 1")
	// Whoever takes over from sending tries anew, under another temporary name; the late first attempt is stopped.
	second, err := w.Bank.MarkSending(ctx, o.ID, lease.Fence)
	if err != nil {
		t.Fatal(err)
	}
	if first.TempName == second.TempName || first.FinalName != second.FinalName || second.FinalName != "NKS00000000000001.edi" {
		t.Errorf("%+v, then %+v", first, second)
	}
	if err := w.Bank.MarkPublishing(ctx, first, lease.Fence); !errors.Is(err, gateway.ErrLostOwnership) {
		t.Errorf("publishing of an earlier attempt: %v", err)
	}
	if err := w.Bank.MarkPublishing(ctx, second, stale); !errors.Is(err, gateway.ErrLostOwnership) {
		t.Errorf("publishing by a former owner: %v", err)
	}
	state("sending 2")
	if err := w.Bank.MarkPublishing(ctx, second, lease.Fence); err != nil {
		t.Fatal(err)
	}
	state("publishing 2")
	if _, err := w.Bank.MarkSending(ctx, o.ID, lease.Fence); !errors.Is(err, gateway.ErrLostOwnership) {
		t.Errorf("sending again what may be published: %v", err)
	}
	for name, mark := range map[string]func() error{
		"sent":     func() error { return w.Bank.MarkSent(ctx, second, stale) },
		"not sent": func() error { return w.Bank.MarkNotSent(ctx, second, stale) },
		"unknown":  func() error { return w.Bank.MarkUnknown(ctx, second, stale) },
	} {
		if err := mark(); !errors.Is(err, gateway.ErrLostOwnership) {
			t.Errorf("%s by a former owner: %v", name, err)
		}
	}
	state("publishing 2")
	if err := w.Bank.MarkNotSent(ctx, second, lease.Fence); err != nil {
		t.Fatal(err)
	}
	state("rendered 2")
	third := w.publishing("BEC", lease.Fence)
	if err := w.Bank.MarkSent(ctx, third, lease.Fence); err != nil {
		t.Fatal(err)
	}
	state("sent 3")
	if err := w.Bank.MarkSent(ctx, third, lease.Fence); err != nil {
		t.Errorf("sent a second time: %v", err)
	}
	if err := w.Bank.MarkUnknown(ctx, third, lease.Fence); err != nil {
		t.Errorf("unknown after a CONTRL has proved it: %v", err)
	}
	if err := w.Bank.MarkNotSent(ctx, third, lease.Fence); !errors.Is(err, gateway.ErrLostOwnership) {
		t.Errorf("not sent after all: %v", err)
	}
	state("sent 3")
	w.want("ledger", w.ledger(), "with_bank 1 = 100")
	w.want("exceptions", w.exceptions(), "")
}

// TestOutbox_Unknown: an interchange of which nobody knows waits for a person; what the bank says of it settles it.
func TestOutbox_Unknown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settle     func(w *world)
		newAnswers string
		ledger     string
	}{
		"CONTRL": {func(w *world) { w.says("BEC", contrl("BEC", 1, "7")) }, "8 A B", "with_bank 2 = 300"},
		"CONTRL, rejecting": {func(w *world) { w.says("BEC", contrl("BEC", 1, "4+29")) },
			"9 A:0001(Interchange afvist af banken, fejlkode 29) B:0001(Interchange afvist af banken, fejlkode 29)", "returned 2 = 300"},
		"BANSTA": {func(w *world) {
			w.says("BEC", bansta("BEC-00000000000001-0001", status(1, 1, "4", ""), status(1, 2, "2", "Nej")))
		}, "8 A; 9 B:0001(Nej)", "executed 1 = 100, returned 1 = 200"},
		"BANSTA of a whole line": {func(w *world) { w.says("BEC", bansta("BEC-00000000000001-0001", line(1, "4", ""))) }, "8 A B", "executed 2 = 300"},
		"the bank has it, by word of mouth": {func(w *world) {
			if err := w.Desk.Resolve(w.t.Context(), "BEC", 1, true, "ann", "bob"); err != nil {
				w.t.Error(err)
			}
		}, "", "with_bank 2 = 300"},
		"the bank has it not": {func(w *world) {
			if err := w.Desk.Resolve(w.t.Context(), "BEC", 1, false, "ann", "ann"); err == nil {
				w.t.Error("one person decided alone")
			}
			if err := w.Desk.Resolve(w.t.Context(), "BEC", 1, false, "ann", "bob"); err != nil {
				w.t.Error(err)
			}
		}, "", "frozen 2 = 300"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.receive(bundle("G-1", complete("A", 100), complete("B", 200)))
			w.at(receiveBy)
			w.release()
			w.newAnswers()
			lease := w.held("BEC")
			if err := w.Bank.MarkUnknown(t.Context(), w.publishing("BEC", lease.Fence), lease.Fence); err != nil {
				t.Fatal(err)
			}
			w.want("before", w.ledger()+", "+w.exceptions(), "unknown 2 = 300, interchange unknown")
			if _, err := w.Bank.NextOutgoing(t.Context(), "BEC"); !errors.Is(err, gateway.ErrNotFound) {
				t.Errorf("to be sent again by itself: %v", err)
			}
			w.at("2005-08-11 12:00")
			w.eachBank("deadlines", w.Bank.DecideSilence)
			w.want("by itself", w.ledger(), "unknown 2 = 300")
			c.settle(w)
			w.wantAnswers(c.newAnswers)
			w.want("after", w.ledger(), c.ledger)
			w.want("exceptions", w.exceptions(), "")
		})
	}
}

// TestOutbox_ContrlOvertakesTheReply: the bank answers before its reply to the rename has come.
func TestOutbox_ContrlOvertakesTheReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	w.newAnswers()
	lease := w.held("BEC")
	o := w.publishing("BEC", lease.Fence)
	w.says("BEC", bansta("BEC-00000000000001-0001", line(1, "4", "")))
	w.says("BEC", contrl("BEC", 1, "7"))
	if err := w.Bank.MarkSent(t.Context(), o, lease.Fence); err != nil {
		t.Error(err)
	}
	w.wantAnswers("8 A")
	w.want("ledger", w.ledger(), "executed 1 = 100")
}

// TestOutbox_Order: interchanges go in the order of their numbers.
func TestOutbox_Order(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.Split.InterchangeOrders = 3 })
	sent := w.paid(bundle("G-1", many("A", 8)...))
	for i, s := range sent {
		if !strings.Contains(s, "+0000000000000"+string(rune('1'+i))+"++++1+AFT-1+1'") {
			t.Errorf("file %d: %.120s", i, s)
		}
	}
	if len(sent) < 3 {
		t.Errorf("%d files", len(sent))
	}
}
