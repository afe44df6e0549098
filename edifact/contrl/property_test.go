package contrl_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"nks/edifact"
	"nks/edifact/contrl"
)

func corpus(t testing.TB) [][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.edi")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all [][]byte
	for _, name := range files {
		in, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(in) < 4<<10 {
			all = append(all, in)
		}
	}
	return all
}

// holds checks what is true of the answers to any input: a fault is never
// accepted and its absence never rejected, what is answered can be written, is a
// valid CONTRL and is read back as it was.
func holds(t interface {
	Helper()
	Fatalf(string, ...any)
}, in []byte, o contrl.Options) []contrl.Answer {
	t.Helper()
	var all []contrl.Answer
	for a, err := range contrl.Answers(bytes.NewReader(in), schema(), edifact.ReaderOptions{}, o) {
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		all = append(all, a)
		if (a.Control == nil) == (a.Err == nil) {
			t.Fatalf("%q: control %v and error %v", in, a.Control, a.Err)
		}
		if a.Err != nil {
			if !errors.Is(a.Err, contrl.ErrControl) && a.Fault == nil && !errors.Is(a.Err, contrl.ErrNoHeader) {
				t.Fatalf("%q: no answer and no fault: %v", in, a.Err)
			}
			continue
		}
		if a.Control.Accepted() != (a.Fault == nil) {
			t.Fatalf("%q: accepted is %t with fault %v: %+v", in, a.Control.Accepted(), a.Fault, a.Control)
		}
		text, err := write(a)
		if err != nil {
			t.Fatalf("%q: cannot write %+v: %v", in, a.Control, err)
		}
		back, err := readBack(text)
		if err != nil || !reflect.DeepEqual(back, a.Control) {
			t.Fatalf("%q: wrote %q, read back %+v, %v; want %+v", in, text, back, err, a.Control)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%q: no answer", in)
	}
	return all
}

func write(a contrl.Answer) (string, error) {
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.WriterOptions{})
	u := contrl.Reply(&a.Header)
	u.Date, u.Time, u.ControlRef = "050812", "0700", "76"
	if u.Version == 4 {
		u.Date = "20050812"
	}
	w.Begin(u)
	if err := contrl.Write(w, "1", a.Control); err != nil {
		return "", err
	}
	err := w.End()
	return out.String(), err
}

// TestMutated breaks interchanges in every way that bytes and segments can be
// changed, and holds the answers against what is true of any.
func TestMutated(t *testing.T) {
	t.Parallel()
	seeds := corpus(t)
	rapid.Check(t, func(t *rapid.T) {
		in := bytes.Clone(rapid.SampledFrom(seeds).Draw(t, "seed"))
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			in = mutate(t, in, seeds)
		}
		o := contrl.Options{Whole: rapid.Bool().Draw(t, "whole"), Entries: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "entries")}
		all := holds(t, in, o)
		var again []contrl.Answer
		for a, err := range contrl.Answers(iotest.OneByteReader(bytes.NewReader(in)), schema(), edifact.ReaderOptions{}, o) {
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, a)
		}
		if !reflect.DeepEqual(again, all) {
			t.Fatalf("%q: byte by byte %+v, at once %+v", in, again, all)
		}
	})
}

func mutate(t *rapid.T, in []byte, seeds [][]byte) []byte {
	segments := bytes.SplitAfter(in, []byte("'"))
	at := rapid.IntRange(0, len(segments)-1).Draw(t, "segment")
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0: // a segment less
		segments = append(segments[:at:at], segments[at+1:]...)
	case 1: // a segment twice
		segments = append(segments[:at:at], append([][]byte{segments[at]}, segments[at:]...)...)
	case 2: // two segments in the other order
		other := rapid.IntRange(0, len(segments)-1).Draw(t, "other")
		segments[at], segments[other] = segments[other], segments[at]
	case 3: // a segment from elsewhere
		from := bytes.SplitAfter(rapid.SampledFrom(seeds).Draw(t, "from"), []byte("'"))
		segments = append(segments[:at:at], append([][]byte{rapid.SampledFrom(from).Draw(t, "inserted")}, segments[at:]...)...)
	case 4: // another byte
		s := bytes.Clone(segments[at])
		if len(s) > 0 {
			s[rapid.IntRange(0, len(s)-1).Draw(t, "byte")] = rapid.SampledFrom([]byte("':+?* \nA1x\x00\xe6")).Draw(t, "value")
			segments[at] = s
		}
	case 5: // broken off
		segments = append(segments[:at:at], segments[at][:rapid.IntRange(0, len(segments[at])).Draw(t, "rest")])
	case 6: // another interchange behind
		segments = append(segments, rapid.SampledFrom(seeds).Draw(t, "behind"))
	}
	return bytes.Join(segments, nil)
}

