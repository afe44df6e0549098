package autack_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
)

// endless is a long interchange that is never in memory: head, many times body,
// tail.
func endless(head, body, tail string, times int) io.Reader {
	return io.MultiReader(strings.NewReader(head), io.LimitReader(&repeating{text: body}, int64(len(body)*times)), strings.NewReader(tail))
}

type repeating struct {
	text string
	at   int
}

func (r *repeating) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

const unb4 = "UNB+UNOC:4+A+B+20260301:0600+R'"

// drain reads to the end and returns the error, nil at a good end.
func drain(r *edifact.Reader) error {
	for _, err := range r.Segments() {
		if err != nil {
			return err
		}
	}
	return nil
}

// What is allocated is counted for the whole process: nothing runs beside it.
func TestMemoryDoesNotGrow(t *testing.T) {
	const object = 32 << 20
	for name, test := range map[string]func() io.Reader{
		"long message": func() io.Reader {
			return endless(unb4+"UNH+1+X:D:96A:UN'", "FTX+AAI+++some text that is repeated'", "UNT+1000002+1'UNZ+1+R'", 1_000_000)
		},
		"package": func() io.Reader {
			return endless(unb4+"UNO+1+1:X+1:Y+33554432'", "U'", "UNP+33554432+1'UNZ+1+R'", object/2)
		},
		"padding": func() io.Reader {
			return endless("", " ", unb4+"UNH+1+X:D:96A:UN'UNT+2+1'UNZ+1+R'", object)
		},
	} {
		sum := sha256.New()
		in := io.TeeReader(test(), sum)
		var got []autack.Digest
		before := allocated()
		r, _ := autack.NewReader(in, edifact.ReaderOptions{Lenient: edifact.Padding},
			autack.HashOptions{Each: func(d autack.Digest) { got = append(got, d) }})
		if err := drain(r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if grown := allocated() - before; grown > 16<<20 {
			t.Errorf("%s: %d bytes were allocated", name, grown)
		}
		if len(got) != 2 || got[1].Reference.Level() != autack.LevelInterchange {
			t.Fatalf("%s: digests %+v", name, got)
		}
		if all := [32]byte(sum.Sum(nil)); name != "padding" && got[1].SHA256 != all {
			t.Errorf("%s: digest is not that of all bytes", name)
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestHashesWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		o    autack.HashOptions
		want string
	}{
		"all":      {autack.HashOptions{}, "M1 G1 M2 G2 REF7"},
		"messages": {autack.HashOptions{Levels: autack.LevelMessage}, "M1 M2"},
		"groups":   {autack.HashOptions{Levels: autack.LevelGroup}, "G1 G2"},
		"wanted":   {autack.HashOptions{Want: func(r autack.Reference) bool { return r.Group == "G2" }}, "M2 G2"},
	} {
		d, _, err := read(strings.NewReader(grouped), edifact.ReaderOptions{}, test.o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range d.All() {
			switch r := x.Reference; r.Level() {
			case autack.LevelMessage:
				got = append(got, r.Message.Ref)
			case autack.LevelGroup:
				got = append(got, r.Group)
			default:
				got = append(got, r.Interchange)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: hashed %q, want %q", name, got, test.want)
		}
	}
}

func TestWhatHasNoEndIsNotHashed(t *testing.T) {
	t.Parallel()
	const message = "UNH+%+X:D:96A:UN'UNT+2+%'"
	one, two := strings.ReplaceAll(message, "%", "1"), strings.ReplaceAll(message, "%", "2")
	for name, test := range map[string]struct {
		input string
		want  string
	}{
		"no UNT":       {unb4 + "UNH+1+X:D:96A:UN'" + two + "UNZ+2+R'", `message "2",interchange "R"`},
		"no UNT, UNZ":  {unb4 + one + "UNH+2+X:D:96A:UN'UNZ+2+R'", `message "1",interchange "R"`},
		"no UNZ":       {unb4 + one + unb4[:len(unb4)-2] + "S'" + two + "UNZ+1+S'", `message "1",message "2",interchange "S"`},
		"end":          {unb4 + one + "UNH+2+X:D:96A:UN'", `message "1"`},
		"no reference": {unb4 + "UNH++X:D:96A:UN'UNT+2+'UNZ+1+R'", `interchange "R"`},
		"no UNB":       {one + "UNZ+1+R'", `message "1"`},
		"UNT of UNO":   {unb4 + "UNO+1+1:X+1:Y+1'aUNT+2+1'UNZ+1+R'", `interchange "R"`},
		"UNP of UNH":   {unb4 + "UNH+1+X:D:96A:UN'UNP+1+1'UNZ+1+R'", `interchange "R"`},
		"no UNE":       {unb4 + "UNG+X+A+B+20260301:0600+1+UN+D:96A'" + one + "UNZ+1+R'", `message "1",interchange "R"`},
	} {
		r, h := autack.NewReader(strings.NewReader(test.input), edifact.ReaderOptions{Faults: func(*edifact.ParseError) {}}, autack.HashOptions{})
		if err := drain(r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, d := range h.Digests().All() {
			s := d.Reference.String()
			if i := strings.Index(s, "message"); i >= 0 {
				s = s[i:]
			}
			got = append(got, s)
			if d.SHA256 != sha256.Sum256([]byte(test.input[d.From:d.To])) {
				t.Errorf("%s: digest of %s is another", name, s)
			}
		}
		if strings.Join(got, ",") != test.want {
			t.Errorf("%s: hashed %q, want %s", name, got, test.want)
		}
	}
}

func TestASegmentOfLineBreaksIsRefused(t *testing.T) {
	t.Parallel()
	in := io.MultiReader(
		endless("UNB+UNOC:4+A+B+20260301:0600", "\n", "+R'UNH+1+X:D:96A:UN'", 2<<20),
		endless("", "FTX+AAI'", "UNT+100002+1'UNZ+1+R'", 100_000))
	r, h := autack.NewReader(in, edifact.ReaderOptions{Lenient: edifact.WrappedLines}, autack.HashOptions{})
	if err := drain(r); !errors.Is(err, autack.ErrLimit) {
		t.Errorf("got %v", err)
	}
	if len(h.Digests().All()) > 0 {
		t.Error("something was hashed")
	}
}

func TestMoreDigestsThanAreKept(t *testing.T) {
	t.Parallel()
	var d autack.Digests
	for i := range 20_001 {
		d.Add(autack.Digest{Reference: autack.Reference{Interchange: "R", Message: autack.MessageID{Ref: string(rune('a' + i%26))}}})
	}
	if _, err := d.Find(autack.Reference{Interchange: "R", Message: autack.MessageID{Ref: "?"}}); !errors.Is(err, autack.ErrLimit) {
		t.Errorf("messages: %v", err)
	}
	if _, err := d.Find(autack.Reference{Interchange: "R"}); !errors.Is(err, autack.ErrNotFound) {
		t.Errorf("interchange: %v", err)
	}
}

func TestErrorsOfTheInputAreReturned(t *testing.T) {
	t.Parallel()
	broken := errors.New("line is down")
	in := io.MultiReader(strings.NewReader(interchange3[:100]), readerFunc(func([]byte) (int, error) { return 0, broken }))
	r, _ := autack.NewReader(in, edifact.ReaderOptions{}, autack.HashOptions{})
	if err := drain(r); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
