package conf_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nks/conf"
)

const publicPEM = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"

const signs = bank + `autack = "messages"
autack_sign = "keys/own.pem"
autack_key_name = "NKS1"
autack_verify = ["B1 keys/b1.pem", """B2 ` + publicPEM + `"""]
`

// TestAutack_Mistakes: keys and what they are for go together.
func TestAutack_Mistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"a word":            {strings.Replace(signs, `"messages"`, `"interchange"`, 1), `bank A: autack: "interchange" is not one of none, messages`},
		"keys for none":     {strings.Replace(signs, `"messages"`, `"none"`, 1), "bank A: autack: is none, and there are keys"},
		"without keys":      {bank + "autack = \"messages\"\n", "bank A: autack: is messages, and there is no key"},
		"key without name":  {strings.Replace(signs, "autack_key_name", "# autack_key_name", 1), "bank A: autack_key_name: goes with autack_sign"},
		"name with a blank": {strings.Replace(signs, "NKS1", "NKS 1", 1), "bank A: autack_key_name"},
		"long name":         {strings.Replace(signs, "NKS1", strings.Repeat("N", 36), 1), "bank A: autack_key_name"},
		"name alone":        {strings.Replace(signs, "B1 keys/b1.pem", "B1", 1), "bank A: autack_verify"},
		"lists of nobody":   {signs + "autack_revoked = [\"keys/ca.crl\"]\n", "bank A: autack_revoked: goes with autack_issuers"},
		"issuers of nobody": {strings.Replace(signs, "autack_verify = [", "autack_issuers = [", 1), "bank A: autack_issuers: goes with autack_verify"},
		"issuers for none":  {bank + "autack_issuers = [\"keys/ca.pem\"]\n", "bank A: autack: is none, and there are keys"},
		"name twice":        {strings.Replace(signs, "B2 ", "B1 ", 1), `bank A: autack_verify: names "B1" twice`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := conf.Load(write(t, c.text)); !errors.Is(err, conf.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrInvalid with %q", err, c.want)
			}
		})
	}
}

// What nothing but a codec takes apart.
const (
	someCertificate = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----"
	someList        = "-----BEGIN X509 CRL-----\nYg==\n-----END X509 CRL-----"
)

// TestAutack_Profile: the database keeps the bank's keys themselves, and of ours the path; a profile of before says nothing of either.
func TestAutack_Profile(t *testing.T) {
	t.Parallel()
	path := write(t, strings.Replace(signs+"autack_issuers = [\"keys/ca.pem\"]\nautack_revoked = [\"keys/ca.crl\", \"keys/der.crl\"]\n", `"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "keys/a.pub"`, `"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"`, 1))
	dir := filepath.Dir(path)
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"own.pem": "secret", "b1.pem": publicPEM + "\n", "ca.pem": someCertificate + "\n", "ca.crl": someList, "der.crl": "\x30\x03abc", "nks_client": "secret", "mailbox_host": "secret"} {
		if err := os.WriteFile(filepath.Join(dir, "keys", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := conf.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.CheckFiles()...); err == nil || !strings.Contains(err.Error(), "bank A: autack_sign: ") || strings.Contains(err.Error(), "verify") {
		t.Errorf("got %v, want the open key that signs, and not the public one", err)
	}
	profile, err := c.Profile(c.Banks[0])
	if err != nil || strings.Contains(string(profile), dir) || strings.Contains(string(profile), "secret") {
		t.Fatalf("%s, %v", profile, err)
	}
	b, err := c.ParseProfile(profile)
	if err != nil || b.AutackSign != filepath.Join(dir, "keys", "own.pem") {
		t.Errorf("our key is %s, %v", b.AutackSign, err)
	}
	if err := os.Remove(filepath.Join(dir, "keys", "b1.pem")); err != nil {
		t.Fatal(err)
	}
	keys, err := b.AutackKeys()
	if want := []conf.AutackKey{{Name: "B1", PEM: publicPEM}, {Name: "B2", PEM: publicPEM}}; err != nil || !reflect.DeepEqual(keys, want) {
		t.Errorf("got %+v, want %+v, %v", keys, want, err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "keys", "ca.pem")), os.Remove(filepath.Join(dir, "keys", "der.crl"))); err != nil {
		t.Fatal(err)
	}
	issuers, err := b.AutackAuthorities()
	if err != nil || !reflect.DeepEqual(issuers, []string{someCertificate}) {
		t.Errorf("issuers %q, %v", issuers, err)
	}
	lists, err := b.AutackLists()
	if want := []string{someList, "-----BEGIN X509 CRL-----\nMANhYmM=\n-----END X509 CRL-----"}; err != nil || !reflect.DeepEqual(lists, want) {
		t.Errorf("lists %q, want %q, %v", lists, want, err)
	}
	again, err := c.Profile(b)
	if err != nil || string(again) != string(profile) {
		t.Errorf("kept again it is %s, was %s, %v", again, profile, err)
	}
	var before map[string]any
	if err := json.Unmarshal(profile, &before); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"autack", "autack_sign", "autack_key_name", "autack_verify", "autack_issuers", "autack_revoked"} {
		delete(before, key)
	}
	text, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := c.ParseProfile(text); err != nil || b.Autack != conf.AutackNone || b.AutackSign != "" || len(b.AutackVerify)+len(b.AutackIssuers)+len(b.AutackRevoked) != 0 {
		t.Errorf("a profile of before: %+v, %v", b, err)
	}
}
