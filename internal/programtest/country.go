package programtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/sftp"
	"nks/sim/bank"
	"nks/sim/country"
)

// Delivery is a document of a made-up country's data suppliers, and what must become of it.
type Delivery = country.ExpectedDelivery

// CountryStart is the business time at which the plan of a made-up country begins.
const CountryStart = "2005-08-11T04:30:00+02:00"

// Country makes a small country below dir: reference data in country, keys in keys, and the documents of a plan. It
// returns its banks as the gateway's configuration has them; nobody is at their addresses.
func Country(t *testing.T, dir string) (banks string) {
	t.Helper()
	must(t, os.Mkdir(filepath.Join(dir, "keys"), 0o755))
	names, centres := []string{"mailbox_host", "nks_client"}, []string{"BEC", "SDC", "BANKDATA"}
	var text strings.Builder
	for _, c := range centres {
		names = append(names, "bank_"+c+"_host")
		// Nobody listens on port 1.
		_, _ = fmt.Fprintf(&text, "[[bank]]\nid = %q\nname = %q\ngln = %q\naddress = \"127.0.0.1:1\"\nkey = \"keys/nks_client\"\nhost_keys = [\"keys/bank_%s_host.pub\"]\ncheque = true\n",
			c, c, bank.DefaultProfiles()[c].GLN, c)
	}
	for _, name := range Suppliers() {
		names = append(names, "supplier_"+name)
	}
	for _, n := range names {
		_, err := sftp.EnsureKey(filepath.Join(dir, "keys", n))
		must(t, err)
	}
	must(t, country.Write(dir, country.Options{Holders: 1000, Seed: 7, Centres: centres}))
	start, err := time.Parse(time.RFC3339, CountryStart)
	must(t, err)
	must(t, country.Plan(dir, country.PlanOptions{Payments: 150, Seed: 7, Start: start}))
	return text.String()
}

// Suppliers are the country's data suppliers.
func Suppliers() []string { return country.Suppliers() }

// Expected is what the country's plan means to happen, as far as no bank has a say.
func Expected(t *testing.T, dir string) country.Expectation {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "sim", "expect.json"))
	must(t, err)
	var e country.Expectation
	must(t, json.Unmarshal(b, &e))
	return e
}

// Document is the file of a planned delivery.
func Document(dir string, d Delivery) string {
	return filepath.Join(dir, "sim", "authority", d.Supplier, "send", d.File)
}
