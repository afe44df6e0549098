package edifact_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"nks/edifact"
)

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
		{"released", func(w *edifact.Writer) { w.Segment("FTX").Elem("a'b+c:d?e") }, "FTX+a?'b?+c?:d??e'"},
		{"Latin 1", func(w *edifact.Writer) { w.Segment("FTX").Elem("Åse Øst") }, "FTX+\xC5se \xD8st'"},
		{"numbers", func(w *edifact.Writer) { w.Segment("CNT").Elem("LIN").CompInt(12).ElemInt(0) }, "CNT+LIN:12+0'"},
		{"amounts", func(w *edifact.Writer) {
			w.Segment("MOA").Elem("9").CompAmount(123456, 2).Elem("").CompAmount(5, 2).CompAmount(-100, 2).CompAmount(7, 0).CompAmount(-1<<63, 3)
		}, "MOA+9:1234,56+:0,05:-1,00:7:-9223372036854775,808'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := edifact.NewWriter(&out, edifact.Options{})
			test.give(w)
			if err := w.End(); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSuffix(out.String(), "UNZ+0'"); got != test.want {
				t.Errorf("wrote %q, want %q", got, test.want)
			}
		})
	}
}

func TestWriterEnvelopeAndWraps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		o    edifact.Options
		want string
	}{
		{"one line", edifact.Options{UNA: true}, "UNA:+,? 'UNB+UNOC:3+A:14+B:14+050811:0600+7++++1+AFT+1'UNH+1+PAYMUL:D:96A:UN'BGM+452+a?'b'UNT+3+1'UNZ+1+7'"},
		{"line per segment", edifact.Options{Wrap: edifact.WrapSegments, Repertoire: edifact.UNOW},
			"UNB+UNOW:3+A:14+B:14+050811:0600+7++++1+AFT+1'\r\nUNH+1+PAYMUL:D:96A:UN'\r\nBGM+452+a?'b'\r\nUNT+3+1'\r\nUNZ+1+7'\r\n"},
		{"80 columns", edifact.Options{UNA: true, Wrap: edifact.Wrap80, Delimiters: edifact.Delimiters{Component: '|', Element: '*', Decimal: '.', Release: '!', End: '~'}},
			"UNA|*.! ~UNB*UNOC|3*A|14*B|14*050811|0600*7****1*AFT*1~UNH*1*PAYMUL|D|96A|UN~BGM\r\n*452*a'b~UNT*3*1~UNZ*1*7~\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := edifact.NewWriter(&out, test.o)
			w.Begin(edifact.UNB{
				Sender: edifact.Party{ID: "A", Qualifier: "14"}, Recipient: edifact.Party{ID: "B", Qualifier: "14"},
				Date: "050811", Time: "0600", ControlRef: "7", AckRequest: true, Agreement: "AFT", TestIndicator: "1",
			})
			w.Message(edifact.UNH{Ref: "1", Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN"})
			w.Segment("BGM").Elem("452").Elem("a'b")
			w.EndMessage()
			if err := w.End(); err != nil {
				t.Fatal(err)
			}
			if out.String() != test.want {
				t.Errorf("wrote\n%q, want\n%q", out.String(), test.want)
			}
		})
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	bare := edifact.DefaultDelimiters
	bare.Release = 0
	clash := edifact.DefaultDelimiters
	clash.Element = ':'
	for _, test := range []struct {
		name, value string
		o           edifact.Options
		want        edifact.Code
	}{
		{"control character", "a\nb", edifact.Options{}, edifact.CodeBadCharacter},
		{"euro in Latin 1", "€", edifact.Options{}, edifact.CodeBadCharacter},
		{"small letter in level A", "a", edifact.Options{Repertoire: edifact.UNOA}, edifact.CodeBadCharacter},
		{"broken UTF-8", "a\xff", edifact.Options{Repertoire: edifact.UNOW}, edifact.CodeBadCharacter},
		{"service character, nothing to release", "a+b", edifact.Options{Delimiters: bare}, edifact.CodeBadSeparator},
		{"service characters that clash", "a", edifact.Options{Delimiters: clash}, edifact.CodeBadServiceCharacter},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := edifact.NewWriter(&bytes.Buffer{}, test.o)
			w.Segment("FTX").Elem("x").Comp(test.value).Elem("more")
			w.Segment("BGM")
			var got *edifact.ParseError
			if err := w.End(); !errors.As(err, &got) || got.Code != test.want {
				t.Errorf("error is %v, want code %d", err, test.want)
			}
		})
	}
}

type deadPipe struct{}

var errDead = errors.New("pipe is dead")

func (deadPipe) Write([]byte) (int, error) { return 0, errDead }

func TestWriterKeepsErrorsOfTheOutput(t *testing.T) {
	t.Parallel()
	w := edifact.NewWriter(deadPipe{}, edifact.Options{})
	for range 10000 {
		w.Segment("FTX").Elem("some text that fills the buffer")
	}
	if err := w.End(); !errors.Is(err, errDead) {
		t.Errorf("error is %v", err)
	}
}

func TestWriterCountsBytes(t *testing.T) {
	t.Parallel()
	for _, wrapping := range []edifact.Wrap{edifact.WrapNone, edifact.WrapSegments, edifact.Wrap80} {
		var out bytes.Buffer
		w := edifact.NewWriter(&out, edifact.Options{Wrap: wrapping, UNA: true})
		w.Begin(edifact.UNB{ControlRef: "1"})
		for range 9999 {
			w.Segment("FTX").Elem("some text").Comp("and more")
		}
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
		last := int64(0)
		if wrapping == edifact.Wrap80 && out.Len()%82 != 0 {
			last = 2
		}
		if w.Written()+last != int64(out.Len()) {
			t.Errorf("wrap %d: says %d, wrote %d", wrapping, w.Written(), out.Len())
		}
	}
}
