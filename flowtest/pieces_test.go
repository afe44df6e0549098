package flowtest_test

import (
	"strings"
	"testing"
)

// TestRead_MissingPiece: a document whose stored bytes are not all there is a fault of ours: the sender gets no receipt
// that says that the document was bad.
func TestRead_MissingPiece(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(bundle("G-1", complete("A", 100)))
	w.tamper(`UPDATE document_piece SET n = 1`)
	if _, err := w.Receive.NextToRead(t.Context()); err == nil {
		t.Error("a document with a missing piece was read")
	}
	w.want("state", w.row(`SELECT state, failures FROM delivery`), "received 1")
	w.want("answers", w.row(`SELECT count(*) FROM answer`), "0")
	w.tamper(`UPDATE document_piece SET n = 0`) // found again
	w.read()
	w.check()
	w.want("ledger", w.ledger(), "waiting 1 = 100")
}

// TestPage_MissingPiece: a page does not show a document of which a piece is missing as if it were a short one.
func TestPage_MissingPiece(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A-1", 100)))
	p := w.pages()
	const failed = "Dokumentet kan ikke vises lige nu."
	if page := p.get("/payment/"+w.payment("A-1"), "77", 200); strings.Contains(page, failed) {
		t.Fatal("a document that is whole is not shown")
	}
	w.exec(`UPDATE document SET size = size + (1 << 20) WHERE id = (SELECT document_id FROM answer WHERE kind = 1)`)
	if n := strings.Count(p.get("/payment/"+w.payment("A-1"), "77", 200), failed); n != 1 {
		t.Errorf("%d documents are not shown, want that of which a piece is missing", n)
	}
}
