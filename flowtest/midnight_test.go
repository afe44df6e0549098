package flowtest_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"nks/gateway/act"
	"nks/gateway/door"
	"nks/gateway/postgres/retention"
)

// slowUpload ends in the next month.
type slowUpload struct {
	io.Reader
	ends func()
}

func (s slowUpload) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if err != nil {
		s.ends()
	}
	return n, err
}

func (w *world) uploadsOverMidnight(on string) {
	w.t.Helper()
	w.at("2005-08-31 23:59")
	d := ofBEC(bundle("G-1", complete("A", 100)))
	d.Debits[0].On = on
	err := w.Receive.Take(w.t.Context(), door.Arrival{Door: door.Mailbox, Party: "LEVA", Key: "a.xml", Size: door.Unsized,
		Content: slowUpload{bytes.NewReader(d.XML()), func() { w.at("2005-09-01 00:00") }}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestRetention_UploadOverMidnight: the document of a payment of September that is under a legal hold does not go with August, nor does
// a bank's file that was fetched over midnight.
func TestRetention_UploadOverMidnight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	w.uploadsOverMidnight("2005-09-05")
	w.read()
	w.check()
	w.at("2005-08-31 23:59")
	err := w.Bank.StoreBankFile(t.Context(), "BEC", "slow.edi", func(to io.Writer) error {
		w.at("2005-09-01 00:00")
		_, err := io.WriteString(to, file("BEC", "S1", contrl("BEC", 99, "7")))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.hear("BEC")
	w.at("2005-09-02 06:00")
	w.release()
	w.dispatch()
	w.executes("BEC")
	w.collects()
	w.idles("2006-10-12 09:00")
	w.closesMonth(august)
	w.keeps(retention.Payments, 12)
	w.settled(act.KindLegalHold, map[string]string{"what": "payment", "of": fmt.Sprint(w.number(`SELECT id FROM payment`))})
	w.drops(august)
	if !strings.Contains(w.raw(w.number(`SELECT document_id FROM delivery`)), "A") {
		t.Error("the bytes of the payment that is held are gone")
	}
	w.want("documents of banks' files", w.row(`SELECT count(*) FROM bank_file f LEFT JOIN document d ON d.id = f.document_id WHERE d.id IS NULL`), "0")
}

// TestRetention_UnreadOverMidnight: what was acknowledged and is not read yet does not go with the month before.
func TestRetention_UnreadOverMidnight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	w.uploadsOverMidnight("2005-11-05")
	w.at("2005-11-02 09:00")
	w.closesMonth(august)
	w.keeps(retention.Documents, 1)
	if err := w.Retention.DropDocuments(t.Context(), w.month(august)); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.check()
	w.want("delivery", w.row(`SELECT state FROM delivery`), "checked")
}
