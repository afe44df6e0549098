package server_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway/postgres/server"
)

func TestAKilledServerComesBackWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	srv := start(t, place(t))
	execute(t, srv, "CREATE TABLE kept (n int)")
	for i := range 3 {
		execute(t, srv, "INSERT INTO kept VALUES (1)")
		conn := connect(t, srv)
		_, err := conn.Exec(timeout(t), "BEGIN; INSERT INTO kept VALUES (2)")
		must(t, err)
		must(t, syscall.Kill(srv.PID(), syscall.SIGKILL))
		eventually(t, "the restart", func() bool { return srv.Restarts() == i+1 })
		must(t, srv.Ready(timeout(t)))
		if _, err := conn.Exec(timeout(t), "COMMIT"); err == nil {
			t.Error("a transaction of the dead server was committed")
		}
	}
	if got := ask(t, srv, "SELECT count(*) || ' ' || sum(n) FROM kept"); got != "3 3" {
		t.Errorf("got %s, want three rows of 1", got)
	}
}

// TestABusyWorkerDoesNotBlockTheRestart has a session that is too busy to notice that its server is dead.
func TestABusyWorkerDoesNotBlockTheRestart(t *testing.T) {
	t.Parallel()
	dir := place(t)
	srv := start(t, dir)
	conn := connect(t, srv)
	busy := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, err := conn.Exec(ctx, "SELECT count(*) FROM generate_series(1, 1e10) AS g (n) WHERE n < 0")
		busy <- err
	}()
	eventually(t, "the statement", func() bool {
		return ask(t, srv, "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%1e10%' AND pid <> pg_backend_pid()") == "1"
	})
	must(t, syscall.Kill(srv.PID(), syscall.SIGKILL))
	eventually(t, "the restart", func() bool { return srv.Restarts() == 1 })
	if err := <-busy; err == nil {
		t.Error("the statement ended well")
	}
}

func TestTheOrphanOfAKilledGatewayIsReplaced(t *testing.T) {
	t.Parallel()
	dir := place(t)
	h := startHelper(t, os.Args[0], dir, nil)
	pid := h.ready(t)
	first, err := server.Attach(timeout(t), server.Config{DataDir: dir})
	must(t, err)
	execute(t, first, "CREATE TABLE kept AS SELECT 42 AS n")
	locker := connect(t, first)
	_, err = locker.Exec(timeout(t), "BEGIN; LOCK TABLE kept")
	must(t, err)

	h.kill()
	must(t, syscall.Kill(pid, 0)) // the server does not die with its gateway

	srv := start(t, dir)
	if srv.PID() == pid {
		t.Error("the orphan was kept")
	}
	if got := ask(t, srv, "SELECT n::text FROM kept"); got != "42" {
		t.Errorf("got %s", got)
	}
}

func TestGatewayAndServerKilledTogether(t *testing.T) {
	t.Parallel()
	dir := place(t)
	h := startHelper(t, os.Args[0], dir, nil)
	pid := h.ready(t)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	h.kill()
	if got := ask(t, start(t, dir), "SELECT 1::text"); got != "1" {
		t.Errorf("got %s", got)
	}
}

func TestAHalfMadeClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, half := range map[string]string{"at its beginning": "", "in the middle": "PG_VERSION", "near its end": "base/1/PG_VERSION"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := place(t)
			h := startHelper(t, os.Args[0], dir, nil)
			eventually(t, "initdb", func() bool {
				found, err := filepath.Glob(filepath.Join(dir+".init-*", half))
				return err == nil && len(found) > 0
			})
			h.kill()
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("a cluster is there already: %v", err)
			}
			start(t, dir)
			if left, err := filepath.Glob(dir + ".init-*"); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestAStartThatIsCalledOffLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := place(t)
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() {
		_, err := server.Start(ctx, server.Config{DataDir: dir, Volatile: true})
		result <- err
	}()
	eventually(t, "initdb", func() bool {
		found, err := filepath.Glob(dir + ".init-*/PG_VERSION")
		return err == nil && len(found) > 0
	})
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	if left, err := filepath.Glob(dir + "*"); err != nil || len(left) != 1 {
		t.Errorf("left %v, want the lock file alone: %v", left, err)
	}
	start(t, dir)
}

