package bank

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/pkg/sftp"
	"golang.org/x/sys/unix"
)

const maxName = 128

// mailbox is what a client may do: upload into in/ and rename there, once; list, read and remove in out/. Everything
// goes through an os.Root, so no name leads outside.
type mailbox struct {
	root *os.Root
	bell *bell
}

// place splits a path of the client into folder and name; only in/ and out/ and names directly in them exist.
func place(p string) (folder, name string, err error) {
	p = strings.TrimPrefix(path.Clean("/"+p), "/")
	folder, name, _ = strings.Cut(p, "/")
	if folder != "" && folder != "in" && folder != "out" || strings.Contains(name, "/") {
		return "", "", os.ErrNotExist
	}
	if len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return "", "", os.ErrPermission
	}
	return folder, name, nil
}

// Filewrite opens a file in in/ for writing; exclusive where the client says so.
func (m *mailbox) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	folder, name, err := place(r.Filepath)
	if err != nil {
		return nil, err
	}
	f := r.Pflags()
	if folder != "in" || name == "" || f.Append || f.Read {
		return nil, os.ErrPermission
	}
	flags := os.O_WRONLY
	if f.Creat {
		flags |= os.O_CREATE
	}
	if f.Excl {
		flags |= os.O_EXCL
	}
	if f.Trunc {
		flags |= os.O_TRUNC
	}
	if isFinal(name) {
		// A client that writes under the final name must be taken at its word only when it has closed the file.
		return nil, os.ErrPermission
	}
	file, err := m.root.OpenFile("in/"+name, flags, 0o644)
	if err != nil {
		return nil, status(err)
	}
	return &upload{file}, nil
}

// upload is durable when its close is answered.
type upload struct{ file *os.File }

func (u *upload) WriteAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > 2*maxFile {
		return 0, syscall.EFBIG
	}
	return u.file.WriteAt(b, at)
}

func (u *upload) Close() error { return errors.Join(u.file.Sync(), u.file.Close()) }

// Fileread opens a published file.
func (m *mailbox) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	folder, name, err := place(r.Filepath)
	if err != nil {
		return nil, err
	}
	if folder == "" || name == "" {
		return nil, os.ErrPermission
	}
	f, err := m.root.Open(folder + "/" + name)
	if err != nil {
		return nil, status(err)
	}
	return f, nil
}

// Filecmd renames in in/ and removes in out/.
func (m *mailbox) Filecmd(r *sftp.Request) error {
	folder, name, err := place(r.Filepath)
	if err != nil {
		return err
	}
	switch r.Method {
	case "Rename", "PosixRename":
		return m.rename(folder, name, r.Target)
	case "Remove":
		// What lies in in/ under a final name is handed over, and a dotted name in out/ is ours.
		if name == "" || isFinal(name) != (folder == "out") {
			return os.ErrPermission
		}
		return status(m.root.Remove(folder + "/" + name))
	case "Setstat":
		return nil
	}
	return sftp.ErrSSHFxOpUnsupported
}

// rename is a plain one: it never replaces (draft-ietf-secsh-filexfer-02 §6.5), whichever way the client asks.
func (m *mailbox) rename(folder, name, target string) error {
	into, as, err := place(target)
	if err != nil {
		return err
	}
	if folder != "in" || into != "in" || name == "" || as == "" || isFinal(name) {
		return os.ErrPermission
	}
	in, err := m.root.Open("in")
	if err != nil {
		return status(err)
	}
	fd := int(in.Fd())
	err = unix.Renameat2(fd, name, fd, as, unix.RENAME_NOREPLACE)
	if err == nil {
		err = in.Sync()
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return status(err)
	}
	if !isFinal(as) {
		return nil
	}
	return m.bell.ring()
}

// Filelist lists a folder or tells of one file.
func (m *mailbox) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	folder, name, err := place(r.Filepath)
	if err != nil {
		return nil, err
	}
	at := path.Join(".", folder, name)
	if r.Method != "List" {
		info, err := m.root.Lstat(at)
		if err != nil {
			return nil, status(err)
		}
		return listing{info}, nil
	}
	if name != "" {
		return nil, os.ErrNotExist
	}
	f, err := m.root.Open(at)
	if err != nil {
		return nil, status(err)
	}
	entries, err := f.ReadDir(-1)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, status(err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	var l listing
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			l = append(l, info)
		}
	}
	return l, nil
}

type listing []os.FileInfo

func (l listing) ListAt(to []os.FileInfo, from int64) (int, error) {
	if from >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(to, l[from:])
	if n < len(to) {
		return n, io.EOF
	}
	return n, nil
}

// status keeps local paths out of what a client is told.
func status(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return os.ErrNotExist
	case errors.Is(err, fs.ErrPermission):
		return os.ErrPermission
	}
	return sftp.ErrSSHFxFailure
}
