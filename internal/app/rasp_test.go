package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

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
		_, err := app.CheckRasp(conf.Rasp{Listen: "127.0.0.1:0", Certificate: c.certificate, Key: c.key, CA: []string{authority},
			Parties: []conf.RaspParty{{Supplier: "A", Profile: c.profile, Certificates: []string{rsa}, Endpoint: "https://a.example/in", EndpointCertificates: []string{c.endpoint}}}}, time.Now())
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCheckRasp_Untimely: certificates of the gateway's that are over, or the present one before its time, are found before the start.
func TestCheckRasp_Untimely(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	ca := rasptest.NewAuthority(t, "authority")
	good, goodKey := ca.Issue(t, "good", "").Files(t, dir, "good")
	early, earlyKey := ca.IssueUntil(t, "early", now.AddDate(0, 0, 5)).Files(t, dir, "early")
	over, overKey := ca.IssueUntil(t, "over", now.AddDate(0, 0, -5)).Files(t, dir, "over")
	for name, c := range map[string]struct {
		certificate, key, next, nextKey string
		want                            string // "": nothing is wrong
	}{
		"both are good":              {good, goodKey, good, goodKey, ""},
		"the next is good later":     {good, goodKey, early, earlyKey, ""},
		"the next is over":           {good, goodKey, over, overKey, "the next certificate is good from"},
		"the present is over":        {over, overKey, good, goodKey, "the certificate is good from"},
		"the present is good later":  {early, earlyKey, good, goodKey, "the certificate is good from"},
		"there is none that follows": {good, goodKey, "", "", ""},
	} {
		files, err := app.CheckRasp(conf.Rasp{Listen: "127.0.0.1:0", Certificate: c.certificate, Key: c.key, NextCertificate: c.next, NextKey: c.nextKey, CA: []string{ca.File(t, dir, "ca")},
			Parties: []conf.RaspParty{{Supplier: "A", CVR: []string{"12345674"}}}}, now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (files.Untimely == nil) != (c.want == "") || files.Untimely != nil && !strings.Contains(files.Untimely.Error(), c.want) {
			t.Errorf("%s: %v", name, files.Untimely)
		}
	}
}

// TestCheckRasp_BoundTwice: one certificate is one supplier's, however it is written, and in whatever order.
func TestCheckRasp_BoundTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := rasptest.NewAuthority(t, "authority")
	certificate, key := ca.Issue(t, "gateway", "").Files(t, dir, "gateway")
	supplier := ca.Issue(t, "supplier", "")
	file, _ := supplier.Files(t, dir, "supplier")
	copied, _ := supplier.Files(t, dir, "copied")
	sum := sha256.Sum256(supplier.Certificate.Raw)
	print := "sha256:" + hex.EncodeToString(sum[:])
	for name, c := range map[string]struct {
		first, second string
		good          bool
	}{
		"two files":              {file, copied, false},
		"file and fingerprint":   {file, print, false},
		"fingerprint and file":   {print, file, false},
		"in two ways of writing": {print, "sha256:" + strings.ToUpper(hex.EncodeToString(sum[:])), false},
		"another one":            {print, certificate, true},
	} {
		_, err := app.CheckRasp(conf.Rasp{Listen: "127.0.0.1:0", Certificate: certificate, Key: key, CA: []string{ca.File(t, dir, "ca")},
			Parties: []conf.RaspParty{{Supplier: "A", Certificates: []string{c.first}}, {Supplier: "B", Certificates: []string{c.second}}}}, time.Now())
		if (err == nil) != c.good || err != nil && !strings.Contains(err.Error(), "of B: the certificate is bound to A, too") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
