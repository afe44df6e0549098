package edifact_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/directory/d96a"
)

const treeFile = "UNA:+,? 'UNB+UNOC:3+A+B+050811:0605+1'" +
	"UNH+1+PAYMUL:D:96A:UN'BGM+452+A+9'DTM+137:20050811:102'" +
	"LIN+1'MOA+9:3,5:DKK'FII+OR+1'SEQ++1'MOA+9:1:DKK'RFF+CR:A?'1'FII+BF+2'COM+1:TE'COM+2:TE'FII+BF+3'SEQ++2'MOA+9:2,5:DKK'RFF+CR:\xc5'RFF+PQ:B'" +
	"LIN+2'FII+OR+1'SEQ++1'MOA+9:4:DKK'CNT+2:3'UNT+23+1'" +
	"UNH+2+PAYMUL:D:96A:UN'BGM+452'DTM+137:20050811:102'LIN+1'FII+OR+1'SEQ++1'MOA+9:4:DKK'UNT+8+2'UNZ+2+1'"

func treeValidator(text string, o edifact.ReaderOptions) *edifact.Validator {
	return edifact.NewValidator(edifact.NewReader(strings.NewReader(text), o), edifact.NewSchema(d96a.Directory()))
}

// outline shows a tree in one line.
func outline(g *edifact.Group) string {
	var b strings.Builder
	for i, item := range g.Items {
		if i > 0 {
			b.WriteByte(' ')
		}
		if item.Segment != nil {
			b.WriteString(item.Segment.Tag)
		} else {
			fmt.Fprintf(&b, "%d.%d(%s)", item.Group.Group, item.Group.Occurrence, outline(item.Group))
		}
	}
	return b.String()
}

