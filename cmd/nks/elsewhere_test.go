package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/mq/amqp/amqptest"
)

// TestInit_BrokerElsewhere: a supplier sends by the queues of somebody else's broker, and plays the connection test there, by what docs/connecting.md
// shows of it.
func TestInit_BrokerElsewhere(t *testing.T) {
	t.Parallel()
	broker := amqptest.StartStrict(t, 1000, "nks.in.TRYLEV", "nks.out.TRYLEV", "nks.parked.TRYLEV")
	o := newTryout(t)
	at := func(name string) string { return filepath.Join(o.dir, name) }
	text, err := os.ReadFile(at("nks.toml"))
	must(t, err)
	section := fmt.Sprintf("\n[mq]\ndriver = \"amqp\"\nurls = [%q]\npeer = \"strict\"\n", broker.URL())
	must(t, os.WriteFile(at("nks.toml"), append(text, section...), 0o644))
	bundle, err := os.ReadFile(at("bundle.xml"))
	must(t, err)
	must(t, os.WriteFile(at("by-amqp.xml"), []byte(strings.ReplaceAll(string(bundle), "TRY-", "AMQ-")), 0o644))
	gateway, bank := o.runs(t)
	door := []string{"--via", "amqp", "--server", broker.URL(), "--peer", "strict"}
	prints(t, nks(t, append(append([]string{"send"}, door...), "--supplier", "TRYLEV", "--into", at("answers"), at("by-amqp.xml"))...), "accepted, 0 of 4 payments rejected")
	if kept, err := os.ReadDir(at("answers")); err != nil || len(kept) != 2 {
		t.Errorf("answers that were kept: %v, %v", kept, err)
	}
	prints(t, nks(t, append(append([]string{"conformance"}, door...), "--cast", at("conformance.toml"), "--out", at("report"), "--only", "02,03,52,53,60")...), "6 of 6 cases passed")
	prints(t, nks(t, "lines", "--config", at("nks.toml")), "    Not taken in yet: Not known\n    Answers not put into a queue yet: ", "    Answers not collected yet: Not known\n    Put aside for a person: ")
	end(t, gateway, bank)
}
