package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"nks/internal/programtest"
	"nks/mq/mqtest"
)

// clusterNode is one gateway of three that share a database and are one broker.
type clusterNode struct {
	*site
	name    string
	process *programtest.Process
}

// newNodes makes the configurations of three on one database, with all that their brokers need.
func newNodes(t *testing.T, s *site) []*clusterNode {
	t.Helper()
	ca := mqtest.NewAuthority(t)
	pair := ca.Issue("member")
	must(t, os.MkdirAll(filepath.Join(s.dir, "mq-credentials"), 0o700))
	for _, supplier := range programtest.Suppliers() {
		must(t, os.WriteFile(s.secretFile(supplier), []byte("secret of "+supplier+"\n"), 0o600))
	}
	must(t, os.WriteFile(filepath.Join(s.dir, "mq-cluster"), []byte("known-to-the-three-alone\n"), 0o600))
	text, err := os.ReadFile(s.config)
	must(t, err)
	text = []byte(strings.Replace(string(text), "[database]", "[database]\nmax_connections = 32", 1)) // they share what the server has
	var nodes []*clusterNode
	var members []string
	for i, address := range mqtest.Addresses(t, 3) {
		members = append(members, fmt.Sprintf("\"n%d %s\"", i+1, address))
	}
	for _, name := range []string{"n1", "n2", "n3"} {
		n := &clusterNode{site: &site{dir: s.dir, config: filepath.Join(s.dir, name+".toml")}, name: name}
		must(t, os.WriteFile(n.config, fmt.Appendf(text, `
[mq]
listen = "127.0.0.1:0"
dir = "mq-%s"
[mq.cluster]
name = "nks"
member = %q
members = [%s]
secret = "mq-cluster"
tls_certificate = %q
tls_key = %q
tls_ca = %q
`, name, name, strings.Join(members, ", "), pair.Certificate, pair.Key, ca.File), 0o644))
		nodes = append(nodes, n)
	}
	return nodes
}

// sends puts a message at one member after another until one has confirmed it.
func sends(t *testing.T, supplier, id string, body []byte, nodes ...*clusterNode) {
	t.Helper()
	var last error
	for begun := time.Now(); time.Since(begun) < programtest.Longest; {
		for _, n := range nodes {
			if last = n.confirms(t, supplier, id, body); last == nil {
				return
			}
		}
	}
	t.Fatalf("%s is not confirmed: %v", id, last)
}

func (n *clusterNode) confirms(t *testing.T, supplier, id string, body []byte) error {
	conn, err := nats.Connect("nats://"+broker(t, n.process), nats.UserInfo(supplier, "secret of "+supplier), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		return err
	}
	defer conn.Close()
	api, err := jetstream.New(conn)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err = api.PublishMsg(ctx, &nats.Msg{Subject: "nks.in." + supplier, Data: body, Header: nats.Header{"Nats-Msg-Id": {id}}})
	return err
}

// TestQueue_Cluster: three gateways on one database are one broker. A bundle that is put at any is taken once and answered at any, also while the
// owner is dead; with two dead nothing is confirmed, and readiness says so; with one of them back it goes on.
func TestQueue_Cluster(t *testing.T) {
	t.Parallel()
	if os.Getenv("NKS_FARM") == "" {
		t.Skip("a minute; NKS_FARM=1 runs it, and mq/jetstream kills members in every run")
	}
	s := newSite(t)
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	db := s.on(t)
	nodes := newNodes(t, s)
	if p := nks(t, "check-config", nodes[0].config); p.Code() != 0 || !strings.Contains(p.Out.String(), "message queue: member n1 of cluster nks, environment production, with n2 at 127.0.0.1:") {
		t.Errorf("check-config says %q, %q", p.Out.String(), p.Err.String())
	}
	var processes []*programtest.Process
	for _, n := range nodes {
		n.process = n.run(t)
		processes = append(processes, n.process)
	}
	for _, n := range nodes {
		n.becomes(t, "/readyz", 200, "message queue cluster: 3 of 3 members seen (n1, n2, n3), leader n")
	}
	d := s.planned(t, "accepted as a whole", accepted)
	bundle := s.bundle(t, d)
	sends(t, d.Supplier, "B-1", bundle, nodes...)
	owner := ownerOf(t, processes)
	others := append(append([]*clusterNode{}, nodes[:owner]...), nodes[owner+1:]...)
	f := others[0].foreign(t, broker(t, others[0].process), d.Supplier)
	f.wantAnswers("NKSReceipt1 ACPT B-1", "NKSResponse2 B-1")

	processes[owner].Signal(syscall.SIGKILL)
	killed := time.Now()
	sends(t, d.Supplier, "B-2", bundle, others...)
	f.wantAnswers("NKSReceipt1 RJCT 904 B-2")
	t.Logf("owner %s killed, another answers after %v", nodes[owner].name, time.Since(killed).Round(time.Millisecond))
	others[0].becomes(t, "/readyz", 200, "2 of 3 members seen")
	others[0].becomes(t, "/metrics", 200, "nks_queue_members 2\n")

	others[1].process.Signal(syscall.SIGKILL)
	others[0].becomes(t, "/readyz", 503, "door mq: nothing is confirmed: 1 of 3 members seen ("+others[0].name+"), leader none")
	if err := others[0].confirms(t, d.Supplier, "B-3", bundle); err == nil {
		t.Error("one of three confirms")
	}
	again := nodes[owner]
	again.process = again.run(t)
	sends(t, d.Supplier, "B-4", bundle, again, others[0])
	again.becomes(t, "/readyz", 200, "2 of 3 members seen")
	back := again.foreign(t, broker(t, again.process), d.Supplier).after(f)
	back.wantAnswers("NKSReceipt1 RJCT 904 B-4")
	for _, n := range []*clusterNode{again, others[0]} {
		n.process.Terminate(t)
		n.process.Finish(t, programtest.Longest)
		n.process.Want(t, 0)
	}
	must(t, db.Stop(t.Context()))
}
