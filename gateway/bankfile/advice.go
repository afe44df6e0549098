package bankfile

import (
	"strings"

	"nks/edifact"
	"nks/gateway"
)

// Groups of the segment tables of DEBMUL and CREMUL, which number them alike.
const (
	groupLine          = 4
	groupLineReference = 5
	groupLineAccount   = 6
	groupLineCharge    = 7
	groupPart          = 10
	groupPartReference = 11
	groupPartAmount    = 13
	groupPartReason    = 16
	groupPartCharge    = 17
)

// Qualifiers of amounts, dates and references. // D.96A DE 5025, 2005, 1153
const (
	amountPosted     = "60"
	amountTransfer   = "98" // of a return: what was ordered; of a debit: in the other currency
	amountCharge     = "23"
	datePosted       = "202"
	dateValue        = "209"
	dateBooked       = "179"
	dateStatement    = "171"
	refPosting       = "ACK"
	refOrder         = "CR"
	refLine          = "AEK"
	refStatement     = "NPS"
	amountOpening    = "312"
	amountClosing    = "314"
	amountEntry      = "323"
	maxPostingParts  = 9999
	mostRateDigits   = 12
	maxStatementSize = 1_000_000 // entries of one statement
)

// advice reads DEBMUL and CREMUL: what was debited from an account, and what was credited to it.
type advice struct {
	file    *reading
	report  gateway.Report
	message int
	open    bool
	posting gateway.BankPosting
	sum     int64
	part    *gateway.PostingPart // the last of the posting's
	gis     string               // of that part
	lineRef int                  // RFF+ACK of the LIN
}

func (f *reading) advice(report gateway.Report) error {
	a := &advice{file: f, report: report, message: f.messages}
	if err := f.segments(a.segment); err != nil {
		return err
	}
	return a.release()
}

// group is the innermost segment group that the last segment stands in; 0: none.
func (f *reading) group() int {
	path := f.in.Path()
	if len(path) == 0 {
		return 0
	}
	return path[len(path)-1].Group
}

func (a *advice) segment(s *edifact.Segment) error {
	switch group := a.file.group(); {
	case s.Tag == "LIN":
		if err := a.release(); err != nil {
			return err
		}
		*a = advice{file: a.file, report: a.report, message: a.message, open: true}
		a.posting = gateway.BankPosting{Report: a.report, Message: a.message}
	case s.Tag == "SEQ":
		a.beginPart()
	case !a.open:
		return nil
	case group >= groupPart:
		a.ofPart(group, s)
	default:
		a.ofLine(group, s)
	}
	return nil
}

// ofLine takes what stands in the LIN.
func (a *advice) ofLine(group int, s *edifact.Segment) {
	p := &a.posting
	switch qualifier := string(s.Component(0, 0)); {
	case s.Tag == "DTM" && group == groupLine && qualifier == datePosted:
		p.PostedOn = a.date(s)
	case s.Tag == "DTM" && group == groupLine && qualifier == dateValue:
		p.ValueOn = a.date(s)
	case s.Tag == "MOA" && group == groupLine && qualifier == amountPosted:
		if p.Ore != 0 {
			a.unclear("several amounts of one posting")
		}
		p.Ore = a.kroner(s)
	case s.Tag == "RFF" && group == groupLineReference && qualifier == refPosting:
		if a.lineRef++; a.lineRef > 1 {
			a.unclear("several references of one posting")
		}
		p.Reference = s.Text(0, 1)
	case s.Tag == "RFF" && group == groupLineReference && qualifier == refLine:
		p.LineRefs = append(p.LineRefs, s.Text(0, 1))
	case s.Tag == "FII" && group == groupLineAccount:
		if p.Account = account(s); p.Account == "" {
			a.unclear("its account is no Danish one")
		}
	case s.Tag == "MOA" && group == groupLineCharge && qualifier == amountCharge:
		p.ChargeOre = a.plus(p.ChargeOre, a.charge(s))
	}
}

// ofPart takes what stands in a SEQ.
func (a *advice) ofPart(group int, s *edifact.Segment) {
	switch qualifier := string(s.Component(0, 0)); {
	case s.Tag == "FII" && group == groupPart && qualifier == "OR":
		a.part.Account = account(s)
	case s.Tag == "RFF" && group == groupPartReference && qualifier == refOrder:
		if a.part.Reference != "" {
			a.unclear("several references to one order")
		}
		a.part.Reference = s.Text(0, 1)
	case s.Tag == "MOA" && group == groupPartAmount && qualifier == amountPosted:
		a.part.Ore = a.kroner(s)
	case s.Tag == "MOA" && group == groupPartAmount && qualifier == amountTransfer:
		a.transfer(s)
	case s.Tag == "CUX" && group == groupPartAmount:
		a.part.Rate = a.rate(s)
	case s.Tag == "MOA" && group == groupPartCharge && qualifier == amountCharge:
		a.part.ChargeOre = a.plus(a.part.ChargeOre, a.charge(s))
	case s.Tag == "GIS" && group == groupPartReason:
		a.gis = s.Text(0, 0)
	case s.Tag == "FTX" && group == groupPartReason:
		a.part.Code, a.part.Text = reasonOf(s)
	}
}

// transfer takes what was ordered, of a credit, or what was paid in another currency, of a debit.
func (a *advice) transfer(s *edifact.Segment) {
	if currency := s.Text(0, 2); currency != "" && currency != "DKK" {
		amount, ok := minor(s.Text(0, 1))
		if !ok || amount < 1 {
			a.unclear("an amount cannot be read")
		}
		a.part.ForeignAmount, a.part.ForeignCurrency = amount, currency
		return
	}
	if ore := a.kroner(s); a.report == gateway.CreditAdvice {
		a.part.OrderedOre = ore
	}
}