func TestReadTree(t *testing.T) {
	t.Parallel()
	v := treeValidator(treeFile, edifact.ReaderOptions{})
	first, err := edifact.ReadTree(v, edifact.TreeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := edifact.ReadTree(v, edifact.TreeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := edifact.ReadTree(v, edifact.TreeLimits{}); !errors.Is(err, io.EOF) {
		t.Errorf("behind the last message the error is %v", err)
	}
	want := "UNH BGM DTM 4.1(LIN 5.1(MOA) 6.1(FII) 11.1(SEQ MOA RFF 12.1(FII COM COM) 12.2(FII)) 11.2(SEQ MOA RFF RFF)) 4.2(LIN 6.1(FII) 11.1(SEQ MOA)) CNT UNT"
	if got := outline(first.Root); got != want {
		t.Errorf("tree is\n%s, want\n%s", got, want)
	}
	if got := outline(second.Root); got != "UNH BGM DTM 4.1(LIN 6.1(FII) 11.1(SEQ MOA)) UNT" {
		t.Errorf("second tree is %s", got)
	}
	if first.UNH.Ref != "1" || second.UNH.Ref != "2" || first.Message != d96a.Directory().Messages["PAYMUL"] {
		t.Errorf("headers are %+v and %+v", first.UNH, second.UNH)
	}
	// The reading has gone on since, and the segments are what they were.
	if ref := first.Root.First("SG4/SG11[2]/RFF"); ref.Text(0, 1) != "Å" || ref.Name() != "Reference" || ref.Position != 16 {
		t.Errorf("found %q, %q at %d", ref.Raw(), ref.Name(), ref.Position)
	}
	for g, s := range first.Root.All() {
		if s.Tag == "COM" && (g.Depth() != 3 || g.Node.Max != 3 || g.Parent.Occurrence != 1 || g.Parent.Parent.Group != 4) {
			t.Errorf("COM stands in %+v at depth %d", g.GroupOccurrence, g.Depth())
		}
	}
}

func TestFindInTree(t *testing.T) {
	t.Parallel()
	tree, err := edifact.ReadTree(treeValidator(treeFile, edifact.ReaderOptions{}), edifact.TreeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"SG4/SG11/MOA":               "MOA+9:1:DKK MOA+9:2,5:DKK MOA+9:4:DKK",
		"SG4[2]/SG11/MOA":            "MOA+9:4:DKK",
		"SG4/SG11[2]/RFF[2]":         "RFF+PQ:B",
		"SG4/SG11[1]/SG12[2]/FII":    "FII+BF+3",
		"BGM":                        "BGM+452+A+9",
		"SG4[3]/LIN":                 "",
		"MOA":                        "",
		"SG4":                        "",
		"":                           "",
		"SG4//MOA":                   "",
		"SG4[0]/LIN":                 "",
		"SG4[x]/LIN":                 "",
		"LIN/SG4":                    "",
		"SG99999999999999999999/LIN": "",
	} {
		var got []string
		for s := range tree.Root.Find(path) {
			got = append(got, string(s.Raw()))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("at %q stand %q, want %q", path, got, want)
		}
	}
	groups := slices.Collect(tree.Root.Groups("SG4/SG11"))
	if len(groups) != 3 || groups[2].First("MOA").Text(0, 1) != "4" || groups[0].First("LIN") != nil {
		t.Errorf("found %d groups", len(groups))
	}
	for s := range tree.Root.Find("SG4/LIN") {
		if s.Text(0, 0) != "1" {
			t.Error("went on behind the break")
		}
		break
	}
	for g := range tree.Root.Groups("SG4") {
		if g.Occurrence != 1 {
			t.Error("went on behind the break")
		}
		break
	}
}

// TestTreeOfWhatNoSchemaKnows: the tree is flat and holds everything.
func TestTreeOfWhatNoSchemaKnows(t *testing.T) {
	t.Parallel()
	var faults []edifact.Rule
	o := edifact.ReaderOptions{Faults: func(e *edifact.ParseError) { faults = append(faults, e.Rule) }}
	v := treeValidator("UNB+UNOC:3+A+B+050811:0605+1'UNH+1+XYZMUL:D:96A:UN'ABC+1'LIN+2'ABC:1:2+x*y'UNT+5+1'UNZ+1+1'", o)
	tree, err := edifact.ReadTree(v, edifact.TreeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := outline(tree.Root); got != "UNH ABC LIN ABC UNT" || tree.Message != nil || tree.Root.First("ABC").Name() != "" {
		t.Errorf("tree is %s of %v", got, tree.Message)
	}
	if len(faults) != 1 || faults[0] != edifact.RuleMessageType {
		t.Errorf("faults are %v", faults)
	}
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.WriterOptions{})
	w.Begin(*v.Interchange())
	if err := w.Tree(tree); err != nil {
		t.Fatal(err)
	}
	if err := w.End(); err != nil || !strings.Contains(out.String(), "'ABC+1'LIN+2'ABC:1:2+x*y'UNT") {
		t.Errorf("wrote %q, error %v", out.String(), err)
	}
}

// TestTreeWithFaults: what stands in the wrong place is kept where it was found.
func TestTreeWithFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"BGM+452'DTM+137:20050811:102'LIN+1'ZZZ+1'FII+OR+1'BGM+1'SEQ++1'MOA+9:4:DKK'UNT+10+1'", "UNH BGM DTM 4.1(LIN ZZZ 6.1(FII BGM) 11.1(SEQ MOA)) UNT"},
		{"BGM+452'DTM+137:20050811:102'LIN+1'FII+OR+1'SEQ++1'MOA+9:4:DKK'", "UNH BGM DTM 4.1(LIN 6.1(FII) 11.1(SEQ MOA))"},
	} {
		o := edifact.ReaderOptions{Faults: func(*edifact.ParseError) {}}
		v := treeValidator("UNB+UNOC:3+A+B+050811:0605+1'UNH+1+PAYMUL:D:96A:UN'"+test.text+"UNH+2+PAYMUL:D:96A:UN'BGM'UNT+3+2'UNZ+2+1'", o)
		for _, want := range []string{test.want, "UNH BGM UNT"} {
			tree, err := edifact.ReadTree(v, edifact.TreeLimits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := outline(tree.Root); got != want {
				t.Errorf("tree is %s, want %s", got, want)
			}
		}
	}
}

func TestTreeLimits(t *testing.T) {
	t.Parallel()
	for _, limits := range []edifact.TreeLimits{{Segments: 22}, {Bytes: 100}} {
		_, err := edifact.ReadTree(treeValidator(treeFile, edifact.ReaderOptions{}), limits)
		var fault *edifact.ParseError
		if !errors.As(err, &fault) || fault.Rule != edifact.RuleLimit || fault.Message != "1" {
			t.Errorf("with %+v the error is %v", limits, err)
		}
	}
	if _, err := edifact.ReadTree(treeValidator(treeFile, edifact.ReaderOptions{}), edifact.TreeLimits{Segments: 23}); err != nil {
		t.Error(err)
	}
}

