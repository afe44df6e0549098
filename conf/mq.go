package conf

import (
	"net"
	"net/url"
	"strings"
	"time"
)

// QueueDriver is which message queue the door stands at.
type QueueDriver string

// The drivers.
const (
	JetStream QueueDriver = "jetstream" // the broker inside nks
	AMQP      QueueDriver = "amqp"      // somebody else's broker, over AMQP 1.0
	IBMMQ     QueueDriver = "ibmmq"     // IBM MQ, by IBM's own client: a program of its own has it
)

// Elsewhere reports whether it is the driver of somebody else's broker.
func (d QueueDriver) Elsewhere() bool { return d == AMQP || d == IBMMQ }

// QueuePeer is which kind of broker speaks AMQP.
type QueuePeer string

// The kinds.
const (
	PeerRabbitMQ QueuePeer = "rabbitmq"
	PeerStrict   QueuePeer = "strict" // as IBM MQ's AMQP channel is
)

// MQ is the message queue door for data suppliers: a broker inside the program, or somebody else's.
type MQ struct {
	Driver QueueDriver `toml:"driver"`

	// Listen is host:port of the broker inside; empty: that door is closed. Beyond 127.0.0.1 it needs TLS.
	Listen string `toml:"listen"`
	// Dir is the directory of the queues; empty: mq under Config.Data.
	Dir string `toml:"dir"`
	// Credentials is the directory of the suppliers' passwords, one file each, named as the supplier; empty:
	// mq-credentials under Config.Data.
	Credentials string `toml:"credentials"`
	// MaxMessageMB is the largest message in MiB, its headers included.
	MaxMessageMB int `toml:"max_message_mb"`
	// QueueMB and QueueMessages bound each of a supplier's three queues inside. A full one refuses what is put.
	QueueMB       int `toml:"queue_mb"`
	QueueMessages int `toml:"queue_messages"`
	// PutTimeCounts is how far back the time at which a message was put may move its cut-off; 0: it counts when it is taken.
	PutTimeCounts Duration `toml:"put_time_counts"`

	// TLSCertificate and TLSKey are our certificate and its key: of the broker inside, or shown to a broker elsewhere.
	TLSCertificate string `toml:"tls_certificate"`
	TLSKey         string `toml:"tls_key"`
	// TLSClientCA are the authorities whose certificates clients of the broker inside must show.
	TLSClientCA string `toml:"tls_client_ca"`

	// URLs are those of a broker elsewhere, tried in turn; empty: that door is closed.
	URLs []string  `toml:"urls"`
	Peer QueuePeer `toml:"peer"`
	// Login is a file of two lines, user and password; empty: our certificate is the login.
	Login string `toml:"login"`
	// Management is where RabbitMQ's management plugin answers, as https://host:15671; empty: what its queues hold is not known.
	Management string `toml:"management"`
	// IBMMQ is how IBM MQ is reached.
	IBMMQ IBMQueues `toml:"ibmmq"`
	// TLSCA are the authorities that a broker elsewhere is trusted by; empty: the machine's.
	TLSCA string `toml:"tls_ca"`
	// In, Out and Parked are the queues at a broker elsewhere, {supplier} standing for the supplier's name.
	In     string `toml:"in"`
	Out    string `toml:"out"`
	Parked string `toml:"parked"`

	// Cluster makes the broker inside one of three.
	Cluster MQCluster `toml:"cluster"`

	// Suppliers are those of whom more is to be said.
	Suppliers []QueueSupplier `toml:"supplier"`
}

// QueueSupplier is what holds for one data supplier.
type QueueSupplier struct {
	Name string `toml:"name"`
	// Certificates are those that it must show to the broker inside: "cn:" and the common name, or "sha256:" and the fingerprint in
	// hexadecimal. Empty: any of the authorities of TLSClientCA.
	Certificates []string `toml:"certificates"`
	// In, Out and Parked are its queues at a broker elsewhere; empty: as MQ's.
	In     string `toml:"in"`
	Out    string `toml:"out"`
	Parked string `toml:"parked"`
}

