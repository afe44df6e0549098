package jetstream_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"

	"nks/mq"
	"nks/mq/jetstream"
)

// login reports whether the broker lets a client in.
func login(t *testing.T, b *jetstream.Broker, opts ...nats.Option) bool {
	t.Helper()
	nc, err := nats.Connect(b.URL(), opts...)
	if err != nil {
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Fatal(err)
		}
		return false
	}
	nc.Close()
	return true
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	b := start(t, jetstream.Config{Dir: t.TempDir()})
	if login(t, b, nats.UserInfo("NEW", "first")) {
		t.Fatal("let in before it was admitted")
	}
	if _, err := b.Open(t.Context(), "NEW", ""); !errors.Is(err, jetstream.ErrSupplier) {
		t.Errorf("link for an unknown supplier: %v", err)
	}
	admit := func(s jetstream.Supplier) {
		t.Helper()
		if err := b.Admit(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	admit(jetstream.Supplier{Name: "NEW", Password: "first"})
	_, api := client(t, b, nats.UserInfo("NEW", "first"))
	if _, err := api.Publish(t.Context(), jetstream.In("NEW"), []byte("x"), js.WithMsgID("1")); err != nil {
		t.Fatal(err)
	}
	l := open(t, b, "NEW")
	ack(t, l, receive(t, l))

	// A changed password counts from the next login; who is in stays in, and nothing is lost.
	if _, err := api.Publish(t.Context(), jetstream.In("NEW"), []byte("y"), js.WithMsgID("2")); err != nil {
		t.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("second"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	admit(jetstream.Supplier{Name: "NEW", Password: string(hash)})
	for password, want := range map[string]bool{"first": false, "second": true, string(hash): false, "": false} {
		if got := login(t, b, nats.UserInfo("NEW", password)); got != want {
			t.Errorf("password %q let in: %t", password, got)
		}
	}
	if _, err := api.Publish(t.Context(), jetstream.In("NEW"), []byte("z"), js.WithMsgID("3")); err != nil {
		t.Error(err)
	}
	if in, _, _, err := b.Depths("NEW"); in != 2 || err != nil {
		t.Errorf("%d messages wait, %v", in, err)
	}

	for _, wrong := range []jetstream.Supplier{{Name: "a..b", Password: "x"}, {Name: "NEW"}, {Name: "OTHER"}, {Name: "nks@NEW", Password: "x"}} {
		if err := b.Admit(t.Context(), wrong); !errors.Is(err, jetstream.ErrSupplier) {
			t.Errorf("admit %+v: %v", wrong, err)
		}
	}
}

func TestAdmit_Key(t *testing.T) {
	t.Parallel()
	b := start(t, jetstream.Config{Dir: t.TempDir()})
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Admit(t.Context(), jetstream.Supplier{Name: "NEW", Key: public}); err != nil {
		t.Fatal(err)
	}
	if !login(t, b, nats.Nkey(public, key.Sign)) {
		t.Error("the owner of the key is not let in")
	}
	if login(t, b, nats.Nkey(public, other.Sign)) {
		t.Error("somebody else's signature lets in")
	}
	if login(t, b, nats.UserInfo("NEW", "")) || login(t, b) {
		t.Error("let in without anything")
	}
}

// What was there before is there again when the broker starts with nobody and the supplier is admitted later.
func TestAdmit_AfterRestart(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	b := start(t, cfg)
	_, api := client(t, b)
	if _, err := api.Publish(t.Context(), jetstream.In(supplier), []byte("kept")); err != nil {
		t.Fatal(err)
	}
	b.Close()
	known := cfg.Suppliers[0]
	cfg.Suppliers = nil
	again := start(t, cfg)
	if err := again.Admit(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	l := open(t, again, supplier)
	d := receive(t, l)
	if string(d.Body) != "kept" {
		t.Errorf("received %q", d.Body)
	}
	ack(t, l, d)
	if _, err := os.Stat(filepath.Join(cfg.Dir, "jetstream", supplier)); err != nil {
		t.Error(err)
	}
}

// A supplier may look at its answers without taking them, and at nothing else.
func TestLookWithoutTaking(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	nc, api := client(t, b)
	l := open(t, b, supplier)
	if err := l.Send(t.Context(), mq.Address{Queue: jetstream.Out(supplier)}, &mq.Message{Body: []byte("answer")}); err != nil {
		t.Fatal(err)
	}
	out, err := api.Stream(t.Context(), "NKS_OUT")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if m, err := out.GetMsg(t.Context(), 1); err != nil || string(m.Data) != "answer" {
			t.Errorf("look: %v, %v", m, err)
		}
	}
	for _, denied := range []string{"$JS.API.STREAM.MSG.GET.NKS_IN", "$JS.API.STREAM.MSG.DELETE.NKS_OUT", "$JS.API.STREAM.PURGE.NKS_OUT"} {
		if m, err := nc.Request(denied, []byte(`{"seq":1}`), 300*time.Millisecond); err == nil {
			t.Errorf("%s answers %s", denied, m.Data)
		}
	}
}

func TestCorrelation(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	_, api := client(t, b)
	l := open(t, b, supplier)
	put := func(id string) uint64 {
		t.Helper()
		m := &nats.Msg{Subject: jetstream.In(supplier), Data: []byte("x"), Header: nats.Header{}}
		if id != "" {
			m.Header.Set(js.MsgIDHeader, id)
		}
		confirmed, err := api.PublishMsg(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return confirmed.Sequence
	}
	for _, c := range []struct{ id, want string }{
		{"B-1", "B-1"}, {"seq:12-9", "seq:12-9"}, {"Bølge", fmt.Sprintf("sha256:%x", sha256.Sum256([]byte("Bølge")))}, {"", ""},
	} {
		sequence := put(c.id)
		d := receive(t, l)
		if c.id == "" {
			c.want = fmt.Sprintf("seq:%d", sequence)
		}
		if got := jetstream.Correlation(d.TransportKey); got != c.want {
			t.Errorf("id %q: correlation %q, want %q", c.id, got, c.want)
		}
		ack(t, l, d)
	}
}
