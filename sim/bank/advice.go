package bank

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// advice writes what is booked into as many messages as the limits of D.96A ask for.
type advice struct {
	pen      *pen
	profile  Profile
	control  string
	at       time.Time
	kind     string
	messages int
	lines    int // in the open message
	seqs     int // in it
	inLine   int // SEQ of the open LIN
}

func (a *answering) advise(to *advice) error {
	to.kind = a.plan.Kind
	switch {
	case to.kind == answerStatements:
		to.statements(a.stated)
	case to.kind == answerCredits:
		for _, p := range a.postings {
			to.credit(p)
		}
	case a.profile.Reports.Debmul == DebmulParts:
		if err := a.debitParts(to); err != nil {
			return err
		}
	default:
		for _, p := range a.postings {
			to.debit(p)
		}
	}
	to.end()
	return nil
}

// debitParts goes through the file once more: the postings of a booking are of its booked orders, one after the other.
func (a *answering) debitParts(to *advice) error {
	postings, left := a.postings, 0
	var l lineLine
	return a.facts.lines(a.journal, func(text []byte) error {
		switch kindOf(text) {
		case kindLine:
			l = lineLine{}
			if err := json.Unmarshal(text, &l); err != nil {
				return fmt.Errorf("%w: %w", ErrJournal, err)
			}
		case kindOrder:
			var o orderLine
			if err := json.Unmarshal(text, &o); err != nil {
				return fmt.Errorf("%w: %w", ErrJournal, err)
			}
			if l.Date != a.plan.Date || !o.isBooked() || len(a.stopped) > 0 && a.isStopped(o.Ref) {
				return nil
			}
			if left == 0 {
				if len(postings) == 0 {
					return fmt.Errorf("%w: orders without a posting", ErrJournal)
				}
				to.debit(postings[0])
				postings, left = postings[1:], postings[0].Orders
			}
			left--
			to.part(AccountName{l.Bank, l.Account}, o.Ref)
			to.money("60", o.debit())
			if e := o.Exchanged; e != nil {
				to.abroad(e.Debited, e.Foreign, e.Currency)
			}
		}
		return nil
	})
}

var businessCode = map[string]string{answerDebits: "470", answerCredits: "455", answerStatements: "KBG"}

func (n *advice) startMessage() {
	n.end()
	n.messages++
	n.lines, n.seqs = 0, 0
	n.pen.open(n.kind, "D", "96A", "UN")
	bgm := []string{businessCode[n.kind], fmt.Sprintf("%s-%d", n.control, n.messages)}
	if n.kind == answerStatements {
		bgm = append(bgm, "9")
	}
	n.pen.segment("BGM", bgm...)
	n.pen.segment("DTM", composite("137", n.at.Format("20060102"), "102"))
}

func (n *advice) end() {
	if n.messages > 0 {
		n.pen.segment("CNT", composite("LIN", strconv.Itoa(n.lines)))
		n.pen.segment("CNT", composite("SEQ", strconv.Itoa(n.seqs)))
		n.pen.close()
	}
}

func (n *advice) startLine() {
	if n.messages == 0 || n.lines == mostSeqs {
		n.startMessage()
	}
	n.lines++
	n.inLine = 0
	n.pen.segment("LIN", strconv.Itoa(n.lines))
}

func (n *advice) date(qualifier, date string) {
	n.pen.segment("DTM", composite(qualifier, date, "102"))
}

func (n *advice) money(qualifier string, oere int64) {
	n.pen.segment("MOA", composite(qualifier, comma(oere), "DKK"))
}

// comma writes øre as kroner.
func comma(oere int64) string {
	sign := ""
	if oere < 0 {
		sign, oere = "-", -oere
	}
	return fmt.Sprintf("%s%d,%02d", sign, oere/100, oere%100)
}

// account writes FII; one without a number says that there is none. A bank that is no registration number is a BIC.
func (n *advice) account(qualifier string, a AccountName) {
	switch {
	case a.Number == "":
		n.pen.segment("FII", qualifier)
	case digits(a.Bank, len(a.Bank)):
		n.pen.segment("FII", qualifier, composite(a.Number, "", "", "DKK"), composite("", "", "", a.Bank, "80", "130"))
	default:
		n.pen.segment("FII", qualifier, a.Number, composite(a.Bank, "25", "5"))
	}
}

// posting writes what the LIN of a debit and of a credit have in common.
func (n *advice) posting(p *postingLine) {
	n.startLine()
	n.date("202", p.Date)
	n.date("209", p.Date)
	n.pen.segment("BUS", "", "DO", "", "IBB")
	n.money("60", p.reported())
	n.pen.segment("RFF", composite("ACK", p.ACK))
}

func (n *advice) debit(p *postingLine) {
	n.posting(p)
	for _, group := range p.Groups {
		if group != "" && !p.Unnamed {
			n.pen.segment("RFF", composite("AEK", group))
		}
	}
	n.account("OR", p.AccountName)
	if p.Charge != 0 {
		n.pen.segment("FCA", "15")
		n.money("23", p.Charge)
	}
}

// part opens a SEQ about an order; without a reference it names none.
func (n *advice) part(from AccountName, ref string) {
	n.inLine++
	n.seqs++
	n.pen.segment("SEQ", "", strconv.Itoa(n.inLine))
	n.account("OR", from)
	if ref != "" {
		n.pen.segment("RFF", composite("CR", ref))
	}
}

func (n *advice) credit(p *postingLine) {
	n.posting(p)
	n.account("BF", p.AccountName)
	for _, r := range p.Parts {
		n.part(r.From, r.Names)
		n.money("60", r.Oere)
		switch {
		case r.Currency != "":
			n.abroad(r.Oere+r.Fee, r.Foreign, r.Currency)
		case r.Ordered != 0:
			n.money("98", r.Ordered)
		}
		if p.Cause == causeReturn {
			why := n.profile.reason(r.Why)
			n.pen.segment("GIS", n.profile.Codes.Rejected)
			n.pen.segment("FTX", "AAO", "", "", composite(why.Code, why.Text))
		}
		if r.Fee != 0 {
			n.pen.segment("FCA", "13")
			n.money("23", r.Fee)
		}
	}
}

// statements writes a message for the accounts of each branch.
func (n *advice) statements(all []statement) {
	branch := ""
	for _, s := range all {
		if s.Missing {
			continue
		}
		if n.messages == 0 || s.Bank != branch || n.lines == mostSeqs {
			branch = s.Bank
			n.startMessage()
			n.pen.segment("FII", "MS", "", composite("", "", "", branch, "80", "130"))
		}
		n.statement(s)
	}
}

func (n *advice) statement(s statement) {
	n.startLine()
	n.account("AS", s.AccountName)
	n.pen.segment("RFF", composite("NPS", strconv.Itoa(s.Number)))
	n.money("312", s.Opening)
	n.date("171", s.Date)
	closing := s.Closing
	if s.Stated != 0 {
		closing = s.Stated
	}
	n.money("314", closing)
	n.date("171", s.Date)
	for _, p := range s.entries {
		n.inLine++
		n.seqs++
		n.pen.segment("SEQ", "15", fmt.Sprintf("%06d", n.inLine))
		n.pen.segment("RFF", composite("ACK", p.ACK))
		n.date("179", p.Date)
		n.date("209", p.Date)
		n.pen.segment("BUS", "", "DO", "", "000")
		n.money("323", p.Oere)
		n.pen.segment("FTX", "BII", "", "", statementText[p.Cause])
	}
}

var statementText = map[string]string{causeDebit: "Udbetaling", causeReturn: "Returneret", causeStray: "Indbetaling"}
