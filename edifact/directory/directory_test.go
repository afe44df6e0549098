package directory_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nks/edifact/directory"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
)

func all() map[string]*directory.Directory {
	return map[string]*directory.Directory{
		"D.96A": d96a.Directory(), "D.01B": d01b.Directory(),
		"1": directory.Service(1), "2": directory.Service(2), "3": directory.Service(3), "4": directory.Service(4),
	}
}

// TestDirectoriesAreWhole looks for what a validator would trip over.
func TestDirectoriesAreWhole(t *testing.T) {
	t.Parallel()
	for name, d := range all() {
		for _, m := range d.Messages {
			first, last := m.Nodes[0], m.Nodes[len(m.Nodes)-1]
			if first.Segment == nil || first.Segment.Tag != "UNH" || last.Segment == nil || last.Segment.Tag != "UNT" {
				t.Errorf("%s %s does not run from UNH to UNT", name, m.Type)
			}
			number := 0
			checkNodes(t, name+" "+m.Type, m.Nodes, &number)
		}
		for tag, s := range d.Segments {
			if s.Tag != tag || s.Name == "" || len(s.Elements) == 0 {
				t.Errorf("%s: segment %s is %+v", name, tag, s)
			}
			for _, at := range s.Elements {
				if (at.Element == nil) == (at.Composite == nil) || at.Max < 1 {
					t.Errorf("%s: segment %s has the place %+v", name, tag, at)
				}
			}
		}
		for code, e := range d.Elements {
			if e.Code != code || e.Name == "" || e.Max < 1 || e.Min > e.Max {
				t.Errorf("%s: element %+v", name, e)
			}
			for value := range e.Codes {
				if len(value) > e.Max || len(value) < e.Min {
					t.Errorf("%s: code %s does not fit element %s %s", name, value, code, e.Format())
				}
			}
		}
	}
}

func checkNodes(t *testing.T, name string, nodes []directory.Node, number *int) {
	t.Helper()
	for i, n := range nodes {
		if (n.Segment == nil) != (n.Group > 0) || n.Max < 1 {
			t.Errorf("%s: node %d is neither a segment nor a group", name, i)
		}
		if n.Segment != nil {
			continue
		}
		if *number++; n.Group != *number {
			t.Errorf("%s: group %d stands where %d should", name, n.Group, *number)
		}
		if trigger := n.Nodes[0]; trigger.Segment == nil || !trigger.Mandatory || trigger.Max != 1 {
			t.Errorf("%s: the trigger of group %d is not M1", name, n.Group)
		}
		checkNodes(t, name, n.Nodes, number)
	}
}

// TestOutlines compares messages of both directories with outlines that were
// taken from another source than the generator's.
func TestOutlines(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.outline")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d outlines: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".outline")
		typ, release, _ := strings.Cut(name, "_")
		d := map[string]*directory.Directory{
			"D96A": d96a.Directory(), "D01B": d01b.Directory(),
			"S3": directory.Service(3), "S4": directory.Service(4),
		}[release]
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := outline(d.Messages[typ].Nodes, ""); got != string(want) {
			t.Errorf("%s is\n%s\nnot\n%s", name, got, want)
		}
	}
}

// outline writes the segments of a level in a line and its groups below.
func outline(nodes []directory.Node, indent string) string {
	var text strings.Builder
	sep := indent
	for _, n := range nodes {
		usage := "C" + strconv.Itoa(n.Max)
		if n.Mandatory {
			usage = "M" + usage[1:]
		}
		if n.Segment != nil {
			text.WriteString(sep + n.Segment.Tag + " " + usage)
			sep = ", "
			continue
		}
		if sep != indent {
			text.WriteString("\n")
			sep = indent
		}
		text.WriteString(indent + "SG" + strconv.Itoa(n.Group) + " " + usage + ":\n")
		text.WriteString(outline(n.Nodes, indent+"  "))
	}
	if sep != indent {
		text.WriteString("\n")
	}
	return text.String()
}

// TestSegments compares segments with tables of another source: a line each,
// * for mandatory. Repetitions are not in it.
func TestSegments(t *testing.T) {
	t.Parallel()
	for file, d := range map[string]*directory.Directory{
		"D96A": d96a.Directory(), "D01B": d01b.Directory(),
		"S3": directory.Service(3), "S4": directory.Service(4),
	} {
		text, err := os.ReadFile("testdata/" + file + ".segments")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			s := d.Segments[line[:3]]
			if got := s.Tag + " + " + places(s.Elements, " + "); got != line {
				t.Errorf("%s:\n%s\nis not\n%s", file, got, line)
			}
		}
	}
}

