package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"nks/edifact/lint"
	"nks/internal/command"
)

// lintCommand tells what is wrong with EDIFACT files.
func lintCommand(_ context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	shared := newEdifactFlags(fs, lint.Usual, "departures that are warnings and no errors")
	strict := fs.Bool("strict", false, "nothing is a warning: as --lenient=")
	every := fs.Bool("every", false, "tell every line break; else the first of a file, and how many there are")
	most := fs.Int("max", -1, "findings told of a file, 0 for all; default 100, all with --json")
	asJSON := fs.Bool("json", false, "print one JSON object for each finding and file (docs/edifact.md)")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	settings, err := shared.settings()
	if err != nil {
		return err
	}
	if *strict {
		settings.lenient = 0
	}
	run := &lintRun{
		out:     bufio.NewWriterSize(p.Out, 64<<10),
		options: lint.Options{Directories: settings.directories, Codes: settings.codes, Allowed: settings.lenient, Repertoire: settings.repertoire, Every: *every},
		most:    *most,
	}
	if run.most < 0 && !*asJSON {
		run.most = 100
	}
	if *asJSON {
		run.encoder = json.NewEncoder(run.out)
		run.encoder.SetEscapeHTML(false)
	}
	err = edifactFiles(tokens, false, run.file)
	if run.files > 1 && !*asJSON {
		_, _ = fmt.Fprintf(run.out, "%d files: %s\n", run.files, run.total)
	}
	return judged(run.total.Errors > 0, err, run.out.Flush())
}

// lintRun judges files one after the other.
type lintRun struct {
	out     *bufio.Writer
	encoder *json.Encoder // with --json
	options lint.Options
	most    int // findings told of a file; 0 or less: all
	files   int
	total   lint.Summary
}

// jsonFinding and jsonSummary are the objects that --json prints.
type (
	jsonFinding struct {
		Type string `json:"type"`
		File string `json:"file"`
		lint.Fields
	}
	jsonSummary struct {
		Type         string `json:"type"`
		File         string `json:"file"`
		Interchanges int    `json:"interchanges"`
		Groups       int    `json:"groups"`
		Messages     int    `json:"messages"`
		Segments     int    `json:"segments"`
		Errors       int    `json:"errors"`
		Warnings     int    `json:"warnings"`
		Notes        int    `json:"notes"`
		Unreported   int    `json:"untold"`
	}
)

func (r *lintRun) file(name string, in io.Reader) error {
	reported := 0
	sum, err := lint.File(in, r.options, func(f lint.Finding) error {
		if reported++; r.most > 0 && reported > r.most {
			return nil
		}
		if r.encoder != nil {
			return r.encoder.Encode(jsonFinding{"finding", name, f.Fields()})
		}
		_, err := r.out.WriteString(name + ":" + f.String() + "\n")
		return err
	})
	r.total.Add(sum)
	if err != nil {
		return errors.Join(err, r.out.Flush())
	}
	r.files++
	if r.encoder != nil {
		err = r.encoder.Encode(jsonSummary{
			"summary", name, sum.Interchanges, sum.Groups, sum.Messages, sum.Segments, sum.Errors, sum.Warnings, sum.Notes, sum.Unreported,
		})
		return errors.Join(err, r.out.Flush())
	}
	if r.most > 0 && reported > r.most {
		_, _ = fmt.Fprintf(r.out, "%s: %d more findings; --max 0 tells all\n", name, reported-r.most)
	}
	_, err = fmt.Fprintf(r.out, "%s: %s\n", name, sum)
	return errors.Join(err, r.out.Flush())
}
