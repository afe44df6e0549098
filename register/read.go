package register

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"nks/gateway"
)

// versionColumns are those of an agreement's version, and the names that it is shown by.
const versionColumns = `a.id, v.id, v.agreement, v.authority, u.name, coalesce(v.los_unit, ''), v.supplier, v.bank_centre,
	array_to_string(v.payout_accounts, ' '), v.no_account, extract(epoch FROM v.receive_by)::bigint, v.runs_from, v.runs_to, coalesce(v.return_account, ''), v.with_effect,
	nullif(v.valid_from, '-infinity'), v.valid_to`

// Agreements reads every version of every agreement as it is known now, in force or to come or ended, in order of number,
// authority, supplier and beginning. The answer holds until the register changes.
func Agreements(ctx context.Context, q Queryer) (gateway.Agreements, error) {
	return agreements(ctx, q, `SELECT `+versionColumns+` FROM nks.agreement_version v JOIN nks.agreement a USING (agreement, authority, supplier)
		JOIN nks.authority u ON u.authority = v.authority
		WHERE v.recorded_to IS NULL ORDER BY v.agreement, v.authority, v.supplier, v.valid_from`)
}

// AgreementsAs reads the agreements that were in force on one instant, as was known at another, but for their own terms.
func AgreementsAs(ctx context.Context, q Queryer, on, knownAt time.Time) (gateway.Agreements, error) {
	return agreements(ctx, q, `SELECT `+versionColumns+` FROM nks.agreement_as_of($1, $2) v JOIN nks.agreement a USING (agreement, authority, supplier)
		JOIN nks.authority u ON u.authority = v.authority ORDER BY v.agreement, v.authority, v.supplier`, on, knownAt)
}

func agreements(ctx context.Context, q Queryer, query string, args ...any) (all gateway.Agreements, err error) {
	err = each(ctx, q, query, func(r *sql.Rows) error {
		var a gateway.Agreement
		var accounts string
		var seconds int64
		var runsFrom, runsTo, from, to sql.NullTime
		err := r.Scan(&a.ID, &a.Version, &a.Number, &a.Authority, &a.AuthorityName, &a.LOSUnit, &a.Supplier, &a.BankCentre,
			&accounts, &a.NoAccount, &seconds, &runsFrom, &runsTo, &a.ReturnAccount, &a.WithEffect, &from, &to)
		a.PayoutAccounts = strings.Fields(accounts)
		a.ReceiveBy = time.Duration(seconds) * time.Second
		a.RunsFrom, a.RunsTo = dateOf(runsFrom), dateOf(runsTo)
		a.From, a.To = from.Time, to.Time
		all = append(all, a)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("agreements: %w", err)
	}
	return all, nil
}

// Suppliers reads every data supplier that may send on an instant, as known now.
func Suppliers(ctx context.Context, q Queryer, at time.Time) ([]Supplier, error) {
	var all []Supplier
	err := each(ctx, q, `SELECT supplier, name, coalesce(ean, '') FROM nks.supplier_as_of($1, 'infinity') ORDER BY supplier`,
		func(r *sql.Rows) error {
			var s Supplier
			err := r.Scan(&s.Supplier, &s.Name, &s.EAN)
			all = append(all, s)
			return err
		}, at)
	if err != nil {
		return nil, fmt.Errorf("suppliers: %w", err)
	}
	return all, nil
}

// SupplierKeys reads the authorized_keys lines that a data supplier may log in with at an instant: none for an unknown supplier.
func SupplierKeys(ctx context.Context, q Queryer, supplier string, at time.Time) ([]string, error) {
	var keys []string
	err := each(ctx, q, `SELECT unnest(ssh_keys) FROM nks.supplier_as_of($2, 'infinity') WHERE supplier = $1`, func(r *sql.Rows) error {
		var k string
		err := r.Scan(&k)
		keys = append(keys, k)
		return err
	}, supplier, at)
	if err != nil {
		return nil, fmt.Errorf("keys of supplier %s: %w", supplier, err)
	}
	return keys, nil
}

// BenefitCodes reads the codes of the benefit types that an authority may use at an instant: the general ones and its own. // B31
func BenefitCodes(ctx context.Context, q Queryer, authority string, at time.Time) ([]string, error) {
	all, err := BenefitTypes(ctx, q, at)
	var codes []string
	for _, b := range all {
		if b.Authority == "" || b.Authority == authority {
			codes = append(codes, b.Code)
		}
	}
	return codes, err
}

// SalaryBenefits are the codes of the benefit types that are salaries or pensions where an authority pays them at an instant:
// its own counts before a general one of the same code. // B1-salary
func SalaryBenefits(ctx context.Context, q Queryer, authority string, at time.Time) (map[string]bool, error) {
	all, err := BenefitTypes(ctx, q, at)
	salaries := map[string]bool{}
	for _, b := range all {
		if b.Authority == "" || b.Authority == authority {
			salaries[b.Code] = b.Salary
		}
	}
	return salaries, err
}

// AuthorityNumbers are the CVR numbers of the authorities, which are recipients as companies are. // B28
func AuthorityNumbers(ctx context.Context, q Queryer) (map[int64]bool, error) {
	numbers := map[int64]bool{}
	err := each(ctx, q, `SELECT cvr FROM nks.authority WHERE cvr IS NOT NULL`, func(r *sql.Rows) error {
		var cvr int64
		err := r.Scan(&cvr)
		numbers[cvr] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("authorities as recipients: %w", err)
	}
	return numbers, nil
}

// BenefitTypes reads every benefit type that there is at an instant, as known now, the general ones first.
func BenefitTypes(ctx context.Context, q Queryer, at time.Time) ([]BenefitType, error) {
	var all []BenefitType
	err := each(ctx, q, `SELECT benefit_type, coalesce(authority, ''), name, salary FROM nks.benefit_type_as_of($1, 'infinity')
		ORDER BY authority NULLS FIRST, benefit_type`,
		func(r *sql.Rows) error {
			var b BenefitType
			err := r.Scan(&b.Code, &b.Authority, &b.Name, &b.Salary)
			all = append(all, b)
			return err
		}, at)
	if err != nil {
		return nil, fmt.Errorf("benefit types: %w", err)
	}
	return all, nil
}

// dateOf is a column's day; the zero Date where it is NULL.
func dateOf(t sql.NullTime) gateway.Date {
	if !t.Valid {
		return gateway.Date{}
	}
	return gateway.DateOf(t.Time)
}

func each(ctx context.Context, q Queryer, query string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
