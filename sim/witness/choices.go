package witness

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

// choices reads to which error accounts authorities want to have what has nowhere to go. A country without choices has none.
func (w *witness) choices(country string) error {
	return eachRow(country, "choices.csv", func(row []string) {
		if _, account, found := strings.Cut(row[0], "error_account "); found {
			w.errorAccounts[account] = true
		}
	}, "choice")
}

// eachRow gives some columns of each row of a file of the country; of one that is not there, or has not all of them, none.
func eachRow(country, name string, each func(row []string), columns ...string) error {
	f, err := os.Open(filepath.Join(country, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return fmt.Errorf("witness: %s: %w", name, err)
	}
	for i, row := range rows {
		var wanted []string
		for _, c := range columns {
			if at := slices.Index(rows[0], c); at >= 0 {
				wanted = append(wanted, row[at])
			}
		}
		if i > 0 && len(wanted) == len(columns) {
			each(wanted)
		}
	}
	return nil
}
