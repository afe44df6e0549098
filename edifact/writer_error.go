package edifact

// WriteError is what a [Writer] refuses to write, and its place: Offset is that
// of the segment in the output.
type WriteError struct {
	Place
	Rule Rule
	// Text is a sentence about what is wrong. It holds none of the values given
	// but tags, counts, and the character that a repertoire lacks.
	Text string
	Err  error // the [*CharacterError] where there is one
}

// Error tells what was refused with rule and place, in one line.
func (e *WriteError) Error() string {
	return "edifact: " + e.Text + " (" + string(e.Rule) + "): " + e.Place.String()
}

// Unwrap returns Err.
func (e *WriteError) Unwrap() error { return e.Err }

func (w *Writer) refuse(rule Rule, text string) {
	w.err, w.room = &WriteError{Place: w.place(), Rule: rule, Text: text}, 0
}

// refuseFor refuses a value for a [*CharacterError].
func (w *Writer) refuseFor(err error) {
	w.err, w.room = &WriteError{Place: w.place(), Rule: RuleRepertoire, Text: err.Error(), Err: err}, 0
}

// place is that of the value to write.
func (w *Writer) place() Place {
	p := Place{Interchange: w.unb.ControlRef, Message: w.message, Tag: w.tag, Offset: w.Written()}
	if w.grouped {
		p.Group = w.group.Ref
	}
	if !w.open {
		return p
	}
	p.Offset = w.written(w.from)
	p.Position, p.Element = w.position, w.element+1
	if w.comp > 0 {
		p.Component = w.comp + 1
	}
	if w.rep > 0 {
		p.Repetition = w.rep + 1
	}
	return p
}
