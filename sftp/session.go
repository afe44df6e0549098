package sftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	pkgsftp "github.com/pkg/sftp"
)

// session is one SFTP session of a party; it implements pkg/sftp's handlers, whose
// methods are called concurrently.
type session struct {
	conn *connection
	room buffered // what uploads hold because it came before its turn

	mu      sync.Mutex
	handles int
	uploads map[string]*writer // open uploads by name in in/
}

func (s *session) mailbox() Mailbox { return s.conn.srv.cfg.Mailbox }
func (s *session) party() string    { return s.conn.party }

func (s *session) ctx() context.Context {
	return context.WithValue(s.conn.srv.ctx, loginKey{}, s.conn.key)
}

// loginKey is where a mailbox's context carries the key that the party logged in with.
type loginKey struct{}

// LoginKey is the fingerprint of the key that the party of a mailbox's context logged in
// with, as OpenSSH writes it; empty outside a session.
func LoginKey(ctx context.Context) string {
	key, _ := ctx.Value(loginKey{}).(string)
	return key
}

// refusal is an error of this package's own making, whose words may be told.
type refusal struct {
	kind error
	why  string
}

func (r refusal) Error() string { return r.kind.Error() + ": " + r.why }
func (r refusal) Unwrap() error { return r.kind }

// wire turns an error into what the client is told: a status code and the words of
// a sentinel or refusal, nothing of what a mailbox wrapped.
func wire(err error) error {
	var r refusal
	reported := errors.As(err, &r)
	for _, m := range []struct {
		sentinel, code error
	}{
		{ErrNotFound, pkgsftp.ErrSSHFxNoSuchFile},
		{ErrName, pkgsftp.ErrSSHFxPermissionDenied},
		{ErrDenied, pkgsftp.ErrSSHFxPermissionDenied},
		{ErrConflict, pkgsftp.ErrSSHFxFailure},
		{ErrTooBig, pkgsftp.ErrSSHFxFailure},
		{ErrQuota, pkgsftp.ErrSSHFxFailure},
		{ErrTemporary, pkgsftp.ErrSSHFxFailure},
		{errIncomplete, pkgsftp.ErrSSHFxFailure},
	} {
		if !errors.Is(err, m.sentinel) {
			continue
		}
		if reported {
			return status{r.Error(), m.code}
		}
		return status{m.sentinel.Error(), m.code}
	}
	return status{"internal failure, try again later", pkgsftp.ErrSSHFxFailure}
}

type status struct {
	text string
	code error
}

func (s status) Error() string { return s.text }
func (s status) Unwrap() error { return s.code }

// refuse logs a failed operation and gives the error for the client. A question
// about a file that is not there is no failure: clients ask before each upload.
func (s *session) refuse(path string, err error) error {
	if !errors.Is(err, ErrNotFound) {
		s.conn.log(Event{What: EventFailed, Name: loggable(path), Err: err})
	}
	return wire(err)
}

// open counts one more handle.
func (s *session) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handles >= s.conn.srv.cfg.Limits.Handles {
		return refusal{ErrTemporary, "too many open files"}
	}
	s.handles++
	return nil
}

func (s *session) closed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handles--
}

// Fileread opens a document of out/.
func (s *session) Fileread(r *pkgsftp.Request) (io.ReaderAt, error) {
	dir, name, ok := place(r.Filepath)
	if !ok || dir == "" || name == "" || dir == DirOut && !OutName(name) {
		return nil, s.refuse(r.Filepath, ErrNotFound)
	}
	if dir == DirIn {
		return nil, s.refuse(r.Filepath, refusal{ErrDenied, "in/ is not for reading"})
	}
	if err := s.open(); err != nil {
		return nil, s.refuse(r.Filepath, err)
	}
	doc, err := s.mailbox().Open(s.ctx(), s.party(), name)
	if err != nil {
		s.closed()
		return nil, s.refuse(r.Filepath, err)
	}
	s.conn.log(Event{What: EventRead, Name: loggable(r.Filepath), Bytes: doc.Size()})
	return &reader{session: s, doc: doc, path: r.Filepath}, nil
}

