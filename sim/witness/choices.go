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
	f, err := os.Open(filepath.Join(country, "choices.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	for i, row := range rows {
		at := slices.Index(rows[0], "choice")
		if i == 0 || at < 0 {
			continue
		}
		if _, account, found := strings.Cut(row[at], "error_account "); found {
			w.errorAccounts[account] = true
		}
	}
	return nil
}
