package authority

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"sort"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// Limits of the machine's clock for one conversation with the server: a stopped server must not stop us for ever.
const (
	dialTime = 10 * time.Second
	talkTime = 2 * time.Minute
)

// ErrAccess says that a key cannot be used.
var ErrAccess = errors.New("authority: access")

// access is what it takes to log in: who we are, and who the server must be.
type access struct {
	address string
	config  *ssh.ClientConfig
}

// readAccess reads the supplier's private key and the mailbox's public host key, the only one that is accepted.
func readAccess(address, supplier, keyFile, hostKeyFile string) (access, error) {
	b, err := os.ReadFile(keyFile)
	if err != nil {
		return access{}, fmt.Errorf("%w: %w", ErrAccess, err)
	}
	key, err := ssh.ParsePrivateKey(b)
	if err != nil {
		return access{}, fmt.Errorf("%w: %s: %w", ErrAccess, keyFile, err)
	}
	if b, err = os.ReadFile(hostKeyFile); err != nil {
		return access{}, fmt.Errorf("%w: %w", ErrAccess, err)
	}
	host, _, _, _, err := ssh.ParseAuthorizedKey(b)
	if err != nil {
		return access{}, fmt.Errorf("%w: %s: %w", ErrAccess, hostKeyFile, err)
	}
	algorithms := []string{host.Type()}
	if host.Type() == ssh.KeyAlgoRSA {
		algorithms = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return access{address, &ssh.ClientConfig{
		User:              supplier,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback:   ssh.FixedHostKey(host),
		HostKeyAlgorithms: algorithms,
		Timeout:           dialTime,
	}}, nil
}

// mailbox is a connection to the supplier's folders at the gateway.
type mailbox struct {
	conn net.Conn
	ssh  *ssh.Client
	sftp *sftp.Client
}

func dial(ctx context.Context, a access) (*mailbox, error) {
	conn, err := (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "tcp", a.address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	m := &mailbox{conn: conn}
	err = m.within(ctx, dialTime, func() error {
		c, channels, requests, err := ssh.NewClientConn(conn, a.address, a.config)
		if err != nil {
			return fmt.Errorf("log in: %w", err)
		}
		m.ssh = ssh.NewClient(c, channels, requests)
		if m.sftp, err = sftp.NewClient(m.ssh); err != nil {
			return fmt.Errorf("open sftp: %w", err)
		}
		return nil
	})
	if err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// within runs one conversation; at the end of the time or of ctx the connection is cut, which ends it.
func (m *mailbox) within(ctx context.Context, limit time.Duration, talk func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { m.conn.Close() })()
	return talk()
}

func (m *mailbox) close() {
	if m.sftp != nil {
		_ = m.sftp.Close()
	}
	if m.ssh != nil {
		m.ssh.Close()
	}
	m.conn.Close()
}

const (
	inbox  = "in"
	outbox = "out"
)

// takes implements door: the mailbox's bound is far above what a plan holds.
func (m *mailbox) takes(int) bool { return true }

// upload writes under a temporary name and renames. The reply to the rename is the server's word that it has the file.
func (m *mailbox) upload(ctx context.Context, as string, b []byte) error {
	tmp, final := path.Join(inbox, "."+as+".tmp"), path.Join(inbox, as)
	return m.within(ctx, talkTime, func() error {
		// Another attempt of ours may have been cut off in the middle.
		if err := m.sftp.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) && broken(err) {
			return fmt.Errorf("upload %s: %w", as, err)
		}
		f, err := m.sftp.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return fmt.Errorf("upload %s: open: %w", as, err)
		}
		_, err = f.Write(b)
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return fmt.Errorf("upload %s: %w", as, err)
		}
		if err := m.sftp.Rename(tmp, final); err != nil {
			return fmt.Errorf("upload %s: rename: %w", as, err)
		}
		return nil
	})
}

// broken tells a lost connection from a server that answered no.
func broken(err error) bool {
	var no *sftp.StatusError
	return !errors.As(err, &no) && !errors.Is(err, os.ErrPermission) && !errors.Is(err, os.ErrNotExist)
}

// list names the answers that wait, in order.
func (m *mailbox) list(ctx context.Context) ([]string, error) {
	var names []string
	err := m.within(ctx, talkTime, func() error {
		files, err := m.sftp.ReadDir(outbox)
		if err != nil {
			return fmt.Errorf("list %s: %w", outbox, err)
		}
		for _, f := range files {
			if f.Mode().IsRegular() && plainName(f.Name()) {
				names = append(names, f.Name())
			}
		}
		return nil
	})
	sort.Strings(names)
	return names, err
}

// download writes an answer to a local file and syncs it. It compares the size, because a short read may look whole.
func (m *mailbox) download(ctx context.Context, name, to string) (sum string, size int64, err error) {
	err = m.within(ctx, talkTime, func() error {
		f, err := m.sftp.Open(path.Join(outbox, name))
		if err != nil {
			return fmt.Errorf("fetch %s: %w", name, err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return fmt.Errorf("fetch %s: %w", name, err)
		}
		local, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return fmt.Errorf("%w: %w", errLocal, err)
		}
		defer local.Close()
		hash := sha256.New()
		// A bare Reader: the library's own copying can end early without an error.
		if size, err = io.Copy(io.MultiWriter(local, hash), struct{ io.Reader }{f}); err != nil {
			return fmt.Errorf("fetch %s: %w", name, err)
		}
		if size != info.Size() {
			return fmt.Errorf("fetch %s: %d bytes of %d", name, size, info.Size())
		}
		sum = hex.EncodeToString(hash.Sum(nil))
		if err := local.Sync(); err != nil {
			return fmt.Errorf("%w: %w", errLocal, err)
		}
		return nil
	})
	return sum, size, err
}

// remove takes an answer out of the mailbox. That it is gone already is as good.
func (m *mailbox) remove(ctx context.Context, name string) error {
	return m.within(ctx, talkTime, func() error {
		if err := m.sftp.Remove(path.Join(outbox, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", name, err)
		}
		return nil
	})
}
