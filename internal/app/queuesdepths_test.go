package app_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"nks/conf"
	"nks/gateway/postgres/pgtest"
	"nks/mq/amqp/amqptest"
	"nks/schema"
)

// TestQueues_DepthsOfBefore: a node that owns the queues anew tells no depths from before it lost them, while the broker does not say what they hold.
func TestQueues_DepthsOfBefore(t *testing.T) {
	t.Parallel()
	broker := amqptest.StartStrict(t, 100, "nks.in.LEV", "nks.out.LEV", "nks.parked.LEV")
	var silent atomic.Bool
	ended := make(chan struct{})
	management := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if silent.Load() {
			<-ended
		}
		_, _ = w.Write([]byte(`[{"name":"nks.in.LEV","messages":7}]`))
	}))
	t.Cleanup(management.Close)
	t.Cleanup(func() { close(ended) })
	database := pgtest.Create(t)
	super, db := database.Open(t, pgtest.Superuser), database.Open(t, schema.Flow)
	super.MustExecContext(t.Context(), `INSERT INTO nks.supplier (supplier) VALUES ('LEV')`)
	super.MustExecContext(t.Context(), `INSERT INTO nks.supplier_version (supplier, name, ssh_keys, valid_from, recorded_from, counter) VALUES ('LEV', 'LEV', '{}', '-infinity', '-infinity', 1)`)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	c.MQ.Driver, c.MQ.URLs, c.MQ.Peer, c.MQ.Management = conf.AMQP, []string{broker.URL()}, conf.PeerStrict, management.URL
	startNode(t, c)
	const held = `SELECT concat_ws(' ', state, coalesce(held->'in'->>'messages', 'not known')) FROM line WHERE kind = 'queue'`
	becomes := func(wanted ...string) (was string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
			var got []string
			if err := db.SelectContext(t.Context(), &got, held); err != nil {
				t.Fatal(err)
			}
			for _, want := range wanted {
				if len(got) == 1 && got[0] == want {
					return want
				}
			}
		}
		t.Fatalf("the queues are none of %q", wanted)
		return ""
	}
	becomes("up 7")
	silent.Store(true)
	super.MustExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
		WHERE locktype = 'advisory' AND classid = (hashtextextended('nks.queues', 0) >> 32 & 4294967295)::oid AND objid = (hashtextextended('nks.queues', 0) & 4294967295)::oid`)
	becomes("closed not known", "up not known") // what is soon over may not be seen
	if got := becomes("up not known", "up 7"); got != "up not known" {
		t.Errorf("the queues are %s", got)
	}
}
