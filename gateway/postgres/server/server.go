// Package server runs the gateway's private PostgreSQL: the installed binaries of version 15 or newer, on a
// directory of ours, reached through a unix socket that nobody else can open. It starts it, watches it, starts it
// again when it dies, and stops it.
//
// The postmaster outlives a killed nks on purpose: it then finishes what was committed, and the next Start stops it
// and starts its own, so that no transaction of a dead nks holds a lock that its successor waits for.
package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

var (
	// ErrMissing says that this machine lacks something that only its administrator can give: the PostgreSQL
	// programs, or a directory that the server's user may enter. Its text is one line that says what to do.
	ErrMissing = errors.New("not ready for a private PostgreSQL")

	// ErrBusy says that another nks process holds the data directory. Attach can use its server.
	ErrBusy = errors.New("data directory is in use")

	// ErrStopped is what a server that has been stopped, or was never started, answers.
	ErrStopped = errors.New("private PostgreSQL is stopped")
)

const (
	// Superuser is the role that owns the cluster. Only migrations use it.
	Superuser = "postgres"

	// Database is the one database that nks keeps its tables in; Start creates it.
	Database = "nks"

	// port is only a part of the socket's file name: there is no TCP.
	port = "5432"
)

// Config says where the server lives. Only DataDir is needed.
type Config struct {
	// DataDir is the cluster's directory, made by the first Start. Beside it, with its name as prefix, stand the
	// lock file (.lock), the server's log (.log) and, while it is being made, the new cluster (.init-*).
	DataDir string

	// SocketDir holds the unix socket; empty means a directory in /tmp that is named after DataDir. It is made with
	// mode 0700 for the server's user and must be short: the socket's path is limited to 107 bytes by the kernel.
	SocketDir string

	// BinDir holds initdb and postgres; empty means the newest installed version that fits the cluster.
	BinDir string

	// Log is the file that the server's own messages are appended to; empty means DataDir + ".log".
	Log string

	// MaxConnections limits the connections of everybody together; 0 means 100.
	MaxConnections int

	// Settings override the server's settings by name.
	Settings map[string]string

	// Volatile gives up every promise about power failures for speed; what is committed still survives a kill. For
	// tests alone.
	Volatile bool

	// Logger hears what a person running nks should know: starts, deaths, orphans.
	Logger zerolog.Logger
}

// Server is a private PostgreSQL. Its methods may be used by many goroutines at once.
type Server struct {
	cfg        Config
	bin        string
	acct       account
	lock       *os.File // nil when attached to another process's server
	cancel     context.CancelFunc
	done       chan struct{} // closed when the supervisor has ended
	urgent     chan struct{} // closed when Stop may not wait for a clean shutdown any longer
	stopOnce   sync.Once
	urgentOnce sync.Once

	restarts atomic.Int64
	mu       sync.Mutex
	pid      int
	ready    chan struct{} // closed while the server answers
	err      error         // why the supervisor ended; guarded by mu
}

// Start brings up the server of cfg.DataDir, making the cluster first where there is none, and returns when it
// answers and database nks exists. ctx bounds the start alone; the server runs until Stop.
//
// Errors: ErrMissing when the machine lacks something, ErrBusy when another nks runs it. After an error nothing of
// ours runs.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s, err := prepare(cfg)
	if err != nil {
		return nil, fmt.Errorf("start private PostgreSQL: %w", err)
	}
	if s.lock, err = acquire(lockFile(s.cfg.DataDir)); err != nil {
		return nil, fmt.Errorf("start private PostgreSQL in %s: %w", s.cfg.DataDir, err)
	}
	if err := s.bringUp(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start private PostgreSQL in %s: %w", s.cfg.DataDir, err), s.lock.Close())
	}
	return s, nil
}

