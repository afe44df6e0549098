package canon

import (
	"strconv"

	"nks/edifact"
)

// count follows what trailers count.
func (w *rewriter) count(s *edifact.Segment) {
	switch s.Tag {
	case "UNB":
		w.groups, w.messages, w.loose, w.grouped = 0, 0, 0, false
	case "UNG":
		w.groups++
		w.messages, w.grouped = 0, true
	case "UNE":
		w.grouped = false
	case "UNH", "UNO":
		if s.Tag == "UNO" && s.Position > 0 {
			return // inside a message
		}
		if w.messages++; !w.grouped {
			w.loose++
		}
	}
}

// stated is what a trailer should count; -1 for other segments.
func (w *rewriter) stated(s *edifact.Segment) int {
	switch {
	case s.Tag == "UNT":
		return s.Position
	case s.Tag == "UNE":
		return w.messages
	case s.Tag == "UNZ" && w.groups > 0:
		return w.groups
	case s.Tag == "UNZ":
		return w.loose
	default:
		return -1
	}
}

// counted writes the values of a trailer with another count.
func (w *rewriter) counted(s *edifact.Segment, count int) {
	w.buf = append(w.buf, w.marks.Element)
	w.buf = strconv.AppendInt(w.buf, int64(count), 10)
	for i := 1; i < s.Len(); i++ {
		if value := s.Element(i); len(value) > 0 {
			w.buf = append(w.buf, w.marks.Element)
			w.value(value)
		}
	}
}
