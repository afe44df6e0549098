package wire

import (
	"strconv"

	"nks/edifact"
)

// Writer keeps the items of messages in order.
type Writer struct {
	W      *edifact.Writer
	out    Output
	kind   int
	ref    string // of the present message
	level  Level
	inside bool
	need   bool // the line before has no detail and must have

	Lines, Details int // of the present message
	details        int // of the present line
}

// Kind is what is known of an item before it is looked into.
type Kind struct {
	Message  int    // type, as the Dialect counts them
	Type     string // the same by name
	Level    Level
	Group    int  // segment group of a line or detail
	Repeats  int  // how often a line may stand in a message, a detail in a line
	Detailed bool // the details of a line are mandatory
}

// NewWriter returns a Writer to w.
func NewWriter(w *edifact.Writer) *Writer { return &Writer{W: w} }

// Begin returns an Output that checks the item.
func (w *Writer) Begin(k *Kind, h *edifact.UNH, d *Dialect) (*Output, error) {
	if err := w.W.Err(); err != nil {
		return nil, err
	}
	rule, fault := w.misplaced(k)
	if fault == "" && h != nil && !d.names(h, k) {
		rule, fault = edifact.RuleMessageType, "UNH names another message"
	}
	if fault != "" {
		return nil, &edifact.WriteError{Place: edifact.Place{Message: w.ref}, Rule: rule, Text: k.Type + ": " + fault}
	}
	if h != nil {
		w.ref = h.Ref
	}
	w.out = Output{W: w.W, Message: k.Type, Ref: w.ref, Check: true, Decimal: w.W.Delimiters().Decimal, Repeats: w.W.Delimiters().Repetition != 0}
	return &w.out, nil
}

// names reports whether a header, as far as it is filled in, is that of a kind.
func (d *Dialect) names(h *edifact.UNH, k *Kind) bool {
	return (h.Type == "" || h.Type == k.Type) && (h.Version == "" || h.Version == d.Version) && (h.Release == "" || h.Release == d.Release)
}

// Checked takes the item if the check found nothing; the Output writes then.
func (w *Writer) Checked(k *Kind, h *edifact.UNH, d *Dialect) error {
	if w.out.err != nil {
		return w.out.err
	}
	w.out.Check = false
	w.kind, w.level, w.inside = k.Message, k.Level, k.Level != Tail
	switch k.Level {
	case Head:
		w.Lines, w.Details, w.details, w.need = 0, 0, 0, false
		full := *h
		full.Type, full.Version, full.Release = k.Type, d.Version, d.Release
		if full.Agency == "" {
			full.Agency = "UN"
		}
		w.W.Message(full)
	case Line:
		w.Lines++
		w.details, w.need = 0, k.Detailed
	case Detail:
		w.Details++
		w.details++
	}
	return nil
}

// End ends the item.
func (w *Writer) End(k *Kind) error {
	if k.Level == Tail {
		w.W.EndMessage()
	}
	return w.W.Err()
}

// misplaced tells what speaks against the item after the one before.
func (w *Writer) misplaced(k *Kind) (edifact.Rule, string) {
	switch {
	case k.Level == Head && w.inside:
		return edifact.RuleOutside, "message before has no tail yet"
	case k.Level == Head:
		return "", ""
	case !w.inside || w.kind != k.Message:
		return edifact.RuleOutside, "head of the message is missing"
	case k.Level == Detail && w.level == Head:
		return edifact.RulePosition, "SEQ needs a LIN before it"
	case k.Level != Detail && w.need && w.Lines > 0 && w.details == 0:
		return edifact.RuleMissing, "LIN has no SEQ, which is mandatory"
	case k.Level == Tail && w.Lines == 0:
		return edifact.RuleMissing, "message has no LIN, which is mandatory"
	case k.Level == Line && w.Lines == k.Repeats, k.Level == Detail && w.details == k.Repeats:
		return edifact.RuleSegmentGroup, "segment group " + strconv.Itoa(k.Group) + " repeats more often than " + strconv.Itoa(k.Repeats)
	}
	return "", ""
}
