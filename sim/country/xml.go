package country

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// style is how an authority's system happens to write XML. All styles mean the same.
type style struct {
	indent     string // per level; empty: one long line
	newline    string
	rootPrefix string // empty: the root's namespace is the default one
	ebms       string
	swift      string
	latin1     bool // ISO 8859-1 instead of UTF-8
	digits     bool // 1 and 0 for true and false
	cdata      bool // advice as CDATA
	comments   bool
}

func styles() []style {
	return []style{
		{indent: "\t", newline: "\n", ebms: "ebms", swift: "swift", comments: true},
		{indent: "    ", newline: "\n", ebms: "ebms", swift: "swift"},
		{ebms: "ebms", swift: "swift", digits: true},
		{indent: "  ", newline: "\r\n", rootPrefix: "nks", ebms: "e", swift: "s", digits: true, cdata: true},
	}
}

const (
	nsNKS   = "http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/"
	nsEbms  = "http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/"
	nsSwift = "http://rep.oio.dk/oes.dk/nemkonto.swift/xml/schemas/2006/05/01/"
	nsXSI   = "http://www.w3.org/2001/XMLSchema-instance"

	gatewayGLN = "5798000016446"
)

// pen writes one document.
type pen struct {
	style
	out  []byte
	open []string
}

func (p *pen) line() {
	if p.newline != "" || p.indent != "" {
		p.out = append(p.out, p.newline...)
		for range p.open {
			p.out = append(p.out, p.indent...)
		}
	}
}

func (p *pen) start(prefix, name, attributes string) {
	p.line()
	if prefix != "" {
		name = prefix + ":" + name
	}
	p.out = append(append(p.out, '<'), name...)
	p.out = append(append(p.out, attributes...), '>')
	p.open = append(p.open, name)
}

func (p *pen) end() {
	last := len(p.open) - 1
	name := p.open[last]
	p.open = p.open[:last]
	p.line()
	p.out = append(append(append(p.out, "</"...), name...), '>')
}

// s opens an element of the payment's namespace around what inside writes.
func (p *pen) s(name string, inside func()) {
	p.start(p.swift, name, "")
	inside()
	p.end()
}

func (p *pen) e(name string, inside func()) {
	p.start(p.ebms, name, "")
	inside()
	p.end()
}

func (p *pen) leaf(prefix, name, attributes, text string, cdata bool) {
	p.line()
	p.out = append(p.out, '<')
	if prefix != "" {
		p.out = append(append(p.out, prefix...), ':')
	}
	p.out = append(append(append(p.out, name...), attributes...), '>')
	if cdata && !strings.Contains(text, "]]>") {
		p.out = append(p.out, "<![CDATA["...)
		p.characters(text, false)
		p.out = append(p.out, "]]>"...)
	} else {
		p.characters(text, true)
	}
	p.out = append(p.out, "</"...)
	if prefix != "" {
		p.out = append(append(p.out, prefix...), ':')
	}
	p.out = append(append(p.out, name...), '>')
}

// sl writes a leaf of the payment's namespace, nothing if the text is empty.
func (p *pen) sl(name, text string) {
	if text != "" {
		p.leaf(p.swift, name, "", text, false)
	}
}

func (p *pen) el(name, text string) { p.leaf(p.ebms, name, "", text, false) }

func (p *pen) characters(text string, escape bool) {
	for _, r := range text {
		switch {
		case escape && r == '&':
			p.out = append(p.out, "&amp;"...)
		case escape && r == '<':
			p.out = append(p.out, "&lt;"...)
		case escape && r == '>':
			p.out = append(p.out, "&gt;"...)
		case !p.latin1:
			p.out = utf8.AppendRune(p.out, r)
		case r < 0x100:
			p.out = append(p.out, byte(r))
		default:
			p.out = append(strconv.AppendInt(append(p.out, "&#"...), int64(r), 10), ';')
		}
	}
}

func (p *pen) comment(text string) {
	if p.comments {
		p.line()
		p.out = append(p.out, "<!-- "...)
		p.characters(text, false)
		p.out = append(p.out, " -->"...)
	}
}

