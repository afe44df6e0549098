package register

import (
	"bytes"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/pgcopy"
)

// format is one kind of file: its columns, and the table that its rows are staged in.
type format struct {
	file    string
	columns []string
	absent  int    // how many of the last of them a header may lack: they are then empty
	staged  string // name of the temporary table
	table   string // its columns, without those that tell the line
	parse   func(*row)
}

// row is the record at hand: it checks each column and appends it to the tuple.
type row struct {
	*pgcopy.Rows
	line
	fields [][]byte // in the order of the format's columns
	faults []Fault  // of this row
	direct bool     // straight into the register's own table
	dates  *dates
	// Of a row that goes straight into the register's own table.
	now     time.Time
	counter int64
}

type line struct {
	file    string
	source  int16
	number  int32
	columns []string
}

func (r *row) fail(column int, rule string) {
	r.faults = append(r.faults, Fault{File: r.file, Line: int(r.number), Column: r.columns[column],
		Value: shown(r.fields[column]), Rule: rule})
}

// failID is fail for a column that holds, or may be meant to hold, a CPR number.
func (r *row) failID(column int, rule string) {
	r.fail(column, rule)
	r.faults[len(r.faults)-1].Value = shownID(r.fields[column])
}

// start begins the row; staged rows carry where they come from, others the change that records them.
func (r *row) start() {
	if r.direct {
		r.Instant("recorded_from", r.now)
		r.Int8("counter", r.counter)
		return
	}
	r.Int2("source", r.source)
	r.Int4("line", r.number)
}

// optional appends a text, NULL when it is empty.
func (r *row) optional(column, max int) {
	b := r.fields[column]
	if len(b) == 0 {
		r.Null(r.columns[column])
		return
	}
	if rule := textRule(b, max); rule != "" {
		r.fail(column, rule)
	}
	r.Bytes(r.columns[column], b)
}

// required appends a text that must be there.
func (r *row) required(column, max int) {
	if len(r.fields[column]) == 0 {
		r.fail(column, "is missing")
	}
	r.optional(column, max)
}

// coded appends a text that must be there and satisfy ok.
func (r *row) coded(column int, ok func([]byte) bool, rule string) {
	r.codedAs(r.columns[column], column, ok, rule)
}

// codedAs is coded for a column that the table calls otherwise than the file.
func (r *row) codedAs(name string, column int, ok func([]byte) bool, rule string) {
	if b := r.fields[column]; len(b) == 0 {
		r.fail(column, "is missing")
	} else if !ok(b) {
		r.fail(column, rule)
	}
	r.Bytes(name, r.fields[column])
}

// optionalCoded appends a text that may be missing, and else must satisfy ok.
func (r *row) optionalCoded(column int, ok func([]byte) bool, rule string) {
	if len(r.fields[column]) == 0 {
		r.Null(r.columns[column])
		return
	}
	r.coded(column, ok, rule)
}

// optionalCVR appends a CVR number or NULL.
func (r *row) optionalCVR(column int) {
	b := r.fields[column]
	if len(b) == 0 {
		r.Null(r.columns[column])
		return
	}
	n, ok := number(b, 8)
	if !ok || !gateway.ValidNumber(gateway.CVR, n) {
		r.fail(column, "must be a CVR number: 8 digits, modulus 11")
	}
	r.Int8(r.columns[column], n)
}

// period reads valid_from and valid_to.
func (r *row) period(from, to int) (a, b time.Time, hasFrom, hasTo bool) {
	a, hasFrom = r.day(from)
	b, hasTo = r.day(to)
	if hasFrom && hasTo && b.Before(a) {
		r.fail(to, "lies before valid_from")
	}
	return a, b, hasFrom, hasTo
}

func (r *row) day(column int) (time.Time, bool) {
	b := r.fields[column]
	if len(b) == 0 {
		return time.Time{}, false
	}
	d, ok := parseDate(b)
	if !ok {
		r.fail(column, "must be a date, YYYY-MM-DD")
	}
	return d, ok
}

