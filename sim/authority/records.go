package authority

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrPlan says that a plan cannot be followed.
var ErrPlan = errors.New("authority: plan")

// delivery is one line of the plan: at its time, the file is uploaded under the name As.
type delivery struct {
	At   time.Time `json:"at"`
	File string    `json:"file"`
	As   string    `json:"as"`
	Kind string    `json:"kind"`
}

func readPlan(path string) ([]delivery, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	defer f.Close()
	var plan []delivery
	lines := json.NewDecoder(bufio.NewReader(f))
	for {
		var d delivery
		switch err := lines.Decode(&d); {
		case errors.Is(err, io.EOF):
			return plan, nil
		case err != nil:
			return nil, fmt.Errorf("%w: line %d: %w", ErrPlan, len(plan)+1, err)
		case !plainName(d.As) || !plainName(d.File):
			return nil, fmt.Errorf("%w: line %d: file name", ErrPlan, len(plan)+1)
		case len(plan) > 0 && d.At.Before(plan[len(plan)-1].At):
			return nil, fmt.Errorf("%w: line %d: earlier than the line before", ErrPlan, len(plan)+1)
		}
		plan = append(plan, d)
	}
}

// plainName keeps a name from meaning another folder, or being taken for a temporary one.
func plainName(name string) bool {
	return name != "" && name[0] != '.' && !strings.ContainsAny(name, "/\\\x00")
}

// resultOK is the result of what was done.
const resultOK = "ok"

// entry is one line of the journal: a delivery (File, As), or an answer brought home (Got).
type entry struct {
	At     time.Time `json:"at"` // business time
	File   string    `json:"file,omitempty"`
	As     string    `json:"as,omitempty"`
	Got    string    `json:"got,omitempty"`
	SHA256 string    `json:"sha256"`
	Size   int64     `json:"size"`
	Result string    `json:"result"`
}

// journal is the synced list of what was certainly done. One process at a time holds it.
type journal struct {
	f    *os.File
	sent map[string]int // acknowledged deliveries by name
	got  map[string]bool
}

func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLocal, err)
	}
	j := &journal{f: f, sent: map[string]int{}, got: map[string]bool{}}
	if err := j.load(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %s: %w", errLocal, path, err)
	}
	return j, nil
}

// load reads what was done. A line that a kill cut short was never acted upon and is cut away.
func (j *journal) load() error {
	if err := syscall.Flock(int(j.f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another process has it: %w", err)
	}
	all, err := io.ReadAll(j.f)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(all, '\n') + 1
	for line := range bytes.Lines(all[:whole]) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		j.count(e)
	}
	if err := j.f.Truncate(int64(whole)); err != nil {
		return err
	}
	_, err = j.f.Seek(int64(whole), io.SeekStart)
	return err
}

func (j *journal) count(e entry) {
	switch {
	case e.Result != resultOK:
	case e.Got != "":
		j.got[e.Got] = true
	default:
		j.sent[e.As]++
	}
}

func (j *journal) append(e entry) error {
	b, err := json.Marshal(e)
	if err == nil {
		_, err = j.f.Write(append(b, '\n'))
	}
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	j.count(e)
	return nil
}

func (j *journal) has(got string) bool { return j.got[got] }

func (j *journal) close() { j.f.Close() }

// match tells how many deliveries of the plan, from its beginning, were acknowledged. A name may stand in a plan more
// than once.
func (j *journal) match(plan []delivery) int {
	left := map[string]int{}
	for name, n := range j.sent {
		left[name] = n
	}
	for i, d := range plan {
		if left[d.As] == 0 {
			return i
		}
		left[d.As]--
	}
	return len(plan)
}

// keep gives a fetched answer its name. The same bytes may come twice, after a kill; other bytes under a known name
// are kept beside the first.
func keep(dir, name, tmp, sum string) (string, error) {
	for n := 1; ; n++ {
		as := name
		if n > 1 {
			as = name + "~" + strconv.Itoa(n)
		}
		path := filepath.Join(dir, as)
		old, err := os.ReadFile(path)
		if err == nil {
			if digest(old) == sum {
				return as, os.Remove(tmp)
			}
			continue
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		if err := os.Rename(tmp, path); err != nil {
			return "", err
		}
		return as, syncDir(dir)
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// readClock gives the offset of business time. Without the file business has not begun.
func readClock(path string) (time.Duration, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	var c struct {
		OffsetNS *int64 `json:"offset_ns"`
	}
	if json.Unmarshal(b, &c) != nil || c.OffsetNS == nil {
		return 0, false
	}
	return time.Duration(*c.OffsetNS), true
}

// state is what the others may know of this process.
type state struct {
	OffsetNS int64  `json:"offset_ns"`
	Idle     bool   `json:"idle"`
	NextDue  string `json:"next_due"`
	Serial   int64  `json:"serial"`
	Done     int    `json:"done"`
	Todo     int    `json:"todo"`
}

// status writes status.json whenever the state changes.
type status struct {
	path string
	last state
}

// openStatus goes on counting where an earlier process stopped.
func openStatus(path string) *status {
	s := &status{path: path}
	if b, err := os.ReadFile(path); err == nil {
		var old state
		if json.Unmarshal(b, &old) == nil {
			s.last = state{Serial: old.Serial}
		}
	}
	return s
}

func (s *status) write(now state) error {
	now.Serial = s.last.Serial
	if now == s.last {
		return nil
	}
	now.Serial++
	b, err := json.Marshal(now)
	if err == nil {
		err = os.WriteFile(s.path+".tmp", b, 0o644)
	}
	if err == nil {
		err = os.Rename(s.path+".tmp", s.path)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	s.last = now
	return nil
}
