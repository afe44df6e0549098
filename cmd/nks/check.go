package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"nks/gateway/act"
	"nks/gateway/postgres/dryrun"
	"nks/internal/command"
	"nks/internal/report"
)

// checkCommand tells of bundles on disk what would become of them.
func checkCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	supplier := fs.String("supplier", "", "`login` that the files would come under; default: the data supplier that each names")
	at := fs.String("at", "", "business `time` at which they would arrive, as 2005-08-11T04:30:00+02:00; default: now")
	lang := fs.String("lang", "da", "`language` of the errors' texts: da, as the answers have them, or en")
	asJSON := fs.Bool("json", false, "print one JSON object for each file (docs/check.md)")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return command.Usagef("name the files to check; - is standard input")
	}
	if err := command.OneOf("lang", *lang, "da", "en"); err != nil {
		return err
	}
	arrival, err := command.Time("at", *at)
	if err != nil {
		return err
	}
	// A file that is not there is told before a database is started for it.
	files, absent := bundleFiles(tokens)
	if len(files) == 0 {
		return absent
	}
	run := &checkRun{in: dryrun.Request{Supplier: *supplier, At: arrival, English: *lang == "en"}, out: bufio.NewWriterSize(p.Out, 64<<10)}
	run.report = func(file string) checkReport { return &checkText{out: run.out, file: file} }
	if *asJSON {
		run.report = func(file string) checkReport { return &checkJSON{out: run.out, file: file} }
	}
	err = withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		run.desk = desk
		return run.all(ctx, files)
	})
	if !*asJSON && len(files) > 1 {
		run.total(len(files))
	}
	err = errors.Join(err, absent, run.out.Flush())
	if err == nil && run.refused {
		return command.ErrRejected
	}
	return err
}

// stdin is the name of standard input.
const stdin = "-"

// bundleFiles are the names that are files, and what is wrong with the others.
func bundleFiles(names []string) (files []string, absent error) {
	var errs []error
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case name == stdin:
			files = append(files, name)
		case err != nil:
			errs = append(errs, command.Usage(err))
		case info.IsDir():
			errs = append(errs, command.Usagef("%s is a folder", name))
		default:
			files = append(files, name)
		}
	}
	return files, errors.Join(errs...)
}

// fileReader makes a fault of the file system the caller's: it is no error of the document.
type fileReader struct{ io.Reader }

// Read implements io.Reader.
func (f fileReader) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = command.Usage(err)
	}
	return n, err
}

// checkReport writes one file's outcome as it comes.
type checkReport interface {
	dryrun.Report
	// End ends the file's output.
	End() error
}

// checkRun checks files one after the other.
type checkRun struct {
	in     dryrun.Request
	desk   *act.Desk
	out    *bufio.Writer
	report func(file string) checkReport

	refused            bool // something was
	accepted, rejected int64
	ore                int64
}

func (r *checkRun) all(ctx context.Context, files []string) error {
	var errs []error
	for _, f := range files {
		err := errors.Join(r.one(ctx, f), r.out.Flush())
		if err == nil {
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %w", f, err))
		// The next file may be good all the same, but not without a database or somebody who reads this.
		if !command.IsWrongUse(err) {
			break
		}
	}
	return errors.Join(errs...)
}

func (r *checkRun) one(ctx context.Context, name string) error {
	f := os.Stdin
	if name != stdin {
		var err error
		if f, err = os.Open(name); err != nil {
			return command.Usage(err)
		}
		defer func() { _ = f.Close() }()
	}
	report := &counted{checkReport: r.report(name), run: r}
	in := r.in
	in.Document = fileReader{f}
	if err := r.desk.DryRun(ctx, in, report); err != nil {
		return err
	}
	return report.End()
}

func (r *checkRun) total(files int) {
	_, _ = fmt.Fprintf(r.out, "%d files: %d payments accepted, %s kr.; %d rejected\n", files, r.accepted, report.Kroner(r.ore), r.rejected)
}

// counted adds a file's result to the run's.
type counted struct {
	checkReport
	run *checkRun
}

// Judged implements dryrun.Report.
func (c *counted) Judged(r dryrun.Result) error {
	c.run.refused = c.run.refused || r.Receipt != dryrun.Accepted || r.Rejected > 0
	c.run.accepted, c.run.rejected, c.run.ore = c.run.accepted+r.Accepted, c.run.rejected+r.Rejected, c.run.ore+r.Ore
	return c.checkReport.Judged(r)
}
