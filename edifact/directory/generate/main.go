// Generate writes the text form of a UN/EDIFACT directory from the files that
// UNECE publishes, as package unece reads them:
//
//	go run nks/edifact/directory/generate -o d96a.txt unece-d96a.zip
//
// A package such as d96a embeds the text. Contradictions within the files, and
// what they mark as deleted, are printed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"nks/edifact/directory/unece"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	out := flags.String("o", "", "file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() == 0 {
		return errors.New("usage: generate -o FILE ZIP…")
	}
	d, notes, err := unece.Read(flags.Args()...)
	if err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(os.Stderr, note)
	}
	text, err := d.MarshalText()
	if err != nil {
		return err
	}
	return os.WriteFile(*out, text, 0o644)
}
