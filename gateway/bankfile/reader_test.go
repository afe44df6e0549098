package bankfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"nks/edifact"
	"nks/gateway"
	"nks/gateway/bankfile"
)

const (
	contrlHead = "CONTRL:D:3:UN'"
	banstaHead = "BANSTA:D:96A:UN'BGM+XZ8+B1+9'DTM+137:20050811:102'"
	uci        = "UCI+00000000000042+5798000016446:14+5790000000012:14+"
)

func TestWhatBanksSay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, message, want string }{
		{"received", contrlHead + uci + "8'", "CONTRL 00000000000042 received []"},
		{"accepted", contrlHead + uci + "7'", "CONTRL 00000000000042 accepted []"},
		{"rejected", contrlHead + uci + "4+29+UNZ+2'", "CONTRL 00000000000042 rejected [29]"},
		{"messages", contrlHead + uci + "7'UCM+1+PAYMUL:D:96A:UN+7'UCM+2+PAYMUL:D:96A:UN+4+13'UCM+3+PAYMUL:D:96A:UN+4'UCS+7'UCD+39+2:2'UCM+4+PAYMUL:D:96A:UN+4'UCS+7+35'",
			"CONTRL 00000000000042 accepted [] 1 reject=false [] 2 reject=true [13] 3 reject=true [39] 4 reject=true [35]"},
		{"groups", contrlHead + uci + "7'UCF+G+A+B+7'", "CONTRL 00000000000042 about functional groups []"},
		{"reference and place", banstaHead + "RFF+ACW:M1'LIN+3'RFF+CR:00000001A'SEQ++2'GIS+2'FTX+AAO+++K0530:Modtagers konto:findes ikke'",
			`M1 3/2 "00000001A" rejected K0530 "Modtagers konto findes ikke"`},
		{"reference alone", banstaHead + "LIN+1'RFF+CR:00000001A'SEQ++1'GIS+4'", ` 1/1 "00000001A" executed  ""`},
		{"reference with all characters", banstaHead + "LIN+1'RFF+CR:00000001?'?+?:??\xC6'SEQ++1'GIS+4'", ` 1/1 "00000001'+:?Æ" executed  ""`},
		{"place alone, several SEQ", banstaHead + "RFF+ACW:M1'LIN+3'SEQ++1'GIS+2'SEQ++2'GIS+53'", `M1 3/1 "" rejected  ""; M1 3/2 "" executed  ""`},
		{"a reference on several SEQ names none of them", banstaHead + "RFF+ACW:M1'LIN+3'RFF+CR:00000001A'SEQ++1'GIS+2'SEQ++2'GIS+2'SEQ++3'GIS+2'LIN+4'SEQ++1'GIS+3'",
			`M1 3/1 "" rejected  ""; M1 3/2 "" rejected  ""; M1 3/3 "" rejected  ""; M1 4/1 "" information  ""`},
		{"whole LIN", banstaHead + "RFF+ACW:M1'LIN+3'RFF+AEK:G1'SEQ'GIS+1'", `M1 3/0 "" accepted  ""`},
		{"reference and no number", banstaHead + "RFF+ACW:M1'LIN+3'RFF+CR:00000001A'SEQ'GIS+2'", `M1 3/0 "00000001A" rejected  ""`},
		{"several SEQ without numbers", banstaHead + "RFF+ACW:M1'LIN+3'SEQ'GIS+2'SEQ'GIS+2'", `M1 3/0 "" unclear  "several SEQ in a LIN and one without a number"; M1 3/0 "" unclear  "several SEQ in a LIN and one without a number"`},
		{"several references to one SEQ", banstaHead + "LIN+3'RFF+CR:A'RFF+CR:B'SEQ++1'GIS+2'", ` 3/1 "" unclear  "several references to one payment"`},
		{"SEQ in letters", banstaHead + "RFF+ACW:M1'LIN+3'SEQ++X'GIS+2'", `M1 3/0 "" unclear  "LIN or SEQ is not numbered as ours are"`},
		{"LIN and SEQ that are not written as ours are", banstaHead + "RFF+ACW:M1'LIN+03'SEQ++1'GIS+2'LIN+4'SEQ++02'GIS+2'LIN+0'SEQ++1'GIS+2'LIN+5'SEQ++1'GIS+2'",
			`M1 0/1 "" unclear  "LIN or SEQ is not numbered as ours are"; M1 4/0 "" unclear  "LIN or SEQ is not numbered as ours are"; ` +
				`M1 0/1 "" unclear  "LIN or SEQ is not numbered as ours are"; M1 5/1 "" rejected  ""`},
		{"code that means nothing", banstaHead + "RFF+ACW:M1'LIN+3'SEQ++1'GIS+9'SEQ++2'GIS+9'",
			`M1 3/1 "" unclear  "GIS code 9 is in no list of the bank's profile"; M1 3/2 "" unclear  "GIS code 9 is in no list of the bank's profile"`},
		{"LIN without SEQ", banstaHead + "LIN+3'", ""},
		{"text without a code", banstaHead + "LIN+1'RFF+CR:A'SEQ++1'GIS+2'FTX+AAO+++Afvist: se brev'", ` 1/1 "A" rejected  "Afvist se brev"`},
		{"all that a SEQ may have", banstaHead + "LIN+1'RFF+CR:A'DTM+171:20050811:102'SEQ++1'GIS+2'DTM+193:20050811:102'MOA+9:1,00:DKK'CUX+2:DKK'FTX+AAO+++K0001'DOC+380+1'FII+BF+1'NAD+BE'CNT+2:1'",
			` 1/1 "A" rejected K0001 ""`},
		{"another message", "DEBMUL:D:93A:UN'BGM+470+1'DTM+137:20050811:102'LIN+1'MOA+60:1:DKK'RFF+AEK:1'FII+OR+1'", "unknown DEBMUL:D:93A"},
		{"another BANSTA", "BANSTA:D:01B:UN'BGM+XZ8'", "unknown BANSTA:D:01B"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sink := &heard{}
			e, err := codec(t, nil).Read(iotest.OneByteReader(strings.NewReader(fromBank(test.message))), prepared, sink)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(sink.lines, "; "); got != test.want {
				t.Errorf("heard %s, want %s", got, test.want)
			}
			if control := strings.HasPrefix(test.message, "CONTRL"); e.ControlRef != "77" || e.WantsContrl == control {
				t.Errorf("envelope is %+v", e)
			}
		})
	}
}

