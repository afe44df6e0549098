package mailbox

import (
	"context"
	"errors"
	"io"

	"nks/gateway/door"
)

// errAborted is what an upload ends with that is not to count.
var errAborted = errors.New("upload aborted")

// upload hands what a client writes to who takes the arrival, as it comes. Nothing counts before the writer is closed,
// which Commit alone does.
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
	defer u.stop()
	defer context.AfterFunc(ctx, u.stop)()
	_ = u.content.Close()
	<-u.ended
	return inProtocol(u.err)
}

// Abort implements sftp.Upload.
func (u *upload) Abort(context.Context) error {
	defer u.stop()
	_ = u.content.CloseWithError(errAborted)
	<-u.ended
	if u.err == nil || errors.Is(u.err, errAborted) {
		return nil
	}
	return u.err
}
