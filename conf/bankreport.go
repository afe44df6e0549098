package conf

// mostReported bounds the banks of one data supplier.
const mostReported = 1000

// BankReport is a data supplier that reports for banks. // B39.1
type BankReport struct {
	// Supplier is who sends the reports.
	Supplier string `toml:"supplier"`
	// Banks are those that it reports for, as the bank directory calls them.
	Banks []string `toml:"banks"`
}

// ReportingBanks are the banks that each data supplier reports for.
func (c Config) ReportingBanks() map[string][]string {
	all := map[string][]string{}
	for _, r := range c.BankReports {
		all[r.Supplier] = r.Banks
	}
	return all
}

func (c Config) validateBankReports(p *problems) {
	seen := map[string]bool{}
	for _, r := range c.BankReports {
		p.check(r.Supplier != "", "bank_report.supplier", "is empty")
		p.check(!seen[r.Supplier], "bank_report.supplier", "%q stands there twice", r.Supplier)
		p.check(len(r.Banks) > 0 && len(r.Banks) <= mostReported, "bank_report.banks", "of %q must be 1 to %d banks", r.Supplier, mostReported)
		seen[r.Supplier] = true
		banks := map[string]bool{}
		for _, b := range r.Banks {
			p.check(b != "" && len([]rune(b)) <= 140, "bank_report.banks", "of %q has a name that is empty or longer than 140 characters", r.Supplier)
			p.check(!banks[b], "bank_report.banks", "of %q has %q twice", r.Supplier, b)
			banks[b] = true
		}
	}
}