// formats lists the files in the order of loading: each kind refers only to those before it.
func formats() []format {
	account := []string{"kind", "id", "account", "iban", "foreign_account", "bank_code", "bic", "bank_name", "bank_address",
		"bank_country", "currency", "holder_name", "holder_address", "valid_from", "valid_to"}
	specific := append(account[:len(account):len(account)], "authority", "benefit_type", "locked")
	return []format{
		{"suppliers.csv", []string{"supplier", "name", "ean", "ssh_keys"}, 0, "load_supplier",
			"supplier text, name text, ean text, ssh_keys text", parseSupplier},
		{"authorities.csv", []string{"authority", "name", "cvr", "emigrated", "p_numbers"}, 0, "load_authority",
			"authority text, name text, cvr bigint, emigrated boolean, p_numbers boolean", parseAuthority},
		{"los_units.csv", []string{"authority", "los_unit", "parent", "name"}, 0, "load_los_unit",
			"authority text, los_unit text, parent text, name text", parseUnit},
		{"agreements.csv", []string{"agreement", "authority", "los_unit", "supplier", "bank_centre", "payout_accounts",
			"no_account", "receive_by", "valid_from", "valid_to", "return_account", "with_effect"}, 2, "load_agreement",
			`agreement text, authority text, los_unit text, supplier text, bank_centre text, payout_accounts text,
			no_account text, receive_by time, runs_from date, runs_to date, return_account text, with_effect text`, parseAgreement},
		{"benefit_types.csv", []string{"benefit_type", "authority", "name", "fallback", "salary"}, 1, "load_benefit_type",
			"benefit_type text, authority text, name text, fallback boolean, salary boolean", parseBenefitType},
		{"choices.csv", []string{"authority", "benefit_type", "cause", "choice"}, 0, "load_choice",
			"authority text, benefit_type text, cause text, choice text, hold_days int, otherwise text, error_account text", parseStandingChoice},
		{"setoff_rules.csv", []string{"benefit_type", "authority", "thousandths", "leaves_ore"}, 0, "load_setoff_rule",
			"benefit_type text, authority text, thousandths int, leaves_ore bigint", parseSetOffRule},
		{"bank_directory.csv", []string{"registration_number", "bank", "joined", "bank_centre", "merged_into"}, 0, "load_bank_directory",
			"registration_number text, bank text, joined boolean, bank_centre text, merged_into text", parseBankDirectory},
		{"payout_systems.csv", []string{"payout_system", "supplier", "name"}, 0, "load_payout_system",
			"payout_system text, supplier text, name text", parsePayoutSystem},
		{"payout_connections.csv", []string{"payout_system", "authority", "state", "rights", "responsible"}, 0, "load_payout_connection",
			"payout_system text, authority text, state text, rights text, responsible text", parsePayoutConnection},
		{"private_agreements.csv", []string{"agreement", "supplier", "system", "name", "requesters"}, 0, "load_private_agreement",
			"agreement text, supplier text, system text, name text, requesters text", parsePrivateAgreement},
		{"periods.csv", []string{"kind", "days"}, 0, "load_period", "kind smallint, days int", parsePeriod},
		{"holders.csv", []string{"kind", "id", "parent", "status", "ended_on", "name", "street", "postcode", "town", "country",
			"born_on", "bankrupt_on", "successor", "guardian", "guardianship"}, 5, "load_holder", holderTable, parseHolder},
		{"claims.csv", []string{"kind", "id", "creditor", "claim", "priority", "ore", "account", "benefit_types", "valid_from", "valid_to"}, 0, "load_claim",
			`holder_kind smallint, holder_id bigint, creditor text, claim text, priority int, ore bigint, account text, benefit_types text,
			runs_from date, runs_to date`, parseClaim},
		{"accounts.csv", account, 0, "load_account", accountTable, parseAccount},
		{"specific_accounts.csv", specific, 0, "load_specific_account", accountTable, parseSpecificAccount},
	}
}

func parseSupplier(r *row) {
	r.start()
	r.coded(0, isLogin, "must be 1-35 of A-Z a-z 0-9 . _ -")
	r.required(1, 200)
	r.optionalCoded(2, func(b []byte) bool { return len(b) == 13 && isDigits(b) }, "must be 13 digits")
	r.keys(3)
}

// keys appends authorized_keys lines, joined by line feeds.
func (r *row) keys(column int) {
	const most = 100
	var lines [][]byte
	for _, k := range bytes.Split(r.fields[column], []byte{';'}) {
		if k = bytes.TrimSpace(k); len(k) > 0 {
			lines = append(lines, k)
		}
	}
	if len(lines) > most {
		r.fail(column, "holds more than 100 keys")
	}
	for _, k := range lines[:min(len(lines), most)] {
		if _, _, _, rest, err := ssh.ParseAuthorizedKey(k); err != nil || len(rest) > 0 {
			r.fail(column, "must hold OpenSSH public keys, joined by ;")
			break
		}
	}
	r.Bytes(r.columns[column], sorted(lines, '\n'))
}

// sorted joins parts, each of them once, in an order that does not depend on the file's.
func sorted(parts [][]byte, separator byte) []byte {
	slices.SortFunc(parts, bytes.Compare)
	return bytes.Join(slices.CompactFunc(parts, bytes.Equal), []byte{separator})
}

