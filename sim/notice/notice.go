// Package notice tells when something changes in a folder, so that a simulated party need not look again and again.
package notice

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// events are those after which a folder shows something else: a file is complete, has come, or has gone.
const events = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE

// Folders gives a channel that can be received from after a change in one of the folders, until ctx ends. Several changes
// may be told as one.
func Folders(ctx context.Context, folders ...string) (<-chan struct{}, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("notice: %w", err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	for _, folder := range folders {
		if _, err := unix.InotifyAddWatch(fd, folder, events); err != nil {
			return nil, errors.Join(fmt.Errorf("notice %s: %w", folder, err), f.Close())
		}
	}
	changed := make(chan struct{}, 1)
	context.AfterFunc(ctx, func() { _ = f.Close() })
	go func() {
		var buffer [4096]byte
		for {
			if _, err := f.Read(buffer[:]); err != nil {
				return // closed
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	return changed, nil
}
