package flowtest_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// TestKeys_Expire: told 60, 30 and 7 days before, once each; a key that is replaced is told of no more, and a node closes nothing of another's.
func TestKeys_Expire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	until := func(name, day string) gateway.Key {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return gateway.Key{Kind: gateway.KeyBankHost, Name: name, Fingerprint: "SHA256:" + name + day, UsedBy: "the line to bank " + name, NotAfter: at}
	}
	judged := func(node string, all ...gateway.Key) string {
		t.Helper()
		if err := w.Keys.Judge(t.Context(), node, all); err != nil {
			t.Fatal(err)
		}
		return w.row(`SELECT coalesce(string_agg(subject || ':' || severity, '; ' ORDER BY subject), '') FROM exception WHERE kind = 'key expires' AND closed_at IS NULL`)
	}
	bec, forEver := until("BEC", "2005-11-01"), gateway.Key{Kind: gateway.KeySupplier, Name: "LEVA", Fingerprint: "SHA256:L"}
	w.want("long before", judged("n1", bec, forEver), "")
	const subject = "bank host key BEC SHA256:BEC2005-11-01"
	for _, c := range []struct{ at, want string }{{"2005-09-01 12:00", ""}, {"2005-09-02 12:00", subject + ":1"}, {"2005-10-01 12:00", subject + ":1"}, {"2005-10-02 12:00", subject + ":2"},
		{"2005-10-24 12:00", subject + ":2"}, {"2005-10-25 12:00", subject + ":3"}, {"2005-11-02 12:00", subject + ":3"}} {
		w.at(c.at)
		w.want(c.at, judged("n1", bec, forEver), c.want)
		w.want(c.at+", again", judged("n2", bec), c.want)
	}
	w.want("rows", w.row(`SELECT count(*) FROM exception WHERE kind = 'key expires'`), "3")
	mine := until("n1", "2005-11-10")
	mine.Node = "n1"
	w.want("its successor, and a node's own", judged("n1", until("BEC", "2007-01-01"), mine), "bank host key n1 SHA256:n12005-11-10 at node n1:2")
	w.want("another node", judged("n2"), "bank host key n1 SHA256:n12005-11-10 at node n1:2")
	w.want("replaced", judged("n1"), "")
	w.want("used again", judged("n1", mine), "bank host key n1 SHA256:n12005-11-10 at node n1:2")
}
