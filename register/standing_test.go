package register_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"nks/gateway/postgres/pgtest"
	"nks/register"
	"nks/schema"
)

// TestLoad_Standing: what is known of holders beside their names keeps its rules, in an empty register and in one that is filled.
// B22.2 // B38 // G-ident
func TestLoad_Standing(t *testing.T) {
	t.Parallel()
	const header = "kind,id,parent,status,ended_on,name,street,postcode,town,country,born_on,bankrupt_on,successor,guardian,guardianship\n"
	const others = "CPR,0101700001,,alive,,Ann,,,,,1970-01-01,,,,none\nCVR,12345674,,alive,,Firma,,,,,,2005-01-01,,,\n"
	rows := map[string]struct{ row, says string }{
		"good":                     {"CPR,0202700002,,alive,,Bo,,,,,1970-02-02,,,0101700001,custody\n", ""},
		"born on another day":      {"CPR,0202700002,,alive,,Bo,,,,,1970-02-03,,,,\n", "born_on"},
		"a company is born":        {"CVR,87654303,,alive,,B,,,,,2000-01-01,,,,\n", "born_on"},
		"a citizen is bankrupt":    {"CPR,0202700002,,alive,,Bo,,,,,,2005-01-01,,,\n", "bankrupt_on"},
		"nobody acts":              {"CPR,0202700002,,alive,,Bo,,,,,,,,,custody\n", "guardianship"},
		"for no reason":            {"CPR,0202700002,,alive,,Bo,,,,,,,,0101700001,\n", "guardianship"},
		"for herself":              {"CPR,0202700002,,alive,,Bo,,,,,,,,0202700002,custody\n", "guardian"},
		"an unknown guardian":      {"CPR,0202700002,,alive,,Bo,,,,,,,,0303700003,custody\n", "guardian"},
		"of a company":             {"CVR,87654303,,alive,,B,,,,,,,,0101700001,custody\n", "guardian"},
		"no such word":             {"CPR,0202700002,,alive,,Bo,,,,,,,,0101700001,parent\n", "guardianship"},
		"an unknown successor":     {"CPR,0202700002,,alive,,Bo,,,,,,,0303700003,,\n", "successor"},
		"a successor of another":   {"CVR,87654303,,alive,,B,,,,,,,0101700001,,\n", "successor"},
		"in the place of itself":   {"CPR,0202700002,,alive,,Bo,,,,,,,0202700002,,\n", "successor"},
		"in the place of a number": {"CVR,87654303,,ceased,2005-01-01,B,,,,,,,12345674,,\n", ""},
	}
	for _, filled := range []bool{false, true} {
		t.Run(fmt.Sprintf("filled %t", filled), func(t *testing.T) {
			t.Parallel()
			db := pgtest.Create(t).Open(t, schema.Flow)
			load := func(rows string) error {
				source := register.Source{Name: "holders.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(header + rows)), nil }}
				_, err := register.Load(t.Context(), db, []register.Source{source}, register.Options{Now: func() time.Time { return time.Date(2005, 8, 11, 4, 30, 0, 0, time.UTC) }})
				return err
			}
			before := others
			if filled {
				if err := load(others); err != nil {
					t.Fatal(err)
				}
				before = ""
			}
			for name, of := range rows {
				if of.says == "" {
					continue
				}
				err := load(before + of.row)
				if faults := refused(t, err).Faults; faults[0].Column != of.says || strings.Contains(err.Error(), "0303700003") {
					t.Errorf("%s: %v, want column %s", name, err, of.says)
				}
			}
			for name, of := range rows {
				if of.says != "" {
					continue
				}
				if err := load(before + of.row); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				before = ""
			}
		})
	}
}
