package bank

import (
	"strconv"
	"strings"
	"time"

	"nks/edifact"
)

// paymul understands the segments of one PAYMUL: what is ordered, and whether its sums and totals are right
// (bank-edifact, "Out: PAYMUL"). Structure, repetitions and formats are the checker's business.
type paymul struct {
	to      *message
	decimal byte
	all     *int // orders in the whole interchange
	sum     int64
	sumAt   int // position of the MOA of the LIN
	totals  struct{ lines, orders string }
	inLine  bool
	inOrder bool
	inParty bool // behind FII or NAD: an RFF or MOA there is not the order's
}

func (p *paymul) line() *line {
	return &p.to.lines[len(p.to.lines)-1]
}

func (p *paymul) order() *orderLine {
	l := p.line()
	return &l.orders[len(l.orders)-1]
}

func (p *paymul) segment(s *edifact.Segment) *flaw {
	switch {
	case s.Tag == "LIN":
		return p.startLine(s)
	case s.Tag == "CNT":
		return p.control(s)
	case p.inOrder && s.Tag != "SEQ":
		return p.orderSegment(s)
	case p.inLine && s.Tag == "SEQ":
		return p.startOrder(s)
	case p.inLine:
		return p.lineSegment(s)
	case s.Tag == "BGM":
		p.to.ID = text(s, 1, 0)
		if text(s, 0, 0) != "452" {
			return wrong(s, 2, 1, edifact.CodeInvalidValue, "BGM: not 452, multiple payment order")
		}
		if p.to.ID == "" {
			return wrong(s, 3, 0, edifact.CodeMissing, "BGM: message id is missing")
		}
	}
	return nil
}

func (p *paymul) startLine(s *edifact.Segment) *flaw {
	f := p.closeLine(s)
	n, err := strconv.Atoi(text(s, 0, 0))
	p.to.lines = append(p.to.lines, line{lineLine: lineLine{Kind: kindLine, Line: n, Oere: -1}})
	p.inLine, p.inOrder, p.sum = true, false, 0
	if f != nil {
		return f
	}
	if err != nil || n < 1 || len(p.to.lines) > 1 && n <= p.to.lines[len(p.to.lines)-2].Line {
		return wrong(s, 2, 0, edifact.CodeInvalidValue, "LIN: number does not go up")
	}
	return nil
}

func (p *paymul) lineSegment(s *edifact.Segment) *flaw {
	l := p.line()
	switch s.Tag {
	case "DTM":
		if text(s, 0, 0) != "203" || l.Date != "" {
			return nil
		}
		l.Date = text(s, 0, 1)
		if _, err := time.Parse("20060102", l.Date); err != nil || text(s, 0, 2) != "102" {
			l.Date = ""
			return wrong(s, 2, 2, edifact.CodeInvalidValue, "DTM: no execution date ccyymmdd")
		}
	case "RFF":
		if text(s, 0, 0) == "AEK" {
			l.Group = text(s, 0, 1)
		}
	case "CUX":
		l.Transfer = text(s, 1, 1)
	case "BUS":
		l.Type = text(s, 1, 0) + "/" + text(s, 3, 0)
	case "MOA":
		if text(s, 0, 0) != "9" {
			return nil
		}
		l.Currency, p.sumAt = text(s, 0, 2), s.Position
		var f *flaw
		l.Oere, f = p.amount(s)
		return f
	case "FII":
		if text(s, 0, 0) == "OR" {
			l.Account, l.Bank = text(s, 1, 0), bankOf(s)
			if l.Account == "" {
				return wrong(s, 3, 1, edifact.CodeMissing, "FII+OR: account is missing")
			}
		}
	}
	return nil
}

func bankOf(s *edifact.Segment) string {
	if branch := text(s, 2, 3); branch != "" {
		return branch
	}
	return text(s, 2, 0)
}

func (p *paymul) startOrder(s *edifact.Segment) *flaw {
	l := p.line()
	n, err := strconv.Atoi(text(s, 1, 0))
	before := 0
	if len(l.orders) > 0 {
		before = p.order().Seq
	}
	l.orders = append(l.orders, orderLine{Kind: kindOrder, Line: l.Line, Seq: n})
	p.inOrder, p.inParty = true, false
	*p.all++
	if *p.all > maxOrders {
		return wrong(s, 0, 0, edifact.CodeTooManyGroups, "more than %d orders in an interchange", maxOrders)
	}
	if err != nil || n <= before {
		return wrong(s, 3, 1, edifact.CodeInvalidValue, "SEQ: number does not go up")
	}
	return nil
}

func (p *paymul) orderSegment(s *edifact.Segment) *flaw {
	o := p.order()
	switch s.Tag {
	case "FII":
		p.inParty = true
		if text(s, 0, 0) == "BF" {
			o.Account, o.Bank = text(s, 1, 0), bankOf(s)
		}
	case "NAD", "INP", "GIS", "PRC":
		p.inParty = true
	case "PAI":
		o.Type = paymentType(s)
	case "MOA":
		if p.inParty || o.Oere != 0 || text(s, 0, 0) != "9" {
			return nil
		}
		return p.orderAmount(s, o)
	case "RFF":
		if p.inParty {
			return nil
		}
		switch value := text(s, 0, 1); text(s, 0, 0) {
		case "CR":
			o.Ref = value
			if value == "" {
				return wrong(s, 2, 2, edifact.CodeMissing, "RFF+CR: reference is missing")
			}
		case "BID":
			o.SlipID = value
		case "KRE":
			o.Creditor = value
		}
	}
	return nil
}

