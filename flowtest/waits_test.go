package flowtest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
)

// raised are the open exceptions with what they are about and say.
func (w *world) raised() string {
	w.t.Helper()
	return w.row(`SELECT kind, subject, detail FROM exception WHERE closed_at IS NULL ORDER BY id`)
}

// closes closes all exceptions, as somebody does who has had enough of them.
func (w *world) closes() {
	w.t.Helper()
	w.exec(`UPDATE exception SET closed_at = $1, closed_by = 'ann' WHERE closed_at IS NULL`, w.time())
}

// waits is a world in which the clock is set and everything that waits is looked at, with a quiet mailbox.
func (w *world) waits(clock, want string) {
	w.t.Helper()
	w.at(clock)
	w.deadlines()
	w.want(clock, w.raised(), want)
}

// late demands when a bank must be looked at again.
func (w *world) late(bank, want string) {
	w.t.Helper()
	next, err := w.Bank.NextLate(w.t.Context(), bank, w.time())
	got := "never"
	if !next.IsZero() {
		got = next.In(w.Base.Location).Format("01-02 15:04")
	}
	if err != nil || got != want {
		w.t.Errorf("next late at %s, %v, want %s", got, err, want)
	}
}

// TestWaits_Contrl: a bank that says nothing is one exception, again after each further deadline whatever was closed
// before; one that says something is asked about each file. M4
func TestWaits_Contrl(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	one, _ := w.four("BEC"), w.four("BEC")
	const silent = "CONTRL missing BEC bank BEC has laid out nothing since; 2 files wait since 2005-08-11 06:00: 8 payments, 2000 øre"
	w.late("BEC", "08-11 06:30")
	w.waits("2005-08-11 06:29", "")
	w.waits("2005-08-11 06:30", silent)
	w.closes()
	w.late("BEC", "08-11 07:00")
	w.waits("2005-08-11 06:59", "")
	w.waits("2005-08-11 07:00", silent)
	w.waits("2005-08-11 12:00", silent)
	w.closes()
	w.waits("2005-08-11 12:29", "")
	w.waits("2005-08-11 12:30", silent)
	w.says("BEC", contrl("BEC", one.no, "8"))
	w.waits("2005-08-11 12:31", "CONTRL missing 1 bank BEC has not answered by CONTRL; file NKS00000000000001.edi waits since 2005-08-11 06:00: 4 payments, 1000 øre; "+
		"CONTRL missing 2 bank BEC has not answered by CONTRL; file NKS00000000000002.edi waits since 2005-08-11 06:00: 4 payments, 1000 øre")
	w.says("BEC", contrl("BEC", one.no, "7"), contrl("BEC", one.no+1, "7"))
	w.waits("2005-08-11 12:32", "")
	w.late("BEC", "never")
	w.newAnswers()
}

// TestWaits_SendBy: files that do not leave are told of again at each further send-by, together when none leaves. M4
func TestWaits_SendBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)), bundle("G-2", complete("B", 200)))
	w.at(receiveBy)
	w.release()
	const missed = "send-by missed 1 bank BEC has not got it in time; file NKS00000000000001.edi waits since 2005-08-11 06:00: 2 payments, 300 øre"
	w.waits("2005-08-11 08:30", "")
	w.late("BEC", "08-11 08:30")
	w.waits("2005-08-11 08:31", missed)
	w.closes()
	w.late("BEC", "08-12 08:30")
	w.waits("2005-08-12 08:30", "")
	w.receive(bundle("G-3", complete("C", 300)))
	w.waits("2005-08-12 08:31", missed)
	w.at("2005-08-15 06:00")
	w.release()
	w.closes()
	w.waits("2005-08-15 08:31", "send-by missed BEC bank BEC cannot be handed anything; 2 files wait since 2005-08-11 06:00: 3 payments, 600 øre")
}

