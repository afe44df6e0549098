package contrl_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/contrl"
)

const (
	replyHead  = "UNB+UNOC:3+B:14+A:14+050811:0610+76'UNH+1+CONTRL:D:3:UN'"
	replyHead4 = "UNB+UNOC:4+B:14+A:14+20050811:0610+76'UNH+1+CONTRL:4:1:UN'"
)

// reply wraps the segments of a CONTRL from UCI on in an interchange.
func reply(head, body string) string {
	return fmt.Sprintf("%s%sUNT+%d+1'UNZ+1+76'", head, body, strings.Count(body, "'")+2)
}

var sentHeader = edifact.UNB{
	Sender: edifact.Party{ID: "A", Qualifier: "14"}, Recipient: edifact.Party{ID: "B", Qualifier: "14"}, ControlRef: "42",
}

// verdicts puts decisions and codes on one line.
func verdicts(all []contrl.Verdict) string {
	var out []string
	for _, v := range all {
		out = append(out, fmt.Sprint(v.Group+"/"+v.Ref, " ", v.Decision, " ", v.Codes()))
	}
	return strings.Join(out, "; ")
}

func TestJudge(t *testing.T) {
	t.Parallel()
	flat := []contrl.Sent{{Ref: "1", Type: "PAYMUL"}, {Ref: "2"}}
	grouped := []contrl.Sent{{Group: "G1", Ref: "1"}, {Group: "G1", Ref: "2"}, {Group: "G2", Ref: "3"}}
	const uci, ucm1, ucm2 = "UCI+42+A:14+B:14+", "UCM+1+PAYMUL:D:96A:UN+", "UCM+2+PAYMUL:D:96A:UN+"
	const g1, g2 = "UCF+G1+S+R+", "UCF+G2+S+R+"
	for _, test := range []struct {
		name, body string
		sent       []contrl.Sent
		want       string
		err        error
	}{
		{"accepted", uci + "7'", flat, "/1 accepted []; /2 accepted []", nil},
		{"rejected", uci + "4+29+UNZ+2'", flat, "/1 rejected [29]; /2 rejected [29]", nil},
		{"received", uci + "8'", flat, "/1 undecided []; /2 undecided []", nil},
		{"received, one rejected", uci + "8'" + ucm2 + "4+13'", flat, "/1 undecided []; /2 rejected [13]", nil},
		{"received, one accepted", uci + "8'" + ucm2 + "7'", flat, "/1 undecided []; /2 accepted []", nil},
		{"one rejected", uci + "7'" + ucm1 + "4'UCS+3+35'UCS+4'UCD+39+2:1'UCD+12+3'", flat, "/1 rejected [35 39 12]; /2 accepted []", nil},
		{"one accepted by name", uci + "7'" + ucm1 + "7'", flat, "/1 accepted []; /2 accepted []", nil},
		{"all rejected, one with its codes", uci + "4'" + ucm1 + "4+28+UNT+3'", flat, "/1 rejected [28]; /2 rejected []", nil},
		{"rejected above, accepted below", uci + "4+18'" + ucm1 + "7'", flat, "", contrl.ErrContradiction},
		{"twice", uci + "7'" + ucm1 + "4+13'" + ucm1 + "7'", flat, "", contrl.ErrContradiction},
		{"twice the same", uci + "7'" + ucm1 + "4+13'" + ucm1 + "4+13'", flat, "/1 rejected [13]; /2 accepted []", nil},
		{"message that was not sent", uci + "7'UCM+3+PAYMUL:D:96A:UN+4+13'", flat, "", contrl.ErrUnknown},
		{"message of another type", uci + "7'UCM+1+DIRDEB:D:96A:UN+4+13'", flat, "", contrl.ErrUnknown},
		{"groups where none were sent", uci + "7'" + g1 + "4+13'", flat, "", contrl.ErrUnknown},
		{"another reference", "UCI+43+A:14+B:14+7'", flat, "", contrl.ErrOther},
		{"another sender", "UCI+42+C:14+B:14+7'", flat, "", contrl.ErrOther},
		{"turned round", "UCI+42+B:14+A:14+7'", flat, "", contrl.ErrOther},
		{"another qualifier", "UCI+42+A:ZZ+B:14+7'", flat, "", contrl.ErrOther},
		{"without qualifiers", "UCI+42+A+B+7'", flat, "/1 accepted []; /2 accepted []", nil},
		{"nothing sent", uci + "7'", nil, "", nil},

		{"groups accepted", uci + "7'", grouped, "G1/1 accepted []; G1/2 accepted []; G2/3 accepted []", nil},
		{"group rejected", uci + "7'" + g1 + "4+29+UNE+2'", grouped, "G1/1 rejected [29]; G1/2 rejected [29]; G2/3 accepted []", nil},
		{"message in group", uci + "7'" + g1 + "7'" + ucm2 + "4+13'" + g2 + "7'", grouped, "G1/1 accepted []; G1/2 rejected [13]; G2/3 accepted []", nil},
		{"received, group accepted", uci + "8'" + g2 + "7'", grouped, "G1/1 undecided []; G1/2 undecided []; G2/3 accepted []", nil},
		{"group against the interchange", uci + "4+13'" + g2 + "7'", grouped, "", contrl.ErrContradiction},
		{"message against its group", uci + "7'" + g1 + "4+13'" + ucm2 + "7'", grouped, "", contrl.ErrContradiction},
		{"group twice", uci + "7'" + g1 + "4+13'" + g1 + "7'", grouped, "", contrl.ErrContradiction},
		{"group that was not sent", uci + "7'UCF+G3+S+R+4+13'", grouped, "", contrl.ErrUnknown},
		{"message of another group", uci + "7'" + g2 + "7'" + ucm1 + "4+13'", grouped, "", contrl.ErrUnknown},
		{"message outside of its group", uci + "7'" + ucm1 + "4+13'", grouped, "", contrl.ErrUnknown},

		{"early version: all accepted", uci + "1'", flat, "/1 accepted []; /2 accepted []", nil},
		{"early version: all accepted but one", uci + "1'" + ucm1 + "4+13'", flat, "", contrl.ErrContradiction},
		{"early version: accepted with errors", uci + "2+16'", flat, "/1 accepted [16]; /2 accepted [16]", nil},
		{"early version: rejected in part", uci + "3'" + ucm1 + "4+13'", flat, "/1 rejected [13]; /2 undecided []", nil},
		{"early version: envelope accepted", uci + "5'", flat, "/1 undecided []; /2 undecided []", nil},
		{"early version: envelope rejected", uci + "6+13+UNZ'", flat, "/1 rejected [13]; /2 rejected [13]", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := readBack(reply(replyHead, test.body))
			if err != nil {
				t.Fatal(err)
			}
			all, err := c.Judge(&sentHeader, test.sent)
			if !errors.Is(err, test.err) || verdicts(all) != test.want {
				t.Errorf("verdicts %q, %v; want %q, %v", verdicts(all), err, test.want, test.err)
			}
			if c.Accepted() != (err == nil && !slices.ContainsFunc(all, func(v contrl.Verdict) bool { return v.Decision != contrl.Accepted })) && test.err == nil && len(all) > 0 {
				t.Errorf("accepted is %t with %s", c.Accepted(), verdicts(all))
			}
		})
	}
}

