package country

import (
	"bytes"
	"time"
)

// specials lists everything that ordinary bundles do not show, the official shapes and the wrong ones. What comes first
// is kept when a plan is too small for all.
func (p *planner) specials() []func() []*bundle {
	return []func() []*bundle{
		p.noAccount, p.wrongRecipients, p.wrongAgreements, p.wrongAmounts, p.unreadable, p.refused, p.duplicates,
		p.official, p.dates, p.encodings, p.byTheirWord,
	}
}

// single is a bundle of the given payments, one debit each.
func (p *planner) single(a agreement, kind string, at time.Time, txs ...tx) *bundle {
	b := p.bundle(a, kind, at)
	for _, t := range txs {
		d := p.debit(a, shapePeople, workday(at, 1))
		if t.bank != nil {
			d.local = "UBB"
		}
		d.txs = []tx{t}
		b.debits = append(b.debits, d)
	}
	return b
}

// grouping puts all payments under the first debit.
func grouping(b *bundle) *bundle {
	for _, d := range b.debits[1:] {
		b.debits[0].txs = append(b.debits[0].txs, d.txs...)
	}
	b.debits, b.grouped = b.debits[:1], true
	return b
}

func (p *planner) good(a agreement) tx {
	h := p.find(citizen, func(h holder) bool { return p.payable(h) && h.hasAccount(a.authority, "NKSDPE") })
	return p.payTo(a, h, "NKSDPE", false)
}

func (p *planner) noAccount() []*bundle {
	back, cheque := with("NORDVIG-01"), with("PENS.5200")
	at := p.clock(0, 4, 42)
	return []*bundle{
		grouping(p.single(back, "no account: return", at, p.payTo(back, p.without(citizen, true), "NKSDPE", false))),
		p.single(cheque, "no account: cheque with and without address", at,
			p.payTo(cheque, p.without(citizen, true), "NKSDPE", false),
			p.payTo(cheque, p.without(citizen, false), "NKSDPE", false),
			p.good(cheque)),
	}
}

// byTheirWord is who is paid by some authorities and not by others, and who is still paid. A small country has not all of
// them.
func (p *planner) byTheirWord() []*bundle {
	type recipient struct {
		k       kind
		suits   func(holder) bool
		benefit string
	}
	of := func(a agreement, kind string, all ...recipient) *bundle {
		txs := []tx{p.good(a)}
		for _, r := range all {
			if h, found := p.seek(r.k, r.suits); found {
				txs = append(txs, p.payTo(a, h, r.benefit, false))
			}
		}
		return p.single(a, kind, p.clock(0, 4, 42), txs...)
	}
	says, silent := with("AFG-630001"), with("NORDVIG-01")
	emigrant, lone := recipient{citizen, isEmigrant, "NKSDPE"}, recipient{unit, p.isLoneUnit, "NKSMOA"}
	return []*bundle{
		of(says, "emigrated and a P number, by the authority's word", emigrant, lone),
		of(silent, "emigrated and a P number, without a word", emigrant, lone),
		of(silent, "dead and ceased a while ago", recipient{citizen, p.isLately, "NKSDPE"}, recipient{company, p.isLately, "NKSLEV"}),
		of(with("PENS.5200"), "a benefit for locked accounts", recipient{citizen, p.isProtected, strictBenefit}, recipient{citizen, p.isUnprotected, strictBenefit}),
	}
}

func (p *planner) wrongRecipients() []*bundle {
	a := with("AFG-630001")
	at := p.clock(0, 4, 42)
	wrong := func(id string, k kind) tx {
		t := p.good(a)
		t.idKind, t.id, t.fate = k, id, rejected
		return t
	}
	unknownBenefit := p.good(a)
	unknownBenefit.benefit, unknownBenefit.fate = "NKSXXX", rejected
	badAccount := p.transfer(a)
	badAccount.account, badAccount.fate = "3001ABC0006677", rejected
	badIBAN := p.abroad(a, false)
	badIBAN.account, badIBAN.fate = badIBAN.account[:2]+wrongCheck(badIBAN.account[2:4])+badIBAN.account[4:], rejected
	return []*bundle{
		p.single(a, "unknown and dead recipients", at, wrong(p.unknownHolder(citizen), citizen), wrong(p.gone(citizen), citizen), p.good(a)),
		p.single(a, "unknown and ceased companies", at, wrong(p.unknownHolder(company), company), wrong(p.gone(company), company),
			wrong(p.unknownHolder(seNumber), seNumber), wrong(p.unknownHolder(unit), unit)),
		p.single(a, "unknown benefit, wrong accounts", at, unknownBenefit, badAccount, badIBAN, p.good(a)),
		grouping(p.single(a, "nothing but unknown recipients", at, wrong(p.unknownHolder(citizen), citizen))),
	}
}

// wrongCheck turns two check digits into others.
func wrongCheck(digits string) string {
	return string([]byte{digits[0], '0' + (digits[1]-'0'+3)%10})
}

func (p *planner) wrongAgreements() []*bundle {
	mine, at := with("NORDVIG-01"), p.clock(0, 5, 5)
	// The first payment stands under an agreement number that its authority cannot use.
	under := func(number, kind string, more ...tx) *bundle {
		t := p.good(mine)
		t.fate = rejected
		b := p.single(mine, kind, at, append([]tx{t}, more...)...)
		b.debits[0].agreement = number
		return b
	}
	return []*bundle{
		under("PENS.5200", "another authority's agreement", p.good(mine)),
		under("NORDVIG-00", "expired agreement"),
		grouping(under("NORDVIG-99", "unknown agreement")),
	}
}