// TestWrittenIsRead takes any Control that can be written.
func TestWrittenIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawControl(t)
		u := edifact.UNB{Version: want.Version, Sender: want.Sender, Recipient: want.Recipient, ControlRef: want.ControlRef}
		text, err := write(contrl.Answer{Header: u, Control: want})
		if err != nil {
			t.Fatalf("write %+v: %v", want, err)
		}
		got, err := readBack(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("wrote %s\nread %+v, %v\nwant %+v", text, got, err, want)
		}
	})
}

// TestAnswerIsJudged sends messages, some of them broken, and learns from the
// answer which.
func TestAnswerIsJudged(t *testing.T) {
	t.Parallel()
	breaks := []func(string) string{
		func(s string) string { return strings.Replace(s, "BGM+10'", "", 1) },
		func(s string) string { return strings.Replace(s, "UNT+", "UNT+1", 1) },
		func(s string) string { return strings.Replace(s, "LIN+1", "LIN+x", 1) },
		func(s string) string { return strings.Replace(s, "D:96A:UN", "D:99Z:UN", 1) },
		func(s string) string { return strings.Replace(s, "102'", "102'XYZ'", 1) },
	}
	rapid.Check(t, func(t *rapid.T) {
		var in strings.Builder
		var sent []contrl.Sent
		var want []contrl.Decision
		send := func(group string) int {
			n := rapid.IntRange(1, 4).Draw(t, "messages")
			for range n {
				s := contrl.Sent{Group: group, Ref: strconv.Itoa(len(sent) + 1), Type: "BANSTA"}
				text, decision := message(s.Ref, ""), contrl.Accepted
				if rapid.Bool().Draw(t, "broken") {
					text, decision = rapid.SampledFrom(breaks).Draw(t, "how")(text), contrl.Rejected
				}
				in.WriteString(text)
				sent, want = append(sent, s), append(want, decision)
			}
			return n
		}
		in.WriteString(unb)
		var count int
		if rapid.Bool().Draw(t, "grouped") {
			count = rapid.IntRange(1, 3).Draw(t, "groups")
			for i := range count {
				ref := "G" + strconv.Itoa(i)
				in.WriteString("UNG+BANSTA+S+R+050811:0610+" + ref + "+UN+D:96A'")
				in.WriteString("UNE+" + strconv.Itoa(send(ref)) + "+" + ref + "'")
			}
		} else {
			count = send("")
		}
		in.WriteString("UNZ+" + strconv.Itoa(count) + "+42'")
		a := holds(t, []byte(in.String()), contrl.Options{})[0]
		all, err := a.Control.Judge(&a.Header, sent)
		if err != nil {
			t.Fatalf("%s: %v", in.String(), err)
		}
		for i, v := range all {
			if v.Decision != want[i] || v.Sent != sent[i] || v.Decision == contrl.Rejected && len(v.Codes()) == 0 {
				t.Fatalf("%s: verdict %d is %+v, want %v", in.String(), i, v, want[i])
			}
		}
	})
}