func TestJudgePackage(t *testing.T) {
	t.Parallel()
	c, err := readBack(reply(replyHead4, "UCI+42+A:14+B:14+7'UCM+++4+29+UNP+2+P1+AAK:DOC1'"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Judge(&sentHeader, []contrl.Sent{{Ref: "1"}, {Ref: "P1"}})
	if want := "/1 accepted []; /P1 rejected [29]"; err != nil || verdicts(all) != want {
		t.Errorf("verdicts %q, %v; want %q", verdicts(all), err, want)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	const uci = "UCI+1+A+B+7'"
	for _, test := range []struct{ name, in, place string }{
		{"nothing", reply(replyHead, ""), "UCI"},
		{"no UCI", reply(replyHead, "UCM+1+A:D:96A:UN+4'"), "UCI"},
		{"two UCI", reply(replyHead, uci+uci), "UCI"},
		{"action of nothing", reply(replyHead, "UCI+1+A+B+9'"), "UCI"},
		{"action in letters", reply(replyHead, "UCI+1+A+B+x'"), "UCI"},
		{"action that version 4 withdrew", reply(replyHead4, "UCI+1+A+B+6'"), "UCI"},
		{"receipt of a message", reply(replyHead, uci+"UCM+1+A:D:96A:UN+8'"), "UCM"},
		{"no reference", reply(replyHead, "UCI++A+B+7'"), "UCI"},
		{"UCS without UCM", reply(replyHead, uci+"UCS+1'"), "UCS"},
		{"UCD without UCS", reply(replyHead, uci+"UCM+1+A:D:96A:UN+4'UCD+1+1'"), "UCD"},
		{"UCF behind UCM", reply(replyHead, uci+"UCM+1+A:D:96A:UN+4'UCF+G+S+R+4'"), "UCF"},
		{"foreign segment", reply(replyHead, uci+"BGM+1'"), "BGM"},
		{"negative position", reply(replyHead, uci+"UCM+1+A:D:96A:UN+4'UCS+-1'"), "UCS"},
		{"position 0", reply(replyHead, uci+"UCM+1+A:D:96A:UN+4'UCS+0'"), "UCS"},
		{"code of nothing", reply(replyHead, uci+"UCM+1+A:D:96A:UN+4'UCS+1+99'"), "UCS"},
		{"message and package", reply(replyHead4, uci+"UCM+1+A:D:96A:UN+4++++P+AAK:X'"), "UCM"},
		{"neither message nor package", reply(replyHead4, uci+"UCM+++4+13'"), "UCM"},
		{"wrong count", strings.Replace(reply(replyHead, uci), "UNT+3", "UNT+4", 1), "UNT"},
		{"cut off", replyHead + uci, "UNT"},
		{"no CONTRL", "UNB+UNOC:3+B:14+A:14+050811:0610+76'UNH+1+AUTACK:3:1:UN'UNT+2+1'UNZ+1+76'", "UNH"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := readBack(test.in)
			var e *edifact.ParseError
			if !errors.As(err, &e) || e.Tag != test.place {
				t.Errorf("read %+v, %v; want a fault at %s", c, err, test.place)
			}
		})
	}
}

func TestReadLimits(t *testing.T) {
	t.Parallel()
	var e *edifact.ParseError
	in := reply(replyHead, "UCI+1+A+B+7'"+strings.Repeat("UCM+1+A:D:96A:UN+4'", 200_001))
	if _, err := readBack(in); !errors.As(err, &e) || e.Rule != edifact.RuleLimit || e.Position != 200_003 {
		t.Errorf("read %v", err)
	}
}

// TestReadGoesOn holds Read against the faults that a caller lets pass.
func TestReadGoesOn(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"UCM+1+A:D:96A:UN+4'", "UCI+1+A+B+7'UCS+1'", "UCI+1+A+B+7'UCM+1+A:D:96A:UN+4'UCD+1+2'", "UCI+1+A+B+x'", "UCI+1+A+B+7'UCI+1+A+B+7'", ""} {
		o := edifact.ReaderOptions{Faults: func(*edifact.ParseError) {}}
		v := edifact.NewValidator(edifact.NewReader(strings.NewReader(reply(replyHead, body)), o), edifact.NewSchema())
		for range 2 {
			if _, err := v.Next(); err != nil {
				t.Fatal(err)
			}
		}
		var e *edifact.ParseError
		if c, err := contrl.Read(v); !errors.As(err, &e) {
			t.Errorf("read %s as %+v, %v", body, c, err)
		}
	}
}