func (p *planner) wrongAmounts() []*bundle {
	a, at := with("STUD7400"), p.clock(0, 5, 31)
	of := func(amount int64, currency string) tx {
		t := p.good(a)
		t.amount, t.currency, t.fate = amount, currency, rejected
		return t
	}
	return []*bundle{
		p.single(a, "impossible amounts", at, of(0, ""), of(123_455, ""), of(mostAmount+10, ""), of(500_000, "EUR"), p.good(a)),
		p.single(a, "negative amount", at, of(-250_000, ""), p.good(a)),
	}
}

func (p *planner) unreadable() []*bundle {
	a, at := with("004102"), p.clock(0, 5, 31)
	cut := p.single(a, "bad XML: cut off", at, p.good(a))
	cut.spoil = func(b []byte) []byte { return b[:len(b)*2/3] }
	schema := p.single(a, "bad XML: empty Authstn", at, p.good(a))
	schema.spoil = func(b []byte) []byte { return bytes.Replace(b, []byte("Authstn>1<"), []byte("Authstn><"), 1) }
	garbage := p.single(a, "bad XML: not XML", at)
	garbage.messageID, garbage.groupID = "", ""
	garbage.spoil = func([]byte) []byte { return []byte("UNA:+.? '\r\nThis is no payment document\x00\x01") }
	list := []*bundle{cut, schema, garbage}
	for _, b := range list {
		b.receipt = receiptUnreadable
	}
	return list
}

func (p *planner) refused() []*bundle {
	a, at := with("OE-8101"), p.clock(0, 5, 5)
	one := func(kind string) *bundle {
		b := p.single(a, kind, at, p.good(a))
		b.receipt = receiptRejected
		return b
	}
	sum := one("wrong control sum")
	sum.sumOff = 10
	// The same payment comes again, put right, and is welcome: a refused bundle has used up nothing.
	right := *sum
	right.kind, right.sumOff, right.at, right.receipt = "corrected control sum", 0, p.clock(0, 5, 31), receiptAccepted
	count := one("wrong count")
	count.countOff = 1
	flag := p.single(a, "grouping flag against two debits", at, p.good(a), p.good(a))
	flag.grouping, flag.receipt = "true", receiptRejected
	old := one("execution date older than five days")
	old.debits[0].execution = p.day(-7)
	instruction := one("unknown instruction")
	instruction.instruction = [2]string{"NOCDTRACCT", "SPAREBOG"}
	pair := one("authority of another supplier")
	pair.authority = "5200"
	sender := one("unknown supplier")
	sender.from = "UKENDT"
	return []*bundle{sum, &right, count, flag, old, instruction, pair, sender}
}

func (p *planner) duplicates() []*bundle {
	a, early, late := with("PENS.5201"), p.clock(0, 4, 30), p.clock(0, 5, 45)
	twice := p.single(a, "sent again under another name", early, p.good(a))
	twice.again = []again{{"duplicate bundle: another name, same bytes", late, true, receiptRejected}}
	same := p.single(a, "sent again under the same name", early, p.good(a))
	same.again = []again{{"same name, same bytes", late, false, receiptNone}}
	first := p.good(a)
	second := p.good(a)
	second.endToEnd, second.fate = first.endToEnd, rejected
	inner, innerTwin := p.good(a), p.good(a)
	innerTwin.endToEnd, innerTwin.fate = inner.endToEnd, rejected
	small, capital := p.good(a), p.good(a)
	small.endToEnd, capital.endToEnd = "sag-"+a.authority+"-x", "SAG-"+a.authority+"-X"
	// The id is unique within authority and supplier; another authority of the same supplier may use it too.
	k1, k2 := with("NORDVIG-02"), with("004102")
	shared1, shared2 := p.good(k1), p.good(k2)
	shared1.endToEnd, shared2.endToEnd = "FÆLLES NR. 1", "FÆLLES NR. 1"
	return []*bundle{
		twice, same,
		p.single(a, "payment id used for the first time", early, first),
		p.single(a, "duplicate payment", late, second, p.good(a)),
		grouping(p.single(a, "duplicate payment within the bundle", late, inner, innerTwin)),
		p.single(a, "payment ids that differ in case", early, small, capital),
		p.single(k1, "payment id shared by two authorities", early, shared1),
		p.single(k2, "payment id shared by two authorities", early, shared2),
	}
}

func (p *planner) dates() []*bundle {
	a := with("AFG-630002")
	on := func(kind string, at, execution time.Time) *bundle {
		b := p.single(a, kind, at, p.good(a))
		b.debits[0].execution = execution
		return b
	}
	far := grouping(on("more than a year ahead", p.clock(0, 5, 5), p.day(400)))
	far.debits[0].txs[0].fate = rejected
	return []*bundle{
		far,
		on("execution date some days past", p.clock(0, 5, 5), p.day(-3)),
		on("over the weekend", p.clock(1, 5, 50), workday(p.clock(1, 5, 50), 1)),
		on("after Friday's cut-off", p.clock(1, 14, 10), workday(p.clock(1, 14, 10), 1)),
		on("sent on Saturday, execution on Sunday", p.clock(2, 10, 30), p.day(3)),
		on("a week ahead", p.clock(0, 5, 5), workday(p.clock(0, 5, 5), 5)),
	}
}

func (p *planner) encodings() []*bundle {
	a := with("NORDVIG-02")
	b := p.single(a, "ISO 8859-1", p.clock(0, 4, 42), p.transfer(a), p.good(a))
	b.style = style{indent: "  ", newline: "\n", ebms: "ebms", swift: "swift", latin1: true, comments: true}
	b.debits[0].txs[0].advice = []string{"Rødgrød med fløde på Ærø – 100 €"}
	return []*bundle{b}
}
