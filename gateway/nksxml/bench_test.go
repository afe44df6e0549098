package nksxml_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"nks/gateway/nksxml"
)

// bigBundle is a document with n payments, made of the payments of one of ours, on indented lines or all on one.
func bigBundle(tb testing.TB, n int, indented bool) []byte {
	tb.Helper()
	doc, err := os.ReadFile(filepath.Join(testdata, "payment-incomplete-grouped.xml"))
	if err != nil {
		tb.Fatal(err)
	}
	first, last := bytes.Index(doc, []byte("<swift:PmtTx>")), bytes.LastIndex(doc, []byte("</swift:PmtTx>"))+len("</swift:PmtTx>")
	var b bytes.Buffer
	b.Write(doc[:first])
	for range n / 5 {
		b.Write(doc[first:last])
		b.WriteString("\n        ")
	}
	b.Write(doc[last:])
	out := b.Bytes()
	if !indented {
		lines := bytes.Split(out, []byte("\n"))
		for i, l := range lines {
			lines[i] = bytes.TrimLeft(l, " ")
		}
		head := bytes.Join(lines[:8], []byte("\n"))
		out = append(head, bytes.Join(lines[8:], nil)...)
	}
	return out
}

func BenchmarkReader(b *testing.B) {
	for _, indented := range []bool{true, false} {
		b.Run(fmt.Sprintf("indented=%v", indented), func(b *testing.B) {
			doc := bigBundle(b, 10000, indented)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			n := 0
			since := cpuTime()
			for b.Loop() {
				r := nksxml.NewReader(bytes.NewReader(doc), nksxml.Limits{})
				n = 0
				for {
					_, err := r.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			reportCore(b, len(doc), since)
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "payments/s")
		})
	}
}

func BenchmarkTokenizer(b *testing.B) {
	for _, indented := range []bool{true, false} {
		b.Run(fmt.Sprintf("indented=%v", indented), func(b *testing.B) {
			doc := bigBundle(b, 10000, indented)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			since := cpuTime()
			for b.Loop() {
				t := nksxml.NewTokenizer(bytes.NewReader(doc), nksxml.Limits{})
				for {
					if _, err := t.Next(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
			reportCore(b, len(doc), since)
		})
	}
}

func BenchmarkEncodingXML(b *testing.B) {
	doc := bigBundle(b, 10000, true)
	b.SetBytes(int64(len(doc)))
	since := cpuTime()
	for b.Loop() {
		d := xml.NewDecoder(bytes.NewReader(doc))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	reportCore(b, len(doc), since)
}

func BenchmarkWriteResponse8(b *testing.B) {
	doc := answers()["response-8-grouped.xml"].(*nksxml.Response8)
	var size counter
	if err := nksxml.Write(&size, doc); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	since := cpuTime()
	for b.Loop() {
		w := nksxml.NewResponse8Writer(io.Discard, &doc.General)
		_ = w.Begin(&doc.Blocks[0].Debit)
		for i := range doc.Blocks[0].Transfers {
			_ = w.Tx(&doc.Blocks[0].Transfers[i])
		}
		if err := w.End(); err != nil {
			b.Fatal(err)
		}
	}
	reportCore(b, int(size), since)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// cpuTime is what this process has used of the processors: on a shared machine it says more than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCore reports the megabytes that one core handles in a second.
func reportCore(b *testing.B, size int, since time.Duration) {
	b.ReportMetric(float64(size)*float64(b.N)/1e6/(cpuTime()-since).Seconds(), "MB/s-core")
}
