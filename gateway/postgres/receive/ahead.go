package receive

import (
	"io"

	"nks/gateway/postgres"
)

// aheadReader reads a document a piece ahead of who parses it, so that fetching and unpacking take none of its time.
type aheadReader struct {
	pieces chan aheadPiece
	stop   chan struct{}
	ended  chan struct{}
	rest   []byte
	err    error
}

type aheadPiece struct {
	data []byte
	err  error // after data
}

// readAhead takes over r, and closes it when it is closed itself.
func readAhead(r io.ReadCloser) *aheadReader {
	a := &aheadReader{pieces: make(chan aheadPiece, 1), stop: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(a.ended)
		defer func() { _ = r.Close() }() // nothing was written
		for {
			data := make([]byte, postgres.PieceBytes)
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
		next := <-a.pieces
		a.rest, a.err = next.data, next.err
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
