package banking_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"nks/edifact"
	"nks/edifact/banking"
)

// largePaymul is an interchange of one message with n orders as a Danish bank
// gets them.
func largePaymul(n int) []byte {
	var b bytes.Buffer
	b.WriteString("UNA:+,? 'UNB+UNOC:3+5798000016446:14+5790000000012:14+050811:0605+1'UNH+1+PAYMUL:D:96A:UN'BGM+452+A+9'DTM+137:20050811:102'")
	segments, lines := 3, 0
	for i := range n {
		if i%9999 == 0 {
			lines++
			fmt.Fprintf(&b, "LIN+%d'DTM+203:20050812:102'RFF+AEK:G%d'BUS++DO++IBB'MOA+9:100,00:DKK'FII+OR+1234567890:::DKK+:::4321:80:130'NAD+OY+++KOMMUNEN'", lines, lines)
			segments += 7
		}
		fmt.Fprintf(&b, "SEQ++%d'MOA+9:%d,25:DKK'RFF+CR:00000001FAKTURA 2005-0815/%08d'PAI+::IBB:::UKA'FII+BF+%010d+:::5432:80:130'NAD+BE+++J\xf8rgen B\xe6k+\xc5boulevarden 12+Lyngby++2800+DK'PRC+11'FTX+PMD+++Boligst\xf8tte for august 2005:Journal 4711'", i%9999+1, i*100, i, i)
		segments += 8
	}
	fmt.Fprintf(&b, "CNT+LIN:%d'CNT+SEQ:%d'UNT+%d+1'UNZ+1+1'", lines, n, segments+3)
	return b.Bytes()
}

func BenchmarkTypedPaymul(b *testing.B) {
	text := largePaymul(40_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r := banking.NewReader(validator(bytes.NewReader(text)), banking.Options{})
		for {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		if _, details := r.Counts(); details != 40_000 {
			b.Fatal(details)
		}
	}
}

func BenchmarkValidateAlone(b *testing.B) {
	text := largePaymul(40_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		v := validator(bytes.NewReader(text))
		for {
			if _, err := v.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkWritePaymul(b *testing.B) {
	text := largePaymul(1000)
	m, err := banking.NewReader(validator(bytes.NewReader(text)), banking.Options{}).ReadMessage()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		w := edifact.NewWriter(io.Discard, edifact.WriterOptions{UNA: true})
		w.Begin(edifact.UNB{Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}, Date: "050811", Time: "0605", ControlRef: "1"})
		if err := banking.NewWriter(w).WriteMessage(m); err != nil {
			b.Fatal(err)
		}
		if err := w.End(); err != nil {
			b.Fatal(err)
		}
	}
}
