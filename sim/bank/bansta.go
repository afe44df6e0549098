package bank

import (
	"fmt"
	"strconv"
	"time"
)

// Limits of BANSTA in D.96A: SG4 and SG6.
const (
	banstaLines = 99
	banstaSeqs  = 99
)

// bansta writes statements into as many BANSTA messages as the limits ask for. A message with an id in SG1 counts LIN
// and SEQ as the ordered message did; one without counts its own and names payments by RFF+CR.
type bansta struct {
	pen     *pen
	profile Profile
	control string
	at      time.Time
	message int    // count of messages so far
	about   string // id of the ordered message, "" by reference
	lines   int    // in the open message
	lin     int    // number of the LIN group that may be continued, 0: none
	seqs    int    // in that group
}

// line says something of a whole LIN: a SEQ without a number.
func (b *bansta) line(id string, l lineLine, code string) {
	b.startLine(id, l.Line, false)
	if l.Group != "" {
		b.pen.segment("RFF", composite("AEK", l.Group))
	}
	b.pen.segment("SEQ")
	b.pen.segment("GIS", code)
	b.lin = 0
}

// order says something of one order.
func (b *bansta) order(id string, l lineLine, o orderLine, code string, why Reason) {
	b.name(id, l, o)
	b.pen.segment("GIS", code)
	if why.Code != "" {
		b.pen.segment("FTX", "AAO", "", "", composite(why.Code, why.Text))
	}
}

// amount says something of one order and names an amount with it.
func (b *bansta) amount(id string, l lineLine, o orderLine, code string, oere int64) {
	b.name(id, l, o)
	b.pen.segment("GIS", code)
	b.pen.segment("MOA", composite("9", fmt.Sprintf("%d,%02d", oere/100, oere%100), o.Currency))
}

// misplaced says something of the order of a place under the reference of another.
func (b *bansta) misplaced(id string, l lineLine, o orderLine, code string) {
	b.startLine(id, l.Line, false)
	b.pen.segment("RFF", composite("CR", o.Ref))
	b.pen.segment("SEQ", "", strconv.Itoa(o.Seq))
	b.pen.segment("GIS", code)
}

// recall says something of an order that was asked for by a LIN of a FINCAN, named in the centre's way.
func (b *bansta) recall(id string, r recalled, code string, why Reason) {
	b.startLine(id, r.Line, false)
	if b.profile.Keys != KeysPosition {
		b.pen.segment("RFF", composite("CR", r.Ref))
	}
	b.pen.segment("SEQ")
	b.pen.segment("GIS", code)
	b.pen.segment("FTX", "AAO", "", "", composite(why.Code, why.Text))
}

// name opens a SEQ that names the order in the centre's way.
func (b *bansta) name(id string, l lineLine, o orderLine) {
	switch {
	case b.profile.Keys == KeysReference || id == "":
		b.startLine("", 0, false)
		b.pen.segment("RFF", composite("CR", o.Ref))
		b.pen.segment("SEQ", "", "1")
	case b.profile.Keys == KeysBoth:
		b.startLine(id, l.Line, false)
		b.pen.segment("RFF", composite("CR", o.Ref))
		b.pen.segment("SEQ", "", strconv.Itoa(o.Seq))
	default:
		b.startLine(id, l.Line, true)
		b.pen.segment("SEQ", "", strconv.Itoa(o.Seq))
		b.seqs++
	}
}

// startLine opens a LIN group, in a new message where the open one is about another or full. With continues set, a
// group of the same LIN goes on while it has room.
func (b *bansta) startLine(id string, number int, continues bool) {
	if b.message > 0 && b.about == id && continues && b.lin == number && b.seqs < banstaSeqs {
		return
	}
	if b.message == 0 || b.about != id || b.lines == banstaLines {
		b.startMessage(id)
	}
	b.lines++
	b.lin, b.seqs = 0, 0
	if continues {
		b.lin = number
	}
	if id == "" {
		number = b.lines
	}
	b.pen.segment("LIN", strconv.Itoa(number))
}

func (b *bansta) startMessage(id string) {
	b.end()
	b.message++
	b.about, b.lines, b.lin = id, 0, 0
	b.pen.open("BANSTA", "D", "96A", "UN")
	b.pen.segment("BGM", "XZ8", fmt.Sprintf("%s-%d", b.control, b.message), "9")
	b.pen.segment("DTM", composite("137", b.at.Format("20060102"), "102"))
	if id != "" {
		b.pen.segment("RFF", composite("ACW", id))
	}
}

func (b *bansta) end() {
	if b.message > 0 {
		b.pen.close()
	}
}
