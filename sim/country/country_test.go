package country_test

import (
	"encoding/csv"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/sim/country"
)

func small() country.Options {
	return country.Options{Holders: 20_000, Seed: 7, Centres: []string{"NORD", "MIDT", "SYD"}}
}

// rows reads a CSV file as the gateway would: by the header's names.
func rows(t *testing.T, dir, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "country", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var list []map[string]string
	for _, record := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = record[i]
		}
		list = append(list, row)
	}
	return list
}

func written(t *testing.T, o country.Options) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range country.Suppliers() {
		if err := os.WriteFile(filepath.Join(dir, "keys", "supplier_"+s+".pub"), []byte("ssh-ed25519 AAAA "+s+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := country.Write(dir, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// same compares all files below two directories.
func same(t *testing.T, a, b string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(a, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(a, path)
		if err != nil {
			return err
		}
		one, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		other, err := os.ReadFile(filepath.Join(b, rel))
		if err != nil {
			return err
		}
		if string(one) != string(other) {
			t.Errorf("%s differs", rel)
		}
		n++
		return nil
	})
	if err != nil || n == 0 {
		t.Errorf("%d files, %v", n, err)
	}
}

func TestTheSameSeedGivesTheSameCountry(t *testing.T) {
	t.Parallel()
	o := small()
	a, b := written(t, o), written(t, o)
	same(t, a, b)
	o.Seed++
	if rows(t, a, "holders.csv")[0]["id"] == rows(t, written(t, o), "holders.csv")[0]["id"] {
		t.Error("another seed gives the same first citizen")
	}
}

func TestHolders(t *testing.T) {
	t.Parallel()
	dir := written(t, small())
	seen := map[string]bool{}
	companies, count, lives := map[string]bool{}, map[string]int{}, map[string]int{}
	list := rows(t, dir, "holders.csv")
	for _, h := range list {
		kind, id := h["kind"], h["id"]
		if seen[kind+id] {
			t.Fatalf("%s number twice", kind)
		}
		seen[kind+id] = true
		count[kind]++
		lives[kind+" "+h["status"]]++
		switch kind {
		case "CPR":
			birth(t, id)
		case "CVR", "SE":
			if !mod11(id) {
				t.Errorf("%s %s fails modulo 11", kind, id)
			}
		case "P":
			if len(id) != 10 {
				t.Errorf("P number %s", id)
			}
		}
		if kind == "CVR" {
			companies[id] = true
		}
		if p := h["parent"]; p != "" && !companies[p] || kind == "P" && p == "" {
			t.Errorf("%s %s has parent %q", kind, id, p)
		}
		if (h["street"] == "") != (h["country"] == "") {
			t.Errorf("half an address: %v", h["postcode"])
		}
		if h["name"] == "" {
			t.Errorf("%s without a name", kind)
		}
	}
	if len(list) != small().Holders {
		t.Errorf("%d holders", len(list))
	}
	for _, must := range []string{"CPR alive", "CPR dead", "CPR emigrated", "CVR alive", "CVR ceased", "SE alive", "SE ceased", "P alive"} {
		if lives[must] == 0 {
			t.Errorf("nobody is %s: %v", must, lives)
		}
	}
	if count["CPR"] < count["CVR"] || count["P"] == 0 || count["SE"] == 0 {
		t.Errorf("kinds %v", count)
	}
}

// birth checks the date in a CPR number, with the century by the seventh digit.
func birth(t *testing.T, cpr string) {
	t.Helper()
	if len(cpr) != 10 {
		t.Fatalf("CPR of %d digits", len(cpr))
	}
	year, century := int(cpr[4]-'0')*10+int(cpr[5]-'0'), "19"
	switch seventh := cpr[6]; {
	case seventh >= '4' && year <= 36:
		century = "20"
	case seventh >= '5' && seventh <= '8':
		t.Errorf("a birth of the nineteenth century or after 2036: %sxxxx", cpr[:6])
	}
	day, err := time.Parse("02012006", cpr[:4]+century+cpr[4:6])
	if err != nil || day.After(time.Date(2005, 8, 11, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s%s is no birthday", cpr[:4], century+cpr[4:6])
	}
}

func mod11(id string) bool {
	sum := 0
	for i, weight := range []int{2, 7, 6, 5, 4, 3, 2, 1} {
		sum += int(id[i]-'0') * weight
	}
	return len(id) == 8 && sum%11 == 0
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	dir := written(t, small())
	own, foreign, coded, closed := map[string]bool{}, 0, 0, 0
	list := rows(t, dir, "accounts.csv")
	for _, a := range list {
		checkAccount(t, a)
		if a["valid_to"] == "" || a["valid_to"] > "2006" {
			own[a["kind"]+a["id"]] = true
		} else {
			closed++
		}
		if a["account"] == "" {
			foreign++
		}
		if a["foreign_account"] != "" {
			coded++
		}
	}
	citizens, with, unknownAddress := 0, 0, 0
	for _, h := range rows(t, dir, "holders.csv") {
		if h["kind"] != "CPR" {
			continue
		}
		citizens++
		if own["CPR"+h["id"]] {
			with++
		} else if h["street"] == "" {
			unknownAddress++
		}
	}
	if share := with * 1000 / citizens; share < 955 || share > 980 {
		t.Errorf("%d of %d citizens have an account", with, citizens)
	}
	if share := foreign * 1000 / len(list); share < 15 || share > 25 || coded == 0 {
		t.Errorf("%d of %d accounts are abroad, %d by bank code", foreign, len(list), coded)
	}
	if closed == 0 || unknownAddress == 0 || unknownAddress == citizens-with {
		t.Errorf("%d old versions, %d of %d without account have no address", closed, unknownAddress, citizens-with)
	}
}

func checkAccount(t *testing.T, a map[string]string) {
	t.Helper()
	ways := 0
	if n := a["account"]; n != "" {
		ways++
		if len(n) != 14 {
			t.Errorf("account of %d digits", len(n))
		}
	}
	if n := a["iban"]; n != "" {
		ways++
		if !iban(n) || a["bic"] == "" {
			t.Errorf("IBAN of %s", a["bank_country"])
		}
	}
	if a["foreign_account"] != "" {
		ways++
		if a["bic"] == "" || a["bank_code"] == "" {
			t.Error("foreign account without a bank")
		}
	}
	if ways != 1 {
		t.Errorf("%d accounts in one row", ways)
	}
}

// iban checks by ISO 7064.
func iban(s string) bool {
	var digits strings.Builder
	for _, c := range s[4:] + s[:4] {
		if c >= 'A' {
			digits.WriteString(big.NewInt(int64(c - 'A' + 10)).String())
		} else {
			digits.WriteRune(c)
		}
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && n.Mod(n, big.NewInt(97)).Int64() == 1
}

func TestSpecificAccounts(t *testing.T) {
	t.Parallel()
	dir := written(t, small())
	benefits := map[string]string{}
	for _, b := range rows(t, dir, "benefit_types.csv") {
		benefits[b["benefit_type"]] = b["authority"]
	}
	count, locked := map[string]int{}, map[string]int{}
	for _, a := range rows(t, dir, "specific_accounts.csv") {
		checkAccount(t, a)
		count[a["benefit_type"]]++
		locked[a["locked"]]++
		if owner, ok := benefits[a["benefit_type"]]; !ok || owner != "" && owner != a["authority"] {
			t.Fatalf("benefit %s of %s", a["benefit_type"], a["authority"])
		}
	}
	for b, n := range count {
		if share := n * 100 / (small().Holders * 86 / 100); share < 9 || share > 30 {
			t.Errorf("%s: %d specific accounts", b, n)
		}
	}
	if len(count) < 2 || locked["yes"] == 0 || locked["no"] == 0 || len(locked) != 2 {
		t.Errorf("%v, locked %v", count, locked)
	}
}

func TestParties(t *testing.T) {
	t.Parallel()
	dir := written(t, small())
	suppliers, serves, centres, choices, times, expired := map[string]bool{}, map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]int{}, 0
	for _, s := range rows(t, dir, "suppliers.csv") {
		suppliers[s["supplier"]] = true
		if s["ssh_keys"] != "ssh-ed25519 AAAA "+s["supplier"] {
			t.Errorf("key of %s: %q", s["supplier"], s["ssh_keys"])
		}
		if ean := s["ean"]; ean != "" && !gln(ean) {
			t.Errorf("EAN %s", ean)
		}
	}
	authorities, units := map[string]bool{}, map[string]string{}
	for _, a := range rows(t, dir, "authorities.csv") {
		authorities[a["authority"]] = true
		if !mod11(a["cvr"]) {
			t.Errorf("CVR number of %s", a["name"])
		}
	}
	for _, u := range rows(t, dir, "los_units.csv") {
		units[u["los_unit"]] = u["authority"]
		if p := u["parent"]; p != "" && units[p] != u["authority"] {
			t.Errorf("unit %s under %q", u["los_unit"], p)
		}
	}
	for _, g := range rows(t, dir, "agreements.csv") {
		if !suppliers[g["supplier"]] || !authorities[g["authority"]] || units[g["los_unit"]] != g["authority"] {
			t.Errorf("agreement %v", g)
		}
		if serves[g["supplier"]] == nil {
			serves[g["supplier"]] = map[string]bool{}
		}
		serves[g["supplier"]][g["authority"]] = true
		centres[g["bank_centre"]], choices[g["no_account"]] = true, true
		times[g["receive_by"]]++
		if g["valid_to"] != "" {
			expired++
		}
		for account := range strings.FieldsSeq(g["payout_accounts"]) {
			if len(account) != 14 {
				t.Errorf("payout account %q", account)
			}
		}
	}
	shared := false
	for _, a := range serves {
		shared = shared || len(a) > 1
	}
	if len(suppliers) < 3 || len(authorities) < 5 || !shared || len(centres) != 3 || !choices["return"] || !choices["cheque"] || expired != 1 ||
		len(times) != 2 || times["06:00"] < 5 {
		t.Errorf("suppliers %v, centres %v, choices %v, times %v, expired %d", serves, centres, choices, times, expired)
	}
	if !slices.Equal(country.Suppliers(), []string{"KOMDATA", "PENSIT", "AFGIFTIT", "STUDIEIT"}) {
		t.Errorf("suppliers %v", country.Suppliers())
	}
}

func gln(s string) bool {
	sum := 0
	for i, c := range s {
		sum += int(c-'0') * (1 + 2*(i%2))
	}
	return len(s) == 13 && sum%10 == 0
}

func TestImpossibleCountries(t *testing.T) {
	t.Parallel()
	for _, o := range []country.Options{
		{Holders: 0, Centres: []string{"X"}}, {Holders: country.MaxHolders + 1, Centres: []string{"X"}}, {Holders: 1000},
	} {
		if err := country.Write(t.TempDir(), o); !errors.Is(err, country.ErrOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if err := country.Plan(t.TempDir(), country.PlanOptions{Payments: 1}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a plan without a country: %v", err)
	}
}

// BenchmarkWrite is the time of one million holders.
func BenchmarkWrite(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		if err := country.Write(dir, country.Options{Holders: 1_000_000, Seed: 1, Centres: []string{"X", "Y", "Z"}}); err != nil {
			b.Fatal(err)
		}
	}
}
