package autack

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"

	"nks/edifact"
)

// HashOptions are what is hashed while an interchange is read. The zero value
// hashes everything and keeps the digests.
type HashOptions struct {
	Levels Level // kinds of structures; zero means all
	// Want is asked at the beginning of each structure whether to hash it.
	Want func(Reference) bool
	// WithoutUNA makes an interchange begin with UNB even where UNA stands before
	// it.
	WithoutUNA bool
	// Digests takes the digests; nil means new ones. Several inputs may share it.
	Digests *Digests
	// Each is given each digest when its structure ends. Then none is kept, and
	// memory does not grow with the number of structures.
	Each func(Digest)
}

// Hasher hashes what a reader reads. It comes from [NewReader].
type Hasher struct {
	in     io.Reader
	o      HashOptions
	reader *edifact.Reader
	after  func(*edifact.Segment)

	keep    int // bytes that the reader may hold unread, and more
	buf     []byte
	start   int   // of the bytes in buf that have not been passed on
	at      int64 // their offset
	err     error
	spans   [3]span // of the interchange, the group, and the message or package
	digests *Digests
	input   *input
	copyTo  io.Writer // takes the bytes passed on, where it is set
}

// span is a structure that has begun.
type span struct {
	open bool
	ref  Reference
	from int64
	hash hash.Hash
}

const (
	spanInterchange = iota
	spanGroup
	spanMember
)

// NewReader returns a reader of in, and what hashes it on the way, whoever takes
// the segments from the reader; the Envelope of o is called when that is done.
// Memory does not grow with the size of the input.
// What a reader that forgives or reports faults takes for an interchange, group
// or message is hashed as such; one that has no end is not.
func NewReader(in io.Reader, o edifact.ReaderOptions, h HashOptions) (*edifact.Reader, *Hasher) {
	if h.Levels == 0 {
		h.Levels = AllLevels
	}
	x := &Hasher{in: in, o: h, after: o.Envelope, digests: h.Digests, input: new(input)}
	if x.digests == nil {
		x.digests = &Digests{}
	}
	x.keep = 2 * (max(o.Limits.Segment, 64<<10) + 64<<10)
	o.Envelope = x.envelope
	x.reader = edifact.NewReader(tee{x}, o)
	return x.reader, x
}

// Digests returns those of the structures that have ended.
func (h *Hasher) Digests() *Digests { return h.digests }

// tee keeps what the reader reads until it is known what it is part of.
type tee struct{ h *Hasher }

func (t tee) Read(p []byte) (int, error) {
	h := t.h
	if h.err != nil {
		return 0, h.err
	}
	n, err := h.in.Read(p)
	h.buf = append(h.buf, p[:n]...)
	// The reader has long gone over what it read so much before: where no segment
	// of the envelope is in that, it belongs to what is open.
	if len(h.buf)-h.start > 2*h.keep {
		h.pass(h.at + int64(len(h.buf)-h.start-h.keep))
	}
	return n, err
}

// pass hashes the bytes before offset to for every structure that is open.
func (h *Hasher) pass(to int64) bool {
	n := to - h.at
	if n < 0 || n > int64(len(h.buf)-h.start) {
		// So many line breaks in a segment that its beginning is gone at its end.
		h.fail(&Error{Text: "bytes of a segment of the envelope", Err: ErrLimit})
		return false
	}
	piece := h.buf[h.start : h.start+int(n)]
	for i := range h.spans {
		if s := &h.spans[i]; s.open {
			s.hash.Write(piece)
		}
	}
	if h.copyTo != nil {
		if _, err := h.copyTo.Write(piece); err != nil {
			h.fail(err)
			return false
		}
	}
	h.at, h.start = to, h.start+int(n)
	if h.start > len(h.buf)/2 {
		h.buf = h.buf[:copy(h.buf, h.buf[h.start:])]
		h.start = 0
	}
	return true
}

// fail gives up: no digest comes any more, and the reader gets the error.
func (h *Hasher) fail(err error) {
	h.err = err
	h.close(spanInterchange)
}

