package bank

import (
	"strconv"

	"nks/edifact"
)

// fincan understands the segments of one FINCAN: which orders are asked for.
type fincan struct {
	to     *message
	inLine bool
	total  string
}

func (f *fincan) segment(s *edifact.Segment) *flaw {
	switch s.Tag {
	case "BGM":
		f.to.ID = text(s, 1, 0)
		switch {
		case text(s, 0, 0) != "453":
			return wrong(s, 2, 1, edifact.CodeInvalidValue, "BGM: not 453, what is asked back")
		case f.to.ID == "":
			return wrong(s, 3, 0, edifact.CodeMissing, "BGM: message id is missing")
		}
	case "LIN":
		unnamed := f.unnamed()
		f.to.asked = append(f.to.asked, recalled{Line: len(f.to.asked) + 1})
		f.inLine = true
		if unnamed == nil && text(s, 0, 0) != strconv.Itoa(len(f.to.asked)) {
			return wrong(s, 2, 0, edifact.CodeInvalidValue, "LIN: number does not go up by one")
		}
		return unnamed
	case "RFF":
		if f.inLine && text(s, 0, 0) == "CR" {
			f.to.asked[len(f.to.asked)-1].Ref = text(s, 0, 1)
		}
	case "CNT":
		f.inLine, f.total = false, text(s, 0, 1)
		if text(s, 0, 0) != "LIN" || f.total != strconv.Itoa(len(f.to.asked)) {
			return wrong(s, 2, 2, edifact.CodeCountMismatch, "CNT+LIN: there are %d", len(f.to.asked))
		}
		return f.unnamed()
	}
	return nil
}

// unnamed is the flaw of a LIN without its order.
func (f *fincan) unnamed() *flaw {
	if n := len(f.to.asked); n > 0 && f.to.asked[n-1].Ref == "" {
		return missing("RFF")
	}
	return nil
}

func (f *fincan) end(*edifact.Segment) *flaw {
	if f.total == "" || len(f.to.asked) == 0 {
		return missing("CNT")
	}
	return nil
}

// references are the orders that an interchange asks for.
func (i *interchange) references() map[string]bool {
	all := map[string]bool{}
	for _, m := range i.messages {
		for _, asked := range m.asked {
			all[asked.Ref] = true
		}
	}
	return all
}
