package sftp_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"nks/sftp"
)

// BenchmarkPut is the client against the mailbox server over loopback.
func BenchmarkPut(b *testing.B) {
	s := serve(b, sftp.Limits{})
	c := s.client(b, "KMD")
	data := pattern(32 << 20)
	b.SetBytes(int64(len(data)))
	for i := 0; b.Loop(); i++ {
		r := sftp.PutRequest{
			TempName: fmt.Sprintf("in/%d.tmp", i), FinalName: fmt.Sprintf("in/%d.xml", i),
			Content: bytes.NewReader(data), Size: int64(len(data)),
		}
		if _, err := c.Put(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFetch is the client against the mailbox server over loopback.
func BenchmarkFetch(b *testing.B) {
	s := serve(b, sftp.Limits{})
	c := s.client(b, "KMD")
	data := pattern(32 << 20)
	s.box.Offer("KMD", "a.xml", data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := c.Fetch(b.Context(), "out/a.xml", 1<<30, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
