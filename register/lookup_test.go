package register_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// question is what a payment knows of its recipient.
type question struct {
	kind               register.Kind
	id                 int64
	authority, benefit string
}

// answer is a row of found.
type answer struct {
	Payment     int64          `db:"payment_id"`
	Life        sql.NullInt16  `db:"life"`
	Rule        sql.NullInt16  `db:"rule"`
	Version     sql.NullInt64  `db:"version"`
	AccountKind sql.NullInt16  `db:"account_kind"`
	Account     sql.NullString `db:"account"`
	BIC         sql.NullString `db:"bic"`
	BankCode    sql.NullString `db:"bank_code"`
	Currency    sql.NullString `db:"currency"`
	Name        sql.NullString `db:"name"`
	Street      sql.NullString `db:"street"`
	Postcode    sql.NullString `db:"postcode"`
	Town        sql.NullString `db:"town"`
	Country     sql.NullString `db:"country"`
	BankName    sql.NullString `db:"bank_name"`
	BankAddress sql.NullString `db:"bank_address"`
	BankCountry sql.NullString `db:"bank_country"`
	HolderName  sql.NullString `db:"holder_name"`
	HolderAddr  sql.NullString `db:"holder_address"`
}

type lookup func(context.Context, register.Tx, time.Time) error

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
}

// ask returns the answers in the order of the questions.
func ask(t tester, db *sqlx.DB, how lookup, asOf time.Time, questions ...question) []answer {
	t.Helper()
	return askAt(t, db, how, []time.Time{asOf}, questions...)[0]
}

// askAt asks the same as of several instants.
func askAt(t tester, db *sqlx.DB, how lookup, instants []time.Time, questions ...question) [][]answer {
	t.Helper()
	ctx := context.Background()
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	var all [][]answer
	for _, asOf := range instants {
		if err := register.Prepare(ctx, tx); err != nil {
			t.Fatal(err)
		}
		var kinds []register.Kind
		var ids []int64
		var authorities, benefits []string
		for _, q := range questions {
			kinds, ids = append(kinds, q.kind), append(ids, q.id)
			authorities, benefits = append(authorities, q.authority), append(benefits, q.benefit)
		}
		_, err := tx.Exec(`INSERT INTO wanted SELECT n, kind, id, nullif(authority, ''), nullif(benefit, '')
			FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS q (kind, id, authority, benefit, n)`,
			kinds, ids, authorities, benefits)
		if err != nil {
			t.Fatal(err)
		}
		if err := how(ctx, tx, asOf); err != nil {
			t.Fatal(err)
		}
		var found []answer
		if err := tx.Select(&found, `SELECT * FROM found ORDER BY payment_id`); err != nil {
			t.Fatal(err)
		}
		all = append(all, found)
	}
	return all
}

func (a answer) String() string {
	return fmt.Sprintf("life %d rule %d kind %d account %s", a.Life.Int16, a.Rule.Int16, a.AccountKind.Int16, a.Account.String)
}

