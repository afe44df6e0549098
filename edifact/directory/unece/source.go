package unece

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The parts of a directory that are read.
const (
	partMessages   = "message directory"
	partSegments   = "segment directory"
	partComposites = "composite directory"
	partElements   = "element directory"
	partCodes      = "code list"
	partIndexes    = "indexes" // of segments and composites, by code
)

// maxFile is well above the size of any file of a directory.
const maxFile = 64 << 20

// source is the files of a directory by part.
type source struct {
	parts map[string][]*file
}

// file is one text of a directory.
type file struct {
	name  string
	lines []string
}

// fail says what is not understood, and where; line is an index.
func (f *file) fail(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", f.name, line+1, fmt.Sprintf(format, args...))
}

// names tells the part of a file by its name, which is the same from release to
// release but for the old prefix TR.
var names = []struct {
	pattern *regexp.Regexp
	part    string
}{
	{regexp.MustCompile(`^[A-Z]{6}_D\.\d\d[A-Z]$`), partMessages},
	{regexp.MustCompile(`^(ED|TR)SD\.\d\d[A-Z]$`), partSegments},
	{regexp.MustCompile(`^(ED|TR)CD\.\d\d[A-Z]$`), partComposites},
	{regexp.MustCompile(`^(ED|TR)ED\.\d\d[A-Z]$`), partElements},
	{regexp.MustCompile(`^(ED|TR)[CS]DI1\.\d\d[A-Z]$`), partIndexes},
	{regexp.MustCompile(`^UNCL(-\d)?\.\d\d[A-Z]$`), partCodes},
}

// open reads the zips at paths and the zips within them.
func open(paths []string) (*source, error) {
	src := &source{parts: map[string][]*file{}}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		if err := src.archive(path.Base(p), data, 0); err != nil {
			return nil, err
		}
	}
	for _, files := range src.parts {
		slices.SortFunc(files, func(a, b *file) int { return strings.Compare(path.Base(a.name), path.Base(b.name)) })
	}
	return src, nil
}

func (src *source) archive(name string, data []byte, depth int) error {
	if depth > 3 {
		return fmt.Errorf("%s: zip in zip in zip", name)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, entry := range z.File {
		if err := src.entry(name, entry, depth); err != nil {
			return err
		}
	}
	return nil
}

func (src *source) entry(in string, entry *zip.File, depth int) error {
	// The interactive directory has messages under the same kind of name.
	base := strings.ToUpper(path.Base(entry.Name))
	part := partOf(base)
	nested := strings.HasSuffix(base, ".ZIP") && !strings.HasPrefix(base, "ID") && !strings.HasPrefix(base, "PART")
	if entry.FileInfo().IsDir() || strings.HasPrefix(base, ".") || part == "" && !nested {
		return nil
	}
	r, err := entry.Open()
	if err != nil {
		return fmt.Errorf("%s/%s: %w", in, entry.Name, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err = firstOf(err, r.Close()); err != nil {
		return fmt.Errorf("%s/%s: %w", in, entry.Name, err)
	}
	if len(data) > maxFile {
		return fmt.Errorf("%s/%s: larger than any file of a directory", in, entry.Name)
	}
	if nested {
		return src.archive(in+"/"+entry.Name, data, depth+1)
	}
	src.parts[part] = append(src.parts[part], &file{name: in + "/" + entry.Name, lines: decode(data)})
	return nil
}

func partOf(base string) string {
	for _, n := range names {
		if n.pattern.MatchString(base) {
			return n.part
		}
	}
	return ""
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// cp437 is the upper half of the character set of the files, which they need
// for the boxes around segment groups.
var cp437 = []rune("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧" +
	"╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0")

// decode splits a file in lines without what ends them. The few tabs in later
// releases stand for spaces up to the next column of eight.
func decode(data []byte) []string {
	var text strings.Builder
	column := 0
	for _, b := range data {
		column++
		switch {
		case b == '\r' || b == 0x1a: // DOS: end of line, end of file
		case b == '\n':
			text.WriteByte(b)
			column = 0
		case b == '\t':
			text.WriteString(strings.Repeat(" ", 8-(column-1)%8))
			column += 7 - (column-1)%8
		case b == 0xa0: // a space of ISO 8859-1, in later releases
			text.WriteByte(' ')
		case b < 0x80:
			text.WriteByte(b)
		default:
			text.WriteRune(cp437[b-0x80])
		}
	}
	lines := strings.Split(text.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}
