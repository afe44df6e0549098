package bank_test

import (
	"fmt"
	"strings"
)

// order is one SEQ of a test's interchange.
type order struct {
	ref    string
	oere   int
	cheque bool
}

// group is one LIN.
type group struct {
	date     string
	transfer string // currency that the recipients get; empty: kroner
	orders   []order
}

// mail is an interchange as a test writes it: plain text, put together without any codec.
type mail struct {
	control  string
	messages [][]group
}

// simple is an interchange of one message with one LIN of n orders.
func simple(control string, n int) mail {
	var g group
	g.date = "20050812"
	for i := range n {
		g.orders = append(g.orders, order{ref: fmt.Sprintf("%s-%05d", control, i+1), oere: 10000 + i})
	}
	return mail{control: control, messages: [][]group{{g}}}
}

func kroner(oere int) string {
	if oere%100 == 0 {
		return fmt.Sprint(oere / 100)
	}
	return fmt.Sprintf("%d,%02d", oere/100, oere%100)
}

// text renders the mail as the page "bank-edifact" has it.
func (m mail) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "UNA:+,? 'UNB+UNOC:3+5798000016446:14+5790001000013:14+050811:0430+%s++++1+248348'", m.control)
	for i, groups := range m.messages {
		b.WriteString(m.message(i+1, groups))
	}
	fmt.Fprintf(&b, "UNZ+%d+%s'", len(m.messages), m.control)
	return b.String()
}

func (m mail) message(number int, groups []group) string {
	var b strings.Builder
	fmt.Fprintf(&b, "UNH+%d+PAYMUL:D:96A:UN'BGM+452+%s-M%d+9'DTM+137:20050811:102'", number, m.control, number)
	orders := 0
	for l, g := range groups {
		sum := 0
		for _, o := range g.orders {
			sum += o.oere
		}
		fmt.Fprintf(&b, "LIN+%d'DTM+203:%s:102'RFF+AEK:%s-G%d'BUS++DO++IBB'MOA+9:%s:DKK'%sFII+OR+30001234567890:::DKK+:::3000:80:130'NAD+OY+++K?+benhavns Kommune'",
			l+1, g.date, m.control, l+1, kroner(sum), g.cux())
		for s, o := range g.orders {
			fmt.Fprintf(&b, "SEQ++%d'MOA+9:%s:DKK'RFF+CR:%s'%sFII+BF+%010d+:::4300:80:130'NAD+BE+++Per B\xf8dker+Algade 1+Roskilde++4000+DK'PRC+11'FTX+PMD+++Udbetaling:juli'",
				s+1, kroner(o.oere), o.ref, o.pai(), orders)
			orders++
		}
	}
	fmt.Fprintf(&b, "CNT+LIN:%d'CNT+SEQ:%d'", len(groups), orders)
	fmt.Fprintf(&b, "UNT+%d+%d'", segments(b.String())+1, number)
	return b.String()
}

func (g group) cux() string {
	if g.transfer == "" {
		return ""
	}
	return "CUX+2:DKK+3:" + g.transfer + "'"
}

func (o order) pai() string {
	if o.cheque {
		return "PAI+::20'"
	}
	return "PAI+::IBB:::UKA'"
}

// segments counts terminators that are not released.
func segments(s string) int {
	return strings.Count(s, "'") - strings.Count(s, "?'")
}
