// Package conformance plays the connection test of the NemKonto system against a running gateway, as a data supplier does: by a door, with
// documents and their answers and nothing else. It keeps every byte that went either way, and says of each case what has become of it.
package conformance

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxCast bounds what is read of a cast: anything larger is some other file.
const maxCast = 64 << 10

// ErrCast: the file of the cast cannot be used; the error says why.
var ErrCast = errors.New("cast is not valid")

// Cast is who the cases are played with. What is empty makes its cases impossible.
type Cast struct {
	Supplier  string `toml:"supplier"`
	To        string `toml:"to"` // the gateway's name, the addressee
	Authority string `toml:"authority"`
	Agreement string `toml:"agreement"`
	Debit     string `toml:"debit_account"`

	Benefit      string `toml:"benefit"` // of which a payment without an account goes back
	BenefitCheck string `toml:"benefit_cheque"`
	BenefitError string `toml:"benefit_error_account"`

	Domestic string `toml:"person_domestic"`
	Foreign  string `toml:"person_foreign"`
	Without  string `toml:"person_without"`
	Unknown  string `toml:"person_unknown"`

	Account  string `toml:"account"`
	IBAN     string `toml:"iban"`
	BIC      string `toml:"bic"`
	Giro     string `toml:"giro"`
	Slip     string `toml:"slip"`
	Rejected string `toml:"account_rejected"` // the bank rejects every order to it
}

// LoadCast reads a cast. Who sends, pays and by which agreement must be there, and a citizen with an account.
func LoadCast(path string) (c Cast, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if len(text) > maxCast {
		return c, fmt.Errorf("%s: %w: larger than %d bytes", path, ErrCast, maxCast)
	}
	dec := toml.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: %w: %s", path, ErrCast, strings.SplitN(err.Error(), "\n", 2)[0])
	}
	for key, value := range map[string]string{"supplier": c.Supplier, "to": c.To, "authority": c.Authority, "agreement": c.Agreement, "debit_account": c.Debit,
		"benefit": c.Benefit, "person_domestic": c.Domestic} {
		if value == "" {
			return c, fmt.Errorf("%s: %w: %s must be given", path, ErrCast, key)
		}
	}
	return c, nil
}
