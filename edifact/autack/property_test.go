package autack_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"nks/edifact"
	"nks/edifact/autack"
)

// anyInterchange draws messages with values of all kinds of characters.
func anyInterchange(t *rapid.T) string {
	version := rapid.SampledFrom([]int{3, 4}).Draw(t, "version")
	o := edifact.WriterOptions{UNA: rapid.Bool().Draw(t, "una"), Wrap: rapid.SampledFrom([]edifact.Wrap{edifact.WrapNone, edifact.WrapSegments, edifact.Wrap80}).Draw(t, "wrap")}
	date := map[int]string{3: "260301", 4: "20260301"}[version]
	var out bytes.Buffer
	w := edifact.NewWriter(&out, o)
	w.Begin(edifact.UNB{Version: version, Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}, Date: date, Time: "0600", ControlRef: "R"})
	n := rapid.IntRange(1, 5).Draw(t, "messages")
	for i := range n {
		w.Message(edifact.UNH{Ref: strconv.Itoa(i), Type: "GENRAL", Version: "D", Release: "96A", Agency: "UN"})
		for range rapid.IntRange(0, 5).Draw(t, "segments") {
			w.Segment("FTX").Elem("AAI").Elem("x" + rapid.StringMatching(`[A-Za-z0-9 '+:?*UNHæøÅ]{0,200}`).Draw(t, "text"))
		}
		w.EndMessage()
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDigestsAreThoseOfTheRanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := anyInterchange(t)
		lenient := edifact.LineBreaks | edifact.WrappedLines
		r, h := autack.NewReader(iotest.HalfReader(strings.NewReader(text)), edifact.ReaderOptions{Lenient: lenient}, autack.HashOptions{})
		starts, ends := map[int64]string{}, map[int64]string{}
		for s, err := range r.Segments() {
			if err != nil {
				t.Fatal(err)
			}
			starts[s.Offset], ends[s.End] = s.Tag, s.Tag
		}
		for _, d := range h.Digests().All() {
			if sha256.Sum256([]byte(text[d.From:d.To])) != d.SHA256 || text[d.From] != 'U' || text[d.To-1] != '\'' {
				t.Fatalf("%v: digest is not that of %q", d.Reference, text[d.From:d.To])
			}
			if d.Reference.Level() == autack.LevelMessage && (starts[d.From] != "UNH" || ends[d.To] != "UNT") {
				t.Fatalf("%v: range is %q", d.Reference, text[d.From:d.To])
			}
		}
	})
}

func TestMessagesSurviveWriting(t *testing.T) {
	t.Parallel()
	word := func(max int) *rapid.Generator[string] {
		return rapid.StringOfN(rapid.RuneFrom([]rune("Aa0'+:?*= ")), 1, max, -1)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := full()
		version := rapid.SampledFrom([]int{1, 3, 4}).Draw(t, "version")
		if version < 4 {
			m.UNH.CodeList, m.UNH.Function = "", ""
		}
		h := &m.Headers[0]
		h.Ref, h.Sequence = word(14).Draw(t, "ref"), word(35).Draw(t, "sequence")
		h.Parties[0].ID = word(1024).Draw(t, "id")
		h.Certificates = h.Certificates[:rapid.IntRange(0, 2).Draw(t, "certificates")]
		m.Secured[0].Reference.Message.Ref = word(14).Draw(t, "message")
		m.Secured[0].Results = m.Secured[0].Results[:rapid.IntRange(1, 2).Draw(t, "results")]
		m.Secured[1].Results[0].Values[0].Value = word(1024).Draw(t, "value")
		m.Trailers = m.Trailers[:rapid.IntRange(1, 2).Draw(t, "trailers")]
		if len(h.Certificates) == 0 {
			h.Certificates = nil
		}
		text, err := own(m, version)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := read(iotest.OneByteReader(strings.NewReader(text)), edifact.ReaderOptions{}, autack.HashOptions{})
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], m) {
			t.Fatalf("read %+v, want %+v: %v", got, m, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head3 + body3 + tail3))
	for _, name := range []string{"testdata/version3.edi", "testdata/version4.edi"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(interchange3 + head3 + body3 + tail3))
	f.Add([]byte(grouped))
	_, public := loadKey(f, keyFile)
	f.Fuzz(func(t *testing.T, input []byte) {
		o := edifact.ReaderOptions{Lenient: edifact.Everything, Faults: func(*edifact.ParseError) {}}
		d, messages, err := read(bytes.NewReader(input), o, autack.HashOptions{})
		for _, x := range d.All() {
			if x.From < 0 || x.To > int64(len(input)) || x.From >= x.To || sha256.Sum256(input[x.From:x.To]) != x.SHA256 {
				t.Fatalf("%v: digest is not that of bytes %d to %d", x.Reference, x.From, x.To)
			}
		}
		d2, messages2, err2 := read(iotest.OneByteReader(bytes.NewReader(input)), o, autack.HashOptions{})
		if len(d.All()) != len(d2.All()) || !reflect.DeepEqual(messages, messages2) || (err == nil) != (err2 == nil) {
			t.Fatalf("read %d digests and %d messages, byte by byte %d and %d", len(d.All()), len(messages), len(d2.All()), len(messages2))
		}
		for _, m := range messages {
			// Nobody has signed anything here.
			if covered, err := autack.Verify(m, d, autack.VerifyOptions{Keys: autack.OneKey(public)}); err == nil || covered != nil {
				t.Fatalf("verified %+v", covered)
			}
			rewritten(t, m)
		}
	})
}

// rewritten checks that what can be written is read back as the same.
func rewritten(t *testing.T, m *autack.Message) {
	for _, version := range []int{3, 4} {
		text, err := own(m, version)
		if err != nil {
			continue
		}
		_, got, err := read(strings.NewReader(text), edifact.ReaderOptions{}, autack.HashOptions{})
		var parse *edifact.ParseError
		if errors.As(err, &parse) {
			continue // codes are not looked at when a message is written
		}
		if err != nil || len(got) != 1 {
			t.Fatalf("version %d: read %d messages, %v", version, len(got), err)
		}
		if again, err := own(got[0], version); err != nil || again != text {
			t.Fatalf("version %d: wrote %q, then %q: %v", version, text, again, err)
		}
	}
}
