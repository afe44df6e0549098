package bankfile

import (
	"errors"
	"fmt"
	"io"
	"time"

	"nks/edifact"
	"nks/edifact/autack"
	"nks/edifact/contrl"
	"nks/gateway"
)

// maxInterchange bounds the bytes that a bank may send in one file.
const maxInterchange = 256 << 20

// tolerated are departures from the syntax that change nothing of what is said:
// files come in lines of any width, and padded, and say UNOC under syntax version
// 2. Line breaks have no meaning anywhere in the repertoires that banks use.
const tolerated = edifact.LineBreaks | edifact.WrappedLines | edifact.Padding | edifact.Preamble | edifact.LaterRepertoire

// unreadable is a fault of a bank's file: a *gateway.UnreadableError to the
// flow, and an *edifact.ParseError to Answer.
type unreadable struct{ fault *edifact.ParseError }

func (u *unreadable) Error() string { return u.fault.Error() }

func (u *unreadable) Unwrap() []error {
	return []error{&gateway.UnreadableError{Path: u.fault.Tag, Text: u.fault.Error()}, u.fault}
}

// faulty makes an error that names a fault of the file one of *unreadable, and
// leaves all others as they are.
func faulty(err error) error {
	var already *unreadable
	var fault *edifact.ParseError
	if !errors.As(err, &already) && errors.As(err, &fault) {
		return &unreadable{fault}
	}
	return err
}

// Read reads the one interchange of a bank's file. Its structure is checked
// strictly against D.96A and CONTRL; the sink is told nothing behind the first
// fault, but the file is read on, so that the answer names all faults. The error
// is then a *gateway.UnreadableError. An error of r is returned as it is, whatever
// was found before it: only a file that was read to its end can be judged. The
// envelope asks for CONTRL where UNB
// does, can be named in one, and no message of it was a CONTRL. Where the profile
// has keys, a file that they, with certificates that were good when it came, do not prove to be the bank's is a
// *gateway.UnprovenError, whatever else is wrong with it.
func (c *Codec) Read(r io.Reader, came time.Time, sink gateway.BankSink) (gateway.BankEnvelope, error) {
	f := &reading{codec: c, sink: sink}
	f.proof.came, f.proof.trust = came, &c.profile.Trust
	f.collector = contrl.NewCollector(contrl.Options{Whole: true}, f.answered)
	f.in = edifact.NewValidator(f.reader(r), c.schema)
	err := faulty(f.interchange())
	var text *unreadable
	if errors.As(err, &text) {
		f.readOn()
	}
	if f.broken != nil {
		return gateway.BankEnvelope{}, f.broken
	}
	if err != nil && text == nil {
		return f.envelope, err
	}
	return f.proven(err)
}

// reader hashes on the way what the bank must have signed.
func (f *reading) reader(r io.Reader) *edifact.Reader {
	o := edifact.ReaderOptions{Limits: edifact.Limits{Total: maxInterchange}, Lenient: tolerated, Faults: f.report}
	if len(f.codec.profile.Verify) == 0 {
		return edifact.NewReader(r, o)
	}
	in, hash := autack.NewReader(r, o, autack.HashOptions{Levels: autack.LevelMessage})
	f.proof.keys, f.proof.hash = f.codec.profile.Verify, hash
	return in
}

// reading is one file on its way to the sink.
type reading struct {
	codec     *Codec
	in        *edifact.Validator
	collector *contrl.Collector
	sink      gateway.BankSink
	envelope  gateway.BankEnvelope
	begun     bool
	ended     bool
	messages  int                 // begun, CONTRLs aside
	controls  bool                // a message was a CONTRL
	broken    error               // of the input
	fault     *edifact.ParseError // the first
	proof     proof
}

// report keeps the first fault. A message type that is in no directory is none:
// the sink is told of it.
func (f *reading) report(e *edifact.ParseError) {
	if e.Rule == edifact.RuleMessageType {
		return
	}
	if f.fault == nil {
		f.fault = e
	}
	f.collector.Fault(e)
}

// answered keeps what the sender of the interchange should be told.
func (f *reading) answered(a contrl.Answer) {
	if f.envelope.Handle != nil || a.Header.ControlRef == "" {
		return
	}
	f.envelope.Sender, f.envelope.ControlRef = a.Header.Sender.ID, a.Header.ControlRef
	f.envelope.Prepared = a.Header.Date + ":" + a.Header.Time
	f.envelope.WantsContrl = a.Header.AckRequest && a.Control != nil && !f.controls && f.codec.canName(&a.Header)
	f.envelope.Handle = &a
}