func (h *Hasher) envelope(s *edifact.Segment) {
	if h.err == nil {
		h.segment(s)
	}
	if h.after != nil {
		h.after(s)
	}
}

func (h *Hasher) segment(s *edifact.Segment) {
	switch s.Tag {
	case "UNB":
		h.beginInterchange(s)
	case "UNG":
		h.begin(spanGroup, s.Offset, LevelGroup, h.groupReference())
	case "UNH":
		ref := h.groupReference()
		m := h.reader.Message()
		ref.Message = MessageID{m.Ref, m.Type, m.Version, m.Release, m.Agency, m.Association, m.CodeList, m.Function}
		h.begin(spanMember, s.Offset, LevelMessage, ref)
	case "UNO":
		ref := h.groupReference()
		ref.Package = s.Text(0, 0)
		h.begin(spanMember, s.Offset, LevelPackage, ref)
	case "UNT":
		h.end(spanMember, s.End, LevelMessage)
	case "UNP":
		h.end(spanMember, s.End, LevelPackage)
	case "UNE":
		h.end(spanGroup, s.End, LevelGroup)
	case "UNZ":
		if h.copyTo != nil && h.pass(s.Offset) {
			h.copyTo = nil
		}
		h.end(spanInterchange, s.End, LevelInterchange)
	}
}

// groupReference is what the headers around a message say.
func (h *Hasher) groupReference() Reference {
	u := h.reader.Interchange()
	ref := Reference{Interchange: u.ControlRef, Sender: u.Sender, Recipient: u.Recipient}
	if g := h.reader.Group(); g != nil {
		ref.Group, ref.GroupSender, ref.GroupRecipient = g.Ref, g.Sender, g.Recipient
	}
	return ref
}

func (h *Hasher) beginInterchange(s *edifact.Segment) {
	from := s.Offset
	h.close(spanInterchange)
	if between := s.Offset - h.at; !h.o.WithoutUNA && between > 0 && between <= int64(len(h.buf)-h.start) {
		from -= advice(h.buf[h.start : h.start+int(between)])
	}
	h.begin(spanInterchange, from, LevelInterchange, h.groupReference())
}

// advice returns how many bytes before UNB the service string advice begins; 0
// where there is none. It has nine bytes, or eight where that is forgiven, and
// line breaks may follow it.
func advice(between []byte) int64 {
	text := bytes.TrimRight(between, "\r\n")
	for _, length := range []int{9, 8} {
		if n := len(text) - length; n >= 0 && string(text[n:n+3]) == "UNA" {
			return int64(len(between) - n)
		}
	}
	return 0
}

// begin opens a structure, and leaves those inside of it that have no end.
func (h *Hasher) begin(which int, from int64, level Level, ref Reference) {
	h.close(which)
	if !h.pass(from) || h.o.Levels&level == 0 || h.o.Want != nil && !h.o.Want(ref) {
		return
	}
	// A structure without a reference cannot be referred to.
	if ref.Level() != level {
		return
	}
	s := &h.spans[which]
	s.open, s.ref, s.from = true, ref, from
	if s.hash == nil {
		s.hash = sha256.New()
	}
	s.hash.Reset()
}

// end closes a structure and tells its digest.
func (h *Hasher) end(which int, to int64, level Level) {
	h.close(which + 1)
	s := &h.spans[which]
	if !h.pass(to) || !s.open {
		return
	}
	if s.open = false; s.ref.Level() != level {
		return
	}
	digest := Digest{Reference: s.ref, From: s.from, To: to, input: h.input}
	s.hash.Sum(digest.SHA256[:0])
	if h.o.Each != nil {
		h.o.Each(digest)
		return
	}
	h.digests.Add(digest)
}

// close leaves a structure that does not end, with those inside of it.
func (h *Hasher) close(which int) {
	for i := which; i < len(h.spans); i++ {
		h.spans[i].open = false
	}
}