// TestBrokenInput: an error of the input is no fault of the bank's, whatever fault was found before it.
func TestBrokenInput(t *testing.T) {
	t.Parallel()
	gone := errors.New("the database is gone")
	good := fromBank(banstaHead + "RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'")
	faulty := strings.Replace(good, "ACW:M1", "ACW:"+strings.Repeat("M", 36), 1)
	for name, text := range map[string]string{"good": good, "with a fault": faulty} {
		for _, part := range []int{0, len(text) / 2, len(text) * 3 / 4, len(text) - 4, len(text)} {
			in := io.MultiReader(strings.NewReader(text[:part]), iotest.ErrReader(gone))
			e, err := codec(t, nil).Read(in, prepared, &heard{})
			var bad *gateway.UnreadableError
			if !errors.Is(err, gone) || errors.As(err, &bad) || e.WantsContrl {
				t.Errorf("%s, %d bytes: %v, wants CONTRL %t", name, part, err, e.WantsContrl)
			}
		}
	}
}

// TestContrlIsNeverAnswered: not even beside another message, be it before a fault or behind.
func TestContrlIsNeverAnswered(t *testing.T) {
	t.Parallel()
	status := banstaHead + "RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'"
	control := "CONTRL:D:3:UN'UCI+00000000000042+5798000016446:14+5790000000012:14+7'"
	for _, in := range []string{
		fromBank(status, control), fromBank(control, status),
		strings.Replace(fromBank(status, control), "ACW:M1", "ACW:"+strings.Repeat("M", 36), 1),
	} {
		if e, _ := codec(t, nil).Read(strings.NewReader(in), prepared, &heard{}); e.ControlRef != "77" || e.WantsContrl {
			t.Errorf("envelope %+v of %s", e, in)
		}
	}
}

