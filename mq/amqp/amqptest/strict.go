package amqptest

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Strict is a broker that takes no more than IBM MQ's AMQP channel does by its documentation: one session for each connection, queues
// by the capability "queue", no message annotations, and no outcome but accepted. It keeps its messages in memory.
type Strict struct {
	port int
}

// python is the distribution's, which has its packages.
const python = "/usr/bin/python3"

//go:embed strict.py
var strictProgram string

// StartStrict starts one that ends with the test. It has the queues, each of which holds as many messages as limit says.
func StartStrict(t testing.TB, limit int, queues ...string) *Strict {
	t.Helper()
	if out, err := exec.Command(python, "-c", "import proton").CombinedOutput(); err != nil {
		t.Fatalf("Qpid Proton is not installed: make deps-test: %s", out)
	}
	s := &Strict{port: freePorts(t, 1)[0]}
	file := filepath.Join(t.TempDir(), "strict.py")
	if err := os.WriteFile(file, []byte(strictProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := fmt.Sprintf(" 127.0.0.1:%d %d", s.port, limit)
	for _, q := range queues {
		arguments += " " + q
	}
	g := begin(t, os.Environ(), python+" "+file+arguments+" & ")
	t.Cleanup(g.kill)
	g.await(t, fmt.Sprintf("127.0.0.1:%d", s.port))
	return s
}

// URL is where clients connect.
func (s *Strict) URL() string { return fmt.Sprintf("amqp://127.0.0.1:%d", s.port) }
