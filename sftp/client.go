package sftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// What a [Client]'s methods answer besides success, by what the caller does next.
var (
	// ErrNotSent: nothing was published. The put may be repeated, under another
	// temporary name.
	ErrNotSent = errors.New("not sent")
	// ErrExists: the final name is taken by a file that is not ours. Nothing was
	// published; a person has to look.
	ErrExists = errors.New("the name exists already")
	// ErrUnknown: the rename was sent and its outcome is not known. Never put again;
	// only [Client.Look] may be asked, and an absent file proves nothing.
	ErrUnknown = errors.New("outcome unknown")
	// ErrConnection: the connection is lost, or was given up after a timeout or the
	// end of a context; the client is of no more use.
	ErrConnection = errors.New("connection lost")
	// ErrHostKey: the server does not have a pinned key. Nothing was sent; alarm.
	ErrHostKey = errors.New("the server's host key is not the pinned one")
	// ErrLogin: the server is there and does not let us in. The error has what it says about it.
	ErrLogin = errors.New("the server does not let us in")
	// ErrChanged: the file changed, or is not as long as it says. Fetch it later.
	ErrChanged = errors.New("the file changed while it was read")
	// ErrStalled: the server is there and does not answer about this one file. The client is good for others, unless
	// the error is ErrConnection, too.
	ErrStalled = errors.New("the server does not answer about the file")
)

// ClientConfig says where a bank centre is and how it is known. Durations and Dialer
// may be left out.
type ClientConfig struct {
	Addr string // host:port
	User string
	Key  ssh.Signer
	// HostKeys are the keys that the server may have: one, or two while it rolls over.
	HostKeys []ssh.PublicKey
	// OldAlgorithms allows besides AES-GCM also AES-CTR with SHA-2 and the 2048-bit
	// Diffie-Hellman group, for old servers. Never SHA-1.
	OldAlgorithms bool

	Dial      time.Duration // connect and log in; 30 s
	Step      time.Duration // the longest wait for one answer; 60 s
	KeepAlive time.Duration // between probes, each awaited as long, but no longer than Step; 15 s
	// Dialer opens the network connection; nil dials TCP.
	Dialer func(ctx context.Context, addr string) (net.Conn, error)
}

// Client is one connection to a bank centre's SFTP server, with one owner: its
// methods wait for each other. A context that ends while a method runs closes the
// connection, for that is the only way to stop it.
type Client struct {
	cfg  ClientConfig
	net  net.Conn
	ssh  *ssh.Client
	sftp *pkgsftp.Client
	done chan struct{}
	busy sync.Mutex

	channel *channel     // of sftp
	stalled atomic.Int32 // sessions that were given up, and that the server has not let go of
}

