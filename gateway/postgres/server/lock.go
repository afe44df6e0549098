package server

import (
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

// acquire takes the lock of a data directory: a lock of the kernel, which goes with its holder however that dies.
// The file's text only tells the next one whom to ask.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w by %s", ErrBusy, holder(f))
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	text := fmt.Sprintf("%d %s\n", os.Getpid(), filepath.Base(os.Args[0]))
	if err := errors.Join(f.Truncate(0), writeAt(f, text)); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// lockFile is the lock of a data directory, beside it.
func lockFile(dataDir string) string { return dataDir + ".lock" }

// held reports whether somebody has the lock at this moment.
func held(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close() // with it goes the lock, where it was free
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// lockPatience is how long a lock may be held by a child that its dead holder was about to start: such a child has the
// file open until it runs its program.
const lockPatience, lockPause = time.Second, 20 * time.Millisecond

func lock(f *os.File) error {
	for end := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) {
			return err
		}
	}
}

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

// holder reads what the lock's holder wrote about itself.
func holder(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 200))
	pid, name, ok := strings.Cut(strings.TrimSpace(string(b)), " ")
	if _, bad := strconv.Atoi(pid); err != nil || !ok || bad != nil {
		return "another process"
	}
	return name + " (process " + pid + ")"
}