// TestTreeWrittenAgain: the same bytes, and the same values in other service
// characters.
func TestTreeWrittenAgain(t *testing.T) {
	t.Parallel()
	other := edifact.Delimiters{Component: '|', Element: '*', Decimal: '.', Release: '!', End: '~'}
	write := func(in io.Reader, d edifact.Delimiters) string {
		v := edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{}), edifact.NewSchema(d96a.Directory()))
		var out bytes.Buffer
		w := edifact.NewWriter(&out, edifact.WriterOptions{UNA: true, Delimiters: d})
		for begun := false; ; begun = true {
			tree, err := edifact.ReadTree(v, edifact.TreeLimits{})
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if !begun {
				w.Begin(*v.Interchange())
			}
			if err := w.Tree(tree); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := write(iotest.OneByteReader(strings.NewReader(treeFile)), edifact.DefaultDelimiters); got != treeFile {
		t.Errorf("wrote\n%s, want\n%s", got, treeFile)
	}
	translated := write(strings.NewReader(treeFile), other)
	if !strings.Contains(translated, "MOA*9|3.5|DKK~") || !strings.Contains(translated, "RFF*CR|A'1~") {
		t.Errorf("wrote %s", translated)
	}
	if got := write(strings.NewReader(translated), edifact.DefaultDelimiters); got != treeFile {
		t.Errorf("wrote\n%s, want\n%s", got, treeFile)
	}
}

func FuzzReadTree(f *testing.F) {
	f.Add([]byte(treeFile))
	f.Add([]byte("UNB+UNOC:4+A+B+20050811:0605+1'UNH+1+X:D:96A:UN'ABC:1+1*2:3*4'UNH+2+X:D:96A:UN'"))
	schema := edifact.NewSchema(d96a.Directory())
	f.Fuzz(func(t *testing.T, in []byte) {
		o := edifact.ReaderOptions{Lenient: edifact.Everything, Faults: func(*edifact.ParseError) {}}
		v := edifact.NewValidator(edifact.NewReader(bytes.NewReader(in), o), schema)
		for {
			tree, err := edifact.ReadTree(v, edifact.TreeLimits{})
			if err != nil {
				return
			}
			position := 0
			for g, s := range tree.Root.All() {
				if position++; s.Position != position {
					t.Fatalf("segment %d stands at %d", s.Position, position)
				}
				if s.Node == nil || g.Node == nil {
					continue
				}
				if g.Node.Nodes[0].Segment != nil && g.Items[0].Segment.Tag != g.Node.Nodes[0].Segment.Tag {
					t.Fatalf("group %d begins with %s", g.Group, g.Items[0].Segment.Tag)
				}
			}
		}
	})
}

// A tree gives the segments of a message by where they stand.
func ExampleReadTree() {
	file := "UNB+UNOC:3+A+B+050811:0605+1'UNH+1+PAYMUL:D:96A:UN'BGM+452+A+9'DTM+137:20050811:102'" +
		"LIN+1'MOA+9:3:DKK'FII+OR+1'SEQ++1'MOA+9:1:DKK'SEQ++2'MOA+9:2:DKK'UNT+11+1'UNZ+1+1'"
	r := edifact.NewReader(strings.NewReader(file), edifact.ReaderOptions{})
	tree, err := edifact.ReadTree(edifact.NewValidator(r, edifact.NewSchema(d96a.Directory())), edifact.TreeLimits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for amount := range tree.Root.Find("SG4/SG11/MOA") {
		fmt.Println(amount.Name(), amount.Text(0, 1), amount.Text(0, 2))
	}
	for group, segment := range tree.Root.All() {
		if group.Group == 11 {
			fmt.Println(strings.Repeat("  ", group.Depth())+segment.Tag, segment.Name())
		}
	}
	// Output:
	// Monetary amount 1 DKK
	// Monetary amount 2 DKK
	//     SEQ Sequence details
	//     MOA Monetary amount
	//     SEQ Sequence details
	//     MOA Monetary amount
}
