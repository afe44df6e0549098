package edifact_test

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"nks/edifact"
)

func readControl(in string) (edifact.Control, error) {
	x := edifact.NewInterchange(strings.NewReader(in), edifact.Limits{})
	if _, err := x.Begin(); err != nil {
		return edifact.Control{}, err
	}
	if _, err := x.Message(); err != nil {
		return edifact.Control{}, err
	}
	return x.Control()
}

func writeControl(t *testing.T, c edifact.Control) string {
	t.Helper()
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.Options{})
	w.Begin(edifact.UNB{
		Sender: c.Recipient, Recipient: c.Sender,
		Date: "050811", Time: "0610", ControlRef: "76",
	})
	w.Control("1", c)
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestControlRead(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/contrl.edi")
	if err != nil {
		t.Fatal(err)
	}
	got, err := readControl(string(data))
	if err != nil {
		t.Fatal(err)
	}
	want := edifact.Control{
		ControlRef: "00000000000042",
		Sender:     edifact.Party{ID: "5798000016446", Qualifier: "14"},
		Recipient:  edifact.Party{ID: "5790000000012", Qualifier: "14"},
		Status:     edifact.Status{Action: edifact.ActionAcknowledged},
		Messages: []edifact.ControlMessage{{
			Header: edifact.MessageHeader{Ref: "1", Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN"},
			Status: edifact.Status{Action: edifact.ActionRejected, Code: edifact.CodeMissing},
			Segments: []edifact.ControlSegment{
				{Position: 17, Code: edifact.CodeTooManyConstituents},
				{Position: 18, Errors: []edifact.ControlError{{Code: edifact.CodeTooLong, Element: 3, Component: 1}}},
			},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v", got)
	}
	if written := writeControl(t, got); written != strings.ReplaceAll(string(data), "\n", "") {
		t.Errorf("written again as %s", written)
	}
}

func TestControlOfFaults(t *testing.T) {
	t.Parallel()
	u := edifact.UNB{
		Sender: edifact.Party{ID: "A", Qualifier: "14"}, Recipient: edifact.Party{ID: "B", Qualifier: "14"}, ControlRef: "9",
	}
	h := edifact.MessageHeader{Ref: "3", Type: "BANSTA", Version: "D", Release: "96A", Agency: "UN"}
	for _, test := range []struct {
		name string
		make func(c *edifact.Control)
		want string
	}{
		{"accepted", func(*edifact.Control) {}, "UCI+9+A:14+B:14+7'"},
		{"trailer", func(c *edifact.Control) {
			c.Reject(&edifact.Error{Tag: "UNZ", Element: 2, Code: edifact.CodeCountMismatch})
		}, "UCI+9+A:14+B:14+4+29+UNZ+2'"},
		{"inside a message", func(c *edifact.Control) {
			c.Reject(&edifact.Error{Tag: "BGM", Element: 2, Code: edifact.CodeMissing})
		}, "UCI+9+A:14+B:14+4+13'"},
		{"no code", func(c *edifact.Control) { c.Reject(&edifact.Error{}) }, "UCI+9+A:14+B:14+4+18'"},
		{"message", func(c *edifact.Control) {
			c.RejectMessage(h, []*edifact.Error{
				{Tag: "BGM", Position: 2, Code: edifact.CodeMissing},
				{Tag: "DTM", Position: 3, Element: 2, Component: 1, Code: edifact.CodeTooLong},
				{Tag: "DTM", Position: 3, Element: 3, Code: edifact.CodeTooManyConstituents},
			})
		}, "UCI+9+A:14+B:14+7'UCM+3+BANSTA:D:96A:UN+4+13'UCS+2+13'UCS+3'UCD+39+2:1'UCD+16+3'"},
		{"message trailer", func(c *edifact.Control) {
			c.RejectMessage(h, []*edifact.Error{{Tag: "UNT", Position: 9, Element: 2, Code: edifact.CodeCountMismatch}})
		}, "UCI+9+A:14+B:14+7'UCM+3+BANSTA:D:96A:UN+4+29+UNT+2'"},
		{"group", func(c *edifact.Control) {
			c.Groups = []edifact.ControlGroup{{Ref: "G", Sender: c.Sender, Recipient: c.Recipient, Status: edifact.Status{Action: 7},
				Messages: []edifact.ControlMessage{{Header: h, Status: edifact.Status{Action: 4, Code: 18}}}}}
		}, "UCI+9+A:14+B:14+7'UCF+G+A:14+B:14+7'UCM+3+BANSTA:D:96A:UN+4+18'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := edifact.NewControl(u, edifact.ActionAcknowledged)
			test.make(&c)
			written := writeControl(t, c)
			_, body, _ := strings.Cut(written, "CONTRL:D:3:UN'")
			body, _, _ = cutLast(body, "UNT+")
			if body != test.want {
				t.Errorf("wrote %s, want %s", body, test.want)
			}
			if faults, err := check(strings.NewReader(written)); err != nil || len(faults) > 0 {
				t.Errorf("check says %v, %v", faults, err)
			}
			back, err := readControl(written)
			if err != nil || !reflect.DeepEqual(back, c) {
				t.Errorf("read back %+v, %v; want %+v", back, err, c)
			}
		})
	}
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, body string }{
		{"nothing", ""},
		{"no UCI", "UCM+1+A:D:96A:UN+4'"},
		{"two UCI", "UCI+1+A+B+7'UCI+1+A+B+7'"},
		{"unknown action", "UCI+1+A+B+5'"},
		{"action in letters", "UCI+1+A+B+x'"},
		{"UCS without UCM", "UCI+1+A+B+7'UCS+1'"},
		{"UCD without UCS", "UCI+1+A+B+7'UCM+1+A:D:96A:UN+4'UCD+1+1'"},
		{"foreign segment", "UCI+1+A+B+7'BGM+1'"},
		{"negative position", "UCI+1+A+B+7'UCM+1+A:D:96A:UN+4'UCS+-1'"},
	} {
		n := strings.Count(test.body, "'") + 2
		in := "UNB+UNOC:3+A+B+050811:0610+76'UNH+1+CONTRL:D:3:UN'" + test.body + "UNT+" + string(rune('0'+n)) + "+1'UNZ+1+76'"
		var place *edifact.Error
		if _, err := readControl(in); !errors.As(err, &place) {
			t.Errorf("%s: error is %v", test.name, err)
		}
	}
}

// cutLast is strings.Cut at the last sep.
func cutLast(s, sep string) (string, string, bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
