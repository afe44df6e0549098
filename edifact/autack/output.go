package autack

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
)

// Output stands between a Writer and its output, and hashes messages as they are
// written, so that an AUTACK at the end of the interchange can sign them:
//
//	out := autack.NewOutput(file)
//	w := edifact.NewWriter(out, edifact.WriterOptions{})
//	w.Begin(u)
//	err := w.Flush()
//	out.Begin()
//	// the message, UNH to UNT
//	err = w.Flush()
//	out.End(reference)
//	m, err := autack.Sign(out.Digests(), key, autack.SignOptions{})
//	err = m.Write(w, u.Version)
//	err = w.End()
//
// [Append] does the same to an interchange that has been written. Memory grows
// with the number of messages alone.
type Output struct {
	out     io.Writer
	at      int64 // bytes written
	open    bool  // a message has begun
	any     bool  // a byte of it was written
	from    int64
	to      int64
	hash    hash.Hash
	held    []byte // line breaks that may stand behind the message
	digests []Digest
}

// NewOutput returns an Output to out.
func NewOutput(out io.Writer) *Output { return &Output{out: out, hash: sha256.New()} }

// Write passes bytes on.
func (o *Output) Write(p []byte) (int, error) {
	n, err := o.out.Write(p)
	if o.open {
		o.take(p[:n])
	}
	o.at += int64(n)
	return n, err
}

// take hashes a piece of a message. Line breaks before it and behind it are not
// of it.
func (o *Output) take(p []byte) {
	start := 0
	if !o.any {
		start = len(p) - len(bytes.TrimLeft(p, "\r\n"))
		o.from = o.at + int64(start)
	}
	end := len(bytes.TrimRight(p, "\r\n"))
	if end > start {
		o.any = true
		o.hash.Write(o.held)
		o.held = o.held[:0]
		o.hash.Write(p[start:end])
		o.to = o.at + int64(end)
	}
	if o.any {
		o.held = append(o.held, p[end:]...)
	}
}

// Begin says that a message begins with what is written next. The Writer must
// have been flushed.
func (o *Output) Begin() {
	o.open, o.any, o.held = true, false, o.held[:0]
	o.hash.Reset()
}

// End says that a message has ended, and what it is called. The Writer must have
// been flushed.
func (o *Output) End(r Reference) {
	d := Digest{Reference: r, From: o.from, To: o.to}
	o.hash.Sum(d.SHA256[:0])
	o.digests, o.open = append(o.digests, d), false
}

// Digests are those of the messages that have ended, in their order.
func (o *Output) Digests() []Digest { return o.digests }
