package bank

import "nks/edifact"

// structure checks the order, repetitions and formats of a message's segments against D.96A. The first fault counts.
type structure struct {
	checker *edifact.Checker
	first   *flaw
}

// structureOf returns the check of a message type; of one that is not known nothing is checked, as it is refused anyway.
func structureOf(h edifact.MessageHeader, set edifact.Charset, decimal byte) *structure {
	c := &structure{}
	spec := edifact.SpecOf(h)
	if spec == nil {
		return c
	}
	c.checker = edifact.NewChecker(spec, edifact.CheckOptions{
		Charset: set, Decimal: decimal, Message: h.Ref,
		Report: func(e *edifact.Error) {
			if c.first == nil {
				c.first = flawOf(e)
			}
		},
	})
	return c
}

func (c *structure) segment(s *edifact.Segment) *flaw {
	if c.checker != nil {
		c.checker.Segment(s)
	}
	return c.first
}

func (c *structure) end() *flaw {
	if c.checker != nil {
		c.checker.End()
	}
	return c.first
}
