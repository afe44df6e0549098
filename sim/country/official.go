package country

// official makes a bundle of every shape that the system's published examples have, with values of this country.
func (p *planner) official() []*bundle {
	plain := style{indent: "\t", newline: "\n", ebms: "ebms", swift: "swift", comments: true}
	list := []*bundle{
		p.officialSlips("official: payment slips 04, 71, 01, 73", "04", "71", "01", "73"),
		p.officialSlips("official: payment slips 15, 75", "15", "75"),
		p.officialComplete("official: complete, domestic and foreign", ""),
		p.officialComplete("official: complete, domestic and foreign, VANS", eanOf("KOMDATA")),
		p.officialIncomplete(),
		p.officialInstructions(),
		p.officialVANS(),
	}
	for _, b := range list {
		b.style = plain
	}
	// Either spelling of the indicator, and the other permitted encoding, with the same shapes.
	list[2].style.digits = true
	list[5].style.latin1 = true
	return list
}

func (p *planner) officialSlips(kind string, types ...string) *bundle {
	a := with("NORDVIG-01")
	b := p.bundle(a, kind, p.clock(0, 4, 30))
	b.grouped = true
	d := p.debit(a, shapeSlips, workday(b.at, 4))
	for _, card := range types {
		d.txs = append(d.txs, p.slip(a, card))
	}
	b.debits = []debit{d}
	return b
}

func (p *planner) officialComplete(kind, ean string) *bundle {
	a := with("NORDVIG-02")
	b := p.bundle(a, kind, p.clock(0, 4, 30))
	p.name(b, ean)
	add := func(shape int, t tx) {
		d := p.debit(a, shape, workday(b.at, 1))
		d.txs = []tx{t}
		b.debits = append(b.debits, d)
	}
	se := p.transfer(a)
	h := p.recipient(seNumber)
	se.idKind, se.id, se.purpose, se.invoice = seNumber, h.id(), "Leverandørudbetaling", ""
	se.advice = []string{"Adviseringstekst i kontoudtog, de første linjer", "Adviseringstekst i kontoudtog, resten"}
	add(shapeTransfers, se)
	cvr := p.transfer(a)
	h = p.recipient(company)
	cvr.idKind, cvr.id, cvr.finalAgent, cvr.firstAgent = company, h.id(), "STRAKS", ""
	cvr.invoice, cvr.advice = "Faktura 2005-117", []string{"Straksadvisering: første linje ----- og så den anden linje --------------"}
	add(shapeTransfers, cvr)
	byIBAN := p.abroad(a, false)
	// Letters that ISO 8859-1 lacks: the gateway has to write them otherwise, and say so.
	byIBAN.name = "Łukasz Dvořák"
	add(shapeAbroad, byIBAN)
	add(shapeAbroad, p.abroad(a, true))
	return b
}

// name gives a bundle a name of its own again, with or without a VANS.
func (p *planner) name(b *bundle, ean string) {
	b.ean = ean
	b.groupID = p.references(b.supplier, b.authority).bundle(ean)
	b.messageID = b.groupID
}

func (p *planner) officialIncomplete() *bundle {
	a := with("AFG-630001")
	b := p.bundle(a, "official: incomplete, CPR, CVR, SE, P", p.clock(0, 4, 30))
	p.name(b, "")
	b.grouped = true
	d := p.debit(a, shapePeople, workday(b.at, 1))
	for _, x := range []struct {
		k       kind
		benefit string
	}{{company, "NKSLEV"}, {citizen, "NKSDPE"}, {seNumber, "NKSOAM"}, {unit, "NKSMOA"}, {citizen, "NKSDPE"}} {
		h := p.find(x.k, func(h holder) bool { return p.payable(h) && h.hasAccount(a.authority, x.benefit) })
		d.txs = append(d.txs, p.payTo(a, h, x.benefit, false))
	}
	d.txs[4].advice = []string{"Lang adviseringstekst til " + d.txs[4].endToEnd}
	b.debits = []debit{d}
	return b
}

// officialInstructions asks for the payments back although the agreement says cheque, and has words for the bank.
func (p *planner) officialInstructions() *bundle {
	a := with("PENS.5200")
	b := p.bundle(a, "official: incomplete, instructions", p.clock(0, 4, 30))
	b.grouped = true
	b.instruction = [2]string{"NOCDTRACCT", "RETUR"}
	d := p.debit(a, shapePeople, workday(b.at, 1))
	for _, h := range []holder{p.recipient(company), p.without(citizen, true)} {
		t := p.payTo(a, h, "NKSDPE", true)
		t.finalAgent, t.firstAgent = "", "Her står en kode, som er aftalt med banken"
		d.txs = append(d.txs, t)
	}
	b.debits = []debit{d}
	return b
}

// officialVANS carries another EAN in its group id than in its message id, as a published example does.
func (p *planner) officialVANS() *bundle {
	a := with("AFG-630002")
	b := p.bundle(a, "official: incomplete, VANS", p.clock(0, 4, 30))
	p.name(b, eanOf(a.supplier))
	b.groupID = eanOf("KOMDATA") + b.groupID[len(b.ean):]
	b.grouped = true
	d := p.debit(a, shapePeople, workday(b.at, 1))
	for _, k := range []kind{company, citizen} {
		t := p.payTo(a, p.recipient(k), "NKSLEV", false)
		t.instrID = t.id
		d.txs = append(d.txs, t)
	}
	b.debits = []debit{d}
	return b
}
