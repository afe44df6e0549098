package ibmmq

import (
	"errors"
	"fmt"
	"strings"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"
)

// Config is what a link needs to connect: either ConnName and Channel, or a
// channel definition table.
type Config struct {
	Manager  string // queue manager; "*NAME" = a group of the table; empty = the one that answers
	ConnName string // "host(1414)", or several with commas between, which are tried in turn
	Channel  string // server-connection channel
	CCDTURL  string // file:, http(s): or ftp: address of a table, instead of ConnName and Channel

	Queue     string // received from, a local queue or an alias of one; empty: the link only sends
	ParkQueue string // to which Park and Receive move; empty: the queue's BOQNAME

	User     string // with Password; empty: the queue manager goes by the certificate
	Password string
	TLS      TLS

	Application string // by which operators know the connection, at most 28 bytes; empty = "nks"
	MaxBytes    int64  // of a body; 0 = 4 MiB, as queue managers have it; at most 99 MiB

	// TrustContext makes put time and user of a message count: where nobody
	// who puts into the queue has the authority to set them (setall, setid),
	// and no channel from another queue manager leads to it. Else both are
	// whatever the sender, or his queue manager's clock, says, and left empty.
	TrustContext bool
}

// TLS is how the channel is protected. The zero value is not at all, or as the
// channel definition table says.
type TLS struct {
	CipherSpec     string // "ANY_TLS12_OR_HIGHER", "ANY_TLS13", or one of IBM's names
	PeerName       string // distinguished name that the queue manager's certificate must have, as SSLPEER
	KeyRepository  string // path of a PKCS #12 or CMS file; one for all links of a process
	KeyPassword    string // of the repository, where it has no stash file
	CertificateTag string // label of our certificate in it; empty: the repository's default
}

// ErrConfig is a configuration that no queue manager need be asked about.
var ErrConfig = errors.New("configuration of IBM MQ not usable")

const (
	defaultMaxBytes = 4 << 20
	// maxWhole is what a queue manager takes as one message, with its properties.
	maxWhole = 100 << 20
	// propertyRoom is kept for them.
	propertyRoom = 1 << 20
)

// Widths of fixed fields. The Go client cuts off what is longer, and says nothing.
const (
	widthObject      = 48
	widthChannel     = 20
	widthConnName    = 264
	widthCipher      = 32
	widthLabel       = 64
	widthRepository  = 256
	widthApplication = 28
	widthFormat      = 8
	widthID          = 24
)

func (c Config) withDefaults() Config {
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.Application == "" {
		c.Application = "nks"
	}
	return c
}

func (c Config) check() error {
	for _, f := range []struct {
		name, value string
		width       int
	}{
		{"queue manager", c.Manager, widthObject}, {"queue", c.Queue, widthObject}, {"park queue", c.ParkQueue, widthObject},
		{"channel", c.Channel, widthChannel}, {"connection name", c.ConnName, widthConnName}, {"application", c.Application, widthApplication},
		{"cipher spec", c.TLS.CipherSpec, widthCipher}, {"certificate label", c.TLS.CertificateTag, widthLabel},
		{"key repository", c.TLS.KeyRepository, widthRepository}, {"peer name", c.TLS.PeerName, 1024}, {"user", c.User, 1024},
		{"table", c.CCDTURL, 1024},
	} {
		if len(f.value) > f.width || strings.ContainsRune(f.value, 0) {
			return fmt.Errorf("%w: %s has %d bytes, at most %d, none of them zero", ErrConfig, f.name, len(f.value), f.width)
		}
	}
	direct := c.ConnName != "" && c.Channel != ""
	switch {
	case c.CCDTURL != "" && (c.ConnName != "" || c.Channel != ""):
		return fmt.Errorf("%w: a channel definition table and a channel beside it", ErrConfig)
	case c.CCDTURL == "" && !direct:
		return fmt.Errorf("%w: neither connection name and channel nor a channel definition table", ErrConfig)
	case c.CCDTURL != "" && (c.TLS.CipherSpec != "" || c.TLS.PeerName != ""):
		return fmt.Errorf("%w: cipher spec and peer name stand in the channel definition table", ErrConfig)
	case direct && c.TLS.CipherSpec == "" && c.TLS != (TLS{}):
		// A pinned peer without a cipher spec would be a connection in the clear.
		return fmt.Errorf("%w: TLS without a cipher spec", ErrConfig)
	case c.TLS.CipherSpec != "" && c.TLS.KeyRepository == "":
		return fmt.Errorf("%w: TLS without a key repository", ErrConfig)
	case (c.User == "") != (c.Password == ""):
		return fmt.Errorf("%w: user and password go together", ErrConfig)
	case c.MaxBytes < 1 || c.MaxBytes > maxWhole-propertyRoom:
		return fmt.Errorf("%w: bodies of %d bytes, at most %d", ErrConfig, c.MaxBytes, maxWhole-propertyRoom)
	}
	return nil
}

// options are MQCONNX's.
func (c Config) options() *mqi.MQCNO {
	cno := mqi.NewMQCNO()
	// Verbs of a connection follow each other, from whichever thread. Under an
	// automatic reconnection nobody would know which unit of work still stands.
	cno.Options = mqi.MQCNO_CLIENT_BINDING | mqi.MQCNO_RECONNECT_DISABLED | mqi.MQCNO_HANDLE_SHARE_BLOCK
	cno.ApplName = c.Application
	if c.User != "" {
		cno.SecurityParms = mqi.NewMQCSP()
		cno.SecurityParms.AuthenticationType = mqi.MQCSP_AUTH_USER_ID_AND_PWD
		cno.SecurityParms.UserId, cno.SecurityParms.Password = c.User, c.Password
	}
	if c.TLS.KeyRepository != "" {
		cno.SSLConfig = mqi.NewMQSCO()
		cno.SSLConfig.KeyRepository, cno.SSLConfig.KeyRepoPassword = c.TLS.KeyRepository, c.TLS.KeyPassword
		cno.SSLConfig.CertificateLabel = c.TLS.CertificateTag
	}
	if c.CCDTURL != "" {
		cno.CCDTUrl = c.CCDTURL
		return cno
	}
	cd := mqi.NewMQCD()
	cd.ChannelName, cd.ConnectionName = c.Channel, c.ConnName
	cd.SSLCipherSpec, cd.SSLPeerName, cd.CertificateLabel = c.TLS.CipherSpec, c.TLS.PeerName, c.TLS.CertificateTag
	// What is larger than MaxBytes must come through, to be moved out of the way.
	cd.MaxMsgLength = maxWhole
	cno.ClientConn = cd
	return cno
}
