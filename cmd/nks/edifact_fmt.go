package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nks/edifact"
	"nks/edifact/canon"
	"nks/internal/command"
)

// formatCommand rewrites EDIFACT files.
func formatCommand(_ context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	shared := newEdifactFlags(fs, edifact.Everything, "departures that may be read over")
	wrap := fs.String("wrap", "segments", "line breaks: none, behind all segments, or 80 for lines of that many bytes")
	una := fs.String("una", "keep", "UNA: keep, always or never")
	separators := fs.String("separators", "usual", "service characters: usual, or keep those of each interchange")
	counts := fs.Bool("counts", false, "write into UNT, UNE and UNZ what there is")
	write := fs.Bool("write", false, "write to the files themselves, not to standard output")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	settings, err := shared.settings()
	if err != nil {
		return err
	}
	o := canon.Options{Counts: *counts, Lenient: settings.lenient, Repertoire: settings.repertoire, Separators: *separators == "keep"}
	advice := map[string]canon.Advice{"keep": canon.AsItWas, "always": canon.Always, "never": canon.Never}
	if err := command.OneOf("una", *una, "keep", "always", "never"); err != nil {
		return err
	}
	o.Advice = advice[*una]
	if o.Wrap, err = lineBreaks(*wrap); err != nil {
		return err
	}
	if err := command.OneOf("separators", *separators, "usual", "keep"); err != nil {
		return err
	}
	return edifactFiles(tokens, true, func(name string, in io.Reader) error {
		return format(p, name, in, o, *write && name != stdin)
	})
}

// lineBreaks is the meaning of --wrap.
func lineBreaks(wrap string) (edifact.Wrap, error) {
	wraps := map[string]edifact.Wrap{"none": edifact.WrapNone, "segments": edifact.WrapSegments, "80": edifact.Wrap80}
	return wraps[wrap], command.OneOf("wrap", wrap, "none", "segments", "80")
}

// format rewrites one file. Nothing of it is given out before all of it could be read.
func format(p *command.Program, name string, in io.Reader, o canon.Options, inPlace bool) error {
	dir := ""
	if inPlace {
		dir = filepath.Dir(name)
	}
	f, err := os.CreateTemp(dir, ".nks-fmt-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name()) // gone already where it took the file's place
	}()
	over := departures{}
	o.Forgiven = over.add
	out := bufio.NewWriterSize(f, 64<<10)
	err = canon.Rewrite(out, in, o)
	if fault, ok := errors.AsType[*edifact.ParseError](err); ok {
		return fmt.Errorf("cannot be rewritten: %s (%s) at byte %d", fault.Text, fault.Rule, fault.Offset)
	}
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if len(over) > 0 {
		_, _ = fmt.Fprintf(p.Err, "nks edifact fmt: %s: read over %s\n", name, over)
	}
	if inPlace {
		return replace(name, f)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(p.Out, f)
	return err
}

// replace puts the new file where the old one is, if it says anything else.
func replace(name string, f *os.File) error {
	if same, err := sameContent(name, f.Name()); same || err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if err := f.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// sameContent compares two files piece by piece.
func sameContent(a, b string) (bool, error) {
	var readers [2]*bufio.Reader
	for i, name := range []string{a, b} {
		f, err := os.Open(name)
		if err != nil {
			return false, err
		}
		defer func() { _ = f.Close() }()
		readers[i] = bufio.NewReaderSize(f, 64<<10)
	}
	for {
		x, errX := readers[0].Peek(32 << 10)
		y, errY := readers[1].Peek(32 << 10)
		if !bytes.Equal(x, y) {
			return false, nil
		}
		if errors.Is(errX, io.EOF) && errors.Is(errY, io.EOF) {
			return true, nil
		}
		if errX != nil || errY != nil {
			return false, errors.Join(errX, errY)
		}
		for i := range readers {
			if _, err := readers[i].Discard(len(x)); err != nil {
				return false, err
			}
		}
	}
}

// departures counts what was read over, by rule.
type departures map[string]int

func (d departures) add(e *edifact.ParseError) { d[string(e.Rule)]++ }

// String lists them in the order of their names.
func (d departures) String() string {
	var all []string
	for _, rule := range slices.Sorted(maps.Keys(d)) {
		all = append(all, rule+" "+strconv.Itoa(d[rule]))
	}
	return strings.Join(all, ", ")
}
