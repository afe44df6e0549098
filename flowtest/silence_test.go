package flowtest_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/bankfile"
	"nks/internal/app"
	"nks/reconciliation"
)

// laidOut is a bank's mailbox with files in it, some of which cannot be fetched.
type laidOut struct {
	gateway.BankLink
	files  map[string]string
	broken map[string]bool
}

func (m *laidOut) List(context.Context) ([]gateway.RemoteFile, error) {
	var all []gateway.RemoteFile
	for name, content := range m.files {
		all = append(all, gateway.RemoteFile{Name: name, Size: int64(len(content))})
	}
	return all, nil
}

func (m *laidOut) Fetch(_ context.Context, f gateway.RemoteFile, to io.Writer) error {
	if m.broken[f.Name] {
		return errors.New("the bank's server does not give it")
	}
	_, err := io.WriteString(to, m.files[f.Name])
	return err
}

func (m *laidOut) Remove(_ context.Context, name string) error {
	delete(m.files, name)
	return nil
}

// round has the owner of the connection look into a bank's mailbox.
func (w *world) round(bank string, m *laidOut) error {
	w.t.Helper()
	lease, err := w.Bank.Lease(w.t.Context(), bank)
	if err != nil {
		w.t.Fatal(err)
	}
	defer lease.Release()
	d := &gateway.Dispatcher{Bank: bank, Fence: lease.Fence, Link: m, Outbox: w.Bank, Now: w.time, Failpoint: func(string) {}}
	_, err = d.FetchNew(w.t.Context())
	return err
}

// silent has done what silence decides at the bank whose silence means it, and gives the ledger.
func (w *world) silent(clock string) string {
	w.t.Helper()
	w.at(clock)
	w.all("deadlines", func(ctx context.Context) (bool, error) { return w.Bank.DecideSilence(ctx, "BKD") })
	return w.ledger()
}

// TestSilence_NeedsACompleteRound: while the line is down nothing is accepted or executed by silence; only what was listed
// after the deadline, all of it fetched and heard, proves that the bank has said nothing. M3
func TestSilence_NeedsACompleteRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BKD")
	w.at("2005-08-11 06:10")
	w.says("BKD", contrl("BKD", s.no, "7"))
	w.listens("BKD")
	const silent, known = "with_bank 4 = 1000", "with_bank 3 = 600, returned 1 = 400"
	lines := func(want string) {
		t.Helper()
		w.want("lines", w.row(`SELECT state, count(*) FROM order_line GROUP BY 1 ORDER BY 1`), want)
	}
	w.want("no round since", w.silent("2005-08-11 08:10"), silent)
	w.want("told", w.newAnswers(), "")
	w.want("somebody is to look", w.row(`SELECT awaited FROM bank_round`), "true")
	m := &laidOut{files: map[string]string{"reject.edi": file("BKD", "F100", bansta(s.message(2), status(1, 1, "2", "Nej")))}, broken: map[string]bool{"reject.edi": true}}
	if err := w.round("BKD", m); err == nil {
		t.Error("fetched what cannot be fetched")
	}
	w.want("not all of it fetched", w.silent("2005-08-11 08:11"), silent)
	lines("with_bank 2")
	m.broken = nil
	if err := w.round("BKD", m); err != nil {
		t.Fatal(err)
	}
	w.want("not all of it heard", w.silent("2005-08-11 08:11"), silent)
	lines("with_bank 2")
	w.hear("BKD")
	w.want("heard", w.silent("2005-08-11 08:11"), known)
	w.want("told", w.names(w.newAnswers()), "8 A B C; 9 D:0001(Nej)")
	w.want("nobody is to look", w.row(`SELECT awaited FROM bank_round`), "false")

	w.want("executed by silence before a round", w.silent("2005-08-13 09:00"), known)
	w.at("2005-08-13 08:59")
	w.listens("BKD")
	w.want("after one too early", w.silent("2005-08-13 09:00"), known)
	w.listens("BKD")
	w.want("after one", w.silent("2005-08-13 09:00"), "executed 3 = 600, returned 1 = 400")
}

// TestSilence_RoundOfAFormerOwner proves nothing.
func TestSilence_RoundOfAFormerOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lease := w.held("BEC")
	if err := w.Bank.RoundComplete(t.Context(), "BEC", lease.Fence-1, w.time()); !errors.Is(err, gateway.ErrLostOwnership) {
		t.Errorf("round: %v", err)
	}
	w.want("rounds", w.row(`SELECT count(*) FROM bank_round`), "0")
}

