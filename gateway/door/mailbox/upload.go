package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"nks/gateway/door"
	"nks/sftp"
)

// errAborted is what an upload ends with that is not to count.
var errAborted = errors.New("upload aborted")

// stopWithin is how long one who takes an arrival may tidy up after being stopped.
const stopWithin = 10 * time.Second

// upload hands what a client writes to who takes the arrival, as it comes, and keeps nothing of it. Nothing counts before
// the writer is closed, which Commit alone does.
type upload struct {
	content *io.PipeWriter
	ended   chan struct{}
	stop    context.CancelFunc
	err     error // of take, once ended is closed
}

// begin starts to take an arrival.
func begin(ctx context.Context, a door.Arrival, take func(context.Context, door.Arrival) error) *upload {
	ctx, stop := context.WithCancel(ctx)
	content, writer := io.Pipe()
	a.Content = content
	u := &upload{content: writer, ended: make(chan struct{}), stop: stop}
	go func() {
		defer close(u.ended)
		u.err = take(ctx, a)
		// A client that goes on writing hears why it need not.
		_ = content.CloseWithError(inProtocol(u.err))
	}()
	return u
}

// Write implements sftp.Upload.
func (u *upload) Write(p []byte) (int, error) { return u.content.Write(p) }

// Commit implements sftp.Upload.
func (u *upload) Commit(ctx context.Context) error {
	_ = u.content.Close()
	return inProtocol(u.end(ctx))
}

// Abort implements sftp.Upload.
func (u *upload) Abort(ctx context.Context) error {
	_ = u.content.CloseWithError(errAborted)
	if err := u.end(ctx); err != nil && !errors.Is(err, errAborted) {
		return err
	}
	return nil
}

// end waits for the outcome. When ctx ends first, the taking is stopped; one that does not heed that is given up, and its
// outcome is not known.
func (u *upload) end(ctx context.Context) error {
	defer u.stop()
	select {
	case <-u.ended:
		return u.err
	case <-ctx.Done():
	}
	u.stop()
	given := time.NewTimer(stopWithin)
	defer given.Stop()
	select {
	case <-u.ended:
		return u.err
	case <-given.C:
		return fmt.Errorf("outcome unknown: %w: %w", sftp.ErrTemporary, ctx.Err())
	}
}
