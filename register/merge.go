package register

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"nks/pgscript"
)

// check is a rule that single rows cannot break: its query yields source and line of those that do.
type check struct {
	column, rule string
	query        string
}

// checks are in the order of telling. The query of each runs with the limit of faults still to be told.
func checks(staged string) []check {
	switch staged {
	case "load_supplier":
		return []check{duplicate(staged, "supplier", "supplier")}
	case "load_authority":
		return []check{duplicate(staged, "authority", "authority")}
	case "load_los_unit":
		return []check{
			duplicate(staged, "los_unit", "authority, los_unit"),
			missing(staged, "authority", "nks.authority o", "o.authority = l.authority"),
			{"parent", "is no LOS unit of that authority", `SELECT l.source, l.line FROM load_los_unit l WHERE l.parent IS NOT NULL
				AND NOT EXISTS (SELECT FROM load_los_unit o WHERE (o.authority, o.los_unit) = (l.authority, l.parent))
				AND NOT EXISTS (SELECT FROM nks.los_unit o WHERE (o.authority, o.los_unit) = (l.authority, l.parent))`},
			{"parent", "makes a circle of units", `
				WITH RECURSIVE tree AS (
					SELECT authority, los_unit, parent FROM load_los_unit
					UNION ALL
					SELECT o.authority, o.los_unit, o.parent FROM nks.los_unit_version o
					WHERE o.recorded_to IS NULL AND o.valid_to IS NULL AND NOT EXISTS (SELECT FROM load_los_unit l WHERE (l.authority, l.los_unit) = (o.authority, o.los_unit))),
				above AS (
					SELECT source, line, authority, los_unit, parent FROM load_los_unit
					UNION
					SELECT a.source, a.line, a.authority, a.los_unit, t.parent
					FROM above a JOIN tree t ON (t.authority, t.los_unit) = (a.authority, a.parent))
				SELECT source, line FROM above WHERE parent = los_unit`},
		}
	case "load_agreement":
		return []check{
			duplicate(staged, "agreement", "agreement, authority, supplier"),
			missing(staged, "authority", "nks.authority o", "o.authority = l.authority"),
			missing(staged, "supplier", "nks.supplier o", "o.supplier = l.supplier"),
			missing(staged, "los_unit", "nks.los_unit o", "(o.authority, o.los_unit) = (l.authority, l.los_unit)"),
		}
	case "load_benefit_type":
		return []check{
			duplicate(staged, "benefit_type", "benefit_type, authority"),
			missing(staged, "authority", "nks.authority o", "o.authority = l.authority"),
		}
	case "load_choice":
		return []check{
			duplicate(staged, "cause", "authority, benefit_type, cause"),
			missing(staged, "authority", "nks.authority o", "o.authority = l.authority"),
			benefitOfAuthority(staged),
		}
	case "load_setoff_rule":
		return setOffRuleChecks(staged)
	case "load_claim":
		return claimChecks(staged)
	case "load_period":
		return []check{duplicate(staged, "kind", "kind")}
	case "load_bank_directory":
		return []check{
			duplicate(staged, "registration_number", "registration_number"),
			{"merged_into", "is not known", `SELECT l.source, l.line FROM load_bank_directory l WHERE l.merged_into IS NOT NULL
				AND NOT EXISTS (SELECT FROM load_bank_directory o WHERE o.registration_number = l.merged_into)
				AND NOT EXISTS (SELECT FROM nks.bank_directory_version o WHERE o.registration_number = l.merged_into AND o.recorded_to IS NULL)`},
		}
	case "load_payout_system":
		return []check{
			duplicate(staged, "payout_system", "payout_system"),
			missing(staged, "supplier", "nks.supplier o", "o.supplier = l.supplier"),
		}
	case "load_private_agreement":
		return []check{
			duplicate(staged, "agreement", "agreement"),
			missing(staged, "supplier", "nks.supplier o", "o.supplier = l.supplier"),
		}
	case "load_payout_connection":
		return []check{
			duplicate(staged, "payout_system", "payout_system, authority"),
			missing(staged, "payout_system", "nks.payout_system o", "o.payout_system = l.payout_system"),
			missing(staged, "authority", "nks.authority o", "o.authority = l.authority"),
		}
	case "load_holder":
		return []check{
			duplicate(staged, "id", "kind, id"),
			{"parent", "is no CVR number among the holders", `SELECT l.source, l.line FROM load_holder l WHERE l.parent IS NOT NULL
				AND NOT EXISTS (SELECT FROM load_holder o WHERE o.kind = 2 AND o.id = l.parent)
				AND NOT EXISTS (SELECT FROM nks.holder o WHERE o.kind = 2 AND o.id = l.parent)`},
			{"successor", "is not known among the holders of its kind", `SELECT l.source, l.line FROM load_holder l WHERE l.successor IS NOT NULL
				AND NOT EXISTS (SELECT FROM load_holder o WHERE o.kind = l.kind AND o.id = l.successor)
				AND NOT EXISTS (SELECT FROM nks.holder o WHERE o.kind = l.kind AND o.id = l.successor)`},
			{"guardian", "is not known among the citizens", `SELECT l.source, l.line FROM load_holder l WHERE l.guardian IS NOT NULL
				AND NOT EXISTS (SELECT FROM load_holder o WHERE o.kind = 1 AND o.id = l.guardian)
				AND NOT EXISTS (SELECT FROM nks.holder o WHERE o.kind = 1 AND o.id = l.guardian)`},
		}
	}
	return []check{
		{"id", "is no holder", `SELECT l.source, l.line FROM ` + staged + ` l
			WHERE NOT EXISTS (SELECT FROM nks.holder o WHERE o.id = l.holder_id AND o.kind = l.holder_kind)`},
		missing(staged, "authority", "nks.authority o", "o.authority = l.authority"),
		benefitOfAuthority(staged),
		{"valid_from", "overlaps another account of the same holder for the same purpose", `
			WITH several AS (SELECT holder_id, holder_kind FROM ` + staged + ` GROUP BY 1, 2 HAVING count(*) > 1)
			SELECT l.source, l.line FROM several JOIN ` + staged + ` l USING (holder_id, holder_kind)
			WHERE EXISTS (SELECT FROM ` + staged + ` o WHERE o.holder_id = l.holder_id AND o.holder_kind = l.holder_kind
				AND (o.authority, o.benefit_type) IS NOT DISTINCT FROM (l.authority, l.benefit_type)
				AND (o.source, o.line) < (l.source, l.line)
				AND coalesce(o.valid_from, '-infinity') < coalesce(l.valid_to, 'infinity')
				AND coalesce(l.valid_from, '-infinity') < coalesce(o.valid_to, 'infinity'))`},
	}
}

