package contrl_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/contrl"
)

const unb = "UNB+UNOC:3+A:14+B:14+050811:0610+42'"

// message is a BANSTA with the segments of the body; a good one where it is
// empty.
func message(ref, body string) string {
	if body == "" {
		body = "BGM+10'DTM+137:20050811:102'LIN+1'"
	}
	return fmt.Sprintf("UNH+%s+BANSTA:D:96A:UN'%sUNT+%d+%[1]s'", ref, body, strings.Count(body, "'")+2)
}

// control is the answer to the only interchange of an input.
func control(t *testing.T, in string, o contrl.Options) *contrl.Control {
	t.Helper()
	all, _ := answers(t, strings.NewReader(in), o)
	if len(all) != 1 || all[0].Control == nil {
		t.Fatalf("answers are %+v", all)
	}
	return all[0].Control
}

// body is what a Control says, from UCI to before UNT.
func body(t *testing.T, c *contrl.Control) string {
	t.Helper()
	u := edifact.UNB{Version: c.Version, Sender: c.Sender, Recipient: c.Recipient}
	_, text, _ := strings.Cut(written(t, contrl.Answer{Header: u, Control: c}), "CONTRL:")
	_, text, _ = strings.Cut(text, "'")
	return text[:strings.LastIndex(text, "UNT+")]
}

// TestReject rejects for reasons of the caller's own, at every level and moment.
func TestReject(t *testing.T) {
	t.Parallel()
	group := "UNG+BANSTA+S+R+050811:0610+G+UN+D:96A'" + message("1", "") + "UNE+1+G'"
	for _, test := range []struct {
		name, in string
		at       string // the segment after which the caller rejects
		code     edifact.Code
		place    edifact.Place
		want     string
	}{
		{"sender", unb + message("1", "") + "UNZ+1+42'", "UNB", edifact.CodeUnknownSender, edifact.Place{Tag: "UNB", Element: 3}, "UCI+42+A:14+B:14+4+23+UNB+3'"},
		{"test indicator", unb + message("1", "") + "UNZ+1+42'", "UNH", edifact.CodeTestNotSupported, edifact.Place{Tag: "UNB", Element: 12}, "UCI+42+A:14+B:14+4+25+UNB+12'"},
		{"duplicate", unb + message("1", "") + "UNZ+1+42'", "UNZ", edifact.CodeDuplicate, edifact.Place{}, "UCI+42+A:14+B:14+4+26'"},
		{"no code", unb + message("1", "") + "UNZ+1+42'", "UNZ", 0, edifact.Place{}, "UCI+42+A:14+B:14+4+18'"},
		{"message", unb + message("1", "") + "UNZ+1+42'", "UNH", edifact.CodeNoAgreement, edifact.Place{Tag: "UNH", Element: 3, Component: 1}, "UCI+42+A:14+B:14+7'UCM+1+BANSTA:D:96A:UN+4+17+UNH+3:1'"},
		{"message behind UNT", unb + message("1", "") + "UNZ+1+42'", "UNT", edifact.CodeTooOld, edifact.Place{Tag: "UNT"}, "UCI+42+A:14+B:14+7'UCM+1+BANSTA:D:96A:UN+4+24+UNT'"},
		{"segment", unb + message("1", "") + "UNZ+1+42'", "UNT", edifact.CodeNotSupportedHere, edifact.Place{Position: 3}, "UCI+42+A:14+B:14+7'UCM+1+BANSTA:D:96A:UN+4'UCS+3+15'"},
		{"segment, with the code of a value", unb + message("1", "") + "UNZ+1+42'", "UNT", edifact.CodeTooLong, edifact.Place{Position: 3}, "UCI+42+A:14+B:14+7'UCM+1+BANSTA:D:96A:UN+4'UCS+3+18'"},
		{"segment beyond counting", unb + message("1", "") + "UNZ+1+42'", "UNT", edifact.CodeInvalidValue, edifact.Place{Position: 1_000_000}, "UCI+42+A:14+B:14+7'UCM+1+BANSTA:D:96A:UN+4+12'"},
		{"code of nothing", unb + message("1", "") + "UNZ+1+42'", "UNZ", 99, edifact.Place{}, "UCI+42+A:14+B:14+4+18'"},
		{"data element", unb + message("1", "") + "UNZ+1+42'", "DTM", edifact.CodeInvalidValue, edifact.Place{Tag: "DTM", Position: 3, Element: 2, Component: 2}, "UCI+42+A:14+B:14+7'UCM+1+BANSTA:D:96A:UN+4'UCS+3'UCD+12+2:2'"},
		{"group", unb + group + "UNZ+1+42'", "UNG", edifact.CodeNoAgreement, edifact.Place{Tag: "UNG", Element: 2}, "UCI+42+A:14+B:14+7'UCF+G+S+R+4+17+UNG+2'"},
		{"group that is over", unb + group + "UNZ+1+42'", "UNE", edifact.CodeNoAgreement, edifact.Place{Tag: "UNG"}, "UCI+42+A:14+B:14+4+17'"},
		{"message that is over", unb + message("1", "") + "UNZ+1+42'", "UNZ", edifact.CodeTooOld, edifact.Place{Tag: "UNH"}, "UCI+42+A:14+B:14+4+24'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []contrl.Answer
			c := contrl.NewCollector(contrl.Options{}, func(a contrl.Answer) { got = append(got, a) })
			c.Reject(edifact.CodeTooOld, edifact.Place{})
			v := edifact.NewValidator(edifact.NewReader(strings.NewReader(test.in), edifact.ReaderOptions{Faults: c.Fault}), schema())
			for s, err := range v.Segments() {
				if err != nil {
					t.Fatal(err)
				}
				if c.Segment(v, s); s.Tag == test.at {
					c.Reject(test.code, test.place)
				}
			}
			if err := c.End(nil); err != nil || len(got) != 1 || got[0].Fault == nil {
				t.Fatalf("answers %+v, %v", got, err)
			}
			if text := body(t, got[0].Control); text != test.want {
				t.Errorf("answer is %s, want %s", text, test.want)
			}
		})
	}
}

