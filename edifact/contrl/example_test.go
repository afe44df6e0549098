package contrl_test

import (
	"errors"
	"fmt"
	"strings"

	"nks/edifact"
	"nks/edifact/contrl"
	"nks/edifact/directory/d96a"
)

// Two messages were received; the second has an unknown qualifier and a date
// that is too long in its third segment, and no LIN behind it.
const received = "UNB+UNOC:3+5798000016446:14+5790000000012:14+050811:0610+42++++1'" +
	"UNH+1+BANSTA:D:96A:UN'BGM+10+4711+9'DTM+137:20050811:102'LIN+1'UNT+5+1'" +
	"UNH+2+BANSTA:D:96A:UN'BGM+10+4712+9'DTM+XXX:200508110610200508110610200508110610:102'UNT+4+2'" +
	"UNZ+2+42'"

// Every interchange of an input is answered.
func ExampleAnswers() {
	schema := edifact.NewSchema(d96a.Directory())
	for a, err := range contrl.Answers(strings.NewReader(received), schema, edifact.ReaderOptions{}, contrl.Options{}) {
		if err != nil {
			fmt.Println("input:", err) // not of what it says
			return
		}
		if a.Err != nil {
			fmt.Println("no CONTRL:", a.Err)
			continue
		}
		reply := contrl.Reply(&a.Header)
		reply.Date, reply.Time, reply.ControlRef = "050811", "0615", "76"
		var out strings.Builder
		w := edifact.NewWriter(&out, edifact.WriterOptions{})
		w.Begin(reply)
		if err := errors.Join(contrl.Write(w, "1", a.Control), w.End()); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(strings.ReplaceAll(out.String(), "'", "'\n"))
	}
	// Output:
	// UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0615+76'
	// UNH+1+CONTRL:D:3:UN'
	// UCI+42+5798000016446:14+5790000000012:14+7'
	// UCM+2+BANSTA:D:96A:UN+4'
	// UCS+3'
	// UCD+12+2:1'
	// UCD+39+2:2'
	// UCS+3+13'
	// UNT+8+1'
	// UNZ+1+76'
}

// A program that reads interchanges for its own ends has the answer made on the
// way, and adds what it does not agree with.
func ExampleCollector() {
	answer := func(a contrl.Answer) {
		fmt.Println(a.Header.ControlRef, "accepted:", a.Control.Accepted(), "code:", a.Control.Status.Code)
	}
	c := contrl.NewCollector(contrl.Options{}, answer)
	r := edifact.NewReader(strings.NewReader(received), edifact.ReaderOptions{Faults: c.Fault})
	v := edifact.NewValidator(r, edifact.NewSchema(d96a.Directory()))
	var err error
	for err == nil {
		var s *edifact.Segment
		if s, err = v.Next(); err != nil {
			break
		}
		c.Segment(v, s)
		if s.Tag == "UNB" && v.Interchange().Sender.ID != "5790000000099" {
			c.Reject(edifact.CodeUnknownSender, edifact.Place{Tag: "UNB", Element: 3})
		}
	}
	if err := c.End(err); err != nil {
		fmt.Println("input:", err)
	}
	// Output:
	// 42 accepted: false code: 23
}

// What a CONTRL means for each message that was sent.
func ExampleControl_Judge() {
	in := "UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0615+76'UNH+1+CONTRL:D:3:UN'" +
		"UCI+42+5798000016446:14+5790000000012:14+7'UCM+2+BANSTA:D:96A:UN+4'UCS+3'UCD+39+2:2'UNT+6+1'UNZ+1+76'"
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(in), edifact.ReaderOptions{}), edifact.NewSchema())
	for s, err := range v.Segments() {
		if err != nil {
			fmt.Println(err)
			return
		}
		if s.Tag != "UNH" || v.Message().Type != "CONTRL" {
			continue
		}
		c, err := contrl.Read(v)
		if err != nil {
			fmt.Println(err)
			return
		}
		sent := &edifact.UNB{
			Sender: edifact.Party{ID: "5798000016446", Qualifier: "14"}, Recipient: edifact.Party{ID: "5790000000012", Qualifier: "14"},
			ControlRef: "42",
		}
		verdicts, err := c.Judge(sent, []contrl.Sent{{Ref: "1"}, {Ref: "2"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, verdict := range verdicts {
			fmt.Println("message", verdict.Ref, "is", verdict.Decision)
			for _, code := range verdict.Codes() {
				fmt.Println("  ", code, contrl.Meaning(code))
			}
		}
	}
	// Output:
	// message 1 is accepted
	// message 2 is rejected
	//    39 A data element is longer than its specification allows.
}

// Receipt alone, before the interchange has been looked into.
func ExampleNew() {
	u := edifact.UNB{ControlRef: "42", Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}}
	c, err := contrl.New(&u, contrl.ActionReceived)
	fmt.Println(c.Status.Action, err)
	// Output:
	// 8 <nil>
}
