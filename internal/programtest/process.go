package programtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a running program, in a process group of its own.
type Process struct {
	Args     []string
	Out, Err Output
	name     string
	cmd      *exec.Cmd
	exited   chan struct{}
}

// Output is what a process has printed so far.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// String is all of it so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Begin starts the program with the arguments, and with the environment's additions.
func (p *Program) Begin(t *testing.T, env []string, args ...string) *Process {
	t.Helper()
	b := p.built(t)
	r := &Process{Args: args, name: p.name, cmd: exec.Command(b.path, args...), exited: make(chan struct{})}
	r.cmd.Stdout, r.cmd.Stderr = &r.Out, &r.Err
	r.cmd.Dir = b.root
	r.cmd.Env = append(os.Environ(), env...)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, r.cmd.Start())
	pid := strconv.Itoa(r.cmd.Process.Pid)
	must(t, os.WriteFile(filepath.Join(b.root, "begun", pid), []byte(pid+"\n"), 0o644))
	go func() {
		_ = r.cmd.Wait() // ProcessState tells it all
		close(r.exited)
	}()
	t.Cleanup(func() {
		r.Kill()
		runtime.KeepAlive(p) // the watchdog clears up when nobody has the program any more
	})
	return r
}

// Signal sends a signal to the process group.
func (p *Process) Signal(s syscall.Signal) {
	select {
	case <-p.exited:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// Terminate asks the process, and nobody else of its group, to stop, as an init system does.
func (p *Process) Terminate(t *testing.T) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
}

// Kill ends the process group as a crash does.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.exited
}

// Finish waits for the end.
func (p *Process) Finish(t *testing.T, limit time.Duration) {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
		p.Signal(syscall.SIGQUIT)
		<-p.exited
		t.Fatalf("%s %s: not done in %v\n%s", p.name, strings.Join(p.Args, " "), limit, p.Err.String())
	}
}

// Code is the exit code; -1 when a signal ended it.
func (p *Process) Code() int { return p.cmd.ProcessState.ExitCode() }

// Longest is how long a command may take on a machine that is busy with other things.
const Longest = 10 * time.Minute

// Size is that of a test in make farm, or that of the sample of it that make test has time for.
func Size(sample, full int) int {
	if os.Getenv("NKS_FARM") != "" {
		return full
	}
	return sample
}

// Run runs a command to its end.
func (p *Program) Run(t *testing.T, args ...string) *Process {
	t.Helper()
	r := p.Begin(t, nil, args...)
	r.Finish(t, Longest)
	return r
}

// Want fails unless the command ended with the code.
func (p *Process) Want(t *testing.T, code int) {
	t.Helper()
	if p.Code() != code {
		t.Fatalf("%s %s: exit code %d, want %d\nstdout: %s\nstderr: %s", p.name, strings.Join(p.Args, " "), p.Code(), code, Tail(p.Out.String()), Tail(p.Err.String()))
	}
}

// Tail is the end of a long text.
func Tail(s string) string { return s[max(0, len(s)-6000):] }

// OneLine fails unless the command said why in one line, and nothing on standard output.
func (p *Process) OneLine(t *testing.T, words ...string) {
	t.Helper()
	text := p.Err.String()
	if p.Out.String() != "" || strings.Count(text, "\n") != 1 {
		t.Errorf("%s %s: said %q and %q, want one line on standard error", p.name, strings.Join(p.Args, " "), p.Out.String(), text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s %s: said %q, which does not name %q", p.name, strings.Join(p.Args, " "), text, w)
		}
	}
}

// Ended reports whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }
