package main_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/internal/programtest"
	"nks/mq/mqtest"
)

// TestQueue_TLS: the broker listens beyond the loopback, with certificates on both sides; new ones count without a restart.
func TestQueue_TLS(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.planned(t, "accepted as a whole", accepted)
	ca, other := mqtest.NewAuthority(t), mqtest.NewAuthority(t)
	server, mine, outsider := ca.Issue("broker"), ca.Issue("leva.example"), ca.Issue("outsider")
	at := func(name string) string { return filepath.Join(s.dir, name) }
	replace := func(p mqtest.Pair, authority *mqtest.Authority) {
		for from, to := range map[string]string{p.Certificate: "mq.pem", p.Key: "mq.key", authority.File: "mq-ca.pem"} {
			text, err := os.ReadFile(from)
			must(t, err)
			must(t, os.WriteFile(at(to)+".new", text, 0o600))
			must(t, os.Rename(at(to)+".new", at(to)))
		}
	}
	replace(server, ca)
	text, err := os.ReadFile(s.config)
	must(t, err)
	tls := "tls_certificate = \"mq.pem\"\ntls_key = \"mq.key\"\ntls_client_ca = \"mq-ca.pem\"\n"
	section := fmt.Sprintf("\n[[mq.supplier]]\nname = %q\ncertificates = [\"cn:leva.example\"]\n", d.Supplier)
	must(t, os.WriteFile(s.config, append(text, "\n[mq]\nlisten = \"0.0.0.0:0\"\n"...), 0o644))
	if p := nks(t, "check-config", s.config); p.Code() == 0 || !strings.Contains(p.Err.String(), "mq.listen: \"0.0.0.0:0\" can be reached from other machines") {
		t.Errorf("said %q", p.Err.String())
	}
	if p := nks(t, "run", "--config", s.config); p.Code() == 0 || !strings.Contains(p.Err.String(), "mq.listen: \"0.0.0.0:0\" can be reached from other machines") {
		t.Errorf("said %q", p.Err.String())
	}
	must(t, os.WriteFile(s.config, append(text, "\n[mq]\nlisten = \"0.0.0.0:0\"\n"+tls+section...), 0o644))
	if p := nks(t, "check-config", s.config); p.Code() != 0 || !strings.Contains(p.Out.String(), "0.0.0.0:0, with certificates on both sides") {
		t.Errorf("check-config says %q, %q", p.Out.String(), p.Err.String())
	}
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	gateway := s.run(t)
	_, port, err := net.SplitHostPort(broker(t, gateway))
	must(t, err)
	f := s.secretFile(d.Supplier)
	programtest.Eventually(programtest.Longest, func() bool { _, err := os.Stat(f); return err == nil })
	send := func(wait string, authority *mqtest.Authority, pair mqtest.Pair) *programtest.Process {
		return nks(t, "send", "--via", "mq", "--server", "localhost:"+port, "--supplier", d.Supplier, "--password-file", f, "--wait", wait,
			"--ca", authority.File, "--certificate", pair.Certificate, "--certificate-key", pair.Key, programtest.Document(s.dir, d))
	}
	if p := send("1s", ca, outsider); p.Code() == 0 {
		t.Error("another's certificate was taken")
	}
	if p := send("1s", other, mine); p.Code() == 0 {
		t.Error("a broker that is not trusted was spoken to")
	}
	send("60s", ca, mine).Want(t, 0)
	replace(other.Issue("broker"), other)
	// The same message again has its answers of before, which count when the wait is over.
	if p := send("1s", ca, mine); p.Code() == 0 {
		t.Error("a certificate of before was taken")
	}
	send("1s", other, other.Issue("leva.example")).Want(t, 0)
	must(t, os.WriteFile(at("mq.key"), []byte("half a key"), 0o600))
	send("1s", other, other.Issue("leva.example")).Want(t, 0)
	s.stop(t, gateway)
	if p := nks(t, "check-config", s.config); p.Code() == 0 || !strings.Contains(p.Err.String(), "mq.key") {
		t.Errorf("check-config says %q, %q", p.Out.String(), p.Err.String())
	}
}
