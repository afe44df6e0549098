package edifact_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"nks/edifact"
)

var barred = edifact.Delimiters{Component: '|', Element: '*', Decimal: '.', Release: '!', End: '~'}

func TestWriterEnvelopeAndWraps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		o       edifact.WriterOptions
		lenient edifact.Leniency
		want    string
	}{
		{"one line", edifact.WriterOptions{UNA: true}, 0, "UNA:+,? 'UNB+UNOC:3+A:14+B:14+050811:0600+7++++1+AFT+1'UNH+1+PAYMUL:D:96A:UN'BGM+452+a?'b'UNT+3+1'UNZ+1+7'"},
		{
			"line per segment", edifact.WriterOptions{Wrap: edifact.WrapSegments, Repertoire: edifact.UNOB}, edifact.LineBreaks,
			"UNB+UNOB:3+A:14+B:14+050811:0600+7++++1+AFT+1'\r\nUNH+1+PAYMUL:D:96A:UN'\r\nBGM+452+a?'b'\r\nUNT+3+1'\r\nUNZ+1+7'\r\n",
		},
		{
			"80 columns, other service characters", edifact.WriterOptions{Wrap: edifact.Wrap80, Delimiters: barred}, edifact.WrappedLines,
			"UNA|*.! ~UNB*UNOC|3*A|14*B|14*050811|0600*7****1*AFT*1~UNH*1*PAYMUL|D|96A|UN~BGM\r\n*452*a'b~UNT*3*1~UNZ*1*7~\r\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := unb()
			u.AckRequest, u.Agreement, u.TestIndicator = true, "AFT", "1"
			got, err := written(u, test.o, func(w *edifact.Writer) { w.Segment("BGM").Elem("452").Elem("a'b") })
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("wrote\n%q, want\n%q", got, test.want)
			}
			readStrictly(t, got, test.lenient)
		})
	}
}

func TestWriterWritesUNAWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	point := edifact.DefaultDelimiters
	point.Decimal = '.'
	dollar := edifact.DefaultDelimiters
	dollar.Repetition = '$'
	for _, test := range []struct {
		name string
		u    edifact.UNB
		d    edifact.Delimiters
		want string
	}{
		{"default", unb(), edifact.DefaultDelimiters, "UNB+"},
		{"default of version 4", unb4(), edifact.Delimiters{}, "UNB+"},
		{"level B", unb(), edifact.LevelBDelimiters, "UNB\x1D"},
		{"decimal point", unb(), point, "UNA:+.? 'UNB+"},
		{"repetition in version 3", unb(), dollar, "UNB+"},
		{"repetition in version 4", unb4(), dollar, "UNA:+,?$'UNB+"},
		{"version 4 without repetition", unb4(), barred, "UNA|*.! ~UNB*"},
	} {
		got, err := written(test.u, edifact.WriterOptions{Delimiters: test.d}, func(w *edifact.Writer) {
			w.Segment("MOA").Elem("9").CompAmount(1, 2)
		})
		if err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: wrote %q, %v", test.name, got, err)
		}
		readStrictly(t, got, 0)
	}
}

func TestWriterGroups(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.WriterOptions{})
	w.Begin(unb())
	for _, ref := range []string{"G1", "G2"} {
		w.Group(ung(ref))
		w.Message(unh(ref + "-1"))
		w.EndMessage()
		w.EndGroup()
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	want := "UNB+UNOC:3+A:14+B:14+050811:0600+7'" +
		"UNG+PAYMUL+A+B+050811:0600+G1+UN+D:96A'UNH+G1-1+PAYMUL:D:96A:UN'UNT+2+G1-1'UNE+1+G1'" +
		"UNG+PAYMUL+A+B+050811:0600+G2+UN+D:96A'UNH+G2-1+PAYMUL:D:96A:UN'UNT+2+G2-1'UNE+1+G2'UNZ+2+7'"
	if out.String() != want {
		t.Errorf("wrote %q, want %q", out.String(), want)
	}
	readStrictly(t, out.String(), 0)
}

func uno(length int) edifact.UNO {
	return edifact.UNO{Ref: "P", IDQualifier: "AID", ID: "1", TypeQualifier: "OBJ", Type: "IMG", Length: int64(length)}
}