// Dial connects and logs in. ctx bounds only that.
func Dial(ctx context.Context, cfg ClientConfig) (*Client, error) {
	setDefault(&cfg.Dial, 30*time.Second)
	setDefault(&cfg.Step, time.Minute)
	setDefault(&cfg.KeepAlive, 15*time.Second)
	conf, err := cfg.ssh()
	if err != nil {
		return nil, fmt.Errorf("sftp: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Dial)
	defer cancel()
	dial := cfg.Dialer
	if dial == nil {
		dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}
	}
	nc, err := dial(ctx, cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("sftp: %w: %w", ErrConnection, err)
	}
	c := &Client{cfg: cfg, net: nc, done: make(chan struct{})}
	var banner strings.Builder
	conf.BannerCallback = func(text string) error {
		banner.WriteString(text[:min(len(text), max(0, mostWords-banner.Len()))])
		return nil
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	err = c.login(conf)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		nc.Close()
		switch why := notLetIn(err, banner.String()); {
		case why != nil:
			err = why
		case !errors.Is(err, ErrHostKey):
			err = fmt.Errorf("%w: %w", ErrConnection, err)
		}
		return nil, fmt.Errorf("sftp: log in at %s: %w", cfg.Addr, errors.Join(err, ctx.Err()))
	}
	go c.keepAlive()
	return c, nil
}

// mostWords bounds what is repeated of a server's words, in bytes.
const mostWords = 500

// notLetIn is ErrLogin with the server's words where a login has failed because the server did not want it; nil for any other reason. The
// library has no kinds of these errors.
func notLetIn(err error, banner string) error {
	text := err.Error()
	_, reason, disconnected := strings.Cut(text, "ssh: disconnect, reason ")
	if !disconnected && !strings.Contains(text, "ssh: unable to authenticate") {
		return nil
	}
	if _, text, ok := strings.Cut(reason, ": "); ok && banner == "" {
		if quoted, err := strconv.Unquote(text); err == nil {
			text = quoted
		}
		banner = text[:min(len(text), mostWords)]
	}
	banner = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(banner, "?"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if banner == "" {
		banner = "it does not say why"
	}
	return fmt.Errorf("%w: %s", ErrLogin, loggable(banner))
}

func (cfg ClientConfig) ssh() (*ssh.ClientConfig, error) {
	if len(cfg.HostKeys) == 0 {
		return nil, errors.New("no pinned host key")
	}
	key, err := modern(cfg.Key)
	if err != nil {
		return nil, err
	}
	var algorithms []string
	for _, k := range cfg.HostKeys {
		if err := checkKey(k); err != nil {
			return nil, fmt.Errorf("pinned host key: %w", err)
		}
		algorithms = append(algorithms, signatures(k.Type())...)
	}
	return &ssh.ClientConfig{
		Config:            clientAlgorithms(cfg.OldAlgorithms),
		User:              cfg.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyAlgorithms: algorithms,
		HostKeyCallback: func(_ string, _ net.Addr, shown ssh.PublicKey) error {
			for _, pinned := range cfg.HostKeys {
				if bytes.Equal(pinned.Marshal(), shown.Marshal()) {
					return nil
				}
			}
			return fmt.Errorf("%w: it shows %s", ErrHostKey, ssh.FingerprintSHA256(shown))
		},
	}, nil
}

func (c *Client) login(conf *ssh.ClientConfig) error {
	conn, channels, requests, err := ssh.NewClientConn(c.net, c.cfg.Addr, conf)
	if err != nil {
		return err
	}
	c.ssh = ssh.NewClient(conn, channels, requests)
	go func() {
		_ = c.ssh.Wait() // why it ended is told by the call that fails
		close(c.done)
	}()
	return c.open()
}

// keepAlive notices a peer that is gone without a word. Any answer will do, also
// that the request is not known.
func (c *Client) keepAlive() {
	tick := time.NewTicker(c.cfg.KeepAlive)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
		}
		if !c.alive() {
			return
		}
	}
}

// alive asks for a sign of life; without one it gives the connection up.
func (c *Client) alive() bool {
	give := time.AfterFunc(min(c.cfg.KeepAlive, c.cfg.Step), c.drop)
	_, _, err := c.ssh.SendRequest("keepalive@openssh.com", true, nil)
	inTime := give.Stop()
	if err != nil || !inTime {
		c.drop()
	}
	return err == nil && inTime
}

func (c *Client) drop() { c.net.Close() }

// Close ends the connection.
func (c *Client) Close() error {
	err := c.ssh.Close()
	<-c.done
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Done is closed when the connection has ended, for whatever reason.
func (c *Client) Done() <-chan struct{} { return c.done }

// step runs one exchange with the server. It ends, by closing the connection, when
// ctx does or when the answer takes too long.
func (c *Client) step(ctx context.Context, what string, do func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	stop := context.AfterFunc(ctx, c.drop)
	defer stop()
	slow := time.AfterFunc(c.cfg.Step, c.drop)
	err := do()
	inTime := slow.Stop()
	switch {
	case err == nil:
		return nil
	case answered(err):
		return fmt.Errorf("%s: %w", what, err)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w: %w", what, ErrConnection, ctx.Err())
	case !inTime:
		c.drop()
		return fmt.Errorf("%s: %w: no answer within %v", what, ErrConnection, c.cfg.Step)
	default:
		c.drop()
		return fmt.Errorf("%s: %w: %w", what, ErrConnection, err)
	}
}

// answered reports whether err is the server's own definite answer, as opposed to
// no answer, or one that makes no sense.
func answered(err error) bool {
	var s *pkgsftp.StatusError
	if errors.As(err, &s) {
		return s.Code != uint32(pkgsftp.ErrSSHFxNoConnection) && s.Code != uint32(pkgsftp.ErrSSHFxConnectionLost)
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// stat tells about a remote file; fs.ErrNotExist when the server says that there is
// none.
func (c *Client) stat(ctx context.Context, path string) (File, error) {
	return c.statBy(ctx, c.step, path)
}

// statBy is stat as one exchange by step or ask.
func (c *Client) statBy(ctx context.Context, exchange func(context.Context, string, func() error) error, path string) (File, error) {
	var f File
	err := exchange(ctx, "stat "+loggable(path), func() error {
		info, err := c.sftp.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return &pkgsftp.StatusError{Code: uint32(pkgsftp.ErrSSHFxFailure)}
		}
		f = File{Name: info.Name(), Size: info.Size(), Modified: info.ModTime()}
		return nil
	})
	return f, err
}
