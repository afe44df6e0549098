package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"nks/internal/command"
	"nks/internal/growth"
	"nks/schema"
)

// growthOptions are the flags of nks-demo bench --growth.
type growthOptions struct {
	payments, months int
}

// growthBundles is how many a month of the history has.
const growthBundles = 20

// growthWorld says which history a data directory holds, and how it was made; it is written last.
type growthWorld struct {
	Form   int         `json:"form"`   // of what is made: raised when that changes
	Tables string      `json:"tables"` // the digest of the migrations that have made it
	Size   growth.Size `json:"size"`
	Made   growth.Made `json:"made"`
}

const growthForm = 1

// growth makes a history of many months where it is missing, and measures what the gateway costs with it and with one.
func (b *bench) growth(ctx context.Context) error {
	tables, err := schema.Digest()
	if err != nil {
		return err
	}
	size := growth.Size{Payments: b.options.growth.payments, Months: b.options.growth.months, Bundles: growthBundles}
	if err := size.Validate(); err != nil {
		return command.Usage(err)
	}
	var have growthWorld
	if err := readJSON(b.path("growth.json"), &have); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return command.Usage(err)
	}
	if have.Size == size && have.Form == growthForm && have.Tables != tables && !b.options.fresh && !b.options.quick {
		return command.Usagef("another version of the tables has made the history in %s: --fresh makes it again, which takes some twenty minutes", b.dir)
	}
	want := growthWorld{Form: growthForm, Tables: tables, Size: size, Made: have.Made}
	if b.options.fresh || have.Form != want.Form || have.Tables != want.Tables || have.Size != want.Size {
		if want.Made, err = growth.Make(ctx, b.dir, size, b.say); err != nil {
			return fmt.Errorf("history: %w", err)
		}
		if err := writeJSON(b.path("growth.json"), want); err != nil {
			return err
		}
		b.say("growth: made in %.0f s", want.Made.Seconds)
	}
	return nil
}
