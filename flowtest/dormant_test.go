package flowtest_test

import "testing"

// dormant has accounts deleted to which nothing was paid, and tells how many of them are in force still.
func (w *world) dormant() string {
	w.t.Helper()
	w.all("dormant", w.Dormant.Next)
	return w.row(`SELECT count(*) FROM account_version WHERE recorded_to IS NULL AND (valid_to IS NULL OR valid_to > $1)`, w.time())
}

// deletions are the applications by which accounts were deleted.
func (w *world) deletions() string {
	w.t.Helper()
	return w.row(`SELECT count(*), a.channel, a.action, a.source, s.state FROM account_application a JOIN account_application_step s ON s.application = a.id GROUP BY 2, 3, 4, 5`)
}

// TestDormant: an account to which nothing was paid for five years is deleted, once, by an application that says the rule; one that got a
// payment stays until five years after its month, and what was registered later stays. // B18.4
func TestDormant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", cpr("A", ann, 100)))
	all := w.dormant()
	w.at("2010-08-05 06:00")
	w.want("registered for less than five years", w.dormant()+w.deletions(), all)
	w.hasAccount(lost, "70450009999999")
	w.at("2010-08-20 06:00")
	w.want("who was paid, and who is new", w.dormant()+" "+w.paysTo(ann)+" "+w.paysTo(bob)+" "+w.paysTo(lost), "2 "+annAccount+"  70450009999999")
	before := w.deletions()
	w.want("once a day", w.dormant()+w.deletions(), "2"+before)
	w.at("2010-09-01 06:00")
	w.want("five years after the payment", w.dormant()+" "+w.paysTo(ann)+" "+w.paysTo(lost), "1  70450009999999")
}

// TestDormant_Unknown: nothing is deleted while a month of the five years is dropped: nobody knows then what was paid. // B18.4
func TestDormant_Unknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", cpr("A", ann, 100)))
	all := w.dormant()
	w.at("2010-08-20 06:00")
	w.tamper(`ALTER TABLE month DROP CONSTRAINT month_check2`) // by which only a closed month is dropped
	w.tamper(`UPDATE month SET dropping_at = now() WHERE month = '2005-08-01'`)
	w.want("accounts", w.dormant()+w.deletions(), all)
	w.tamper(`UPDATE month SET dropping_at = NULL WHERE month = '2005-08-01'`)
}
