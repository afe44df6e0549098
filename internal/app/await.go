package app

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"nks/gateway"
)

const (
	// againEvery is the pause between two tries to reach an external database at the start, tellEvery that between two lines
	// about it in the log.
	againEvery, tellEvery = 2 * time.Second, 30 * time.Second
)

// awaitDatabase opens the database. An external one that is away is waited for, with all doors closed: what it answers that
// waiting cannot mend ends the start, as ctx does.
func (a *App) awaitDatabase(ctx context.Context, watching sessions) (*Database, error) {
	url, err := a.config.Database.ExternalURL()
	if err != nil {
		return nil, ConfigError{err}
	}
	var lastTold time.Time
	for {
		d, err := openDatabase(ctx, a.config, a.log, Alone, watching)
		if err == nil || ctx.Err() != nil || url == "" || !waitingMends(err) {
			return d, err
		}
		a.watch.monitor.Database(err)
		if time.Since(lastTold) >= tellEvery {
			lastTold = time.Now()
			a.log.Warn().Err(err).Str("metrics", a.watch.address()).Msg("the database is away, it is waited for")
		}
		gateway.Pause(ctx, againEvery)
	}
}

// waitingMends reports whether waiting may mend why a database cannot be used: nobody answers, it starts or stops, it has no
// room or no connection left, or it is a standby. // PostgreSQL, appendix A: classes 08, 53, 57; 25006
func waitingMends(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "25006" || len(pg.Code) == 5 && (pg.Code[:2] == "08" || pg.Code[:2] == "53" || pg.Code[:2] == "57")
	}
	_, unreached := errors.AsType[*pgconn.ConnectError](err)
	return unreached || pgconn.SafeToRetry(err) || pgconn.Timeout(err)
}
