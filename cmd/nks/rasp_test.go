package main_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/gateway/door/rasp/rasptest"
	"nks/internal/programtest"
)

// signedSite is a site with the signed endpoint, and what a supplier needs there.
type signedSite struct {
	*site
	whole, another    programtest.Delivery // of two suppliers
	endpoint, answers string               // URLs
	// plain is the endpoint without TLS, others where the answers of another supplier go, whose profile is oiorasp.
	plain, others string
	ca            *rasptest.Authority
	common        []string // flags of nks send
}

// newSignedSite has two suppliers that are bound to certificates; the first one's answers are sent to it.
func newSignedSite(t *testing.T) *signedSite {
	t.Helper()
	s := &signedSite{site: newSite(t), ca: rasptest.NewAuthority(t, "authority")}
	s.whole = s.planned(t, "accepted as a whole", accepted)
	s.another = s.planned(t, "another supplier's", func(d programtest.Delivery) bool { return d.Supplier != s.whole.Supplier && accepted(d) })
	keys := filepath.Join(s.dir, "keys")
	gateway, theirs, others, revoked := s.ca.IssueRSA(t, "gateway", ""), s.ca.Issue(t, "theirs", ""), s.ca.IssueRSA(t, "others", "12345674"), s.ca.Issue(t, "revoked", "12345674")
	certificate, key := gateway.Files(t, keys, "gateway")
	their, _ := theirs.Files(t, keys, "theirs")
	other, _ := others.Files(t, keys, "others")
	revoked.Files(t, keys, "revoked")
	ca := s.ca.File(t, keys, "ca")
	s.endpoint, s.answers = "https://"+free(t)+"/rasp", "https://"+free(t)+"/answers"
	s.plain, s.others = "http://"+free(t)+"/rasp", "https://"+free(t)+"/answers"
	text, err := os.ReadFile(s.config)
	must(t, err)
	must(t, os.WriteFile(s.config, fmt.Appendf(text, `
[rasp]
listen = %q
address = %q
plain_listen = %q
plain_address = %q
plain_networks = ["127.0.0.0/8"]
certificate = %q
key = %q
ca = [%q]
crl = [%q]
[[rasp.party]]
supplier = %q
certificates = [%q]
endpoint = %q
endpoint_certificates = [%q]
[[rasp.party]]
supplier = %q
cvr = ["12345674"]
profile = "oiorasp"
endpoint = %q
endpoint_certificates = [%q]
`, strings.TrimSuffix(strings.TrimPrefix(s.endpoint, "https://"), "/rasp"), s.endpoint, strings.TrimSuffix(strings.TrimPrefix(s.plain, "http://"), "/rasp"), s.plain, certificate, key, ca, s.ca.List(t, keys, "list.crl", revoked),
		s.whole.Supplier, their, s.answers, their, s.another.Supplier, s.others, other), 0o644))
	s.common = []string{"send", "--via", "rasp", "--endpoint", s.endpoint, "--ca", ca, "--server-cert", certificate, "--json", "--wait", "100s"}
	return s
}

// free is an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, l.Close()) }()
	return l.Addr().String()
}

// as is nks send as a supplier, with a key.
func (s *signedSite) as(supplier, key string, more ...string) []string {
	keys := filepath.Join(s.dir, "keys", key)
	return append(append([]string{}, s.common...), append([]string{"--supplier", supplier, "--key", keys + ".key", "--certificate", keys + ".crt"}, more...)...)
}

