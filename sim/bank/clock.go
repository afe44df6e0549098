package bank

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// clock is business time: the machine's plus the offset that the demo writes.
type clock struct {
	path string
	now  func() time.Time
}

func newClock(dir string, now func() time.Time) clock {
	if now == nil {
		now = time.Now
	}
	return clock{path: filepath.Join(dir, "sim", "clock.json"), now: now}
}

// read returns the offset in force; without a file it is nought.
func (c clock) read() (time.Duration, error) {
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read clock: %w", err)
	}
	var v struct {
		OffsetNS int64 `json:"offset_ns"`
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return 0, fmt.Errorf("read clock %s: %w", c.path, err)
	}
	return time.Duration(v.OffsetNS), nil
}

func (c clock) at(offset time.Duration) time.Time { return c.now().Add(offset) }

// beginClock writes the offset at the first start with a business time of its own.
func beginClock(c Config) error {
	clock := newClock(c.Dir, c.Now)
	_, err := os.Stat(clock.path)
	if c.Clock.IsZero() || err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clock: %w", err)
	}
	text, err := json.Marshal(map[string]int64{"offset_ns": int64(c.Clock.Sub(clock.now()))})
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	return replaceFile(clock.path, append(text, '\n'), true)
}
