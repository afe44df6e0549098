// Package mailbox is the first door: a data supplier puts bundles into in/ of an SFTP mailbox and takes its answers from
// out/. No file system stands behind it, so every node shows the same.
package mailbox

import (
	"context"
	"errors"

	"nks/gateway"
	"nks/gateway/door"
	"nks/sftp"
)

// Mailbox is the storage of an sftp.Server upon the flow. Safe for concurrent use.
type Mailbox struct {
	in  door.Staging
	out door.Collection
}

// New makes the door's storage.
func New(in door.Staging, out door.Collection) *Mailbox { return &Mailbox{in: in, out: out} }

// Create implements sftp.Mailbox. Under a final name the upload becomes a delivery, under a temporary one it waits for its
// rename.
func (m *Mailbox) Create(ctx context.Context, party, name string) (sftp.Upload, error) {
	a := door.Arrival{Door: door.Mailbox, Party: party, Key: name, Evidence: sftp.LoginKey(ctx), Size: door.Unsized}
	if sftp.FinalName(name) {
		return begin(ctx, a, m.in.Take), nil
	}
	return begin(ctx, a, m.in.Stage), nil
}

// Rename implements sftp.Mailbox.
func (m *Mailbox) Rename(ctx context.Context, party, from, to string) error {
	if !sftp.FinalName(to) {
		return inProtocol(m.in.Restage(ctx, party, from, to))
	}
	return inProtocol(m.in.Publish(ctx, party, from, to))
}

// Stat implements sftp.Mailbox.
func (m *Mailbox) Stat(ctx context.Context, party, dir, name string) (sftp.File, error) {
	stat := m.in.StatStaged
	if dir == sftp.DirOut {
		stat = m.out.StatReady
	}
	f, err := stat(ctx, party, name)
	return shown(f), inProtocol(err)
}

// List implements sftp.Mailbox.
func (m *Mailbox) List(ctx context.Context, party, dir string) ([]sftp.File, error) {
	list := m.in.Staged
	if dir == sftp.DirOut {
		list = m.out.Ready
	}
	files, err := list(ctx, party)
	listed := make([]sftp.File, len(files))
	for i, f := range files {
		listed[i] = shown(f)
	}
	return listed, inProtocol(err)
}

// Open implements sftp.Mailbox.
func (m *Mailbox) Open(ctx context.Context, party, name string) (sftp.Document, error) {
	d, err := m.out.OpenReady(ctx, party, name)
	if err != nil {
		return nil, inProtocol(err)
	}
	return d, nil
}

// Remove implements sftp.Mailbox: removing an answer is taking it away.
func (m *Mailbox) Remove(ctx context.Context, party, dir, name string) error {
	if dir == sftp.DirOut {
		return inProtocol(m.out.Collect(ctx, party, name))
	}
	return inProtocol(m.in.Unstage(ctx, party, name))
}

func shown(f door.StagedFile) sftp.File {
	return sftp.File{Name: f.Name, Size: f.Size, Modified: f.Modified}
}

// inProtocol says an error in the door's words. What may come again is not refused, whatever else it is: a refusal whose
// alarm could not be raised is still to be told to a person.
func inProtocol(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, door.ErrQuota):
		return errors.Join(sftp.ErrQuota, err)
	case errors.Is(err, gateway.ErrTransient):
		return errors.Join(sftp.ErrTemporary, err)
	case errors.Is(err, gateway.ErrNotFound):
		return errors.Join(sftp.ErrNotFound, err)
	case errors.Is(err, gateway.ErrConflict):
		return errors.Join(sftp.ErrConflict, err)
	case errors.Is(err, gateway.ErrRefused):
		return errors.Join(sftp.ErrTooBig, err)
	}
	return err
}
