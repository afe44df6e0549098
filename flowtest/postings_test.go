package flowtest_test

import (
	"fmt"
	"strings"
	"testing"
)

// posted is an account as FII has it.
func posted(account string) string {
	return fmt.Sprintf("+%s:::DKK+:::%s:80:130'", account[4:], account[:4])
}

// kroner is an amount of øre as a bank writes it.
func kroner(ore int64) string {
	if ore < 0 {
		return "-" + kroner(-ore)
	}
	return fmt.Sprintf("%d,%02d", ore/100, ore%100)
}

// booking is what a posting is known by, but for its amount.
type booking struct{ account, ref, on string }

func (b booking) lin() string {
	if b.on == "" {
		b.on = "20050812"
	}
	return fmt.Sprintf("LIN+1'DTM+202:%s:102'DTM+209:%[1]s:102'BUS++DO++IBB'", b.on)
}

func (b booking) rff() string {
	if b.ref == "" {
		return "RFF+PQ:X'"
	}
	return "RFF+ACK:" + b.ref + "'"
}

// cremul is credits, each of its returns; debmul debits of lines.
func cremul(credits ...string) string {
	return "CREMUL:D:96A:UN'BGM+455+C1'DTM+137:20050815:102'" + strings.Join(credits, "")
}

func debmul(debits ...string) string {
	return "DEBMUL:D:96A:UN'BGM+470+D1'DTM+137:20050812:102'" + strings.Join(debits, "")
}

// credited is one credit posting.
func (b booking) credited(ore int64, returns ...string) string {
	return b.lin() + "MOA+60:" + kroner(ore) + ":DKK'" + b.rff() + "FII+BF" + posted(b.account) + strings.Join(returns, "")
}

// debited is one debit posting of lines.
func (b booking) debited(ore int64, lines ...string) string {
	s := b.lin() + "MOA+60:" + kroner(ore) + ":DKK'" + b.rff()
	for _, l := range lines {
		s += "RFF+AEK:" + l + "'"
	}
	return s + "FII+OR" + posted(b.account)
}

// returned is one return of a credit; kept is what the bank kept back.
func returned(ref string, ore, kept int64) string {
	s := "SEQ++1'FII+OR" + posted("70450001234567")
	if ref != "" {
		s += "RFF+CR:" + ref + "'"
	}
	s += "MOA+60:" + kroner(ore) + ":DKK'GIS+2'FTX+AAO+++K0530:Konto lukket'"
	if kept > 0 {
		s += "FCA+13'MOA+23:" + kroner(kept) + ":DKK'"
	}
	return s
}

// statementOf is a statement of account; entries are of entered.
func statementOf(account string, number int, on string, opening, closing int64, entries ...string) string {
	return fmt.Sprintf("LIN+1'FII+AS%sRFF+NPS:%d'MOA+312:%s:DKK'DTM+171:%s:102'MOA+314:%s:DKK'%s", posted(account), number, kroner(opening), on, kroner(closing), strings.Join(entries, ""))
}

func (b booking) entered(ore int64) string {
	if b.on == "" {
		b.on = "20050812"
	}
	return fmt.Sprintf("SEQ+15+000001'%sDTM+179:%s:102'BUS++DO++000'MOA+323:%s:DKK'", b.rff(), b.on, kroner(ore))
}

func finsta(statements ...string) string {
	return "FINSTA:D:96A:UN'BGM+KBG+S1+9'DTM+137:20050815:102'FII+MS++:::2001:80:130'" + strings.Join(statements, "")
}

// cameBack is what came back, and of which postings.
func (w *world) cameBack() string {
	w.t.Helper()
	return w.row(`SELECT p.e2e, f.attempt, f.ore, coalesce(f.code, '-'), m.ore, m.charge_ore, m.rule FROM fact f JOIN payment p ON p.id = f.payment_id
		JOIN posting_match m ON m.posting_id = f.posting_id AND m.part = f.posting_part AND m.payment_id = f.payment_id
		WHERE f.kind = 'came_back' ORDER BY p.id, f.n`)
}

// open is the exceptions that are open, with what they say of postings.
func (w *world) open() string {
	w.t.Helper()
	return w.row(`SELECT kind || coalesce(' (' || CASE WHEN detail_code IN ('unmatched') THEN detail_args[4] || ': ' || detail_args[5] END || ')', '') FROM exception
		WHERE closed_at IS NULL ORDER BY kind, id`)
}

// TestReturns: money that comes back is told of each payment, by what its bank's credit names.
func TestReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	for i, c := range []struct {
		name       string
		say        func(sent, booking)
		back       string // of A to D
		ledger     string
		exceptions string
	}{
		{name: "all of it", say: func(s sent, b booking) { w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0)))) },
			back: "B 1 200 K0530 200 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			s := w.four("BEC")
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			before, last := w.book(), w.number(`SELECT coalesce(max(id), 0) FROM exception`)
			c.say(s, booking{account: debit1, ref: fmt.Sprintf("R%d", i)})
			got := w.row(`SELECT left(p.e2e, 1), f.attempt, f.ore, coalesce(f.code, '-'), m.ore, m.charge_ore, m.rule FROM fact f JOIN payment p ON p.id = f.payment_id
				JOIN posting_match m ON m.posting_id = f.posting_id AND m.part = f.posting_part AND m.payment_id = f.payment_id
				WHERE f.kind = 'came_back' AND p.e2e IN ($1, $2, $3, $4) ORDER BY p.id, f.n`, s.e2e("A"), s.e2e("B"), s.e2e("C"), s.e2e("D"))
			w.want("came back", got, c.back)
			w.want("ledger", w.book().since(before), c.ledger)
			w.want("exceptions", w.row(`SELECT kind || coalesce(' (' || CASE WHEN detail_code = 'unmatched' THEN detail_args[4] || ': ' || detail_args[5] END || ')', '')
				FROM exception WHERE id > $1 AND closed_at IS NULL ORDER BY kind, id`, last), c.exceptions)
			w.holds()
		})
	}
}
