package client

import (
	"encoding/json"
	"fmt"
	"io"
)

// Good reports whether the bundle was accepted with every payment, and nothing is missing that must come at once; where answers go to another
// program, whether it was delivered.
func (s Summary) Good() bool { return s.Elsewhere || s.Complete() && s.Accepted && s.Rejected == 0 }

// Tell writes what came back for a file, in a line and its reasons, or as one JSON object.
func (s Summary) Tell(w io.Writer, file string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(s)
	}
	outcome := "no receipt in time"
	switch {
	case s.Elsewhere:
		outcome = "acknowledged; its answers go to the supplier's endpoint or mailbox"
	case s.Receipt != "" && !s.Accepted:
		outcome = "refused, receipt " + s.Receipt
	case s.Accepted && !s.Response2:
		outcome = "accepted, no response 2 in time"
	case s.Accepted:
		outcome = fmt.Sprintf("accepted, %d of %d payments rejected", s.Rejected, s.Payments)
	}
	_, err := fmt.Fprintf(w, "%s: delivered; %s\n", file, outcome)
	for _, r := range s.Reasons {
		if err == nil {
			_, err = fmt.Fprintf(w, "  %s\n", r)
		}
	}
	return err
}
