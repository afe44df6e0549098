package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Good reports whether the bundle was accepted with every payment, and nothing is missing that must come at once; where answers go to another
// program, whether it was delivered.
func (s Summary) Good() bool { return s.Elsewhere || s.Complete() && s.Accepted && s.Rejected == 0 }

// mostTold bounds how many rejections are told in lines; the answers have them all.
const mostTold = 200

// Tell writes what came back for a file: a line, then when the accepted payments are paid and each that was rejected with its code and
// reason; or all of it as one JSON object.
func (s Summary) Tell(w io.Writer, file string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(s)
	}
	lines := []string{fmt.Sprintf("%s: delivered; %s", file, s.outcome())}
	if paid := s.paid(); paid != "" {
		lines = append(lines, "  "+paid)
	}
	for _, r := range s.Rejections[:min(len(s.Rejections), mostTold)] {
		lines = append(lines, "  "+strings.TrimSpace(cmp.Or(r.EndToEndID, s.allOf(r))+": "+r.reason()))
	}
	if more := len(s.Rejections) - mostTold; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more: %s", more, strings.Join(s.Answers, ", ")))
	}
	var err error
	for _, line := range lines {
		_, one := fmt.Fprintln(w, line)
		err = errors.Join(err, one)
	}
	return err
}

func (s Summary) outcome() string {
	switch {
	case s.Elsewhere:
		return "acknowledged; its answers go to the supplier's endpoint, out queue or mailbox"
	case s.Receipt == "0":
		return "refused by receipt 0: it cannot be read; nothing of this delivery is paid"
	case s.Items > 0:
		return fmt.Sprintf("answered, %d of %d items refused", s.Rejected, s.Items)
	case s.Receipt == "register":
		return "refused as a whole: nothing of it is done"
	case s.Receipt != "" && !s.Accepted:
		return "refused by receipt 1: nothing of this delivery is paid"
	case s.Accepted && !s.Response2:
		return "accepted, no response 2 in time"
	case s.Accepted:
		return fmt.Sprintf("accepted, %d of %d payments rejected", s.Rejected, s.Payments)
	}
	return "no receipt in time; the same again is safe"
}

// paid tells what receipt 1 foretells of the payments that go on; empty where it says nothing.
func (s Summary) paid() string {
	good := s.Payments - s.Rejected
	if !s.Accepted || len(s.Days) == 0 || good < 1 {
		return ""
	}
	when := "on " + s.Days[0]
	if last := s.Days[len(s.Days)-1]; last != s.Days[0] {
		when = "from " + s.Days[0] + " to " + last
	}
	if !s.Response2 {
		return "what is not rejected is planned to be with its recipients " + when
	}
	return fmt.Sprintf("%d planned to be with their recipients %s", good, when)
}

// allOf names what a reason is about that is not one payment's.
func (s Summary) allOf(r Rejection) string {
	if s.Receipt == "register" {
		return "the document"
	}
	if s.Response2 && s.Accepted {
		return "all payments of the debit"
	}
	return "the bundle"
}