func TestWhole(t *testing.T) {
	t.Parallel()
	in := unb + message("1", "") + message("2", "BGM+10'LIN+1'") + "UNZ+2+42'"
	const want = "UCI+42+A:14+B:14+4'UCM+2+BANSTA:D:96A:UN+4'UCS+2+13'"
	if got := body(t, control(t, in, contrl.Options{Whole: true})); got != want {
		t.Errorf("answer is %s, want %s", got, want)
	}
	good := unb + message("1", "") + "UNZ+1+42'"
	if c := control(t, good, contrl.Options{Whole: true}); !c.Accepted() {
		t.Errorf("rejected %s", body(t, c))
	}
}

// TestLimits rejects what has more faults than CONTRL, or Options.Entries, has
// room for.
func TestLimits(t *testing.T) {
	t.Parallel()
	segments := unb + message("1", "BGM+10'DTM+137:20050811:102'LIN+1'"+strings.Repeat("XYZ'", 1500)) + "UNZ+1+42'"
	c := control(t, segments, contrl.Options{})
	if len(c.Messages) != 1 || len(c.Messages[0].Segments) != 999 || body(t, c) == "" {
		t.Errorf("%d messages, %d segments", len(c.Messages), len(c.Messages[0].Segments))
	}
	values := unb + message("1", "BGM+10'DTM+"+strings.Repeat("\x01:", 130)+"'LIN+1'") + "UNZ+1+42'"
	c = control(t, values, contrl.Options{})
	if len(c.Messages[0].Segments) != 1 || len(c.Messages[0].Segments[0].Elements) != 99 {
		t.Errorf("%d segments: %+v", len(c.Messages[0].Segments), c.Messages[0].Segments)
	}
	var many strings.Builder
	for i := range 50 {
		many.WriteString(message(fmt.Sprint(i+1), "BGM+10'LIN+1'"))
	}
	c = control(t, unb+many.String()+"UNZ+50+42'", contrl.Options{Entries: 20})
	if len(c.Messages) != 10 || c.Status.Action != contrl.ActionRejected || c.Status.Code != edifact.CodeUnspecified || body(t, c) == "" {
		t.Errorf("%d messages, interchange %+v", len(c.Messages), c.Status)
	}
	c = control(t, segments, contrl.Options{Entries: 20})
	if c.Accepted() || len(c.Messages[0].Segments) != 20 {
		t.Errorf("%d segments", len(c.Messages[0].Segments))
	}
}