func TestWriterPackages(t *testing.T) {
	t.Parallel()
	object := "any'+:? bytes\x00\r\n\xFFUNZ+1'"
	for _, wrap := range []edifact.Wrap{edifact.WrapNone, edifact.WrapSegments} {
		var out bytes.Buffer
		w := edifact.NewWriter(&out, edifact.WriterOptions{Wrap: wrap})
		w.Begin(unb4())
		w.Package(uno(len(object)), strings.NewReader(object))
		w.Message(unh("1"))
		w.EndMessage()
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
		want := "UNB+UNOC:4+A:14+B:14+20050811:0600+7'|UNO+P+AID:1+OBJ:IMG+23'" + object + "UNP+23+P'|UNH+1+PAYMUL:D:96A:UN'|UNT+2+1'|UNZ+2+7'|"
		want = strings.ReplaceAll(want, "|", map[edifact.Wrap]string{edifact.WrapSegments: "\r\n"}[wrap])
		if out.String() != want || w.Written() != int64(len(want)) {
			t.Errorf("wrote %q, want %q", out.String(), want)
		}
		var got []byte
		r := edifact.NewReader(&out, edifact.ReaderOptions{Lenient: edifact.LineBreaks, Object: func(u edifact.UNO, in io.Reader) (err error) {
			if u != uno(len(object)) {
				t.Errorf("UNO is %+v", u)
			}
			got, err = io.ReadAll(in)
			return err
		}})
		for _, err := range r.Segments() {
			if err != nil {
				t.Fatal(err)
			}
		}
		if string(got) != object {
			t.Errorf("read %q", got)
		}
	}
}

func TestWriterWritesSeveralInterchanges(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.WriterOptions{Wrap: edifact.Wrap80})
	for range 2 {
		w.Begin(unb())
		w.Message(unh("1"))
		w.EndMessage()
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
	}
	half := "UNB+UNOC:3+A:14+B:14+050811:0600+7'UNH+1+PAYMUL:D:96A:UN'UNT+2+1'UNZ+1+7'\r\n"
	if out.String() != half+half {
		t.Errorf("wrote %q", out.String())
	}
}

func TestWriterRefusesOtherOrders(t *testing.T) {
	t.Parallel()
	clash := edifact.DefaultDelimiters
	clash.Element = ':'
	comma := edifact.DefaultDelimiters
	comma.Element = ','
	for _, test := range []struct {
		name  string
		o     edifact.WriterOptions
		steps string
		rule  edifact.Rule
	}{
		{"no interchange", edifact.WriterOptions{}, "E", edifact.RuleOutside},
		{"empty interchange", edifact.WriterOptions{}, "B E", edifact.RuleEmpty},
		{"empty group", edifact.WriterOptions{}, "B G g", edifact.RuleEmpty},
		{"interchange in interchange", edifact.WriterOptions{}, "B B", edifact.RuleTrailer},
		{"segment outside of a message", edifact.WriterOptions{}, "B S", edifact.RuleOutside},
		{"segment before all", edifact.WriterOptions{}, "S", edifact.RuleOutside},
		{"value before all", edifact.WriterOptions{}, "V", edifact.RuleOutside},
		{"value after a message", edifact.WriterOptions{}, "B M m V", edifact.RuleOutside},
		{"message outside of an interchange", edifact.WriterOptions{}, "M", edifact.RuleOutside},
		{"message in message", edifact.WriterOptions{}, "B M N", edifact.RuleOutside},
		{"message twice", edifact.WriterOptions{}, "B M m M", edifact.RuleDuplicate},
		{"message ends twice", edifact.WriterOptions{}, "B M m m", edifact.RuleOutside},
		{"group in group", edifact.WriterOptions{}, "B G G", edifact.RuleOutside},
		{"group in message", edifact.WriterOptions{}, "B M G", edifact.RuleOutside},
		{"group among messages", edifact.WriterOptions{}, "B M m G", edifact.RuleGroups},
		{"message among groups", edifact.WriterOptions{}, "B G M m g N", edifact.RuleGroups},
		{"other message in group", edifact.WriterOptions{}, "B G O", edifact.RuleGroupType},
		{"end in group", edifact.WriterOptions{}, "B G M m E", edifact.RuleOutside},
		{"end in message", edifact.WriterOptions{}, "B M E", edifact.RuleOutside},
		{"package in version 3", edifact.WriterOptions{}, "B P", edifact.RulePackage},
		{"package in message", edifact.WriterOptions{}, "4 M P", edifact.RuleOutside},
		{"package too short", edifact.WriterOptions{}, "4 p", edifact.RulePackage},
		{"package too long", edifact.WriterOptions{}, "4 q", edifact.RulePackage},
		{"package in wrapped lines", edifact.WriterOptions{Wrap: edifact.Wrap80}, "4 P", edifact.RulePackage},
		{"package has the reference of a message", edifact.WriterOptions{}, "4 P P", edifact.RuleDuplicate},
		{"repetition in version 3", edifact.WriterOptions{}, "B M S R", edifact.RuleRepetitions},
		{"repetition of the tag", edifact.WriterOptions{}, "4 M T R", edifact.RuleRepetitions},
		{"nesting in version 4", edifact.WriterOptions{}, "4 M T C", edifact.RuleNesting},
		{"service characters that clash", edifact.WriterOptions{Delimiters: clash}, "B", edifact.RuleUNA},
		{"decimal mark that clashes", edifact.WriterOptions{Delimiters: comma}, "B", edifact.RuleUNA},
		{"small tag", edifact.WriterOptions{}, "B M x", edifact.RuleTag},
		{"tag of the envelope", edifact.WriterOptions{}, "B M u", edifact.RuleOutside},
		{"too many elements", edifact.WriterOptions{}, "B M e", edifact.RuleLimit},
		{"too many components", edifact.WriterOptions{}, "B M c", edifact.RuleLimit},
		{"too many components in repetitions", edifact.WriterOptions{}, "4 M r", edifact.RuleLimit},
		{"too long a segment", edifact.WriterOptions{}, "B M l m", edifact.RuleLimit},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := edifact.NewWriter(&out, test.o)
			for _, step := range strings.Fields(test.steps) {
				if w.Err() != nil {
					t.Fatalf("stops before %s: %v", step, w.Err())
				}
				steps[step](w)
			}
			first := w.Err()
			var got *edifact.WriteError
			if !errors.As(first, &got) || got.Rule != test.rule {
				t.Fatalf("error is %v, want rule %s", first, test.rule)
			}
			if strings.Contains(first.Error(), "AAAA") {
				t.Errorf("error tells a value: %v", first)
			}
			w.Segment("BGM").Elem("1")
			w.EndMessage()
			if err := w.End(); err != first {
				t.Errorf("error becomes %v", err)
			}
		})
	}
}