func (p *pen) truth(v bool) string {
	switch {
	case p.digits && v:
		return "1"
	case p.digits:
		return "0"
	default:
		return strconv.FormatBool(v)
	}
}

// render writes the bundle as an NKSPayment document.
func (b *bundle) render() []byte {
	p := &pen{style: b.style, out: make([]byte, 0, 2048+1200*b.size())}
	encoding := "UTF-8"
	if p.latin1 {
		encoding = "ISO-8859-1"
	}
	p.out = append(p.out, `<?xml version="1.0" encoding="`+encoding+`"?>`...)
	p.comment("Betalinger fra " + b.supplier + ", æøå")
	root := ` xmlns="` + nsNKS + `"`
	if p.rootPrefix != "" {
		root = ` xmlns:` + p.rootPrefix + `="` + nsNKS + `"`
	}
	root += ` xmlns:` + p.ebms + `="` + nsEbms + `" xmlns:` + p.swift + `="` + nsSwift + `" xmlns:xsi="` + nsXSI +
		`" xsi:schemaLocation="` + nsNKS + " " + nsNKS + `NKS_NKSPayment.xsd"`
	p.start(p.rootPrefix, "NKSPayment", root)
	b.header(p)
	b.groupHeader(p)
	for i := range b.debits {
		p.s("PmtInf", func() { b.debits[i].write(p) })
	}
	p.end()
	p.out = append(p.out, p.newline...)
	if b.spoil != nil {
		return b.spoil(p.out)
	}
	return p.out
}

func (b *bundle) header(p *pen) {
	p.start(p.ebms, "MessageHeader", " "+p.ebms+`:id="C2NKS" `+p.ebms+`:version="2.0"`)
	p.e("From", func() {
		p.el("PartyId", b.sender())
		if b.ean != "" {
			p.el("PartyId", b.ean)
		}
	})
	p.e("To", func() {
		p.el("PartyId", "NKS")
		p.el("PartyId", gatewayGLN)
	})
	p.e("MessageData", func() {
		p.el("MessageId", b.messageID)
		p.el("Timestamp", b.stamp)
	})
	p.end()
}

func (b *bundle) sender() string {
	if b.from != "" {
		return b.from
	}
	return b.supplier
}

func (b *bundle) groupHeader(p *pen) {
	p.s("GrpHdr", func() {
		p.sl("GrpId", b.groupID)
		p.sl("CreDtTm", b.stamp)
		p.sl("Authstn", "1")
		p.sl("CtrlSum", strconv.FormatInt(b.sum()+b.sumOff, 10))
		p.sl("NbOfTxs", strconv.FormatInt(int64(b.size())+b.countOff, 10))
		grouping := p.truth(b.grouped)
		if b.grouping != "" {
			grouping = b.grouping
		}
		p.sl("Grpg", grouping)
		p.s("InitgPty", func() {
			p.s("OrgId", func() { p.proprietary(b.authority, "ADMID") })
		})
		if b.instruction[0] != "" {
			p.s("InstrNks", func() {
				p.sl("Cd", b.instruction[0])
				p.sl("AddtInf", b.instruction[1])
			})
		}
	})
}

func (p *pen) proprietary(id, issuer string) {
	p.s("PrtryId", func() {
		p.sl("Id", id)
		p.sl("Issr", issuer)
	})
}

func (d *debit) write(p *pen) {
	p.sl("ReqdExctnDt", d.execution.Format("2006-01-02"))
	p.sl("PmtMtdByFrstAgt", "TRF")
	if d.local != "" {
		p.s("CdtTrfTpId", func() { p.sl("LclInstrm", d.local) })
	}
	p.s("Dbtr", func() { p.s("OrgId", func() { p.sl("BkPtyId", d.agreement) }) })
	p.s("DbtrAcct", func() { p.s("Id", func() { p.sl("BBAN", d.account) }) })
	p.sl("DbtPurp", d.purpose)
	for i := range d.txs {
		p.comment("Betaling " + strconv.Itoa(i+1))
		p.s("PmtTx", func() { d.txs[i].write(p) })
	}
}