const (
	supplierHere = "{supplier}"
	mostQueue    = 255 // characters of a queue's name
)

func defaultMQ() MQ {
	return MQ{Driver: JetStream, MaxMessageMB: 32, QueueMB: 4096, QueueMessages: 100_000, PutTimeCounts: Duration{24 * time.Hour}, URLs: []string{}, Peer: PeerRabbitMQ, Cluster: MQCluster{Members: []string{}},
		In: "nks.in." + supplierHere, Out: "nks.out." + supplierHere, Parked: "nks.parked." + supplierHere}
}

// Open reports whether there is such a door.
func (m MQ) Open() bool {
	switch m.Driver {
	case AMQP:
		return len(m.URLs) > 0
	case IBMMQ:
		return m.IBMMQ.ConnName != "" || m.IBMMQ.CCDTURL != ""
	}
	return m.Listen != ""
}

// Of is what holds for a supplier: its queues at a broker elsewhere are named.
func (m MQ) Of(supplier string) QueueSupplier {
	s := QueueSupplier{Name: supplier}
	for _, given := range m.Suppliers {
		if given.Name == supplier {
			s = given
		}
	}
	for _, q := range []struct {
		name    *string
		pattern string
	}{{&s.In, m.In}, {&s.Out, m.Out}, {&s.Parked, m.Parked}} {
		if *q.name == "" {
			*q.name = strings.ReplaceAll(q.pattern, supplierHere, supplier)
		}
	}
	return s
}

func (m MQ) validate(p *problems, private bool) {
	oneOf(p, "mq.driver", m.Driver, JetStream, AMQP, IBMMQ)
	p.within("mq.max_message_mb", m.MaxMessageMB, 1, 32)
	p.within("mq.queue_mb", m.QueueMB, m.MaxMessageMB, 1<<20)
	p.within("mq.queue_messages", m.QueueMessages, 1, 100_000_000)
	p.check(m.PutTimeCounts.Duration >= 0 && m.PutTimeCounts.Duration <= 7*24*time.Hour, "mq.put_time_counts",
		"%v is not between 0s and 168h", m.PutTimeCounts)
	p.check((m.TLSCertificate == "") == (m.TLSKey == ""), "mq.tls_key", "goes with mq.tls_certificate")
	m.validateInside(p)
	m.Cluster.validate(p, m, private)
	m.validateElsewhere(p)
	m.validateIBM(p)
	m.validateSuppliers(p)
}

func (m MQ) validateInside(p *problems) {
	if m.Driver.Elsewhere() {
		p.check(m.Listen == "", "mq.listen", "is of the broker inside; driver %q has none", m.Driver)
		p.check(m.TLSClientCA == "", "mq.tls_client_ca", "is of the broker inside; driver %q has none", m.Driver)
		return
	}
	p.check(m.TLSClientCA == "" || m.TLSCertificate != "", "mq.tls_client_ca", "needs mq.tls_certificate")
	if m.Listen == "" {
		return
	}
	p.address("mq.listen", m.Listen)
	host, _, err := net.SplitHostPort(m.Listen)
	p.check(err != nil || net.ParseIP(host) != nil, "mq.listen", "%q is no address but a name", host)
	p.check(err != nil || net.ParseIP(host).IsLoopback() || m.TLSCertificate != "" && m.TLSClientCA != "", "mq.listen",
		"%q can be reached from other machines: mq.tls_certificate, mq.tls_key and mq.tls_client_ca must be given, for passwords would go in the clear", m.Listen)
}

