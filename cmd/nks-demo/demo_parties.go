package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// party is a simulated party: a process of its own, in a session of its own, that lives on when this one dies.
type party struct {
	name   string // as "bank BEC"
	folder string // below sim/, as "bank/BEC"
	args   []string
}

func (w *world) parties() []party {
	var all []party
	for _, c := range w.centres {
		all = append(all, party{"bank " + c, filepath.Join("bank", c),
			[]string{"sim", "bank", "--dir", w.dir, "--centre", c, "--listen", w.address(c)}})
	}
	for _, s := range w.suppliers {
		args := []string{"sim", "authority", "--dir", w.dir, "--supplier", s, "--mailbox", w.address("mailbox")}
		if queue := w.queueAddress(); queue != "" {
			via := viaSFTP
			if slices.Contains(w.byQueue, s) {
				via = viaMQ
			}
			args = append(args, "--mq", queue, "--via", via)
		}
		all = append(all, party{"authority " + s, filepath.Join("authority", s), args})
	}
	return all
}

// startStrangers starts the parties that do not live already.
func (w *world) startParties() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	for _, s := range w.parties() {
		if pid := w.alive(s); pid != 0 {
			continue
		}
		if err := w.launch(program, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (w *world) launch(program string, s party) error {
	log, err := os.OpenFile(w.path("log", strings.ReplaceAll(s.name, " ", "-")+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(program, s.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := writeFile(w.pidFile(s), []byte(strconv.Itoa(cmd.Process.Pid)+"\n")); err != nil {
		return err
	}
	// Its end is not waited for here, only collected, so that it leaves no zombie while this process lives.
	go func() { _ = cmd.Wait() }()
	return nil
}

func (w *world) pidFile(s party) string { return w.path("sim", s.folder, "pid") }

// alive is the party's process, 0 when it does not live. One that was started by a demonstration which was killed
// before it could write the process down is found all the same.
func (w *world) alive(s party) int {
	if b, err := os.ReadFile(w.pidFile(s)); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && plays(pid, s) {
			return pid
		}
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && plays(pid, s) {
			return pid
		}
	}
	return 0
}

// plays reports whether the process is the party: its command line names the role and the data directory.
func plays(pid int, s party) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || pid <= 1 {
		return false
	}
	tokens := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	return len(tokens) > 0 && slices.Equal(tokens[1:], s.args)
}

// stopStrangers asks every living party to stop and waits until it has.
func (w *world) stopParties() error {
	if len(w.marker.Ports) == 0 {
		return nil
	}
	for _, s := range w.parties() {
		pid := w.alive(s)
		if pid == 0 {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		for deadline := time.Now().Add(10 * time.Second); w.alive(s) == pid; {
			if time.Now().After(deadline) {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
					return fmt.Errorf("%s: %w", s.name, err)
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// partyStatus is what a party says of itself.
type partyStatus struct {
	OffsetNS int64  `json:"offset_ns"`
	Idle     bool   `json:"idle"`
	NextDue  string `json:"next_due"`
	Serial   int64  `json:"serial"`
	Done     int    `json:"done"`
	Todo     int    `json:"todo"`
}

// status is a party's last word; one that has not spoken yet is busy.
func (w *world) status(s party) (partyStatus, error) {
	var st partyStatus
	err := readJSON(w.path("sim", s.folder, "status.json"), &st)
	if errors.Is(err, fs.ErrNotExist) {
		return partyStatus{}, nil
	}
	return st, err
}