func (t *tx) write(p *pen) {
	p.s("PmtId", func() {
		p.sl("InstrId", t.instrID)
		p.sl("EndToEndId", t.endToEnd)
	})
	if t.purpose != "" {
		p.s("Purp", func() { p.sl("Prtry", t.purpose) })
	}
	p.s("Amt", func() { t.writeAmount(p) })
	if t.name != "" || t.address != (address{}) || t.id != "" {
		p.s("Cdtr", func() { t.writeCreditor(p) })
	}
	t.writeAccount(p)
	p.sl("ChrgBr", t.charge)
	if t.finalAgent != "" {
		p.s("InstrForFnlAgt", func() { p.sl("Prtry", t.finalAgent) })
	}
	if t.firstAgent != "" {
		p.s("InstrForFrstAgt", func() { p.sl("Prtry", t.firstAgent) })
	}
	t.writeRemittance(p)
	p.sl("IncompletePaymentIndicator", p.truth(t.incomplete))
	p.sl("BenefitType", t.benefit)
}

func (t *tx) writeAmount(p *pen) {
	currency := t.currency
	if currency == "" {
		currency = "DKK"
	}
	attribute, value := ` Ccy="`+currency+`"`, strconv.FormatInt(t.amount, 10)
	if t.transferIn == "" {
		p.leaf(p.swift, "InstdAmt", attribute, value, false)
		return
	}
	p.s("EqvtAmt", func() {
		p.leaf(p.swift, "Amt", attribute, value, false)
		p.sl("CcyOfTrf", t.transferIn)
	})
}

func (t *tx) writeCreditor(p *pen) {
	p.sl("Nm", t.name)
	if a := t.address; a != (address{}) {
		p.s("PstlAdr", func() {
			p.sl("AdrLine", a.street)
			p.sl("PstCd", a.postcode)
			p.sl("TwnNm", a.town)
			p.sl("Ctry", a.country)
		})
	}
	switch {
	case t.id == "":
	case t.idKind == citizen:
		p.s("PrvtId", func() { p.sl("SclSctyNb", t.id) })
	case t.idKind == seNumber:
		p.s("OrgId", func() { p.sl("TaxIdNb", t.id) })
	case t.idKind == unit:
		p.s("OrgId", func() { p.proprietary(t.id, "PNR") })
	default:
		p.s("OrgId", func() { p.proprietary(t.id, "CVR") })
	}
}

func (t *tx) writeAccount(p *pen) {
	if t.accountKind == noAccount {
		return
	}
	p.s("CdtrAcct", func() {
		p.s("Id", func() {
			switch t.accountKind {
			case iban:
				p.sl("IBAN", t.account)
			case giro:
				p.s("Prtry", func() { p.sl("Id", t.account) })
			default:
				p.sl("BBAN", t.account)
			}
		})
	})
	if t.bank == nil {
		return
	}
	p.s("FnlAgt", func() {
		p.s("FinInstnId", func() {
			p.sl("BIC", t.bank.bic)
			if t.bankCode {
				p.s("ClrSysMmbId", func() { p.sl("DEBLZ", t.bank.bankCode) })
			}
			p.sl("Nm", t.bank.name)
			p.s("PstlAdr", func() {
				p.sl("AdrLine", t.bank.address)
				p.sl("Ctry", t.bank.country)
			})
		})
	})
}

func (t *tx) writeRemittance(p *pen) {
	if t.invoice != "" {
		p.s("RmtInf", func() { p.s("Strd", func() { p.sl("DocRefNb", t.invoice) }) })
	}
	for _, text := range t.advice {
		p.s("RmtInf", func() { p.leaf(p.swift, "Ustrd", "", text, p.cdata) })
	}
	if t.codeLine != "" {
		p.s("RmtInf", func() { p.s("Strd", func() { p.sl("CdtrRef", t.codeLine) }) })
	}
}
