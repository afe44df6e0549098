// Package amqptest starts brokers that speak AMQP 1.0, for tests: a RabbitMQ of the distribution's package, and a strict one of our own
// upon Qpid Proton. Each is private: its own directory, free ports of the loopback.
package amqptest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Config is what a RabbitMQ begins with.
type Config struct {
	Users  []User
	Queues []Queue
	// CA, Certificate and Key are files; with them it listens with TLS too, and takes a client certificate's common name for a login.
	CA, Certificate, Key string
	// Management runs its management plugin, too.
	Management bool
}

// User is a login. Read and Write are patterns of the queues that it may take from and of the exchanges that it may put to; empty: none.
type User struct {
	Name, Password, Read, Write string
	// Tags are what it may do beside, such as "management".
	Tags string
}

// Queue is a durable queue.
type Queue struct {
	Name      string
	Arguments map[string]any
}

// Queues are those of the names, with nothing else.
func Queues(names ...string) []Queue {
	var all []Queue
	for _, name := range names {
		all = append(all, Queue{Name: name})
	}
	return all
}

// Rabbit is a RabbitMQ.
type Rabbit struct {
	t   testing.TB
	dir string
	env []string
	// port is AMQP's, secure AMQP's over TLS.
	port, secure int
	management   int
	processes    *group
}

// program is where Debian's package has it: what stands in PATH wants to be root or another user.
const program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

// patience is how long a start may take on a machine that is busy with other things.
const patience = 5 * time.Minute

// StartRabbit starts one that ends with the test.
func StartRabbit(t testing.TB, c Config) *Rabbit {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("RabbitMQ is not installed: make deps-test: %v", err)
	}
	r := &Rabbit{t: t, dir: t.TempDir()}
	ports := freePorts(t, 4)
	r.port, r.secure = ports[0], ports[1]
	managed, management := "", ""
	if c.Management {
		r.management = freePorts(t, 1)[0]
		managed = ",rabbitmq_management"
		management = fmt.Sprintf("management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %d\ncollect_statistics_interval = 1000\n"+
			"management.sample_retention_policies.global.minute = 1\nmanagement.sample_retention_policies.basic.minute = 1\nmanagement.sample_retention_policies.detailed.minute = 1\n", r.management)
	}
	r.write("enabled_plugins", fmt.Sprintf("[rabbitmq_amqp1_0,rabbitmq_auth_mechanism_ssl%s].\n", managed))
	r.write("definitions.json", definitions(t, c))
	settings := fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\nload_definitions = %s\nlog.file.level = warning\n", r.port, filepath.Join(r.dir, "definitions.json")) + management
	if c.Certificate != "" {
		settings += fmt.Sprintf("listeners.ssl.1 = 127.0.0.1:%d\nssl_options.cacertfile = %s\nssl_options.certfile = %s\nssl_options.keyfile = %s\n"+
			"ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\nssl_cert_login_from = common_name\n"+
			"auth_mechanisms.1 = PLAIN\nauth_mechanisms.2 = EXTERNAL\n", r.secure, c.CA, c.Certificate, c.Key)
	}
	r.write("rabbitmq.conf", settings)
	r.env = append(os.Environ(), "HOME="+r.dir, "RABBITMQ_NODENAME=nks@localhost",
		"RABBITMQ_MNESIA_BASE="+filepath.Join(r.dir, "mnesia"), "RABBITMQ_LOG_BASE="+filepath.Join(r.dir, "log"),
		"RABBITMQ_CONFIG_FILE="+filepath.Join(r.dir, "rabbitmq.conf"), "RABBITMQ_ENABLED_PLUGINS_FILE="+filepath.Join(r.dir, "enabled_plugins"),
		"ERL_EPMD_ADDRESS=127.0.0.1", fmt.Sprintf("ERL_EPMD_PORT=%d", ports[2]), fmt.Sprintf("RABBITMQ_DIST_PORT=%d", ports[3]),
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}")
	t.Cleanup(r.Stop)
	r.Start()
	return r
}

func (r *Rabbit) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// URL is where clients connect.
func (r *Rabbit) URL() string { return fmt.Sprintf("amqp://127.0.0.1:%d", r.port) }

