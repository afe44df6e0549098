package flowtest_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/retention"
)

// TestRetention_DiskPerPayment: what a payment takes on the disk while its month is open, closed, without its bytes, and dropped: the table
// of docs/operations.md is made by it. // B16.3
func TestRetention_DiskPerPayment(t *testing.T) {
	t.Parallel()
	const payments = 2000
	w := newWorld(t, banks(t), func(o *options) { o.limits.Split.MessageOrders = 500 })
	w.receive(ofBEC(bundle("made for its partitions", complete("none", 100))))
	size := func() int64 {
		return w.number(`SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c WHERE c.relnamespace = 'nks'::regnamespace AND c.relkind = 'r'`)
	}
	empty := size()
	d := ofBEC(bundle("many"))
	for n := range payments {
		d.Debits[0].Payments = append(d.Debits[0].Payments, intaketest.Complete(fmt.Sprintf("%X", sha256.Sum256([]byte{byte(n), byte(n >> 8)}))[:24],
			fmt.Sprintf("7045%010d", n*7_654_321%10_000_000_000), 1000))
	}
	w.receive(d)
	w.at(receiveBy)
	w.release()
	w.dispatch()
	w.executes("BEC")
	w.collects()
	bytes := map[string]int64{}
	each := func(state string) {
		bytes[state] = (size() - empty) / payments
		t.Logf("%s: %d bytes a payment", state, bytes[state])
	}
	each("open")
	w.at("2006-10-12 09:00")
	w.closesMonth(august)
	each("closed")
	w.keeps(retention.Documents, 6)
	if err := w.Retention.DropDocuments(t.Context(), w.month(august)); err != nil {
		t.Fatal(err)
	}
	each("without its bytes")
	w.keeps(retention.Payments, 12)
	w.drops(august)
	// The partitions that were there before are gone, too: measured by what has stayed.
	stayed := w.number(`SELECT pg_total_relation_size('payment_key_hash')`) / payments
	t.Logf("dropped: %d bytes a payment", stayed)
	if bytes["open"] < 200 || bytes["closed"] > bytes["open"]+100 || bytes["without its bytes"] >= bytes["closed"] || stayed > 150 {
		t.Errorf("%v, and %d when dropped", bytes, stayed)
	}
}

// TestRetention_Looks: what the log tells of looks at payments goes when its time is over; the log verifies as before, and what else
// it tells stays.
func TestRetention_Looks(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	p := w.pages()
	p.get(fmt.Sprintf("/payment/%d", w.number(`SELECT id FROM payment WHERE e2e = 'A'`)), "77", 200)
	w.sequenced()
	looks := `SELECT count(*) FILTER (WHERE kind = 'look at a payment'), count(*) FILTER (WHERE kind = 'frozen sums') FROM audit_content`
	before := w.row(looks)
	// Business time, for the machine's clock.
	w.exec(`INSERT INTO business_clock (offset_ns, set_at) SELECT extract(epoch FROM $1::timestamptz - clock_timestamp())::bigint * 1000000000, clock_timestamp()
		ON CONFLICT (only_one) DO UPDATE SET offset_ns = excluded.offset_ns`, w.time())
	w.keeps(retention.Looks, 3)
	if did, err := w.Retention.Next(t.Context()); did || err != nil {
		t.Errorf("erased too early: %t, %v", did, err)
	}
	w.want("kept", w.row(looks), before)
	w.later(100 * 24 * 3600e9)
	if did, err := w.Retention.Next(t.Context()); !did || err != nil {
		t.Errorf("not erased: %t, %v", did, err)
	}
	w.want("erased", w.row(looks), "0 "+before[len(before)-1:])
	w.sequenced()
	w.logIsSigned()
}