func drawControl(t *rapid.T) *contrl.Control {
	version := rapid.SampledFrom([]int{3, 4}).Draw(t, "version")
	text := func(name string, length int) string {
		return rapid.StringMatching("[A-Z0-9æ+:'?]{1,"+strconv.Itoa(length)+"}").Draw(t, name)
	}
	party := func() edifact.Party {
		return edifact.Party{ID: text("id", 35), Qualifier: rapid.SampledFrom([]string{"", "14", "ZZ"}).Draw(t, "qualifier")}
	}
	code := func() edifact.Code {
		return edifact.Code(rapid.SampledFrom([]int{12, 13, 16, 18, 21, 28, 29, 39}).Draw(t, "code"))
	}
	status := func(tags ...string) contrl.Status {
		s := contrl.Status{Action: rapid.SampledFrom([]contrl.Action{contrl.ActionRejected, contrl.ActionAcknowledged}).Draw(t, "action")}
		if rapid.Bool().Draw(t, "told") {
			s.Code = code()
			if rapid.Bool().Draw(t, "placed") {
				s.Tag, s.Element = rapid.SampledFrom(tags).Draw(t, "tag"), rapid.IntRange(1, 999).Draw(t, "element")
			}
		}
		return s
	}
	messages := func() []contrl.Message {
		var all []contrl.Message
		for range rapid.IntRange(0, 3).Draw(t, "messages") {
			m := contrl.Message{Status: status("UNH", "UNT")}
			if version == 4 && rapid.Bool().Draw(t, "package") {
				m.Package = contrl.Package{Ref: text("ref", 35), IDQualifier: "AAK", ID: text("object", 35)}
			} else {
				m.Header = edifact.UNH{Ref: text("ref", 14), Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN"}
			}
			for range rapid.IntRange(0, 2).Draw(t, "segments") {
				s := contrl.Segment{Position: rapid.IntRange(1, 999_999).Draw(t, "position")}
				if rapid.Bool().Draw(t, "whole") {
					s.Code = code()
				}
				for range rapid.IntRange(0, 2).Draw(t, "elements") {
					e := contrl.Element{Code: code(), Element: rapid.IntRange(1, 999).Draw(t, "element"), Component: rapid.IntRange(0, 999).Draw(t, "component")}
					if version == 4 {
						e.Repetition = rapid.IntRange(0, 99).Draw(t, "repetition")
					}
					s.Elements = append(s.Elements, e)
				}
				m.Segments = append(m.Segments, s)
			}
			all = append(all, m)
		}
		return all
	}
	c := &contrl.Control{Version: version, ControlRef: text("ref", 14), Sender: party(), Recipient: party(), Status: status("UNA", "UNB", "UNZ")}
	if rapid.Bool().Draw(t, "grouped") {
		for range rapid.IntRange(1, 3).Draw(t, "groups") {
			c.Groups = append(c.Groups, contrl.Group{Ref: text("ref", 14), Sender: party(), Recipient: party(), Status: status("UNG", "UNE"), Messages: messages()})
		}
	} else {
		c.Messages = messages()
	}
	return c
}

func FuzzAnswers(f *testing.F) {
	for _, in := range corpus(f) {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) { holds(t, in, contrl.Options{}) })
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		in, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.ReplaceAll(string(in), "\n", ""))
	}
	f.Fuzz(func(t *testing.T, in string) {
		c, err := readBack(in)
		if err != nil {
			return
		}
		u := edifact.UNB{Version: c.Version, Repertoire: edifact.UNOC, Sender: c.Sender, Recipient: c.Recipient, ControlRef: c.ControlRef}
		if c.Version == 4 {
			u.Repertoire = edifact.UNOY
		}
		text, err := write(contrl.Answer{Header: u, Control: c})
		if err != nil {
			return // what is read may be what CONTRL should not say
		}
		first, err := readBack(text)
		if err != nil {
			t.Fatalf("wrote %q: %v", text, err)
		}
		again, err := write(contrl.Answer{Header: u, Control: first})
		if err != nil || again != text {
			t.Fatalf("wrote %q, then %q, %v", text, again, err)
		}
		var sent []contrl.Sent
		for _, m := range c.Messages {
			sent = append(sent, contrl.Sent{Ref: m.Header.Ref + m.Package.Ref})
		}
		if verdicts, err := c.Judge(&u, sent); err == nil && len(verdicts) != len(sent) {
			t.Fatalf("%d verdicts for %d messages", len(verdicts), len(sent))
		}
	})
}