func TestResolve(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	summer := morning()
	autumn := time.Date(2005, 9, 1, 10, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		asOf time.Time
		q    question
		want string
	}{
		"the NemKonto": {summer, question{register.CPR, 101701111, "5200", "NKSLEV"}, "life 1 rule 2 kind 1 account 30010001111111"}, // B5.1 B9.2 B14
		"the specific account before the NemKonto": {summer, question{register.CPR, 101701111, "4101", "KBOLIG"}, "life 1 rule 1 kind 1 account 90430009999999"},            // B5.2 B14
		"that authority's other benefit":           {summer, question{register.CPR, 101701111, "4101", "NKSLEV"}, "life 1 rule 2 kind 1 account 30010001111111"},            // B5.2
		"another authority's same benefit":         {summer, question{register.CPR, 101701111, "5200", "KBOLIG"}, "life 1 rule 2 kind 1 account 30010001111111"},            // B5.2
		"no benefit type":                          {summer, question{register.CPR, 101701111, "4101", ""}, "life 1 rule 2 kind 1 account 30010001111111"},                  // B14
		"the specific account after its time":      {autumn, question{register.CPR, 101701111, "4101", "KBOLIG"}, "life 1 rule 2 kind 1 account 30010001111111"},            // G-timed
		"an account abroad":                        {summer, question{register.CPR, 2902882222, "4101", "KBOLIG"}, "life 4 rule 2 kind 2 account SE4550000000058398257466"}, // B5.3 B22.3
		"an account abroad without IBAN":           {summer, question{register.SE, 12379005, "4101", "NKSLEV"}, "life 1 rule 2 kind 3 account 4711-0815"},                   // B5.3 B23.1
		"an account that ends in three days":       {summer, question{register.CVR, 12345674, "4101", "NKSLEV"}, "life 1 rule 2 kind 1 account 51220003333333"},             // B22.4
		"the account after it":                     {autumn, question{register.CVR, 12345674, "4101", "NKSLEV"}, "life 1 rule 2 kind 1 account 51220004444444"},             // B22.4
		"a P number with its own":                  {summer, question{register.Production, 1000000002, "4101", "NKSLEV"}, "life 1 rule 2 kind 1 account 51220005555555"},    // B23.2
		"a P number without its own":               {summer, question{register.Production, 1000000001, "4101", "NKSLEV"}, "life 1 rule 3 kind 1 account 51220003333333"},    // B23.2
		"a P number with a specific one":           {summer, question{register.Production, 1000000001, "5200", "NKSLEV"}, "life 1 rule 1 kind 1 account 90430008888888"},    // B14 B23.2
		"a P number without its own, in autumn":    {autumn, question{register.Production, 1000000001, "4101", "NKSLEV"}, "life 1 rule 3 kind 1 account 51220004444444"},    // B23.2
		"an SE number without its own":             {summer, question{register.SE, 12367899, "4101", "NKSLEV"}, "life 1 rule 3 kind 1 account 51220003333333"},              // B23.2
		"nobody's account":                         {summer, question{register.CPR, 3112611117, "4101", "NKSLEV"}, "life 1 rule 0 kind 0 account "},                         // B35-36
		"the dead":                                 {summer, question{register.CPR, 202800004, "4101", "NKSLEV"}, "life 2 rule 2 kind 1 account 30010002222222"},            // B38
		"an unknown number":                        {summer, question{register.CPR, 101701112, "4101", "NKSLEV"}, "life 0 rule 0 kind 0 account "},                          // G-ident
		"a known number of another kind":           {summer, question{register.SE, 12345674, "4101", "NKSLEV"}, "life 0 rule 0 kind 0 account "},                            // G-ident
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ask(t, db, register.Resolve, tc.asOf, tc.q)
			if len(got) != 1 || got[0].String() != tc.want {
				t.Errorf("got %v, want %s", got, tc.want)
			}
			// An unknown holder's life is NULL, not a value.
			if len(got) == 1 && got[0].Life.Valid != (got[0].Life.Int16 != 0) {
				t.Errorf("life %+v", got[0].Life)
			}
			who := ask(t, db, register.Identify, tc.asOf, tc.q)
			if len(who) != 1 || len(got) == 1 && who[0].Life != got[0].Life || who[0].Account.Valid {
				t.Errorf("Identify tells %v, Resolve %v", who, got)
			}
		})
	}
}

// Everything that a bank needs for an order abroad or a cheque. // B5.3 B35-36
func TestResolveTellsNamesAndAddresses(t *testing.T) {
	t.Parallel()
	got := ask(t, loaded(t), register.Resolve, morning(), question{register.CPR, 2902882222, "", ""}, question{register.SE, 12379005, "", ""},
		question{register.CPR, 3112611117, "", ""})
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: true} }
	number := func(n int16) sql.NullInt16 { return sql.NullInt16{Int16: n, Valid: true} }
	want := []answer{
		{Payment: 1, Life: number(4), Rule: number(2), Version: got[0].Version, AccountKind: number(2), Account: text("SE4550000000058398257466"),
			BIC: text("ESSESESS"), Currency: text("SEK"), Name: text("Ida Berg"), Street: text("Långgatan 7"), Postcode: text("41103"),
			Town: text("Göteborg"), Country: text("SE"), BankName: text("Nordbanken"), BankAddress: text("Kungsgatan 1, Stockholm"),
			BankCountry: text("SE"), HolderName: text("Ida Berg"), HolderAddr: text("Långgatan 7, Göteborg")},
		{Payment: 2, Life: number(1), Rule: number(2), Version: got[1].Version, AccountKind: number(3), Account: text("4711-0815"),
			BankCode: text("10020030"), Currency: text("EUR"), Name: text("Enlig SE"), BankName: text("Hafenbank"), BankAddress: text("Kai 1"),
			BankCountry: text("DE"), HolderName: text("Enlig SE"), HolderAddr: text("Kai 2")},
		{Payment: 3, Life: number(1), Name: text("Karl Uden"), Street: text("Nygade 1"), Postcode: text("5000"), Town: text("Odense C"),
			Country: text("DK")},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !got[0].Version.Valid || got[0].Version == got[1].Version {
		t.Errorf("versions %v and %v", got[0].Version, got[1].Version)
	}
}

