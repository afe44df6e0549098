package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "development"

func versionCommand(_ context.Context, p *program, fs *flag.FlagSet, args []string) error {
	if err := noWords(fs, args); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.out, "nks %s (%s)\n", version, runtime.Version())
	return err
}
