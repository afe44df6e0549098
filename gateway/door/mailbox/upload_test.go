package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/mailbox"
	"nks/sftp"
)

// taker is an intake of which only Take is used.
type taker struct {
	door.Staging
	take func(ctx context.Context, a door.Arrival) error
}

func (t taker) Take(ctx context.Context, a door.Arrival) error { return t.take(ctx, a) }

// stager is an intake of which only Stage is used.
type stager struct {
	door.Staging
	stage func(ctx context.Context, a door.Arrival) error
}

func (s stager) Stage(ctx context.Context, a door.Arrival) error { return s.stage(ctx, a) }

// TestUpload_Quota: a client hears that too much waits for its rename, while it writes or at the end.
func TestUpload_Quota(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string]int64{"before it writes": 0, "at the end": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := mailbox.New(stager{stage: func(_ context.Context, a door.Arrival) error {
				if _, err := io.CopyN(io.Discard, a.Content, reads); err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				return fmt.Errorf("%w: 3 files", door.ErrQuota)
			}}, nil).Create(t.Context(), "LEVA", "a.tmp")
			if err != nil {
				t.Fatal(err)
			}
			if _, err = u.Write(make([]byte, 10)); err == nil {
				err = u.Commit(t.Context())
			}
			if !errors.Is(err, sftp.ErrQuota) || errors.Is(err, sftp.ErrTooBig) {
				t.Error(err)
			}
		})
	}
}

// upload begins an upload to be taken so, and writes a document.
func upload(t *testing.T, take func(context.Context, door.Arrival) error) sftp.Upload {
	t.Helper()
	u, err := mailbox.New(taker{take: take}, nil).Create(t.Context(), "LEVA", "a.xml")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestUpload_KeepsNothing: what a client has written is with the taker, and nowhere between.
func TestUpload_KeepsNothing(t *testing.T) {
	t.Parallel()
	u := upload(t, func(_ context.Context, a door.Arrival) error {
		if _, err := io.CopyN(io.Discard, a.Content, 1000); err != nil {
			return err
		}
		return gateway.ErrRefused
	})
	if n, err := u.Write(make([]byte, 5000)); n != 1000 || !errors.Is(err, sftp.ErrTooBig) {
		t.Errorf("wrote %d, %v; want the 1000 that were taken, %v", n, err, sftp.ErrTooBig)
	}
	if err := u.Abort(t.Context()); !errors.Is(err, gateway.ErrRefused) {
		t.Errorf("abort: %v", err)
	}
}

// TestUpload_CommitEnds with its context: at once when the taking heeds it, and after a while when it does not.
func TestUpload_CommitEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		heeds  bool
		within time.Duration
	}{
		"heeded":     {heeds: true, within: time.Minute},
		"not heeded": {within: time.Minute + 10*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				hangs := make(chan struct{})
				u := upload(t, func(ctx context.Context, a door.Arrival) error {
					if _, err := io.Copy(io.Discard, a.Content); err != nil {
						return err
					}
					if c.heeds {
						<-ctx.Done()
						return errors.Join(gateway.ErrTransient, ctx.Err())
					}
					<-hangs
					return nil
				})
				if _, err := u.Write([]byte("<a/>")); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				if err := u.Commit(ctx); !errors.Is(err, sftp.ErrTemporary) || time.Since(start) != c.within {
					t.Errorf("commit ended after %v: %v", time.Since(start), err)
				}
				close(hangs)
				synctest.Wait() // it comes to its end, too
			})
		})
	}
}