func (p *paymul) orderAmount(s *edifact.Segment, o *orderLine) *flaw {
	var f *flaw
	o.Oere, f = p.amount(s)
	o.Currency = text(s, 0, 2)
	if f != nil {
		return f
	}
	if o.Oere == 0 {
		return wrong(s, 2, 2, edifact.CodeInvalidValue, "MOA: nothing is ordered")
	}
	if sum := p.line().Currency; sum != "" && o.Currency != sum {
		return wrong(s, 2, 3, edifact.CodeInvalidValue, "MOA: currency is not that of the LIN")
	}
	p.sum += o.Oere
	return nil
}

// paymentType joins the parts of PAI C534 that are there: IBB/UKA, IBK/A71, 20.
func paymentType(s *edifact.Segment) string {
	var parts []string
	for i := range s.Components(0) {
		if v := text(s, 0, i); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, "/")
}

// amount reads MOA: digits, the decimal mark of the interchange, at most two decimals; in øre.
func (p *paymul) amount(s *edifact.Segment) (int64, *flaw) {
	value := text(s, 0, 1)
	whole, part, has := strings.Cut(value, string(p.decimal))
	if has && (part == "" || len(part) > 2) || len(whole) > 15 || !digits(whole, max(len(whole), 1)) || !digits(part, len(part)) {
		return 0, wrong(s, 2, 2, edifact.CodeBadDecimal, "MOA: no amount with at most two decimals")
	}
	part += "00"[len(part):]
	oere, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil {
		return 0, wrong(s, 2, 2, edifact.CodeBadDecimal, "MOA: no amount")
	}
	if text(s, 0, 2) == "" {
		return oere, wrong(s, 2, 3, edifact.CodeMissing, "MOA: currency is missing")
	}
	return oere, nil
}

func (p *paymul) closeLine(s *edifact.Segment) *flaw {
	if !p.inLine {
		return nil
	}
	l := p.line()
	for i := range l.orders {
		o := &l.orders[i]
		if o.Ref == "" {
			return wrong(s, 0, 0, edifact.CodeMissing, "LIN %d SEQ %d: RFF+CR is missing", l.Line, o.Seq)
		}
		if o.Oere == 0 {
			return wrong(s, 0, 0, edifact.CodeMissing, "LIN %d SEQ %d: MOA+9 is missing", l.Line, o.Seq)
		}
	}
	switch {
	case l.Date == "":
		return wrong(s, 0, 0, edifact.CodeMissing, "LIN %d: DTM+203 is missing", l.Line)
	case l.Oere < 0:
		return wrong(s, 0, 0, edifact.CodeMissing, "LIN %d: MOA+9 is missing", l.Line)
	case l.Oere != p.sum:
		f := wrong(s, 2, 2, edifact.CodeInvalidValue, "LIN %d: sum is not that of its orders", l.Line)
		f.Segment, f.Tag = p.sumAt, ""
		return f
	}
	return nil
}

func (p *paymul) control(s *edifact.Segment) *flaw {
	f := p.closeLine(s)
	p.inLine, p.inOrder = false, false
	if f != nil {
		return f
	}
	orders := 0
	for i := range p.to.lines {
		orders += len(p.to.lines[i].orders)
	}
	want := map[string]int{"LIN": len(p.to.lines), "SEQ": orders}
	text, value := text(s, 0, 0), text(s, 0, 1)
	n, known := want[text]
	if !known {
		return wrong(s, 2, 1, edifact.CodeInvalidValue, "CNT: neither LIN nor SEQ")
	}
	if value != strconv.Itoa(n) {
		return wrong(s, 2, 2, edifact.CodeCountMismatch, "CNT+%s: there are %d", text, n)
	}
	if text == "LIN" {
		p.totals.lines = value
	} else {
		p.totals.orders = value
	}
	return nil
}

func (p *paymul) end(unt *edifact.Segment) *flaw {
	f := p.closeLine(unt)
	p.inLine = false
	if f == nil && (p.totals.lines == "" || p.totals.orders == "") {
		f = wrong(unt, 0, 0, edifact.CodeMissing, "CNT+LIN and CNT+SEQ must be there")
	}
	return f
}

// contrl understands a CONTRL of the gateway.
type contrl struct{ to *message }

func (c *contrl) segment(s *edifact.Segment) *flaw {
	if s.Tag != "UCI" {
		return nil
	}
	v := verdictOn{Control: text(s, 0, 0), Action: text(s, 3, 0)}
	c.to.answers = append(c.to.answers, v)
	if v.Control == "" || !oneOf(v.Action, "4 7 8") {
		return wrong(s, 0, 0, edifact.CodeInvalidValue, "UCI: no reference, or action is not 4, 7 or 8")
	}
	return nil
}

func (c *contrl) end(unt *edifact.Segment) *flaw {
	if len(c.to.answers) != 1 {
		return wrong(unt, 0, 0, edifact.CodeMissing, "not one UCI")
	}
	return nil
}