func places(list []directory.Place, sep string) string {
	parts := make([]string, len(list))
	for i, at := range list {
		mark := ""
		if at.Mandatory {
			mark = "*"
		}
		if at.Composite != nil {
			parts[i] = at.Composite.Code + mark + "(" + places(at.Composite.Components, " : ") + ")"
		} else {
			parts[i] = at.Element.Code + mark + " " + at.Element.Format()
		}
	}
	return strings.Join(parts, sep)
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][5]int{
		"D.96A": {125, 127, 161, 207, 6148},
		"D.01B": {194, 158, 200, 268, 10228},
	} {
		d := all()[name]
		codes := 0
		lists := 0
		for _, e := range d.Elements {
			codes += len(e.Codes)
			if e.Codes != nil {
				lists++
			}
		}
		got := [5]int{len(d.Messages), len(d.Segments), len(d.Composites), lists, codes}
		if got != want {
			t.Errorf("%s holds %v, not %v messages, segments, composites, code lists, codes", name, got, want)
		}
		if d.Version+"."+d.Release != name || d.Agency != "UN" {
			t.Errorf("%s calls itself %s %s %s", name, d.Version, d.Release, d.Agency)
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		directory, element, code, name string
	}{
		{"D.96A", "5025", "9", "Amount due/amount payable"},
		{"D.96A", "5025", "346", ""},
		{"D.96A", "2005", "137", "Document/message date/time"},
		{"D.96A", "1225", "9", "Original"},
		{"D.96A", "4383", "TRF", "Transfer"},
		{"D.96A", "3279", "DO", "Domestic"},
		{"D.96A", "4471", "19", "All bank charges outside country of applicant borne by beneficiary"},
		{"D.96A", "3405", "4", ""}, // deleted by D.96A
		{"D.96A", "3035", "OY", "Ordering customer"},
		{"D.01B", "5025", "9", "Amount due/amount payable"},
		{"D.01B", "2005", "137", "Document/message date/time"},
		{"3", "0085", "29", "Control count does not match number of instances received"},
		{"3", "0001", "UNOC", "UN/ECE level C"},
		{"2", "0001", "UNOC", ""},
		{"1", "0001", "UNOB", "UN/ECE level B"},
		{"4", "0001", "UNOY", "UN/ECE level Y"},
		{"4", "0085", "45", "Trailing separator"},
		{"3", "0085", "45", ""},
		{"4", "0503", "2", "Acknowledgement required"},
	} {
		if got := all()[c.directory].Elements[c.element].Codes[c.code]; got != c.name {
			t.Errorf("%s %s=%s is %q, not %q", c.directory, c.element, c.code, got, c.name)
		}
	}
	for element, want := range map[string]int{
		"1001": 335, "1153": 436, "1225": 54, "2005": 321, "3035": 299, "3155": 25, "3279": 5, "4383": 38,
		"4405": 21, "4431": 14, "4435": 16, "4439": 55, "4461": 65, "4471": 25, "4487": 6, "5025": 335, "7365": 66,
	} {
		if got := len(d96a.Directory().Elements[element].Codes); got != want {
			t.Errorf("element %s has %d codes, not %d", element, got, want)
		}
	}
	for _, open := range []string{"1154", "3207", "5004"} {
		if d96a.Directory().Elements[open].Codes != nil {
			t.Errorf("element %s has a list", open)
		}
	}
}

func TestElementFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		directory, element, format string
	}{
		{"D.96A", "5004", "n..18"}, {"D.01B", "5004", "n..35"}, {"D.96A", "1131", "an..3"},
		{"D.01B", "1131", "an..17"}, {"D.96A", "6345", "an..3"}, {"3", "0017", "n6"}, {"4", "0017", "n8"},
		{"3", "0029", "a1"}, {"3", "0074", "n..6"}, {"4", "0074", "n..10"},
	} {
		if got := all()[c.directory].Elements[c.element].Format(); got != c.format {
			t.Errorf("%s %s is %s, not %s", c.directory, c.element, got, c.format)
		}
	}
}

func TestServiceSegmentsOfAUserDirectoryHaveNoElements(t *testing.T) {
	t.Parallel()
	d := d96a.Directory()
	if d.Segments["UNH"] != nil {
		t.Error("UNH is a segment of D.96A")
	}
	unh := d.Messages["PAYMUL"].Nodes[0].Segment
	if !unh.Service() || unh.Elements != nil {
		t.Errorf("UNH of PAYMUL is %+v", unh)
	}
	if d.Segments["MOA"].Service() {
		t.Error("MOA is a service segment")
	}
}

