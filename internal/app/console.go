package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/bankday"
	"nks/gateway/console"
	"nks/gateway/view"
	"nks/schema"
)

// pageConnections is how many pages may ask the database at once, for all viewers together.
const pageConnections = 6

// pages is the console while it is served, on connections of its own as nks_page.
type pages struct {
	db     *sqlx.DB
	server *http.Server
	stop   context.CancelFunc
	wait   sync.WaitGroup

	mu sync.Mutex
	at net.Addr
}

// openPages begins to serve the pages. Somebody else's having the address must not stop the payments: with anyPort
// another port is taken, else it is tried again. Nil when pages are off.
func (a *App) openPages(ctx context.Context, anyPort bool) (*pages, error) {
	if a.config.Console.Listen == "" {
		return nil, nil
	}
	db, err := a.db.openPage(ctx)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	days, err := bankday.New()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	c, err := console.New(console.Config{View: view.New(db, a.log), Now: a.clock.Now, Location: days.Location(), Log: a.log,
		Checker: newPageChecker(a.steps.Desk), UploadBytes: int64(a.config.Mailbox.MaxFileMB) << 20})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	handler, err := c.Handler()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &pages{db: db, server: console.NewServer(handler), stop: cancel}
	l, err := net.Listen("tcp", a.config.Console.Listen)
	if err != nil && anyPort {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		a.log.Warn().Err(err).Msg("the pages cannot be served yet")
	}
	p.wait.Go(func() { p.serve(run, a, l) })
	if l != nil {
		p.set(l.Addr())
	}
	return p, nil
}

// serve keeps an address until it is told to stop.
func (p *pages) serve(ctx context.Context, a *App, l net.Listener) {
	for ctx.Err() == nil {
		if l != nil {
			p.set(l.Addr())
			if err := p.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				a.log.Error().Err(err).Msg("pages")
			}
			p.set(nil)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(listenAgain):
		}
		var err error
		if l, err = net.Listen("tcp", a.config.Console.Listen); err != nil {
			l = nil
		}
	}
}

func (p *pages) set(at net.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
}

// url is where the pages are; empty when they are nowhere.
func (p *pages) url() string {
	if p == nil {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		return ""
	}
	return "http://" + p.at.String()
}

// pagesTime is how long a page that is being written may still take.
const pagesTime = 2 * time.Second

func (p *pages) close() error {
	if p == nil {
		return nil
	}
	p.stop()
	ctx, cancel := context.WithTimeout(context.Background(), pagesTime)
	defer cancel()
	if p.server.Shutdown(ctx) != nil {
		_ = p.server.Close() // who still uploads sees the end of it
	}
	p.wait.Wait()
	return p.db.Close()
}

// OpenReader makes a reader of what viewers may see, for a command, and how to close it.
func (d *Database) OpenReader(ctx context.Context, log zerolog.Logger) (*view.Reader, func() error, error) {
	db, err := d.openPage(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("reader: %w", err)
	}
	return view.New(db, log), db.Close, nil
}

// openPage makes the pool of the pages: a role that may see little, and write nothing.
func (d *Database) openPage(ctx context.Context) (*sqlx.DB, error) {
	dsn, err := d.dsn(schema.Page, view.SessionSettings()...)
	if err != nil {
		return nil, ConfigError{err}
	}
	db, err := sqlx.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(pageConnections)
	db.SetMaxIdleConns(2)
	db.SetConnMaxIdleTime(time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
