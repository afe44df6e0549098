package contrl

import (
	"io"
	"iter"

	"nks/edifact"
)

// Answers reads an input, compares its messages with the schema, and iterates
// over what there is to say about each of its interchanges. An input without any
// gives one answer, with [ErrNoHeader]. The error of a pair is one of the input
// itself; it ends the iteration. Faults are told to ReaderOptions.Faults, too,
// where it is set.
func Answers(in io.Reader, schema *edifact.Schema, o edifact.ReaderOptions, answers Options) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		var ready []Answer
		c := NewCollector(answers, func(a Answer) { ready = append(ready, a) })
		faults := o.Faults
		o := o
		o.Faults = func(e *edifact.ParseError) {
			c.Fault(e)
			if faults != nil {
				faults(e)
			}
		}
		v := edifact.NewValidator(edifact.NewReader(in, o), schema)
		var err error
		for err == nil {
			var s *edifact.Segment
			if s, err = v.Next(); err == nil {
				c.Segment(v, s)
			} else {
				err = c.End(err)
				if err == nil {
					err = io.EOF
				}
			}
			for _, a := range ready {
				if !yield(a, nil) {
					return
				}
			}
			ready = ready[:0]
		}
		if err != io.EOF {
			yield(Answer{}, err)
		}
	}
}
