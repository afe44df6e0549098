package sample

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrReference says that a folder of reference data cannot be used for a demonstration.
var ErrReference = errors.New("reference data")

const (
	suppliersFile  = "suppliers.csv"
	agreementsFile = "agreements.csv"
)

// copyReference uses reference data as they are, but for two things that only a demonstration needs: its sender has to
// hold a key, and the centres of the agreements that the document uses have to be simulated. Without suppliers.csv
// the sender alone is made up.
func copyReference(dir, reference string, doc *document, sender supplierRow, centres []string) error {
	names, err := csvFiles(reference)
	if err != nil {
		return err
	}
	if err := checkCentres(reference, doc, sender.login, centres); err != nil {
		return err
	}
	for _, name := range names {
		if name == suppliersFile {
			continue
		}
		if err := copyFile(filepath.Join(dir, name), filepath.Join(reference, name)); err != nil {
			return err
		}
	}
	return copySuppliers(dir, reference, sender)
}

// csvFiles lists the files; a folder without any was not meant.
func csvFiles(reference string) ([]string, error) {
	entries, err := os.ReadDir(reference)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReference, err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) == ".csv" {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: %s holds no .csv file", ErrReference, reference)
	}
	return names, nil
}

// copySuppliers adds the sender's key to its row: a key that stands there already belongs to somebody who is not here.
func copySuppliers(dir, reference string, sender supplierRow) error {
	t, err := readCSV(reference, suppliersFile, "supplier", "ssh_keys")
	if errors.Is(err, fs.ErrNotExist) {
		return writeTable(dir, suppliersFile, supplierColumns, [][]string{sender.fields()})
	}
	if err != nil {
		return err
	}
	if len(t.rows) == 0 {
		return writeTable(dir, suppliersFile, supplierColumns, [][]string{sender.fields()})
	}
	name, keys := t.columns["supplier"], t.columns["ssh_keys"]
	for _, row := range t.rows {
		if row[name] == sender.login {
			row[keys] = strings.Trim(row[keys]+";"+sender.key, ";")
		}
	}
	return writeRecords(dir, suppliersFile, append([][]string{t.header}, t.rows...))
}

// referenceSuppliers lists the suppliers that reference data know, in the order of the file.
func referenceSuppliers(reference string) ([]string, error) {
	if _, err := csvFiles(reference); err != nil {
		return nil, err
	}
	t, err := readCSV(reference, suppliersFile, "supplier")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var known []string
	for _, row := range t.rows {
		if s := row[t.columns["supplier"]]; isLogin(s) {
			known = append(known, s)
		}
	}
	return known, nil
}

// checkCentres refuses a document whose orders no simulated bank would ever fetch.
func checkCentres(reference string, doc *document, supplier string, centres []string) error {
	t, err := readCSV(reference, agreementsFile, "agreement", "authority", "supplier", "bank_centre")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, row := range t.rows {
		centre := row[t.columns["bank_centre"]]
		used := row[t.columns["authority"]] == doc.authority && row[t.columns["supplier"]] == supplier &&
			slices.ContainsFunc(doc.agreements, func(a agreement) bool { return a.number == row[t.columns["agreement"]] })
		if used && !slices.Contains(centres, centre) {
			return fmt.Errorf("%w: %s: agreement %s: bank centre %q is not simulated; there are %s", ErrReference, agreementsFile,
				row[t.columns["agreement"]], centre, strings.Join(centres, ", "))
		}
	}
	return nil
}

// csvTable is a file with its columns by name.
type csvTable struct {
	header  []string
	columns map[string]int
	rows    [][]string
}

// readCSV reads a file that must have certain columns; any others are kept.
func readCSV(dir, name string, wanted ...string) (csvTable, error) {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return csvTable{}, fmt.Errorf("%w: %w", ErrReference, err)
	}
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\ufeff"))).ReadAll()
	if err != nil {
		return csvTable{}, fmt.Errorf("%w: %s: %w", ErrReference, name, err)
	}
	if len(all) == 0 {
		return csvTable{}, fmt.Errorf("%w: %s: the header line is missing", ErrReference, name)
	}
	t := csvTable{header: all[0], columns: map[string]int{}, rows: all[1:]}
	for i, c := range t.header {
		t.columns[c] = i
	}
	for _, c := range wanted {
		if _, ok := t.columns[c]; !ok {
			return csvTable{}, fmt.Errorf("%w: %s: column %s is missing in the header", ErrReference, name, c)
		}
	}
	return t, nil
}
