package register

import (
	"bytes"
	"time"

	"nks/gateway"
	"nks/pgcopy"
)

// dates turns days into the instants on which they begin in Copenhagen; files repeat the same few days.
type dates struct {
	copenhagen *time.Location
	known      map[time.Time]int64
}

// begin is the first instant of the day n days after a midnight UTC's date, in PostgreSQL's microseconds.
func (d *dates) begin(midnight time.Time, n int) int64 {
	const enough = 100_000
	midnight = midnight.AddDate(0, 0, n)
	at, ok := d.known[midnight]
	if !ok {
		y, m, day := midnight.Date()
		at = pgcopy.Micros(time.Date(y, m, day, 0, 0, 0, 0, d.copenhagen))
		if len(d.known) < enough {
			d.known[midnight] = at
		}
	}
	return at
}

func kindByName(b []byte) gateway.HolderKind {
	switch string(b) {
	case "CPR":
		return gateway.CPR
	case "CVR":
		return gateway.CVR
	case "SE":
		return gateway.SE
	case "P":
		return gateway.PNR
	}
	return 0
}

func statusByName(b []byte) gateway.HolderStatus {
	switch string(b) {
	case "alive":
		return gateway.Alive
	case "dead":
		return gateway.Dead
	case "ceased":
		return gateway.Ceased
	case "emigrated":
		return gateway.Emigrated
	}
	return 0
}

const mustBeKind = "must be CPR, CVR, SE or P"

// holder reads kind and id, which stand first in every file that names a holder.
func (r *row) holder() (gateway.HolderKind, int64) {
	kind := kindByName(r.fields[0])
	var id int64
	var ok bool
	switch kind {
	case gateway.CPR:
		if id, ok = number(r.fields[1], 10); !ok || !gateway.ValidNumber(kind, id) {
			r.failID(1, "must be a CPR number: 10 digits that begin with a date of birth; replacement numbers are refused")
		}
	case gateway.CVR, gateway.SE:
		if id, ok = number(r.fields[1], 8); !ok || !gateway.ValidNumber(kind, id) {
			r.fail(1, "must be 8 digits, modulus 11")
		}
	case gateway.PNR:
		if id, ok = number(r.fields[1], 10); !ok {
			r.failID(1, "must be 10 digits")
		}
	default:
		r.fail(0, mustBeKind)
	}
	return kind, id
}

const holderTable = `kind smallint, id bigint, parent bigint, status smallint, ended_on date, name text, street text, postcode text,
	town text, country text, born_on date, bankrupt_on date, successor bigint, guardian bigint, guardianship smallint`

// holderFacts are what a version of a holder says, in the order of holderTable.
const holderFacts = "parent, status, ended_on, name, street, postcode, town, country, born_on, bankrupt_on, successor, guardian, guardianship"

func parseHolder(r *row) {
	kind, id := r.holder()
	r.start()
	if r.direct {
		r.Int8("valid_from", pgcopy.BeforeAll)
	}
	r.Int2("kind", int16(kind))
	r.Int8("id", id)
	parent := r.fields[2]
	switch {
	case len(parent) > 0 && (kind == gateway.CPR || kind == gateway.CVR):
		r.fail(2, "is for SE and P numbers only")
	case len(parent) == 0 && kind == gateway.PNR:
		r.fail(2, "is missing: a P number stands under a CVR number")
	}
	r.optionalCVR(2)
	status := statusByName(r.fields[3])
	switch {
	case status == 0:
		r.fail(3, "must be alive, dead, ceased or emigrated")
	case kind == gateway.CPR && status == gateway.Ceased, kind != gateway.CPR && (status == gateway.Dead || status == gateway.Emigrated):
		r.fail(3, "does not fit the kind: citizens die and emigrate, companies cease")
	}
	r.Int2("status", int16(status))
	r.endedOn(4, status)
	r.optional(5, 200)
	r.optional(6, 200)
	r.optional(7, 20)
	r.optional(8, 100)
	r.country(9)
	r.standing(kind, id)
}

// standing appends what is known of a holder beside its name: birth, bankruptcy, the number in its place, who acts for it. // B22.2 // B38
func (r *row) standing(kind gateway.HolderKind, id int64) {
	const born, bankrupt, successor, guardian, guardianship = 10, 11, 12, 13, 14
	day, has := r.day(born)
	if has && kind == gateway.CPR && gateway.DateOf(day) != gateway.BirthDate(id) || has && kind != gateway.CPR {
		r.fail(born, "must be the date of birth that the CPR number says, and of citizens only")
	}
	r.optionalDate("born_on", day, has)
	day, has = r.day(bankrupt)
	if has && kind == gateway.CPR {
		r.fail(bankrupt, "is for companies only")
	}
	r.optionalDate("bankrupt_on", day, has)
	r.other(successor, kind, "must be a number of the same kind")
	if r.other(guardian, gateway.CPR, "must be a CPR number"); len(r.fields[guardian]) > 0 && kind != gateway.CPR {
		r.fail(guardian, "is for citizens only")
	}
	word := string(r.fields[guardianship])
	switch own := r.fields[1]; {
	case (len(r.fields[guardian]) > 0) != (word != "" && word != "none"):
		r.fail(guardianship, "goes with guardian")
	case len(r.fields[guardian]) > 0 && bytes.Equal(r.fields[guardian], own):
		r.failID(guardian, "must be another person")
	case len(r.fields[successor]) > 0 && bytes.Equal(r.fields[successor], own):
		r.failID(successor, "must be another number")
	}
	r.guardianship(guardianship, kind)
}

