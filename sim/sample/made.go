package sample

import (
	"encoding/csv"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
)

// supplierRow is the sender as suppliers.csv has it.
type supplierRow struct{ login, ean, key string }

func (s supplierRow) fields() []string {
	if !isDigits(s.ean, 13) {
		s.ean = ""
	}
	return []string{s.login, "Dataleverandør " + s.login, s.ean, s.key}
}

const (
	supplierColumns  = "supplier name ean ssh_keys"
	authorityColumns = "authority name cvr emigrated p_numbers"
	unitColumns      = "authority los_unit parent name"
	agreementColumns = "agreement authority los_unit supplier bank_centre payout_accounts no_account receive_by valid_from valid_to"
	benefitColumns   = "benefit_type authority name fallback salary"
	holderColumns    = "kind id parent status ended_on name street postcode town country"
	accountColumns   = "kind id account iban foreign_account bank_code bic bank_name bank_address bank_country currency " +
		"holder_name holder_address valid_from valid_to"
)

// writeMade makes a country for the document: who is named in it exists, lives and has an account.
func writeMade(dir string, doc *document, sender supplierRow, file string, centres []string) error {
	authority, units, agreements := [][]string{}, [][]string{}, [][]string{}
	if isText(doc.authority, 35) {
		authority = append(authority, []string{doc.authority, "Myndighed " + doc.authority, "", "yes", "yes"})
		units = append(units, []string{doc.authority, doc.authority, "", "Myndighed " + doc.authority})
		agreements = madeAgreements(doc, sender.login, file, centres)
	}
	benefits := [][]string{}
	for _, b := range doc.benefits {
		benefits = append(benefits, []string{b, "", "Ydelse " + b, "yes", "no"})
	}
	holders, accounts := madeHolders(doc)
	return errors.Join(
		writeTable(dir, "suppliers.csv", supplierColumns, [][]string{sender.fields()}),
		writeTable(dir, "authorities.csv", authorityColumns, authority),
		writeTable(dir, "los_units.csv", unitColumns, units),
		writeTable(dir, "agreements.csv", agreementColumns, agreements),
		writeTable(dir, "benefit_types.csv", benefitColumns, benefits),
		writeTable(dir, "holders.csv", holderColumns, holders),
		writeTable(dir, "accounts.csv", accountColumns, accounts),
	)
}

// madeAgreement stands in for agreements whose numbers cannot be held: authority and supplier are known to each other
// by having one, and it is the agreement's number that is to be found wrong.
const madeAgreement = "AFTALE"

func madeAgreements(doc *document, supplier, file string, centres []string) [][]string {
	list := doc.agreements
	if len(list) == 0 {
		list = []agreement{{number: madeAgreement}}
	}
	var rows [][]string
	for _, a := range list {
		accounts := a.accounts
		if len(accounts) == 0 {
			accounts = []string{account("debit", a.number)}
		}
		// By the file too: documents under one agreement then meet banks of different ways.
		centre := centres[throw("centre", file, a.number)%uint64(len(centres))]
		rows = append(rows, []string{a.number, doc.authority, doc.authority, supplier, centre, strings.Join(accounts, " "),
			"return", "06:00", "", ""})
	}
	return rows
}

func madeHolders(doc *document) (holders, accounts [][]string) {
	taken := map[string]bool{}
	for _, h := range doc.holders {
		taken[h.id] = true
	}
	for _, h := range doc.holders {
		parent := ""
		if h.kind == kindSE || h.kind == kindP {
			parent = parentOf(h, taken)
			holders = append(holders, holderRow(holder{kindCVR, parent}, ""))
		}
		holders = append(holders, holderRow(h, parent))
		row := make([]string, len(strings.Fields(accountColumns)))
		row[0], row[1], row[2], row[10] = h.kind, h.id, account(h.kind, h.id), "DKK"
		accounts = append(accounts, row)
	}
	return holders, accounts
}

// parentOf makes up the company to which an SE or P number belongs: a valid CVR number that nobody has.
func parentOf(h holder, taken map[string]bool) string {
	const series = 9_000_000
	for n := throw("parent", h.kind, h.id) % series; ; n = (n + 1) % series {
		seven := fmt.Sprint(1_000_000 + n)
		rest := mod11(seven)
		if rest == 1 {
			continue // the check digit would be ten
		}
		id := seven + string(rune('0'+(11-rest)%11))
		if !taken[id] {
			taken[id] = true
			return id
		}
	}
}

func holderRow(h holder, parent string) []string {
	n := throw("holder", h.kind, h.id)
	pick := func(words []string) string {
		w := words[n%uint64(len(words))]
		n /= uint64(len(words))
		return w
	}
	name := pick(firstNames) + " " + pick(lastNames)
	switch h.kind {
	case kindCVR:
		name = pick(lastNames) + " " + pick(trades) + " ApS"
	case kindSE:
		name = pick(lastNames) + " " + pick(trades) + ", afgift"
	case kindP:
		name = pick(lastNames) + " " + pick(trades) + ", afdeling"
	}
	town := strings.SplitN(pick(towns), " ", 2)
	street := fmt.Sprintf("%s %d", pick(streets), 1+n%200)
	return []string{h.kind, h.id, parent, "alive", "", name, street, town[0], town[1], "DK"}
}

var (
	firstNames = []string{"Anne", "Bent", "Camilla", "Dorthe", "Erik", "Freja", "Gunnar", "Helle", "Ib", "Jørgen", "Åse"}
	lastNames  = []string{"Bakke", "Dalgård", "Engmark", "Fjordsen", "Højbjerg", "Kærholt", "Lyngby", "Møllevang", "Øster", "Strandby"}
	trades     = []string{"Byg", "El", "Handel", "Kontor", "Smedje", "Transport", "VVS"}
	streets    = []string{"Birkevej", "Egealle", "Fyrrestien", "Kirkestræde", "Nørregade", "Skovvænget", "Åvej"}
	towns      = []string{"1999 Eksempelby", "3999 Nordvig", "5999 Sønderlund", "7999 Øster Prøvested", "9899 Skagerhøj"}
)

// account makes up a domestic account.
func account(what ...string) string {
	n := throw(append([]string{"account"}, what...)...)
	return fmt.Sprintf("%04d%010d", 1000+n%8990, 1000+n/8990%8_999_999_000)
}

// throw is the only chance here: the same words give the same number.
func throw(words ...string) uint64 {
	h := fnv.New64a()
	for _, w := range words {
		_, _ = h.Write(append([]byte(w), 0)) // a hash takes everything
	}
	return h.Sum64() >> 1
}

// writeTable writes a file whose columns are given as one string separated by blanks.
func writeTable(dir, name, columns string, rows [][]string) error {
	return writeRecords(dir, name, append([][]string{strings.Fields(columns)}, rows...))
}

func writeRecords(dir, name string, records [][]string) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if err := errors.Join(csv.NewWriter(f).WriteAll(records), f.Close()); err != nil {
		return fmt.Errorf("sample: %s: %w", name, err)
	}
	return nil
}
