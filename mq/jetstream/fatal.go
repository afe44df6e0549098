package jetstream

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"nks/mq"
)

// fatal is the server's log, of which two kinds of lines matter: the server
// tells why it cannot start nowhere else, and would be waited for in vain; and
// what a member of a cluster has against the others.
type fatal struct {
	why     chan error
	trouble func(string)
}

func newFatal(c *Cluster) *fatal {
	f := &fatal{why: make(chan error, 1), trouble: func(string) {}}
	if c != nil && c.Trouble != nil {
		f.trouble = c.Trouble
	}
	return f
}

func (f *fatal) Fatalf(format string, v ...any) {
	select {
	case f.why <- fmt.Errorf(format, v...):
	default:
	}
}

// Warnf tells of trouble. That members do not verify each other is none: RouteTLS does, of which the server does not know. Nor is that messages may
// be as big as Config says.
func (f *fatal) Warnf(format string, v ...any) {
	if text := fmt.Sprintf(format, v...); !strings.Contains(text, "will not be verified") && !strings.HasPrefix(text, "Maximum payloads over") {
		f.trouble(text)
	}
}

// Errorf tells of trouble.
func (f *fatal) Errorf(format string, v ...any) { f.trouble(fmt.Sprintf(format, v...)) }

func (*fatal) Noticef(string, ...any) {}
func (*fatal) Debugf(string, ...any)  {}
func (*fatal) Tracef(string, ...any)  {}

// startWait is how long a server may take to read its streams.
const startWait = 2 * time.Minute

// ready waits until clients can connect.
func (f *fatal) ready(s *server.Server) error {
	for start := time.Now(); time.Since(start) < startWait; {
		select {
		case why := <-f.why:
			return fmt.Errorf("%w: %w", mq.ErrTemporary, why)
		default:
		}
		if s.ReadyForConnections(100 * time.Millisecond) {
			return nil
		}
	}
	return fmt.Errorf("%w: %w", mq.ErrTemporary, errors.New("server not ready"))
}
