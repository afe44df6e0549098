package conf

import (
	"errors"
	"slices"
	"strings"
)

// Report is which reports go to suppliers by themselves.
type Report struct {
	// Daily is a line for each that is laid into a supplier's mailbox each day: see Days.
	Daily []string `toml:"daily"`
}

// DailyReport is one that is laid into a supplier's mailbox each day, about the day before.
type DailyReport struct {
	Name      string
	Authority string
	Supplier  string
	At        TimeOfDay
	Format    string // csv, xlsx or pdf
	Language  string // da or en
}

var errDaily = errors.New("must be report, authority, supplier, time, format and language, as \"control 4101 LEVA 07:00 csv da\"")

// Days reads the lines of Daily.
func (r Report) Days() ([]DailyReport, error) {
	var all []DailyReport
	for _, line := range r.Daily {
		words := strings.Fields(line)
		if len(words) != 6 {
			return nil, errDaily
		}
		d := DailyReport{Name: words[0], Authority: words[1], Supplier: words[2], Format: words[4], Language: words[5]}
		err := d.At.UnmarshalText([]byte(words[3]))
		if err != nil || !slices.Contains([]string{"csv", "xlsx", "pdf"}, d.Format) || !slices.Contains([]string{"da", "en"}, d.Language) {
			return nil, errDaily
		}
		all = append(all, d)
	}
	return all, nil
}