// TestTrailerIsNotLost has more faults in a segment than are kept.
func TestTrailerIsNotLost(t *testing.T) {
	t.Parallel()
	in := strings.TrimSuffix(unb+message("1", ""), "UNT+5+1'") + "UNH+2+BANSTA:D:96A:UN+" + strings.Repeat("?x", 400) + "'UNT+2+2'UNZ+2+42'"
	c := control(t, in, contrl.Options{})
	if got := body(t, c); !strings.Contains(got, "UCM+1+BANSTA:D:96A:UN+4+13+UNT'") {
		t.Errorf("answer is %s", got)
	}
}

func TestForgivenIsAccepted(t *testing.T) {
	t.Parallel()
	in := strings.ReplaceAll(unb+message("1", "")+"UNZ+7+42'", "'", "'\r\n")
	var forgiven int
	o := edifact.ReaderOptions{Lenient: edifact.Everything, Forgiven: func(*edifact.ParseError) { forgiven++ }}
	for a, err := range contrl.Answers(strings.NewReader(in), schema(), o, contrl.Options{}) {
		if err != nil || !a.Control.Accepted() || a.Fault != nil || forgiven == 0 {
			t.Errorf("answer %+v, %v, forgiven %d", a, err, forgiven)
		}
	}
	var got contrl.Answer
	c := contrl.NewCollector(contrl.Options{}, func(a contrl.Answer) { got = a })
	o = edifact.ReaderOptions{Lenient: edifact.Everything, Forgiven: c.Fault, Faults: c.Fault}
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(in), o), schema())
	for s, err := range v.Segments() {
		if err != nil {
			t.Fatal(err)
		}
		c.Segment(v, s)
	}
	if err := c.End(io.EOF); err != nil || !got.Control.Accepted() {
		t.Errorf("answer %+v, %v", got, err)
	}
}

// TestFirstFaultEndsReading collects from a reader that stops at the first
// fault: the rest is unknown, so the interchange is rejected.
func TestFirstFaultEndsReading(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		unb + message("1", "") + message("2", "BGM+10'LIN+1'") + message("3", "") + "UNZ+3+42'": "UCI+42+A:14+B:14+4'UCM+2+BANSTA:D:96A:UN+4'UCS+2+13'",
		unb + message("1", "") + "UNZ+3+42'":                                                    "UCI+42+A:14+B:14+4+29+UNZ+2'",
		unb + "UNH+1+BANSTA:D:96A:UN'BGM+10'UNH+2+X:D:96A'":                                     "UCI+42+A:14+B:14+4'UCM+1+BANSTA:D:96A:UN+4+13+UNT'",
		unb + message("1", "") + "UNH+2+BANSTA:D:96A:UN+x+y'":                                   "UCI+42+A:14+B:14+4+37'",
	} {
		var got []contrl.Answer
		c := contrl.NewCollector(contrl.Options{}, func(a contrl.Answer) { got = append(got, a) })
		v := edifact.NewValidator(edifact.NewReader(strings.NewReader(in), edifact.ReaderOptions{}), schema())
		var err error
		for err == nil {
			var s *edifact.Segment
			if s, err = v.Next(); err == nil {
				c.Segment(v, s)
			}
		}
		if err := c.End(err); err != nil || len(got) != 1 || got[0].Control == nil {
			t.Errorf("%s: answers %+v, %v", in, got, err)
			continue
		}
		if text := body(t, got[0].Control); text != want {
			t.Errorf("%s: answer is %s, want %s", in, text, want)
		}
	}
}

