package app_test

import (
	"strings"
	"testing"

	"nks/conf"
	"nks/gateway/door/rasp/rasptest"
	"nks/internal/app"
)

// TestCheckRasp_OIORASP: who cannot encrypt, or be encrypted for, is found before the start.
func TestCheckRasp_OIORASP(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := rasptest.NewAuthority(t, "authority")
	rsa, rsaKey := ca.IssueRSA(t, "rsa", "").Files(t, dir, "rsa")
	curve, curveKey := ca.Issue(t, "curve", "").Files(t, dir, "curve")
	authority := ca.File(t, dir, "ca")
	for name, c := range map[string]struct {
		certificate, key, endpoint, profile string
		want                                string // "": nothing is wrong
	}{
		"both can":             {rsa, rsaKey, rsa, conf.ProfileOIORASP, ""},
		"we cannot":            {curve, curveKey, rsa, conf.ProfileOIORASP, "RSA of 2048 bits or more"},
		"the endpoint cannot":  {rsa, rsaKey, curve, conf.ProfileOIORASP, "RSA of 2048 bits or more"},
		"nobody has to":        {curve, curveKey, curve, conf.ProfileSHA256, ""},
		"nobody is said to be": {curve, curveKey, curve, "", ""},
	} {
		_, _, err := app.CheckRasp(conf.Rasp{Listen: "127.0.0.1:0", Certificate: c.certificate, Key: c.key, CA: []string{authority},
			Parties: []conf.RaspParty{{Supplier: "A", Profile: c.profile, Certificates: []string{rsa}, Endpoint: "https://a.example/in", EndpointCertificates: []string{c.endpoint}}}})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