// TestSilence_NotWhatADoubtConcerns: what nobody can decide blocks silence, of what it names or of the whole bank, until two
// persons know better or it is heard again. M3
func TestSilence_NotWhatADoubtConcerns(t *testing.T) {
	t.Parallel()
	const all, none = "accepted 2 of 4; accepted 2 of 4", "with_bank 2 of 4; with_bank 2 of 4"
	const first = "with_bank 2 of 4; accepted 2 of 4"
	for name, c := range map[string]struct {
		say  func(w *world, s sent)
		want string // the lines of both interchanges
	}{
		"nothing":            {func(*world, sent) {}, all},
		"a file that is cut": {func(w *world, s sent) { w.lay("BKD", "cut.edi", file("BKD", "F90", contrl("BKD", s.no, "7"))[:80]) }, none},
		"the same bytes again": {func(w *world, _ sent) {
			w.lay("BKD", "again.edi", w.raw(w.number(`SELECT document_id FROM bank_file ORDER BY id LIMIT 1`)))
		}, all},
		"its number, other bytes": {func(w *world, s sent) {
			w.lay("BKD", "twin.edi", file("BKD", "F100", bansta(s.message(1), status(1, 1, "2", "Nej"))))
		}, none},
		"a code that means nothing": {func(w *world, s sent) { w.says("BKD", bansta(s.message(1), status(1, 1, "77", ""))) }, first},
		"a code, and another bank's message": {func(w *world, s sent) {
			w.says("BKD", bansta(strings.Replace(s.message(1), "BKD", "BEC", 1), status(1, 1, "77", "")))
		}, none},
		"a code for a reference":     {func(w *world, s sent) { w.says("BKD", bansta("", named(1, s.ref("B"), "77", ""))) }, first},
		"a reference that is none":   {func(w *world, _ sent) { w.says("BKD", bansta("", named(1, "99999999A", "3", ""))) }, none},
		"a place that is none":       {func(w *world, s sent) { w.says("BKD", bansta(s.message(1), status(9, 1, "2", ""))) }, first},
		"place and reference differ": {func(w *world, s sent) { w.says("BKD", bansta(s.message(1), named(1, s.ref("D"), "2", ""))) }, first},
		"CONTRL for nothing":         {func(w *world, s sent) { w.says("BKD", contrl("BKD", s.no+100, "4+29")) }, none},
		"CONTRL written otherwise": {func(w *world, s sent) {
			w.says("BKD", strings.Replace(contrl("BKD", s.no, "4+29"), "UCI+0", "UCI+", 1))
		}, none},
		"CONTRL of a message that is none": {func(w *world, s sent) { w.says("BKD", contrl("BKD", s.no, "7", ucm("3", "4+13"))) }, first},
		"CONTRL about groups":              {func(w *world, s sent) { w.says("BKD", contrl("BKD", s.no, "7", "UCF+G+A+B+7'")) }, first},
		"a message that is not known":      {func(w *world, _ sent) { w.says("BKD", "BANSTA:D:01B:UN'BGM+XZ8'") }, none},
		"of two words one is not understood": {func(w *world, s sent) {
			w.says("BKD", bansta(s.message(1), status(1, 1, "3", ""), status(1, 2, "77", "")))
		}, first},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, banks(t))
			one, other := w.four("BKD"), w.four("BKD")
			w.files = 99
			w.says("BKD", contrl("BKD", one.no, "7"), contrl("BKD", other.no, "7"))
			c.say(w, one)
			w.hear("BKD")
			lines := func(what, want string) {
				t.Helper()
				w.want(what, w.row(`SELECT max(l.state::text), count(*), 'of', i.payments FROM order_line l JOIN interchange i ON i.id = interchange_id GROUP BY i.id ORDER BY i.id`), want)
			}
			w.at("2005-08-11 08:10")
			w.deadlines()
			lines("lines", c.want)
			undecided := map[string]reconciliation.Undecided{all: {}, none: {Payments: 8, Ore: 2000}, first: {Payments: 4, Ore: 1000}}
			if got, err := reconciliation.SumUndecided(t.Context(), w.db); err != nil || got != undecided[c.want] {
				t.Errorf("undecided: %+v, %v; want %+v", got, err, undecided[c.want])
			}
			doubts, err := w.Desk.Doubts(t.Context())
			if err != nil || (len(doubts) > 0) != (c.want != all) {
				t.Fatalf("doubts %+v, %v", doubts, err)
			}
			next, err := w.Bank.NextDue(t.Context(), "BKD", w.time().Add(-silence))
			if due := c.want == all; err != nil || next.Before(w.time()) && !next.IsZero() && !due {
				t.Errorf("what is in doubt is due at %v, %v", next, err)
			}
			if len(doubts) == 0 {
				return
			}
			w.decided(act.KindNoneOfOurs, doubts[0].File)
			w.deadlines()
			lines("after two persons know better", all)
			w.want("exceptions", w.exceptions(), "")
			w.want("who", w.row(`SELECT DISTINCT d.kind FROM bank_doubt b JOIN decision d ON d.id = b.decision`), act.KindNoneOfOurs)
			if _, err := w.decide(act.KindNoneOfOurs, "Ann", doubts[0].File); !errors.Is(err, gateway.ErrMovedOn) {
				t.Errorf("decided twice: %v", err)
			}
		})
	}
}

