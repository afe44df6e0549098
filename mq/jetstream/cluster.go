package jetstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
)

// Cluster makes a server one of three that are one broker.
type Cluster struct {
	// Name is the same for all members; a server with another is not let in.
	Name string
	// Member is this server's name among Members.
	Member string
	// Listen is host:port for the other members; empty: this one's address.
	Listen string
	// Members are all three, this one too.
	Members []Member
	// Secret is what the members show each other, beside certificates.
	Secret string
	// TLS is what they speak with each other, on both sides; see RouteTLS.
	TLS *tls.Config
	// Accounts are suppliers that have, or may have, queues, whether or not they can log in here: a member keeps no copy of what it does not
	// know of. Suppliers, and what is on the disk, are known without.
	Accounts []string
	// Common is what the members must share; a member that shares it with no other lets nobody in. nil: nothing.
	Common Common
	// Trouble is told what the server has to say of the others; nil: nobody. It must not block.
	Trouble func(string)
}

// Member is a server of a cluster: its name, and host:port at which the others reach it.
type Member struct {
	Name, Address string
}

// members is how many a cluster has, and on how many disks a message is.
const members = 3

const (
	storeDir = "jetstream"
	// routeUser is the login of members among each other.
	routeUser = "nks"
	// askMember is how long another member may take to say whether it knows a supplier.
	askMember = time.Second
	// askLeader is how long a question to the cluster waits until it is asked again: while a leader is chosen nobody answers.
	askLeader = 2 * time.Second
	// attendEvery is the pause between two looks at the cluster; apartFor is how long a member must be without a leader, longer than it takes
	// to choose one, until its clients are sent to the others.
	attendEvery, apartFor = 250 * time.Millisecond, 15 * time.Second
	// routeReports is how many tries in vain to reach a member, one each second, make one report.
	routeReports = 600
	// routePing and routePings bound how long a member that vanished without a word counts as seen.
	routePing, routePings = 2 * time.Second, 3
)

// ErrApart is a cluster without a leader, as far as this member sees: nothing can be made or confirmed for now.
var ErrApart = errors.New("no leader of the cluster")

// ErrNotAll is a new supplier that not all members know yet.
var ErrNotAll = errors.New("not known to all members")

