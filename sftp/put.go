package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	pkgsftp "github.com/pkg/sftp"
)

// PutRequest is one file to publish at a bank. Names are paths from the login's
// directory.
type PutRequest struct {
	// TempName is where the bytes go first; never used before (it carries the attempt).
	TempName string
	// FinalName is what the file is called when it is whole.
	FinalName string
	// Content gives exactly Size bytes.
	Content io.Reader
	Size    int64
	// BeforeRename is called when the whole file lies under TempName, directly before
	// the rename. If it fails, the rename is not sent and the error is ErrNotSent
	// wrapping its own. The caller commits there that from now on the file may be out.
	BeforeRename func(ctx context.Context) error
	// Repeat is for a server that takes the same file under the same name again for
	// what it has already, and refuses another: the final name need not be free, and a
	// refused rename is ErrNotSent.
	Repeat bool
}

// PutResult is what the bank's server says of the published file.
type PutResult struct {
	Size int64
	// Modified is by the bank's clock; zero if Collected.
	Modified time.Time
	// Collected: the rename was confirmed, but the file could not be looked at any
	// more: the bank had taken it away, or the connection ended after the confirmation.
	Collected bool
}

// putChunk is what is handed to the library at a time, so that a step's timeout is
// about progress and not about the size of the file.
const putChunk = 256 << 10

// Put publishes a file: exclusive create, write, fsync where offered, close, size,
// BeforeRename, plain rename (never one that replaces), size. On nil the file is out,
// once. Otherwise the error is exactly one of [ErrNotSent], [ErrExists] and
// [ErrUnknown]; it may also be [ErrConnection].
func (c *Client) Put(ctx context.Context, r PutRequest) (PutResult, error) {
	c.busy.Lock()
	defer c.busy.Unlock()
	if err := c.upload(ctx, r); err != nil {
		return PutResult{}, fmt.Errorf("put %s: %w", loggable(r.FinalName), err)
	}
	if r.BeforeRename != nil {
		if err := r.BeforeRename(ctx); err != nil {
			c.tidy(ctx, r.TempName)
			return PutResult{}, fmt.Errorf("put %s: %w: %w", loggable(r.FinalName), ErrNotSent, err)
		}
	}
	res, err := c.publish(ctx, r)
	if err != nil {
		return PutResult{}, fmt.Errorf("put %s: %w", loggable(r.FinalName), err)
	}
	return res, nil
}

