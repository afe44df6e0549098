package register

import "fmt"

// known is the condition that a version of the table aliased reg is what the register knows now of the instant asOf.
const known = `reg.recorded_to IS NULL AND reg.valid_from <= %[1]s AND (reg.valid_to > %[1]s OR reg.valid_to IS NULL)`

// usable is whether the accounts of the holder aliased reg may be used at asOf. The period is looked up for the dead and
// ceased alone. // B18.3
const usable = `CASE WHEN reg.status IN (2, 3) THEN coalesce(%[1]s < (reg.ended_on + (SELECT reg.days FROM nks.account_period reg
		WHERE reg.kind = %[2]s AND ` + known + `) + 1)::timestamp AT TIME ZONE 'Europe/Copenhagen', false) ELSE true END`

// StatusOf is a subquery, to be joined LATERAL, that tells of the holder named by the columns holder_kind and holder of
// the row: one row with the columns status and usable (whether its accounts may be used at the instant asOf, an
// expression), or none for a holder that does not exist. // G-ident // B18.3
//
// It is written, as AccountOf is, so that nothing but a walk through an index can come of it: its cost grows with the
// questions alone. A planner left free hashes, and reads the whole register for any big batch. Questions are quickest
// in the order of the holders' numbers.
func StatusOf(row, asOf string) string {
	kind := row + ".holder_kind"
	return fmt.Sprintf(`(SELECT reg.status, `+usable+` AS usable FROM nks.holder_version reg
		WHERE reg.id = %[3]s.holder AND reg.kind = %[2]s AND `+known+` OFFSET 0)`, asOf, kind, row)
}

// AccountOf is a subquery, to be joined LATERAL, that tells to which account the holder named by the columns holder_kind
// and holder of the row is to be paid at the instant asOf (an expression) by the row's authority for its benefit_type. It
// is Choose in SQL, by what the register knows now; a test holds the two against each other.
// B5.2 // B9.2 // B14 // B18.3 // B22.3 // B23.2 // B25.4
//
// It gives one row with the columns status (NULL for a holder that does not exist), reason (why there is no account, as
// Reason has it; 0: there is one), rule, version and what account_version says of an account, all NULL when there is none;
// and name, street, postcode, town, country of the holder where there is no account or one abroad. Two versions in force
// at once of which either would do, which must not be, give two rows.
func AccountOf(row, asOf string) string {
	// Names that no row has, since they hide the row's own.
	account := func(holder, kind string) string {
		return `SELECT * FROM nks.account_version reg WHERE ` + fmt.Sprintf(known, asOf) + ` AND reg.holder_id = ` + holder + ` AND reg.holder_kind = ` + kind
	}
	holder := func(id, kind string) string {
		return fmt.Sprintf(`SELECT reg.status, reg.parent, `+usable+` AS usable FROM nks.holder_version reg WHERE reg.id = %[3]s AND reg.kind = %[2]s AND `+known,
			asOf, kind, id)
	}
	own, kind := row+".holder", row+".holder_kind"
	counts := `(reg_holder.status <> 4 OR ` + word("emigrated", row, asOf) + `)`
	return `(SELECT reg_holder.status, reg_name.name, reg_name.street, reg_name.postcode, reg_name.town, reg_name.country,
			CASE WHEN reg_which.rule = 0 THEN NULL ELSE reg_which.rule END AS rule,
			CASE WHEN reg_which.rule > 0 THEN 0 WHEN reg_holder.status IS NULL THEN 1 WHEN NOT reg_holder.usable THEN 2
				WHEN reg_word.strict THEN 5 WHEN reg_nemkonto.id IS NOT NULL AND NOT reg_nemkonto.counts THEN 4 ELSE 3 END AS reason,
			reg_account.*
		FROM (SELECT ` + strict(row, asOf) + ` AS strict OFFSET 0) reg_word
		LEFT JOIN LATERAL (` + holder(own, kind) + ` OFFSET 0) reg_holder ON true
		LEFT JOIN LATERAL (` + account(own, kind) + ` AND reg.authority = ` + row + `.authority AND reg.benefit_type = ` + row + `.benefit_type
			AND reg_holder.usable AND (reg.locked OR NOT reg_word.strict) OFFSET 0) reg_specific ON true
		LEFT JOIN LATERAL (SELECT reg_own.*, ` + counts + ` AS counts FROM (` + account(own, kind) + `
			AND reg.authority IS NULL) reg_own
			WHERE reg_holder.usable AND reg_specific.id IS NULL AND NOT reg_word.strict AND (` + kind + ` <> 4 OR ` + word("p_numbers", row, asOf) + `)
			LIMIT CASE WHEN ` + counts + ` THEN NULL ELSE 1 END) reg_nemkonto ON true
		LEFT JOIN LATERAL (SELECT reg_one.* FROM (` + holder("reg_holder.parent", "2") + ` OFFSET 0) reg_company
			CROSS JOIN LATERAL (` + account("reg_holder.parent", "2") + ` AND reg.authority IS NULL OFFSET 0) reg_one
			WHERE reg_company.usable AND reg_holder.usable AND reg_specific.id IS NULL AND reg_nemkonto.id IS NULL AND NOT reg_word.strict
			OFFSET 0) reg_above ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN reg_specific.id IS NOT NULL THEN 1 WHEN reg_nemkonto.counts THEN 2
			WHEN reg_above.id IS NOT NULL THEN 3 ELSE 0 END AS rule OFFSET 0) reg_which
		CROSS JOIN LATERAL (SELECT ` + countingAccount("reg_specific", "reg_nemkonto", "reg_above") + `) reg_account
		LEFT JOIN LATERAL (SELECT reg.name, reg.street, reg.postcode, reg.town, reg.country FROM nks.holder_version reg
			WHERE reg.id = ` + own + ` AND reg.kind = ` + kind + ` AND ` + fmt.Sprintf(known, asOf) + `
			AND reg_account.account_kind IS DISTINCT FROM 1 OFFSET 0) reg_name ON true)`
}