// bankFile is the id of the nth file that a bank has laid out.
func (w *world) bankFile(n int) int64 {
	w.t.Helper()
	return w.number(`SELECT id FROM bank_file ORDER BY id OFFSET $1 LIMIT 1`, n-1)
}

// understands is a gateway whose profile of the bank has been changed.
func (w *world) understands(bank string, change func(*bankfile.Profile)) *app.Steps {
	w.t.Helper()
	p := bankfile.Profile{OwnGLN: ownGLN, BankGLN: gln(bank), Charset: "UNOC", Wrap: "crlf", Test: true,
		Rejected: []string{"2"}, Information: []string{"3"}, Accepted: []string{"1"}, Executed: []string{"4"}}
	change(&p)
	codec, err := bankfile.New(p)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.steps(func(o *app.StepOptions) {
		banks := slices.Clone(w.banks)
		o.Banks = banks
		for i := range banks {
			if banks[i].ID == bank {
				banks[i].Codec = codec
			}
		}
	})
}

// TestHearAgain: a file of which something is open is heard once more, as the bank's profile is by now; what had effect has
// it once, and the bank is answered once. M3
func TestHearAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BKD")
	w.says("BKD", contrl("BKD", s.no, "7"))
	w.says("BKD", bansta(s.message(1), status(1, 1, "2", "Nej"), status(1, 2, "77", "Nej")))
	w.want("first", w.ledger()+", "+w.exceptions(), "with_bank 3 = 900, returned 1 = 100, bank status undecided")
	w.want("told", w.names(w.newAnswers()), "8 B C; 9 A:0001(Nej)")
	if _, err := w.decide(act.KindHearAgain, "Ann", w.bankFile(1)); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("heard again, of which nothing is open: %v", err)
	}
	w.Steps = w.understands("BKD", func(p *bankfile.Profile) { p.Rejected = append(p.Rejected, "77") })
	w.at("2005-08-11 12:00")
	w.decided(act.KindHearAgain, w.bankFile(2))
	w.deadlines()
	w.want("until it is heard", w.row(`SELECT DISTINCT state FROM order_line WHERE lin = 1 AND message_no = 2`), "with_bank")
	w.hear("BKD")
	w.want("again", w.ledger()+", "+w.exceptions(), "with_bank 2 = 700, returned 2 = 300, silence cannot be counted")
	w.want("told", w.names(w.newAnswers()), "9 B:0001(Nej)")
	w.want("files", w.row(`SELECT state, hearing FROM bank_file ORDER BY id`), "done 1; done 2")
	w.want("answers to the bank", w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL'`), "1")
	w.deadlines()
	w.want("nothing is open", w.row(`SELECT DISTINCT state FROM order_line WHERE lin = 1 AND message_no = 2`)+w.exceptions(), "accepted")
}

// TestHearAgain_Parked: what could not be read is heard when it can be.
func TestHearAgain_Parked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BKD")
	w.says("BKD", contrl("BKD", s.no, "7"))
	w.lay("BKD", "x.edi", strings.Replace(file("BKD", "F200", bansta(s.message(2), status(1, 1, "2", "Nej"))), "++++1++1'", "++++1'", 1))
	w.hear("BKD")
	w.want("exceptions", w.exceptions(), "bank file unreadable")
	again := func() {
		t.Helper()
		w.decided(act.KindHearAgain, w.bankFile(2))
		w.want("while it waits", w.exceptions(), "")
		w.hear("BKD")
	}
	again()
	w.want("still unreadable", w.exceptions(), "bank file unreadable")
	w.Steps = w.understands("BKD", func(p *bankfile.Profile) { p.Test = false })
	again()
	w.want("read", w.ledger()+", "+w.exceptions(), "with_bank 3 = 600, returned 1 = 400, ")
	w.want("files", w.row(`SELECT state, hearing FROM bank_file ORDER BY id`), "done 1; done 3")
	w.want("answers to the bank", w.row(`SELECT count(*) FROM interchange WHERE kind = 'CONTRL'`), "1")
	w.newAnswers()
}
