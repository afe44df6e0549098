package jetstream_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
	"nks/mq/jetstream"
)

// TestSupplierCannotSteerAnswers: what the broker sends by itself, to wherever a supplier asks it to, never becomes a bundle, and does
// nothing to a queue.
func TestSupplierCannotSteerAnswers(t *testing.T) {
	t.Parallel()
	api := "$JS.API."
	push := func(deliver string, more string) string {
		return `{"stream_name":"NKS_OUT","config":{"name":"steer","deliver_subject":"` + deliver + `","ack_policy":"explicit"` + more + `}}`
	}
	type request struct{ subject, body, reply string }
	targets := []string{"nks.in.ATP", "nks.parked.ATP", "nks.out.ATP", api + "STREAM.DELETE.NKS_IN", api + "STREAM.PURGE.NKS_IN", api + "STREAM.DELETE.NKS_PARKED",
		api + "CONSUMER.DELETE.NKS_IN.nks", api + "CONSUMER.PAUSE.NKS_IN.nks"}
	cases := map[string][]request{}
	for _, to := range targets {
		cases["push consumer to "+to] = []request{{api + "CONSUMER.CREATE.NKS_OUT.steer", push(to, ""), ""}}
		cases["push consumer with heartbeat to "+to] = []request{{api + "CONSUMER.CREATE.NKS_OUT.steer", push(to, `,"idle_heartbeat":100000000,"flow_control":true`), ""}}
		cases["old push consumer to "+to] = []request{{api + "CONSUMER.CREATE.NKS_OUT", `{"stream_name":"NKS_OUT","config":{"deliver_subject":"` + to + `","ack_policy":"explicit"}}`, ""}}
		cases["pull answered to "+to] = []request{{api + "CONSUMER.CREATE.NKS_OUT.steer", `{"stream_name":"NKS_OUT","config":{"name":"steer","durable_name":"steer","ack_policy":"explicit"}}`, ""},
			{api + "CONSUMER.MSG.NEXT.NKS_OUT.steer", "1", to}, {api + "CONSUMER.MSG.NEXT.NKS_OUT.steer", `{"batch":5,"no_wait":true}`, to}}
		cases["look answered to "+to] = []request{{api + "STREAM.MSG.GET.NKS_OUT", `{"seq":1}`, to}}
		cases["answers of the API to "+to] = []request{{api + "INFO", "", to}, {api + "STREAM.NAMES", "", to}, {api + "CONSUMER.INFO.NKS_OUT.none", "", to}}
		cases["confirmation of a put to "+to] = []request{{"nks.in.ATP", "own", to}}
	}
	for name, requests := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, config(t))
			l := open(t, b, supplier)
			for _, body := range []string{"waits in", "waits in too"} {
				if err := l.Send(t.Context(), mq.Address{Queue: jetstream.In(supplier)}, &mq.Message{Body: []byte(body)}); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Send(t.Context(), mq.Address{Queue: jetstream.Parked(supplier)}, &mq.Message{Body: []byte("parked")}); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := l.Send(t.Context(), mq.Address{Queue: jetstream.Out(supplier)}, &mq.Message{Body: []byte("answer")}); err != nil {
					t.Fatal(err)
				}
			}
			raw, err := nats.Connect(b.URL(), nats.UserInfo(supplier, secret), nats.ErrorHandler(unheard))
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			own := uint64(0)
			for _, r := range requests {
				if r.body == "own" {
					own = 1
				}
				reply := r.reply
				if reply == "" {
					if _, err := raw.Request(r.subject, []byte(r.body), 5*time.Second); err != nil {
						t.Fatalf("%s: %v", r.subject, err)
					}
					continue
				}
				if err := raw.PublishRequest(r.subject, reply, []byte(r.body)); err != nil {
					t.Fatal(err)
				}
			}
			if err := raw.Flush(); err != nil {
				t.Fatal(err)
			}
			// What the broker does of it, it does behind this question of the same account.
			nothingChanges(t, b, 2+own, 3, 1)
		})
	}
}

// nothingChanges fails when a supplier's queues are not as deep as they must be, for as long as nothing may come.
func nothingChanges(t *testing.T, b *jetstream.Broker, in, out, parked uint64) {
	t.Helper()
	until := time.Now().Add(300 * time.Millisecond)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for settled := false; time.Now().Before(until) || !settled; {
		i, o, p, err := b.Depths(supplier)
		if err != nil {
			t.Fatal(err)
		}
		if settled = i == in && o == out && p == parked; !settled && time.Now().After(until) {
			t.Fatalf("%d in, %d out, %d parked; want %d, %d, %d", i, o, p, in, out, parked)
		}
		<-tick.C
	}
}

var _ = []any{context.Background, json.Marshal, errors.Is, strings.Cut, js.New}
