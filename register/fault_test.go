package register_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// A rule broken in one place of the small country, and the one fault that must tell of it.
type broken struct {
	file, old, with string
	line            int
	column, value   string
	rule            string
}

func brokenRows() map[string]broken {
	const (
		karl   = "CPR,3112611117,,alive,,Karl Uden"
		own    = "CPR,0101701111,30010001111111,,,,,,,,,,,,"
		kbolig = "yes,KBOLIG,4101,CPR,0101701111,90430009999999"
	)
	return map[string]broken{
		"supplier with a blank":      {"suppliers.csv", "PENSIT,", "PENS IT,", 3, "supplier", "PENS IT", "1-35 of"},
		"supplier that is a folder":  {"suppliers.csv", "PENSIT,", "..,", 3, "supplier", "..", "1-35 of"},
		"supplier without a name":    {"suppliers.csv", "Kommunernes Datahus", "", 2, "name", "", "missing"},
		"EAN of 12 digits":           {"suppliers.csv", "5790001000108", "579000100010", 2, "ean", "579000100010", "13 digits"},
		"key that is none":           {"suppliers.csv", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEWF", "ssh-ed25519 BBBB", 2, "ssh_keys", "", "OpenSSH"},
		"supplier twice":             {"suppliers.csv", "PENSIT,", "KOMDATA,", 3, "supplier", "KOMDATA", "another row"},
		"authority's CVR number":     {"authorities.csv", "12423446", "12423447", 2, "cvr", "12423447", "modulus 11"},
		"authority twice":            {"authorities.csv", "5200,Pens", "4101,Pens", 3, "authority", "4101", "another row"},
		"unit twice":                 {"los_units.csv", "5200,5200,,", "4101,4101,,", 4, "los_unit", "4101", "another row"},
		"unit above itself":          {"los_units.csv", "4101,4101,,", "4101,4101,4101,", 3, "parent", "4101", "unit itself"},
		"unit's parent elsewhere":    {"los_units.csv", "4101-B,4101,", "4101-B,5200,", 2, "parent", "5200", "no LOS unit of that authority"},
		"unit of nobody":             {"los_units.csv", "5200,5200,,", "5201,5200,,", 4, "authority", "5201", "not known"},
		"agreement of nobody":        {"agreements.csv", "BANK-1,5200", "BANK-1,5201", 3, "authority", "5201", "not known"},
		"agreement through nobody":   {"agreements.csv", "PENSIT,SYD", "NOBODY,SYD", 3, "supplier", "NOBODY", "not known"},
		"agreement of no unit":       {"agreements.csv", "4101,4101-B", "4101,4101-C", 2, "los_unit", "4101-C", "not known"},
		"agreement twice":            {"agreements.csv", "BANK-1,5200,,PENSIT", "BANK-1,4101,,KOMDATA", 3, "agreement", "BANK-1", "another row"},
		"payout account too short":   {"agreements.csv", "51220000520001", "5122000052001", 3, "payout_accounts", "5122000052001", "14 digits"},
		"payout accounts two blanks": {"agreements.csv", "30010000410102 ", "30010000410102  ", 2, "payout_accounts", "30010000410102  30010000410101", "one blank"},
		"choice":                     {"agreements.csv", "cheque", "check", 3, "no_account", "check", "return or cheque"},
		"choice left out":            {"agreements.csv", "cheque", "", 3, "no_account", "", "missing"},
		"no time of day":             {"agreements.csv", "13:30", "24:00", 2, "receive_by", "24:00", "HH:MM"},
		"no date":                    {"agreements.csv", "2005-12-31", "2005-11-31", 3, "valid_to", "2005-11-31", "YYYY-MM-DD"},
		"period backwards":           {"agreements.csv", "2004-01-01,", "2004-01-01,2003-12-31", 2, "valid_to", "2003-12-31", "before valid_from"},
		"benefit type twice":         {"benefit_types.csv", "KBOLIG,4101", "NKSLEV,", 3, "benefit_type", "NKSLEV", "another row"},
		"benefit type of nobody":     {"benefit_types.csv", "KBOLIG,4101", "KBOLIG,4102", 3, "authority", "4102", "not known"},

		"holder's kind":                {"holders.csv", karl, "cpr,3112611117,,alive,,Karl Uden", 5, "kind", "cpr", "CPR, CVR, SE or P"},
		"CPR of no date":               {"holders.csv", karl, "CPR,3113611117,,alive,,Karl Uden", 5, "id", "311361-xxxx", "date of birth"},                 // G-ident
		"CPR that is a replacement":    {"holders.csv", karl, "CPR,6112611117,,alive,,Karl Uden", 5, "id", "611261-xxxx", "date of birth"},                 // G-ident
		"CPR of a leap day of no year": {"holders.csv", "CPR,2902882222,,emigrated", "CPR,2902872222,,emigrated", 4, "id", "290287-xxxx", "date of birth"}, // G-ident
		"CPR without its first zero":   {"holders.csv", "CPR,0202800004", "CPR,202800004", 3, "id", "202800-xxxx", "date of birth"},                        // G-ident
		"CPR with a dash":              {"holders.csv", karl, "CPR,311261-1117,,alive,,Karl Uden", 5, "id", "311261-xxxx", "date of birth"},                // G-ident
		"CPR in another column":        {"holders.csv", karl, "CPR,3112611117,,311261-1117,,Karl Uden", 5, "status", "311261-xxxx", "alive, dead"},
		"CVR modulus":                  {"holders.csv", "CVR,12356781,,ceased", "CVR,12356782,,ceased", 7, "id", "12356782", "modulus 11"}, // G-ident
		"SE modulus":                   {"holders.csv", "SE,12379005", "SE,12379006", 9, "id", "12379006", "modulus 11"},                   // G-ident
		"P of 9 digits":                {"holders.csv", "P,1000000001", "P,100000001", 10, "id", "100000-xxxx", "10 digits"},               // G-ident
		"citizen ceased":               {"holders.csv", karl, "CPR,3112611117,,ceased,2005-01-01,Karl Uden", 5, "status", "ceased", "does not fit"},
		"death on no day":              {"holders.csv", "dead,2005-06-01", "dead,", 3, "ended_on", "", "is missing"}, // B18.3
		"end of the living":            {"holders.csv", karl, "CPR,3112611117,,alive,2005-01-01,Karl Uden", 5, "ended_on", "2005-01-01", "dead, ceased and emigrated only"},
		"period of no kind":            {"periods.csv", "CVR,90", "KVR,90", 3, "kind", "KVR", "CPR, CVR, SE or P"},
		"period without end":           {"periods.csv", "CVR,90", "CVR,36501", 3, "days", "36501", "at most 36500"},
		"period of a word":             {"periods.csv", "CVR,90", "CVR,long", 3, "days", "long", "number of days"},
		"period twice":                 {"periods.csv", "CVR,90", "CPR,90", 3, "kind", "CPR", "another row"},
		"word that is none":            {"authorities.csv", "12423446,no", "12423446,maybe", 2, "emigrated", "maybe", "yes or no"},
		"salary that is none":          {"benefit_types.csv", "Boligstøtte,yes,no", "Boligstøtte,yes,maybe", 3, "salary", "maybe", "yes or no"},
		"fallback that is none":        {"benefit_types.csv", "Boligstøtte,yes", "Boligstøtte,", 3, "fallback", "", "yes or no"},
		"company dead":                 {"holders.csv", "12356781,,ceased", "12356781,,dead", 7, "status", "dead", "does not fit"},
		"citizen under a company":      {"holders.csv", karl, "CPR,3112611117,12345674,alive,,Karl Uden", 5, "parent", "12345674", "SE and P numbers only"},
		"P under nobody":               {"holders.csv", "P,1000000001,12345674", "P,1000000001,", 10, "parent", "", "under a CVR number"},            // B23.2
		"P under an unknown company":   {"holders.csv", "P,1000000001,12345674", "P,1000000001,12390114", 10, "parent", "12390114", "no CVR number"}, // B23.2
		"SE under an SE":               {"holders.csv", "SE,12367899,12345674", "SE,12367899,12379005", 8, "parent", "12379005", "no CVR number"},    // B23.2
		"holder twice":                 {"holders.csv", karl, "CPR,0101701111,,alive,,Karl Uden", 5, "id", "010170-xxxx", "another row"},
		"country":                      {"holders.csv", "8500,Grenaa,DK", "8500,Grenaa,Dk", 6, "country", "Dk", "two letters"},
		"name of 201 characters":       {"holders.csv", "Karl Uden", strings.Repeat("ø", 201), 5, "name", strings.Repeat("ø", 60) + "…", "longer than 200"},
		"name before a blank":          {"holders.csv", "Karl Uden", "Karl Uden ", 5, "name", "Karl Uden ", "blank"},
		"name in ISO 8859-1":           {"holders.csv", "Karl Uden", "K\xe6rl", 5, "name", "K\uFFFDrl", "UTF-8"},
		"name over two lines":          {"holders.csv", "Karl Uden", "\"Karl\nUden\"", 5, "name", "Karl\nUden", "control characters"},

		"account of 13 digits":        {"accounts.csv", own, "CPR,0101701111,3001000111111,,,,,,,,,,,,", 2, "account", "3001000111111", "14 digits"},
		"no account at all":           {"accounts.csv", own, "CPR,0101701111,,,,,,,,,,,,,", 2, "account", "", "exactly one"},
		"two accounts in one":         {"accounts.csv", own, "CPR,0101701111,30010001111111,DK4652010001234567,,,,,,,,,,,", 2, "account", "30010001111111", "exactly one"},
		"IBAN's check digits":         {"accounts.csv", "SE4550000000058398257466", "SE4650000000058398257466", 4, "iban", "SE4650000000058398257466", "check digits"},
		"IBAN with blanks":            {"accounts.csv", "SE4550000000058398257466", "SE45 5000 0000 0583 9825 7466", 4, "iban", "SE45 5000 0000 0583 9825 7466", "check digits"},
		"BIC":                         {"accounts.csv", "ESSESESS", "ESSESES", 4, "bic", "ESSESES", "BIC"},
		"foreign account of no bank":  {"accounts.csv", "4711-0815,10020030,", "4711-0815,,", 8, "foreign_account", "4711-0815", "bic or bank_code"},
		"bank's country":              {"accounts.csv", "SE,SEK", "SWE,SEK", 4, "bank_country", "SWE", "two letters"},
		"currency":                    {"accounts.csv", "SE,SEK", "SE,kr", 4, "currency", "kr", "three letters"},
		"account of nobody":           {"accounts.csv", own, "CPR,0101701112,30010001111111,,,,,,,,,,,,", 2, "id", "010170-xxxx", "no holder"}, // G-ident
		"account of another kind":     {"accounts.csv", "SE,12379005", "CVR,12379005", 8, "id", "12379005", "no holder"},                       // G-ident
		"two accounts open":           {"accounts.csv", "CPR,0202800004,", "CPR,0101701111,", 3, "valid_from", "", "overlaps"},                 // B22.4
		"two accounts on one day":     {"accounts.csv", "2005-08-15,", "2005-08-14,", 6, "valid_from", "2005-08-14", "overlaps"},               // B22.4
		"two ended accounts":          {"accounts.csv", "2005-08-15,", "2005-08-14,2005-08-20", 6, "valid_from", "2005-08-14", "overlaps"},     // B22.4
		"specific, unknown authority": {"specific_accounts.csv", kbolig, "yes,KBOLIG,4102,CPR,0101701111,90430009999999", 2, "authority", "4102", "not known"},
		"specific, unknown benefit":   {"specific_accounts.csv", kbolig, "yes,KSYGE,4101,CPR,0101701111,90430009999999", 2, "benefit_type", "KSYGE", "neither general"},
		"specific, another's benefit": {"specific_accounts.csv", "no,NKSLEV", "no,KBOLIG", 3, "benefit_type", "KBOLIG", "neither general"}, // B27.1
		"specific, no authority":      {"specific_accounts.csv", "no,NKSLEV,5200", "no,NKSLEV,", 3, "authority", "", "missing"},
		"specific, locked how":        {"specific_accounts.csv", "yes,KBOLIG", "true,KBOLIG", 2, "locked", "true", "yes or no"},
		"specific, of nobody":         {"specific_accounts.csv", "5200,P,1000000001", "5200,P,1000000003", 3, "id", "1000000003", "no holder"},

		"unknown column":     {"benefit_types.csv", "benefit_type,authority,name,fallback,salary", "benefit_type,authority,title,name,fallback,salary", 1, "title", "", "no column"},
		"missing column":     {"benefit_types.csv", "benefit_type,authority,name,fallback,salary", "benefit_type,authority,fallback,salary", 1, "name", "", "missing in the header"},
		"column twice":       {"benefit_types.csv", "benefit_type,authority,name,fallback,salary", "benefit_type,authority,name,name,fallback,salary", 1, "name", "", "twice"},
		"field too few":      {"benefit_types.csv", "KBOLIG,4101,", "KBOLIG,4101", 3, "", "", "4 fields, the header 5"},
		"field too many":     {"benefit_types.csv", "KBOLIG,4101,", "KBOLIG,4101,,", 3, "", "", "6 fields, the header 5"},
		"quote inside":       {"benefit_types.csv", "Boligstøtte", "Bolig\"støtte", 3, "", "", "quote"},
		"quote never closed": {"benefit_types.csv", "Boligstøtte", "\"Boligstøtte", 3, "", "", "quote"},
		"text after a quote": {"benefit_types.csv", "Boligstøtte", "\"Bolig\"støtte", 3, "", "", "quote"},
		"record of 65 KiB":   {"benefit_types.csv", "Boligstøtte", strings.Repeat("x", 65<<10), 3, "", "", "64 KiB"},
		"65 fields":          {"benefit_types.csv", "Boligstøtte", strings.Repeat(",", 65), 3, "", "", "64 fields"},
	}
}

func refused(t *testing.T, err error) *register.LoadError {
	t.Helper()
	var refusal *register.LoadError
	if !errors.As(err, &refusal) || !errors.Is(err, register.ErrData) {
		t.Fatalf("error %v, want a LoadError", err)
	}
	return refusal
}

// Each rule broken alone: in a register without anything, which is filled another way, and in one that holds the
// country already.
func TestLoadRefusesBrokenRows(t *testing.T) {
	t.Parallel()
	for state, db := range map[string]*sqlx.DB{"empty": pgtest.New(t), "filled": loaded(t)} {
		before := rowCount(t, db)
		for name, b := range brokenRows() {
			t.Run(name+" in the "+state+" register", func(t *testing.T) {
				c := smallCountry(t).with(t, b.file, b.old, b.with)
				_, err := register.Load(context.Background(), db, c.sources(), register.Options{Now: morning})
				b.expect(t, err)
			})
		}
		if after := rowCount(t, db); after != before {
			t.Errorf("refused loads left %d rows where %d were", after, before)
		}
	}
}

func (b broken) expect(t *testing.T, err error) {
	t.Helper()
	faults := refused(t, err).Faults
	f := faults[0]
	if f.File != "in/"+b.file || f.Line != b.line || f.Column != b.column || !strings.Contains(f.Rule, b.rule) {
		t.Errorf("fault %+v, want %s:%d %s …%s…", f, b.file, b.line, b.column, b.rule)
	}
	if b.value != "" && f.Value != b.value {
		t.Errorf("value %q, want %q", f.Value, b.value)
	}
	if len(faults) > 1 {
		t.Errorf("faults %+v, want one", faults)
	}
	for _, digits := range []string{"3112611117", "0101701111", "0101701112", "311261-1117", "2028000"} {
		if strings.Contains(err.Error(), digits) {
			t.Errorf("the error holds a CPR number: %v", err)
		}
	}
}

func rowCount(t *testing.T, db *sqlx.DB) (n int) {
	t.Helper()
	err := db.Get(&n, `SELECT (SELECT count(*) FROM nks.holder) + (SELECT count(*) FROM nks.supplier)
		+ (SELECT count(*) FROM nks.account_version) + (SELECT count(*) FROM nks.agreement)`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUnitsMakeNoCircle(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	c := smallCountry(t)
	c["los_units.csv"] = "authority,los_unit,parent,name\n4101,4101,4101-B,Nordvig Kommune\n"
	_, err := register.Load(context.Background(), db, c.only("los_units.csv").sources(), register.Options{Now: morning})
	f := refused(t, err).Faults[0]
	if f.Line != 2 || f.Column != "parent" || !strings.Contains(f.Rule, "circle") {
		t.Errorf("fault %+v, want a circle in line 2", f)
	}
}

func TestLoadStopsAtTwentyFaults(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	c := smallCountry(t)
	var b strings.Builder
	b.WriteString("kind,id,parent,status,ended_on,name,street,postcode,town,country\n")
	for i := range 50 {
		fmt.Fprintf(&b, "CVR,%08d,,alive,,,,,,\n", 12345671+i*11)
	}
	c["holders.csv"] = b.String()
	_, err := register.Load(context.Background(), db, c.sources(), register.Options{Now: morning})
	e := refused(t, err)
	if len(e.Faults) != register.MaxFaults || !e.More {
		t.Errorf("%d faults, more %v; want %d and more", len(e.Faults), e.More, register.MaxFaults)
	}
	if got := strings.Count(err.Error(), "\n"); got != register.MaxFaults+1 {
		t.Errorf("error has %d lines, want one each, one before and one after: %v", got+1, err)
	}
}

// Faults of several files are told together.
func TestFaultsOfSeveralFiles(t *testing.T) {
	t.Parallel()
	c := smallCountry(t).with(t, "suppliers.csv", "5790001000108", "1").with(t, "holders.csv", "8500,Grenaa,DK", "8500,Grenaa,D").
		with(t, "accounts.csv", "SE,SEK", "SE,S")
	_, err := register.Load(context.Background(), pgtest.New(t), c.sources(), register.Options{Now: morning})
	var where []string
	for _, f := range refused(t, err).Faults {
		where = append(where, f.File+" "+f.Column)
	}
	if got := strings.Join(where, ", "); got != "in/suppliers.csv ean, in/holders.csv country, in/accounts.csv currency" {
		t.Errorf("faults at %s", got)
	}
}

// Whoever duplicates thousands of rows is told of the first twenty, by line.
func TestManyDuplicates(t *testing.T) {
	t.Parallel()
	c := smallCountry(t)
	c["holders.csv"] += strings.Repeat("CVR,12390114,,alive,,,,,,\n", 100)
	_, err := register.Load(context.Background(), pgtest.New(t), c.sources(), register.Options{Now: morning})
	e := refused(t, err)
	if len(e.Faults) != register.MaxFaults || !e.More || e.Faults[0].Line != 13 {
		t.Errorf("%d faults, more %v, first %+v", len(e.Faults), e.More, e.Faults[0])
	}
}
