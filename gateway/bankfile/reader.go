package bankfile

import (
	"errors"
	"fmt"
	"io"
	"time"

	"nks/edifact"
	"nks/gateway"
)

// readLimits bound what a bank may send in one file. Line breaks have no
// meaning anywhere in the repertoires that banks use, so files of any line
// width are read alike.
var readLimits = edifact.Limits{Total: 256 << 20, Breaks: edifact.BreaksAnywhere}

// Codes of 0085 that edifact itself has no use for.
const (
	codeNotRecipient  edifact.Code = 7  // interchange recipient not actual recipient
	codeUnknownSender edifact.Code = 23 // unknown interchange sender
	codeTestIndicator edifact.Code = 25 // test indicator not supported
)

// unreadable is a fault of a bank's file: a *gateway.UnreadableError to the
// flow, and an *edifact.Error to Answer.
type unreadable struct{ fault *edifact.Error }

func (u *unreadable) Error() string { return u.fault.Error() }

func (u *unreadable) Unwrap() []error {
	return []error{&gateway.UnreadableError{Path: u.fault.Tag, Text: u.fault.Error()}, u.fault}
}

// faulty makes an error that names a fault of the file one of *unreadable, and
// leaves all others as they are.
func faulty(err error) error {
	var already *unreadable
	var fault *edifact.Error
	if !errors.As(err, &already) && errors.As(err, &fault) {
		return &unreadable{fault}
	}
	return err
}

// Read reads the one interchange of a bank's file. Its structure is checked
// strictly against D.96A and CONTRL D:3; the first fault ends the reading with
// an error that is a *gateway.UnreadableError. The envelope asks for CONTRL
// where UNB does, can be named in one, and no message of it was a CONTRL.
func (c *Codec) Read(r io.Reader, sink gateway.BankSink) (gateway.BankEnvelope, error) {
	f := &reading{codec: c, sink: sink, in: edifact.NewInterchange(r, readLimits), unknown: map[string]bool{}}
	err := faulty(f.interchange())
	return f.envelope, err
}

// reading is one file on its way to the sink.
type reading struct {
	codec    *Codec
	in       *edifact.Interchange
	sink     gateway.BankSink
	envelope gateway.BankEnvelope
	unknown  map[string]bool // what the sink was told already
	fault    *edifact.Error  // the first that the structure check found
}

func (f *reading) interchange() error {
	unb, err := f.in.Begin()
	if errors.Is(err, io.EOF) {
		return &unreadable{&edifact.Error{Tag: "UNB", Code: edifact.CodeMissing, Text: "file is empty"}}
	}
	if err != nil {
		return err
	}
	if unb.Version > 3 {
		return &edifact.Error{Tag: "UNB", Element: 2, Component: 2, Code: edifact.CodeSyntaxNotSupported, Text: "syntax version is none of 1 to 3"}
	}
	f.envelope = gateway.BankEnvelope{ControlRef: unb.ControlRef, WantsContrl: unb.AckRequest && f.codec.canName(unb), Handle: unb}
	if err := f.codec.knows(unb); err != nil {
		return err
	}
	messages := 0
	for ; ; messages++ {
		h, err := f.in.Message()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := f.message(h); err != nil {
			return err
		}
	}
	if messages == 0 {
		return &unreadable{&edifact.Error{Tag: "UNZ", Code: edifact.CodeEmpty, Text: "interchange without a message"}}
	}
	switch _, err := f.in.Begin(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return &unreadable{&edifact.Error{Tag: "UNB", Code: edifact.CodeOutside, Text: "file holds a second interchange"}}
}

// canName tells whether our repertoire has what a CONTRL about the interchange
// must repeat of its UNB.
func (c *Codec) canName(u edifact.UNB) bool {
	for _, s := range []string{u.ControlRef, u.Sender.ID, u.Sender.Qualifier, u.Sender.Internal, u.Recipient.ID, u.Recipient.Qualifier, u.Recipient.Internal} {
		if _, err := c.options.Charset.Append(nil, s); err != nil {
			return false
		}
	}
	return true
}

// knows refuses what is not from this bank, not for us, or a test where none
// may be and the other way round.
func (c *Codec) knows(u edifact.UNB) error {
	fault := &edifact.Error{Tag: "UNB"}
	switch {
	case u.Sender.ID != c.profile.BankGLN:
		fault.Element, fault.Code, fault.Text = 3, codeUnknownSender, "sender is not the bank of this mailbox"
	case u.Recipient.ID != c.profile.OwnGLN:
		fault.Element, fault.Code, fault.Text = 4, codeNotRecipient, "recipient is somebody else"
	case u.Test() != c.profile.Test:
		fault.Element, fault.Code, fault.Text = 12, codeTestIndicator, "test indicator does not fit the environment"
	default:
		return nil
	}
	return &unreadable{fault}
}

func (f *reading) message(h edifact.MessageHeader) error {
	switch {
	case h.Type == "CONTRL" && h.Version == "D":
		f.envelope.WantsContrl = false
		return f.contrl()
	case edifact.SpecOf(h) == edifact.BanstaSpec:
		return f.bansta()
	}
	if h.Type == "CONTRL" {
		f.envelope.WantsContrl = false
	}
	return f.tellUnknown(fmt.Sprintf("%s:%s:%s", h.Type, h.Version, h.Release))
}

// tellUnknown tells the sink once of each kind of thing that means nothing.
func (f *reading) tellUnknown(what string) error {
	if f.unknown[what] {
		return nil
	}
	f.unknown[what] = true
	return f.sink.Unknown(what)
}

// segments passes every segment of the message to each, checked against spec.
func (f *reading) segments(spec *edifact.MessageSpec, each func(*edifact.Segment) error) error {
	checker := f.in.Checker(spec, f.report)
	for {
		s, err := f.in.Segment()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if checker.Segment(&s); f.fault != nil {
			return &unreadable{f.fault}
		}
		if err := each(&s); err != nil {
			return err
		}
	}
	if checker.End(); f.fault != nil {
		return &unreadable{f.fault}
	}
	return nil
}

func (f *reading) report(e *edifact.Error) {
	if f.fault == nil {
		f.fault = e
	}
}

// Answer renders the CONTRL for an interchange of the bank that Read gave the
// envelope of: 7 where err is nil, else 4 with the fault that err names.
func (c *Codec) Answer(e gateway.BankEnvelope, err error, controlRef string, prepared time.Time) ([]byte, error) {
	u, ok := e.Handle.(edifact.UNB)
	if !ok {
		return nil, fmt.Errorf("%w: CONTRL for an interchange without UNB", ErrRefused)
	}
	return c.answer(u, err, controlRef, prepared)
}
