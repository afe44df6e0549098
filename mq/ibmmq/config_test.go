package ibmmq_test

import (
	"strings"
	"testing"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
	"nks/mq/ibmmq"
	"nks/mq/ibmmq/internal/standin"
)

// TestOpen_Options: everything of the configuration reaches IBM's client.
func TestOpen_Options(t *testing.T) {
	t.Parallel()
	const options = mqi.MQCNO_CLIENT_BINDING | mqi.MQCNO_RECONNECT_DISABLED | mqi.MQCNO_HANDLE_SHARE_BLOCK
	for _, c := range []struct {
		name   string
		config ibmmq.Config
		want   standin.Connection
	}{
		{"plain", ibmmq.Config{ConnName: "mq.example(1414)", Channel: "NKS"},
			standin.Connection{Application: "nks", ConnName: "mq.example(1414)", Channel: "NKS", Options: options, MaxLength: 100 << 20, Shared: 10}},
		{"TLS and password", ibmmq.Config{ConnName: "a(1),b(2)", Channel: "NKS.TLS", User: "nks", Password: "secret", Application: "nks ATP",
			TLS: ibmmq.TLS{CipherSpec: "ANY_TLS12_OR_HIGHER", PeerName: "CN=QM1,O=Bank", KeyRepository: "/etc/nks/mq.p12", KeyPassword: "key", CertificateTag: "nks"}},
			standin.Connection{Application: "nks ATP", User: "nks", ConnName: "a(1),b(2)", Channel: "NKS.TLS", CipherSpec: "ANY_TLS12_OR_HIGHER",
				PeerName: "CN=QM1,O=Bank", KeyRepository: "/etc/nks/mq.p12", KeyPassword: "key", KeyTag: "nks", Options: options, MaxLength: 100 << 20,
				CSPType: mqi.MQCSP_AUTH_USER_ID_AND_PWD, Shared: 10}},
		{"table", ibmmq.Config{CCDTURL: "file:///etc/nks/ccdt.json", TLS: ibmmq.TLS{KeyRepository: "/etc/nks/mq.p12"}},
			standin.Connection{Application: "nks", CCDTURL: "file:///etc/nks/ccdt.json", KeyRepository: "/etc/nks/mq.p12", Options: options}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			c.config.Manager = r.Name
			r.openWith(t, c.config)
			seen := r.Connections()
			if len(seen) != 1 || seen[0] != c.want {
				t.Errorf("connected as %+v, want %+v", seen, c.want)
			}
		})
	}
}

func TestOpen_Config(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, change := range map[string]func(*ibmmq.Config){
		"nowhere":           func(c *ibmmq.Config) { c.ConnName, c.Channel = "", "" },
		"no channel":        func(c *ibmmq.Config) { c.Channel = "" },
		"table and channel": func(c *ibmmq.Config) { c.CCDTURL = "file:///etc/nks/ccdt.json" },
		"table and cipher": func(c *ibmmq.Config) {
			*c = ibmmq.Config{CCDTURL: "file:///x", TLS: ibmmq.TLS{CipherSpec: "ANY_TLS13"}}
		},
		"peer without cipher":     func(c *ibmmq.Config) { c.TLS.PeerName = "CN=QM1" },
		"key without cipher":      func(c *ibmmq.Config) { c.TLS.KeyRepository = "/etc/nks/mq.p12" },
		"cipher without key":      func(c *ibmmq.Config) { c.TLS.CipherSpec = "ANY_TLS13" },
		"user without password":   func(c *ibmmq.Config) { c.User = "nks" },
		"password without user":   func(c *ibmmq.Config) { c.Password = "secret" },
		"long queue":              func(c *ibmmq.Config) { c.Queue = strings.Repeat("Q", 49) },
		"long channel":            func(c *ibmmq.Config) { c.Channel = strings.Repeat("C", 21) },
		"long cipher":             func(c *ibmmq.Config) { c.TLS = ibmmq.TLS{CipherSpec: strings.Repeat("C", 33), KeyRepository: "k"} },
		"zero in the queue":       func(c *ibmmq.Config) { c.Queue = "NKS\x00" },
		"bodies of no size":       func(c *ibmmq.Config) { c.MaxBytes = -1 },
		"bodies of 100 MiB":       func(c *ibmmq.Config) { c.MaxBytes = 100 << 20 },
		"application of 29 bytes": func(c *ibmmq.Config) { c.Application = strings.Repeat("n", 29) },
	} {
		c := r.config(inQueue)
		change(&c)
		_, err := ibmmq.Open(t.Context(), c)
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		is(t, err, ibmmq.ErrConfig)
	}
	if n := len(r.Connections()); n != 0 {
		t.Errorf("%d connections were tried", n)
	}
}

func TestOpen_Codes(t *testing.T) {
	t.Parallel()
	for code, want := range map[int32]error{
		mqi.MQRC_Q_MGR_NOT_AVAILABLE:      mq.ErrTemporary,
		mqi.MQRC_HOST_NOT_AVAILABLE:       mq.ErrTemporary,
		mqi.MQRC_CHANNEL_NOT_AVAILABLE:    mq.ErrTemporary,
		mqi.MQRC_CHANNEL_CONFIG_ERROR:     mq.ErrTemporary,
		mqi.MQRC_UNKNOWN_CHANNEL_NAME:     mq.ErrTemporary,
		mqi.MQRC_MAX_CONNS_LIMIT_REACHED:  mq.ErrTemporary,
		mqi.MQRC_Q_MGR_QUIESCING:          mq.ErrTemporary,
		mqi.MQRC_NOT_AUTHORIZED:           mq.ErrAuth,
		mqi.MQRC_SSL_INITIALIZATION_ERROR: mq.ErrAuth,
		mqi.MQRC_SSL_PEER_NAME_MISMATCH:   mq.ErrAuth,
		mqi.MQRC_KEY_REPOSITORY_ERROR:     mq.ErrAuth,
		mqi.MQRC_Q_MGR_NAME_ERROR:         mq.ErrNoQueue,
	} {
		r := newRig(t)
		r.Script(standin.Fault{Verb: "MQCONNX", Code: code})
		_, err := ibmmq.Open(t.Context(), r.config(inQueue))
		is(t, err, want)
		l := r.open(t) // it tries once: the next is another
		send(t, l, "one")
		take(t, l, "one")
	}
}

// TestOpen_Warning: all connections with TLS but a process' first have one.
func TestOpen_Warning(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Script(standin.Fault{Verb: "MQCONNX", Code: mqi.MQRC_SSL_ALREADY_INITIALIZED, Warning: true, Done: true})
	l := r.open(t)
	send(t, l, "one")
	take(t, l, "one")
	check(t, l.Close(t.Context()))
	r.Ended()
}

func TestOpen_SendsOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := r.openWith(t, r.config(""))
	send(t, l, "one")
	_, err := l.Receive(t.Context())
	is(t, err, mq.ErrNoQueue)
	take(t, r.open(t), "one")
}
