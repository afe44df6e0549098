package main_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"nks/gateway/intake/intaketest"
	"nks/register"
)

// sources are reference data: the rows of each file, the first with its columns.
type sources map[string][]string

func (s sources) sources() []register.Source {
	var all []register.Source
	for file, rows := range s {
		text := strings.Join(rows, "\n") + "\n"
		all = append(all, register.Source{Name: file, Size: int64(len(text)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
	}
	return all
}

// The columns of the files that change.
const (
	authorityColumns = "authority,name,cvr,emigrated,p_numbers"
	benefitColumns   = "benefit_type,authority,name,fallback,salary"
	holderColumns    = "kind,id,parent,status,ended_on,name,street,postcode,town,country"
	accountColumns   = "kind,id,account,iban,foreign_account,bank_code,bic,bank_name,bank_address,bank_country,currency,holder_name,holder_address,valid_from,valid_to"
	specificColumns  = accountColumns + ",authority,benefit_type,locked"
)

// The days about the midnight of the test.
const (
	longAgo   = "2005-08-01"
	lastDay   = "2005-08-10"
	firstDay  = "2005-08-11"
	halfAYear = "2005-02-11" // and what is usable for 180 days after it is not any more from midnight on
)

// land is a small country that is paid often: few holders of every kind, so that a change meets payments.
type land struct {
	holders []landHolder
	firms   []string
	last    map[string]string // account and lock, by purpose: what was loaded last
	serial  int
}

type landHolder struct{ kind, id string }

// purposes are whose accounts for what: a NemKonto, and the specific accounts.
func purposes() []string { return []string{"", ",77,YD1", ",77,YDLOCK", ",78,YD1", ",78,YD78"} }

func newLand(rng *rand.Rand) *land {
	l := &land{last: map[string]string{}}
	for n := range 40 {
		l.holders = append(l.holders, landHolder{"CPR", fmt.Sprintf("%02d0170%04d", 1+n%28, n)})
	}
	number := 20_000_000 + rng.IntN(1_000_000)
	for n := range 14 {
		kind := "SE"
		if number = nextCVR(number); n < 6 {
			kind, l.firms = "CVR", append(l.firms, fmt.Sprint(number))
		}
		l.holders = append(l.holders, landHolder{kind, fmt.Sprint(number)})
	}
	for n := range 8 {
		l.holders = append(l.holders, landHolder{"P", fmt.Sprintf("10034567%02d", n)})
	}
	return l
}

// nextCVR is the next number after n that is one: modulus 11 with the weights 2 7 6 5 4 3 2 1.
func nextCVR(n int) int {
	for {
		n++
		sum := 0
		for i, weight := range []int{1, 2, 3, 4, 5, 6, 7, 2} {
			digit := n
			for range i {
				digit /= 10
			}
			sum += digit % 10 * weight
		}
		if sum%11 == 0 {
			return n
		}
	}
}

// all is the country as it begins: everybody lives, some of them abroad, and most have a NemKonto.
func (l *land) all() sources {
	rng := rand.New(rand.NewPCG(1, 1))
	all := sources{
		"suppliers.csv":     {"supplier,name,ean,ssh_keys", "LEVA,Leverandør A,,", "LEVB,Leverandør B,,"},
		"authorities.csv":   {authorityColumns, "77,Prøvekøbing Kommune,,yes,no", "78,Nabokøbing Kommune,,no,yes"},
		"los_units.csv":     {"authority,los_unit,parent,name", "77,U1,,Kassen"},
		"benefit_types.csv": {benefitColumns, "YD1,,Almen ydelse,yes,no", "YD78,78,Naboens ydelse,yes,no", "YDLOCK,77,Kapitalpension,no,no"},
		"agreements.csv": {"agreement,authority,los_unit,supplier,bank_centre,payout_accounts,no_account,receive_by,valid_from,valid_to",
			"AFT-1,77,U1,LEVA,BEC,30110004567890,return,06:00,,", "AFT-2,77,,LEVA,SDC,53010000123456,cheque,06:00,,", "AFT-78,78,,LEVB,BEC,20010000111111,return,06:00,,"},
		"holders.csv":           {holderColumns},
		"accounts.csv":          {accountColumns},
		"specific_accounts.csv": {specificColumns},
	}
	for n, h := range l.holders {
		status := "alive"
		if h.kind == "CPR" && n%8 == 3 {
			status = "emigrated"
		}
		all["holders.csv"] = append(all["holders.csv"], l.holderRow(rng, h, status, ""))
		if n%5 > 0 {
			all["accounts.csv"] = append(all["accounts.csv"], l.accountRow(h, "", l.fresh(), "", ""))
		}
		if n%3 == 0 {
			all["specific_accounts.csv"] = append(all["specific_accounts.csv"], l.accountRow(h, purposes()[1+n%4], l.fresh(), "", ""))
		}
	}
	return all
}

// someAccounts change, some of them at midnight.
func (l *land) someAccounts(rng *rand.Rand) sources {
	rows := sources{"accounts.csv": {accountColumns}, "specific_accounts.csv": {specificColumns}}
	for range 3 + rng.IntN(12) {
		purpose, file := "", "accounts.csv"
		if rng.IntN(3) == 0 {
			purpose, file = purposes()[1+rng.IntN(4)], "specific_accounts.csv"
		}
		h := l.holders[rng.IntN(len(l.holders))]
		if strings.Contains(strings.Join(rows[file], "\n"), h.kind+","+h.id+",") {
			continue // a purpose changes once in a load
		}
		rows[file] = append(rows[file], l.change(rng, h, purpose)...)
	}
	return rows
}

// change is a change of one purpose, by one row or by two that follow upon each other.
func (l *land) change(rng *rand.Rand, h landHolder, purpose string) []string {
	key := h.kind + h.id + purpose
	was, now := l.last[key], l.fresh()
	if was == "" {
		was = l.fresh()
	}
	if purpose != "" && rng.IntN(3) == 0 {
		now += " locked"
	}
	if rng.IntN(20) == 0 {
		now = "abroad"
	}
	l.last[key] = now
	row := func(account, from, to string) string { return l.accountRow(h, purpose, account, from, to) }
	switch rng.IntN(10) {
	case 0, 1, 2:
		return []string{row(now, "", "")}
	case 3:
		return []string{row(now, firstDay, "")}
	case 4:
		return []string{row(now, "", lastDay)}
	case 5:
		return []string{row(now, firstDay, firstDay)}
	case 6:
		return []string{row(was, "", lastDay), row(now, firstDay, "")}
	case 7:
		l.last[key] = was
		return []string{row(was, "", "")}
	}
	l.last[key] = was
	return []string{row(was, "", longAgo)} // if it is there it ends now
}

// fresh is an account that nobody has.
func (l *land) fresh() string {
	l.serial++
	return fmt.Sprintf("7045%010d", l.serial)
}

func (l *land) accountRow(h landHolder, purpose, account, from, to string) string {
	account, lock, _ := strings.Cut(account, " ")
	columns := account + strings.Repeat(",", 11)
	if account == "abroad" {
		columns = ",CH9300762011623852957,,,AAAACHZZXXX,Musterbank,Zürich,CH,CHF,,,"
	}
	row := h.kind + "," + h.id + "," + columns + from + "," + to + purpose
	switch {
	case purpose == "":
		return row
	case lock != "":
		return row + ",yes"
	}
	return row + ",no"
}

// someHolders die, cease, emigrate, live again or get another company above them; or what is told of payers, benefits and
// periods changes.
func (l *land) someHolders(rng *rand.Rand) sources {
	answer := func(yes int) string {
		if rng.IntN(10) < yes {
			return "yes"
		}
		return "no"
	}
	switch rng.IntN(9) {
	case 0, 1:
		return sources{"authorities.csv": {authorityColumns, "77,Prøvekøbing Kommune,," + answer(5) + "," + answer(5), "78,Nabokøbing Kommune,," + answer(5) + "," + answer(5)}}
	case 2, 3:
		return sources{"benefit_types.csv": {benefitColumns, "YD1,,Almen ydelse," + answer(9) + ",no", "YD78,78,Naboens ydelse," + answer(7) + ",no", "YDLOCK,77,Kapitalpension," + answer(3) + ",no"}}
	case 4:
		days := func() int { return []int{0, 180, 180, 181, 400}[rng.IntN(5)] }
		return sources{"periods.csv": {"kind,days", fmt.Sprintf("CPR,%d", days()), fmt.Sprintf("CVR,%d", days()), fmt.Sprintf("SE,%d", days()), fmt.Sprintf("P,%d", days())}}
	}
	rows, seen := []string{holderColumns}, map[landHolder]bool{}
	for range 1 + rng.IntN(5) {
		h := l.holders[rng.IntN(len(l.holders))]
		if seen[h] {
			continue
		}
		seen[h] = true
		status, ended := "alive", ""
		if rng.IntN(2) == 0 {
			status, ended = "ceased", []string{halfAYear, halfAYear, "2004-01-01", longAgo}[rng.IntN(4)]
		}
		if h.kind == "CPR" && status == "ceased" {
			status = []string{"dead", "emigrated"}[rng.IntN(2)]
		}
		rows = append(rows, l.holderRow(rng, h, status, ended))
	}
	return sources{"holders.csv": rows}
}

func (l *land) holderRow(rng *rand.Rand, h landHolder, status, ended string) string {
	parent := ""
	if firm := l.firms[rng.IntN(len(l.firms))]; h.kind == "P" || h.kind == "SE" && rng.IntN(4) > 0 {
		parent = firm
	}
	return strings.Join([]string{h.kind, h.id, parent, status, ended, "Nogen", "Algade 1", "4600", "Køge", "DK"}, ",")
}

// bundle is one of an authority, whose payments go to anybody.
func (l *land) bundle(rng *rand.Rand, n, payments int) intaketest.Document {
	kinds := [][]string{ // authority, supplier, agreement, debit account, benefits
		{"77", "LEVA", "AFT-1", "30110004567890", "YD1", "YD1", "YDLOCK"},
		{"77", "LEVA", "AFT-2", "53010000123456", "YD1", "YDLOCK"},
		{"78", "LEVB", "AFT-78", "20010000111111", "YD1", "YD78"}}
	k := kinds[rng.IntN(len(kinds))]
	d := intaketest.Document{From: []string{k[1]}, GroupID: fmt.Sprintf("G-%d", n), Authority: k[0],
		Debits: []intaketest.Debit{{On: "2005-08-12", Agreement: k[2], Account: k[3]}}}
	for i := range payments {
		h := l.holders[rng.IntN(len(l.holders))]
		kind := map[string]string{"CPR": "CPR", "CVR": "CVR", "SE": "SE", "P": "PNR"}[h.kind]
		p := intaketest.Incomplete(fmt.Sprintf("Q%05dX%05dQ", n, i), kind, h.id, 1000+10*int64(rng.IntN(1000)))
		p.BenefitType = k[4+rng.IntN(len(k)-4)]
		d.Debits[0].Payments = append(d.Debits[0].Payments, p)
	}
	return d
}
