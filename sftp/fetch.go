package sftp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"

	pkgsftp "github.com/pkg/sftp"
)

// fetchChunk is read at a time; the library asks for it in packets of 32 KiB at
// once. Packets are never made larger: the library then takes short answers for the
// end of the file.
const fetchChunk = 256 << 10

// List tells the files of a directory, oldest first: regular ones whose names do
// not begin with a dot, which is how files still being written are called.
func (c *Client) List(ctx context.Context, dir string) ([]File, error) {
	c.busy.Lock()
	defer c.busy.Unlock()
	var infos []os.FileInfo
	err := c.step(ctx, "list", func() (err error) {
		infos, err = c.sftp.ReadDirContext(ctx, dir)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", loggable(dir), missing(err))
	}
	var files []File
	for _, i := range infos {
		if n := i.Name(); !i.Mode().IsRegular() || n == "" || n[0] == '.' || strings.ContainsFunc(n, unusable) {
			continue
		}
		files = append(files, File{Name: i.Name(), Size: i.Size(), Modified: i.ModTime()})
	}
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(a.Modified.Compare(b.Modified), strings.Compare(a.Name, b.Name))
	})
	return files, nil
}

// Fetch copies the file at path into sink and returns its size. The file must be as
// long as it says and the same before and after, else [ErrChanged]; longer than limit
// is [ErrTooBig] and nothing is read; [ErrNotFound] if it is not there; [ErrStalled] if
// the server is there and does not answer about it. On any error what sink got is
// worthless.
func (c *Client) Fetch(ctx context.Context, path string, limit int64, sink io.Writer) (int64, error) {
	c.busy.Lock()
	defer c.busy.Unlock()
	n, err := c.fetch(ctx, path, limit, sink)
	if err != nil {
		return 0, fmt.Errorf("fetch %s: %w", loggable(path), missing(err))
	}
	return n, nil
}

func (c *Client) fetch(ctx context.Context, path string, limit int64, sink io.Writer) (int64, error) {
	before, err := c.statBy(ctx, c.ask, path)
	if err != nil {
		return 0, err
	}
	if before.Size < 0 || before.Size > limit {
		return 0, fmt.Errorf("%w: %d bytes, limit %d", ErrTooBig, before.Size, limit)
	}
	var f *pkgsftp.File
	err = c.ask(ctx, "open", func() (err error) {
		f, err = c.sftp.Open(path)
		return err
	})
	if err != nil {
		return 0, err
	}
	if err = c.drain(ctx, f, before.Size, sink); errors.Is(err, ErrStalled) {
		return 0, err // its session is gone, and the handle with it
	}
	if e := c.ask(ctx, "close", f.Close); err == nil {
		err = e
	}
	if err != nil {
		return 0, err
	}
	after, err := c.statBy(ctx, c.ask, path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%w: it is gone", ErrChanged)
	}
	if err != nil {
		return 0, err
	}
	if after.Size != before.Size || !after.Modified.Equal(before.Modified) {
		return 0, ErrChanged
	}
	return before.Size, nil
}

// drain reads exactly size bytes and then the end of the file. A short answer is
// not the end: only an answer without any byte is.
func (c *Client) drain(ctx context.Context, f *pkgsftp.File, size int64, sink io.Writer) error {
	buf := make([]byte, min(fetchChunk, size+1))
	for got := int64(0); ; {
		var n int
		err := c.ask(ctx, "read", func() (err error) {
			n, err = f.Read(buf[:min(int64(len(buf)), size-got+1)])
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		})
		if err != nil {
			return err
		}
		got += int64(n)
		if got > size || n == 0 && got < size {
			return fmt.Errorf("%w: %d bytes of %d", ErrChanged, got, size)
		}
		if n == 0 {
			return nil
		}
		if _, err := sink.Write(buf[:n]); err != nil {
			return fmt.Errorf("keep: %w", err)
		}
	}
}

// Remove deletes a fetched file at the bank. Call it only when its bytes are durable
// here. A file that is gone already is no error.
func (c *Client) Remove(ctx context.Context, path string) error {
	c.busy.Lock()
	defer c.busy.Unlock()
	err := c.ask(ctx, "remove", func() error { return c.sftp.Remove(path) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", loggable(path), err)
	}
	return nil
}

// missing adds this package's word for a file that is not there.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// unusable tells characters that no file of a bank's has a reason to bear.
func unusable(r rune) bool { return r == '/' || r == '\\' || unicode.IsControl(r) }
