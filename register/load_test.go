package register_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// country is the reference data under testdata, by file name; tests change single files of it.
type country map[string]string

func smallCountry(t *testing.T) country {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "country", "*.csv"))
	if err != nil || len(names) != 9 {
		t.Fatalf("testdata: %v %v", names, err)
	}
	c := country{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c[filepath.Base(name)] = string(b)
	}
	return c
}

// sources makes the files in an order of their own: that of loading must not depend on it.
func (c country) sources() []register.Source {
	var all []register.Source
	for name, content := range c {
		all = append(all, register.Source{Name: "in/" + name, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content)), nil
		}})
	}
	return all
}

// with replaces text in one file, which must be there once.
func (c country) with(t *testing.T, file, old, with string) country {
	t.Helper()
	if strings.Count(c[file], old) != 1 {
		t.Fatalf("%s holds %q %d times", file, old, strings.Count(c[file], old))
	}
	changed := country{}
	for name, content := range c {
		changed[name] = content
	}
	changed[file] = strings.Replace(c[file], old, with, 1)
	return changed
}

func (c country) only(files ...string) country {
	part := country{}
	for _, f := range files {
		part[f] = c[f]
	}
	return part
}

// morning is 04:30 in Copenhagen on a Thursday, when most of these loads happen.
func morning() time.Time { return time.Date(2005, 8, 11, 2, 30, 0, 0, time.UTC) }

