package witness

import (
	"crypto/sha256"
	"strconv"
	"strings"
)

type digest [sha256.Size]byte

// sentKey is what a bank's interchange is known by: its number alone may come again after years.
type sentKey struct {
	bank              int16
	control, prepared string
}

// envelope is what stands around the messages of an interchange.
type envelope struct {
	control, prepared string
	digest            digest
	whole             bool // it begins and ends, and every message has as many segments as it says
}

func envelopeOf(b []byte) envelope {
	e := envelope{digest: sha256.Sum256(b)}
	segmentCount, good, ended := 0, true, false
	open := ""
	segments(b, func(s segment) {
		segmentCount++
		good = good && !ended
		switch s.tag() {
		case "UNB":
			e.control, e.prepared = s.at(5, 0), strings.Join(s[min(4, len(s)-1)], ":")
			good, segmentCount = good && segmentCount == 1 && e.control != "", 0
		case "UNH":
			good, open, segmentCount = good && open == "", s.at(1, 0), 1
		case "UNT":
			good = good && open != "" && s.at(2, 0) == open && s.at(1, 0) == strconv.Itoa(segmentCount)
			open = ""
		case "UNZ":
			good, ended = good && open == "" && s.at(2, 0) == e.control, true
		}
	})
	e.whole = good && ended && e.control != ""
	return e
}
