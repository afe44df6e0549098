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
	var reported []string
	o := edifact.WriterOptions{Repertoire: edifact.UNOA, Transliterated: func(p edifact.Place, r edifact.Replacement) {
		reported = append(reported, fmt.Sprintf("%s %d.%d #%d %c=%s", p.Tag, p.Element, p.Component, r.Index, r.Rune, r.By))
	}}
	got, err := written(unb(), o, func(w *edifact.Writer) {
		w.Segment("NAD").Elem("BE").Elem("+Åse").Comp("@")
	})
	want := "UNB+UNOA:3+A:14+B:14+050811:0600+7'UNH+1+PAYMUL:D:96A:UN'NAD+BE+?+AASE:A'UNT+3+1'UNZ+1+7'"
	if err != nil || got != want {
		t.Errorf("wrote %q, %v", got, err)
	}
	if w := []string{"NAD 3.0 #1 Å=AA", "NAD 3.0 #2 s=S", "NAD 3.0 #3 e=E", "NAD 3.2 #0 @=A"}; !slices.Equal(reported, w) {
		t.Errorf("told %q", reported)
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