func TestSecurityInOlderVersions(t *testing.T) {
	t.Parallel()
	old, later := directory.Service(3), directory.Service(4)
	if old.Segments["USH"] != later.Segments["USH"] {
		t.Error("USH is another in version 3")
	}
	if autack := old.Messages["AUTACK"]; autack.Nodes[0].Segment != old.Segments["UNH"] {
		t.Error("AUTACK begins with the UNH of another version")
	}
	if later.Messages["AUTACK"].Nodes[0].Segment != later.Segments["UNH"] {
		t.Error("AUTACK of version 4 was changed")
	}
}

func TestServiceMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ, version string
		of           int
	}{
		{"CONTRL", "D", 3}, {"CONTRL", "1", 3}, {"CONTRL", "2", 3}, {"CONTRL", "4", 4},
		{"AUTACK", "4", 4}, {"AUTACK", "D", 4},
	} {
		if got := directory.ServiceMessage(c.typ, c.version); got == nil || got != directory.Service(c.of).Messages[c.typ] {
			t.Errorf("%s:%s is not that of version %d", c.typ, c.version, c.of)
		}
	}
	if directory.ServiceMessage("PAYMUL", "D") != nil || directory.Service(9) != nil {
		t.Error("more than what ISO 9735 defines")
	}
}

func TestVersion1LeavesReleaseAndAgencyOut(t *testing.T) {
	t.Parallel()
	for version, mandatory := range map[int]bool{1: false, 2: true, 3: true} {
		s009 := directory.Service(version).Composites["S009"]
		if s009.Components[2].Mandatory != mandatory || s009.Components[3].Mandatory != mandatory {
			t.Errorf("version %d: S009 is %+v", version, s009.Components)
		}
	}
}

func TestSyntaxErrorMeanings(t *testing.T) {
	t.Parallel()
	for _, version := range []int{3, 4} {
		for code := range directory.Service(version).Elements["0085"].Codes {
			if directory.SyntaxErrorMeaning(code) == "" {
				t.Errorf("version %d: nothing is said of %s", version, code)
			}
		}
	}
	if directory.SyntaxErrorMeaning("44") != "" {
		t.Error("44 is no code")
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		line int
	}{
		{"", 1},
		{"directory", 1},
		{"directory D 96A UN X", 1},
		{"directory D\nfoo", 2},
		{"directory D\nelement", 2},
		{"directory D\nment 1 an3 N", 2},
		{"directory D\nelement 1 an3", 2},
		{"directory D\nelement 1 an0 N", 2},
		{"directory D\nelement 1 b3 N", 2},
		{"directory D\nelement 1 an3 N\nelement 1 an3 N", 3},
		{"directory D\nelement 1 an3 N\n A\n", 3},
		{"directory D\nelement 1 an3 N\n A x\n A x\n", 4},
		{"directory D\nelement 1 an3 N\ncomposite C N\n", 3},
		{"directory D\nelement 1 an3 N\ncomposite C N\n 2 M1\n", 4},
		{"directory D\nelement 1 an3 N\ncomposite C N\n 1 M\n", 4},
		{"directory D\nelement 1 an3 N\ncomposite C N\n 1 M0\n", 4},
		{"directory D\nelement 1 an3 N\nsegment AB N\n 1 M1\n", 3},
		{"directory D\nelement 1 an3 N\nsegment ABC N\n 1 M1\nelement 2 an3 N", 5},
		{"directory D 1\nmessage M N\n UNH M1\n  UNT M1\n", 4},
		{"directory D 1\nmessage M N\n 1 M1\n UNT M1\n", 4},
		{"directory D 1\nmessage M N\n 1 M1\n  2 M1\n   UNH M1\n", 5},
		{"directory D 1\nmessage M N\n ABC M1\n", 3},
		{"directory D\nmessage M N\n UNH M1\n", 3},
	} {
		_, err := directory.Parse(c.text)
		var at *directory.ParseError
		if !errors.As(err, &at) || at.Line != c.line {
			t.Errorf("%q: %v, not an error in line %d", c.text, err, c.line)
		}
	}
}

func TestTextFormIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"d96a/d96a.txt", "d01b/d01b.txt", "service3.txt", "service4.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := directory.Parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		again, err := d.MarshalText()
		if err != nil || string(again) != string(text) {
			t.Errorf("%s is written otherwise: %v", file, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"service3.txt", "service4.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("directory D 96A UN\nelement 1 an..3 N\n 1 x\ncomposite C N\n 1 M1\nsegment ABC N\n C C9\nmessage M N\n UNH M1\n 1 C2\n  ABC M1\n UNT M1")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := directory.Parse(text)
		if err != nil {
			return
		}
		first, err := d.MarshalText()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := directory.Parse(string(first))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if second, err := again.MarshalText(); err != nil || string(second) != string(first) {
			t.Fatalf("written otherwise the second time: %v", err)
		}
	})
}
