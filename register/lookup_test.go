package register_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// question is what a payment knows of its recipient.
type question struct {
	kind               gateway.HolderKind
	id                 int64
	authority, benefit string
}

// answer is a row of AccountOf.
type answer struct {
	Payment     int64          `db:"payment_id"`
	Status      sql.NullInt16  `db:"status"`
	Rule        sql.NullInt16  `db:"rule"`
	Reason      int16          `db:"reason"`
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

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
}

// asked is the questions as the rows that a lookup is joined to.
const asked = `(SELECT n AS payment_id, holder_kind, holder, nullif(authority, '') AS authority, nullif(benefit_type, '') AS benefit_type
	FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS q (holder_kind, holder, authority, benefit_type, n)) q`

// asking is the parameters of asked.
func asking(questions []question) []any {
	var kinds []gateway.HolderKind
	var ids []int64
	var authorities, benefits []string
	for _, q := range questions {
		kinds, ids = append(kinds, q.kind), append(ids, q.id)
		authorities, benefits = append(authorities, q.authority), append(benefits, q.benefit)
	}
	return []any{kinds, ids, authorities, benefits}
}

// ask returns the answers in the order of the questions.
func ask(t tester, db *sqlx.DB, asOf time.Time, questions ...question) []answer {
	t.Helper()
	var found []answer
	err := db.Select(&found, `SELECT q.payment_id, f.* FROM `+asked+` LEFT JOIN LATERAL `+register.AccountOf("q", "$5::timestamptz")+` f ON true
		ORDER BY q.payment_id`, append(asking(questions), asOf)...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// standing is what StatusOf tells of a holder.
type standing struct {
	Status int16 `db:"status"`
	Usable bool  `db:"usable"`
}

// status is what is told of one holder's status: nothing, not NULL, of an unknown one.
func status(t tester, db *sqlx.DB, asOf time.Time, q question) []standing {
	t.Helper()
	var found []standing
	err := db.Select(&found, `SELECT l.* FROM `+asked+` JOIN LATERAL `+register.StatusOf("q", "$5::timestamptz")+` l ON true`, append(asking([]question{q}), asOf)...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (a answer) String() string {
	shown := fmt.Sprintf("status %d rule %d kind %d account %s", a.Status.Int16, a.Rule.Int16, a.AccountKind.Int16, a.Account.String)
	if a.Reason != 0 {
		shown += fmt.Sprintf("reason %d", a.Reason)
	}
	return shown
}

func TestAccountOf(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	summer := morning()
	late := time.Date(2005, 11, 29, 10, 0, 0, 0, time.UTC) // 181 days after 1 June
	autumn := time.Date(2005, 9, 1, 10, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		asOf time.Time
		q    question
		want string
	}{
		"the NemKonto": {summer, question{gateway.CPR, 101701111, "5200", "NKSLEV"}, "status 1 rule 2 kind 1 account 30010001111111"}, // B5.1 B9.2 B14
		"the specific account before the NemKonto":  {summer, question{gateway.CPR, 101701111, "4101", "KBOLIG"}, "status 1 rule 1 kind 1 account 90430009999999"},            // B5.2 B14
		"that authority's other benefit":            {summer, question{gateway.CPR, 101701111, "4101", "NKSLEV"}, "status 1 rule 2 kind 1 account 30010001111111"},            // B5.2
		"another authority's same benefit":          {summer, question{gateway.CPR, 101701111, "5200", "KBOLIG"}, "status 1 rule 2 kind 1 account 30010001111111"},            // B5.2
		"no benefit type":                           {summer, question{gateway.CPR, 101701111, "4101", ""}, "status 1 rule 2 kind 1 account 30010001111111"},                  // B14
		"the specific account after its time":       {autumn, question{gateway.CPR, 101701111, "4101", "KBOLIG"}, "status 1 rule 2 kind 1 account 30010001111111"},            // G-timed
		"an account abroad":                         {summer, question{gateway.CPR, 2902882222, "5200", "NKSLEV"}, "status 4 rule 2 kind 2 account SE4550000000058398257466"}, // B5.3 B22.3
		"an emigrated citizen's without the word":   {summer, question{gateway.CPR, 2902882222, "4101", "KBOLIG"}, "status 4 rule 0 kind 0 account reason 4"},                 // B22.3
		"an account abroad without IBAN":            {summer, question{gateway.SE, 12379005, "4101", "NKSLEV"}, "status 1 rule 2 kind 3 account 4711-0815"},                   // B5.3 B23.1
		"an account that ends in three days":        {summer, question{gateway.CVR, 12345674, "4101", "NKSLEV"}, "status 1 rule 2 kind 1 account 51220003333333"},             // B22.4
		"the account after it":                      {autumn, question{gateway.CVR, 12345674, "4101", "NKSLEV"}, "status 1 rule 2 kind 1 account 51220004444444"},             // B22.4
		"a P number with its own":                   {summer, question{gateway.PNR, 1000000002, "4101", "NKSLEV"}, "status 1 rule 2 kind 1 account 51220005555555"},           // B23.2
		"a P number with its own, without the word": {summer, question{gateway.PNR, 1000000002, "5200", ""}, "status 1 rule 3 kind 1 account 51220003333333"},                 // B23.2
		"a locked benefit to its locked account":    {summer, question{gateway.CPR, 3112611117, "5200", "KAPPEN"}, "status 1 rule 1 kind 1 account 90430007777777"},           // B25.4
		"a locked benefit and no locked account":    {summer, question{gateway.CPR, 101701111, "5200", "KAPPEN"}, "status 1 rule 0 kind 0 account reason 5"},                  // B25.4
		"a P number without its own":                {summer, question{gateway.PNR, 1000000001, "4101", "NKSLEV"}, "status 1 rule 3 kind 1 account 51220003333333"},           // B23.2
		"a P number with a specific one":            {summer, question{gateway.PNR, 1000000001, "5200", "NKSLEV"}, "status 1 rule 1 kind 1 account 90430008888888"},           // B14 B23.2
		"a P number without its own, in autumn":     {autumn, question{gateway.PNR, 1000000001, "4101", "NKSLEV"}, "status 1 rule 3 kind 1 account 51220004444444"},           // B23.2
		"an SE number without its own":              {summer, question{gateway.SE, 12367899, "4101", "NKSLEV"}, "status 1 rule 3 kind 1 account 51220003333333"},              // B23.2
		"nobody's account":                          {summer, question{gateway.CPR, 3112611117, "4101", "NKSLEV"}, "status 1 rule 0 kind 0 account reason 3"},                 // B35-36
		"the dead after their period":               {late, question{gateway.CPR, 202800004, "4101", "NKSLEV"}, "status 2 rule 0 kind 0 account reason 2"},                    // B18.3
		"the dead":                                  {summer, question{gateway.CPR, 202800004, "4101", "NKSLEV"}, "status 2 rule 2 kind 1 account 30010002222222"},            // B18.3 B38
		"an unknown number":                         {summer, question{gateway.CPR, 101701112, "4101", "NKSLEV"}, "status 0 rule 0 kind 0 account reason 1"},                  // G-ident
		"a known number of another kind":            {summer, question{gateway.SE, 12345674, "4101", "NKSLEV"}, "status 0 rule 0 kind 0 account reason 1"},                    // G-ident
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ask(t, db, tc.asOf, tc.q)
			if len(got) != 1 || got[0].String() != tc.want {
				t.Errorf("got %v, want %s", got, tc.want)
			}
			// An unknown holder's status is NULL, not a value.
			if len(got) == 1 && got[0].Status.Valid != (got[0].Status.Int16 != 0) {
				t.Errorf("status %+v", got[0].Status)
			}
			alive := status(t, db, tc.asOf, tc.q)
			if len(alive) > 1 || len(got) == 1 && (len(alive) == 1) != got[0].Status.Valid ||
				len(alive) == 1 && alive[0] != (standing{got[0].Status.Int16, got[0].Reason != int16(register.HolderEnded)}) {
				t.Errorf("StatusOf tells %v, AccountOf %v", alive, got)
			}
		})
	}
}

// Everything that a bank needs for an order abroad or a cheque. // B5.3 B35-36
func TestAccountOfTellsNamesAndAddresses(t *testing.T) {
	t.Parallel()
	got := ask(t, loaded(t), morning(), question{gateway.CPR, 2902882222, "5200", ""}, question{gateway.SE, 12379005, "", ""},
		question{gateway.CPR, 3112611117, "", ""})
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: true} }
	number := func(n int16) sql.NullInt16 { return sql.NullInt16{Int16: n, Valid: true} }
	want := []answer{
		{Payment: 1, Status: number(4), Rule: number(2), Version: got[0].Version, AccountKind: number(2), Account: text("SE4550000000058398257466"),
			BIC: text("ESSESESS"), Currency: text("SEK"), Name: text("Ida Berg"), Street: text("Långgatan 7"), Postcode: text("41103"),
			Town: text("Göteborg"), Country: text("SE"), BankName: text("Nordbanken"), BankAddress: text("Kungsgatan 1, Stockholm"),
			BankCountry: text("SE"), HolderName: text("Ida Berg"), HolderAddr: text("Långgatan 7, Göteborg")},
		{Payment: 2, Status: number(1), Rule: number(2), Version: got[1].Version, AccountKind: number(3), Account: text("4711-0815"),
			BankCode: text("10020030"), Currency: text("EUR"), Name: text("Enlig SE"), BankName: text("Hafenbank"), BankAddress: text("Kai 1"),
			BankCountry: text("DE"), HolderName: text("Enlig SE"), HolderAddr: text("Kai 2")},
		{Payment: 3, Status: number(1), Reason: 3, Name: text("Karl Uden"), Street: text("Nygade 1"), Postcode: text("5000"), Town: text("Odense C"),
			Country: text("DK")},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !got[0].Version.Valid || got[0].Version == got[1].Version {
		t.Errorf("versions %v and %v", got[0].Version, got[1].Version)
	}
}

// Two accounts in force at once must be seen: whoever asks counts the answers.
func TestTwoAccountsInForceGiveTwoAnswers(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	_, err := db.Exec(`INSERT INTO nks.account_version (holder_id, holder_kind, account_kind, account, valid_from, valid_to, recorded_from, counter)
		VALUES (101701111, 1, 1, '30010009999999', '2005-08-01Z', '2005-09-01Z', '2005-08-01Z', 1)`)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, db, morning(), question{gateway.CPR, 101701111, "", ""}, question{gateway.CPR, 3112611117, "", ""}); len(got) != 3 {
		t.Errorf("answers %v", got)
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := loaded(t)
	date := func(y int, m time.Month, d int) gateway.Date { return gateway.Date{Year: y, Month: m, Day: d} }

	agreements, err := register.Agreements(ctx, db)
	want := gateway.Agreements{ // G-agreement G-deadline G-los B33.1
		{ID: 1, Number: "BANK-1", Authority: "4101", AuthorityName: "Nordvig Kommune", LOSUnit: "4101-B", Supplier: "KOMDATA", BankCentre: "NORD",
			PayoutAccounts: []string{"30010000410101", "30010000410102"}, WithEffect: gateway.WithEffectTell, NoAccount: "return", ReceiveBy: 13*time.Hour + 30*time.Minute,
			RunsFrom: date(2004, 1, 1)},
		{ID: 2, Number: "BANK-1", Authority: "5200", AuthorityName: "Pensionskontoret", Supplier: "PENSIT", BankCentre: "SYD",
			PayoutAccounts: []string{"51220000520001"}, WithEffect: gateway.WithEffectTell, NoAccount: "cheque", ReceiveBy: 6 * time.Hour, RunsTo: date(2005, 12, 31)},
	}
	for i := range min(len(want), len(agreements)) {
		want[i].ID, want[i].Version = agreements[i].ID, agreements[i].Version
	}
	if got := fmt.Sprintf("%+v", agreements); err != nil || got != fmt.Sprintf("%+v", want) {
		t.Errorf("agreements %s, %v\nwant %+v", got, err, want)
	}
	suppliers, err := register.Suppliers(ctx, db, morning())
	if err != nil || !slices.Equal(suppliers, []register.Supplier{{Supplier: "KOMDATA", Name: "Kommunernes Datahus", EAN: "5790001000108"},
		{Supplier: "PENSIT", Name: `Pensionernes "nye" IT, Aarhus`}}) {
		t.Errorf("suppliers %+v, %v", suppliers, err)
	}
	benefits, err := register.BenefitTypes(ctx, db, morning()) // B31
	if err != nil || !slices.Equal(benefits, []register.BenefitType{{Code: "NKSLEV", Name: "Leverandørbetaling"},
		{Code: "KBOLIG", Authority: "4101", Name: "Boligstøtte"}, {Code: "KAPPEN", Authority: "5200", Name: "Kapitalpension", Salary: true}}) {
		t.Errorf("benefit types %+v, %v", benefits, err)
	}
	for supplier, n := range map[string]int{"KOMDATA": 2, "PENSIT": 0, "NOBODY": 0} {
		keys, err := register.SupplierKeys(ctx, db, supplier, morning())
		if err != nil || len(keys) != n {
			t.Errorf("%s has keys %v, %v; want %d", supplier, keys, err, n)
		}
	}
}

// Many questions at once, with what a register of some size makes of them.
func TestAccountsOfMany(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	c := smallCountry(t)
	load(t, db, morning(), c)
	var rules []struct {
		Rule  sql.NullInt16
		Count int
	}
	err := db.Select(&rules, `SELECT f.rule, count(*) FROM (SELECT h.kind AS holder_kind, h.id AS holder, '4101' AS authority, 'KBOLIG' AS benefit_type
			FROM nks.holder h, generate_series(1, 5000) n) q
		LEFT JOIN LATERAL `+register.AccountOf("q", "$1::timestamptz")+` f ON true GROUP BY rule ORDER BY rule NULLS LAST`, morning())
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(rules); got != "[{{1 true} 5000} {{2 true} 20000} {{3 true} 10000} {{0 false} 15000}]" {
		t.Errorf("rules %v", got)
	}
}
