package flowtest_test

import (
	"errors"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
)

// TestBankFacts: everything in a bank's file is kept as a numbered statement, with what it is about, what followed and how sure
// that is. // second-floor "What the bank says is a fact with a certainty"
func TestBankFacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	kept := func() string {
		return w.row(`SELECT n, kind, coalesce(reference, '-'), meaning, certainty, coalesce(effect, '-'), coalesce(undecided, '-'), coalesce(exception, '-'),
			interchange_id IS NOT NULL AS ours, payment_id IS NOT NULL AS one FROM bank_fact k
			WHERE bank_file_id = (SELECT max(id) FROM bank_file) ORDER BY hearing, n`)
	}
	is := func(what string, lines ...string) {
		t.Helper()
		w.want(what, kept(), strings.Join(lines, "; "))
	}
	w.says("BEC", contrl("BEC", s.no, "7", ucm("1", "7")), contrl("BEC", 999, "7"))
	is("CONTRLs", "1 contrl 00000000000001 accepted decided takes - - true false",
		"2 contrl_message 1 accepted decided keeps - - true false",
		"3 contrl 00000000000999 accepted undecided - a CONTRL about nothing of ours CONTRL for nothing sent false false")
	w.decided(act.KindNoneOfOurs, w.number(`SELECT max(id) FROM bank_file`))

	m := s.message(1)
	w.says("BEC", bansta(m, status(1, 1, "4", ""), status(1, 2, "2", "Nej"), status(7, 1, "4", "")), "FOOBAR:D:96A:UN'BGM+1'")
	is("statuses, and what nobody knows", "1 status "+m+" LIN 1 SEQ 1 executed decided takes - - true true",
		"2 status "+m+" LIN 1 SEQ 2 rejected decided takes - - true true",
		"3 status "+m+" LIN 7 SEQ 1 executed undecided - a status that names nothing of ours, or two things bank status undecided false false",
		"4 message - FOOBAR:D:96A undecided - a message of a type that is not known bank message not understood false false")

	file := w.number(`SELECT max(id) FROM bank_file`)
	w.decided(act.KindHearAgain, file)
	w.hear("BEC")
	w.want("heard again", w.row(`SELECT hearing, n, certainty, coalesce(effect, '-') FROM bank_fact WHERE bank_file_id = $1 ORDER BY 1, 2`, file),
		"1 1 decided takes; 1 2 decided takes; 1 3 undecided -; 1 4 undecided -; 2 1 decided repeats; 2 2 decided repeats; 2 3 undecided -; 2 4 undecided -")
	f, err := w.Desk.BankFile(t.Context(), file)
	if err != nil || f.All != 4 || len(f.Statements) != 4 || f.Statements[0].N != 3 || f.Hearing != 2 {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := w.Desk.BankFile(t.Context(), 1); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}

	w.says("BEC", bansta(m, status(1, 2, "4", "")), contrl("BEC", s.no, "4+29"))
	is("contradictions", "1 status "+m+" LIN 1 SEQ 2 executed contradicting disputes - executed after reject true true",
		"2 contrl 00000000000001 rejected contradicting disputes - CONTRL rejects what was accepted true false")
	w.lay("BEC", "broken.edi", "nothing of the kind")
	w.hear("BEC")
	is("a file that cannot be read", "1 file - unreadable undecided - the file cannot be read bank file unreadable false false")
	w.says("BEC", contrl("BEC", s.no, "4+26"))
	is("a duplicate", "1 contrl 00000000000001 rejected decided keeps - refused as duplicate true false")

	if _, err := w.db.Exec(`UPDATE bank_fact SET n = n + 1`); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a statement is changed: %v", err)
	}
	super := w.database.Open(t, pgtest.Superuser)
	var partitions int
	if err := super.Get(&partitions, `SELECT count(*) FROM pg_inherits WHERE inhparent = 'nks.bank_fact'::regclass`); err != nil || partitions == 0 {
		t.Errorf("%d partitions, %v", partitions, err)
	}
}