// benefitOfAuthority finds benefit types that an authority of the same row may not use.
func benefitOfAuthority(staged string) check {
	return check{"benefit_type", "is neither general nor that authority's", `SELECT l.source, l.line FROM ` + staged + ` l
			WHERE l.benefit_type IS NOT NULL AND NOT EXISTS (SELECT FROM nks.benefit_type o
				WHERE o.benefit_type = l.benefit_type AND (o.authority IS NULL OR o.authority = l.authority))
			AND EXISTS (SELECT FROM nks.authority o WHERE o.authority = l.authority)`}
}

// duplicate finds second rows with the same key.
func duplicate(staged, column, key string) check {
	return check{column, "stands in another row already", fmt.Sprintf(`
		SELECT source, line FROM (SELECT source, line, row_number() OVER (PARTITION BY %[2]s ORDER BY source, line) AS n
			FROM %[1]s WHERE EXISTS (SELECT FROM %[1]s GROUP BY %[2]s HAVING count(*) > 1)) x WHERE n > 1`, staged, key)}
}

// missing finds rows that name something that does not exist; a column left empty names nothing.
func missing(staged, column, other, on string) check {
	return check{column, "is not known", fmt.Sprintf(
		`SELECT l.source, l.line FROM %s l WHERE l.%s IS NOT NULL AND NOT EXISTS (SELECT FROM %s WHERE %s)`,
		staged, column, other, on)}
}

// wholeChecks tell of the filled register whether anything in it breaks a rule that no constraint keeps.
func wholeChecks() []string {
	return []string{
		`SELECT EXISTS (SELECT FROM nks.account_version v
			WHERE NOT EXISTS (SELECT FROM nks.holder o WHERE o.id = v.holder_id AND o.kind = v.holder_kind))`,
		`SELECT EXISTS (SELECT FROM nks.holder h WHERE h.parent IS NOT NULL
			AND NOT EXISTS (SELECT FROM nks.holder o WHERE o.kind = 2 AND o.id = h.parent))`,
		`SELECT EXISTS (SELECT FROM nks.holder_version h WHERE h.successor IS NOT NULL
			AND NOT EXISTS (SELECT FROM nks.holder o WHERE o.kind = h.kind AND o.id = h.successor))`,
		`SELECT EXISTS (SELECT FROM nks.holder_version h WHERE h.guardian IS NOT NULL
			AND NOT EXISTS (SELECT FROM nks.holder o WHERE o.kind = 1 AND o.id = h.guardian))`,
		`SELECT EXISTS (SELECT FROM nks.account_version v WHERE v.authority IS NOT NULL
			AND NOT EXISTS (SELECT FROM nks.benefit_type b WHERE b.benefit_type = v.benefit_type
				AND (b.authority IS NULL OR b.authority = v.authority)))`,
		// Two open ones break a unique index: of two that overlap otherwise, one has an end.
		`SELECT EXISTS (SELECT FROM nks.account_version v JOIN nks.account_version o
			ON o.holder_id = v.holder_id AND o.holder_kind = v.holder_kind AND o.id <> v.id
			AND (o.authority, o.benefit_type) IS NOT DISTINCT FROM (v.authority, v.benefit_type)
			AND o.valid_from < v.valid_to AND v.valid_from < coalesce(o.valid_to, 'infinity')
			WHERE v.valid_to IS NOT NULL)`,
	}
}