// TestReaderAlone collects without a schema: only the envelope is judged.
func TestReaderAlone(t *testing.T) {
	t.Parallel()
	in := unb + message("1", "XYZ'") + strings.Replace(message("2", ""), "UNT+5", "UNT+6", 1) + "UNZ+2+42'"
	var got contrl.Answer
	c := contrl.NewCollector(contrl.Options{}, func(a contrl.Answer) { got = a })
	r := edifact.NewReader(strings.NewReader(in), edifact.ReaderOptions{Faults: c.Fault})
	for s, err := range r.Segments() {
		if err != nil {
			t.Fatal(err)
		}
		c.Segment(r, s)
	}
	const want = "UCI+42+A:14+B:14+7'UCM+2+BANSTA:D:96A:UN+4+29+UNT+2'"
	if err := c.End(nil); err != nil || body(t, got.Control) != want {
		t.Errorf("answer is %s, %v; want %s", body(t, got.Control), err, want)
	}
}

// TestStartInTheMiddle is told no UNB.
func TestStartInTheMiddle(t *testing.T) {
	t.Parallel()
	var got []contrl.Answer
	c := contrl.NewCollector(contrl.Options{}, func(a contrl.Answer) { got = append(got, a) })
	r := edifact.NewReader(strings.NewReader(unb+message("1", "")+"UNZ+1+42'"), edifact.ReaderOptions{Faults: c.Fault})
	for s, err := range r.Segments() {
		if err != nil {
			t.Fatal(err)
		}
		if s.Tag != "UNB" {
			c.Segment(r, s)
		}
	}
	if err := c.End(nil); err != nil || len(got) != 1 || !errors.Is(got[0].Err, contrl.ErrNoHeader) {
		t.Errorf("answers %+v, %v", got, err)
	}
}

