// Package sample makes a demonstration of one payment document: a small country in which everybody whom the document
// names exists, and an authority's system that sends it.
//
// It knows of documents only what it must to find names in them. What is wrong with one is for the gateway to say: a
// document that cannot be read at all is sent all the same.
package sample

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nks/sim/country"
)

// Scenario is what has been prepared.
type Scenario struct {
	// Start is the business time at which the document is sent: 05:00 in Copenhagen on the last banking day before its
	// first execution date, so that it meets the cut-off of that day.
	Start time.Time
	// Suppliers are the data suppliers that have a plan: the one that sends the document.
	Suppliers []string
}

// unnamed sends the documents that do not say who their sender is.
const unnamed = "SAMPLE"

// planKind is what the plan calls the delivery.
const planKind = "sample"

// Suppliers tells whose keys must exist as dir/keys/supplier_<NAME> before Prepare is called: the sender of the document
// in file. When reference data are given (see Prepare) and do not know the sender, it is the first supplier that they
// do know: nobody else is let in at the door, and it is there that a wrong sender is to be found out.
//
// Errors are those of reading either, ErrReference when reference data cannot be used; no document is an error.
func Suppliers(file, reference string) ([]string, error) {
	doc, err := readDocument(file)
	if err != nil {
		return nil, err
	}
	login, err := sender(doc, reference)
	if err != nil {
		return nil, err
	}
	return []string{login}, nil
}

// Prepare makes, in the data directory dir of a demonstration, what it takes to send the document in file: reference
// data as dir/country/*.csv, and dir/sim/authority/<SUPPLIER> with a plan and the document to send. When reference is
// not empty, it is a folder of CSV files that are used instead of made ones; its suppliers.csv is given the sender's
// key. centres are the bank centres, among which made agreements are spread; calendar tells banking days.
//
// The same arguments give the same files. Identifiers that reference data cannot hold, such as a CVR number with a
// wrong check digit, are left out of what is made: the gateway has to refuse them.
func Prepare(dir, file, reference string, centres []string, calendar func(year int, month time.Month, day int) bool) (Scenario, error) {
	if len(centres) == 0 {
		return Scenario{}, errors.New("sample: no bank centre")
	}
	doc, err := readDocument(file)
	if err != nil {
		return Scenario{}, err
	}
	start, err := startOf(doc.executions, calendar)
	if err != nil {
		return Scenario{}, err
	}
	login, err := sender(doc, reference)
	if err != nil {
		return Scenario{}, err
	}
	key, err := publicKey(dir, login)
	if err != nil {
		return Scenario{}, err
	}
	data := filepath.Join(dir, "country")
	if err := emptyFolder(data); err != nil {
		return Scenario{}, err
	}
	if reference == "" {
		err = writeMade(data, doc, supplierRow{login, doc.ean, key}, filepath.Base(file), centres)
	} else {
		err = copyReference(data, reference, doc, supplierRow{login, doc.ean, key}, centres)
	}
	if err != nil {
		return Scenario{}, err
	}
	s := Scenario{Start: start, Suppliers: []string{login}}
	return s, plan(filepath.Join(dir, "sim", "authority", login), file, start)
}

// sender is the login that delivers the document.
func sender(doc *document, reference string) (string, error) {
	login := unnamed
	if isLogin(doc.supplier) {
		login = doc.supplier
	}
	if reference == "" {
		return login, nil
	}
	known, err := referenceSuppliers(reference)
	if err != nil {
		return "", err
	}
	if len(known) > 0 && !slices.Contains(known, login) {
		return known[0], nil
	}
	return login, nil
}

func publicKey(dir, supplier string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "keys", "supplier_"+supplier+".pub"))
	if err != nil {
		return "", fmt.Errorf("sample: public key of %s: %w", supplier, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// emptyFolder leaves nothing there of an earlier document: every file in it would be loaded.
func emptyFolder(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	return nil
}

// plan has the document sent at start.
func plan(home, file string, start time.Time) error {
	name := plainName(filepath.Base(file))
	send := filepath.Join(home, "send")
	if err := os.MkdirAll(send, 0o755); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if err := copyFile(filepath.Join(send, name), file); err != nil {
		return err
	}
	line, err := json.Marshal(country.Delivery{At: start, File: name, As: name, Kind: planKind})
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if err := os.WriteFile(filepath.Join(home, "plan.jsonl"), append(line, '\n'), 0o644); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	return nil
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	defer func() { _ = in.Close() }() // read only
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	return nil
}

// suffix is what names of documents end in at the mailbox.
const suffix = ".xml"

// plainName makes a name that every mailbox takes, of at most 100 characters and the suffix.
func plainName(name string) string {
	const longest = 100
	stem := strings.Map(func(r rune) rune {
		if r < 0x80 && isNameByte(byte(r)) {
			return r
		}
		return '_'
	}, strings.TrimSuffix(name, suffix))
	if stem == "" || stem[0] == '.' {
		stem = "_" + stem
	}
	return stem[:min(len(stem), longest)] + suffix
}
