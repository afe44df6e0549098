package jetstream

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
)

// Config is the embedded server's.
type Config struct {
	Dir  string // the streams' directory; one server at a time
	Host string // an address; empty: 127.0.0.1
	Port int    // 0 = a free one
	// TLS is what clients must speak; nil: they speak in the clear.
	TLS *tls.Config

	Suppliers []Supplier

	// Cluster makes it a member of one; nil: it stands alone. A member's suppliers are let in by Admit, those that are given here too.
	Cluster *Cluster

	// GatewayPassword lets the gateway's own login (GatewayUser) in from
	// another process. Empty: only Open reaches it.
	GatewayPassword string

	MaxPayload int           // bytes on the wire; 0 = 32 MB, the most; see MessageRoom
	MaxBytes   int64         // bytes of one queue; 0 = 4 GB. A full one refuses what is put
	MaxMsgs    int64         // messages of one queue; 0 = 100,000
	MaxClients int           // connections of suppliers' clients at once; 0 = 1,000
	MaxOfOne   int           // of these of one supplier; 0 = 100
	AckWait    time.Duration // after which what a dead client held comes again; 0 = 30 s
}

// Supplier is a login. At least one of Password and Key is given.
type Supplier struct {
	Name     string // A-Z a-z 0-9 . _ -, not more than 35, no empty part between dots
	Password string // or its bcrypt hash
	Key      string // public user NKey (U…)
	// Certificates are those of which its clients must show one, as "cn:" and the common name or "sha256:" and the fingerprint; empty:
	// none but what TLS asks for.
	Certificates []string
}

// MessageRoom is what a message with its headers must be smaller than
// MaxPayload: the server's store takes no record above 32 MiB, and a parked
// copy carries more headers than its original.
const MessageRoom = 4 << 10

const (
	defaultMaxPayload = 32 << 20
	defaultMaxBytes   = 4 << 30
	defaultMaxMsgs    = 100_000
	defaultAckWait    = 30 * time.Second
	// maxStore stands above the sum of all queues: their own bounds bind.
	maxStore = 1 << 50
	// maxStreams are the queues of one supplier; maxConsumers bounds what a supplier can create in the server.
	maxStreams, maxConsumers = 3, 16
	// maxConnections and maxSubscriptions bound what clients hold at once. The gateway's own links do not count.
	maxConnections   = 1000
	maxOfSupplier    = 100
	maxSubscriptions = 100
	// dedupeWindow is the shortest that the server accepts; see the package.
	dedupeWindow = 100 * time.Millisecond
	// parkWindow makes an interrupted Park, done again, one message.
	parkWindow = 10 * time.Minute
)

