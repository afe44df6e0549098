package server_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"nks/gateway/postgres/server"
)

func TestServesDurablyAndByItsSocketAlone(t *testing.T) {
	t.Parallel()
	dir := place(t)
	srv, err := server.Start(timeout(t), server.Config{DataDir: dir, MaxConnections: 37, Settings: map[string]string{
		"shared_buffers": "64MB"}})
	must(t, err)
	t.Cleanup(func() { must(t, srv.Stop(context.Background())) })
	for name, want := range map[string]string{"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
		"data_checksums": "on", "listen_addresses": "", "server_encoding": "UTF8", "lc_collate": "C", "lc_messages": "C",
		"max_connections": "37", "shared_buffers": "64MB", "unix_socket_permissions": "0700"} {
		if got := ask(t, srv, "SHOW "+name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	info, err := os.Stat(srv.SocketDir())
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("socket directory has mode %v", info.Mode())
	}
}

func TestDataOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := place(t)
	srv, err := server.Start(timeout(t), server.Config{DataDir: dir, Volatile: true})
	must(t, err)
	execute(t, srv, "CREATE TABLE kept AS SELECT 42 AS n")
	sockets := srv.SocketDir()
	must(t, srv.Stop(timeout(t)))
	must(t, srv.Stop(timeout(t)))
	if left := workingIn(dir); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	if _, err := os.Stat(sockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket directory is left: %v", err)
	}
	if err := srv.Ready(timeout(t)); !errors.Is(err, server.ErrStopped) {
		t.Errorf("Ready after Stop gave %v", err)
	}
	if got := ask(t, start(t, dir), "SELECT n::text FROM kept"); got != "42" {
		t.Errorf("got %s", got)
	}
}

func TestOneHolderOfADirectory(t *testing.T) {
	t.Parallel()
	dir := place(t)
	var wg sync.WaitGroup
	servers := make([]*server.Server, 4)
	problems := make([]error, 4)
	for i := range servers {
		wg.Go(func() {
			servers[i], problems[i] = server.Start(timeout(t), server.Config{DataDir: dir, Volatile: true})
		})
	}
	wg.Wait()
	running := 0
	for i, srv := range servers {
		if srv != nil {
			running++
			t.Cleanup(func() { must(t, srv.Stop(context.Background())) })
		} else if !errors.Is(problems[i], server.ErrBusy) {
			t.Errorf("got %v, want ErrBusy", problems[i])
		}
	}
	if running != 1 {
		t.Fatalf("%d servers run", running)
	}
}

func TestTheHolderIsNamedAndItsServerCanBeUsed(t *testing.T) {
	t.Parallel()
	dir := place(t)
	if _, err := server.Attach(timeout(t), server.Config{DataDir: dir}); !errors.Is(err, server.ErrStopped) {
		t.Errorf("Attach to nothing gave %v", err)
	}
	h := startHelper(t, os.Args[0], dir, nil)
	pid := h.ready(t)
	_, err := server.Start(timeout(t), server.Config{DataDir: dir})
	if !errors.Is(err, server.ErrBusy) || !strings.Contains(err.Error(), "server.test (process ") {
		t.Errorf("got %v, want ErrBusy and its holder", err)
	}
	other, err := server.Open(timeout(t), server.Config{DataDir: dir})
	must(t, err)
	execute(t, other, "CREATE TABLE seen (n int)")
	if !other.Attached() || other.PID() != pid {
		t.Errorf("attached %t to %d, want %d", other.Attached(), other.PID(), pid)
	}
	must(t, other.Stop(timeout(t)))
	must(t, other.Ready(timeout(t)))
	execute(t, other, "DROP TABLE seen")
	must(t, h.stdin.Close())
	must(t, h.cmd.Wait())
	if _, err := server.Attach(timeout(t), server.Config{DataDir: dir}); !errors.Is(err, server.ErrStopped) {
		t.Errorf("Attach after the holder's end gave %v", err)
	}
}

func TestStopInAHurryLosesNothing(t *testing.T) {
	t.Parallel()
	dir := place(t)
	srv, err := server.Start(timeout(t), server.Config{DataDir: dir, Volatile: true})
	must(t, err)
	execute(t, srv, "CREATE TABLE kept AS SELECT 42 AS n")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := srv.Stop(ctx); err == nil {
		t.Log("it was quick enough to stop cleanly")
	}
	if got := ask(t, start(t, dir), "SELECT n::text FROM kept"); got != "42" {
		t.Errorf("got %s", got)
	}
}

func TestMissingProgramsAreOneLine(t *testing.T) {
	t.Parallel()
	_, err := server.Start(timeout(t), server.Config{DataDir: place(t), BinDir: t.TempDir()})
	if !errors.Is(err, server.ErrMissing) || strings.Contains(err.Error(), "\n") ||
		!strings.Contains(err.Error(), "apt-get install postgresql") || !strings.Contains(err.Error(), "create_main_cluster=false") {
		t.Errorf("got %v", err)
	}
}

