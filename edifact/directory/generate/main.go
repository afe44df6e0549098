// Generate writes the text form of a UN/EDIFACT directory from the files that
// UNECE publishes:
//
//	go run nks/edifact/directory/generate -o edifact/directory/d96a/d96a.txt unece-d96a.zip
//
// The zip is that of the whole directory, with the zips of its parts in it, or
// these one by one: the batch messages (EDMD, in old releases TRMD), segments
// (EDSD, TRSD), composites (EDCD, TRCD), elements (EDED, TRED) and the code list
// (UNCL). The names of segments and composites are in capitals in
// their directories; the indexes by code (EDSDI1, EDCDI1), where they are there,
// have them as they are written. The interactive directory (IDMD, IDSD, IDCD),
// rules and reports are left out, and so is what it holds of service segments.
//
// A line that it does not understand ends it with the file and line: nothing
// that a directory says is dropped in silence. Where two parts of a directory
// contradict each other in a name, the element directory is taken and the
// contradiction printed; in a format or structure, the generator fails.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"nks/edifact/directory"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(args []string, notes io.Writer) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.SetOutput(notes)
	out := flags.String("o", "", "file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() == 0 {
		return errors.New("usage: generate -o FILE ZIP…")
	}
	src, err := open(flags.Args())
	if err != nil {
		return err
	}
	d, err := build(src, notes)
	if err != nil {
		return err
	}
	text, err := d.MarshalText()
	if err != nil {
		return err
	}
	return os.WriteFile(*out, text, 0o644)
}

// build puts the parts of a directory together.
func build(src *source, notes io.Writer) (*directory.Directory, error) {
	b := builder{
		notes: notes,
		dir: &directory.Directory{
			Messages:   map[string]*directory.Message{},
			Segments:   map[string]*directory.Segment{},
			Composites: map[string]*directory.Composite{},
			Elements:   map[string]*directory.Element{},
		},
	}
	steps := []struct {
		part string
		read func(*file) error
	}{
		{partElements, b.elements},
		{partCodes, b.codes},
		{partComposites, b.composites},
		{partSegments, b.segments},
		{partIndexes, b.index},
		{partMessages, b.message},
	}
	for _, step := range steps {
		files := src.parts[step.part]
		if len(files) == 0 && step.part != partIndexes {
			return nil, fmt.Errorf("no file of the %s", step.part)
		}
		for _, f := range files {
			if err := step.read(f); err != nil {
				return nil, err
			}
		}
	}
	return b.dir, nil
}

// builder collects a directory.
type builder struct {
	dir   *directory.Directory
	notes io.Writer
}

// note prints a contradiction that does not stop the generator.
func (b *builder) note(f *file, line int, format string, args ...any) {
	_, _ = fmt.Fprintf(b.notes, "%s:%d: %s\n", f.name, line, fmt.Sprintf(format, args...))
}
