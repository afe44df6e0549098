package conf

import (
	"net/url"
	"strings"
)

// IBMQueues is how IBM MQ is reached: either ConnName and Channel, or a channel definition table. The queues are those of MQ, and so is
// the file of user and password.
type IBMQueues struct {
	// Manager is the queue manager, or "*" and a group of the table; empty: the one that answers.
	Manager string `toml:"manager"`
	// ConnName is "host(1414)", or several with commas between, tried in turn; Channel is the server-connection channel.
	ConnName string `toml:"conn_name"`
	Channel  string `toml:"channel"`
	// CCDTURL is the address of a channel definition table.
	CCDTURL string `toml:"ccdt_url"`
	// CipherSpec has the channel encrypted, such as "ANY_TLS12_OR_HIGHER"; PeerName is the name that the certificate of the queue manager must have.
	CipherSpec string `toml:"cipher_spec"`
	PeerName   string `toml:"peer_name"`
	// KeyRepository is a PKCS #12 or CMS file; KeyPassword the file of its password, empty where a stash file has it; Certificate the label of ours.
	KeyRepository string `toml:"key_repository"`
	KeyPassword   string `toml:"key_password"`
	Certificate   string `toml:"certificate"`
	// TrustContext has put time and user of messages count: where nobody who puts may set them.
	TrustContext bool `toml:"trust_context"`
}

const mostIBMQueue = 48 // characters of a queue's name

func (m MQ) validateIBM(p *problems) {
	q := m.IBMMQ
	if m.Driver != IBMMQ {
		p.check(q == IBMQueues{}, "mq.ibmmq", "is for driver \"ibmmq\"; driver %q has none", m.Driver)
		return
	}
	p.check(m.TLSCertificate == "", "mq.tls_certificate", "is for other drivers; mq.ibmmq.key_repository has certificate and key")
	p.check(q.CCDTURL == "" || q.ConnName == "" && q.Channel == "", "mq.ibmmq.ccdt_url", "stands beside mq.ibmmq.conn_name or channel: the table has both")
	p.check((q.ConnName == "") == (q.Channel == ""), "mq.ibmmq.channel", "goes with mq.ibmmq.conn_name")
	p.check(q.CCDTURL == "" || q.CipherSpec == "" && q.PeerName == "", "mq.ibmmq.cipher_spec", "and peer_name stand in the table of mq.ibmmq.ccdt_url")
	p.check(q.CipherSpec == "" || q.KeyRepository != "", "mq.ibmmq.key_repository", "is empty, and a channel with TLS needs one")
	p.check(q.CipherSpec != "" || q.CCDTURL != "" || q.PeerName == "" && q.KeyRepository == "", "mq.ibmmq.cipher_spec", "is empty: the channel would be in the clear")
	p.check(q.KeyPassword == "" || q.KeyRepository != "", "mq.ibmmq.key_password", "goes with mq.ibmmq.key_repository")
	// IBM's client cuts off what is longer, and says nothing.
	for _, f := range []struct {
		key, value string
		most       int
	}{{"manager", q.Manager, 48}, {"channel", q.Channel, 20}, {"conn_name", q.ConnName, 264}, {"ccdt_url", q.CCDTURL, 1024}, {"cipher_spec", q.CipherSpec, 32},
		{"peer_name", q.PeerName, 1024}, {"key_repository", q.KeyRepository, 256}, {"certificate", q.Certificate, 64}} {
		p.check(len(f.value) <= f.most && !strings.ContainsRune(f.value, 0), "mq.ibmmq."+f.key, "has %d bytes, at most %d, none of them zero", len(f.value), f.most)
	}
	table, err := url.Parse(q.CCDTURL)
	p.check(err == nil && (table.User == nil || table.User.String() == table.User.Username()), "mq.ibmmq.ccdt_url", "is no address, or one with a password: a configuration has none")
	for _, s := range append([]QueueSupplier{{}}, m.Suppliers...) {
		s = m.Of(s.Name)
		for _, name := range []string{s.In, s.Out, s.Parked} {
			p.check(len(name) <= mostIBMQueue, "mq.in", "%q has more than %d characters, and no queue of IBM MQ has", name, mostIBMQueue)
		}
	}
}
