package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"nks/conf"
)

// account does both computations once more over a data directory as it is, that of one sample too. Nothing but the
// database is started, and nothing is changed.
func (d *demo) account(ctx context.Context, p *program) error {
	began := time.Now()
	dir, err := filepath.Abs(d.options.data)
	if err != nil {
		return err
	}
	w := &world{dir: dir, tell: d.tell}
	if err := readJSON(w.path("demo.json"), &w.marker); errors.Is(err, fs.ErrNotExist) {
		return usagef("%s holds no demonstration", dir)
	} else if err != nil {
		return usageError{err}
	}
	if !w.marker.Loaded {
		return usagef("%s: nothing has been run there yet", dir)
	}
	c, err := loadConfig(w.path("nks.toml"))
	if err != nil {
		return err
	}
	log, err := newLog(conf.Log{Level: "warn", Format: "console"}, p.err)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, log, false)
	if err != nil {
		return err
	}
	r, err := w.account(ctx, db, began)
	if err := errors.Join(err, db.close()); err != nil {
		return fmt.Errorf("account for %s: %w", dir, err)
	}
	return errors.Join(d.print(p, r), verdictOf(r))
}