func (m MQ) validateElsewhere(p *problems) {
	oneOf(p, "mq.peer", m.Peer, PeerRabbitMQ, PeerStrict)
	if m.Driver != AMQP {
		p.check(len(m.URLs) == 0, "mq.urls", "are of a broker elsewhere; driver %q has none", m.Driver)
		p.check(m.TLSCA == "" && m.Management == "" && (m.Login == "" || m.Driver == IBMMQ), "mq.login", "mq.management and mq.tls_ca are for a broker elsewhere; driver %q has none", m.Driver)
	}
	if !m.Driver.Elsewhere() {
		return
	}
	for _, text := range m.URLs {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "amqp" && u.Scheme != "amqps" || u.Hostname() == "" {
			p.add("mq.urls", "an address is not as in \"amqps://mq.example:5671\"")
			continue
		}
		p.check(u.User == nil, "mq.urls", "holds a login; put it in a file and name that as mq.login")
		p.check(u.Scheme == "amqps" || loopback(u), "mq.urls", "%s://%s is on another machine: what goes there must be encrypted, as amqps://", u.Scheme, u.Host)
	}
	m.validateManagement(p)
	for _, q := range []struct{ key, pattern string }{{"mq.in", m.In}, {"mq.out", m.Out}, {"mq.parked", m.Parked}} {
		p.check(strings.Contains(q.pattern, supplierHere), q.key, "%q has no {supplier}: suppliers would share a queue", q.pattern)
		p.check(queueName(q.pattern), q.key, "%q is no name of a queue", q.pattern)
	}
	p.check(m.In != m.Out && m.In != m.Parked && m.Out != m.Parked, "mq.out", "mq.in, mq.out and mq.parked must be three queues: we would read what we put")
}

func (m MQ) validateManagement(p *problems) {
	if m.Management == "" {
		return
	}
	u, err := url.Parse(m.Management)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" {
		p.add("mq.management", "must be an address such as \"https://mq.example:15671\", without a login or a path")
		return
	}
	p.check(u.Scheme == "https" || loopback(u), "mq.management", "%s://%s is on another machine: what goes there must be encrypted, as https://", u.Scheme, u.Host)
	p.check(m.Peer == PeerRabbitMQ && m.Login != "", "mq.management", "is of a RabbitMQ, and needs mq.login")
}

func loopback(u *url.URL) bool {
	return u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
}

func (m MQ) validateSuppliers(p *problems) {
	used := map[string]string{} // by queue
	for i, s := range m.Suppliers {
		key := "mq.supplier " + s.Name + ": "
		p.check(validID(s.Name), "mq.supplier.name", "%q is not 1 to 35 of A-Z a-z 0-9 . _ -", s.Name)
		for _, other := range m.Suppliers[:i] {
			p.check(other.Name != s.Name, "mq.supplier.name", "%q stands there twice", s.Name)
		}
		for _, c := range s.Certificates {
			p.check(validCertificate(c), key+"certificates", "%q is neither cn: and a common name nor sha256: and 64 hexadecimal digits", c)
		}
		p.check(len(s.Certificates) == 0 || m.Driver == JetStream && m.TLSClientCA != "", key+"certificates", "need mq.tls_client_ca")
		p.check(s.In+s.Out+s.Parked == "" || m.Driver.Elsewhere(), key+"in", "queues are named at a broker elsewhere only")
		if !m.Driver.Elsewhere() {
			continue
		}
		named := m.Of(s.Name)
		for _, q := range []string{named.In, named.Out, named.Parked} {
			p.check(queueName(q), key+"in", "%q is no name of a queue", q)
			other, taken := used[q]
			p.check(!taken, key+"in", "queue %q is used already, by %s", q, other)
			used[q] = s.Name
		}
	}
}

// queueName leaves out what brokers' addresses are made of.
func queueName(s string) bool {
	return s != "" && len(s) <= mostQueue && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/?#%*>", r) })
}

func validCertificate(s string) bool {
	if name, is := strings.CutPrefix(s, "cn:"); is {
		return name != ""
	}
	sum, is := strings.CutPrefix(s, "sha256:")
	return is && len(sum) == 64 && strings.Trim(sum, "0123456789abcdef") == ""
}
