package edifact_test

import (
	"bytes"
	"io"
	"testing"

	"nks/edifact"
)

// order writes the segments of one payment order, such as most of a day's
// bytes are.
func order(w *edifact.Writer, n int) {
	w.Segment("SEQ").Elem("").ElemInt(n)
	w.Segment("MOA").Elem("9").CompAmount(int64(n)*100+25, 2).Comp("DKK")
	w.Segment("RFF").Elem("CR").Comp("00000001FAKTURA 2005-0815/00012345")
	w.Segment("PAI").Elem("").Comp("").Comp("IBB").Comp("").Comp("").Comp("UKA")
	w.Segment("FII").Elem("BF").Elem("0009876543").Elem("").Comp("").Comp("").Comp("5432").Comp("80").Comp("130")
	w.Segment("NAD").Elem("BE").Elem("").Elem("").Elem("Jørgen Bæk").Elem("Åboulevarden 12").Elem("Ølby").Elem("").Elem("4600").Elem("DK")
	w.Segment("PRC").Elem("11")
	w.Segment("FTX").Elem("PMD").Elem("").Elem("").Elem("Boligstøtte for august 2005").Comp("Journal 4711")
}

func interchange(out io.Writer, orders int) error {
	w := edifact.NewWriter(out, edifact.Options{UNA: true})
	w.Begin(edifact.UNB{Sender: edifact.Party{ID: "5798000016446", Qualifier: "14"}, Recipient: edifact.Party{ID: "5790000000012", Qualifier: "14"}, Date: "050811", Time: "0605", ControlRef: "1"})
	w.Message(edifact.MessageHeader{Ref: "1", Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN"})
	w.Segment("BGM").Elem("452").Elem("1-1").Elem("9")
	w.Segment("DTM").Elem("137").Comp("20050811").Comp("102")
	for n := 1; n <= orders; n++ {
		if n%9999 == 1 {
			w.Segment("LIN").ElemInt(n/9999 + 1)
			w.Segment("MOA").Elem("9").CompAmount(1, 2).Comp("DKK")
			w.Segment("FII").Elem("OR").Elem("1234567890")
		}
		order(w, n)
	}
	w.EndMessage()
	return w.End()
}

func BenchmarkWriter(b *testing.B) {
	var size bytes.Buffer
	if err := interchange(&size, 20000); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if err := interchange(io.Discard, 20000); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	var data bytes.Buffer
	if err := interchange(&data, 20000); err != nil {
		b.Fatal(err)
	}
	b.Run("segments", func(b *testing.B) {
		b.SetBytes(int64(data.Len()))
		b.ReportAllocs()
		for b.Loop() {
			r := edifact.NewReader(bytes.NewReader(data.Bytes()), edifact.Limits{})
			for {
				if _, err := r.Next(); err != nil {
					break
				}
			}
		}
	})
	b.Run("checked", func(b *testing.B) {
		b.SetBytes(int64(data.Len()))
		b.ReportAllocs()
		for b.Loop() {
			if faults, err := check(bytes.NewReader(data.Bytes())); err != nil || len(faults) > 0 {
				b.Fatal(faults, err)
			}
		}
	})
}
