package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/register"
	"nks/register/law"
)

// purpose is what an account is for; without authority the NemKonto.
type purpose struct {
	holder                 gateway.Holder
	authority, benefitType string
}

// known is what the register knows of the holders of some applications.
type known struct {
	recorded    time.Time // of the register's last change
	holders     map[gateway.Holder]law.Facts
	versions    map[purpose][]law.Version // that count at the instant of asking or later, by their beginning
	authorities map[string]bool
	benefits    map[[2]string]bool // authority, benefit type; without authority it is general
	directory   map[string]bankEntry
	filled      bool // the bank directory says anything
	pays        map[payer]bool
}

// payer is an authority that pays a holder, as far as the register shows it: the holder has a specific account with it.
type payer struct {
	holder    gateway.Holder
	authority string
}

type bankEntry struct {
	bank, mergedInto string
	joined           bool
}

// know reads all that some applications are judged by. Their holders are locked: what is read stays so.
func know(ctx context.Context, x register.Queryer, now time.Time, items []*item) (*known, error) {
	k := &known{holders: map[gateway.Holder]law.Facts{}, versions: map[purpose][]law.Version{}, authorities: map[string]bool{},
		benefits: map[[2]string]bool{}, directory: map[string]bankEntry{}, pays: map[payer]bool{}}
	var authorities, benefits, registrations []string
	kinds, ids := []int16{}, []int64{}
	for _, i := range items {
		if _, again := k.holders[i.Holder]; !again {
			k.holders[i.Holder] = law.Facts{}
			kinds, ids = append(kinds, int16(i.Holder.Kind)), append(ids, i.number)
		}
		authorities = append(authorities, i.OnBehalfOf, i.Authority)
		benefits, registrations = append(benefits, i.BenefitType), append(registrations, i.Account.Registration())
	}
	err := each(ctx, x, `SELECT nullif(recorded_at, '-infinity') FROM nks.register_counter`, func(r *sql.Rows) error {
		var recorded sql.NullTime
		err := r.Scan(&recorded)
		k.recorded = recorded.Time
		return err
	})
	if k.recorded.After(now) {
		now = k.recorded
	}
	for _, read := range []func() error{
		func() error { return k.readHolders(ctx, x, now, kinds, ids) },
		func() error { return k.readVersions(ctx, x, now, kinds, ids) },
		func() error {
			return k.readReference(ctx, x, now, unique(authorities), unique(benefits), unique(registrations))
		},
	} {
		if err == nil {
			err = read()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("what is known: %w", err)
	}
	return k, nil
}

func unique(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

func (k *known) readHolders(ctx context.Context, x register.Queryer, now time.Time, kinds []int16, ids []int64) error {
	return each(ctx, x, `SELECT q.kind, q.id, h.status, h.born_on, coalesce(h.guardian, 0), coalesce(h.guardianship, 0)
		FROM unnest($1::smallint[], $2::bigint[]) AS q (kind, id)
		CROSS JOIN LATERAL (SELECT v.* FROM nks.holder_version v WHERE v.id = q.id AND v.kind = q.kind AND v.recorded_to IS NULL
			AND v.valid_from <= $3 AND (v.valid_to > $3 OR v.valid_to IS NULL) LIMIT 1) h`, func(r *sql.Rows) error {
		var kind gateway.HolderKind
		var id, guardian int64
		var guardianship int
		var born sql.NullTime
		f := law.Facts{Known: true}
		if err := r.Scan(&kind, &id, &f.Status, &born, &guardian, &guardianship); err != nil {
			return err
		}
		if born.Valid {
			f.Born = gateway.DateOf(born.Time)
		}
		f.Guarded = guardianship != 0 || guardian != 0
		if guardian != 0 {
			f.Guardian = gateway.HolderOf(gateway.CPR, guardian)
		}
		k.holders[gateway.HolderOf(kind, id)] = f
		return nil
	}, kinds, ids, now)
}

// versionColumns are those of v that make a law.Version, with its purpose.
const versionColumns = `v.holder_kind, v.holder_id, coalesce(v.authority, ''), coalesce(v.benefit_type, ''), v.id, v.counter, v.account_kind, v.account,
	coalesce(v.bic, ''), coalesce(v.bank_code, ''), coalesce(v.currency, ''), coalesce(v.bank_name, ''), coalesce(v.bank_address, ''), coalesce(v.bank_country, ''),
	coalesce(v.holder_name, ''), coalesce(v.holder_address, ''), v.locked, nullif(v.valid_from, '-infinity'), v.valid_to, coalesce(v.application, 0)`

// scanVersion reads versionColumns.
func scanVersion(r *sql.Rows) (p purpose, v law.Version, err error) {
	var kind gateway.HolderKind
	var id int64
	var from, to sql.NullTime
	a := &v.Account
	err = r.Scan(&kind, &id, &p.authority, &p.benefitType, &v.ID, &v.Counter, &a.Kind, &a.Number, &a.BIC, &a.BankCode, &a.Currency, &a.BankName, &a.BankAddress,
		&a.BankCountry, &a.HolderName, &a.HolderAddress, &v.Locked, &from, &to, &v.Application)
	p.holder, v.From, v.To = gateway.HolderOf(kind, id), from.Time, to.Time
	return p, v, err
}

func (k *known) readVersions(ctx context.Context, x register.Queryer, now time.Time, kinds []int16, ids []int64) error {
	return each(ctx, x, `SELECT `+versionColumns+` FROM unnest($1::smallint[], $2::bigint[]) AS q (kind, id)
		CROSS JOIN LATERAL (SELECT * FROM nks.account_version v WHERE v.holder_id = q.id AND v.holder_kind = q.kind AND v.recorded_to IS NULL
			AND (v.valid_to > $3 OR v.valid_to IS NULL) OFFSET 0) v ORDER BY v.valid_from, v.id`, func(r *sql.Rows) error {
		p, v, err := scanVersion(r)
		k.versions[p] = append(k.versions[p], v)
		k.pays[payer{p.holder, p.authority}] = p.authority != ""
		return err
	}, kinds, ids, now)
}

// readReference reads what is known of authorities, benefit types and registration numbers.
func (k *known) readReference(ctx context.Context, x register.Queryer, now time.Time, authorities, benefits, registrations []string) error {
	err := each(ctx, x, `SELECT authority FROM nks.authority WHERE authority = ANY ($1::text[])`, func(r *sql.Rows) error {
		var a string
		err := r.Scan(&a)
		k.authorities[a] = true
		return err
	}, authorities)
	if err == nil {
		err = each(ctx, x, `SELECT coalesce(authority, ''), benefit_type FROM nks.benefit_type WHERE benefit_type = ANY ($1::text[])`, func(r *sql.Rows) error {
			var b [2]string
			err := r.Scan(&b[0], &b[1])
			k.benefits[b] = true
			return err
		}, benefits)
	}
	if err == nil {
		err = each(ctx, x, `SELECT d.registration_number, d.bank, d.joined, coalesce(d.merged_into, '') FROM nks.bank_directory_version d
			WHERE d.registration_number = ANY ($1::text[]) AND d.recorded_to IS NULL AND d.valid_from <= $2 AND (d.valid_to > $2 OR d.valid_to IS NULL)`,
			func(r *sql.Rows) error {
				var number string
				var e bankEntry
				err := r.Scan(&number, &e.bank, &e.joined, &e.mergedInto)
				k.directory[number] = e
				return err
			}, registrations, now)
	}
	if err == nil {
		err = each(ctx, x, `SELECT EXISTS (SELECT FROM nks.bank_directory_version WHERE recorded_to IS NULL)`, func(r *sql.Rows) error { return r.Scan(&k.filled) })
	}
	return err
}

// facts are what an application is judged by, where the versions stand as given.
func (k *known) facts(s *Store, i *item, versions map[purpose][]law.Version, now time.Time) law.Facts {
	f := k.holders[i.Holder]
	f.Now, f.Counts, f.Location, f.Activated = now, s.counts(now), s.Location, i.activated
	f.Overtaken = i.overtaken
	f.Held = after(versions[i.purpose()], now)
	f.NemKonto = after(versions[purpose{holder: i.Holder}], now)
	f.AuthorityKnown = i.OnBehalfOf != "" && k.authorities[i.OnBehalfOf]
	f.BenefitKnown = k.authorities[i.Authority] && (k.benefits[[2]string{i.Authority, i.BenefitType}] || k.benefits[[2]string{"", i.BenefitType}])
	f.Pays = k.pays[payer{i.Holder, i.OnBehalfOf}]
	e, found := k.directory[i.Account.Registration()]
	f.Directory.Filled, f.Directory.Known, f.Directory.Joined, f.Directory.Bank, f.Directory.MergedInto = k.filled, found, e.joined, e.bank, e.mergedInto
	return f
}

// after are the versions that count at an instant or later.
func after(all []law.Version, now time.Time) (some []law.Version) {
	for _, v := range all {
		if v.To.IsZero() || v.To.After(now) {
			some = append(some, v)
		}
	}
	return some
}

// each runs a query and gives its rows.
func each(ctx context.Context, q register.Queryer, query string, scan func(*sql.Rows) error, args ...any) error {
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
