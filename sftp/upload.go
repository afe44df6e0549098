package sftp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// reorderRoom bounds what a session holds of bytes that came before their turn.
	// The protocol server runs eight workers, so packets sent in order may arrive
	// out of order, each up to 256 KiB.
	reorderRoom = 4 << 20
	// chunkCost is what the smallest early chunk counts for, so that many tiny ones
	// cannot take more memory than a few large ones.
	chunkCost = 512
	// holePatience is how long a write that lies beyond the room waits for the hole
	// before it to be filled. In-order writers never come here unless a worker is
	// starved; a client that leaves a hole does.
	holePatience = 5 * time.Second
)

var (
	errIncomplete = errors.New("the upload is not complete: bytes are missing or were written twice")
	errDropped    = errors.New("the connection ended before the upload was closed")
)

// buffered counts bytes held, up to reorderRoom.
type buffered struct{ bytes atomic.Int64 }

func (b *buffered) take(n int64) bool {
	if b.bytes.Add(n) > reorderRoom {
		b.bytes.Add(-n)
		return false
	}
	return true
}

func (b *buffered) give(n int64) { b.bytes.Add(-n) }

// writer is an open upload: it puts the bytes in order and decides, once, between
// Commit and Abort.
type writer struct {
	session *session
	name    string
	upload  Upload

	mu      sync.Mutex
	next    int64            // bytes handed on
	early   map[int64][]byte // by offset, beyond next
	moved   chan struct{}    // closed and replaced when next moves or err is set
	err     error            // the first failure; nothing is taken after it
	decided bool
}

func (s *session) newWriter(name string) (*writer, error) {
	if s.conn.srv.isDraining() {
		return nil, ErrTemporary
	}
	s.conn.srv.begin(s.conn)
	if err := s.open(); err != nil {
		s.conn.srv.end(s.conn)
		return nil, err
	}
	w := &writer{session: s, name: name, early: map[int64][]byte{}, moved: make(chan struct{})}
	err := s.enter(w)
	if err == nil {
		w.upload, err = s.mailbox().Create(s.ctx(), s.party(), name)
		if err != nil {
			s.leave(w)
		}
	}
	if err != nil {
		s.closed()
		s.conn.srv.end(s.conn)
		return nil, err
	}
	return w, nil
}

func (s *session) enter(w *writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uploads[w.name] != nil {
		return refusal{ErrTemporary, "the file is being uploaded"}
	}
	if !s.conn.srv.opens(s.party()) {
		return refusal{ErrTemporary, "too many uploads at a time"}
	}
	s.uploads[w.name] = w
	return nil
}

func (s *session) leave(w *writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.uploads, w.name)
	s.conn.srv.closes(s.party())
}

// size is how much has been handed on.
func (w *writer) size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next
}

// WriteAt takes the bytes at off. Every byte must come exactly once; the order may
// differ within reorderRoom.
func (w *writer) WriteAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.place(p, off); err != nil {
		w.fail(err)
		return 0, wire(w.err)
	}
	return len(p), nil
}

func (w *writer) place(p []byte, off int64) error {
	var patience <-chan time.Time
	for {
		switch {
		case w.err != nil:
			return w.err
		case off < 0 || off > w.session.conn.srv.cfg.Limits.FileSize-int64(len(p)):
			return ErrTooBig
		case off < w.next && len(p) > 0, w.early[off] != nil:
			return errIncomplete
		case off == w.next:
			return w.hand(p)
		case len(p) == 0:
			return nil
		case w.session.room.take(max(int64(len(p)), chunkCost)):
			w.early[off] = append([]byte(nil), p...)
			return nil
		}
		if patience == nil {
			t := time.NewTimer(holePatience)
			defer t.Stop()
			patience = t.C
		}
		moved := w.moved
		w.mu.Unlock()
		var late bool
		select {
		case <-moved:
		case <-patience:
			late = true
		}
		w.mu.Lock()
		if late {
			return errIncomplete
		}
	}
}

// hand passes p on, and what was waiting for it.
func (w *writer) hand(p []byte) error {
	for len(p) > 0 {
		n, err := w.upload.Write(p)
		if err != nil {
			return err
		}
		if n != len(p) {
			return fmt.Errorf("mailbox took %d of %d bytes", n, len(p))
		}
		w.next += int64(n)
		p = w.early[w.next]
		if p != nil {
			delete(w.early, w.next)
			w.session.room.give(max(int64(len(p)), chunkCost))
		}
	}
	w.wake()
	return nil
}

func (w *writer) wake() {
	close(w.moved)
	w.moved = make(chan struct{})
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
		w.wake()
	}
}

// TransferError is called before Close when the connection has ended with the
// upload open; without it a half-written file would look complete.
func (w *writer) TransferError(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(fmt.Errorf("%w: %w", errDropped, err))
}

// Close commits a complete upload and aborts any other. Its error is the reply to
// the client's close, so success is not told before Commit has returned.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.decided {
		return nil
	}
	w.decided = true
	s := w.session
	defer s.conn.srv.end(s.conn)
	defer s.closed()
	defer s.leave(w)
	if w.err == nil && len(w.early) > 0 {
		w.fail(errIncomplete)
	}
	for _, p := range w.early {
		s.room.give(max(int64(len(p)), chunkCost))
	}
	w.early = nil

	err := w.decide()
	path := DirIn + "/" + w.name
	switch {
	case err != nil:
		s.conn.log(Event{What: EventAborted, Name: loggable(path), Bytes: w.next, Err: err})
		return wire(err)
	case FinalName(w.name):
		s.conn.log(Event{What: EventDelivered, Name: loggable(path), Bytes: w.next})
	default:
		s.conn.log(Event{What: EventStaged, Name: loggable(path), Bytes: w.next})
	}
	return nil
}

func (w *writer) decide() error {
	// The client has said that the file is complete: a connection lost from here on
	// must not undo it, only the server's own end may.
	ctx := w.session.ctx()
	if w.err != nil {
		ctx = context.WithoutCancel(ctx) // a server that closes still tidies up
	}
	ctx, cancel := context.WithTimeout(ctx, w.session.conn.srv.cfg.Limits.Commit)
	defer cancel()
	if w.err == nil {
		return w.upload.Commit(ctx)
	}
	if err := w.upload.Abort(ctx); err != nil {
		return fmt.Errorf("%w (abort: %w)", w.err, err)
	}
	return w.err
}
