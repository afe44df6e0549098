package mailbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/doortest"
	"nks/gateway/door/mailbox"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// TestDoor: the mailbox keeps what every door promises, by both ways of handing in.
func TestDoor(t *testing.T) {
	t.Parallel()
	for name, temporary := range map[string]string{"straight": "", "by rename": ".part"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doortest.Run(t, func(t *testing.T, s *doortest.Stage) doortest.Client { return newVans(t, s, temporary) })
		})
	}
}

// vans is the suppliers' side of a running mailbox.
type vans struct {
	t         *testing.T
	stage     *doortest.Stage
	temporary string // suffix of the name to upload under; empty: the final one
	host      ssh.Signer
	keys      map[string]ssh.Signer
	aborted   chan string // names of uploads that the server has given up
	server    *sftp.Server
}

func newVans(t *testing.T, s *doortest.Stage, temporary string) *vans {
	t.Helper()
	v := &vans{t: t, stage: s, temporary: temporary, host: sftptest.Key(t), keys: map[string]ssh.Signer{}, aborted: make(chan string, 1000)}
	for _, party := range doortest.Parties() {
		v.keys[party] = sftptest.Key(t)
	}
	v.open()
	return v
}

func (v *vans) open() {
	v.t.Helper()
	ring := sftptest.Keyring{}
	for party, key := range v.keys {
		ring[party] = []ssh.PublicKey{key.PublicKey()}
	}
	v.server = sftptest.Start(v.t, sftp.ServerConfig{HostKeys: []ssh.Signer{v.host}, Keys: ring,
		Mailbox: mailbox.New(v.stage.Intake, v.stage.Collection),
		Log: func(e sftp.Event) {
			v.stage.Hear(fmt.Sprintln(e.What, e.Party, e.Name, e.Err))
			if e.What == sftp.EventAborted {
				v.aborted <- e.Name
			}
		}})
}

// Restart implements doortest.Client.
func (v *vans) Restart() {
	v.t.Helper()
	_ = v.server.Close()
	v.open()
}

// Traits implements doortest.Client.
func (v *vans) Traits() doortest.Traits {
	return doortest.Traits{Kind: door.Mailbox, Suffix: ".xml",
		Evidence: func(party string) string { return ssh.FingerprintSHA256(v.keys[party].PublicKey()) }}
}

// with runs one session of a party.
func (v *vans) with(ctx context.Context, party string, do func(net.Conn, *pkgsftp.Client) error) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", v.server.Addr().String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	c, channels, requests, err := ssh.NewClientConn(conn, conn.RemoteAddr().String(), &ssh.ClientConfig{User: party,
		Auth: []ssh.AuthMethod{ssh.PublicKeys(v.keys[party])}, HostKeyCallback: ssh.FixedHostKey(v.host.PublicKey())})
	if err != nil {
		return err
	}
	session, err := pkgsftp.NewClient(ssh.NewClient(c, channels, requests))
	if err != nil {
		return err
	}
	return do(conn, session)
}

// Send implements doortest.Client.
func (v *vans) Send(ctx context.Context, party, key string, body []byte) error {
	final := "in/" + key + ".xml"
	return v.with(ctx, party, func(_ net.Conn, c *pkgsftp.Client) error {
		f, err := c.OpenFile(final+v.temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return told(err)
		}
		_, err = f.Write(body)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err == nil && v.temporary != "" {
			if err = c.Rename(final+v.temporary, final); err != nil {
				return errors.Join(told(err), c.Remove(final+v.temporary))
			}
		}
		return told(err)
	})
}

// told is what a reply of the server means to a supplier.
func told(err error) error {
	var s *pkgsftp.StatusError
	if !errors.As(err, &s) {
		return err
	}
	for words, means := range map[error]error{sftp.ErrConflict: gateway.ErrConflict, sftp.ErrTooBig: gateway.ErrRefused} {
		if strings.Contains(s.Error(), words.Error()) {
			return fmt.Errorf("%w: %w", means, err)
		}
	}
	return err
}

// SendHalf implements doortest.Client.
func (v *vans) SendHalf(ctx context.Context, party, key string, body []byte) error {
	name := "in/" + key + ".xml" + v.temporary
	err := v.with(ctx, party, func(conn net.Conn, c *pkgsftp.Client) error {
		f, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return err
		}
		if _, err := f.Write(body[:len(body)/2]); err != nil {
			return err
		}
		return conn.Close()
	})
	for err == nil {
		select {
		case aborted := <-v.aborted:
			if strings.HasSuffix(aborted, name) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// Next implements doortest.Client.
func (v *vans) Next(ctx context.Context, party string) (doortest.Answer, error) {
	var a doortest.Answer
	err := v.with(ctx, party, func(_ net.Conn, c *pkgsftp.Client) error {
		files, err := c.ReadDir("out")
		if err != nil || len(files) == 0 {
			return errors.Join(err, errors.New("no answer"))
		}
		a.Name = files[0].Name()
		f, err := c.Open("out/" + a.Name)
		if err != nil {
			return err
		}
		var body bytes.Buffer
		if _, err := io.Copy(&body, f); err != nil {
			return err
		}
		a.Body = body.Bytes()
		return errors.Join(f.Close(), c.Remove("out/"+a.Name))
	})
	return a, err
}

// Left implements doortest.Client.
func (v *vans) Left(ctx context.Context, party string) (int, error) {
	left := 0
	err := v.with(ctx, party, func(_ net.Conn, c *pkgsftp.Client) error {
		files, err := c.ReadDir("out")
		left = len(files)
		return err
	})
	return left, err
}