// rate takes the rate of a CUX: kroner for one of the other currency. // D.96A DE 5402
func (a *advice) rate(s *edifact.Segment) string {
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(s.Text(2, 0), ".", ","), ",")
	if whole == "" || !gateway.AllDigits(whole+fraction) || len(whole+fraction) > mostRateDigits || strings.Trim(whole+fraction, "0") == "" {
		a.unclear("a rate cannot be read")
		return ""
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

func (a *advice) beginPart() {
	a.endPart()
	if len(a.posting.Parts) == maxPostingParts {
		a.unclear("more than 9,999 parts")
		a.posting.Parts = a.posting.Parts[:0]
	}
	a.posting.Parts = append(a.posting.Parts, gateway.PostingPart{})
	a.part, a.gis = &a.posting.Parts[len(a.posting.Parts)-1], ""
}

// endPart looks whether the last part is whole.
func (a *advice) endPart() {
	if a.part == nil {
		return
	}
	if a.part.Ore < 1 {
		a.unclear("a part of it has no amount")
	}
	if a.gis != "" && a.file.codec.meanings[a.gis] != gateway.MeansRejected {
		a.unclear("GIS code " + a.gis + " is not in the bank's profile as rejected")
	}
	a.sum = a.plus(a.sum, a.part.Ore)
	a.part = nil
}

// release gives the posting that was read.
func (a *advice) release() error {
	if !a.open {
		return nil
	}
	a.endPart()
	p := &a.posting
	switch own := p.Ore - p.ChargeOre; {
	case p.PostedOn.IsZero():
		a.unclear("it has no posting date")
	case p.Ore < 1:
		a.unclear("it has no amount")
	case a.report == gateway.CreditAdvice && p.ChargeOre != 0:
		a.unclear("charges of a credit as a whole")
	case own < 0, own == 0 && len(p.Parts)+len(p.LineRefs) > 0:
		a.unclear("its charges are more than its amount")
	case len(p.Parts) > 0 && a.sum != own:
		a.unclear("it is not what its parts add up to")
	}
	if a.report == gateway.DebitAdvice {
		p.Ore = -p.Ore
	}
	if p.Unclear != "" {
		p.Parts, p.LineRefs = nil, nil
	}
	a.open = false
	return a.file.sink.Posting(*p)
}

// unclear keeps the first reason why nobody can say what a posting is made of.
func (a *advice) unclear(why string) {
	if a.posting.Unclear == "" {
		a.posting.Unclear = why
	}
}

// plus adds two amounts.
func (a *advice) plus(x, y int64) int64 {
	sum, err := gateway.AddOre(x, y)
	if err != nil {
		a.unclear("its amounts are too large")
	}
	return sum
}

// kroner reads a positive amount of a MOA in kroner; 0: it is none.
func (a *advice) kroner(s *edifact.Segment) int64 {
	ore, ok := kroner(s)
	if !ok || ore < 1 {
		a.unclear("an amount cannot be read")
		return 0
	}
	return ore
}

// charge reads the amount of a charge, which may be zero.
func (a *advice) charge(s *edifact.Segment) int64 {
	ore, ok := kroner(s)
	if !ok || ore < 0 {
		a.unclear("an amount cannot be read")
		return 0
	}
	return ore
}

func (a *advice) date(s *edifact.Segment) gateway.Date {
	d, ok := date(s)
	if !ok {
		a.unclear("a date cannot be read")
	}
	return d
}

// kroner reads an amount of a MOA, which may be negative.
func kroner(s *edifact.Segment) (ore int64, ok bool) {
	if currency := s.Text(0, 2); currency != "" && currency != "DKK" {
		return 0, false
	}
	return minor(s.Text(0, 1))
}

// minor reads an amount with at most two decimals.
func minor(text string) (int64, bool) {
	whole, _, _ := strings.Cut(strings.ReplaceAll(text, ".", ","), ",")
	if len(strings.TrimPrefix(whole, "-")) > mostDigits {
		return 0, false
	}
	n, err := edifact.ParseMinor(text, 2)
	return n, err == nil
}

// date reads a DTM as ccyymmdd; one of a year that no payment has is none.
func date(s *edifact.Segment) (gateway.Date, bool) {
	text := s.Text(0, 1)
	if string(s.Component(0, 2)) != "102" || len(text) != len("20050811") || !gateway.AllDigits(text) || text < "19700101" {
		return gateway.Date{}, false
	}
	d, err := gateway.ParseDate(text[:4] + "-" + text[4:6] + "-" + text[6:])
	return d, err == nil
}

// account reads a Danish account of FII: number, and registration number as the branch; empty: it is none.
func account(s *edifact.Segment) string {
	bban, ok := gateway.NormalizeBBAN(s.Text(2, 3) + s.Text(1, 0))
	if !ok || len(s.Text(2, 3)) != len("4321") {
		return ""
	}
	return bban
}

// reasonOf is the bank's code, if there is one, and its text, of FTX C108.
func reasonOf(s *edifact.Segment) (code, text string) {
	var parts []string
	for j := range s.Components(3) {
		part := strings.TrimSpace(s.Text(3, j))
		switch {
		case j == 0 && isReason(part):
			code = part
		case part != "":
			parts = append(parts, part)
		}
	}
	return code, strings.Join(parts, " ")
}