// TestStaleLockFiles has what a restart of the machine leaves: process ids that belong to others now.
func TestStaleLockFiles(t *testing.T) {
	t.Parallel()
	dir := place(t)
	srv, err := server.Start(timeout(t), server.Config{DataDir: dir, Volatile: true})
	must(t, err)
	must(t, srv.Stop(timeout(t)))
	info, err := os.Stat(dir)
	must(t, err)
	owner := info.Sys().(*syscall.Stat_t)
	unrelated := exec.Command("/bin/sh", "-c", "read end; exit 0")
	unrelated.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		unrelated.SysProcAttr.Credential = &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
	}
	unrelated.Dir = "/"
	stdin, err := unrelated.StdinPipe()
	must(t, err)
	must(t, unrelated.Start())
	pid := strconv.Itoa(unrelated.Process.Pid)
	for _, content := range []string{"", pid + "\n" + dir + "\n1600000000\n5432\n/tmp\n\n\nready   \n"} {
		path := filepath.Join(dir, "postmaster.pid")
		must(t, os.WriteFile(path, []byte(content), 0o600))
		must(t, os.Chown(path, int(owner.Uid), int(owner.Gid)))
		if _, err := server.Attach(timeout(t), server.Config{DataDir: dir}); err == nil {
			t.Error("attached to a stranger")
		}
		srv, err := server.Start(timeout(t), server.Config{DataDir: dir, Volatile: true})
		must(t, err)
		must(t, srv.Stop(timeout(t)))
	}
	must(t, stdin.Close())
	must(t, unrelated.Wait()) // it was not signalled
}

// TestAnOrdinaryUserRunsItToo takes the rights of nobody where the test itself has root's.
func TestAnOrdinaryUserRunsItToo(t *testing.T) {
	t.Parallel()
	dir := place(t)
	program := filepath.Join(filepath.Dir(dir), "gateway")
	copyFile(t, os.Args[0], program)
	var rights *syscall.Credential
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		must(t, err)
		uid, err := strconv.Atoi(nobody.Uid)
		must(t, err)
		gid, err := strconv.Atoi(nobody.Gid)
		must(t, err)
		rights = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		must(t, os.Chown(filepath.Dir(dir), uid, gid))
	}
	for range 2 {
		h := startHelper(t, program, dir, rights)
		h.ready(t)
		h.kill()
	}
	srv := start(t, dir)
	if got := ask(t, srv, "SELECT 1::text"); got != "1" {
		t.Errorf("got %s", got)
	}
}

// TestKillsAtAnyInstant kills a gateway, and every second time its server too, while it makes, starts or recovers its
// cluster, and holds what was committed against what is there.
func TestKillsAtAnyInstant(t *testing.T) {
	t.Parallel()
	dir := place(t)
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 8 {
		h := startHelper(t, os.Args[0], dir, nil)
		<-time.After(time.Duration(random.IntN(1200)) * time.Millisecond)
		if round%2 == 1 {
			for _, pid := range workingIn(dir) {
				must(t, ignore(syscall.Kill(pid, syscall.SIGKILL), syscall.ESRCH))
			}
		}
		h.kill()
		if round%4 == 3 {
			srv, err := server.Start(timeout(t), server.Config{DataDir: dir, Volatile: true})
			must(t, err)
			execute(t, srv, "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)")
			must(t, srv.Stop(timeout(t)))
		}
	}
	if got := ask(t, start(t, dir), "SELECT count(*)::text FROM kept"); got != "2" {
		t.Errorf("%s rows are there, want 2", got)
	}
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, errors.Join(err, in.Close(), out.Close()))
}

func TestReadyWaitsForTheRestart(t *testing.T) {
	t.Parallel()
	srv := start(t, place(t))
	before := srv.PID()
	must(t, syscall.Kill(before, syscall.SIGKILL))
	eventually(t, "a new server", func() bool {
		must(t, srv.Ready(timeout(t)))
		pid := srv.PID()
		return pid != 0 && pid != before
	})
	conn, err := pgx.Connect(timeout(t), srv.DSN(server.Database, server.Superuser))
	must(t, err)
	must(t, conn.Close(context.Background()))
}