// TestBrokenInput gives no answer where it is the input that fails.
func TestBrokenInput(t *testing.T) {
	t.Parallel()
	broken := errors.New("line is down")
	in := unb + message("1", "") + "UNZ+1+42'" + strings.Replace(unb, "+42", "+43", 1) + message("1", "")
	var got []contrl.Answer
	var last error
	for a, err := range contrl.Answers(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), schema(), edifact.ReaderOptions{}, contrl.Options{}) {
		if last = err; err == nil {
			got = append(got, a)
		}
	}
	if !errors.Is(last, broken) || len(got) != 1 || got[0].Header.ControlRef != "42" || !got[0].Control.Accepted() {
		t.Errorf("answers %+v, %v", got, last)
	}
	for range contrl.Answers(strings.NewReader(in), schema(), edifact.ReaderOptions{}, contrl.Options{}) {
		break
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	party := edifact.Party{ID: "A", Qualifier: "14"}
	good := func() *contrl.Control {
		return &contrl.Control{Version: 3, ControlRef: "1", Sender: party, Recipient: party, Status: contrl.Status{Action: contrl.ActionAcknowledged}}
	}
	named := contrl.Message{Header: edifact.UNH{Ref: "1", Type: "X", Version: "D", Release: "96A", Agency: "UN"}, Status: contrl.Status{Action: contrl.ActionRejected}}
	for name, spoil := range map[string]func(c *contrl.Control){
		"version":                  func(c *contrl.Control) { c.Version = 2 },
		"no reference":             func(c *contrl.Control) { c.ControlRef = "" },
		"long reference":           func(c *contrl.Control) { c.ControlRef = strings.Repeat("1", 15) },
		"party of version 4":       func(c *contrl.Control) { c.Sender.Sub = "x" },
		"no action":                func(c *contrl.Control) { c.Status.Action = 0 },
		"unknown action":           func(c *contrl.Control) { c.Status.Action = 9 },
		"place without a code":     func(c *contrl.Control) { c.Status.Tag = "UNB" },
		"place without a segment":  func(c *contrl.Control) { c.Status.Code, c.Status.Element = 13, 2 },
		"segment of another level": func(c *contrl.Control) { c.Status.Code, c.Status.Tag = 13, "UNH" },
		"repetition in version 3": func(c *contrl.Control) {
			c.Status = contrl.Status{Action: 4, Code: 13, Tag: "UNB", Element: 2, Repetition: 1}
		},
		"message and group":         func(c *contrl.Control) { c.Messages, c.Groups = []contrl.Message{named}, []contrl.Group{{}} },
		"group without a reference": func(c *contrl.Control) { c.Groups = []contrl.Group{{Status: named.Status}} },
		"message without a type":    func(c *contrl.Control) { m := named; m.Header.Type = ""; c.Messages = []contrl.Message{m} },
		"package in version 3": func(c *contrl.Control) {
			c.Messages = []contrl.Message{{Package: contrl.Package{Ref: "1", IDQualifier: "A", ID: "X"}, Status: named.Status}}
		},
		"receipt of a message": func(c *contrl.Control) {
			m := named
			m.Status.Action = contrl.ActionReceived
			c.Messages = []contrl.Message{m}
		},
		"position 0": func(c *contrl.Control) {
			m := named
			m.Segments = []contrl.Segment{{}}
			c.Messages = []contrl.Message{m}
		},
		"too many segments": func(c *contrl.Control) {
			m := named
			m.Segments = make([]contrl.Segment, 1000)
			c.Messages = []contrl.Message{m}
		},
		"element without a code": func(c *contrl.Control) {
			m := named
			m.Segments = []contrl.Segment{{Position: 1, Elements: []contrl.Element{{Element: 2}}}}
			c.Messages = []contrl.Message{m}
		},
		"part of a message in version 4": func(c *contrl.Control) {
			c.Version = 4
			m := named
			m.Status.Action = contrl.ActionRejectedInPart
			c.Messages = []contrl.Message{m}
		},
	} {
		c := good()
		if err := contrl.Write(edifact.NewWriter(io.Discard, edifact.WriterOptions{}), "1", c); err == nil {
			t.Error("wrote outside of an interchange")
		}
		spoil(c)
		var out bytes.Buffer
		w := edifact.NewWriter(&out, edifact.WriterOptions{})
		w.Begin(edifact.UNB{Version: 3, Sender: party, Recipient: party, Date: "050811", Time: "0610", ControlRef: "1"})
		if err := contrl.Write(w, "1", c); err == nil || w.Err() != nil {
			t.Errorf("%s: error is %v, of the writer %v", name, err, w.Err())
		}
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	u := edifact.UNB{
		Repertoire: edifact.UNOL, Version: 3, Sender: edifact.Party{ID: "A", Internal: "back"}, Recipient: edifact.Party{ID: "B"},
		Date: "050811", ControlRef: "1", AckRequest: true, Agreement: "4711", TestIndicator: "1", Password: "secret",
	}
	want := edifact.UNB{Repertoire: edifact.UNOC, Version: 3, Sender: edifact.Party{ID: "B"}, Recipient: edifact.Party{ID: "A", Internal: "back"}, Agreement: "4711", TestIndicator: "1"}
	if got := contrl.Reply(&u); got != want {
		t.Errorf("reply is %+v", got)
	}
	for version, want := range map[int]map[string]string{
		3: {"": "", "0": "", "1": "1", "2": "1", "T": "1"},
		4: {"": "", "0": "", "1": "1", "3": "3", "5": "1"},
	} {
		for given, answered := range want {
			u.Version, u.TestIndicator = version, given
			if got := contrl.Reply(&u).TestIndicator; got != answered {
				t.Errorf("version %d: test indicator %q is answered with %q, want %q", version, given, got, answered)
			}
		}
	}
}

// TestCodes has a name and a sentence for every code, and writes only codes that
// the version has.
func TestCodes(t *testing.T) {
	t.Parallel()
	for code := edifact.Code(1); code < 49; code++ {
		if code == 44 {
			continue
		}
		if contrl.Name(code) == "" || contrl.Meaning(code) == "" {
			t.Errorf("code %d is %q: %q", code, contrl.Name(code), contrl.Meaning(code))
		}
		for _, version := range []int{3, 4} {
			c := &contrl.Control{
				Version: version, ControlRef: "1", Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"},
				Status: contrl.Status{Action: contrl.ActionRejected, Code: code},
			}
			back, err := readBack(written(t, contrl.Answer{Header: edifact.UNB{Version: version, Sender: c.Sender, Recipient: c.Recipient}, Control: c}))
			if err != nil || back.Status.Code == 0 {
				t.Errorf("code %d in version %d: %+v, %v", code, version, back, err)
			}
		}
	}
	if contrl.Name(44) != "" || contrl.Meaning(99) != "" {
		t.Error("codes that are none have names")
	}
}