// TestWaits_Status: a bank that says what it has executed, and does not, is asked each day. M4
func TestWaits_Status(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t), func(o *options) {
		o.banks[0].StatusDeadline = 24 * time.Hour
	})
	one, _ := w.four("BEC"), w.four("BEC")
	w.says("BEC", contrl("BEC", one.no, "7"), contrl("BEC", one.no+1, "7"))
	w.newAnswers()
	w.late("BEC", "08-11 09:00")
	const silent = "bank status missing BEC bank BEC has laid out nothing since; 2 files wait since 2005-08-12 09:00: 8 payments, 2000 øre"
	w.waits("2005-08-13 08:59", "")
	w.late("BEC", "08-13 09:00")
	w.waits("2005-08-13 09:00", silent)
	w.closes()
	w.waits("2005-08-14 08:59", "")
	w.waits("2005-08-14 09:00", silent)
	w.says("BEC", bansta(one.message(1), status(1, 1, "4", ""), status(1, 2, "2", "Nej"), status(1, 3, "4", "")))
	w.waits("2005-08-14 09:01", "bank status missing 1 bank BEC has not told what it has executed; file NKS00000000000001.edi waits since 2005-08-12 09:00: 1 payments, 400 øre; "+
		"bank status missing 2 bank BEC has not told what it has executed; file NKS00000000000002.edi waits since 2005-08-12 09:00: 4 payments, 1000 øre")
	w.says("BEC", bansta(one.message(2), line(1, "4", "")))
	w.waits("2005-08-14 09:02", "bank status missing 2 bank BEC has not told what it has executed; file NKS00000000000002.edi waits since 2005-08-12 09:00: 4 payments, 1000 øre")
	w.newAnswers()
}

// TestWaits_Debit: a bank that tells its debits, and has not told of one that what it executed must have had, is asked each day.
func TestWaits_Debit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t), func(o *options) { o.banks[0].DebitDeadline = 24 * time.Hour })
	one, two := w.four("BEC"), w.four("BEC")
	w.says("BEC", contrl("BEC", one.no, "7"), contrl("BEC", two.no, "7"), bansta(one.message(1), line(1, "4", "")))
	// What is not executed owes no debit, nor a line of which the bank has rejected each order by itself.
	w.says("BEC", bansta(one.message(2), status(1, 1, "2", "Nej")))
	w.says("BEC", bansta(one.message(2), line(1, "4", "")))
	w.newAnswers()
	const wants = "debit missing 1 bank BEC has told of no debit for what is executed; file NKS00000000000001.edi is executed since 2005-08-12 09:00: 3 payments, 600 øre"
	const silent = "debit missing BEC bank BEC has laid out nothing since; 1 files wait since 2005-08-12 09:00: 3 payments, 600 øre"
	w.waits("2005-08-13 08:59", "")
	w.late("BEC", "08-13 09:00")
	w.waits("2005-08-13 09:00", silent)
	w.closes()
	w.waits("2005-08-14 08:59", "")
	w.says("BEC", bansta(two.message(1), line(1, "3", "")))
	w.waits("2005-08-14 09:00", wants)
	w.waits("2005-12-01 09:00", wants) // it does not end by growing old
	w.says("BEC", debmul(booking{account: debit1, ref: "D1"}.debited(600, fmt.Sprintf("%014d-1-1", one.no))))
	w.waits("2005-12-01 09:01", "")
	w.newAnswers()
}

// TestWaits_BlockedSilence: silence that would decide something and cannot is told of, for as long as it cannot. M4
func TestWaits_BlockedSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t), func(o *options) { o.banks = gateway.BankCentres{bkd(t)} })
	one, _ := w.four("BKD"), w.four("BKD")
	w.at(receiveBy)
	w.says("BKD", contrl("BKD", one.no, "7"), contrl("BKD", one.no+1, "7"))
	deaf := func(clock, want string) {
		t.Helper()
		w.at(clock)
		w.all("deadlines", func(ctx context.Context) (bool, error) { return w.Bank.DecideSilence(ctx, "BKD") })
		w.want(clock, w.raised(), want)
	}
	w.late("BKD", "08-11 08:30")
	deaf("2005-08-11 08:29", "")
	const never = "silence cannot be counted BKD bank BKD has a mailbox that was never listed and fetched whole; 2 files wait since 2005-08-11 08:00: 8 payments, 2000 øre"
	deaf("2005-08-11 08:30", never)
	w.closes()
	deaf("2005-08-11 08:59", "")
	deaf("2005-08-11 09:00", never)
	w.says("BKD", bansta(one.message(1), status(1, 1, "77", "")))
	undecided := fmt.Sprint("bank status undecided BKD document ", w.number(`SELECT max(document_id) FROM bank_file`)) + " item 1 nobody knows what it means: GIS code 77 is in no list of the bank's profile"
	w.waits("2005-08-11 09:01", undecided+"; silence cannot be counted 1 bank BKD has laid out something about it that is not decided; "+
		"file NKS00000000000001.edi waits since 2005-08-11 08:00: 4 payments, 1000 øre")
	w.decided(act.KindNoneOfOurs, w.bankFile(2))
	w.waits("2005-08-11 09:02", "")
	w.newAnswers()
}
