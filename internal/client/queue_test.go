package client_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/internal/client"
	"nks/mq"
	"nks/mq/jetstream"
)

// broker is a message broker that knows the supplier LEV, and the gateway's end of its queues.
type broker struct {
	link   mq.Link
	broker *jetstream.Broker
	config client.Config
}

func newBroker(t *testing.T) *broker {
	t.Helper()
	dir := t.TempDir()
	b := &broker{}
	var err error
	b.broker, err = jetstream.Start(t.Context(), jetstream.Config{Dir: filepath.Join(dir, "mq"), MaxPayload: 64 << 10,
		Suppliers: []jetstream.Supplier{{Name: "LEV", Password: "LEV's password"}}})
	must(t, err)
	t.Cleanup(b.broker.Close)
	b.link, err = b.broker.Open(t.Context(), "LEV", "")
	must(t, err)
	b.config = client.Config{Queue: b.broker.Addr(), Login: "LEV", Password: filepath.Join(dir, "password"), File: filepath.Join(dir, "bundle.xml"), Wait: time.Minute}
	must(t, os.WriteFile(b.config.Password, []byte("LEV's password\n"), 0o600))
	must(t, os.WriteFile(b.config.File, []byte(document), 0o644))
	return b
}

// answer puts an answer into the out queue, about a message.
func (b *broker) answer(t *testing.T, name, about string, body []byte) {
	t.Helper()
	must(t, b.link.Send(t.Context(), mq.Address{Queue: jetstream.Out("LEV")}, &mq.Message{ID: []byte(name), CorrelID: []byte(about), Body: body, Persistent: true}))
}

func TestSend_ByQueue(t *testing.T) {
	t.Parallel()
	b := newBroker(t)
	id := client.DeriveID([]byte(document))
	// Answers to others, one of them about a document of the same name.
	b.answer(t, "r-1", "another", receipt(1, "B-17", `<e:Action>RJCT</e:Action>`))
	b.answer(t, "r-2", "", receipt(0, "", `<e:Action>Bad XML</e:Action>`))
	type outcome struct {
		sum client.Summary
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		sum, err := client.Send(t.Context(), b.config)
		done <- outcome{sum, err}
	}()
	d, err := b.link.Receive(t.Context())
	must(t, err)
	if string(d.Body) != document || string(d.ID) != id {
		t.Errorf("queued %s: %q", d.ID, d.Body)
	}
	b.answer(t, "r-3", id, receipt(1, "B-17", `<e:Action>ACPT</e:Action>`))
	b.answer(t, "r-4", id, response2("B-17", "<s:GrpSts>ACPT</s:GrpSts><s:StsRsn/>"))
	got := <-done
	if s := got.sum; got.err != nil || !s.Accepted || !s.Response2 || s.Rejected != 0 || !slices.Equal(s.Answers, []string{"r-3.xml", "r-4.xml"}) {
		t.Errorf("%+v, %v", s, got.err)
	}
	if _, out, _, err := b.broker.Depths("LEV"); err != nil || out != 4 {
		t.Errorf("%d answers left of 4, %v", out, err)
	}
}

func TestSend_ByQueueRefused(t *testing.T) {
	t.Parallel()
	b := newBroker(t)
	// More than the queue takes, and more than the connection does.
	for _, size := range []int{62 << 10, 100 << 10} {
		must(t, os.WriteFile(b.config.File, make([]byte, size), 0o644))
		if _, err := client.Send(t.Context(), b.config); err == nil || !strings.Contains(err.Error(), "too big") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	must(t, os.WriteFile(b.config.Password, []byte("guess"), 0o600))
	if _, err := client.Send(t.Context(), b.config); err == nil || !strings.Contains(err.Error(), b.config.Queue) {
		t.Errorf("a wrong password: %v", err)
	}
}
