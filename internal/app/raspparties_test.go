package app_test

import (
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"nks/conf"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
)

// TestRasp_Bindings: a binding by certificate lets in that one and no other of the same company, also while it changes; one by subject all that the
// authority issues to it; one by company number each of the company. The narrower binding counts.
func TestRasp_Bindings(t *testing.T) {
	t.Parallel()
	var first, second, function, single rasptest.Identity
	var file string
	r := newRenewal(t, func(r *renewal, dir string) conf.RaspParty {
		first, second = r.ca.Issue(t, "first", "12345674"), r.ca.Issue(t, "second", "12345674")
		file, _ = first.Files(t, dir, "first")
		return conf.RaspParty{Supplier: "LEVC", Certificates: []string{file}}
	}, func(r *renewal, _ string) conf.RaspParty {
		function = r.ca.IssueFor(t, "function", "CVR:12345674-FID:2")
		return conf.RaspParty{Supplier: "LEVD", SubjectSerials: []string{"CVR:12345674-FID:2"}}
	}, func(r *renewal, dir string) conf.RaspParty {
		single = r.ca.Issue(t, "single", "87654321")
		return conf.RaspParty{Supplier: "LEVE", CVR: []string{"87654321"}}
	})
	r.register("LEVC", "LEVD", "LEVE")
	for name, c := range map[string]struct {
		who  rasptest.Identity
		want bool
	}{
		"the certificate":                 {first, true},
		"another one of the company":      {second, false},
		"the subject":                     {function, true},
		"the subject, renewed":            {r.ca.IssueFor(t, "renewed", "CVR:12345674-FID:2"), true},
		"another function of the company": {r.ca.IssueFor(t, "other", "CVR:12345674-FID:20"), false},
		"the company":                     {single, true},
		"any of the company":              {r.ca.IssueFor(t, "any", "CVR:87654321-UID:7"), true},
	} {
		err := r.open(c.who)
		if (err == nil) != c.want || err != nil && !(errors.Is(err, rasp.ErrPeerRefuses) && strings.Contains(err.Error(), soap.NotAuthorized)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.node.log.await(t, fmt.Sprintf("certificate sha256:%x: not found", sha256.Sum256(second.Certificate.Raw)), 1) // whose it was can be seen
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: second.Certificate.Raw})...)
	if err := os.WriteFile(file+"~", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+"~", file); err != nil {
		t.Fatal(err)
	}
	r.node.log.await(t, "signed endpoint: other files", 1)
	for _, who := range []rasptest.Identity{first, second} {
		if err := r.open(who); err != nil {
			t.Errorf("while it changes: %v", err)
		}
	}
}
