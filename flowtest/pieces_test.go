package flowtest_test

import (
	"testing"
)

// TestRead_MissingPiece: a document whose stored bytes are not all there is a fault of ours: the sender gets no receipt
// that says that the document was bad.
func TestRead_MissingPiece(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(bundle("G-1", complete("A", 100)))
	w.exec(`UPDATE document_piece SET n = 1`)
	if _, err := w.Receive.NextToRead(t.Context()); err == nil {
		t.Error("a document with a missing piece was read")
	}
	w.want("state", w.row(`SELECT state, failures FROM delivery`), "received 1")
	w.want("answers", w.row(`SELECT count(*) FROM answer`), "0")
	w.exec(`UPDATE document_piece SET n = 0`) // found again
	w.read()
	w.check()
	w.want("ledger", w.ledger(), "waiting 1 = 100")
}