// prepare finds the programs and the account without touching anything but the data directory's parents.
func prepare(cfg Config) (*Server, error) {
	if cfg.DataDir == "" {
		return nil, errors.New("no data directory given")
	}
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	if err := makeParents(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	// The real path, because the server's working directory in /proc is how we recognise it.
	parent, err := filepath.EvalSymlinks(filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	cfg.DataDir = filepath.Join(parent, filepath.Base(dir))
	if cfg.Log == "" {
		cfg.Log = cfg.DataDir + ".log"
	}
	if cfg.SocketDir == "" {
		cfg.SocketDir = defaultSocketDir(cfg.DataDir)
	}
	if err := checkSocketPath(cfg.SocketDir); err != nil {
		return nil, err
	}
	acct, err := findAccount(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	if err := acct.mayEnter(parent); err != nil {
		return nil, err
	}
	bin, err := findBinaries(cfg.BinDir, cfg.DataDir)
	if err != nil {
		return nil, err
	}
	return &Server{cfg: cfg, bin: bin, acct: acct, done: make(chan struct{}), urgent: make(chan struct{}),
		ready: make(chan struct{})}, nil
}

// bringUp makes the cluster where needed, starts it, and leaves a supervisor behind. The lock is held.
func (s *Server) bringUp(ctx context.Context) error {
	if err := s.makeCluster(ctx); err != nil {
		return err
	}
	if err := s.makeSocketDir(); err != nil {
		return err
	}
	p, err := s.launch(ctx)
	if err != nil {
		return err
	}
	if err := s.createDatabase(ctx); err != nil {
		return errors.Join(err, s.halt(p))
	}
	s.setReady(p.pid)
	run, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.supervise(run, p)
	return nil
}

// supervise owns the postmaster: it waits for its end, starts it again when nobody asked for that end, and shuts it
// down when ctx ends.
func (s *Server) supervise(ctx context.Context, p *postmaster) {
	defer close(s.done)
	for {
		select {
		case <-ctx.Done():
			s.fail(errors.Join(ErrStopped, s.halt(p)))
			return
		case <-p.exited:
		}
		s.setGone()
		s.cfg.Logger.Error().Int("pid", p.pid).Str("end", p.end()).Msg("private PostgreSQL died, starting it again")
		if p = s.relaunch(ctx); p == nil {
			s.fail(ErrStopped)
			return
		}
		s.restarts.Add(1)
		s.setReady(p.pid)
		s.cfg.Logger.Info().Int("pid", p.pid).Msg("private PostgreSQL is back")
	}
}

// relaunch tries for as long as ctx lives: a full disk or a machine out of memory may pass, and without its
// database the gateway has nothing better to do. It returns nil only when ctx has ended.
func (s *Server) relaunch(ctx context.Context) *postmaster {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		p, err := s.launch(ctx)
		if err == nil {
			return p
		}
		if ctx.Err() != nil {
			return nil
		}
		s.cfg.Logger.Error().Err(err).Dur("retry_in", pause).Msg("private PostgreSQL does not start")
		if !pauseFor(ctx, pause) {
			return nil
		}
	}
}

// Stop shuts the server down cleanly: open transactions are rolled back, everything committed is written out. When
// ctx ends first it is made to stop at once, which loses nothing either but makes the next start slower. Stop may be
// called again; on an attached server it does nothing.
func (s *Server) Stop(ctx context.Context) error {
	if s.lock == nil {
		return nil
	}
	s.stopOnce.Do(func() { s.cancel() })
	select {
	case <-s.done:
	case <-ctx.Done():
		s.urgentOnce.Do(func() { close(s.urgent) })
		<-s.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.err, errUnclean) {
		return fmt.Errorf("stop private PostgreSQL in %s: %w", s.cfg.DataDir, s.err)
	}
	return nil
}

// DSN returns the connection string of role in database; each setting is "name=value", as "search_path=nks".
// It serves pgx and libpq alike.
func (s *Server) DSN(database, role string, settings ...string) string {
	return "host=" + quote(s.cfg.SocketDir) + " port=" + port + " dbname=" + quote(database) + " user=" + quote(role) +
		" sslmode=disable" + options(settings)
}

// SocketDir is the directory to give psql with -h.
func (s *Server) SocketDir() string { return s.cfg.SocketDir }

// DataDir is the cluster's directory, with symbolic links resolved.
func (s *Server) DataDir() string { return s.cfg.DataDir }

// PID is the postmaster's process id at this moment, 0 while there is none.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pid
}

// Restarts counts how often the server died and was started again.
func (s *Server) Restarts() int { return int(s.restarts.Load()) }

// Ready waits until the server answers. ErrStopped after Stop, ctx's error when it ends first.
func (s *Server) Ready(ctx context.Context) error {
	s.mu.Lock()
	ready := s.ready
	s.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-s.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Server) setReady(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pid = pid
	close(s.ready)
}

func (s *Server) setGone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pid = 0
	s.ready = make(chan struct{})
}

// fail ends the supervisor: err is what Stop reports. The lock goes last, when nothing of ours runs.
func (s *Server) fail(err error) {
	s.setGone()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = errors.Join(err, s.release())
}

// release gives the data directory to the next who wants it. The socket directory is kept out of /tmp when unused.
func (s *Server) release() error {
	if err := os.RemoveAll(s.cfg.SocketDir); err != nil {
		s.cfg.Logger.Warn().Err(err).Msg("socket directory not removed")
	}
	return s.lock.Close()
}