// countingAccount takes each column from the account that counts: all from the same one, also where it holds NULL.
func countingAccount(specific, nemKonto, parents string) string {
	list := ""
	for i, c := range []string{"id", "account_kind", "account", "bic", "bank_code", "currency", "bank_name", "bank_address", "bank_country",
		"holder_name", "holder_address"} {
		as := c
		if c == "id" {
			as = "version"
		}
		if i > 0 {
			list += ", "
		}
		list += fmt.Sprintf("CASE reg_which.rule WHEN 1 THEN %[2]s.%[1]s WHEN 2 THEN %[3]s.%[1]s WHEN 3 THEN %[4]s.%[1]s END AS %[5]s",
			c, specific, nemKonto, parents, as)
	}
	return list
}

// word is whether the row's authority has said a word. The few that have are read once for all rows.
func word(column, row, asOf string) string {
	return `coalesce(` + row + `.authority IN (SELECT reg.authority FROM nks.authority_word reg WHERE reg.` + column + ` AND ` + fmt.Sprintf(known, asOf) + `), false)`
}

// strict is whether the row's benefit goes to a locked specific account and nowhere else. An authority's own benefit
// type counts before a general one of that code. The few that there are, are read once for all rows. // B25.4
func strict(row, asOf string) string {
	pair := row + `.authority, ` + row + `.benefit_type`
	of := func(asked, columns, where string) string {
		return `coalesce((` + asked + `) IN (SELECT ` + columns + ` FROM nks.benefit_fallback reg WHERE ` + where + ` AND ` + fmt.Sprintf(known, asOf) + `), false)`
	}
	const columns = "reg.authority, reg.benefit_type"
	return of(pair, columns, "reg.authority IS NOT NULL AND NOT reg.fallback") + ` OR ` +
		of(row+`.benefit_type`, "reg.benefit_type", "reg.authority IS NULL AND NOT reg.fallback") + ` AND NOT ` +
		of(pair, columns, "reg.authority IS NOT NULL")
}
