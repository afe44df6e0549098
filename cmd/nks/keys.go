package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"nks/gateway"
	"nks/internal/app"
	"nks/internal/command"
)

func keysCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		inventory, err := app.OpenInventory(ctx, on.config, on.db)
		if err != nil {
			return err
		}
		all, err := inventory.Keys(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, struct {
				Keys []gateway.Key `json:"keys"`
			}{append([]gateway.Key{}, all...)})
		}
		return printKeys(p.Out, all, inventory.Now())
	})
}

// printKeys prints each key in two rows: nothing of it is secret.
func printKeys(w io.Writer, all []gateway.Key, now time.Time) error {
	soon := 0
	for _, k := range all {
		fingerprint := k.Fingerprint
		if k.Wrong != "" {
			fingerprint = "CANNOT BE READ: " + k.Wrong
		}
		_, _ = fmt.Fprintf(w, "%s %s, used by %s, %s\n    %s\n    %s\n", k.Kind, k.Name, k.UsedBy, k.Environment, fingerprint, keyExpires(k, now))
		if k.Expires(now) != 0 {
			soon++
		}
	}
	_, err := fmt.Fprintf(w, "%d keys, %d expire within 60 days or have expired\n", len(all), soon)
	return err
}

func keyExpires(k gateway.Key, now time.Time) string {
	switch severity := k.Expires(now); {
	case k.NotAfter.IsZero():
		return "does not expire, as far as is known"
	case k.Days(now) < 0:
		return "EXPIRED " + minute(k.NotAfter)
	case severity != 0:
		return fmt.Sprintf("expires %s, in %d days: %s", minute(k.NotAfter), k.Days(now), severity)
	}
	return "expires " + minute(k.NotAfter)
}