func parseAuthority(r *row) {
	r.start()
	r.required(0, 35)
	r.required(1, 200)
	r.optionalCVR(2)
	r.yesOrNo(3) // B22.3
	r.yesOrNo(4) // B23.2
}

func parseUnit(r *row) {
	r.start()
	r.required(0, 35)
	r.required(1, 35)
	if len(r.fields[2]) > 0 && bytes.Equal(r.fields[1], r.fields[2]) {
		r.fail(2, "must not be the unit itself")
	}
	r.optional(2, 35)
	r.required(3, 200)
}

func parseAgreement(r *row) {
	const numberColumn, authority, unit, supplier, centre, accounts, choice, receiveBy, from, to, back, effect = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	r.start()
	r.required(numberColumn, 35)
	r.required(authority, 35)
	r.optional(unit, 35)
	r.required(supplier, 35)
	r.required(centre, 35)
	if b := r.fields[accounts]; len(b) == 0 {
		r.fail(accounts, "is missing")
	} else if !areAccounts(b) {
		r.fail(accounts, "must be accounts of 14 digits, separated by one blank")
	}
	r.Bytes("payout_accounts", sorted(bytes.Split(r.fields[accounts], []byte{' '}), ' '))
	r.coded(choice, func(b []byte) bool { return string(b) == "return" || string(b) == "cheque" }, "must be return or cheque")
	r.timeOfDay(receiveBy)
	a, b, hasFrom, hasTo := r.period(from, to)
	r.optionalDate("runs_from", a, hasFrom)
	r.optionalDate("runs_to", b, hasTo)
	r.optionalCoded(back, func(b []byte) bool { return len(b) == 14 && isDigits(b) }, "must be an account of 14 digits")
	r.withEffect(effect)
}

// withEffect appends what is done with an order to an account that has changed; an empty column means that it is told of. // B25.2
func (r *row) withEffect(column int) {
	does := gateway.WithEffect(r.fields[column])
	if does == "" {
		does = gateway.WithEffectTell
	}
	if !does.IsKnown() {
		r.fail(column, "must be tell, hold or recall")
	}
	r.Text(r.columns[column], string(does))
}

func areAccounts(b []byte) bool {
	for _, a := range bytes.Split(b, []byte{' '}) {
		if len(a) != 14 || !isDigits(a) {
			return false
		}
	}
	return true
}

// timeOfDay appends HH:MM; an empty column means 06:00. // G-deadline
func (r *row) timeOfDay(column int) {
	b := r.fields[column]
	if len(b) == 0 {
		r.TimeOfDay(r.columns[column], 6*time.Hour)
		return
	}
	var h, m int64
	ok := len(b) == 5 && b[2] == ':'
	if ok {
		var okH, okM bool
		h, okH = number(b[:2], 2)
		m, okM = number(b[3:], 2)
		ok = okH && okM && h < 24 && m < 60
	}
	if !ok {
		r.fail(column, "must be a time of day, HH:MM")
	}
	r.TimeOfDay(r.columns[column], time.Duration(h)*time.Hour+time.Duration(m)*time.Minute)
}

func (r *row) optionalDate(name string, d time.Time, has bool) {
	if !has {
		r.Null(name)
		return
	}
	r.Day(name, d)
}

func parseBenefitType(r *row) {
	r.start()
	r.required(0, 35)
	r.optional(1, 35)
	r.required(2, 200)
	r.yesOrNo(3) // B25.4
	r.yesOrNo(4) // B1-salary
}

// parsePeriod reads for how long a kind of holder can be paid after death or end. // B18.3
func parsePeriod(r *row) {
	const longest = 5 // digits
	r.start()
	kind := kindByName(r.fields[0])
	if kind == gateway.NoHolder {
		r.fail(0, mustBeKind)
	}
	r.Int2("kind", int16(kind))
	days, ok := number(r.fields[1], len(r.fields[1]))
	if !ok || len(r.fields[1]) < 1 || len(r.fields[1]) > longest || days > 36_500 {
		r.fail(1, "must be a number of days, at most 36500")
	}
	r.Int4("days", int32(days))
}

// yesOrNo appends what must be said either way.
func (r *row) yesOrNo(column int) {
	given := string(r.fields[column])
	if given != "yes" && given != "no" {
		r.fail(column, "must be yes or no")
	}
	r.Bool(r.columns[column], given == "yes")
}

// isVisible reports whether b is visible ASCII without blanks: what every bank can be told.
func isVisible(b []byte) bool {
	for _, c := range b {
		if c < 0x21 || c > 0x7e {
			return false
		}
	}
	return true
}