// reader is an open document of out/.
type reader struct {
	session *session
	doc     Document
	path    string
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, pkgsftp.ErrSSHFxBadMessage
	}
	if off >= r.doc.Size() {
		return 0, io.EOF
	}
	n, err := r.doc.ReadAt(p, off)
	if err != nil && err != io.EOF {
		return n, r.session.refuse(r.path, err)
	}
	return n, err
}

func (r *reader) Close() error {
	r.session.closed()
	return r.doc.Close()
}

// Filewrite begins an upload.
func (s *session) Filewrite(r *pkgsftp.Request) (io.WriterAt, error) {
	w, err := s.create(r)
	if err != nil {
		return nil, s.refuse(r.Filepath, err)
	}
	return w, nil
}

func (s *session) create(r *pkgsftp.Request) (*writer, error) {
	dir, name, ok := place(r.Filepath)
	switch {
	case !ok:
		return nil, refusal{ErrName, "nested or unknown folder"}
	case dir != DirIn || name == "":
		return nil, refusal{ErrDenied, "uploads go to in/"}
	case !FinalName(name) && !TemporaryName(name):
		return nil, ErrName
	}
	if err := s.checkFlags(r.Pflags(), name); err != nil {
		return nil, err
	}
	return s.newWriter(name)
}

// checkFlags refuses what is not a new file written from its start: append, reading
// back, resuming.
func (s *session) checkFlags(f pkgsftp.FileOpenFlags, name string) error {
	if f.Append || f.Read || !f.Write || !f.Creat {
		return refusal{ErrDenied, "uploads are written whole: no append, no reading back, no resume"}
	}
	if f.Trunc && !f.Excl {
		return nil
	}
	file, err := s.mailbox().Stat(s.ctx(), s.party(), DirIn, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case f.Excl:
		return refusal{ErrDenied, "the name exists"}
	case file.Size > 0:
		return refusal{ErrDenied, "no resume: upload the file again"}
	}
	return nil
}

// Filecmd does what changes names; most of it is refused.
func (s *session) Filecmd(r *pkgsftp.Request) error {
	var err error
	switch r.Method {
	case "Setstat":
		err = s.setstat(r)
	case "Rename":
		err = s.rename(r)
	case "Remove":
		err = s.remove(r)
	default:
		err = refusal{ErrDenied, strings.ToLower(r.Method)}
	}
	if err != nil {
		return s.refuse(r.Filepath, err)
	}
	return nil
}

// setstat accepts and forgets times and permissions, which OpenSSH and WinSCP send
// after an upload; a size or an owner would change something and is refused.
func (s *session) setstat(r *pkgsftp.Request) error {
	if f := r.AttrFlags(); f.Size || f.UidGid {
		return refusal{ErrDenied, "size and owner stay"}
	}
	_, err := s.stat(r.Filepath)
	return err
}

func (s *session) rename(r *pkgsftp.Request) error {
	fromDir, from, ok := place(r.Filepath)
	toDir, to, ok2 := place(r.Target)
	if !ok || !ok2 || fromDir != DirIn || toDir != DirIn {
		return refusal{ErrDenied, "renames stay in in/"}
	}
	if !TemporaryName(from) {
		return refusal{ErrDenied, "only an upload under a temporary name is renamed"}
	}
	if !FinalName(to) {
		return ErrName
	}
	s.conn.srv.begin(s.conn)
	defer s.conn.srv.end(s.conn)
	ctx, cancel := context.WithTimeout(s.ctx(), s.conn.srv.cfg.Limits.Commit)
	defer cancel()
	if err := s.mailbox().Rename(ctx, s.party(), from, to); err != nil {
		return err
	}
	s.conn.log(Event{What: EventDelivered, Name: loggable(r.Target)})
	return nil
}