func TestAClusterIsBoundToItsVersion(t *testing.T) {
	t.Parallel()
	dir := place(t)
	must(t, os.Mkdir(dir, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte("11\n"), 0o600))
	_, err := server.Start(timeout(t), server.Config{DataDir: dir})
	if !errors.Is(err, server.ErrMissing) || !strings.Contains(err.Error(), "install postgresql-11") {
		t.Errorf("got %v", err)
	}
}

func TestAClosedDirectoryIsNamed(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(filepath.Dir(place(t)), "closed")
	must(t, os.MkdirAll(filepath.Join(closed, "in", "side"), 0o755))
	mode := os.FileMode(0o700) // closed to the server's user
	if os.Geteuid() != 0 {
		mode = 0 // who is that user must close it to oneself
	}
	must(t, os.Chmod(closed, mode))
	t.Cleanup(func() { must(t, os.Chmod(closed, 0o700)) })
	dir := filepath.Join(closed, "in", "side", "pg")
	if os.Geteuid() != 0 {
		dir = filepath.Join(closed, "pg")
	}
	_, err := server.Start(timeout(t), server.Config{DataDir: dir})
	if !errors.Is(err, server.ErrMissing) || !strings.Contains(err.Error(), "chmod o+x "+closed+",") {
		t.Errorf("got %v, want ErrMissing that names %s", err, closed)
	}
}

func TestForeignThingsAreLeftAlone(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, cfg *server.Config) string{
		"files in the data directory": func(t *testing.T, cfg *server.Config) string {
			must(t, os.Mkdir(cfg.DataDir, 0o755))
			must(t, os.WriteFile(filepath.Join(cfg.DataDir, "diary"), nil, 0o600))
			return "no PostgreSQL cluster"
		},
		"a file as socket directory": func(t *testing.T, cfg *server.Config) string {
			cfg.SocketDir = cfg.DataDir + ".s"
			must(t, os.WriteFile(cfg.SocketDir, nil, 0o600))
			return "should be a directory"
		},
		"a link as socket directory": func(t *testing.T, cfg *server.Config) string {
			cfg.SocketDir = cfg.DataDir + ".s"
			must(t, os.Symlink("/tmp", cfg.SocketDir))
			return "should be a directory"
		},
		"a long socket path": func(_ *testing.T, cfg *server.Config) string {
			cfg.SocketDir = "/tmp/" + strings.Repeat("x", 100)
			return "the system allows 107"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := server.Config{DataDir: place(t), Volatile: true}
			want := prepare(t, &cfg)
			if _, err := server.Start(timeout(t), cfg); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

func TestADeepDataDirectoryHasAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(filepath.Dir(place(t)), strings.Repeat("deep/", 30), "pg")
	srv := start(t, dir)
	if got := ask(t, srv, "SELECT current_database()"); got != server.Database {
		t.Errorf("got %s", got)
	}
}

func TestABrokenSettingIsExplainedAtOnce(t *testing.T) {
	t.Parallel()
	dir := place(t)
	_, err := server.Start(timeout(t), server.Config{DataDir: dir, Volatile: true, Settings: map[string]string{"no_such": "1"}})
	if err == nil || !strings.Contains(err.Error(), "no_such") {
		t.Errorf("got %v, want the server's own words", err)
	}
	start(t, dir)
}

func TestDSN(t *testing.T) {
	t.Parallel()
	srv := start(t, place(t))
	conn, err := pgx.Connect(timeout(t), srv.DSN(server.Database, server.Superuser, "search_path=nks", `application_name=a b\'c`))
	must(t, err)
	defer func() { must(t, conn.Close(context.Background())) }()
	for name, want := range map[string]string{"search_path": "nks", "application_name": `a b\'c`} {
		var got string
		must(t, conn.QueryRow(timeout(t), "SHOW "+name).Scan(&got))
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestExternalDSN(t *testing.T) {
	t.Parallel()
	srv := start(t, place(t))
	execute(t, srv, "CREATE ROLE worker NOLOGIN")
	for _, url := range []string{
		"postgres:///nks?user=postgres&host=" + srv.SocketDir(),
		"postgres:///nks?user=postgres&options=-c%20work_mem%3D1MB&host=" + srv.SocketDir(),
		srv.DSN(server.Database, server.Superuser),
	} {
		dsn, err := server.ExternalDSN(url, "worker", "search_path=nks, public")
		must(t, err)
		conn, err := pgx.Connect(timeout(t), dsn)
		must(t, err)
		var user, path string
		must(t, conn.QueryRow(timeout(t), "SELECT current_user, current_setting('search_path')").Scan(&user, &path))
		if user != "worker" || path != "nks, public" {
			t.Errorf("%s: as %s with %q", url, user, path)
		}
		must(t, conn.Close(context.Background()))
	}
	if _, err := server.ExternalDSN("postgres://h:port/", ""); err == nil {
		t.Error("a wrong URL was taken")
	}
}

func TestNoTCP(t *testing.T) {
	t.Parallel()
	srv := start(t, place(t))
	if got := ask(t, srv, "SHOW listen_addresses"); got != "" {
		t.Errorf("listens on %q", got)
	}
	if _, err := net.Dial("unix", filepath.Join(srv.SocketDir(), ".s.PGSQL.5432")); err != nil {
		t.Errorf("no socket: %v", err)
	}
}
