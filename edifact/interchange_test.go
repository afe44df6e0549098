package edifact_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"nks/edifact"
)

const header = "UNB+UNOC:3+5798000016446:14+5790000000012:14:intern+050811:0605+00000000000042+pw:AA+app+A+1+AFT7+1'"

// walk reads everything and tells it in one line.
func walk(x *edifact.Interchange) (string, error) {
	var b strings.Builder
	for {
		u, err := x.Begin()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "<%s", u.ControlRef)
		for {
			m, err := x.Message()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return b.String(), err
			}
			fmt.Fprintf(&b, "(%s", m.Ref)
			for {
				s, err := x.Segment()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					return b.String(), err
				}
				fmt.Fprintf(&b, " %s%d", s.Tag, s.Position)
			}
			b.WriteString(")")
		}
		b.WriteString(">")
	}
}

func TestInterchangeReads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, want string }{
		{"two messages", header + "UNH+1+A:D:96A:UN'BGM'UNT+3+1'UNH+2+A:D:96A:UN'UNT+2+2'UNZ+2+00000000000042'", "<00000000000042(1 BGM2)(2)>"},
		{"two interchanges", header + "UNZ+0+00000000000042'\r\nUNA:+.? '" + header + "UNZ+0+00000000000042'", "<00000000000042><00000000000042>"},
		{"groups", header + "UNG+A+S+R+050811:0605+9+UN+D:96A'UNH+1+A:D:96A:UN'UNT+2+1'UNE+1+9'UNG+A+S+R+050811:0605+10+UN+D:96A'UNH+1+A:D:96A:UN'UNT+2+1'UNE+1+10'UNZ+2+00000000000042'", "<00000000000042(1)(1)>"},
		{"syntax version 4", "UNB+UNOW:4+A+B+20240811:0605+1'UNH+1+A:D:96A:UN'UNT+2+1'UNZ+1+1'", "<1(1)>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := walk(edifact.NewInterchange(strings.NewReader(test.in), edifact.Limits{}))
			if err != nil || got != test.want {
				t.Errorf("read %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestInterchangeHeader(t *testing.T) {
	t.Parallel()
	x := edifact.NewInterchange(strings.NewReader(header+"UNZ+0+00000000000042'"), edifact.Limits{})
	got, err := x.Begin()
	if err != nil {
		t.Fatal(err)
	}
	want := edifact.UNB{
		Charset: edifact.UNOC, Version: 3,
		Sender:    edifact.Party{ID: "5798000016446", Qualifier: "14"},
		Recipient: edifact.Party{ID: "5790000000012", Qualifier: "14", Internal: "intern"},
		Date:      "050811", Time: "0605", ControlRef: "00000000000042",
		Password: "pw", PasswordQualifier: "AA", ApplicationRef: "app", Priority: "A",
		AckRequest: true, Agreement: "AFT7", TestIndicator: "1",
	}
	if got != want || x.Header() != want || !got.Test() {
		t.Errorf("header is %+v", got)
	}
	at, err := got.Prepared(time.UTC)
	if err != nil || !at.Equal(time.Date(2005, 8, 11, 6, 5, 0, 0, time.UTC)) {
		t.Errorf("prepared %v, %v", at, err)
	}
	for date, year := range map[string]int{"490101": 2049, "500101": 1950, "690101": 1969, "991231": 1999, "20680101": 2068} {
		if at, err := (edifact.UNB{Date: date, Time: "0000"}).Prepared(time.UTC); err != nil || at.Year() != year {
			t.Errorf("date %s is in %v, %v", date, at, err)
		}
	}
	if _, err := (edifact.UNB{Date: "051311", Time: "0000"}).Prepared(time.UTC); err == nil {
		t.Error("month 13 is taken")
	}
}

func TestInterchangeFaults(t *testing.T) {
	t.Parallel()
	const unh = "UNH+1+A:D:96A:UN'"
	for _, test := range []struct {
		name, in string
		want     edifact.Error
	}{
		{"no UNB", unh, edifact.Error{Tag: "UNH", Message: "", Position: 1, Element: 1, Code: edifact.CodeMissing}},
		{"unknown repertoire", "UNB+UNOX:3+A+B+050811:0605+1'", edifact.Error{Tag: "UNB", Element: 2, Component: 1, Code: edifact.CodeSyntaxNotSupported}},
		{"unknown version", "UNB+UNOC:9+A+B+050811:0605+1'", edifact.Error{Tag: "UNB", Element: 2, Component: 2, Code: edifact.CodeSyntaxNotSupported}},
		{"UNB without reference", "UNB+UNOC:3+A+B+050811:0605'", edifact.Error{Tag: "UNB", Element: 6, Code: edifact.CodeMissing}},
		{"UNB with a short date", "UNB+UNOC:3+A+B+50811:0605+1'", edifact.Error{Tag: "UNB", Element: 5, Component: 1, Code: edifact.CodeTooShort}},
		{"end before UNZ", header, edifact.Error{Offset: int64(len(header)), Tag: "UNZ", Code: edifact.CodeMissing}},
		{"end before UNT", header + unh, edifact.Error{Offset: int64(len(header + unh)), Tag: "UNT", Message: "1", Position: 2, Code: edifact.CodeMissing}},
		{"UNH before UNT", header + unh + "UNH+2+A:D:96A:UN'", edifact.Error{Offset: int64(len(header + unh)), Tag: "UNH", Message: "1", Position: 1, Element: 1, Code: edifact.CodeMissing}},
		{"UNB before UNZ", header + header, edifact.Error{Offset: int64(len(header)), Tag: "UNB", Element: 1, Code: edifact.CodeMissing}},
		{"segment between messages", header + "BGM+1'", edifact.Error{Offset: int64(len(header)), Tag: "BGM", Element: 1, Code: edifact.CodeOutside}},
		{"count of UNT", header + unh + "BGM'UNT+2+1'UNZ+1+00000000000042'", edifact.Error{Offset: int64(len(header+unh)) + 4, Tag: "UNT", Message: "1", Position: 3, Element: 2, Code: edifact.CodeCountMismatch}},
		{"reference of UNT", header + unh + "UNT+2+x'UNZ+1+00000000000042'", edifact.Error{Offset: int64(len(header + unh)), Tag: "UNT", Message: "1", Position: 2, Element: 3, Code: edifact.CodeReferenceMismatch}},
		{"count of UNZ", header + "UNZ+1+00000000000042'", edifact.Error{Offset: int64(len(header)), Tag: "UNZ", Element: 2, Code: edifact.CodeCountMismatch}},
		{"reference of UNZ", header + "UNZ+0+42'", edifact.Error{Offset: int64(len(header)), Tag: "UNZ", Element: 3, Code: edifact.CodeReferenceMismatch}},
		{"message and then group", header + unh + "UNT+2+1'UNG+A'", edifact.Error{Offset: int64(len(header+unh)) + 8, Tag: "UNG", Element: 1, Code: edifact.CodeGroupsMixed}},
		{"group and then message", header + "UNG+A+S+R+050811:0605+9+UN+D:96A'UNE+0+9'" + unh, edifact.Error{Offset: int64(len(header)) + 41, Tag: "UNH", Message: "", Position: 1, Element: 1, Code: edifact.CodeGroupsMixed}},
		{"UNE without UNG", header + "UNE+0+9'", edifact.Error{Offset: int64(len(header)), Tag: "UNE", Element: 1, Code: edifact.CodeOutside}},
		{"UNZ inside a group", header + "UNG+A+S+R+050811:0605+9+UN+D:96A'UNZ+1+1'", edifact.Error{Offset: int64(len(header)) + 33, Tag: "UNZ", Element: 1, Code: edifact.CodeMissing}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := walk(edifact.NewInterchange(strings.NewReader(test.in), edifact.Limits{}))
			var got *edifact.Error
			if !errors.As(err, &got) {
				t.Fatalf("error is %v", err)
			}
			if got.Text == "" || !strings.Contains(got.Error(), got.Text) {
				t.Errorf("error without text: %v", got)
			}
			got.Text = ""
			if *got != test.want {
				t.Errorf("error is %+v, want %+v", *got, test.want)
			}
		})
	}
}

func TestInterchangeLenientReportsAndGoesOn(t *testing.T) {
	t.Parallel()
	in := header + "UNH+1+A:D:96A:UN'BGM'UNT+9+2'UNZ+7+1'"
	x := edifact.NewInterchange(strings.NewReader(in), edifact.Limits{})
	var codes []edifact.Code
	x.Lenient(func(e *edifact.Error) { codes = append(codes, e.Code) })
	got, err := walk(x)
	if err != nil || got != "<00000000000042(1 BGM2)>" {
		t.Fatalf("read %q, %v", got, err)
	}
	if fmt.Sprint(codes) != "[29 28 29 28]" {
		t.Errorf("reported %v", codes)
	}
}

func TestInterchangeSkipsWhatIsNotRead(t *testing.T) {
	t.Parallel()
	in := header + "UNH+1+A:D:96A:UN'BGM'UNT+3+1'UNH+2+A:D:96A:UN'BGM'UNT+3+2'UNZ+2+00000000000042'" + header + "UNZ+0+00000000000042'"
	x := edifact.NewInterchange(strings.NewReader(in), edifact.Limits{})
	for range 2 {
		if _, err := x.Begin(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.Begin(); !errors.Is(err, io.EOF) {
		t.Errorf("error is %v", err)
	}
}

func TestInterchangeText(t *testing.T) {
	t.Parallel()
	in := header + "UNH+1+A:D:96A:UN'FTX+\xC6bler:a\x01b'UNT+3+1'UNZ+1+00000000000042'"
	x := edifact.NewInterchange(strings.NewReader(in), edifact.Limits{})
	if _, err := x.Begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Message(); err != nil {
		t.Fatal(err)
	}
	s, err := x.Segment()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := x.Text(&s, 0, 0); err != nil || text != "Æbler" {
		t.Errorf("text is %q, %v", text, err)
	}
	var bad *edifact.Error
	if _, err := x.Text(&s, 0, 1); !errors.As(err, &bad) || bad.Code != edifact.CodeBadCharacter || bad.Element != 2 || bad.Component != 2 || bad.Position != 2 {
		t.Errorf("error is %v", err)
	}
}
