package register

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"nks/gateway"
)

// Agreements reads every agreement with its payout accounts, in order of number, authority and supplier. The answer
// holds until the register changes.
func Agreements(ctx context.Context, q Queryer) (gateway.Agreements, error) {
	var all gateway.Agreements
	err := each(ctx, q, `
		SELECT a.id, a.agreement, a.authority, u.name, coalesce(a.los_unit, ''), a.supplier, a.bank_centre,
			coalesce(string_agg(p.account, ' ' ORDER BY p.account), ''), a.no_account,
			extract(epoch FROM a.receive_by)::bigint, a.valid_from, a.valid_to
		FROM nks.agreement a JOIN nks.authority u ON u.authority = a.authority
		LEFT JOIN nks.payout_account p ON p.agreement_id = a.id
		GROUP BY a.id, u.name ORDER BY a.agreement, a.authority, a.supplier`,
		func(r *sql.Rows) error {
			var a gateway.Agreement
			var accounts string
			var seconds int64
			var from, to sql.NullTime
			err := r.Scan(&a.ID, &a.Number, &a.Authority, &a.AuthorityName, &a.LOSUnit, &a.Supplier, &a.BankCentre,
				&accounts, &a.NoAccount, &seconds, &from, &to)
			a.PayoutAccounts = strings.Fields(accounts)
			a.ReceiveBy = time.Duration(seconds) * time.Second
			a.ValidFrom, a.ValidTo = dateOf(from), dateOf(to)
			all = append(all, a)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("agreements: %w", err)
	}
	return all, nil
}

// Suppliers reads every data supplier.
func Suppliers(ctx context.Context, q Queryer) ([]Supplier, error) {
	var all []Supplier
	err := each(ctx, q, `SELECT supplier, name, coalesce(ean, '') FROM nks.supplier ORDER BY supplier`,
		func(r *sql.Rows) error {
			var s Supplier
			err := r.Scan(&s.Supplier, &s.Name, &s.EAN)
			all = append(all, s)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("suppliers: %w", err)
	}
	return all, nil
}

// SupplierKeys reads the authorized_keys lines that a data supplier may log in with: none for an unknown supplier.
func SupplierKeys(ctx context.Context, q Queryer, supplier string) ([]string, error) {
	var keys []string
	err := each(ctx, q, `SELECT key FROM nks.supplier_key WHERE supplier = $1 ORDER BY key`, func(r *sql.Rows) error {
		var k string
		err := r.Scan(&k)
		keys = append(keys, k)
		return err
	}, supplier)
	if err != nil {
		return nil, fmt.Errorf("keys of supplier %s: %w", supplier, err)
	}
	return keys, nil
}

// BenefitCodes reads the codes of the benefit types that an authority may use: the general ones and its own. // B31
func BenefitCodes(ctx context.Context, q Queryer, authority string) ([]string, error) {
	all, err := BenefitTypes(ctx, q)
	var codes []string
	for _, b := range all {
		if b.Authority == "" || b.Authority == authority {
			codes = append(codes, b.Code)
		}
	}
	return codes, err
}

// BenefitTypes reads every benefit type, the general ones first.
func BenefitTypes(ctx context.Context, q Queryer) ([]BenefitType, error) {
	var all []BenefitType
	err := each(ctx, q, `SELECT benefit_type, coalesce(authority, ''), name FROM nks.benefit_type
		ORDER BY authority NULLS FIRST, benefit_type`,
		func(r *sql.Rows) error {
			var b BenefitType
			err := r.Scan(&b.Code, &b.Authority, &b.Name)
			all = append(all, b)
			return err
		})
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
