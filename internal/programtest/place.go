package programtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Place is a new directory for a test's data. What still runs there when the test has ended is killed, and is a
// failure of its own.
func (p *Program) Place(t *testing.T) string {
	t.Helper()
	b := p.built(t)
	dir, err := os.MkdirTemp(b.root, "d")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() {
		if !t.Failed() {
			NothingRuns(t, dir)
		}
		for _, pid := range running(t, dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if t.Failed() {
			showLogs(t, dir)
		}
		if !Eventually(time.Minute, func() bool { return os.RemoveAll(dir) == nil }) {
			t.Errorf("%s not removed", dir)
		}
		runtime.KeepAlive(p)
	})
	return dir
}

// showLogs repeats the end of what the parties wrote, for whoever must find out why a test failed.
func showLogs(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	must(t, err)
	for _, f := range append(files, filepath.Join(dir, "pg.log")) {
		if b, err := os.ReadFile(f); err == nil {
			t.Logf("%s ends:\n%s", filepath.Base(f), b[max(0, len(b)-3000):])
		}
	}
}

// running lists the processes that belong to a data directory: those that its pid files name, and PostgreSQL's.
func running(t *testing.T, dir string) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	must(t, err)
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		called := bytes.Contains(append(line, 0), []byte(dir+"\x00"))
		if called || cwd == dir || strings.HasPrefix(cwd, dir+"/") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// NothingRuns fails when a party or a database lives on in a data directory.
func NothingRuns(t *testing.T, dir string) {
	t.Helper()
	var left []int
	if Eventually(time.Minute, func() bool { left = running(t, dir); return len(left) == 0 }) {
		return
	}
	for _, pid := range left {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		t.Errorf("process %d lives on: %s", pid, bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
	}
}

// Eventually waits for something that another process does.
func Eventually(limit time.Duration, done func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); ; <-tick.C {
		if done() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// Exists reports whether there is such a file.
func Exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// Repository is a path of this repository, from the folder of a package in cmd/.
func Repository(t testing.TB, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"..", ".."}, parts...)...))
	must(t, err)
	return path
}

// Postmaster is the first process of a data directory's database, 0 while there is none.
func Postmaster(t testing.TB, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.SplitN(string(b), "\n", 2)[0])
	if err != nil || pid <= 1 {
		return 0
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || cwd != filepath.Join(dir, "pg") {
		return 0
	}
	return pid
}
