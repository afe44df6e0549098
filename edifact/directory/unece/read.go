// Package unece reads UN/EDIFACT directories as UNECE publishes them: zips with
// texts in columns, which people read.
//
// The two layouts are read that D.96A and D.01B have; the releases from D.95B to
// D.21B have been tried. A line that is not understood is an error with its file
// and line: nothing that a directory says is dropped in silence. Some releases have such errors, which are to be mended in the file:
// boxes of groups that do not close as they open (BOPBNK D.99B, SLSRPT D.01A,
// GOVCBR D.09A), a message of another release (GOVCBR D.16A).
//
// D.96A and D.01B are free of contradictions. D.96A has code 4 of element 3405
// marked as deleted, which is left out. That ARR repeats C770, and C770 its
// component 9424, stands in notes alone, and these are followed. In
// CREMUL of both releases group 23 ends before FTX, which so belongs to group 21;
// in the otherwise like DEBMUL it is the last segment of group 23. Parts that are marked for deletion in a later release
// are kept.
package unece

import (
	"fmt"

	"nks/edifact/directory"
)

// Read reads a directory from the zip of a whole release, with the zips of its
// parts in it, or from these: the batch messages (EDMD, in old releases TRMD),
// segments (EDSD, TRSD), composites (EDCD, TRCD), elements (EDED, TRED) and the
// code list (UNCL). Names of segments and composites stand in capitals there;
// the indexes by code within EDSD and EDCD have them as they are written.
//
// The interactive directory (IDMD, IDSD, IDCD), rules and reports are left out,
// and of service segments all but their tags in messages. Where two parts give
// something another name, the directory of its kind is taken and a note says
// so; a note is also given for each code that the release deleted. Any other
// contradiction is an error.
func Read(zips ...string) (d *directory.Directory, notes []string, err error) {
	src, err := open(zips)
	if err != nil {
		return nil, nil, err
	}
	b := builder{dir: &directory.Directory{
		Messages:   map[string]*directory.Message{},
		Segments:   map[string]*directory.Segment{},
		Composites: map[string]*directory.Composite{},
		Elements:   map[string]*directory.Element{},
	}}
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
			return nil, nil, fmt.Errorf("no file of the %s", step.part)
		}
		for _, f := range files {
			if err := step.read(f); err != nil {
				return nil, nil, err
			}
		}
	}
	return b.dir, b.notes, nil
}

// builder collects a directory.
type builder struct {
	dir   *directory.Directory
	notes []string
}

// note keeps a contradiction that is no error; line is an index.
func (b *builder) note(f *file, line int, format string, args ...any) {
	b.notes = append(b.notes, f.fail(line, format, args...).Error())
}