// TestRasp_Send: a bundle is sent while the gateway is killed after its commit and before its acknowledgement, and once more before it has on
// record that the first answer was acknowledged. It is one delivery, and each answer comes once.
func TestRasp_Send(t *testing.T) {
	t.Parallel()
	s := newSignedSite(t)
	whole, another := s.whole, s.another
	p := nks(t, "check-config", s.config)
	p.Want(t, 0)
	if !strings.Contains(p.Out.String(), "signed endpoint: 2 suppliers, 2 of them with an endpoint for answers\nsigned endpoint: any certificate of company 12345674 is "+another.Supplier+"\nsigned endpoint: the profile oiorasp is weak") {
		t.Errorf("check-config: %s", p.Out.String())
	}
	p = nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country"))
	p.Want(t, 0)
	into := filepath.Join(s.dir, "taken")
	must(t, os.Mkdir(into, 0o700))

	sender := program.Begin(t, nil, s.as(whole.Supplier, "theirs", "--listen", s.answers, "--into", into, programtest.Document(s.dir, whole))...)
	for _, failpoint := range []string{"after-commit-before-acknowledgement", "after-queueing-before-record"} {
		killed := program.Begin(t, []string{"NKS_TEST_FAILPOINT=" + failpoint, "NKS_TEST_FAILPOINT_ONCE=" + filepath.Join(s.dir, failpoint)},
			"run", "--config", s.config, "--clock", programtest.CountryStart)
		ended := func() bool { return killed.Ended() || sender.Ended() }
		if !programtest.Eventually(programtest.Longest, ended) || sender.Ended() {
			t.Fatalf("never killed at %s:\n%s\nnks send said: %s", failpoint, programtest.Tail(killed.Err.String()), sender.Err.String())
		}
	}
	gateway := s.run(t)
	sender.Finish(t, programtest.Longest)
	sender.Want(t, 0)
	var r sent
	must(t, json.Unmarshal([]byte(sender.Out.String()), &r))
	if !r.Accepted || !r.Response2 || r.Rejected != 0 || r.Payments != whole.Payments {
		t.Errorf("%+v", r)
	}
	if taken, err := os.ReadDir(into); err != nil || len(taken) != 2 {
		t.Errorf("taken: %v, %v", taken, err)
	}

	// A company number lets in; without TLS whoever has that profile.
	into = filepath.Join(s.dir, "others")
	must(t, os.Mkdir(into, 0o700))
	p = nks(t, s.as(another.Supplier, "others", "--profile", "oiorasp", "--endpoint", s.plain, "--listen", s.others, "--into", into, programtest.Document(s.dir, another))...)
	p.Want(t, 0)
	r = sent{}
	must(t, json.Unmarshal([]byte(p.Out.String()), &r))
	if !r.Accepted || !r.Response2 || r.Payments != another.Payments {
		t.Errorf("%+v", r)
	}
	for name, c := range map[string]struct {
		supplier, key string
		want          []string
	}{
		"revoked":            {another.Supplier, "revoked", []string{"SignatureNotValidFault"}},
		"another's name":     {another.Supplier, "theirs", []string{"NotAuthorizedFault", "SenderPartyIdentifier"}},
		"bound to nobody":    {another.Supplier, "gateway", []string{"NotAuthorizedFault", "bound to nobody"}},
		"not of the address": {whole.Supplier, "theirs", []string{"404"}},
	} {
		args := s.as(c.supplier, c.key, "--wait", "0s", programtest.Document(s.dir, whole))
		if name == "not of the address" {
			args = append(args[:len(args)-1], "--endpoint", s.endpoint+"/other", args[len(args)-1])
		}
		p := nks(t, args...)
		p.Want(t, 1)
		p.OneLine(t, c.want...)
	}
	conn := s.database(t)
	if !programtest.Eventually(programtest.Longest, func() bool {
		return one(t, conn, `SELECT string_agg(door || ' ' || (collected_at IS NOT NULL)::text, ', ' ORDER BY id) FROM answer`) == "rasp true, rasp true, rasp true, rasp true"
	}) {
		t.Errorf("answers: %s", one(t, conn, `SELECT string_agg(door || ' ' || (collected_at IS NOT NULL)::text, ', ' ORDER BY id) FROM answer`))
	}
	if got := one(t, conn, `SELECT string_agg(door || ' ' || supplier, ', ' ORDER BY id) FROM delivery`); got != "rasp "+whole.Supplier+", rasp "+another.Supplier {
		t.Errorf("deliveries: %s", got)
	}
	s.stop(t, gateway)
}
