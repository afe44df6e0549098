package sftp

import (
	"context"
	"errors"
	"io"
	"time"
)

// The two folders of a mailbox: parties upload to DirIn and collect from DirOut.
const (
	DirIn  = "in"
	DirOut = "out"
)

// What a [Mailbox] answers besides success. They may be wrapped; the server maps
// them to SFTP status codes and tells the client the sentinel's own words only.
// Any other error is an internal failure: the client hears no details of it.
var (
	// ErrNotFound: there is no such file for this party.
	ErrNotFound = errors.New("no such file")
	// ErrConflict: the name was delivered before with other content.
	ErrConflict = errors.New("a file of this name with other content was already received")
	// ErrTooBig: the file is larger than is taken.
	ErrTooBig = errors.New("the file is too big")
	// ErrQuota: so many uploads of the party, or so much of them, wait for their rename that no more is taken.
	ErrQuota = errors.New("too many uploads wait for their rename: rename or remove some")
	// ErrName: the name is not one that this folder takes.
	ErrName = errors.New("this file name is not allowed here")
	// ErrDenied: the operation is not offered.
	ErrDenied = errors.New("this is not allowed here")
	// ErrTemporary: not now; the same request may succeed later.
	ErrTemporary = errors.New("not possible at the moment, try again later")
)

// Mailbox is where uploads go and documents come from. Every method is asked
// for one party and must never show or touch another's files. Names have passed
// [FinalName], [TemporaryName] or [OutName]. Methods are called concurrently and
// must return soon after ctx is done.
type Mailbox interface {
	// Create begins an upload of in/<name>. Nothing of it is visible before Commit.
	// Several uploads of one name may be in hand at once; Commit decides.
	// ctx lives as long as the upload.
	Create(ctx context.Context, party, name string) (Upload, error)

	// Rename publishes a staged upload: from is a temporary name, to a final one.
	// When it returns nil the delivery is durable. If to was delivered before with
	// the same bytes, it succeeds and from is gone; with other bytes: ErrConflict
	// and from is kept. Repeated after a lost reply (from is gone and was what
	// became to): nil. From unknown otherwise: ErrNotFound.
	Rename(ctx context.Context, party, from, to string) error

	// Stat tells about a file of in/ (staged, or delivered under a final name) or
	// of out/.
	Stat(ctx context.Context, party, dir, name string) (File, error)

	// List tells the files of out/ in the order they were offered, or the staged
	// ones of in/; delivered files may be listed for as long as the implementation
	// likes.
	List(ctx context.Context, party, dir string) ([]File, error)

	// Open opens a document of out/ for reading.
	Open(ctx context.Context, party, name string) (Document, error)

	// Remove takes a document of out/ away (the party has collected it) or a staged
	// upload of in/.
	Remove(ctx context.Context, party, dir, name string) error
}

// Upload is a file on its way in. Write is called with the bytes in order from
// the first; then exactly one of Commit and Abort is called, and nothing after it.
type Upload interface {
	// Write takes the next bytes and does not keep p.
	io.Writer
	// Commit completes the upload. When it returns nil, the bytes are durable: staged
	// under a temporary name, or accepted as a delivery under a final one. A final
	// name delivered before with the same bytes: nil and no second delivery; with
	// other bytes: ErrConflict.
	Commit(ctx context.Context) error
	// Abort drops the upload: incomplete, refused, or the connection was lost.
	Abort(ctx context.Context) error
}

// Document is a file of out/ opened for reading; ReadAt is called concurrently.
type Document interface {
	io.ReaderAt
	// Size is the length in bytes and does not change while the document is open.
	Size() int64
	io.Closer
}

// File describes a file of a mailbox or of a bank's directory.
type File struct {
	// Name is the name within its folder.
	Name string
	// Size is the length in bytes.
	Size int64
	// Modified is when the file came to be, by the clock of the side that keeps it.
	Modified time.Time
}