// ManagementURL is where its management plugin answers.
func (r *Rabbit) ManagementURL() string { return fmt.Sprintf("http://127.0.0.1:%d", r.management) }

// Address is the same as host and port.
func (r *Rabbit) Address() string { return fmt.Sprintf("127.0.0.1:%d", r.port) }

// SecureURL is where they connect with TLS.
func (r *Rabbit) SecureURL() string { return fmt.Sprintf("amqps://localhost:%d", r.secure) }

// Start runs it again on what it stored.
func (r *Rabbit) Start() {
	// epmd, which finds Erlang's nodes, is made a part of the group; RabbitMQ would leave one behind.
	r.processes = begin(r.t, r.env, `epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 & `+program+` & `)
	r.processes.await(r.t, r.Address())
}

// Stop ends it as a crash does.
func (r *Rabbit) Stop() { r.processes.kill() }

// Control runs rabbitmqctl.
func (r *Rabbit) Control(args ...string) {
	r.t.Helper()
	cmd := exec.Command("/usr/lib/rabbitmq/bin/rabbitmqctl", args...)
	cmd.Env = r.env
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("rabbitmqctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// definitions are what RabbitMQ imports at its first start.
func definitions(t testing.TB, c Config) string {
	t.Helper()
	type object = map[string]any
	var users, permissions, queues []object
	for _, u := range c.Users {
		users = append(users, object{"name": u.Name, "tags": u.Tags, "password_hash": hash(u.Password), "hashing_algorithm": "rabbit_password_hashing_sha256"})
		permissions = append(permissions, object{"user": u.Name, "vhost": "/", "configure": "", "read": u.Read, "write": u.Write})
	}
	for _, q := range c.Queues {
		arguments := maps.Clone(q.Arguments)
		if arguments == nil {
			arguments = object{}
		}
		queues = append(queues, object{"name": q.Name, "vhost": "/", "durable": true, "auto_delete": false, "arguments": arguments})
	}
	text, err := json.Marshal(object{"users": users, "permissions": permissions, "queues": queues, "vhosts": []object{{"name": "/"}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// hash is RabbitMQ's of a password: four bytes of salt, and SHA-256 of them and it.
func hash(password string) string {
	salt := make([]byte, 4)
	_, _ = rand.Read(salt) // never fails
	sum := sha256.Sum256(slices.Concat(salt, []byte(password)))
	return base64.StdEncoding.EncodeToString(slices.Concat(salt, sum[:]))
}

// group is processes that end with it, and with this one.
type group struct {
	once  sync.Once
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   bytes.Buffer
	ended chan struct{}
}

// begin runs shell commands in the background until the end of standard input, which is also the end of this process.
func begin(t testing.TB, env []string, commands string) *group {
	t.Helper()
	g := &group{cmd: exec.Command("sh", "-c", commands+"cat >/dev/null; kill -9 0"), ended: make(chan struct{})}
	g.cmd.Env, g.cmd.Stdout, g.cmd.Stderr = env, &g.out, &g.out
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if g.stdin, err = g.cmd.StdinPipe(); err == nil {
		err = g.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = g.cmd.Wait() // it is killed
		close(g.ended)
	}()
	return g
}

func (g *group) kill() {
	g.once.Do(func() {
		_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL)
		_ = g.stdin.Close()
		<-g.ended
	})
}

// await waits until it listens.
func (g *group) await(t testing.TB, address string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); time.Since(begun) < patience; {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-tick.C:
		case <-g.ended:
			t.Fatalf("the broker ended before it listened\n%s", g.out.String())
		}
	}
	g.kill()
	t.Fatalf("the broker does not listen after %v\n%s", patience, g.out.String())
}

// Ports below those that the kernel gives to whoever asks for any: a broker needs seconds until it listens.
const lowestPort, highestPort = 10_000, 32_000

// freePorts are ports of the loopback that nobody has.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for tries := 0; len(ports) < n; tries++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowestPort+mathrand.IntN(highestPort-lowestPort)))
		if err != nil && tries < 100 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