func (l *loader) check(ctx context.Context, f format) error {
	for _, c := range checks(f.staged) {
		query := fmt.Sprintf(`SELECT l.source, l.line, %s FROM %s l JOIN (%s LIMIT %d) bad USING (source, line) ORDER BY 1, 2`,
			valueOf(f, c.column), f.staged, c.query, MaxFaults+1-len(l.faults.Faults))
		err := each(ctx, l.tx, query, func(r *sql.Rows) error {
			var source, line int
			var value string
			if err := r.Scan(&source, &line, &value); err != nil {
				return err
			}
			l.faults.add(Fault{File: l.inputs[source].Name, Line: line, Column: c.column, Value: value, Rule: c.rule})
			return nil
		})
		if err != nil {
			return fmt.Errorf("check of %s: %w", c.column, err)
		}
	}
	return nil
}

// valueOf is the SQL that shows a column's value as it stood in the file, CPR numbers masked.
func valueOf(f format, column string) string {
	kind, id := "l.kind", "l.id"
	if strings.Contains(f.table, "holder_id") {
		kind, id = "l.holder_kind", "l.holder_id"
	}
	switch {
	case column == "id":
		return fmt.Sprintf(`CASE %s WHEN 1 THEN left(lpad(%[2]s::text, 10, '0'), 6) || '-xxxx' WHEN 4 THEN lpad(%[2]s::text, 10, '0')
			ELSE lpad(%[2]s::text, 8, '0') END`, kind, id)
	case column == "successor":
		return `CASE l.kind WHEN 1 THEN left(lpad(l.successor::text, 10, '0'), 6) || '-xxxx' ELSE l.successor::text END`
	case column == "guardian":
		return `left(lpad(l.guardian::text, 10, '0'), 6) || '-xxxx'`
	case column == "parent" && f.staged == "load_holder":
		return `lpad(l.parent::text, 8, '0')`
	case column == "kind":
		return `CASE l.kind WHEN 1 THEN 'CPR' WHEN 2 THEN 'CVR' WHEN 3 THEN 'SE' ELSE 'P' END`
	case column == "valid_from":
		return `coalesce(to_char(l.valid_from AT TIME ZONE 'Europe/Copenhagen', 'YYYY-MM-DD'), '')`
	}
	return `coalesce(l.` + column + `, '')`
}

// bring merges a staged table into the register's own.
func (l *loader) bring(ctx context.Context, f format, sum *FileSummary) error {
	steps := merges(f.staged)
	if f.staged == "load_account" || f.staged == "load_specific_account" {
		steps = accountSteps(f.staged)
	}
	return pgscript.RunSteps(ctx, l.tx, steps, l.args(), func(name string, rows int64) {
		switch {
		case strings.HasPrefix(name, adding):
			sum.Added += rows
		case strings.HasPrefix(name, changing):
			sum.Changed += rows
		}
	})
}

// How the steps of a merge are named: whether they add rows, or change and take away some; any other is not told.
const (
	adding   = "add to "
	changing = "change "
)

