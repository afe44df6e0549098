// Package banklink reaches a bank's mailbox over SFTP.
package banklink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"nks/gateway"
	"nks/sftp"
)

// Config says where the bank's mailbox is and how files are laid there.
type Config struct {
	Client        sftp.ClientConfig
	InDir, OutDir string // where we put, where we fetch; from the login's directory
	FetchLimit    int64  // bytes of one file
}

// Link is a gateway.LinkCloser.
type Link struct {
	config Config
	client *sftp.Client
}

// Dial connects.
func Dial(ctx context.Context, c Config) (*Link, error) {
	client, err := sftp.Dial(ctx, c.Client)
	if err != nil {
		return nil, err
	}
	return &Link{config: c, client: client}, nil
}

// Put implements gateway.BankLink.
func (l *Link) Put(ctx context.Context, f gateway.Outgoing, content io.Reader, beforeRename func(context.Context) error) error {
	_, err := l.client.Put(ctx, sftp.PutRequest{TempName: path.Join(l.config.InDir, f.TempName),
		FinalName: path.Join(l.config.InDir, f.FinalName), Content: content, Size: f.Size, BeforeRename: beforeRename})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sftp.ErrExists):
		return fmt.Errorf("%w: %w", gateway.ErrConflict, err)
	case errors.Is(err, sftp.ErrNotSent):
		return fmt.Errorf("%w: %w", gateway.ErrNotSent, fault(err))
	}
	// Also what the client cannot name: unknown is never success, nor failure.
	return fmt.Errorf("%w: %w", gateway.ErrOutcomeUnknown, fault(err))
}

// fault names whose fault an error is, where it is not the file's own.
func fault(err error) error {
	if errors.Is(err, sftp.ErrStalled) {
		err = fmt.Errorf("%w: %w", gateway.ErrStalls, err)
	}
	switch {
	case errors.Is(err, sftp.ErrConnection):
		return fmt.Errorf("%w: %w", gateway.ErrLinkDown, err)
	case errors.Is(err, sftp.ErrChanged):
		return fmt.Errorf("%w: %w", gateway.ErrStillChanging, err)
	}
	return err
}

// Look implements gateway.BankLink.
func (l *Link) Look(ctx context.Context, f gateway.Outgoing) (gateway.Sighting, error) {
	seen, err := l.client.Look(ctx, path.Join(l.config.InDir, f.FinalName), f.Size)
	if err != nil {
		return gateway.Absent, fault(err)
	}
	switch seen {
	case sftp.Found:
		return gateway.Present, nil
	case sftp.WrongSize:
		return gateway.OtherSize, nil
	}
	return gateway.Absent, nil
}

// List implements gateway.BankLink.
func (l *Link) List(ctx context.Context) ([]gateway.RemoteFile, error) {
	files, err := l.client.List(ctx, l.config.OutDir)
	if err != nil {
		return nil, fault(err)
	}
	listed := make([]gateway.RemoteFile, len(files))
	for i, f := range files {
		listed[i] = gateway.RemoteFile{Name: f.Name, Size: f.Size, Modified: f.Modified}
	}
	return listed, nil
}

// Fetch implements gateway.BankLink.
func (l *Link) Fetch(ctx context.Context, f gateway.RemoteFile, to io.Writer) error {
	_, err := l.client.Fetch(ctx, path.Join(l.config.OutDir, f.Name), l.config.FetchLimit, to)
	if errors.Is(err, sftp.ErrTooBig) {
		return fmt.Errorf("%w: %w", gateway.ErrRefused, err)
	}
	return fault(err)
}

// Remove implements gateway.BankLink.
func (l *Link) Remove(ctx context.Context, name string) error {
	return fault(l.client.Remove(ctx, path.Join(l.config.OutDir, name)))
}

// Close implements io.Closer.
func (l *Link) Close() error { return l.client.Close() }
