package postgres

import (
	"context"
	"errors"

	"nks/gateway"
	"nks/sftp"
)

// Mailbox is the SFTP door on the flow's tables: no file system, every node shows the same.
type Mailbox struct {
	store *Store
	// arrived is told of every delivery, so that reading starts at once.
	arrived func()
}

// NewMailbox makes the door's storage.
func NewMailbox(s *Store, arrived func()) *Mailbox { return &Mailbox{store: s, arrived: arrived} }

// upload wakes the readers when it has become a delivery.
type upload struct {
	*Upload
	arrived func()
}

// Commit implements sftp.Upload.
func (u upload) Commit(ctx context.Context) error {
	err := mailboxError(u.Upload.Commit(ctx))
	if err == nil && u.final {
		u.arrived()
	}
	return err
}

// Create implements sftp.Mailbox.
func (m *Mailbox) Create(ctx context.Context, party, name string) (sftp.Upload, error) {
	u, err := m.store.NewUpload(ctx, party, name, sftp.FinalName(name))
	if err != nil {
		return nil, mailboxError(err)
	}
	return upload{u, m.arrived}, nil
}

// Rename implements sftp.Mailbox.
func (m *Mailbox) Rename(ctx context.Context, party, from, to string) error {
	err := mailboxError(m.store.RenameUpload(ctx, party, from, to, sftp.FinalName(to)))
	if err == nil {
		m.arrived()
	}
	return err
}

// Stat implements sftp.Mailbox.
func (m *Mailbox) Stat(ctx context.Context, party, dir, name string) (sftp.File, error) {
	stat := m.store.StatIn
	if dir == sftp.DirOut {
		stat = m.store.StatOut
	}
	f, err := stat(ctx, party, name)
	return f.sftp(), mailboxError(err)
}

// List implements sftp.Mailbox.
func (m *Mailbox) List(ctx context.Context, party, dir string) ([]sftp.File, error) {
	list := m.store.ListIn
	if dir == sftp.DirOut {
		list = m.store.ListOut
	}
	files, err := list(ctx, party)
	listed := make([]sftp.File, len(files))
	for i, f := range files {
		listed[i] = f.sftp()
	}
	return listed, mailboxError(err)
}

// Open implements sftp.Mailbox.
func (m *Mailbox) Open(ctx context.Context, party, name string) (sftp.Document, error) {
	d, err := m.store.OpenOut(ctx, party, name)
	if err != nil {
		return nil, mailboxError(err)
	}
	return d, nil
}

// Remove implements sftp.Mailbox.
func (m *Mailbox) Remove(ctx context.Context, party, dir, name string) error {
	if dir == sftp.DirOut {
		return mailboxError(m.store.Collect(ctx, party, name))
	}
	return mailboxError(m.store.RemoveIn(ctx, party, name))
}

func (f MailboxFile) sftp() sftp.File {
	return sftp.File{Name: f.Name, Size: f.Size, Modified: f.Modified}
}

// mailboxError says an error in the door's words.
func mailboxError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gateway.ErrNotFound):
		return errors.Join(sftp.ErrNotFound, err)
	case errors.Is(err, gateway.ErrConflict):
		return errors.Join(sftp.ErrConflict, err)
	case errors.Is(err, ErrTooLarge):
		return errors.Join(sftp.ErrTooBig, err)
	case errors.Is(err, gateway.ErrTemporary):
		return errors.Join(sftp.ErrTemporary, err)
	}
	return err
}