// upload brings the whole file under its temporary name. Its errors are ErrExists
// or ErrNotSent.
func (c *Client) upload(ctx context.Context, r PutRequest) error {
	if err := c.checkFree(ctx, r); err != nil {
		return err
	}
	var f *pkgsftp.File
	err := c.step(ctx, "create", func() (err error) {
		f, err = c.sftp.OpenFile(r.TempName, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	err = c.fill(ctx, f, r)
	// Close also after an error, else the server keeps the handle; its own error
	// counts, for some servers store only then.
	if e := c.step(ctx, "close", f.Close); err == nil {
		err = e
	}
	if err == nil {
		err = c.checkSize(ctx, r)
	}
	if err != nil {
		c.tidy(ctx, r.TempName)
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	// Again, as late as can be: there are servers that replace on a plain rename.
	if err := c.checkFree(ctx, r); err != nil {
		c.tidy(ctx, r.TempName)
		return err
	}
	return nil
}

func (c *Client) checkFree(ctx context.Context, r PutRequest) error {
	if r.Repeat {
		return nil
	}
	switch _, err := c.stat(ctx, r.FinalName); {
	case err == nil:
		return ErrExists
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
}

// fill writes with Write in this goroutine only: the library's ReadFrom has lost
// the last chunk's error, and its concurrent writes can leave holes.
func (c *Client) fill(ctx context.Context, f *pkgsftp.File, r PutRequest) error {
	buf := make([]byte, min(putChunk, max(r.Size, 1)))
	content := io.LimitReader(r.Content, r.Size)
	for left := r.Size; left > 0; {
		n, err := io.ReadFull(content, buf[:min(left, int64(len(buf)))])
		if err != nil {
			return fmt.Errorf("content ends %d bytes early: %w", left-int64(n), err)
		}
		err = c.step(ctx, "write", func() error {
			m, err := f.Write(buf[:n])
			if err == nil && m != n {
				err = io.ErrShortWrite
			}
			return err
		})
		if err != nil {
			return err
		}
		left -= int64(n)
	}
	if n, _ := io.ReadFull(r.Content, buf[:1]); n > 0 {
		return fmt.Errorf("content is longer than %d bytes", r.Size)
	}
	if v, ok := c.sftp.HasExtension("fsync@openssh.com"); !ok || v != "1" {
		return nil
	}
	err := c.step(ctx, "fsync", f.Sync)
	var s *pkgsftp.StatusError
	if errors.As(err, &s) && s.Code == uint32(pkgsftp.ErrSSHFxOpUnsupported) {
		return nil // offered, but not for this file system
	}
	return err
}

func (c *Client) checkSize(ctx context.Context, r PutRequest) error {
	file, err := c.stat(ctx, r.TempName)
	if err != nil {
		return err
	}
	if file.Size != r.Size {
		return fmt.Errorf("the server holds %d of %d bytes", file.Size, r.Size)
	}
	return nil
}

// tidy removes a temporary file that will not be published, if that is easy: the
// next attempt has another name anyway.
func (c *Client) tidy(ctx context.Context, name string) {
	select {
	case <-c.done:
		return
	default:
	}
	_ = c.step(ctx, "remove", func() error { return c.sftp.Remove(name) })
}

// publish sends the rename and finds out what became of it. From here on an error
// means ErrUnknown unless the contrary is proved.
func (c *Client) publish(ctx context.Context, r PutRequest) (PutResult, error) {
	refused := c.step(ctx, "rename", func() error { return c.sftp.Rename(r.TempName, r.FinalName) })
	if refused != nil && !answered(refused) {
		return PutResult{}, fmt.Errorf("%w: %w", ErrUnknown, refused)
	}
	if refused != nil && r.Repeat {
		c.tidy(ctx, r.TempName)
		return PutResult{}, fmt.Errorf("%w: %w", ErrNotSent, refused)
	}
	final, err := c.stat(ctx, r.FinalName)
	if refused == nil {
		return c.confirmed(ctx, r, final, err)
	}
	return PutResult{}, c.contested(ctx, r, refused, final, err)
}

// confirmed judges a rename that the server has said is done. Banks may take a file
// away at once; but if it still lies under its temporary name, the server is wrong.
func (c *Client) confirmed(ctx context.Context, r PutRequest, final File, err error) (PutResult, error) {
	switch {
	case err == nil && final.Size == r.Size:
		return PutResult{Size: final.Size, Modified: final.Modified}, nil
	case err == nil:
		return PutResult{}, fmt.Errorf("%w: renamed, but it shows %d of %d bytes", ErrUnknown, final.Size, r.Size)
	}
	if _, err := c.stat(ctx, r.TempName); err == nil {
		return PutResult{}, fmt.Errorf("%w: renamed, but it still has its temporary name", ErrUnknown)
	}
	return PutResult{Size: r.Size, Collected: true}, nil
}

// contested judges a rename that the server has said is not done. Only a free final
// name with the whole file still under the temporary one proves that nothing is out.
func (c *Client) contested(ctx context.Context, r PutRequest, refused error, final File, err error) error {
	temp, tempErr := c.stat(ctx, r.TempName)
	waits := tempErr == nil && temp.Size == r.Size
	switch {
	case waits && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrNotSent, refused)
	case waits && err == nil && final.Size != r.Size:
		return fmt.Errorf("%w: %w", ErrExists, refused)
	default:
		return fmt.Errorf("%w: %w", ErrUnknown, refused)
	}
}

// Presence is what [Client.Look] finds.
type Presence int

// What stands under the final name. Absent does not prove that it never was there:
// banks take files away.
const (
	Absent Presence = iota
	Found
	WrongSize
)

func (p Presence) String() string {
	switch p {
	case Absent:
		return "absent"
	case Found:
		return "found"
	case WrongSize:
		return "wrong size"
	default:
		return fmt.Sprintf("Presence(%d)", int(p))
	}
}

// Look asks whether the file is at the bank; it changes nothing.
func (c *Client) Look(ctx context.Context, finalName string, size int64) (Presence, error) {
	c.busy.Lock()
	defer c.busy.Unlock()
	f, err := c.stat(ctx, finalName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Absent, nil
	case err != nil:
		return Absent, fmt.Errorf("look: %w", err)
	case f.Size != size:
		return WrongSize, nil
	default:
		return Found, nil
	}
}
