package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// errUnclean says that the server had to be killed; it recovers by itself at the next start.
var errUnclean = errors.New("had to be stopped by force")

// errOccupied says that another server still holds the cluster or the socket: worth another try.
var errOccupied = errors.New("an earlier server still holds it")

const (
	// occupiedFor is how long remains of an earlier server are waited for.
	occupiedFor = 30 * time.Second

	// leaveFor is how long a server that was told to stop cleanly gets before it is told to stop at once; a
	// checkpoint of everything in memory takes seconds on a slow disk.
	leaveFor = 60 * time.Second

	logLimit = 16 * mebi
)

// postmaster is a server process that we started.
type postmaster struct {
	pid    int
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has been waited for
}

// end tells how the process ended; only after exited.
func (p *postmaster) end() string { return p.cmd.ProcessState.String() }

// launch clears away what an earlier server left and starts ours, and returns when it answers.
func (s *Server) launch(ctx context.Context) (*postmaster, error) {
	deadline := time.Now().Add(occupiedFor)
	for {
		if err := s.clearLeftovers(ctx); err != nil {
			return nil, err
		}
		p, err := s.spawn(ctx)
		if err == nil || !errors.Is(err, errOccupied) || time.Now().After(deadline) {
			return p, err
		}
		if !pauseFor(ctx, 200*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
}

// spawn starts the postmaster and waits until it answers. It is stopped again when it does not.
func (s *Server) spawn(ctx context.Context) (*postmaster, error) {
	log, err := s.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	args := append([]string{"-D", s.cfg.DataDir}, s.settings()...)
	cmd := s.acct.command(filepath.Join(s.bin, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	p := &postmaster{pid: cmd.Process.Pid, cmd: cmd, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // ProcessState tells it all
		close(p.exited)
	}()
	if err := s.awaitReady(ctx, p); err != nil {
		select {
		case <-p.exited:
			return nil, explain(err, log, from)
		default:
			return nil, errors.Join(err, s.halt(p))
		}
	}
	return p, nil
}

// openLog opens the server's log, putting the old one aside when it has grown.
func (s *Server) openLog() (*os.File, error) {
	if info, err := os.Stat(s.cfg.Log); err == nil && info.Size() > logLimit {
		if err := os.Rename(s.cfg.Log, s.cfg.Log+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(s.cfg.Log, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
}

// awaitReady waits for the moment when postmaster.pid names p as ready and a connection works: a ping alone is also
// answered by an orphan. One that is restored from a backup answers before it takes rows, and who stopped it then would lose the
// moment that it was to be restored to. Recovery after a crash may take its time, so only ctx and p's end bound it.
func (s *Server) awaitReady(ctx context.Context, p *postmaster) error {
	for {
		file, err := readPIDFile(s.cfg.DataDir)
		if err == nil && file.pid == p.pid && file.ready {
			if err := s.ping(ctx); err == nil {
				return nil
			}
		}
		select {
		case <-p.exited:
			return fmt.Errorf("postgres ended at once (%s)", p.end())
		case <-ctx.Done():
			return fmt.Errorf("postgres not ready: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

var errRestoring = errors.New("it is being restored from a backup")

func (s *Server) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres", Superuser))
	if err != nil {
		return err
	}
	var restoring bool
	err = conn.QueryRow(ctx, `SELECT pg_is_in_recovery()`).Scan(&restoring)
	if err == nil && restoring {
		err = errRestoring
	}
	return errors.Join(err, conn.Close(ctx))
}

// explain adds the server's last words. They are also the only way it tells that another server is in its way.
func explain(err error, log *os.File, from int64) error {
	words, readErr := io.ReadAll(io.NewSectionReader(log, from, 64<<10))
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	for _, sign := range []string{"lock file", "shared memory block", "could not create any Unix-domain sockets"} {
		if bytes.Contains(words, []byte(sign)) {
			err = fmt.Errorf("%w: %w", errOccupied, err)
			break
		}
	}
	return fmt.Errorf("%w: %s", err, lastLines(words, 4))
}

// halt shuts p down: cleanly, then at once when time runs out or somebody is in a hurry, at last by force.
func (s *Server) halt(p *postmaster) error {
	steps := []struct {
		signal  syscall.Signal
		patient bool
		wait    time.Duration
	}{{syscall.SIGINT, true, leaveFor}, {syscall.SIGQUIT, false, 10 * time.Second}, {syscall.SIGKILL, false, 10 * time.Second}}
	for i, step := range steps {
		if err := p.cmd.Process.Signal(step.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("signal postgres: %w", err)
		}
		hurry := s.urgent
		if !step.patient {
			hurry = nil
		}
		select {
		case <-p.exited:
			if i > 0 {
				return errUnclean
			}
			return nil
		case <-hurry:
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("%w, and did not", errUnclean)
}

// pidFile is what a running server tells about itself in postmaster.pid.
type pidFile struct {
	pid       int
	socketDir string
	ready     bool
}

// readPIDFile reads postmaster.pid: line 1 the process, 5 the socket's directory, 8 the state
// (PostgreSQL src/include/utils/pidfile.h).
func readPIDFile(dataDir string) (pidFile, error) {
	b, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return pidFile{}, err
	}
	lines := strings.Split(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 0 {
		return pidFile{}, errors.New("postmaster.pid holds no process id")
	}
	file := pidFile{pid: pid}
	if len(lines) > 4 {
		file.socketDir = strings.TrimSpace(lines[4])
	}
	if len(lines) > 7 {
		file.ready = strings.TrimSpace(lines[7]) == "ready"
	}
	return file, nil
}

// pauseFor waits for d and reports whether ctx still lives.
func pauseFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
