package jetstream_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
	"nks/mq/jetstream"
	"nks/mq/mqtest"
)

// routeSecret is what members of the tests' clusters show each other.
const routeSecret = "members' secret"

// cluster is what three servers of one broker are made of.
type cluster struct {
	dir     string
	members []jetstream.Member
	pair    mqtest.Pair
	ca      string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	a := mqtest.NewAuthority(t)
	c := &cluster{dir: t.TempDir(), pair: a.Issue("member"), ca: a.File}
	for i, address := range mqtest.Addresses(t, 3) {
		c.members = append(c.members, jetstream.Member{Name: fmt.Sprint("n", i+1), Address: address})
	}
	return c
}

func (c *cluster) config(member string) jetstream.Config {
	return jetstream.Config{Dir: filepath.Join(c.dir, member), GatewayPassword: ours, AckWait: 2 * time.Second, MaxPayload: 8 << 20,
		Cluster: &jetstream.Cluster{Name: "nks-test", Member: member, Members: c.members, Secret: routeSecret, TLS: routeTLS(c.members, c.pair, c.ca)}}
}

// routeTLS reads the files at every connection.
func routeTLS(members []jetstream.Member, pair mqtest.Pair, authorities string) *tls.Config {
	return jetstream.RouteTLS(members, func() (*tls.Certificate, *x509.CertPool, error) {
		text, err := os.ReadFile(authorities)
		if err != nil {
			return nil, nil, err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(text)
		read, err := tls.LoadX509KeyPair(pair.Certificate, pair.Key)
		return &read, pool, err
	})
}

// three starts all members, and lets suppliers in by all.
func (c *cluster) three(t *testing.T, suppliers ...jetstream.Supplier) []*jetstream.Broker {
	t.Helper()
	var all []*jetstream.Broker
	for _, m := range c.members {
		all = append(all, start(t, c.config(m.Name)))
	}
	for _, s := range suppliers {
		admitByAll(t, all, s)
	}
	return all
}

// admitByAll asks members again and again, as the gateway does, until each has let the supplier in.
func admitByAll(t *testing.T, all []*jetstream.Broker, s jetstream.Supplier) {
	t.Helper()
	for _, b := range all {
		if err := b.Know(s.Name); err != nil {
			t.Fatal(err)
		}
	}
	in := make([]bool, len(all))
	eventually(t, func() error {
		var errs []error
		for i, b := range all {
			if in[i] {
				continue
			}
			err := b.Admit(t.Context(), s)
			if state := b.State(); err == nil && !state.Serving {
				err = errors.New(state.String())
			}
			in[i] = err == nil
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

// eventually tries until there is no error.
func eventually(t *testing.T, try func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); ; <-tick.C {
		err := try()
		if err == nil {
			return
		}
		if time.Since(begun) > patience {
			t.Fatal(err)
		}
	}
}

// TestCluster: what is put at one member is taken at another and the answer at the third; while one is away all goes on, and it catches up; while
// two are away nothing is confirmed and nobody let in.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	known := jetstream.Supplier{Name: supplier, Password: secret}
	all := c.three(t, known)
	_, api := client(t, all[0])
	if _, err := api.Publish(t.Context(), jetstream.In(supplier), []byte("bundle"), js.WithMsgID("B-1")); err != nil {
		t.Fatal(err)
	}
	l := open(t, all[1], supplier)
	d := receive(t, l)
	if string(d.Body) != "bundle" || d.TransportKey != "id:B-1" {
		t.Errorf("received %q, %s", d.Body, d.TransportKey)
	}
	if err := l.Send(t.Context(), mq.Address{Queue: jetstream.Out(supplier)}, &mq.Message{ID: []byte("A-1"), Body: []byte("answer")}); err != nil {
		t.Fatal(err)
	}
	ack(t, l, d)
	out, err := client3(t, all[2]).CreateOrUpdateConsumer(t.Context(), "NKS_OUT", js.ConsumerConfig{Durable: "theirs", AckPolicy: js.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	m, err := out.Next(js.FetchMaxWait(patience))
	if err != nil || string(m.Data()) != "answer" {
		t.Fatal(m, err)
	}
	if err := m.DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}

	all[2].Close()
	eventually(t, func() error { return put(t, api, "B-2") })
	if s := all[0].State(); !s.Together() || slices.Contains(s.Members, "n3") {
		t.Errorf("with one away: %v", s)
	}
	all[1].Close()
	eventually(t, func() error {
		if s := all[0].State(); s.Together() {
			return errors.New(s.String())
		}
		return nil
	})
	if err := put(t, api, "B-3"); err == nil {
		t.Error("one of three confirms")
	}
	cfg := c.config("n3")
	cfg.Cluster.Accounts = []string{supplier}
	again := start(t, cfg)
	admitByAll(t, []*jetstream.Broker{again}, known)
	late := open(t, again, supplier)
	if d := receive(t, late); d.TransportKey != "id:B-2" {
		t.Errorf("received %s", d.TransportKey)
	}
}

func client3(t *testing.T, b *jetstream.Broker) js.JetStream {
	t.Helper()
	_, api := client(t, b)
	return api
}

func put(t *testing.T, api js.JetStream, id string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := api.Publish(ctx, jetstream.In(supplier), []byte("bundle "+id), js.WithMsgID(id))
	return err
}

// TestCluster_Directory: what stands alone does not become a member, nor a member another one or one that stands alone; nothing is touched.
func TestCluster_Directory(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	alone := config(t)
	b := start(t, alone)
	_, api := client(t, b)
	if err := put(t, api, "B-1"); err != nil {
		t.Fatal(err)
	}
	b.Close()
	member := c.config("n1")
	member.Dir = alone.Dir
	refused := func(cfg jetstream.Config) {
		t.Helper()
		if b, err := jetstream.Start(t.Context(), cfg); !errors.Is(err, jetstream.ErrDirectory) {
			t.Errorf("started: %v", err)
			if err == nil {
				b.Close()
			}
		}
	}
	refused(member)
	if err := os.Remove(filepath.Join(alone.Dir, "broker.json")); err != nil {
		t.Fatal(err)
	}
	refused(member) // as earlier programs left it
	again := start(t, alone)
	if in, _, _, err := again.Depths(supplier); in != 1 || err != nil {
		t.Errorf("%d messages, %v", in, err)
	}
	again.Close()

	reported := make(chan string, 1000)
	fresh := c.config("n1")
	fresh.Cluster.Trouble = func(text string) { reported <- text }
	first := start(t, fresh)
	if text := <-reported; !strings.Contains(text, "is new. If this member had queues before, both others must be up") {
		t.Errorf("of a new directory is reported: %s", text)
	}
	first.Close()
	for _, change := range []func(*jetstream.Config){func(cfg *jetstream.Config) { cfg.Cluster = nil }, func(cfg *jetstream.Config) { cfg.Cluster.Name = "another" },
		func(cfg *jetstream.Config) { cfg.Cluster.Member = "n2" }} {
		cfg := c.config("n1")
		change(&cfg)
		refused(cfg)
	}
	known := c.config("n1")
	known.Cluster.Trouble = func(text string) {
		if strings.Contains(text, "is new") {
			t.Error(text)
		}
	}
	start(t, known)
}

// TestCluster_Strangers: who lacks the secret, a certificate of the members' authorities, or one made out to a member's host, is no member.
func TestCluster_Strangers(t *testing.T) {
	t.Parallel()
	other := mqtest.NewAuthority(t)
	outsider := other.Issue("stranger")
	for name, stand := range map[string]struct {
		change   func(*cluster, *jetstream.Cluster)
		heard    string // by the one that it is not let in by
		glimpsed bool   // who calls counts the called until that one has refused the secret
	}{
		"another secret":     {func(_ *cluster, m *jetstream.Cluster) { m.Secret = "guessed" }, "authentication error", true},
		"another authority":  {func(c *cluster, m *jetstream.Cluster) { m.TLS = routeTLS(c.members, outsider, c.ca) }, "TLS route handshake error", false},
		"who trusts another": {func(c *cluster, m *jetstream.Cluster) { m.TLS = routeTLS(c.members, c.pair, other.File) }, "TLS route handshake error", false},
		"another cluster":    {func(_ *cluster, m *jetstream.Cluster) { m.Name = "nks-production" }, "does not match", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			cfg, heard := c.config("n1"), c.config("n2")
			stand.change(c, cfg.Cluster)
			reported := make(chan string, 1000)
			heard.Cluster.Trouble = func(text string) { reported <- text }
			a, b := start(t, cfg), start(t, heard)
			for text := ""; !strings.Contains(text, stand.heard); {
				select {
				case text = <-reported:
				case <-time.After(patience):
					t.Fatal("nothing is said of a stranger")
				}
			}
			for _, x := range []*jetstream.Broker{a, b} {
				if s := x.State(); len(s.Members) != 1 && !stand.glimpsed || s.Leader != "" || s.Together() {
					t.Errorf("a stranger is seen: %v", s)
				}
			}
		})
	}
	cfg := newCluster(t).config("n1")
	cfg.Cluster.Members = cfg.Cluster.Members[:2]
	if _, err := jetstream.Start(t.Context(), cfg); !errors.Is(err, mq.ErrUnsupported) {
		t.Errorf("two members: %v", err)
	}
}

// TestRouteTLS: a certificate of the members' authorities that is made out to no member's host is refused by whoever calls, and by whoever is called.
func TestRouteTLS(t *testing.T) {
	t.Parallel()
	a := mqtest.NewAuthority(t)
	pair := a.Issue("localhost")
	here, elsewhere := []jetstream.Member{{Name: "n1", Address: "127.0.0.1:1"}}, []jetstream.Member{{Name: "n1", Address: "other.example:1"}}
	for name, c := range map[string]struct {
		server, client []jetstream.Member
		good           bool
	}{"both": {here, here, true}, "caller": {elsewhere, here, false}, "called": {here, elsewhere, false}} {
		l, err := tls.Listen("tcp", "127.0.0.1:0", routeTLS(c.server, pair, a.File))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			conn, err := l.Accept()
			if err == nil {
				err = errors.Join(conn.(*tls.Conn).Handshake(), conn.Close())
			}
			done <- err
		}()
		conn, err := tls.Dial("tcp", l.Addr().String(), routeTLS(c.client, pair, a.File))
		if err == nil {
			_, err = conn.Read(make([]byte, 1)) // the server refuses after the client's part
			conn.Close()
		}
		if served := <-done; (served == nil) != c.good || c.good && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v, %v", name, served, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCluster_NewSupplier: queues are made when all three know the supplier, and not before; one that is not let in yet is only cut off.
func TestCluster_NewSupplier(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	all := c.three(t)
	added := jetstream.Supplier{Name: "NEW", Password: secret}
	leader := -1
	eventually(t, func() error {
		for i, b := range all {
			if s := b.State(); s.Leader == c.members[i].Name && s.Serving && len(s.Members) == 3 {
				leader = i
				return nil
			}
		}
		return errors.New("no leader")
	})
	unaware := (leader + 1) % 3
	for i, b := range all {
		if i == unaware {
			continue
		}
		if err := b.Know("NEW"); err != nil {
			t.Fatal(err)
		}
	}
	if err := all[leader].Admit(t.Context(), added); !errors.Is(err, jetstream.ErrNotAll) {
		t.Fatalf("let in before all know it: %v", err)
	}
	if _, err := nats.Connect(all[leader].URL(), nats.UserInfo("NEW", secret)); err == nil || errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("before its queues are there: %v", err)
	}
	admitByAll(t, all, added)
	if !login(t, all[unaware], nats.UserInfo("NEW", secret)) || login(t, all[unaware], nats.UserInfo("NEW", "guess")) {
		t.Error("the login is not what it should be")
	}
}

// TestCluster_BesideTheGate: the server of a member listens, for itself; nobody is let in there.
func TestCluster_BesideTheGate(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	all := c.three(t, jetstream.Supplier{Name: supplier, Password: secret})
	conn, err := net.Dial("tcp", all[0].Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Host string
		Port int
		URLs []string `json:"connect_urls"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "INFO ")), &info); err != nil || info.Host != "127.0.0.1" || len(info.URLs) > 0 {
		t.Fatalf("%s: %v", line, err)
	}
	beside := "nats://" + net.JoinHostPort(info.Host, strconv.Itoa(info.Port))
	for _, user := range []nats.Option{nats.UserInfo(supplier, secret), nats.UserInfo(jetstream.GatewayUser(supplier), ours), nats.UserInfo(jetstream.GatewayUser(""), ours)} {
		if nc, err := nats.Connect(beside, user, nats.Timeout(patience)); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%v, %v", nc, err)
		}
	}
	for user, in := range map[string]bool{supplier: true, jetstream.GatewayUser(""): false} {
		if got := login(t, all[0], nats.UserInfo(user, secret)); got != in {
			t.Errorf("%s let in through the gate: %t", user, got)
		}
	}
}