// read is the next segment; the collector sees it, too.
func (f *reading) read() (*edifact.Segment, error) {
	s, err := f.in.Next()
	if err == nil {
		f.controls = f.controls || s.Tag == "UNH" && f.in.Message().Type == "CONTRL"
		f.collector.Segment(f.in, s)
		if f.proof.keys != nil {
			f.proof.segment(f.in, s)
		}
		return s, nil
	}
	if !f.ended {
		f.ended = true
		f.broken = f.collector.End(err)
	}
	return nil, err
}

// next is the next segment, unless a fault was reported.
func (f *reading) next() (*edifact.Segment, error) {
	s, err := f.read()
	if f.fault != nil {
		return nil, &unreadable{f.fault}
	}
	return s, err
}

// readOn reads what follows a fault, to the end.
func (f *reading) readOn() {
	for !f.ended {
		_, _ = f.read() // that it ended, and how, is kept
	}
}

func (f *reading) interchange() error {
	for {
		s, err := f.next()
		switch {
		case errors.Is(err, io.EOF) && !f.begun:
			return &unreadable{outOfPlace("UNB", edifact.CodeMissing, "file is empty")}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case s.Tag == "UNB" && f.begun:
			return f.refuse(outOfPlace("UNB", edifact.CodeOutside, "file holds a second interchange"))
		case s.Tag == "UNB":
			f.begun = true
			err = f.knows(f.in.Interchange())
		case s.Tag == "UNH":
			err = f.message(f.in.Message())
		}
		if err != nil {
			return err
		}
	}
}

// refuse is a fault that the syntax knows nothing of.
func (f *reading) refuse(e *edifact.ParseError) error {
	f.collector.Reject(e.Code, e.Place)
	return &unreadable{e}
}

func outOfPlace(tag string, code edifact.Code, text string) *edifact.ParseError {
	return &edifact.ParseError{Place: edifact.Place{Tag: tag}, Code: code, Text: text}
}

// canName reports whether our repertoire has what a CONTRL about the interchange
// must repeat of its UNB.
func (c *Codec) canName(u *edifact.UNB) bool {
	for _, s := range []string{u.ControlRef, u.Sender.ID, u.Sender.Qualifier, u.Sender.Internal, u.Recipient.ID, u.Recipient.Qualifier, u.Recipient.Internal} {
		if _, err := c.options.Repertoire.Append(nil, s); err != nil {
			return false
		}
	}
	return true
}

// knows refuses what is not from this bank, not for us, in a syntax that banks
// do not use, or a test where none may be and the other way round.
func (f *reading) knows(u *edifact.UNB) error {
	e, p := outOfPlace("UNB", 0, ""), &f.codec.profile
	switch {
	case u.Version > 3:
		e.Element, e.Component, e.Code, e.Text = 2, 2, edifact.CodeSyntaxNotSupported, "syntax version must be one of 1 to 3"
	case u.Sender.ID != p.BankGLN:
		e.Element, e.Code, e.Text = 3, edifact.CodeUnknownSender, "sender is not the bank of this mailbox"
	case u.Recipient.ID != p.OwnGLN:
		e.Element, e.Code, e.Text = 4, edifact.CodeNotRecipient, "recipient is somebody else"
	case u.Test() != p.Test:
		e.Element, e.Code, e.Text = 12, edifact.CodeTestNotSupported, "test indicator does not fit the environment"
	default:
		return nil
	}
	return f.refuse(e)
}

func (f *reading) message(h *edifact.UNH) error {
	spec := f.in.Spec()
	if h.Type == "CONTRL" && spec != nil {
		return f.contrl()
	}
	if h.Type == autackType && spec != nil { // what it proves is judged when all has been read
		return f.segments(func(*edifact.Segment) error { return nil })
	}
	f.messages++
	if spec != nil {
		switch h.Type {
		case "BANSTA":
			return f.bansta()
		case string(gateway.DebitAdvice), string(gateway.CreditAdvice):
			return f.advice(gateway.Report(h.Type))
		case string(gateway.AccountStatement):
			return f.finsta()
		}
	}
	return f.sink.Unknown(fmt.Sprintf("%s:%s:%s", h.Type, h.Version, h.Release))
}

// segments passes every segment of the message to each, UNH and UNT not.
func (f *reading) segments(each func(*edifact.Segment) error) error {
	for {
		s, err := f.next()
		if err != nil || s.Tag == "UNT" {
			return err
		}
		if err := each(s); err != nil {
			return err
		}
	}
}

// Answer renders the CONTRL for an interchange of the bank that Read gave the
// envelope of: 7 where err is nil, else 4 with the faults that were found.
func (c *Codec) Answer(e gateway.BankEnvelope, err error, controlRef string, prepared time.Time) ([]byte, error) {
	a, ok := e.Handle.(*contrl.Answer)
	if !ok || a.Control == nil {
		return nil, fmt.Errorf("%w: CONTRL for an interchange that cannot be named", ErrUnwritable)
	}
	return c.answer(a, err, controlRef, prepared)
}
