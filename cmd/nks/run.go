package main

import (
	"flag"

	"nks/internal/serving"
)

// configFlag is the flag of every command that has to do with a gateway.
func configFlag(fs *flag.FlagSet) *string { return serving.ConfigFlag(fs) }
