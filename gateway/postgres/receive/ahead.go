package receive

import (
	"io"

	"nks/gateway/postgres"
)

// aheadReader reads a document a piece ahead of who parses it, so that fetching and unpacking take none of its time.
type aheadReader struct {
	pieces chan aheadPiece
	free   chan []byte // buffers that have been read
	stop   chan struct{}
	ended  chan struct{}
	whole  []byte // what rest is the end of
	rest   []byte
	err    error
}

// aheadBuffers is one that is read, one that waits and one that is filled.
const aheadBuffers = 3

type aheadPiece struct {
	data []byte
	err  error // after data
}

// readAhead takes over r, and closes it when it is closed itself.
func readAhead(r io.ReadCloser) *aheadReader {
	a := &aheadReader{pieces: make(chan aheadPiece, 1), free: make(chan []byte, aheadBuffers), stop: make(chan struct{}), ended: make(chan struct{})}
	for range aheadBuffers {
		a.free <- make([]byte, postgres.PieceBytes)
	}
	go func() {
		defer close(a.ended)
		defer func() { _ = r.Close() }() // nothing was written
		for {
			var data []byte
			select {
			case data = <-a.free:
			case <-a.stop:
				return
			}
			n, err := io.ReadFull(r, data)
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			select {
			case a.pieces <- aheadPiece{data[:n], err}:
			case <-a.stop:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return a
}

// Read implements io.Reader.
func (a *aheadReader) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		if a.whole != nil {
			a.free <- a.whole[:cap(a.whole)]
		}
		next := <-a.pieces
		a.whole, a.rest, a.err = next.data, next.data, next.err
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the reading, and waits until it has.
func (a *aheadReader) Close() error {
	close(a.stop)
	<-a.ended
	return nil
}