// merges are the steps that bring a staged table into the register's own.
func merges(staged string) []pgscript.Step {
	switch staged {
	case "load_supplier":
		return identified(staged, "nks.supplier", "nks.supplier_version", "supplier", "name, ean, ssh_keys", "ssh_keys", `E'\n'`)
	case "load_authority":
		return append(upsert(staged, "nks.authority", "authority", "name, cvr"),
			versioned(staged, "nks.authority_word", "authority", "emigrated, p_numbers", "words of new authorities")...)
	case "load_los_unit":
		return identified(staged, "nks.los_unit", "nks.los_unit_version", "authority, los_unit", "parent, name", "", "")
	case "load_agreement":
		return identified(staged, "nks.agreement", "nks.agreement_version", "agreement, authority, supplier",
			"los_unit, bank_centre, payout_accounts, no_account, receive_by, runs_from, runs_to, return_account, with_effect", "payout_accounts", `' '`)
	case "load_benefit_type":
		return append(identified(staged, "nks.benefit_type", "nks.benefit_type_version", "benefit_type, authority", "name, salary", "", ""),
			versioned(staged, "nks.benefit_fallback", "benefit_type, authority", "fallback", "fallbacks of new benefit types")...)
	case "load_choice":
		return choiceSteps(staged)
	case "load_setoff_rule":
		return versioned(staged, "nks.setoff_rule_version", "benefit_type, authority", "thousandths, leaves_ore", adding+"setoff_rule_version")
	case "load_claim":
		return claimSteps(staged)
	case "load_period":
		return versioned(staged, "nks.account_period", "kind", "days", adding+"account_period")
	case "load_bank_directory":
		return versioned(staged, "nks.bank_directory_version", "registration_number", "bank, joined, bank_centre, merged_into", adding+"bank_directory_version")
	case "load_payout_system":
		return identified(staged, "nks.payout_system", "nks.payout_system_version", "payout_system", "supplier, name", "", "")
	case "load_private_agreement":
		return append([]pgscript.Step{listed(staged, "requesters", `' '`)},
			versioned(staged, "nks.private_agreement_version", "agreement", "supplier, system, name, requesters", adding+"private_agreement_version")...)
	case "load_payout_connection":
		return append([]pgscript.Step{listed(staged, "rights", `' '`)},
			connectionSteps(staged)...)
	}
	return versioned(staged, "nks.holder_version", "id, kind", holderFacts,
		adding+"holder_version")
}

// sameKey is that rows a and b have the same key. A benefit type is general without an authority, a choice without a benefit type.
func sameKey(key, a, b string) string {
	on := make([]string, 0, 3)
	for _, k := range strings.Split(key, ", ") {
		equals := "="
		if k == "authority" && strings.HasPrefix(key, "benefit_type") || k == "benefit_type" && strings.HasPrefix(key, "authority") {
			equals = "IS NOT DISTINCT FROM"
		}
		on = append(on, fmt.Sprintf("%s.%s %s %s.%[2]s", a, k, equals, b))
	}
	return strings.Join(on, " AND ")
}

// identified brings in things that are known by a key for ever, and what is known of them as versions. list, unless it is
// empty, is a fact that is staged as one text with a separator, and kept as an array.
func identified(staged, table, versions, key, facts, list, separator string) []pgscript.Step {
	var steps []pgscript.Step
	if list != "" {
		steps = append(steps, listed(staged, list, separator))
	}
	steps = append(steps, pgscript.Step{Name: "keys of " + table, Statement: fmt.Sprintf(`INSERT INTO %[1]s (%[2]s) SELECT %[2]s FROM %[3]s l
		WHERE NOT EXISTS (SELECT FROM %[1]s t WHERE %[4]s)`, table, key, staged, sameKey(key, "t", "l"))})
	return append(steps, versioned(staged, versions, key, facts, adding+table)...)
}

// listed makes an array of a staged text, which may be empty.
func listed(staged, column, separator string) pgscript.Step {
	return pgscript.Step{Name: column, Statement: fmt.Sprintf(`ALTER TABLE %s ALTER COLUMN %s TYPE text[] USING string_to_array(%[2]s, %[3]s)`, staged, column, separator)}
}

// upsert updates the rows that differ and adds those that are not there. Key columns may be NULL.
func upsert(staged, table, key, rest string) []pgscript.Step {
	same := sameKey(key, "t", "l")
	columns := strings.Split(rest, ", ")
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = fmt.Sprintf("%[1]s = l.%[1]s", c)
	}
	return []pgscript.Step{
		{Name: changing + table, Statement: fmt.Sprintf(`UPDATE %s t SET %s FROM %s l WHERE %s AND (t.%s) IS DISTINCT FROM (l.%s)`, table, strings.Join(set, ", "),
			staged, same, strings.Join(columns, ", t."), strings.Join(columns, ", l."))},
		{Name: adding + table, Statement: fmt.Sprintf(`INSERT INTO %[1]s (%[2]s, %[3]s) SELECT %[2]s, %[3]s FROM %[4]s l
			WHERE NOT EXISTS (SELECT FROM %[1]s t WHERE %[5]s)`, table, key, rest, staged, same)},
	}
}
