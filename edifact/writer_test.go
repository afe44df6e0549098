package edifact_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"nks/edifact"
)

// unb is a header that every version 1 to 3 takes.
func unb() edifact.UNB {
	return edifact.UNB{
		Sender: edifact.Party{ID: "A", Qualifier: "14"}, Recipient: edifact.Party{ID: "B", Qualifier: "14"},
		Date: "050811", Time: "0600", ControlRef: "7",
	}
}

// unb4 is unb in syntax version 4.
func unb4() edifact.UNB {
	u := unb()
	u.Version, u.Date = 4, "20050811"
	return u
}

func unh(ref string) edifact.UNH {
	return edifact.UNH{Ref: ref, Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN"}
}

func ung(ref string) edifact.UNG {
	return edifact.UNG{
		Type: "PAYMUL", Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}, Date: "050811", Time: "0600",
		Ref: ref, Agency: "UN", Version: "D", Release: "96A",
	}
}

// written is what a Writer makes of one message.
func written(u edifact.UNB, o edifact.WriterOptions, body func(*edifact.Writer)) (string, error) {
	var out bytes.Buffer
	w := edifact.NewWriter(&out, o)
	w.Begin(u)
	w.Message(unh("1"))
	body(w)
	w.EndMessage()
	err := w.End()
	return out.String(), err
}

// readStrictly fails the test where a strict Reader refuses s.
func readStrictly(t fataler, s string, lenient edifact.Leniency) {
	r := edifact.NewReader(strings.NewReader(s), edifact.ReaderOptions{Lenient: lenient})
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("reader refuses %q: %v", s, err)
		}
	}
}

func TestWriterSegments(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		give func(w *edifact.Writer)
		want string
	}{
		{"elements", func(w *edifact.Writer) { w.Segment("BGM").Elem("452").Elem("id").Elem("9") }, "BGM+452+id+9'"},
		{"empty ones at the end", func(w *edifact.Writer) {
			w.Segment("NAD").Elem("BE").Elem("").Comp("").Elem("").Comp("x").Comp("").Elem("")
		}, "NAD+BE++:x'"},
		{"nothing but a tag", func(w *edifact.Writer) { w.Segment("UNS").Elem("").Comp("") }, "UNS'"},
		{"composite in the middle", func(w *edifact.Writer) {
			w.Segment("PAI").Elem("").Comp("").Comp("IBB").Comp("").Comp("").Comp("UKA")
		}, "PAI+::IBB:::UKA'"},
		{"explicit nesting", func(w *edifact.Writer) { w.Segment("LIN").Comp("1").CompInt(2).Elem("x") }, "LIN:1:2+x'"},
		{"released", func(w *edifact.Writer) { w.Segment("FTX").Elem("a'b+c:d?e*") }, "FTX+a?'b?+c?:d??e*'"},
		{"Latin 1", func(w *edifact.Writer) { w.Segment("FTX").Elem("Åse Øst+Vest").Comp("ø") }, "FTX+\xC5se \xD8st?+Vest:\xF8'"},
		{"numbers", func(w *edifact.Writer) { w.Segment("CNT").Elem("LIN").CompInt(12).ElemInt(0).ElemInt(-7) }, "CNT+LIN:12+0+-7'"},
		{"amounts", func(w *edifact.Writer) {
			w.Segment("MOA").Elem("9").CompAmount(123456, 2).Elem("").CompAmount(5, 2).CompAmount(-100, 2).CompAmount(7, 0).CompAmount(-1<<63, 3)
		}, "MOA+9:1234,56+:0,05:-1,00:7:-9223372036854775,808'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := written(unb(), edifact.WriterOptions{}, test.give)
			if err != nil {
				t.Fatal(err)
			}
			want := "UNB+UNOC:3+A:14+B:14+050811:0600+7'UNH+1+PAYMUL:D:96A:UN'" + test.want + "UNT+3+1'UNZ+1+7'"
			if got != want {
				t.Errorf("wrote %q, want %q", got, want)
			}
			readStrictly(t, got, 0)
		})
	}
}

