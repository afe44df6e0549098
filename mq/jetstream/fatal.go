package jetstream

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"nks/mq"
)

// fatal is the server's log, of which one kind of line matters: the server
// tells why it cannot start nowhere else, and would be waited for in vain.
type fatal struct {
	why chan error
}

func newFatal() *fatal { return &fatal{why: make(chan error, 1)} }

func (f *fatal) Fatalf(format string, v ...any) {
	select {
	case f.why <- fmt.Errorf(format, v...):
	default:
	}
}

func (*fatal) Noticef(string, ...any) {}
func (*fatal) Warnf(string, ...any)   {}
func (*fatal) Errorf(string, ...any)  {}
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
