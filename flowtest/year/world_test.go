package year_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway/postgres"
	"nks/register"
	"nks/sim/country"
)

// begin makes the country, the plans and the banks of a year, and loads the register.
func begin(ctx context.Context, s settings, db *sqlx.DB) error {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return err
	}
	start, err := time.ParseInLocation(minute, yearBegins, zone)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.Dir, "keys"), 0o755); err != nil {
		return err
	}
	if err := country.Write(s.Dir, country.Options{Holders: max(1000, s.Payments), Seed: s.Seed, Centres: centres()}); err != nil {
		return err
	}
	if err := country.Plan(s.Dir, country.PlanOptions{Payments: s.Payments, Seed: s.Seed, Start: start, Days: s.Days}); err != nil {
		return err
	}
	if err := s.writeBanks(); err != nil {
		return err
	}
	for _, d := range []string{"journal-a", "journal-b"} {
		if err := os.MkdirAll(filepath.Join(s.Dir, d), 0o755); err != nil {
			return err
		}
	}
	if err := postgres.ClaimCell(ctx, db, 0); err != nil {
		return err
	}
	sources, err := register.Files(filepath.Join(s.Dir, "country"))
	if err == nil {
		_, err = register.Load(ctx, db, sources, register.Options{Now: func() time.Time { return start.Add(-time.Hour) }})
	}
	return err
}

// textSource is a file of the register that is in memory.
func textSource(name, text string) register.Source {
	return register.Source{Name: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}
