package flowtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nks/gateway/door"
	"nks/gateway/postgres/receive"
)

// stages has a supplier upload so many bytes under a temporary name.
func (w *world) stages(supplier, name string, size int) error {
	return w.Receive.Stage(w.t.Context(), door.Arrival{Door: door.Mailbox, Party: supplier, Key: name, Size: door.Unsized,
		Content: bytes.NewReader(bytes.Repeat([]byte("x"), size))})
}

const stagedNow = `SELECT supplier, count(*), sum(size), (SELECT count(*) FROM document) FROM mailbox_upload JOIN document ON id = document_id GROUP BY 1 ORDER BY 1`

// TestStaging_Quota: one supplier's uploads that wait for their rename are bounded in count and bytes; the same name anew takes the old one's
// place, another supplier has its own, and a delivery straight has nothing to do with it. // S5
func TestStaging_Quota(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.Staging = receive.Staging{Files: 3, Bytes: 1000} })
	for _, c := range []struct {
		supplier, name string
		size           int
		refused        bool
	}{
		{"LEVA", "a.tmp", 400, false}, {"LEVA", "b.tmp", 700, true}, {"LEVA", "b.tmp", 600, false}, {"LEVA", "c.tmp", 1, true},
		{"LEVB", "a.tmp", 1000, false}, {"LEVA", "b.tmp", 601, true}, {"LEVA", "b.tmp", 500, false},
		{"LEVA", "c.tmp", 0, false}, {"LEVA", "d.tmp", 0, true}, {"LEVA", "c.tmp", 100, false},
	} {
		if err := w.stages(c.supplier, c.name, c.size); errors.Is(err, door.ErrQuota) != c.refused || (err == nil) == c.refused {
			t.Errorf("%s %s of %d bytes: %v", c.supplier, c.name, c.size, err)
		}
	}
	w.want("staged", w.row(stagedNow), "LEVA 3 1000 4; LEVB 1 1000 4")
	w.send(bundle("G-1", complete("A", 100)))
	if err := w.Receive.Unstage(t.Context(), "LEVA", "a.tmp"); err != nil {
		t.Error(err)
	}
	if err := w.stages("LEVA", "e.tmp", 400); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

// TestStaging_QuotaAtOnce: many at once do not get past it.
func TestStaging_QuotaAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.Staging = receive.Staging{Files: 3, Bytes: 1000} })
	var all sync.WaitGroup
	var taken atomic.Int32
	for i := range 12 {
		all.Go(func() {
			switch err := w.stages("LEVA", fmt.Sprint(i, ".tmp"), 10); {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, door.ErrQuota):
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.want("staged", w.row(stagedNow), "LEVA 3 30 3")
	if taken.Load() != 3 {
		t.Errorf("%d were told that they are", taken.Load())
	}
}

// TestStaging_Sweep: what nobody has renamed for too long goes, with its bytes, and nothing else.
func TestStaging_Sweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.Staging.Keep = 48 * time.Hour })
	for i := range 101 {
		if err := w.stages("LEVA", fmt.Sprint(i, ".tmp"), 10); err != nil {
			t.Fatal(err)
		}
	}
	if next, err := w.Receive.NextSweep(t.Context(), w.time()); err != nil || next.Sub(w.time()).Round(time.Second) != 48*time.Hour {
		t.Errorf("next at %v, %v", next, err)
	}
	w.later(47 * time.Hour)
	if err := w.stages("LEVB", "new.tmp", 10); err != nil {
		t.Fatal(err)
	}
	if n := w.all("sweep", w.Receive.Sweep); n != 0 {
		t.Errorf("%d sweeps before the time", n)
	}
	w.later(time.Hour + time.Second)
	if n := w.all("sweep", w.Receive.Sweep); n != 1 {
		t.Errorf("swept in %d goes and a last one", n)
	}
	w.want("left", w.row(stagedNow), "LEVB 1 10 1")
}
