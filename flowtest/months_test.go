package flowtest_test

import (
	"fmt"
	"testing"
	"time"
)

// TestMonths_CostNothing: a bank's word and the answer to it touch as much of the tables when there are 60 months as when there
// is one. // W1, W2
func TestMonths_CostNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	w.db.SetMaxIdleConns(0) // a session tells what it has touched when it ends
	touched := func(do func()) int64 {
		const all = `SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0))::bigint FROM pg_statio_user_tables
			WHERE relname ~ '_[0-9]{6}$'`
		before := w.number(all)
		do()
		return w.number(all) - before
	}
	word := func() int64 {
		s := w.four("BEC")
		w.says("BEC", contrl("BEC", s.no, "7"))
		return touched(func() {
			w.says("BEC", bansta(s.message(1), status(1, 1, "4", ""), status(1, 2, "2", "Nej")), bansta(s.message(2), named(1, s.ref("D"), "2", "Nej")))
			w.want("answered", w.names(w.newAnswers()), "8 A C; 9 B:0001(Nej) D:0001(Nej)")
		})
	}
	word() // the first knows nothing yet
	one := word()
	for m := -30; m < 30; m++ {
		w.exec(`SELECT ensure_month($1)`, time.Date(2005, time.August+time.Month(m), 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	sixty := word()
	if one == 0 {
		t.Fatal("nothing was measured")
	}
	// A page of an index more or less is no month.
	if sixty > one+one/10 {
		t.Errorf("%d buffers with one month, %d with sixty", one, sixty)
	}
	t.Log(fmt.Sprintf("%d buffers with one month, %d with sixty", one, sixty))
}
