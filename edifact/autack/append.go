package autack

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"strconv"

	"nks/edifact"
)

// AppendOptions are how [Append] reads and signs.
type AppendOptions struct {
	SignOptions
	// Reader is how the interchange is read; its Object and Envelope are called.
	Reader edifact.ReaderOptions
	// Levels are what is signed: LevelMessage, which 0 means, LevelPackage,
	// LevelGroup. An AUTACK cannot sign the interchange that it stands in.
	Levels Level
}

// Append copies an interchange and puts an AUTACK at its end that signs the
// messages before it. What was there stays byte for byte as it is, but for the
// count of UNZ. In an interchange of functional groups the AUTACK has a group of
// its own, whose reference is that of the message. Memory does not grow with the
// size of the interchange.
//
// The reference of the AUTACK, "AUTACK" where none is given, must be unused.
// What was written to dst is no whole interchange when there is an error.
func Append(dst io.Writer, src io.Reader, key crypto.Signer, o AppendOptions) error {
	if o.Levels == 0 {
		o.Levels = LevelMessage
	}
	if o.Message.Ref == "" {
		o.Message.Ref = messageType
	}
	if o.Levels&LevelInterchange != 0 {
		return &Error{Text: "an interchange cannot be signed from within", Err: ErrUnsupported}
	}
	a := &appender{o: &o, dst: dst, key: key}
	after := o.Reader.Envelope
	o.Reader.Envelope = func(s *edifact.Segment) {
		a.envelope(s)
		if after != nil {
			after(s)
		}
	}
	a.r, a.h = NewReader(src, o.Reader, HashOptions{Levels: o.Levels})
	a.h.copyTo = dst
	for {
		_, err := a.r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if a.err != nil {
			return a.err
		}
	}
	if a.trailer == nil && a.err == nil {
		return malformed("", "the input holds no whole interchange")
	}
	return a.finish()
}

// appender holds what the end of the interchange needs.
type appender struct {
	o   *AppendOptions
	dst io.Writer
	key crypto.Signer
	r   *edifact.Reader
	h   *Hasher
	err error

	group   edifact.UNG
	grouped bool
	trailer []byte // UNZ with the new count
	behind  int64  // offset after UNZ
}

func (a *appender) envelope(s *edifact.Segment) {
	switch {
	case a.trailer != nil:
		a.err = &Error{Text: "the input holds more than one interchange", Err: ErrUnsupported}
	case s.Tag == "UNG":
		a.group, a.grouped = *a.r.Group(), true
		a.unused(a.group.Ref)
	case s.Tag == "UNH":
		a.unused(a.r.Message().Ref)
	case s.Tag == "UNZ" && a.err == nil:
		a.behind, a.err = s.End, a.end(s)
	}
}

func (a *appender) unused(ref string) {
	if ref == a.o.Message.Ref && a.err == nil {
		a.err = &Error{Text: "reference of the AUTACK is used in the interchange", Err: ErrAmbiguous}
	}
}

// end writes the AUTACK in front of UNZ.
func (a *appender) end(s *edifact.Segment) error {
	// The hasher was told first: it has passed on all but the trailer.
	if a.h.err != nil {
		return a.h.err
	}
	m, err := Sign(a.h.digests.All(), a.key, a.o.SignOptions)
	if err != nil {
		return err
	}
	piece, err := a.written(m)
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(string(s.Element(0)))
	if err != nil {
		return malformed("", "UNZ has no count")
	}
	marks := a.r.Delimiters()
	raw := s.Raw()
	rest := raw[len("UNZ")+1:]
	if at := bytes.IndexByte(rest, marks.Element); at >= 0 {
		rest = rest[at:]
	} else {
		rest = nil
	}
	a.trailer = append([]byte("UNZ"), marks.Element)
	a.trailer = strconv.AppendInt(a.trailer, int64(count)+1, 10)
	a.trailer = append(append(a.trailer, rest...), marks.End)
	_, err = a.dst.Write(piece)
	return err
}

// written returns the AUTACK as it stands in the interchange, cut out of one
// that has the same header.
func (a *appender) written(m *Message) ([]byte, error) {
	var out bytes.Buffer
	u := *a.r.Interchange()
	w := edifact.NewWriter(&out, edifact.WriterOptions{Delimiters: a.r.Delimiters(), Repertoire: a.o.Reader.Repertoire})
	w.Begin(u)
	if a.grouped {
		g := a.group
		g.Ref, g.Type, g.Agency, g.Version, g.Release, g.Association = m.UNH.Ref, m.UNH.Type, m.UNH.Agency, m.UNH.Version, m.UNH.Release, m.UNH.Association
		w.Group(g)
	}
	if err := m.Write(w, u.Version); err != nil {
		return nil, err
	}
	if a.grouped {
		w.EndGroup()
	}
	if err := w.End(); err != nil {
		return nil, err
	}
	from, to := int64(0), int64(0)
	r := edifact.NewReader(bytes.NewReader(out.Bytes()), edifact.ReaderOptions{Repertoire: a.o.Reader.Repertoire, Envelope: func(s *edifact.Segment) {
		switch s.Tag {
		case "UNB":
			from = s.End
		case "UNZ":
			to = s.Offset
		}
	}})
	for _, err := range r.Segments() {
		if err != nil {
			return nil, err
		}
	}
	return out.Bytes()[from:to], nil
}

// finish writes UNZ and what followed it, which are line breaks.
func (a *appender) finish() error {
	switch {
	case a.err != nil:
		return a.err
	case a.h.err != nil:
		return a.h.err
	case a.h.at != a.behind:
		return &Error{Text: "bytes behind the interchange", Err: ErrLimit}
	}
	if _, err := a.dst.Write(a.trailer); err != nil {
		return err
	}
	_, err := a.dst.Write(a.h.buf[a.h.start:])
	return err
}
