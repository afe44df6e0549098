package country

import (
	"fmt"
	"strings"
)

// amount draws an amount in three implied decimals: mostly some thousand kroner, now and then one øre or a fortune.
func (p *planner) amount() int64 {
	oere := int64(0)
	switch p.rng.IntN(50) {
	case 0:
		oere = 1 + p.rng.Int64N(100)
	case 1:
		oere = 10_000_000 + p.rng.Int64N(900_000_000)
	default:
		oere = 10_000 + p.rng.Int64N(2_000_000)
	}
	return oere * 10
}

// payTo is an incomplete payment: the gateway finds the account.
func (p *planner) payTo(a agreement, h holder, benefit string, toReturn bool) tx {
	t := tx{
		endToEnd: p.references(a.supplier, a.authority).payment(), amount: p.amount(),
		idKind: h.k, id: h.id(), incomplete: true, benefit: benefit, fate: h.fateOf(a, benefit, toReturn),
	}
	p.decorate(&t)
	return t
}

// decorate adds what may stand in any payment.
func (p *planner) decorate(t *tx) {
	if p.rng.IntN(2) == 0 {
		t.purpose = pick(purposes(), p.rng.Uint64())
	}
	if p.rng.IntN(10) == 0 {
		t.instrID = fmt.Sprintf("%010d", p.rng.Int64N(1e10))
	}
	switch p.rng.IntN(12) {
	case 0:
		t.finalAgent = "STRAKS"
	case 1:
		t.firstAgent = "Aftalt kode " + string(rune('A'+p.rng.IntN(26))) + " med banken"
	}
	if p.rng.IntN(4) == 0 {
		t.advice = p.advice()
	}
}

func purposes() []string {
	return []string{"Løn august", "Boligstøtte", "Pension", "Ovsk. skat 2004", "Dagpenge uge 31-32", "Leverandørudbetaling", "Børn & unge", "Rejse/kørsel"}
}

// advice writes up to two texts of at most four lines of 35 characters.
func (p *planner) advice() []string {
	texts := []string{
		"Udbetaling for august 2005. Spørgsmål rettes til Ydelseskontoret, tlf. 70 10 20 30.",
		"Deres ref.: Åse Ærø; vor ref.: 2005/08 + tillæg: 'særlig' ydelse?",
		"Beløbet er beregnet efter § 14, stk. 2 <ny sats> & reguleret.",
		strings.Repeat("0123456789ÆØÅæøå+':?abcdefghijklmno", 4),
	}
	first := pick(texts, p.rng.Uint64())
	if p.rng.IntN(3) > 0 {
		return []string{first}
	}
	return []string{first, pick(texts, p.rng.Uint64())}
}

// transfer is a complete payment to a domestic account, with or without a recipient number.
func (p *planner) transfer(a agreement) tx {
	t := tx{
		endToEnd: p.references(a.supplier, a.authority).payment(), amount: p.amount(), benefit: "NKSLEV",
		accountKind: bban, account: string(appendAccount(nil, p.rng.Uint64())),
	}
	switch p.rng.IntN(3) {
	case 0:
		h := p.recipient(company)
		t.idKind, t.id = company, h.id()
	case 1:
		h := p.recipient(seNumber)
		t.idKind, t.id, t.name, t.address = seNumber, h.id(), h.name(), h.address()
	}
	if p.rng.IntN(3) == 0 {
		t.invoice = fmt.Sprintf("Faktura %d", p.rng.IntN(1_000_000))
	}
	p.decorate(&t)
	return t
}

// slip is a payment slip of a card type: those with an identification, and those with a text instead.
func (p *planner) slip(a agreement, card string) tx {
	t := tx{
		endToEnd: p.references(a.supplier, a.authority).payment(), amount: p.amount(), benefit: "NKSLEV",
		accountKind: giro, account: fmt.Sprintf("%d", 1_000_000+p.rng.IntN(8_999_999)),
	}
	id := 0
	switch card {
	case "71":
		id = 15
	case "04", "15", "75":
		id = 16
	default:
		t.advice = p.advice()
	}
	if card == "71" || card == "73" || card == "75" {
		t.account = fmt.Sprintf("8%07d", p.rng.IntN(10_000_000))
	}
	t.codeLine = card + "+"
	if id > 0 {
		t.codeLine += luhn(fmt.Sprintf("%0*d", id-1, p.rng.Int64N(1e14)))
	}
	if card != "15" && card != "75" {
		h := p.recipient(company)
		t.idKind, t.id = company, h.id()
	}
	return t
}

func cards() []string { return []string{"71", "04", "01", "73", "15", "75"} }

// abroad is a complete payment to an account in another country, the amount given in kroner.
func (p *planner) abroad(a agreement, byBankCode bool) tx {
	bank := &p.banks[p.rng.IntN(len(p.banks))]
	t := tx{
		endToEnd: p.references(a.supplier, a.authority).payment(), amount: p.amount(), benefit: "NKSLEV",
		transferIn: bank.currency, bank: bank, bankCode: byBankCode, charge: "BEN",
		name:    pick(p.words.first, p.rng.Uint64()) + " " + pick(p.words.last, p.rng.Uint64()),
		address: address{"Hauptstrasse " + fmt.Sprint(1+p.rng.IntN(90)), fmt.Sprint(10_000 + p.rng.IntN(80_000)), "Fremmedby", bank.country},
	}
	if byBankCode {
		t.accountKind, t.account = bban, fmt.Sprintf("%d", 1_000_000_000+p.rng.Int64N(8_999_999_999))
		h := p.recipient(citizen)
		t.idKind, t.id = citizen, h.id()
	} else {
		t.accountKind, t.account = iban, string(bank.appendIBAN(nil, p.rng.Uint64()))
	}
	return t
}
