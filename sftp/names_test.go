package sftp_test

import (
	"strings"
	"testing"

	"nks/sftp"
)

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	for _, c := range []struct {
		name             string
		final, temporary bool
	}{
		{"a.xml", true, false},
		{"A~1_b-c.d.xml", true, false},
		{"-.xml", true, false},
		{"a.tmp.xml", true, false},
		{long + ".xml", true, false},
		{long + "x.xml", false, false},
		{".xml", false, true},
		{".a.xml", false, true},
		{"a.xml.tmp", false, true},
		{"a.xml.part", false, true},
		{"a.xml.filepart", false, true},
		{"a.xml.uploading", false, true},
		{".NKS1.edi.3.tmp", false, true},
		{"a.xml.TMP", false, false},
		{"a.xml.bak", false, false},
		{"a.XML", false, false},
		{"a", false, false},
		{"", false, false},
		{".", false, false},
		{"..", false, false},
		{"...", false, false},
		{"a b.xml", false, false},
		{"æ.xml", false, false},
		{"a/b.xml", false, false},
		{"a\x00.tmp", false, false},
		{strings.Repeat("x", 200) + ".tmp", false, false},
	} {
		if got := sftp.FinalName(c.name); got != c.final {
			t.Errorf("FinalName(%q) = %v", c.name, got)
		}
		if got := sftp.TemporaryName(c.name); got != c.temporary {
			t.Errorf("TemporaryName(%q) = %v", c.name, got)
		}
	}
	for name, want := range map[string]bool{
		"KMD": true, "a.b_c-1": true, strings.Repeat("x", 35): true, strings.Repeat("x", 36): false,
		"": false, "a b": false, "a~b": false, "a/b": false, "å": false,
	} {
		if got := sftp.PartyName(name); got != want {
			t.Errorf("PartyName(%q) = %v", name, got)
		}
	}
}

// A person's number in a file name does not reach the log, nor does a forged line.
func TestLoggedNamesAreMasked(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	r := s.raw(t, "KMD")
	for name, want := range map[string]string{
		"/in/pension-0101701234.xml":       "in/pension-010170-xxxx.xml",
		"/in/010170-1234.xml":              "in/010170-xxxx.xml",
		"/in/NKS20050811043000.xml":        "in/NKS20050811043000.xml",
		"/in/KVITTERING1-0000000042.xml":   "in/KVITTERING1-0000000042.xml",
		"/in/0101701234.0202801234.xml":    "in/010170-xxxx.020280-xxxx.xml",
		"/in/0101701234-0202801234.xml":    "in/010170-xxxx-020280-xxxx.xml",
		"/in/0101701234_0202801234_x.xml":  "in/010170-xxxx_020280-xxxx_x.xml",
		"/in/a-9901701234-9901701234a.xml": "in/a-9901701234-9901701234a.xml",
	} {
		if code := r.closed(r.mustOpen(name)); code != codeOK {
			t.Fatal(code)
		}
		if e := s.await(t, sftp.EventDelivered); e.Name != want {
			t.Errorf("%s is logged as %q, want %q", name, e.Name, want)
		}
	}
	r.open("/in/a\nlogin root 0101701234", flagsPut)
	if e := s.await(t, sftp.EventFailed); strings.Contains(e.Name, "\n") || strings.Contains(e.Name, "1234") {
		t.Errorf("logged as %q", e.Name)
	}
}
