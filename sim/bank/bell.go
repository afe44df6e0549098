package bank

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// bell joins the SFTP server with the desk: a file that arrives makes the status say that there is work before the
// client hears that its rename succeeded. Who sees an idle centre afterwards sees one that has read the file.
type bell struct {
	path string
	wake chan struct{}

	mu      sync.Mutex
	rung    int
	last    report
	written bool // since this process began: before, the file says what another one left
}

// report is status.json.
type report struct {
	OffsetNS int64  `json:"offset_ns"`
	Idle     bool   `json:"idle"`
	NextDue  string `json:"next_due"`
	Serial   int    `json:"serial"`
	Done     int    `json:"done"`
	Todo     int    `json:"todo"`
}

func newBell(path string) *bell { return &bell{path: path, wake: make(chan struct{}, 1)} }

// ring is called between a change of in/ and the reply to it.
func (b *bell) ring() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rung++
	r := b.last
	r.Idle = false
	err := b.write(r)
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return err
}

// heard returns how often the bell has rung.
func (b *bell) heard() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung
}

// status writes the report of a turn that began when the bell had rung so often.
func (b *bell) status(rung int, r report) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.Idle = r.Idle && rung == b.rung
	return b.write(r)
}

func (b *bell) write(r report) error {
	if b.written && r == b.last {
		return nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	if err := replaceFile(b.path, append(text, '\n'), false); err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	b.last, b.written = r, true
	return nil
}

func (d *desk) report() report {
	r := report{OffsetNS: int64(d.offset), Idle: true, Serial: d.state.things, Done: d.state.done, Todo: len(d.state.todo)}
	if len(d.state.todo) > 0 {
		due := d.state.todo[0].Due
		r.Idle = due.After(d.now())
		r.NextDue = due.In(d.zone).Format(time.RFC3339)
	}
	return r
}
