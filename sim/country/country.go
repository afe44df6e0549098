// Package country makes up a small country for demonstrations and tests: its citizens and companies, their accounts,
// the authorities that pay them, and what those authorities will send on the days to come.
//
// Everything follows from a seed: the same options give the same bytes. A holder is a pure function of the seed and
// the holder's number, so that the plan of payments needs no memory of the register it was written for, and six million
// holders cost no more memory than six.
//
// The package knows nothing of the gateway: its XML comes from its own fragments, its numbers from its own arithmetic.
package country

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// MaxHolders is the largest country that the number series can hold (company numbers run out first).
const MaxHolders = 6_500_000

// minHolders leaves room for at least one holder of every kind that a plan looks for.
const minHolders = 200

// manifestFile keeps the options that the reference data were made with, so that a plan made later fits them.
const manifestFile = "country.json"

// ErrOptions says that the options do not describe a country.
var ErrOptions = errors.New("country: options")

// Options describe a country.
type Options struct {
	// Holders is the number of account holders of all kinds together, from 200 to MaxHolders.
	Holders int `json:"holders"`
	// Seed decides everything that is not said elsewhere.
	Seed uint64 `json:"seed"`
	// Centres are the names of the bank centres among which the agreements are spread, at least one.
	Centres []string `json:"centres"`
}

func (o Options) validate() error {
	if o.Holders < minHolders || o.Holders > MaxHolders {
		return fmt.Errorf("%w: %d holders, want %d to %d", ErrOptions, o.Holders, minHolders, MaxHolders)
	}
	if len(o.Centres) == 0 {
		return fmt.Errorf("%w: no bank centre", ErrOptions)
	}
	return nil
}

// Write writes the reference data of a country as CSV files to dir/country. The data suppliers' public keys are read
// from dir/keys/supplier_<NAME>.pub; a supplier without such a file gets no key. Written files replace older ones.
func Write(dir string, o Options) error {
	if err := o.validate(); err != nil {
		return err
	}
	out := filepath.Join(dir, "country")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("country: %w", err)
	}
	w := newWorld(o)
	keys, err := publicKeys(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	for _, t := range []struct {
		name  string
		write func(*table)
	}{
		{"suppliers.csv", func(t *table) { w.writeSuppliers(t, keys) }},
		{"authorities.csv", w.writeAuthorities},
		{"los_units.csv", w.writeUnits},
		{"agreements.csv", w.writeAgreements},
		{"benefit_types.csv", w.writeBenefits},
		{"choices.csv", w.writeChoices},
		{"periods.csv", w.writePeriods},
		{"holders.csv", w.writeHolders},
		{"accounts.csv", w.writeAccounts},
		{"specific_accounts.csv", w.writeSpecific},
	} {
		if err := writeTable(filepath.Join(out, t.name), t.write); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(out, manifestFile), o)
}

// publicKeys reads one authorized_keys line per supplier.
func publicKeys(dir string) (map[string]string, error) {
	keys := map[string]string{}
	for _, s := range Suppliers() {
		b, err := os.ReadFile(filepath.Join(dir, "supplier_"+s+".pub"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("country: public key of %s: %w", s, err)
		}
		keys[s] = strings.TrimSpace(string(b))
	}
	return keys, nil
}

// readOptions finds out which country stands in dir.
func readOptions(dir string) (Options, error) {
	var o Options
	b, err := os.ReadFile(filepath.Join(dir, "country", manifestFile))
	if err != nil {
		return o, fmt.Errorf("country: no country to plan for: %w", err)
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return o, fmt.Errorf("country: %s: %w", manifestFile, err)
	}
	return o, o.validate()
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("country: %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("country: %w", err)
	}
	return nil
}