var steps = map[string]func(*edifact.Writer){
	"B": func(w *edifact.Writer) { w.Begin(unb()) },
	"4": func(w *edifact.Writer) { w.Begin(unb4()) },
	"E": func(w *edifact.Writer) { _ = w.End() },
	"G": func(w *edifact.Writer) { w.Group(ung("G")) },
	"g": func(w *edifact.Writer) { w.EndGroup() },
	"M": func(w *edifact.Writer) { w.Message(unh("M")) },
	"N": func(w *edifact.Writer) { w.Message(unh("N")) },
	"O": func(w *edifact.Writer) {
		h := unh("O")
		h.Type = "DEBMUL"
		w.Message(h)
	},
	"m": func(w *edifact.Writer) { w.EndMessage() },
	"P": func(w *edifact.Writer) { w.Package(uno(3), strings.NewReader("abc")) },
	"p": func(w *edifact.Writer) { w.Package(uno(4), strings.NewReader("abc")) },
	"q": func(w *edifact.Writer) { w.Package(uno(2), strings.NewReader("abc")) },
	"S": func(w *edifact.Writer) { w.Segment("BGM").Elem("1") },
	"T": func(w *edifact.Writer) { w.Segment("BGM") },
	"V": func(w *edifact.Writer) { w.Elem("AAAA") },
	"R": func(w *edifact.Writer) { w.Rep("AAAA") },
	"C": func(w *edifact.Writer) { w.Comp("AAAA") },
	"x": func(w *edifact.Writer) { w.Segment("bgm") },
	"u": func(w *edifact.Writer) { w.Segment("UNT") },
	"e": func(w *edifact.Writer) {
		w.Segment("BGM")
		for range 101 {
			w.Elem("AAAA")
		}
	},
	"c": func(w *edifact.Writer) {
		w.Segment("BGM").Elem("")
		for range 200 {
			w.Comp("AAAA")
		}
	},
	"r": func(w *edifact.Writer) {
		w.Segment("BGM").Elem("")
		for range 100 {
			w.Comp("AAAA").Rep("AAAA")
		}
	},
	"l": func(w *edifact.Writer) { w.Segment("BGM").Elem(strings.Repeat("A", 64<<10)) },
}

