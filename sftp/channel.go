package sftp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// mostStalled is how many sessions of one connection may be given up that the server has not let go of: servers allow ten
// or so at a time.
const mostStalled = 4

// channel is the bytes of one SFTP session. Unlike the SSH library's it can be given up while an answer is awaited.
type channel struct {
	io.WriteCloser
	session *ssh.Session
	copied  *io.PipeWriter // what the server sends
	gaveUp  chan struct{}
}

// giveUp ends the wait for what the server has not sent.
func (c *channel) giveUp() {
	close(c.gaveUp)
	_ = c.copied.CloseWithError(ErrStalled)
	_ = c.session.Close()
}

// open starts an SFTP session. The SSH library can wait for ever for a channel of a connection that is closed at that
// moment, so the end of the connection ends the wait.
func (c *Client) open() error {
	type session struct {
		client  *pkgsftp.Client
		channel *channel
		err     error
	}
	opened := make(chan session, 1)
	go func() {
		client, channel, err := c.session()
		opened <- session{client, channel, err}
	}()
	select {
	case s := <-opened:
		if s.err == nil {
			c.sftp, c.channel = s.client, s.channel
		}
		return s.err
	case <-c.done:
		return net.ErrClosed
	}
}

func (c *Client) session() (*pkgsftp.Client, *channel, error) {
	s, err := c.ssh.NewSession()
	if err != nil {
		return nil, nil, err
	}
	to, toErr := s.StdinPipe()
	from, fromErr := s.StdoutPipe()
	chat, chatErr := s.StderrPipe()
	err = errors.Join(toErr, fromErr, chatErr)
	if err == nil {
		err = s.RequestSubsystem("sftp")
	}
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	in, copied := io.Pipe()
	ch := &channel{WriteCloser: to, session: s, copied: copied, gaveUp: make(chan struct{})}
	go func() { _, _ = io.Copy(io.Discard, chat) }()
	go func() {
		_, err := io.Copy(copied, from)
		_ = copied.CloseWithError(err)
		if errors.Is(err, io.ErrClosedPipe) || errors.Is(err, ErrStalled) {
			_, _ = io.Copy(io.Discard, from) // what comes too late
		}
		select {
		case <-ch.gaveUp:
			c.stalled.Add(-1) // the server has let go of it
		default:
		}
	}()
	go func() {
		<-c.done
		_ = in.Close() // nobody reads any more, and the copying must end
	}()
	client, err := pkgsftp.NewClientPipe(in, ch)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return client, ch, nil
}

// ask is step for a request about one file that changes nothing there: when the answer takes too long, and the server is
// there all the same, the SFTP session is given up and another opened over the same connection. It is ErrStalled then, and
// ErrConnection besides only where that does not succeed.
func (c *Client) ask(ctx context.Context, what string, do func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	stop := context.AfterFunc(ctx, c.drop)
	defer stop()
	stalls := make(chan bool, 1)
	slow := time.AfterFunc(c.cfg.Step, func() {
		alive := c.alive() // else the connection is given up
		if alive {
			c.stalled.Add(1)
			c.channel.giveUp()
		}
		stalls <- alive
	})
	err := do()
	stalled := !slow.Stop() && <-stalls
	switch {
	case stalled:
		err = fmt.Errorf("%w within %v", ErrStalled, c.cfg.Step)
		if again := c.reopen(); again != nil {
			err = fmt.Errorf("%w, and no other session: %w: %w", err, ErrConnection, again)
		}
	case err == nil:
		return nil
	case !answered(err):
		c.drop()
		err = fmt.Errorf("%w: %w", ErrConnection, cmp.Or(ctx.Err(), err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// reopen opens another session in the place of one that was given up; without one the connection is of no more use.
func (c *Client) reopen() error {
	err := errors.New("too many stalled")
	if c.stalled.Load() <= mostStalled {
		slow := time.AfterFunc(c.cfg.Step, c.drop)
		defer slow.Stop()
		err = c.open()
	}
	if err != nil {
		c.drop()
	}
	return err
}