func load(t *testing.T, db *sqlx.DB, now time.Time, c country) register.Summary {
	t.Helper()
	sum, err := register.Load(context.Background(), db, c.sources(), register.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// loaded is a register with the small country.
func loaded(t *testing.T) *sqlx.DB {
	t.Helper()
	db := pgtest.New(t)
	load(t, db, morning(), smallCountry(t))
	return db
}

func changes(s register.Summary) (added, changed int64) {
	for _, f := range s.Files {
		added += f.Added
		changed += f.Changed
	}
	return added, changed
}

func TestLoadTellsWhatItDid(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var last register.Progress
	sum, err := register.Load(context.Background(), db, smallCountry(t).sources(), register.Options{Now: morning,
		Progress: func(p register.Progress) { last = p }})
	if err != nil {
		t.Fatal(err)
	}
	want := []register.FileSummary{
		{File: "suppliers.csv", Rows: 2, Added: 2},
		{File: "authorities.csv", Rows: 2, Added: 2},
		{File: "los_units.csv", Rows: 3, Added: 3},
		{File: "agreements.csv", Rows: 2, Added: 2},
		{File: "benefit_types.csv", Rows: 3, Added: 3},
		{File: "periods.csv", Rows: 2, Changed: 1}, // the other says what is assumed
		{File: "holders.csv", Rows: 10, Added: 10},
		{File: "accounts.csv", Rows: 7, Added: 7},
		{File: "specific_accounts.csv", Rows: 3, Added: 3},
	}
	if !slices.Equal(sum.Files, want) {
		t.Errorf("summary %+v, want %+v", sum.Files, want)
	}
	if last.Total == 0 || last.Done != last.Total || last.Rows != 34 {
		t.Errorf("last progress %+v, want all bytes and 34 rows", last)
	}
}

func TestLoadingAgainMakesNothing(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	before := position(t, db)
	sum := load(t, db, morning().AddDate(0, 1, 0), smallCountry(t))
	if added, changed := changes(sum); added != 0 || changed != 0 {
		t.Errorf("loading the same again added %d and changed %d: %+v", added, changed, sum)
	}
	if after := position(t, db); after != before || !strings.HasPrefix(before, fmt.Sprintf("epoch %d ", sum.Epoch)) {
		t.Errorf("%s and epoch %d after, %s before", after, sum.Epoch, before)
	}
}

// position is how far the register is.
func position(t *testing.T, db *sqlx.DB) (p string) {
	t.Helper()
	err := db.Get(&p, `SELECT 'epoch ' || epoch || ' counter ' || counter FROM nks.register_counter`)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLoadUpdates(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file, old, with string
		added, changed  int64
		query, want     string
	}{
		"a holder dies": {"holders.csv", "CPR,3112611117,,alive,", "CPR,3112611117,,dead,2005-08-10", 0, 1,
			`SELECT status FROM nks.holder WHERE kind = 1 AND id = 3112611117`, "2"}, // B38
		"a holder moves": {"holders.csv", "Nygade 1", "Nygade 2", 0, 1,
			`SELECT street FROM nks.holder WHERE kind = 1 AND id = 3112611117`, "Nygade 2"}, // B38
		"a holder's address is forgotten": {"holders.csv", "Nygade 1,5000,Odense C,DK", ",,,", 0, 1,
			`SELECT coalesce(street, 'none') FROM nks.holder WHERE kind = 1 AND id = 3112611117`, "none"},
		"an agreement moves to another bank centre": {"agreements.csv", "PENSIT,SYD", "PENSIT,NORD", 0, 1,
			`SELECT bank_centre FROM nks.agreement_version WHERE authority = '5200' AND recorded_to IS NULL AND valid_to IS NULL`, "NORD"},
		"an agreement gets another payout account": {"agreements.csv", "51220000520001", "51220000520009", 0, 1,
			`SELECT payout_accounts[1] FROM nks.agreement_version WHERE authority = '5200' AND recorded_to IS NULL AND valid_to IS NULL`, "51220000520009"},
		"a supplier loses a key": {"suppliers.csv", ";ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEWF5i57WB6FVIsBsTTAX95FT0ECqoTVKk8qO/z7Gjzl second", "", 0, 1,
			`SELECT cardinality(ssh_keys) FROM nks.supplier_version WHERE supplier = 'KOMDATA' AND recorded_to IS NULL AND valid_to IS NULL`, "1"},
		"a general benefit type is renamed": {"benefit_types.csv", "Leverandørbetaling", "Leverandører", 0, 1,
			`SELECT name FROM nks.benefit_type_version WHERE authority IS NULL AND recorded_to IS NULL AND valid_to IS NULL`, "Leverandører"},
		"a unit moves up": {"los_units.csv", "4101-B,4101,", "4101-B,,", 0, 1,
			`SELECT coalesce(parent, 'none') FROM nks.los_unit_version WHERE los_unit = '4101-B' AND recorded_to IS NULL AND valid_to IS NULL`, "none"},
		"an authority says its word": {"authorities.csv", "12423446,no,yes", "12423446,yes,yes", 0, 1,
			`SELECT emigrated FROM nks.authority_word WHERE authority = '4101' AND recorded_to IS NULL AND valid_to IS NULL`, "true"}, // B22.3
		"a benefit becomes a salary": {"benefit_types.csv", "Boligstøtte,yes,no", "Boligstøtte,yes,yes", 0, 1,
			`SELECT salary FROM nks.benefit_type_version WHERE benefit_type = 'KBOLIG' AND recorded_to IS NULL AND valid_to IS NULL`, "true"}, // B1-salary
		"a benefit loses its fallback": {"benefit_types.csv", "Boligstøtte,yes", "Boligstøtte,no", 0, 1,
			`SELECT fallback FROM nks.benefit_fallback WHERE benefit_type = 'KBOLIG' AND recorded_to IS NULL AND valid_to IS NULL`, "false"}, // B25.4
		"a period gets longer": {"periods.csv", "CVR,90", "CVR,365", 0, 1,
			`SELECT days FROM nks.account_period WHERE kind = 2 AND recorded_to IS NULL AND valid_to IS NULL`, "365"}, // B18.3
		"an authority gets a CVR number": {"authorities.csv", "Pensionskontoret,", "Pensionskontoret,12401221", 0, 1,
			`SELECT cvr FROM nks.authority WHERE authority = '5200'`, "12401221"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := loaded(t)
			sum := load(t, db, morning(), smallCountry(t).with(t, tc.file, tc.old, tc.with).only(tc.file))
			if added, changed := changes(sum); added != tc.added || changed != tc.changed {
				t.Errorf("added %d and changed %d, want %d and %d", added, changed, tc.added, tc.changed)
			}
			if sum.Epoch != 2 || sum.Counter != 2 {
				t.Errorf("epoch %d and counter %d, want 2 and 2: a change has a number, and no new epoch", sum.Epoch, sum.Counter)
			}
			var got string
			if err := db.Get(&got, tc.query); err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLoadReadsAnyRFC4180(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"CRLF and no line end at the end": "benefit_type,authority,fallback,salary,name\r\nA,,yes,no,x\r\nB,,yes,no,\"y, \"\"z\"\"\"",
		"columns in another order":        "name,benefit_type,fallback,salary,authority\nx,A,yes,no,\n\"y, \"\"z\"\"\",B,yes,no,\n",
		"byte order mark, empty lines":    "\xef\xbb\xbfbenefit_type,authority,fallback,salary,name\n\nA,,yes,no,x\n\nB,,yes,no,\"y, \"\"z\"\"\"\n\n",
		"everything quoted":               "\"benefit_type\",\"authority\",\"fallback\",\"salary\",\"name\"\n\"A\",\"\",\"yes\",\"no\",\"x\"\n\"B\",\"\",\"yes\",\"no\",\"y, \"\"z\"\"\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			load(t, db, morning(), country{"benefit_types.csv": content})
			got, err := register.BenefitTypes(context.Background(), db, morning())
			if err != nil {
				t.Fatal(err)
			}
			want := []register.BenefitType{{Code: "A", Name: "x"}, {Code: "B", Name: `y, "z"`}}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// A pipe of one byte at a time: records must not depend on how the bytes arrive.
func TestLoadReadsSlowInput(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	c := smallCountry(t)
	sources := c.sources()
	for i, s := range sources {
		sources[i].Open = func() (io.ReadCloser, error) {
			r, err := s.Open()
			return slowly{r}, err
		}
	}
	if _, err := register.Load(context.Background(), db, sources, register.Options{Now: morning}); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.Get(&n, `SELECT count(*) FROM nks.holder`); err != nil || n != 10 {
		t.Errorf("%d holders, %v; want 10", n, err)
	}
}

type slowly struct{ io.ReadCloser }

func (s slowly) Read(p []byte) (int, error) { return s.ReadCloser.Read(p[:1]) }

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := filepath.Dir(write("good [1]/holders.csv"))
	write("good [1]/notes.txt")
	single := write("accounts.csv")
	misspelt := write("account.csv")
	misspeltInside := filepath.Dir(write("odd/holder.csv"))
	empty := filepath.Dir(write("empty/notes.txt"))

	sources, err := register.Files(good, single)
	if err != nil || len(sources) != 2 || sources[1].Name != single || sources[1].Size != 2 {
		t.Errorf("sources %+v, %v", sources, err)
	}
	for _, bad := range []string{misspelt, misspeltInside, empty, filepath.Join(dir, "absent.csv")} {
		if _, err := register.Files(bad); !errors.Is(err, register.ErrSource) {
			t.Errorf("%s: error %v, want ErrSource", bad, err)
		}
	}
}

func TestLoadOfUnknownName(t *testing.T) {
	t.Parallel()
	_, err := register.Load(context.Background(), pgtest.New(t), country{"people.csv": "a\n"}.sources(), register.Options{Now: morning})
	if !errors.Is(err, register.ErrSource) {
		t.Errorf("error %v, want ErrSource", err)
	}
}

func TestLoadStoppedLeavesNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := register.Load(ctx, db, smallCountry(t).sources(), register.Options{Now: morning, Progress: func(p register.Progress) {
		if p.Phase == "index" {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	var n int
	if err := db.Get(&n, `SELECT (SELECT count(*) FROM nks.holder) + (SELECT count(*) FROM nks.supplier)`); err != nil || n != 0 {
		t.Errorf("%d rows are visible, %v; want none", n, err)
	}
	load(t, db, morning(), smallCountry(t))
}
