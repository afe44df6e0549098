package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clearLeftovers ends the processes that an earlier server left on our data directory, and removes its lock files.
// We hold the directory's lock, so whatever runs there is an orphan: its nks is dead.
//
// An orphan is stopped rather than taken over: its sessions may be in the middle of a dead nks' statement, holding
// locks that nobody will give back, and it is not our child to watch.
func (s *Server) clearLeftovers(ctx context.Context) error {
	left := s.leftovers()
	if len(left) == 0 {
		return s.removeStaleFiles()
	}
	s.cfg.Logger.Warn().Ints("pids", left).Msg("stopping an earlier private PostgreSQL")
	if file, err := readPIDFile(s.cfg.DataDir); err == nil && slices.Contains(left, file.pid) {
		if err := s.stopOrphan(ctx, file.pid); err != nil {
			return err
		}
	}
	return s.endWorkers(ctx)
}

// stopOrphan asks a whole server to stop: cleanly, then at once.
func (s *Server) stopOrphan(ctx context.Context, pid int) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, leaveFor}, {syscall.SIGQUIT, 10 * time.Second}, {syscall.SIGKILL, time.Second}} {
		s.signal(pid, step.signal)
		if gone, err := s.awaitGone(ctx, step.wait, pid); gone || err != nil {
			return err
		}
	}
	return nil
}

// endWorkers waits for processes without a postmaster. They end by themselves when they notice; one that is busy is
// told, and at last killed: the next start recovers in any case.
func (s *Server) endWorkers(ctx context.Context) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{0, time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, occupiedFor}} {
		for _, pid := range s.leftovers() {
			s.signal(pid, step.signal)
		}
		if gone, err := s.awaitGone(ctx, step.wait, 0); gone || err != nil {
			if err != nil {
				return err
			}
			return s.removeStaleFiles()
		}
	}
	return fmt.Errorf("%w: processes %v do not end", errOccupied, s.leftovers())
}

// awaitGone waits until pid, or with 0 every leftover, is gone; false when d has passed.
func (s *Server) awaitGone(ctx context.Context, d time.Duration, pid int) (bool, error) {
	for end := time.Now().Add(d); ; {
		if pid != 0 && !s.isOurs(pid) || pid == 0 && len(s.leftovers()) == 0 {
			return true, nil
		}
		if time.Now().After(end) {
			return false, nil
		}
		if !pauseFor(ctx, 20*time.Millisecond) {
			return false, ctx.Err()
		}
	}
}

// leftovers lists the server processes that work in our data directory. A zombie is none: it holds nothing, and in
// a container without a reaper it stays for ever.
func (s *Server) leftovers() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && s.isOurs(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// isOurs recognises a server process of our cluster by its program and its working directory, which the postmaster
// sets and its children inherit. Command lines and process ids prove nothing.
func (s *Server) isOurs(pid int) bool {
	proc := "/proc/" + strconv.Itoa(pid)
	exe, err := os.Readlink(proc + "/exe")
	if err != nil || filepath.Base(strings.TrimSuffix(exe, " (deleted)")) != "postgres" {
		return false
	}
	cwd, err := os.Readlink(proc + "/cwd")
	return err == nil && cwd == s.cfg.DataDir
}

// signal sends sig to pid if it is still ours: the process is held first and looked at then, so that a number which
// the kernel has given to another meanwhile is left alone.
func (s *Server) signal(pid int, sig syscall.Signal) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer p.Release()
	if sig == 0 || !s.isOurs(pid) {
		return
	}
	if err := p.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.cfg.Logger.Warn().Err(err).Int("pid", pid).Msg("earlier private PostgreSQL not signalled")
	}
}

// removeStaleFiles removes lock files when no process can be behind them. PostgreSQL itself only asks whether the
// process id in them is alive, and after a restart of the machine, or as a zombie, it often is.
func (s *Server) removeStaleFiles() error {
	for _, path := range []string{
		filepath.Join(s.cfg.DataDir, "postmaster.pid"),
		filepath.Join(s.cfg.SocketDir, ".s.PGSQL."+port),
		filepath.Join(s.cfg.SocketDir, ".s.PGSQL."+port+".lock"),
	} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
