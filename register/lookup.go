package register

import "fmt"

// StatusOf is a subquery, to be joined LATERAL, that tells the status of the holder named by the columns holder_kind
// and holder of the row: one row with the column status, or none for a holder that does not exist. Holders carry no
// history. // G-ident
//
// It is written, as AccountOf is, so that nothing but a walk through an index can come of it: its cost grows with the
// questions alone. A planner left free hashes, and reads the whole register for any big batch. Questions are quickest
// in the order of the holders' numbers.
func StatusOf(row string) string {
	return fmt.Sprintf(`(SELECT reg.status FROM nks.holder reg WHERE reg.id = %[1]s.holder AND reg.kind = %[1]s.holder_kind OFFSET 0)`, row)
}

// AccountOf is a subquery, to be joined LATERAL, that tells to which account the holder named by the columns holder_kind
// and holder of the row was to be paid at the instant asOf (an expression): the specific one for the row's authority and
// benefit_type, else the holder's NemKonto, else the NemKonto of the CVR number above an SE or P number. // B5.2 // B9.2 // B14 // B23.2
//
// It gives one row with the columns status (NULL for a holder that does not exist), rule, version and what account_version
// says of an account, all NULL when there is none; and name, street, postcode, town, country of the holder where there
// is no account or one abroad. Two versions in force at once, which must not be, give two rows.
func AccountOf(row, asOf string) string {
	// Names that no row has, since they hide the row's own.
	const holder = `SELECT * FROM nks.holder reg WHERE reg.id = %[1]s.holder AND reg.kind = %[1]s.holder_kind`
	const account = `SELECT * FROM nks.account_version reg WHERE reg.valid_from <= %[1]s AND (reg.valid_to > %[1]s OR reg.valid_to IS NULL)
				AND reg.holder_id = %[2]s AND reg.holder_kind = %[3]s AND `
	of := fmt.Sprintf(account, asOf, row+".holder", row+".holder_kind")
	above := fmt.Sprintf(account, asOf, "reg_holder.parent", "2")
	return `(SELECT reg_holder.status, reg_name.name, reg_name.street, reg_name.postcode, reg_name.town, reg_name.country,
			CASE WHEN reg_specific.id IS NOT NULL THEN 1 WHEN reg_nemkonto.id IS NOT NULL THEN 2 WHEN reg_above.id IS NOT NULL THEN 3 END AS rule,
			reg_account.*
		FROM (VALUES (true)) reg_one
		LEFT JOIN LATERAL (SELECT status, parent FROM (` + fmt.Sprintf(holder, row) + `) reg OFFSET 0) reg_holder ON true
		LEFT JOIN LATERAL (` + of + `reg.authority = ` + row + `.authority AND reg.benefit_type = ` + row + `.benefit_type OFFSET 0) reg_specific ON true
		LEFT JOIN LATERAL (` + of + `reg.authority IS NULL AND reg_specific.id IS NULL OFFSET 0) reg_nemkonto ON true
		LEFT JOIN LATERAL (` + above + `reg.authority IS NULL AND reg_specific.id IS NULL AND reg_nemkonto.id IS NULL OFFSET 0) reg_above ON true
		CROSS JOIN LATERAL (SELECT ` + countingAccount("reg_specific", "reg_nemkonto", "reg_above") + `) reg_account
		LEFT JOIN LATERAL (` + fmt.Sprintf(holder, row) + ` AND reg_account.account_kind IS DISTINCT FROM 1 OFFSET 0) reg_name ON true)`
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
		list += fmt.Sprintf("CASE WHEN %[2]s.id IS NOT NULL THEN %[2]s.%[1]s WHEN %[3]s.id IS NOT NULL THEN %[3]s.%[1]s ELSE %[4]s.%[1]s END AS %[5]s",
			c, specific, nemKonto, parents, as)
	}
	return list
}