func TestWriterRepetitions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		give func(w *edifact.Writer)
		want string
	}{
		{"of an element", func(w *edifact.Writer) { w.Segment("RFF").Elem("a").Rep("b").Rep("*").Elem("c") }, "RFF+a*b*?*+c'"},
		{"of a composite", func(w *edifact.Writer) { w.Segment("DTM").Elem("1").Comp("2").Comp("").Rep("3").CompInt(4) }, "DTM+1:2*3:4'"},
		{"empty ones between and at the end", func(w *edifact.Writer) {
			w.Segment("DTM").Elem("").Rep("").Comp("x").Rep("").Comp("").Elem("y").Rep("")
		}, "DTM+*:x+y'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := written(unb4(), edifact.WriterOptions{}, test.give)
			want := "UNB+UNOC:4+A:14+B:14+20050811:0600+7'UNH+1+PAYMUL:D:96A:UN'" + test.want + "UNT+3+1'UNZ+1+7'"
			if err != nil || got != want {
				t.Errorf("wrote %q, %v, want %q", got, err, want)
			}
			readStrictly(t, got, 0)
		})
	}
}

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

func TestWriterRefusesValues(t *testing.T) {
	t.Parallel()
	bare := edifact.DefaultDelimiters
	bare.Release = 0
	for _, test := range []struct {
		name, value string
		o           edifact.WriterOptions
		rule        edifact.Rule
		text        string
	}{
		{"control character", "a\nb", edifact.WriterOptions{}, edifact.RuleRepertoire, "character U+000A is not in UNOC"},
		{"euro in Latin 1", "ø secret €", edifact.WriterOptions{}, edifact.RuleRepertoire, "character U+20AC is not in UNOC"},
		{"small letter in level A", "a", edifact.WriterOptions{Repertoire: edifact.UNOA}, edifact.RuleRepertoire, "character U+0061 is not in UNOA"},
		{"broken UTF-8", "a\xff", edifact.WriterOptions{Repertoire: edifact.UNOW}, edifact.RuleRepertoire, "byte FF is no character of UNOW"},
		{"ISO 2022", "å😀", edifact.WriterOptions{Repertoire: edifact.UNOX}, edifact.RuleRepertoire, "character U+1F600 is not in UNOX"},
		{"service character, nothing to release", "a+b", edifact.WriterOptions{Delimiters: bare}, edifact.RuleSeparators, "value holds a service character and there is no release character"},
		{
			"control character where others are replaced", "€\x01", edifact.WriterOptions{Transliterated: func(edifact.Place, edifact.Replacement) {}},
			edifact.RuleRepertoire, "character U+0001 is not in UNOC",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := unb()
			if test.o.Repertoire > edifact.UNOF {
				u = unb4()
			}
			_, err := written(u, test.o, func(w *edifact.Writer) {
				w.Segment("BGM").Elem("1")
				w.Segment("FTX").Elem("X").Comp(test.value).Elem("more")
				w.Segment("BGM")
			})
			var got *edifact.WriteError
			if !errors.As(err, &got) {
				t.Fatalf("error is %v", err)
			}
			want := edifact.Place{Interchange: "7", Message: "1", Position: 3, Tag: "FTX", Element: 2, Component: 2, Offset: got.Offset}
			if got.Rule != test.rule || got.Text != test.text || got.Place != want {
				t.Errorf("error is %+v", got)
			}
			var character *edifact.CharacterError
			if errors.As(err, &character) != (test.rule == edifact.RuleRepertoire) || character != nil && test.value[character.Index] != character.Byte {
				t.Errorf("error wraps %v", got.Err)
			}
		})
	}
}

func TestWriterTransliterates(t *testing.T) {
	t.Parallel()
	var told []string
	o := edifact.WriterOptions{Repertoire: edifact.UNOA, Transliterated: func(p edifact.Place, r edifact.Replacement) {
		told = append(told, fmt.Sprintf("%s %d.%d #%d %c=%s", p.Tag, p.Element, p.Component, r.Index, r.Rune, r.By))
	}}
	got, err := written(unb(), o, func(w *edifact.Writer) {
		w.Segment("NAD").Elem("BE").Elem("+Åse").Comp("@")
	})
	want := "UNB+UNOA:3+A:14+B:14+050811:0600+7'UNH+1+PAYMUL:D:96A:UN'NAD+BE+?+AASE:A'UNT+3+1'UNZ+1+7'"
	if err != nil || got != want {
		t.Errorf("wrote %q, %v", got, err)
	}
	if w := []string{"NAD 3.0 #1 Å=AA", "NAD 3.0 #2 s=S", "NAD 3.0 #3 e=E", "NAD 3.2 #0 @=A"}; !slices.Equal(told, w) {
		t.Errorf("told %q", told)
	}
	u := unb()
	u.Agreement = "Å"
	if _, err := written(u, o, func(*edifact.Writer) {}); err == nil {
		t.Error("a header is transliterated")
	}
}

