package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/server"
)

// helperDir names the data directory of a process that only runs a server: an nks that can be killed.
const helperDir = "NKS_SERVER_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		if err := help(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// help starts the server, says so, and runs until its input ends.
func help(dir string) error {
	srv, err := server.Start(context.Background(), server.Config{DataDir: dir, Volatile: true})
	if err != nil {
		return err
	}
	fmt.Println("ready", srv.PID())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return srv.Stop(context.Background())
}

// helper is such a process.
type helper struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

func startHelper(t *testing.T, program, dir string, user *syscall.Credential) *helper {
	t.Helper()
	h := &helper{cmd: exec.Command(program)}
	h.cmd.Env = append(os.Environ(), helperDir+"="+dir)
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: user}
	stdout, err := h.cmd.StdoutPipe()
	must(t, err)
	h.stdin, err = h.cmd.StdinPipe()
	must(t, err)
	h.out = bufio.NewReader(stdout)
	must(t, h.cmd.Start())
	t.Cleanup(h.kill)
	return h
}

// ready waits for the helper's server and returns its postmaster.
func (h *helper) ready(t *testing.T) int {
	t.Helper()
	line, err := h.out.ReadString('\n')
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if word != "ready" {
		t.Fatalf("helper said %q, %v", line, err)
	}
	pid, err := strconv.Atoi(rest)
	must(t, err)
	return pid
}

// kill ends the helper's whole process group as a crash does.
func (h *helper) kill() {
	if h.cmd.ProcessState != nil {
		return
	}
	_ = syscall.Kill(-h.cmd.Process.Pid, syscall.SIGKILL)
	_ = h.cmd.Wait()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is a new data directory that the server's user can reach; what still runs there is ended with the test.
func place(t *testing.T) string {
	t.Helper()
	dir, err := pgtest.Scratch("nkssrv")
	must(t, err)
	t.Cleanup(func() {
		for _, pid := range workingIn(filepath.Join(dir, "pg")) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		for range 50 {
			if os.RemoveAll(dir) == nil {
				return
			}
			<-time.After(20 * time.Millisecond)
		}
		t.Errorf("%s not removed", dir)
	})
	return filepath.Join(dir, "pg")
}

// workingIn lists the processes whose working directory is dir.
func workingIn(dir string) []int {
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return nil
	}
	var pids []int
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && cwd == dir {
			if pid, err := strconv.Atoi(strings.Split(link, "/")[2]); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, dir string) *server.Server {
	t.Helper()
	srv, err := server.Start(timeout(t), server.Config{DataDir: dir, Volatile: true})
	must(t, err)
	t.Cleanup(func() { must(t, srv.Stop(context.Background())) })
	return srv
}

func connect(t *testing.T, srv *server.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(timeout(t), srv.DSN(server.Database, server.Superuser))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, srv *server.Server, sql string) {
	t.Helper()
	conn := connect(t, srv)
	_, err := conn.Exec(timeout(t), sql)
	must(t, err)
	must(t, conn.Close(context.Background()))
}

func ask(t *testing.T, srv *server.Server, sql string) string {
	t.Helper()
	conn := connect(t, srv)
	var answer string
	must(t, conn.QueryRow(timeout(t), sql).Scan(&answer))
	must(t, conn.Close(context.Background()))
	return answer
}

// eventually waits for something that another process does.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx := timeout(t)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
