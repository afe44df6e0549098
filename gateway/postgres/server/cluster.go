package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// makeCluster makes the cluster under another name and renames it when it is whole: an initdb that was killed
// half-way leaves something that looks like a cluster and is none.
func (s *Server) makeCluster(ctx context.Context) error {
	dir := s.cfg.DataDir
	if err := s.removeHalfMade(ctx); err != nil {
		return err
	}
	switch entries, err := os.ReadDir(dir); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case len(entries) == 0:
		if err := os.Remove(dir); err != nil {
			return err
		}
	default:
		if _, err := os.Stat(filepath.Join(dir, "PG_VERSION")); err != nil {
			return fmt.Errorf("%s is not empty and no PostgreSQL cluster: give another directory", dir)
		}
		return nil
	}
	if dir != filepath.Clean(dir) || dir == "/" {
		return fmt.Errorf("%s cannot be a data directory", dir)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".init-")
	if err != nil {
		return err
	}
	if s.acct.switched {
		if err := os.Chown(fresh, int(s.acct.uid), int(s.acct.gid)); err != nil {
			return err
		}
	}
	if err := s.initdb(ctx, fresh); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, dir); err != nil {
		return err
	}
	return fsyncDir(filepath.Dir(dir))
}

// removeHalfMade clears what a killed nks left. Its initdb dies with it, but the server that initdb had started for
// a step may still write for a moment, hence the tries.
func (s *Server) removeHalfMade(ctx context.Context) error {
	left, err := filepath.Glob(globQuote(s.cfg.DataDir) + ".init-*")
	if err != nil {
		return err
	}
	for _, dir := range left {
		for try := 0; ; try++ {
			err := os.RemoveAll(dir)
			if err == nil {
				break
			}
			if try == 50 || !pauseFor(ctx, 100*time.Millisecond) {
				return fmt.Errorf("remove half-made cluster: %w", err)
			}
		}
	}
	return nil
}

// globQuote keeps characters of a path from being read as a pattern.
func globQuote(path string) string {
	var b bytes.Buffer
	for _, r := range path {
		if bytes.ContainsRune([]byte(`*?[\`), r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// initdb makes a cluster with checksums, so that a bad disk is an error and never a wrong amount. Connections over
// the socket are trusted: its directory lets in the server's user and root alone.
func (s *Server) initdb(ctx context.Context, dir string) error {
	args := []string{"-D", dir, "-U", Superuser, "-E", "UTF8", "--locale=C", "--data-checksums",
		"--auth-local=trust", "--auth-host=reject", "--no-instructions"}
	if s.cfg.Volatile {
		args = append(args, "--no-sync")
	}
	cmd := s.acct.command(filepath.Join(s.bin, "initdb"), args...)
	// Nobody waits for a half-made cluster when we are gone. The kernel takes the death of the thread that started
	// a process for its parent's, so the goroutine keeps its thread until the end.
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ctx.Done():
			// The group too: initdb's own children hold the directory.
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		case <-ended:
		}
	}()
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("initdb: %w: %s", err, lastLines(out.Bytes(), 3))
	}
	return nil
}

// createDatabase makes database nks where it is missing.
func (s *Server) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.DSN("postgres", Superuser))
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", Database).Scan(&there)
	if err == nil && !there {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{Database}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}