func TestWriterEscapesBytesOfISO2022(t *testing.T) {
	t.Parallel()
	text := "ア:ィ日イ'本?+"
	got, err := written(unb4(), edifact.WriterOptions{Repertoire: edifact.UNOX}, func(w *edifact.Writer) { w.Segment("FTX").Elem("a:" + text) })
	if err != nil {
		t.Fatal(err)
	}
	r := edifact.NewReader(strings.NewReader(got), edifact.ReaderOptions{})
	for s, err := range r.Segments() {
		if err != nil {
			t.Fatal(err)
		}
		if s.Tag == "FTX" && s.Text(0, 0) != "a:"+text {
			t.Errorf("read %q", s.Text(0, 0))
		}
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
		{name: "syntax version", u: func(u *edifact.UNB) { u.Version = 5 }, text: "syntax version is none of 1 to 4"},
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

type deadPipe struct{}

var errDead = errors.New("pipe is dead")

func (deadPipe) Write([]byte) (int, error) { return 0, errDead }

func TestWriterKeepsErrorsOfTheOutput(t *testing.T) {
	t.Parallel()
	w := edifact.NewWriter(deadPipe{}, edifact.WriterOptions{})
	w.Begin(unb())
	w.Message(unh("1"))
	for range 10000 {
		w.Segment("FTX").Elem("some text that fills the buffer")
	}
	if w.EndMessage(); !errors.Is(w.End(), errDead) || !errors.Is(w.Err(), errDead) {
		t.Errorf("error is %v", w.Err())
	}
}

func TestWriterCountsBytes(t *testing.T) {
	t.Parallel()
	for _, wrapping := range []edifact.Wrap{edifact.WrapNone, edifact.WrapSegments, edifact.Wrap80} {
		var out bytes.Buffer
		w := edifact.NewWriter(&out, edifact.WriterOptions{Wrap: wrapping, UNA: true})
		for range 2 {
			w.Begin(unb())
			w.Message(unh("1"))
			for range 9999 {
				w.Segment("FTX").Elem("some text").Comp("and more")
			}
			w.EndMessage()
			if err := w.End(); err != nil {
				t.Fatal(err)
			}
			if w.Written() != int64(out.Len()) {
				t.Errorf("wrap %d: says %d, wrote %d", wrapping, w.Written(), out.Len())
			}
		}
	}
}

func ExampleWriter() {
	w := edifact.NewWriter(os.Stdout, edifact.WriterOptions{UNA: true})
	w.Begin(edifact.UNB{
		Sender:    edifact.Party{ID: "5798000016446", Qualifier: "14"},
		Recipient: edifact.Party{ID: "5790000000012", Qualifier: "14"},
		Date:      "050811", Time: "0605", ControlRef: "4711",
	})
	w.Message(edifact.UNH{Ref: "1", Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN"})
	w.Segment("BGM").Elem("452").Elem("ORDERS-1").Elem("9")
	w.Segment("DTM").Elem("137").Comp("20050811").Comp("102")
	w.Segment("MOA").Elem("9").CompAmount(123450, 2).Comp("DKK")
	w.Segment("FTX").Elem("PMD").Elem("").Elem("").Elem("What's this?")
	w.EndMessage()
	if err := w.End(); err != nil {
		fmt.Println(err)
	}
	// Output: UNA:+,? 'UNB+UNOC:3+5798000016446:14+5790000000012:14+050811:0605+4711'UNH+1+PAYMUL:D:96A:UN'BGM+452+ORDERS-1+9'DTM+137:20050811:102'MOA+9:1234,50:DKK'FTX+PMD+++What?'s this??'UNT+6+1'UNZ+1+4711'
}

func ExampleWriterOptions_transliterated() {
	w := edifact.NewWriter(os.Stdout, edifact.WriterOptions{
		Repertoire: edifact.UNOA,
		Transliterated: func(p edifact.Place, r edifact.Replacement) {
			fmt.Printf("%s element %d, character %d: %c is written %s\n", p.Tag, p.Element, r.Index+1, r.Rune, r.By)
		},
	})
	w.Begin(unb())
	w.Message(unh("1"))
	w.Segment("NAD").Elem("BE").Elem("ÅSE ØST")
	w.EndMessage()
	if err := w.End(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// NAD element 3, character 1: Å is written AA
	// NAD element 3, character 5: Ø is written OE
	// UNB+UNOA:3+A:14+B:14+050811:0600+7'UNH+1+PAYMUL:D:96A:UN'NAD+BE+AASE OEST'UNT+3+1'UNZ+1+7'
}
