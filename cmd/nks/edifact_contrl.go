package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"

	"nks/edifact"
	"nks/edifact/contrl"
	"nks/edifact/lint"
	"nks/internal/command"
)

// answerCommand answers an EDIFACT file with CONTRL.
func answerCommand(_ context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	shared := newEdifactFlags(fs, lint.Usual, "departures for which nothing is rejected")
	action := fs.Int("action", 7, "7: say what is rejected; 8: say only that the interchange has come")
	whole := fs.Bool("whole", false, "reject the whole interchange when any part of it is rejected")
	ref := fs.String("control-ref", "", "control reference of the answer; default: date and time. Later answers get -2, -3 ...")
	at := fs.String("at", "", "date and time of the answer, as 2005-08-11T04:30:00+02:00; default: now")
	wrap := fs.String("wrap", "none", "line breaks: none, behind all segments, or 80 for lines of that many bytes")
	una := fs.Bool("una", false, "begin with UNA")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	settings, err := shared.settings()
	if err != nil {
		return err
	}
	if len(tokens) != 1 {
		return command.Usagef("name one file; - is standard input")
	}
	if *action != int(contrl.ActionAcknowledged) && *action != int(contrl.ActionReceived) {
		return command.Usagef("--action %d: must be one of 7, 8", *action)
	}
	run := &answerRun{Program: p, settings: settings, received: *action == int(contrl.ActionReceived), options: contrl.Options{Whole: *whole}, ref: *ref}
	if run.at, err = command.Time("at", *at); err != nil {
		return err
	}
	if run.at.IsZero() {
		run.at = time.Now()
	}
	if run.ref == "" {
		run.ref = run.at.Format("060102150405")
	}
	if run.writer.Wrap, err = lineBreaks(*wrap); err != nil {
		return err
	}
	run.writer.UNA = *una
	err = edifactFiles(tokens, true, run.file)
	return judged(run.refused, err)
}

// answerRun answers the interchanges of one file.
type answerRun struct {
	*command.Program
	settings edifactSettings
	options  contrl.Options
	writer   edifact.WriterOptions
	received bool // no more is said
	at       time.Time
	ref      string
	answers  int
	refused  bool // something was rejected, or could not be answered
}

func (r *answerRun) file(name string, in io.Reader) error {
	out := bufio.NewWriterSize(r.Out, 64<<10)
	schema := edifact.NewSchema(r.settings.directories...).WithCodes(r.settings.codes)
	o := edifact.ReaderOptions{Lenient: r.settings.lenient, Repertoire: r.settings.repertoire}
	for a, err := range contrl.Answers(in, schema, o, r.options) {
		if err == nil {
			err = r.answer(out, name, &a)
		}
		if err != nil {
			return errors.Join(err, out.Flush())
		}
	}
	return out.Flush()
}

// answer writes the answer to one interchange.
func (r *answerRun) answer(out io.Writer, name string, a *contrl.Answer) error {
	control := a.Control
	if r.received && a.Err == nil {
		control, a.Err = contrl.New(&a.Header, contrl.ActionReceived)
	}
	if a.Err != nil {
		r.refused = true
		_, err := fmt.Fprintf(r.Err, "nks edifact contrl: %s: interchange %q: %v\n", name, a.Header.ControlRef, a.Err)
		return err
	}
	r.refused = r.refused || !r.received && !control.Accepted()
	r.answers++
	header := contrl.Reply(&a.Header)
	header.ControlRef = r.ref
	header.Prepare(r.at)
	if r.answers > 1 {
		header.ControlRef += "-" + strconv.Itoa(r.answers)
	}
	w := edifact.NewWriter(out, r.writer)
	w.Begin(header)
	return errors.Join(contrl.Write(w, "1", control), w.End())
}
