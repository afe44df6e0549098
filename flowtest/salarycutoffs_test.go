package flowtest_test

import (
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
)

// earlySalaries has BEC take salaries until 05:30, received until 05:00, which are two banking days on their way.
func earlySalaries(o *options) {
	o.banks[0].Salaries = &gateway.KindCutOffs{ReceiveBy: 5 * time.Hour, SendBy: 5*time.Hour + 30*time.Minute, LeadDays: 2}
}

// TestSalaries_CutOffs: where a bank has cut-offs of their own for salaries, those of a debit block leave by them, in interchanges of
// their own, and so they do when they are ordered anew; what else the block has leaves by the agreement's. // B1-salary
func TestSalaries_CutOffs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, earlySalaries)
	plans := func() string {
		return w.row(`SELECT g.salary, g.state, to_char(g.release_at AT TIME ZONE 'Europe/Copenhagen', 'DD HH24:MI'), g.executes_on::text, g.payments FROM release_group g ORDER BY g.id`)
	}
	w.receive(bundle("G-1", complete("other", 100), salary(complete("wage", 200), "YDLON"), salary(cpr("pension", ann, 300), "YDPEN")))
	w.want("planned", plans(), "false waiting 11 06:00 2005-08-12 1; true waiting 11 05:00 2005-08-15 2")
	w.at("2005-08-11 05:00")
	w.release()
	sent := func() string {
		return w.row(`SELECT i.state, i.executes_on::text, string_agg(p.e2e, ',' ORDER BY p.id) FROM interchange i JOIN bank_order o ON o.interchange_id = i.id JOIN payment p ON p.id = o.payment_id
			GROUP BY i.id ORDER BY i.id`)
	}
	w.render()
	w.want("salaries alone", sent(), "rendered 2005-08-15 wage,pension")
	w.at("2005-08-11 05:20")
	w.decided(act.KindVoid, w.number(`SELECT id FROM interchange`))
	w.release()
	w.render()
	w.want("anew", sent(), "void 2005-08-15 wage,pension; rendered 2005-08-15 wage,pension")
	w.deadlines()
	w.want("in time", w.exceptions(), "")
	w.at("2005-08-11 05:31")
	w.deadlines()
	w.want("their send-by", w.exceptions(), "send-by missed")
	w.receive(bundle("G-2", salary(complete("late", 400), "YDLON")))
	w.at(receiveBy)
	w.release()
	w.want("planned", plans(), "false released 11 06:00 2005-08-12 1; true released 11 05:00 2005-08-15 2; true waiting 12 05:00 2005-08-16 1")
	w.dispatch()
	w.deadlines()
	w.want("it stays", w.exceptions(), "send-by missed")
	w.want("the rest", sent(), "void 2005-08-15 wage,pension; sent 2005-08-15 wage,pension; sent 2005-08-12 other")
}