// clustered is what a member's server is started with beside what every server is.
func (b *Broker) clustered(opts *server.Options) error {
	c := b.cfg.Cluster
	i := slices.IndexFunc(c.Members, func(m Member) bool { return m.Name == c.Member })
	if len(c.Members) != members || i < 0 || c.Name == "" || c.Secret == "" || c.TLS == nil {
		return fmt.Errorf("%w: a cluster has a name, a secret, TLS and %d members, and its server is one of them", mq.ErrUnsupported, members)
	}
	// The accounts must be there, with their rights, before the server reads which queues there are.
	known, err := b.accounts()
	if err != nil {
		return err
	}
	if err := opts.ProcessConfigString(known); err != nil {
		return err
	}
	listen := c.Listen
	if listen == "" {
		listen = c.Members[i].Address
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	opts.ServerName, opts.Host, opts.Port = c.Member, "127.0.0.1", server.RANDOM_PORT
	opts.Cluster = server.ClusterOpts{Name: c.Name, Host: host, Port: n, Advertise: c.Members[i].Address, NoAdvertise: true, Username: routeUser,
		Password: c.Secret, AuthTimeout: handshakeWait.Seconds(), TLSConfig: c.TLS, TLSTimeout: handshakeWait.Seconds(), PingInterval: routePing, MaxPingsOut: routePings}
	opts.ConnectErrorReports, opts.ReconnectErrorReports = routeReports, routeReports
	for _, m := range c.Members {
		// With itself among them: the server counts from these how many there must be.
		opts.Routes = append(opts.Routes, &url.URL{Scheme: "nats", Host: m.Address, User: url.UserPassword(routeUser, c.Secret)})
	}
	return nil
}

// accounts is all suppliers that are known, as the server reads it.
func (b *Broker) accounts() (string, error) {
	names := slices.Clone(b.cfg.Cluster.Accounts)
	for _, s := range b.cfg.Suppliers {
		names = append(names, s.Name)
	}
	stored, err := os.ReadDir(filepath.Join(b.cfg.Dir, storeDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	for _, s := range stored {
		if s.IsDir() && Usable(s.Name()) && !strings.HasPrefix(s.Name(), "$") {
			names = append(names, s.Name())
		}
	}
	slices.Sort(names)
	b.logins.know(names...)
	var text strings.Builder
	fmt.Fprintf(&text, "accounts {\n%q: {}\n", gatewayUser)
	for _, name := range slices.Compact(names) {
		if !Usable(name) {
			return "", fmt.Errorf("%w: %q", ErrSupplier, name)
		}
		fmt.Fprintf(&text, "%q: { jetstream: { max_mem: 0, max_file: -1, max_streams: %d, max_consumers: %d } }\n", name, maxStreams, maxConsumers)
	}
	return text.String() + "}\n", nil
}

// Know has a supplier's account, so that this member keeps copies of the supplier's queues. Nobody is let in by it. Of a server that stands
// alone it does nothing.
func (b *Broker) Know(supplier string) error {
	if b.cfg.Cluster == nil {
		return nil
	}
	if !Usable(supplier) {
		return fmt.Errorf("jetstream: know: %w: %q", ErrSupplier, supplier)
	}
	b.adding.Lock()
	defer b.adding.Unlock()
	account, err := b.account(supplier)
	if err == nil {
		err = enable(account)
	}
	if err != nil {
		return fmt.Errorf("jetstream: know %s: %w", supplier, err)
	}
	b.logins.know(supplier)
	return nil
}

// prepareTogether sees that a supplier's queues are there. Of those that are not, or are otherwise, the cluster's leader makes what is to be, once all
// members know the supplier; the others find it.
func (b *Broker) prepareTogether(ctx context.Context, api js.JetStream, supplier string, queues []js.StreamConfig) error {
	if b.State().Leader == "" {
		return ErrApart
	}
	for _, q := range queues {
		soon, cancel := context.WithTimeout(ctx, askLeader)
		defer cancel()
		stream, err := api.Stream(soon, q.Name)
		if err == nil && sameBounds(stream.CachedInfo().Config, q) {
			continue
		}
		if err != nil && !errors.Is(err, js.ErrStreamNotFound) {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
		if !b.server.JetStreamIsLeader() {
			if err == nil {
				continue // the leader will change its bounds
			}
			return fmt.Errorf("%s: the cluster's leader has not made it yet: %w", q.Name, err)
		}
		if err := b.allKnow(soon, supplier); err != nil {
			return err
		}
		if _, err := api.CreateOrUpdateStream(soon, q); err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
	}
	return nil
}

func sameBounds(is, want js.StreamConfig) bool {
	return is.MaxBytes == want.MaxBytes && is.MaxMsgs == want.MaxMsgs && is.MaxMsgSize == want.MaxMsgSize && is.Replicas == want.Replicas
}

// asking is the subject at which a member is asked for the suppliers that it knows.
func asking(member string) string { return "nks.member." + member }

const knowsIt = "knows it"

// allKnow asks every member whether it would keep a supplier's queues.
func (b *Broker) allKnow(ctx context.Context, supplier string) error {
	nc, err := b.among()
	if err != nil {
		return err
	}
	defer nc.Close()
	for _, m := range b.cfg.Cluster.Members {
		soon, cancel := context.WithTimeout(ctx, askMember)
		answer, err := nc.RequestWithContext(soon, asking(m.Name), []byte(supplier))
		cancel()
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrNotAll, m.Name, err)
		}
		if string(answer.Data) != knowsIt {
			return fmt.Errorf("%w: %s", ErrNotAll, m.Name)
		}
	}
	return nil
}

// among connects to where members ask each other.
func (b *Broker) among() (*nats.Conn, error) {
	return nats.Connect("", nats.InProcessServer(b.server), nats.UserInfo(gatewayUser, b.cfg.GatewayPassword))
}

// attendance is a member's look at the others.
type attendance struct {
	stop context.CancelFunc
	wait sync.WaitGroup
	conn *nats.Conn
	// serving is whether clients are let in.
	serving atomic.Bool
	common  comparison
}

func (a *attendance) end() {
	if a.stop == nil {
		return
	}
	a.stop()
	a.wait.Wait()
	a.conn.Close()
}

// attend answers other members, and lets clients in while this one can confirm.
func (b *Broker) attend() (err error) {
	if b.watch.conn, err = b.among(); err != nil {
		return err
	}
	if _, err = b.watch.conn.Subscribe(asking(b.cfg.Cluster.Member), func(m *nats.Msg) {
		answer := ""
		if account, err := b.server.LookupAccount(string(m.Data)); err == nil && account.JetStreamEnabled() {
			answer = knowsIt
		}
		_ = m.Respond([]byte(answer)) // who asks asks again
	}); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	b.watch.stop = stop
	if b.cfg.Cluster.Common != nil {
		if err = b.answerLooks(ctx); err != nil {
			return err
		}
		b.watch.wait.Go(func() { b.compare(ctx) })
	}
	b.gate.let(false)
	b.gate.serve()
	b.watch.wait.Go(func() {
		tick := time.NewTicker(attendEvery)
		defer tick.Stop()
		var last time.Time // that it could confirm
		for ctx.Err() == nil {
			if b.State().Together() {
				last = time.Now()
			}
			if in := time.Since(last) < apartFor && b.Shared() == nil; in != b.watch.serving.Load() {
				b.watch.serving.Store(in)
				b.gate.let(in)
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	return nil
}

// State is a cluster as one of its members sees it.
type State struct {
	Of      int      // members that there are; 0: the broker stands alone
	Members []string // members that are seen, this one too
	Leader  string   // of the cluster; empty: none
	Current bool     // this one has all that it should
	Serving bool     // clients are let in; it goes on for a while after Together has ended, for a leader may be chosen
}

// Together reports whether what is put can be confirmed, by this member's word.
func (s State) Together() bool {
	return s.Of == 0 || s.Leader != "" && len(s.Members) > s.Of/2
}

func (s State) String() string {
	leader := s.Leader
	if leader == "" {
		leader = "none"
	}
	text := fmt.Sprintf("%d of %d members seen (%s), leader %s", len(s.Members), s.Of, strings.Join(s.Members, ", "), leader)
	if s.Leader != "" && !s.Current {
		text += ", catching up"
	}
	return text
}

// current reports whether this member has what the others have.
func (b *Broker) current() bool {
	if !b.server.JetStreamIsCurrent() {
		return false
	}
	for _, supplier := range b.logins.allKnown() {
		for _, stream := range []string{streamIn, streamOut, streamParked} {
			m, _ := b.logins.get(supplier)
			if (m.open || b.server.JetStreamIsStreamAssigned(supplier, stream)) && !b.server.JetStreamIsStreamCurrent(supplier, stream) {
				return false
			}
		}
	}
	return true
}

// seen is the members that this one is connected with, itself too.
func (b *Broker) seen() []string {
	all := []string{b.cfg.Cluster.Member}
	if routes, err := b.server.Routez(nil); err == nil {
		for _, r := range routes.Routes {
			if slices.ContainsFunc(b.cfg.Cluster.Members, func(m Member) bool { return m.Name == r.RemoteName }) {
				all = append(all, r.RemoteName)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// State tells how the cluster is.
func (b *Broker) State() State {
	c := b.cfg.Cluster
	if c == nil {
		return State{}
	}
	s := State{Of: members, Members: b.seen(), Current: b.current(), Serving: b.watch.serving.Load()}
	if all, err := b.server.Jsz(nil); err == nil && all.Meta != nil {
		s.Leader = all.Meta.Leader
	}
	return s
}