func TestWriterRefusesHeaders(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		u    func(*edifact.UNB)
		h    func(*edifact.UNH)
		g    func(*edifact.UNG)
		o    func(*edifact.UNO)
		text string
	}{
		{name: "sender", u: func(u *edifact.UNB) { u.Sender.ID = "" }, text: "data element 0004 is mandatory"},
		{name: "recipient", u: func(u *edifact.UNB) { u.Recipient.ID = "" }, text: "data element 0010 is mandatory"},
		{name: "date", u: func(u *edifact.UNB) { u.Date = "" }, text: "data element 0017 is mandatory"},
		{name: "date of eight digits", u: func(u *edifact.UNB) { u.Date = "20050811" }, text: "data element 0017 takes 6 characters"},
		{name: "date of letters", u: func(u *edifact.UNB) { u.Date = "05AUG1" }, text: "data element 0017 is of another type of characters"},
		{name: "time", u: func(u *edifact.UNB) { u.Time = "600" }, text: "data element 0019 takes no less than 4 characters"},
		{name: "control reference", u: func(u *edifact.UNB) { u.ControlRef = "" }, text: "data element 0020 is mandatory"},
		{name: "long control reference", u: func(u *edifact.UNB) { u.ControlRef = "123456789012345" }, text: "data element 0020 takes 14 characters"},
		{name: "password without itself", u: func(u *edifact.UNB) { u.PasswordQualifier = "AA" }, text: "data element 0022 is mandatory"},
		{name: "sub-identification in version 3", u: func(u *edifact.UNB) { u.Sender.Sub = "x" }, text: "syntax version 3 does not have this data element"},
		{name: "syntax version", u: func(u *edifact.UNB) { u.Version = 5 }, text: "syntax version must be one of 1 to 4"},
		{name: "repertoire of version 4", u: func(u *edifact.UNB) { u.Repertoire = edifact.UNOW }, text: "UNOW is no repertoire of syntax version 3"},
		{name: "test indicator", u: func(u *edifact.UNB) { u.TestIndicator = "0" }, text: "value is no code of data element 0035"},
		{name: "priority of a digit", u: func(u *edifact.UNB) { u.Priority = "1" }, text: "data element 0029 is of another type of characters"},
		{name: "message reference", h: func(h *edifact.UNH) { h.Ref = "" }, text: "data element 0062 is mandatory"},
		{name: "message type", h: func(h *edifact.UNH) { h.Type = "" }, text: "data element 0065 is mandatory"},
		{name: "message version", h: func(h *edifact.UNH) { h.Version = "" }, text: "data element 0052 is mandatory"},
		{name: "message release", h: func(h *edifact.UNH) { h.Release = "" }, text: "data element 0054 is mandatory"},
		{name: "message agency", h: func(h *edifact.UNH) { h.Agency = "" }, text: "data element 0051 is mandatory"},
		{name: "first without number", h: func(h *edifact.UNH) { h.FirstOrLast = "C" }, text: "data element 0070 is mandatory"},
		{name: "group reference", g: func(g *edifact.UNG) { g.Ref = "" }, text: "data element 0048 is mandatory"},
		{name: "group type", g: func(g *edifact.UNG) { g.Type = "" }, text: "data element 0038 is mandatory"},
		{name: "object type", o: func(o *edifact.UNO) { o.TypeQualifier = "" }, text: "data element 0805 is mandatory"},
		{name: "object reference", o: func(o *edifact.UNO) { o.ID = "" }, text: "data element 0802 is mandatory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u, h, g, o := unb(), unh("1"), ung("1"), uno(0)
			w := edifact.NewWriter(io.Discard, edifact.WriterOptions{})
			switch {
			case test.u != nil:
				test.u(&u)
				w.Begin(u)
			case test.h != nil:
				test.h(&h)
				w.Begin(u)
				w.Message(h)
			case test.g != nil:
				test.g(&g)
				w.Begin(u)
				w.Group(g)
			default:
				test.o(&o)
				w.Begin(unb4())
				w.Package(o, strings.NewReader(""))
			}
			var got *edifact.WriteError
			if !errors.As(w.Err(), &got) || got.Text != test.text {
				t.Errorf("error is %v, want %q", w.Err(), test.text)
			}
		})
	}
}
