package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/server"
)

// built is the program under test and the directory below which every test of this process keeps its data.
type built struct {
	path, root string
	alive      *os.File // the watchdog acts when it closes
}

var build = sync.OnceValues(buildProgram)

// buildProgram builds nks as a user would. The directory can be entered by the user whom PostgreSQL runs as.
func buildProgram() (built, error) {
	root, err := pgtest.Scratch("nkstest")
	if err != nil {
		return built{}, err
	}
	if err := os.Mkdir(filepath.Join(root, "begun"), 0o755); err != nil {
		return built{}, err
	}
	b := built{path: filepath.Join(root, "nks"), root: root}
	if b.alive, err = watch(root); err != nil {
		return b, errors.Join(err, os.RemoveAll(root))
	}
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", b.path, ".").CombinedOutput(); err != nil {
		return b, fmt.Errorf("go build: %w: %s", err, out)
	}
	return b, nil
}

// watch starts a process that outlives us and clears up, however we end: the programs that were begun, what runs below
// root by a pid that a data directory names, and root itself. A pid counts only while its process works in root or is
// called with it.
func watch(root string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	const script = `read end
		for file in "$0"/begun/* "$0"/*/sim/*/*/pid "$0"/*/samples/*/sim/*/*/pid "$0"/*/pg/postmaster.pid "$0"/*/samples/*/pg/postmaster.pid; do
			read -r pid < "$file" || continue
			case "$(readlink "/proc/$pid/cwd") $(tr '\0' ' ' < "/proc/$pid/cmdline")" in
				*"$0"*) kill -KILL "$pid" ;;
			esac
		done 2>/dev/null
		for i in 1 2 3 4 5 6 7 8 9 10; do
			rm -rf "$0" 2>/dev/null && exit
			sleep 0.5
		done`
	cmd := exec.Command("/bin/sh", "-c", script, root)
	cmd.Stdin, cmd.Dir = r, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(cmd.Start(), r.Close()); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is a new directory for a test's data. What still runs there when the test has ended is killed, and is a
// failure of its own.
func place(t *testing.T) string {
	t.Helper()
	b, err := build()
	must(t, err)
	dir, err := os.MkdirTemp(b.root, "d")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() {
		if !t.Failed() {
			nothingRuns(t, dir)
		}
		for _, pid := range running(t, dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if t.Failed() {
			showLogs(t, dir)
		}
		if !eventually(time.Minute, func() bool { return os.RemoveAll(dir) == nil }) {
			t.Errorf("%s not removed", dir)
		}
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

// nothingRuns fails when a party or a database lives on in a data directory.
func nothingRuns(t *testing.T, dir string) {
	t.Helper()
	var left []int
	if eventually(time.Minute, func() bool { left = running(t, dir); return len(left) == 0 }) {
		return
	}
	for _, pid := range left {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		t.Errorf("process %d lives on: %s", pid, bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
	}
}

// eventually waits for something that another process does.
func eventually(limit time.Duration, done func() bool) bool {
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

// process is a running nks, in a process group of its own.
type process struct {
	args     []string
	cmd      *exec.Cmd
	out, err output
	exited   chan struct{}
}

// output is what a process has printed so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// begin starts nks with the arguments, and with the environment's additions.
func begin(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	b, err := build()
	must(t, err)
	p := &process{args: args, cmd: exec.Command(b.path, args...), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.Dir = b.root
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, p.cmd.Start())
	pid := strconv.Itoa(p.cmd.Process.Pid)
	must(t, os.WriteFile(filepath.Join(b.root, "begun", pid), []byte(pid+"\n"), 0o644))
	go func() {
		_ = p.cmd.Wait() // ProcessState tells it all
		close(p.exited)
	}()
	t.Cleanup(p.kill)
	return p
}

// signal sends a signal to the process group.
func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.exited:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// kill ends the process group as a crash does.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.exited
}

// finish waits for the end.
func (p *process) finish(t *testing.T, limit time.Duration) {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
		p.signal(syscall.SIGQUIT)
		<-p.exited
		t.Fatalf("nks %s: not done in %v\n%s", strings.Join(p.args, " "), limit, p.err.String())
	}
}

// code is the exit code; -1 when a signal ended it.
func (p *process) code() int { return p.cmd.ProcessState.ExitCode() }

// longest is how long a command may take on a machine that is busy with other things.
const longest = 10 * time.Minute

// size is that of a test in make farm, or that of the sample of it that make test has time for.
func size(sample, full int) int {
	if os.Getenv("NKS_FARM") != "" {
		return full
	}
	return sample
}

// nks runs a command to its end.
func nks(t *testing.T, args ...string) *process {
	t.Helper()
	p := begin(t, nil, args...)
	p.finish(t, longest)
	return p
}

// want fails unless the command ended with the code.
func (p *process) want(t *testing.T, code int) {
	t.Helper()
	if p.code() != code {
		t.Fatalf("nks %s: exit code %d, want %d\nstdout: %s\nstderr: %s", strings.Join(p.args, " "), p.code(), code, tail(p.out.String()), tail(p.err.String()))
	}
}

// tail is the end of a long text.
func tail(s string) string { return s[max(0, len(s)-6000):] }

// oneLine fails unless the command said why in one line, and nothing on standard output.
func (p *process) oneLine(t *testing.T, words ...string) {
	t.Helper()
	text := p.err.String()
	if p.out.String() != "" || strings.Count(text, "\n") != 1 {
		t.Errorf("nks %s: said %q and %q, want one line on standard error", strings.Join(p.args, " "), p.out.String(), text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("nks %s: said %q, which does not name %q", strings.Join(p.args, " "), text, w)
		}
	}
}

// result is what nks demo --json prints.
type result struct {
	Deliveries           int64   `json:"deliveries"`
	BundlesRejected      int64   `json:"bundles_rejected"`
	Received             int64   `json:"received"`
	Rejected             int64   `json:"rejected"`
	Executed             int64   `json:"executed"`
	Returned             int64   `json:"returned"`
	Cheque               int64   `json:"cheque"`
	Waiting              int64   `json:"waiting"`
	ReceivedOere         int64   `json:"received_oere"`
	AccountedOere        int64   `json:"accounted_oere"`
	DifferenceOere       int64   `json:"difference_oere"`
	BankLedgerDifference int64   `json:"bank_ledger_difference"`
	Unanswered           int     `json:"unanswered"`
	Findings             int     `json:"findings"`
	Seconds              float64 `json:"seconds"`
	File                 string  `json:"file"`
}

// result reads the object on standard output, which holds nothing else.
func (p *process) result(t *testing.T) result {
	t.Helper()
	var r result
	d := json.NewDecoder(strings.NewReader(p.out.String()))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || d.More() {
		t.Fatalf("nks %s printed %q: %v, more: %t\n%s", strings.Join(p.args, " "), p.out.String(), err, d.More(), tail(p.err.String()))
	}
	return r
}

// clean fails when something is not explained or not answered.
func (r result) clean(t *testing.T) {
	t.Helper()
	if r.DifferenceOere != 0 || r.BankLedgerDifference != 0 || r.Unanswered != 0 || r.Findings != 0 || r.Waiting != 0 {
		t.Errorf("not everything is explained: %+v", r)
	}
	if r.Received != r.Rejected+r.Executed+r.Returned+r.Cheque+r.Waiting || r.ReceivedOere != r.AccountedOere+r.DifferenceOere {
		t.Errorf("the figures do not add up: %+v", r)
	}
	if r.Received == 0 || r.Executed == 0 || r.ReceivedOere == 0 || r.Seconds <= 0 {
		t.Errorf("nothing was done: %+v", r)
	}
}

// database starts the data directory's PostgreSQL and connects as its superuser; both go with the test.
func database(t *testing.T, dir string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	s, err := server.Start(ctx, server.Config{DataDir: filepath.Join(dir, "pg")})
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop(context.Background())) })
	conn, err := pgx.Connect(ctx, s.DSN(server.Database, server.Superuser, "search_path=nks"))
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close(context.Background())) })
	return conn
}

// exists tells whether there is such a file.
func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}
