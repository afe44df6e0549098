package witness

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	fs, _ := filepath.Glob("/tmp/nks/country/D2/sim/authority/*/send/*")
	var n int64
	t0 := time.Now()
	for k := 0; k < 3; k++ {
		for _, f := range fs {
			h, _ := os.Open(f)
			s, _ := h.Stat()
			n += s.Size()
			walk(bufio.NewReaderSize(h, 1<<16), func(*element) error { return nil })
			h.Close()
		}
	}
	d := time.Since(t0)
	t.Log(n>>20, d, float64(n)/1e6/d.Seconds())
}
