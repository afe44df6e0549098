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

// largest makes an interchange of more than 50 MB.
const largest = 225_000

// largePaymul is an interchange of n orders as a Danish bank gets them, 9,999 in
// a message, with one line.
func largePaymul(n int) []byte {
	var b bytes.Buffer
	b.WriteString("UNA:+,? 'UNB+UNOC:3+5798000016446:14+5790000000012:14+050811:0605+1'")
	messages := 0
	for first := 0; first < n; first += 9999 {
		messages++
		orders := min(n-first, 9999)
		fmt.Fprintf(&b, "UNH+%d+PAYMUL:D:96A:UN'BGM+452+A+9'DTM+137:20050811:102'"+
			"LIN+1'DTM+203:20050812:102'RFF+AEK:G1'BUS++DO++IBB'MOA+9:100,00:DKK'FII+OR+1234567890:::DKK+:::4321:80:130'NAD+OY+++KOMMUNEN'", messages)
		for i := range orders {
			fmt.Fprintf(&b, "SEQ++%d'MOA+9:%d,25:DKK'RFF+CR:00000001FAKTURA 2005-0815/%08d'PAI+::IBB:::UKA'FII+BF+%010d+:::5432:80:130'"+
				"NAD+BE+++J\xf8rgen B\xe6k+\xc5boulevarden 12+Lyngby++2800+DK'PRC+11'FTX+PMD+++Boligst\xf8tte for august 2005:Journal 4711'", i+1, i*100, i, i)
		}
		fmt.Fprintf(&b, "CNT+LIN:1'CNT+SEQ:%d'UNT+%d+%d'", orders, 8*orders+13, messages)
	}
	fmt.Fprintf(&b, "UNZ+%d+1'", messages)
	return b.Bytes()
}

func BenchmarkTypedPaymul(b *testing.B) {
	text := largePaymul(largest)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r := banking.NewReader(validator(bytes.NewReader(text)), banking.Options{})
		orders := 0
		for {
			item, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			if _, is := item.(*banking.PaymulOrder); is {
				orders++
			}
		}
		if orders != largest {
			b.Fatal(orders)
		}
	}
}

func BenchmarkValidateAlone(b *testing.B) {
	text := largePaymul(largest)
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