// A register that answers one payment twice would pay it twice.
func TestResolveRefusesTwoAnswers(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	_, err := db.Exec(`INSERT INTO nks.account_version (holder_id, holder_kind, account_kind, account, valid_from, valid_to, recorded_at)
		VALUES (101701111, 1, 1, '30010009999999', '2005-08-01Z', '2005-09-01Z', '2005-08-01Z')`)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := register.Prepare(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO wanted VALUES (1, 1, 101701111, NULL, NULL), (2, 1, 3112611117, NULL, NULL)`); err != nil {
		t.Fatal(err)
	}
	if err := register.Resolve(ctx, tx, morning()); !errors.Is(err, register.ErrInconsistent) {
		t.Errorf("error %v, want ErrInconsistent", err)
	}
}

// The same transaction may ask again after Prepare.
func TestPrepareAgain(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	ctx := context.Background()
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for i := range 8 { // more often than a statement is planned anew for its parameters
		if err := register.Prepare(ctx, tx); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`INSERT INTO wanted VALUES ($1, 1, 101701111, NULL, NULL)`, i); err != nil {
			t.Fatal(err)
		}
		if err := register.Resolve(ctx, tx, morning()); err != nil {
			t.Fatal(err)
		}
		var payments []int64
		if err := tx.Select(&payments, `SELECT payment_id FROM found`); err != nil || !slices.Equal(payments, []int64{int64(i)}) {
			t.Fatalf("round %d: found %v, %v", i, payments, err)
		}
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := loaded(t)
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

	agreements, err := register.Agreements(ctx, db)
	want := []register.Agreement{ // G-agreement G-deadline G-los B33.1
		{ID: 1, Number: "BANK-1", Authority: "4101", AuthorityName: "Nordvig Kommune", LOSUnit: "4101-B", Supplier: "KOMDATA", BankCentre: "NORD",
			PayoutAccounts: []string{"30010000410101", "30010000410102"}, NoAccount: "return", ReceiveBy: 13*time.Hour + 30*time.Minute,
			ValidFrom: date(2004, 1, 1)},
		{ID: 2, Number: "BANK-1", Authority: "5200", AuthorityName: "Pensionskontoret", Supplier: "PENSIT", BankCentre: "SYD",
			PayoutAccounts: []string{"51220000520001"}, NoAccount: "cheque", ReceiveBy: 6 * time.Hour, ValidTo: date(2005, 12, 31)},
	}
	for i := range min(len(want), len(agreements)) {
		want[i].ID = agreements[i].ID
	}
	if got := fmt.Sprintf("%+v", agreements); err != nil || got != fmt.Sprintf("%+v", want) {
		t.Errorf("agreements %s, %v\nwant %+v", got, err, want)
	}
	suppliers, err := register.Suppliers(ctx, db)
	if err != nil || !slices.Equal(suppliers, []register.Supplier{{Supplier: "KOMDATA", Name: "Kommunernes Datahus", EAN: "5790001000108"},
		{Supplier: "PENSIT", Name: `Pensionernes "nye" IT, Aarhus`}}) {
		t.Errorf("suppliers %+v, %v", suppliers, err)
	}
	pairs, err := register.Pairs(ctx, db)
	if err != nil || !slices.Equal(pairs, []register.Pair{{Supplier: "KOMDATA", Authority: "4101"}, {Supplier: "PENSIT", Authority: "5200"}}) {
		t.Errorf("pairs %+v, %v", pairs, err)
	}
	benefits, err := register.BenefitTypes(ctx, db) // B31
	if err != nil || !slices.Equal(benefits, []register.BenefitType{{Code: "NKSLEV", Name: "Leverandørbetaling"},
		{Code: "KBOLIG", Authority: "4101", Name: "Boligstøtte"}}) {
		t.Errorf("benefit types %+v, %v", benefits, err)
	}
	for supplier, n := range map[string]int{"KOMDATA": 2, "PENSIT": 0, "NOBODY": 0} {
		keys, err := register.SupplierKeys(ctx, db, supplier)
		if err != nil || len(keys) != n {
			t.Errorf("%s has keys %v, %v; want %d", supplier, keys, err, n)
		}
	}
}

// Many questions at once, with what a register of some size makes of them.
func TestResolveMany(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	c := smallCountry(t)
	load(t, db, morning(), c)
	ctx := context.Background()
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := register.Prepare(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO wanted SELECT n, h.kind, h.id, '4101', 'KBOLIG' FROM nks.holder h, generate_series(1, 5000) n`); err != nil {
		t.Fatal(err)
	}
	if err := register.Resolve(ctx, tx, morning()); err != nil {
		t.Fatal(err)
	}
	var rules []struct {
		Rule  sql.NullInt16
		Count int
	}
	if err := tx.Select(&rules, `SELECT rule, count(*) FROM found GROUP BY rule ORDER BY rule NULLS LAST`); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(rules); got != "[{{1 true} 5000} {{2 true} 25000} {{3 true} 10000} {{0 false} 10000}]" {
		t.Errorf("rules %v", got)
	}
}
