package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"nks/conf"
	"nks/internal/app"
	"nks/internal/command"
)

// account does both computations once more over a data directory as it is, that of one sample too. Nothing but the
// database is started, and nothing is changed.
func (d *demo) account(ctx context.Context, p *command.Program) error {
	began := time.Now()
	dir, err := filepath.Abs(d.options.data)
	if err != nil {
		return err
	}
	w := &world{dir: dir, tell: d.tell}
	if err := readJSON(w.path("demo.json"), &w.marker); errors.Is(err, fs.ErrNotExist) {
		return command.Usagef("%s holds no demonstration", dir)
	} else if err != nil {
		return command.Usage(err)
	}
	if !w.marker.Loaded {
		return command.Usagef("%s: nothing has been run there yet", dir)
	}
	c, err := app.LoadConfig(w.path("nks.toml"))
	if err != nil {
		return err
	}
	log, err := app.NewLog(conf.Log{Level: "warn", Format: "console"}, p.Err)
	if err != nil {
		return err
	}
	db, err := app.OpenDatabase(ctx, c, log, app.Beside)
	if err != nil {
		return err
	}
	var r *demoResult
	books, err := app.OpenBooking(ctx, c, db, log)
	if err == nil {
		r, err = w.account(ctx, db, books, began)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("account for %s: %w", dir, err)
	}
	return errors.Join(d.print(p, r), verdictOf(r))
}