// TestAnswerToWhatOursCannotName: a message whose reference our repertoire lacks is refused with all the others.
func TestAnswerToWhatOursCannotName(t *testing.T) {
	t.Parallel()
	in := strings.NewReplacer("UNH+1+", "UNH+lå+", "UNT+8+1'", "UNT+9+lå'").Replace(fromBank(banstaHead + "RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'"))
	latin, err := edifact.UNOC.Append(nil, strings.ReplaceAll(in, "\r\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	c := codec(t, func(p *bankfile.Profile) { p.Charset = "UNOA" })
	e, fault := c.Read(bytes.NewReader(latin), prepared, &heard{})
	if fault == nil || !e.WantsContrl {
		t.Fatal(e, fault)
	}
	answer, err := c.Answer(e, fault, "00000000000043", prepared)
	if err != nil || !strings.Contains(string(answer), "+4+29'") || strings.Contains(string(answer), "UCM") {
		t.Errorf("answer %s, %v", answer, err)
	}
}

// TestBanksDepartures: what Danish banks send beside the standard is read.
func TestBanksDepartures(t *testing.T) {
	t.Parallel()
	good := fromBank(banstaHead + "RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'")
	var wrapped strings.Builder
	for rest := strings.ReplaceAll(good, "\r\n", ""); rest != ""; {
		n := min(80, len(rest))
		wrapped.WriteString(rest[:n] + "\r\n")
		rest = rest[n:]
	}
	for name, in := range map[string]string{
		"UNOC under version 2": strings.Replace(good, "UNOC:3", "UNOC:2", 1), "lines of 80 bytes": wrapped.String(),
		"padded": good + "\x00\x00\x1a", "byte order mark": "\xEF\xBB\xBF" + good,
	} {
		sink := &heard{}
		if _, err := codec(t, nil).Read(strings.NewReader(in), prepared, sink); err != nil || strings.Join(sink.lines, "") != `M1 1/1 "" executed  ""` {
			t.Errorf("%s: heard %q, %v", name, sink.lines, err)
		}
	}
}

func TestSeveralMessages(t *testing.T) {
	t.Parallel()
	sink := &heard{}
	in := fromBank(banstaHead+"RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'", banstaHead+"RFF+ACW:M2'LIN+1'SEQ++1'GIS+2'", "DEBMUL:D:93A:UN'BGM+470+1'DTM+137:20050811:102'LIN+1'MOA+60:1:DKK'RFF+AEK:1'FII+OR+1'")
	e, err := codec(t, nil).Read(strings.NewReader(in), prepared, sink)
	if err != nil || !e.WantsContrl {
		t.Fatal(e, err)
	}
	want := `M1 1/1 "" executed  ""; M2 1/1 "" rejected  ""; unknown DEBMUL:D:93A`
	if got := strings.Join(sink.lines, "; "); got != want {
		t.Errorf("heard %s", got)
	}
}

func TestUnreadableFilesAreAnswered(t *testing.T) {
	t.Parallel()
	good := fromBank(banstaHead + "RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'")
	for _, test := range []struct {
		name, old, new string
		answer         string // what UCI and its like say behind the parties, empty when the interchange cannot be answered
	}{
		{"empty", good, "", ""},
		{"garbage", good, "PK\x03\x04", ""},
		{"no UNB", "UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0630+77++++1++1'", "", ""},
		{"sender that our repertoire cannot name", "UNOC:3+5790000000012", "UNOW:3+ł", ""},
		{"syntax version 4", "UNOC:3+5790000000012:14+5798000016446:14+", "UNOC:4+5790000000012:14+5798000016446:14+20", "4+2+UNB+2:2"},
		{"cut", "UNZ+1+77'", "", "4+13+UNZ"},
		{"cut inside a segment", "T+8+1'\r\nUNZ+1+77'\r\n", "", "4+13+UNZ'UCM+1+BANSTA:D:96A:UN+4+13+UNT"},
		{"UNZ count", "UNZ+1", "UNZ+2", "4+29+UNZ+2"},
		{"UNZ reference", "UNZ+1+77", "UNZ+1+78", "4+28+UNZ+3"},
		{"UNT count", "UNT+8", "UNT+9", "4'UCM+1+BANSTA:D:96A:UN+4+29+UNT+2"},
		{"structure", "GIS+4'", "FTX+AAI'", "4'UCM+1+BANSTA:D:96A:UN+4'UCS+6+13"},
		{"format", "ACW:M1", "ACW:" + strings.Repeat("M", 36), "4'UCM+1+BANSTA:D:96A:UN+4'UCS+4'UCD+39+2:2"},
		{"character", "ACW:M1", "ACW:M\x81", "4'UCM+1+BANSTA:D:96A:UN+4'UCS+4'UCD+21+2:2"},
		{"another sender", "UNOC:3+5790000000012", "UNOC:3+5790000000099", "4+23+UNB+3"},
		{"another recipient", "+5798000016446", "+5798000016447", "4+7+UNB+4"},
		{"no test", "++1++1'", "++1'", "4+25+UNB+12"},
		{"two interchanges", "UNZ+1+77'\r\n", "UNZ+1+77'\r\n" + good, "4+33+UNB"},
		{"no message", good[strings.Index(good, "UNH"):], "UNZ+0+77'", "4+32"},
		{"nothing but a CONTRL, broken", "BANSTA:D:96A:UN", "CONTRL:D:3:UN", ""},
		{"CONTRL of another kind, broken", "BANSTA:D:96A:UN'", "CONTRL:4:1:UN'UNZ'", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := strings.Replace(good, test.old, test.new, 1)
			c := codec(t, nil)
			e, err := c.Read(strings.NewReader(in), prepared, &heard{})
			var bad *gateway.UnreadableError
			if !errors.As(err, &bad) || bad.Text == "" {
				t.Fatalf("error is %v", err)
			}
			if test.answer == "" {
				if e.WantsContrl {
					t.Errorf("wants CONTRL: %+v", e)
				}
				return
			}
			if !e.WantsContrl {
				t.Fatal("wants no CONTRL")
			}
			answer, err := c.Answer(e, fmt.Errorf("file 7: %w", err), "00000000000043", prepared)
			if err != nil {
				t.Fatal(err)
			}
			_, got, _ := strings.Cut(string(answer), "UCI+77+")
			got, _, _ = strings.Cut(strings.ReplaceAll(got, "\r\n", ""), "'UNT")
			parts := strings.SplitN(got, "+", 3)
			if len(parts) != 3 || parts[2] != test.answer {
				t.Errorf("answer is %s, want %s", got, test.answer)
			}
			if _, err := checked(answer); err != nil {
				t.Errorf("structure: %v", err)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	c := codec(t, nil)
	e, err := c.Read(strings.NewReader(fromBank(banstaHead+"LIN+1'")), prepared, &heard{})
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := c.Answer(e, nil, "00000000000043", prepared)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "contrl-accepted.edi", accepted)
	rejected, err := c.Answer(e, errors.New("no place known"), "00000000000044", prepared.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "contrl-rejected.edi", rejected)
	for _, answer := range [][]byte{accepted, rejected} {
		if _, err := checked(answer); err != nil {
			t.Errorf("structure: %v", err)
		}
	}
	if _, err := c.Answer(gateway.BankEnvelope{}, nil, "1", prepared); !errors.Is(err, bankfile.ErrUnwritable) {
		t.Errorf("answer to nothing: %v", err)
	}
	if _, err := c.Answer(e, nil, "", prepared); !errors.Is(err, bankfile.ErrUnwritable) {
		t.Errorf("answer without a reference: %v", err)
	}
}

type deaf struct{ heard }

var errDeaf = errors.New("nobody listens")

func (deaf) Status(gateway.BankStatus) error { return errDeaf }

func TestReaderKeepsErrorsOfOthers(t *testing.T) {
	t.Parallel()
	var bad *gateway.UnreadableError
	in := fromBank(banstaHead + "LIN+1'RFF+CR:A'SEQ++1'GIS+4'")
	if _, err := codec(t, nil).Read(strings.NewReader(in), prepared, &deaf{}); !errors.Is(err, errDeaf) || errors.As(err, &bad) {
		t.Errorf("error is %v", err)
	}
	broken := errors.New("database went away")
	_, err := codec(t, nil).Read(io.MultiReader(strings.NewReader(in[:80]), iotest.ErrReader(broken)), prepared, &heard{})
	if !errors.Is(err, broken) || errors.As(err, &bad) {
		t.Errorf("error is %v", err)
	}
}
