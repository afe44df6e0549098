// Generate writes the Go files of a package of typed banking messages:
//
//	go run nks/edifact/banking/generate -directory D.96A -package banking .
//
// What the parts of segments are called in Go is written down in
// banking/internal/gen; an element without a name ends it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"nks/edifact/banking/internal/gen"
	"nks/edifact/directory"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	release := flags.String("directory", "", "D.96A or D.01B")
	pkg := flags.String("package", "", "name of the package")
	if err := flags.Parse(args); err != nil {
		return err
	}
	directories := map[string]func() *directory.Directory{"D.96A": d96a.Directory, "D.01B": d01b.Directory}
	load := directories[*release]
	if load == nil || *pkg == "" || flags.NArg() != 1 {
		return errors.New("usage: generate -directory D.96A|D.01B -package NAME DIR")
	}
	files, err := gen.Files(load(), *pkg)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(flags.Arg(0), name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