// other appends another holder's number, or NULL.
func (r *row) other(column int, kind gateway.HolderKind, rule string) {
	b := r.fields[column]
	if len(b) == 0 {
		r.Null(r.columns[column])
		return
	}
	n, ok := number(b, kind.Digits())
	if !ok || !gateway.ValidNumber(kind, n) {
		r.failID(column, rule)
	}
	r.Int8(r.columns[column], n)
}

func (r *row) guardianship(column int, kind gateway.HolderKind) {
	word := gateway.ParseGuardianship(string(r.fields[column]))
	switch {
	case len(r.fields[column]) == 0 || string(r.fields[column]) == "none":
		r.Null("guardianship")
		return
	case word == 0:
		r.fail(column, "must be none, guardianship or custody")
	case kind != gateway.CPR:
		r.fail(column, "is for citizens only")
	}
	r.Int2("guardianship", int16(word))
}

// endedOn appends the day of death, end or emigration: of the dead and ceased it says how long they can be paid. // B18.3
func (r *row) endedOn(column int, status gateway.HolderStatus) {
	day, has := r.day(column)
	switch {
	case status == gateway.Alive && has:
		r.fail(column, "is for the dead, ceased and emigrated only")
	case (status == gateway.Dead || status == gateway.Ceased) && !has:
		r.fail(column, "is missing: it says how long accounts stay usable")
	}
	r.optionalDate(r.columns[column], day, has)
}

func (r *row) country(column int) {
	r.optionalCoded(column, func(b []byte) bool { return len(b) == 2 && isUpper(b) }, "must be two letters, A-Z (ISO 3166)")
}

const accountTable = `holder_kind smallint, holder_id bigint, authority text, benefit_type text, locked boolean,
	account_kind smallint, account text, bank_code text, bic text, bank_name text, bank_address text, bank_country text,
	currency text, holder_name text, holder_address text, valid_from timestamptz, valid_to timestamptz`

func parseAccount(r *row) {
	kind, id := r.holder()
	r.start()
	r.Int2("holder_kind", int16(kind))
	r.Int8("holder_id", id)
	r.Null("authority")
	r.Null("benefit_type")
	r.Bool("locked", false)
	r.account()
}

func parseSpecificAccount(r *row) {
	kind, id := r.holder()
	r.start()
	r.Int2("holder_kind", int16(kind))
	r.Int8("holder_id", id)
	r.required(15, 35)
	r.required(16, 35)
	r.yesOrNo(17)
	r.account()
}

// account appends where the money goes and when.
func (r *row) account() {
	const domestic, iban, foreign, bankCode, bic = 2, 3, 4, 5, 6
	given := 0
	var kind gateway.AccountKind
	var which int
	for i, column := range []int{domestic, iban, foreign} {
		if len(r.fields[column]) > 0 {
			given++
			kind, which = gateway.AccountKind(i+1), column
		}
	}
	if given != 1 {
		r.fail(domestic, "needs exactly one of account, iban and foreign_account")
		kind, which = 0, domestic
	}
	r.Int2("account_kind", int16(kind))
	switch kind {
	case gateway.DomesticBBAN:
		r.codedAs("account", which, func(b []byte) bool { return len(b) == 14 && isDigits(b) }, "must be 14 digits: registration number and account")
	case gateway.IBANAccount:
		r.codedAs("account", which, gateway.ValidIBAN[[]byte], "must be an IBAN with right check digits, without blanks")
	case gateway.ForeignAccount:
		r.codedAs("account", which, func(b []byte) bool { return len(b) <= 35 && isVisible(b) }, "must be at most 35 visible ASCII characters, without blanks")
		if len(r.fields[bankCode]) == 0 && len(r.fields[bic]) == 0 {
			r.fail(foreign, "needs bic or bank_code")
		}
	default:
		r.Null("account")
	}
	r.optionalCoded(bankCode, func(b []byte) bool { return len(b) <= 17 && isVisible(b) }, "must be at most 17 visible ASCII characters, without blanks")
	r.optionalCoded(bic, gateway.ValidBIC[[]byte], "must be a BIC: 8 or 11 characters, A-Z and 0-9")
	r.optional(7, 140)
	r.optional(8, 140)
	r.country(9)
	r.optionalCoded(10, func(b []byte) bool { return len(b) == 3 && isUpper(b) }, "must be three letters, A-Z (ISO 4217)")
	r.optional(11, 140)
	r.optional(12, 140)
	r.validity(13, 14)
}

// validity appends the instants at which a version begins and ends. // G-timed
func (r *row) validity(from, to int) {
	a, b, hasFrom, hasTo := r.period(from, to)
	switch {
	case hasFrom:
		r.Int8("valid_from", r.dates.begin(a, 0))
	case r.direct:
		r.Int8("valid_from", pgcopy.BeforeAll)
	default:
		r.Null("valid_from")
	}
	if !hasTo {
		r.Null("valid_to")
		return
	}
	r.Int8("valid_to", r.dates.begin(b, 1))
}
