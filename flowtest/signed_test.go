package flowtest_test

import (
	"bytes"
	"testing"

	"nks/gateway/door"
	"nks/internal/app"
)

// TestSigned_Answers: answers to a supplier with an endpoint wait for being sent, in their order; those to others, and to one that has none any
// more, lie in the mailbox.
func TestSigned_Answers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Steps = w.steps(func(o *app.StepOptions) { o.Endpoints = []string{"LEVA"} })
	for supplier, group := range map[string]string{"LEVA": "G-1", "LEVB": "G-2"} {
		body := bundle(group, complete("A-"+group, 100)).XML()
		err := w.Receive.Take(t.Context(), door.Arrival{Door: door.Signed, Party: supplier, Key: "urn:uuid:" + group, Evidence: "x509", Size: int64(len(body)), Content: bytes.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		w.read()
	}
	w.check()
	w.want("deliveries", w.row(`SELECT supplier, door, state FROM delivery ORDER BY supplier`), "LEVA rasp checked; LEVB rasp refused")
	w.want("answers", w.row(`SELECT supplier, door, kind FROM answer ORDER BY supplier, id`), "LEVA rasp 1; LEVA rasp 2; LEVB sftp 1")
	out := w.Answer.Outbox(door.Signed)
	first, err := out.NextQueued(t.Context(), "LEVA")
	if err != nil {
		t.Fatal(err)
	}
	w.want("the first", first.Key+" "+first.Name[:len("KVITTERING1")], "urn:uuid:G-1 KVITTERING1")
	if err := out.Queued(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Answer.Outbox(door.Queue).NextQueued(t.Context(), "LEVA"); err == nil {
		t.Error("an answer of the endpoint waits for the queue")
	}
	for _, endpoints := range [][]string{{"LEVA"}, {}} {
		suppliers, err := w.Answer.Unreachable(t.Context(), endpoints)
		if err != nil {
			t.Fatal(err)
		}
		for _, supplier := range suppliers {
			if err := w.Answer.LayUnreachable(t.Context(), supplier); err != nil {
				t.Fatal(err)
			}
		}
		want := "rasp 2"
		if len(endpoints) == 0 {
			want = "sftp 2"
		}
		w.want("left", w.row(`SELECT door, kind FROM answer WHERE supplier = 'LEVA' AND collected_at IS NULL`), want)
	}
}