func (c Config) withDefaults() Config {
	if c.Host == "" {
		c.Host = "127.0.0.1"
	}
	if c.MaxPayload == 0 {
		c.MaxPayload = defaultMaxPayload
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.MaxMsgs == 0 {
		c.MaxMsgs = defaultMaxMsgs
	}
	if c.MaxClients == 0 {
		c.MaxClients = maxConnections
	}
	if c.MaxOfOne == 0 {
		c.MaxOfOne = maxOfSupplier
	}
	if c.AckWait == 0 {
		c.AckWait = defaultAckWait
	}
	if c.GatewayPassword == "" {
		c.GatewayPassword = rand.Text()
	}
	return c
}

// Broker is a running server.
type Broker struct {
	cfg    Config
	server *server.Server
	gate   *gate
	logins *logins
	adding sync.Mutex
	watch  attendance // of a member
}

// newDirectory is what a member with nothing says: as one of two it would outvote the third, which alone may have what was confirmed.
const newDirectory = "%s is new. If this member had queues before, both others must be up and ready until it is in step: otherwise stop it now, and start another first"

// gatewayUser begins the login of nks itself; no supplier's name has its "@".
const gatewayUser = "nks@"

// GatewayUser is the login of nks itself in a supplier's account.
func GatewayUser(supplier string) string { return gatewayUser + supplier }

// Start runs a server on cfg.Dir and returns when every queue is there; a member of a cluster, when it is up, whoever else is. It wraps
// ErrDirectory where the directory is of another server.
func Start(ctx context.Context, cfg Config) (*Broker, error) {
	cfg = cfg.withDefaults()
	if cfg.MaxPayload <= 2*MessageRoom || cfg.MaxPayload > defaultMaxPayload {
		return nil, fmt.Errorf("jetstream: %w: messages of %d bytes", mq.ErrUnsupported, cfg.MaxPayload)
	}
	b := &Broker{cfg: cfg, logins: newLogins(cfg.GatewayPassword)}
	made, err := claim(cfg.Dir, cfg.Cluster)
	if err != nil {
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	if cfg.Cluster != nil && cfg.Cluster.Trouble != nil && made {
		cfg.Cluster.Trouble(fmt.Sprintf(newDirectory, cfg.Dir))
	}
	opts, err := b.options()
	if err != nil {
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	if b.server, err = server.NewServer(opts); err != nil {
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	if cfg.Cluster != nil {
		if b.logins.among, err = b.server.LookupAccount(gatewayUser); err != nil {
			return nil, fmt.Errorf("jetstream: %w", err)
		}
	}
	for _, s := range cfg.Suppliers {
		// Before the server listens: a client that comes back at once would
		// take being unknown for the last word.
		if err := b.register(s); err != nil {
			return nil, fmt.Errorf("jetstream: %w", err)
		}
	}
	if err := b.listen(); err != nil {
		return nil, err
	}
	log := newFatal(cfg.Cluster)
	b.server.SetLoggerV2(log, false, false, false)
	b.server.Start()
	if err = log.ready(b.server); err == nil {
		err = b.begin(ctx)
	}
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("jetstream: start on %s: %w", cfg.Dir, err)
	}
	return b, nil
}

func (b *Broker) options() (*server.Options, error) {
	opts := &server.Options{}
	if b.cfg.Cluster != nil {
		if err := b.clustered(opts); err != nil {
			return nil, err
		}
	} else {
		opts.ServerName, opts.DontListen = "nks", true
	}
	opts.JetStream, opts.StoreDir, opts.SyncAlways, opts.JetStreamMaxStore = true, b.cfg.Dir, true, maxStore
	opts.MaxPayload, opts.MaxSubs = int32(b.cfg.MaxPayload), maxSubscriptions
	opts.NoSigs, opts.NoLog = true, true
	opts.CustomClientAuthentication, opts.AlwaysEnableNonce = b.logins, true
	if b.cfg.TLS != nil {
		// The server's clock for a login runs while the gate still shakes hands.
		opts.AuthTimeout = (handshakeWait + loginWait).Seconds()
	}
	return opts, nil
}

// begin lets clients in: when every queue is there, or as soon and for as long as this member can confirm.
func (b *Broker) begin(ctx context.Context) error {
	if b.cfg.Cluster != nil {
		return b.attend()
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	b.gate.serve()
	return nil
}

// listen has clients wait until there is somebody to let them in.
func (b *Broker) listen() (err error) {
	address := net.JoinHostPort(b.cfg.Host, strconv.Itoa(b.cfg.Port))
	if b.gate, err = newGate(address, b.cfg, b.logins, b.server.InProcessConn); err != nil {
		return fmt.Errorf("jetstream: %w: %w", mq.ErrTemporary, err)
	}
	return nil
}

// Admit lets a supplier in while the server runs: a new one gets its account
// and queues; of one that is known the password and the key are replaced,
// which count from its next login. After an error it may be asked again.
func (b *Broker) Admit(ctx context.Context, s Supplier) error {
	b.adding.Lock()
	defer b.adding.Unlock()
	err := b.register(s)
	if m, known := b.logins.get(s.Name); err != nil && known && checkSupplier(s) == nil {
		b.logins.put(member{s, m.account, m.open})
		err = nil
	}
	if err != nil {
		return fmt.Errorf("jetstream: admit: %w", err)
	}
	if err := b.prepareAccount(ctx, s.Name); err != nil {
		return fmt.Errorf("jetstream: admit %s: %w", s.Name, err)
	}
	b.logins.open(s.Name)
	return nil
}

// register adds a supplier's account and its two logins.
func (b *Broker) register(s Supplier) error {
	if err := checkSupplier(s); err != nil {
		return err
	}
	if _, known := b.logins.get(s.Name); known {
		return fmt.Errorf("%w: %q is there twice", ErrSupplier, s.Name)
	}
	account, err := b.account(s.Name)
	if err != nil {
		return fmt.Errorf("%w: %q: %w", ErrSupplier, s.Name, err)
	}
	b.logins.put(member{s, account, false})
	return nil
}

// account is a supplier's, made where it is not there yet.
func (b *Broker) account(supplier string) (*server.Account, error) {
	if account, err := b.server.LookupAccount(supplier); err == nil {
		return account, nil
	}
	return b.server.RegisterAccount(supplier)
}

func checkSupplier(s Supplier) error {
	if !Usable(s.Name) {
		return fmt.Errorf("%w: %q", ErrSupplier, s.Name)
	}
	if s.Password == "" && s.Key == "" {
		return fmt.Errorf("%w: %q has neither password nor key", ErrSupplier, s.Name)
	}
	return nil
}

// nameCharacters are those of a data supplier's login.
const nameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// Usable reports whether a supplier's name can end a subject.
func Usable(name string) bool {
	foreign := func(r rune) bool { return !strings.ContainsRune(nameCharacters, r) }
	return len(name) <= 35 && !slices.Contains(strings.Split(name, "."), "") && !strings.ContainsFunc(name, foreign)
}

// rights are what a supplier's login may do in its own account: put, and read
// its answers with a consumer of its own.
func rights(supplier string) *server.Permissions {
	const api, out = "$JS.API.", streamOut
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			In(supplier),
			api + "INFO", api + "STREAM.NAMES", api + "STREAM.LIST", api + "STREAM.INFO." + out,
			api + "STREAM.MSG.GET." + out, // to look without taking
			api + "CONSUMER.CREATE." + out, api + "CONSUMER.CREATE." + out + ".>",
			api + "CONSUMER.DURABLE.CREATE." + out + ".>",
			api + "CONSUMER.NAMES." + out, api + "CONSUMER.LIST." + out,
			api + "CONSUMER.INFO." + out + ".>", api + "CONSUMER.DELETE." + out + ".>",
			api + "CONSUMER.MSG.NEXT." + out + ".>",
			"$JS.ACK." + out + ".>", "$JS.FC." + out + ".>",
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{Out(supplier), "_INBOX.>"}},
	}
}

// prepare gives every account its queues.
func (b *Broker) prepare(ctx context.Context) error {
	for _, s := range b.cfg.Suppliers {
		if err := b.prepareAccount(ctx, s.Name); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		b.logins.open(s.Name)
	}
	return nil
}

func (b *Broker) prepareAccount(ctx context.Context, supplier string) error {
	account, err := b.server.LookupAccount(supplier)
	if err != nil {
		return err
	}
	if err := enable(account); err != nil {
		return err
	}
	nc, err := nats.Connect("", nats.InProcessServer(b.server), nats.UserInfo(GatewayUser(supplier), b.cfg.GatewayPassword), nats.CustomInboxPrefix(ownInbox))
	if err != nil {
		return err
	}
	defer nc.Close()
	api, err := js.New(nc)
	if err != nil {
		return err
	}
	queues := []js.StreamConfig{b.queue(streamIn, In(supplier)), b.queue(streamOut, Out(supplier)), b.queue(streamParked, Parked(supplier))}
	if b.cfg.Cluster != nil {
		return b.prepareTogether(ctx, api, supplier, queues)
	}
	for _, q := range queues {
		if _, err := api.CreateOrUpdateStream(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
	}
	return nil
}

// enable lets an account have its queues.
func enable(account *server.Account) error {
	if account.JetStreamEnabled() {
		return nil
	}
	return account.EnableJetStream(map[string]server.JetStreamAccountLimits{"": {
		MaxMemory: 0, MaxStore: -1, MaxStreams: maxStreams, MaxConsumers: maxConsumers, MaxAckPending: -1,
		MemoryMaxStreamBytes: -1, StoreMaxStreamBytes: -1,
	}}, nil)
}

func (b *Broker) queue(stream, subject string) js.StreamConfig {
	c := js.StreamConfig{
		Name: stream, Subjects: []string{subject}, Storage: js.FileStorage, Retention: js.WorkQueuePolicy,
		Discard: js.DiscardNew, MaxBytes: b.cfg.MaxBytes, MaxMsgs: b.cfg.MaxMsgs, Duplicates: dedupeWindow,
		MaxMsgSize: int32(b.cfg.MaxPayload - MessageRoom),
	}
	if stream == streamParked {
		c.Duplicates, c.MaxMsgSize = parkWindow, -1
	}
	if b.cfg.Cluster != nil {
		c.Replicas = members
	}
	return c
}

// Addr is where clients connect, host and port.
func (b *Broker) Addr() string {
	return b.gate.listener.Addr().String()
}

// URL is where clients connect.
func (b *Broker) URL() string { return "nats://" + b.Addr() }

func (b *Broker) knows(supplier string) bool {
	_, known := b.logins.get(supplier)
	return known
}

// Open connects nks to a supplier's account without a network: the link
// receives from In(supplier), or from queue where one is named, and may send
// to all of the supplier's queues.
func (b *Broker) Open(ctx context.Context, supplier, queue string) (mq.Link, error) {
	if !b.knows(supplier) {
		return nil, fmt.Errorf("jetstream: open: %w: %q", ErrSupplier, supplier)
	}
	if queue == "" {
		queue = In(supplier)
	}
	return Dial(ctx, Login{Queue: queue, User: GatewayUser(supplier), Password: b.cfg.GatewayPassword, AckWait: b.cfg.AckWait,
		Clustered: b.cfg.Cluster != nil, InProcess: b.server})
}

// Close ends the server and every connection at once. Nothing needs draining:
// what was confirmed is on the disk, what was not is unknown to its sender.
func (b *Broker) Close() {
	b.watch.end()
	b.gate.close()
	b.server.Shutdown()
	b.server.WaitForShutdown()
}