func (s *session) remove(r *pkgsftp.Request) error {
	dir, name, ok := place(r.Filepath)
	if !ok || name == "" {
		return ErrDenied
	}
	if dir == DirOut && !OutName(name) || dir == DirIn && !FinalName(name) && !TemporaryName(name) {
		return ErrNotFound
	}
	if dir == DirIn && FinalName(name) {
		return refusal{ErrDenied, "a delivery stays"}
	}
	if err := s.mailbox().Remove(s.ctx(), s.party(), dir, name); err != nil {
		return err
	}
	s.conn.log(Event{What: EventRemoved, Name: loggable(r.Filepath)})
	return nil
}

// Filelist lists a folder, or tells about one file.
func (s *session) Filelist(r *pkgsftp.Request) (pkgsftp.ListerAt, error) {
	switch r.Method {
	case "Stat":
		info, err := s.stat(r.Filepath)
		if err != nil {
			return nil, s.refuse(r.Filepath, err)
		}
		return &lister{infos: []fs.FileInfo{info}}, nil
	case "List":
		l, err := s.list(r.Filepath)
		if err != nil {
			return nil, s.refuse(r.Filepath, err)
		}
		return l, nil
	default:
		return nil, s.refuse(r.Filepath, refusal{ErrDenied, strings.ToLower(r.Method)})
	}
}

func (s *session) stat(path string) (fs.FileInfo, error) {
	dir, name, ok := place(path)
	switch {
	case !ok:
		return nil, ErrNotFound
	case name == "":
		return folder(dir), nil
	case dir == DirOut && !OutName(name), dir == DirIn && !FinalName(name) && !TemporaryName(name):
		return nil, ErrNotFound
	}
	if dir == DirIn {
		s.mu.Lock()
		w := s.uploads[name]
		s.mu.Unlock()
		if w != nil {
			return fileInfo{File: File{Name: name, Size: w.size()}}, nil
		}
	}
	f, err := s.mailbox().Stat(s.ctx(), s.party(), dir, name)
	if err != nil {
		return nil, err
	}
	return fileInfo{File: f}, nil
}

func (s *session) list(path string) (*lister, error) {
	dir, name, ok := place(path)
	if !ok || name != "" {
		return nil, ErrNotFound
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	l := &lister{session: s}
	if dir == "" {
		l.infos = []fs.FileInfo{folder(DirIn), folder(DirOut)}
		return l, nil
	}
	files, err := s.mailbox().List(s.ctx(), s.party(), dir)
	if err != nil {
		s.closed()
		return nil, err
	}
	l.infos = make([]fs.FileInfo, len(files))
	for i, f := range files {
		l.infos[i] = fileInfo{File: f}
	}
	return l, nil
}

// lister hands out a list; session is set when it stands for an open handle.
type lister struct {
	session *session
	infos   []fs.FileInfo
}

func (l *lister) ListAt(into []os.FileInfo, offset int64) (int, error) {
	if offset < 0 || offset >= int64(len(l.infos)) {
		return 0, io.EOF
	}
	n := copy(into, l.infos[offset:])
	if n < len(into) {
		return n, io.EOF
	}
	return n, nil
}

func (l *lister) Close() error {
	if l.session != nil {
		l.session.closed()
	}
	return nil
}

// fileInfo shows a mailbox file, or a folder, to the protocol.
type fileInfo struct {
	File
	dir bool
}

func folder(name string) fileInfo {
	if name == "" {
		name = "/"
	}
	return fileInfo{File: File{Name: name}, dir: true}
}

func (f fileInfo) Name() string       { return f.File.Name }
func (f fileInfo) Size() int64        { return f.File.Size }
func (f fileInfo) ModTime() time.Time { return f.File.Modified }
func (f fileInfo) IsDir() bool        { return f.dir }
func (f fileInfo) Sys() any           { return nil }
func (f fileInfo) Mode() fs.FileMode {
	if f.dir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
