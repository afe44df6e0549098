// Package programtest runs programs of this module as their users do: as processes of their own, whose data and
// children are gone when the test process is.
package programtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"nks/gateway/postgres/pgtest"
)

// Program is a program under test. It is built once, as a user would, into a directory below which every test of this
// process keeps its data.
type Program struct {
	name  string
	build func() (*built, error)
}

// built is where the program is.
type built struct {
	path, root string
	alive      *os.File // the watchdog acts when it closes
}

// New names a program by its folder in cmd/.
func New(name string) *Program {
	return &Program{name: name, build: sync.OnceValues(func() (*built, error) { return build(name) })}
}

// Build builds programs before any test's time begins.
func Build(programs ...*Program) {
	var building sync.WaitGroup
	for _, p := range programs {
		building.Go(func() { _, _ = p.build() }) // who needs it is told what went wrong
	}
	building.Wait()
}

// Path is where the program lies.
func (p *Program) Path(t testing.TB) string {
	t.Helper()
	return p.built(t).path
}

func (p *Program) built(t testing.TB) *built {
	t.Helper()
	b, err := p.build()
	must(t, err)
	return b
}

// build builds a program. The directory can be entered by the user whom PostgreSQL runs as.
func build(name string) (*built, error) {
	root, err := pgtest.Scratch("nkstest")
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(root, "begun"), 0o755); err != nil {
		return nil, err
	}
	b := &built{path: filepath.Join(root, name), root: root}
	if b.alive, err = watch(root); err != nil {
		return nil, errors.Join(err, os.RemoveAll(root))
	}
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", b.path, "nks/cmd/"+name).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w: %s", err, out)
	}
	return b, nil
}

// watch starts a process that outlives us and clears up, however we end: the programs that were begun, what runs below
// root by a pid that a data directory names, and root itself. A pid counts only while its process works in root or is
// called with it.
func watch(root string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	const script = `read end
		for file in "$0"/begun/* "$0"/*/sim/*/*/pid "$0"/*/samples/*/sim/*/*/pid "$0"/*/pg/postmaster.pid "$0"/*/samples/*/pg/postmaster.pid; do
			read -r pid < "$file" || continue
			case "$(readlink "/proc/$pid/cwd") $(tr '\0' ' ' < "/proc/$pid/cmdline")" in
				*"$0"*) kill -KILL "$pid" ;;
			esac
		done 2>/dev/null
		for i in 1 2 3 4 5 6 7 8 9 10; do
			rm -rf "$0" 2>/dev/null && exit
			sleep 0.5
		done`
	cmd := exec.Command("/bin/sh", "-c", script, root)
	cmd.Stdin, cmd.Dir = r, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(cmd.Start(), r.Close()); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
