package rasp_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nks/gateway/door/rasp"
)

// gsoap is where Debian's package has its sources.
const gsoap = "/usr/share/gsoap"

// TestStranger_Live: a program made with gSOAP opens a sequence, sends two bundles, is acknowledged, and ends it. It needs gSOAP and a C compiler, and
// takes some seconds: the farm runs it.
func TestStranger_Live(t *testing.T) {
	t.Parallel()
	if os.Getenv("NKS_PEERS") == "" {
		t.Log("TestStranger stands for it")
		return
	}
	dir := t.TempDir()
	client := buildGSOAP(t, dir)
	parties := bound{}
	troubles := make(chan error, 100)
	h := newHouse(t, func(c *rasp.Config) {
		c.Parties = parties
		c.Log = func(e rasp.Event) {
			if e.Err != nil {
				troubles <- e.Err
			}
		}
	})
	supplier := h.ca.IssueRSA(t, "LEVA", "12345674")
	parties[supplier] = rasp.Party{Name: "LEVA"}
	certificate, key := supplier.Files(t, dir, "supplier")
	printed := run(t, dir, client, h.address, key, certificate, h.ca.File(t, dir, "authority"))
	const want = "tls 0\ncreate 0\nrequest 0\nsend 0\nreply 0\nnot acknowledged 0\nrequest 0\nsend 0\nreply 0\nnot acknowledged 0\nclose 0\nterminate 12\n"
	if printed != want || h.shelf.taken != 2 || len(troubles) > 0 {
		t.Errorf("it printed %q, %d documents were taken, %d troubles", printed, h.shelf.taken, len(troubles))
	}
}

func run(t *testing.T, dir, name string, arguments ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, arguments...)
	var out, complaint bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s %s", name, err, out.String(), complaint.String())
	}
	return out.String()
}

// buildGSOAP makes the client of testdata/gsoap.
func buildGSOAP(t *testing.T, dir string) string {
	t.Helper()
	for _, name := range []string{"rasp.h", "main.c"} {
		text, err := os.ReadFile(filepath.Join("testdata", "gsoap", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "soapcpp2", "-c", "-C", "-a", "-x", "-2", "-I"+gsoap+"/import:"+gsoap, "rasp.h")
	// Of the reliability of 2005 one definition in the package has another type than its declaration.
	plugin, err := os.ReadFile(gsoap + "/plugin/wsrmapi.c")
	if err != nil {
		t.Fatal(err)
	}
	const wrong = "\n__wsrm__TerminateSequence(struct soap *soap, struct wsrm__TerminateSequenceType *req, struct wsrm__TerminateSequence"
	plugin = bytes.Replace(plugin, []byte(wrong+"ResponseType *res)"), []byte(wrong+"Type *res)"), 1)
	if err := os.WriteFile(filepath.Join(dir, "wsrmapi.c"), plugin, 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"-O0", "-w", "-DWITH_OPENSSL", "-DWITH_DOM", "-DSOAP_WSRM_2005", "-I.", "-I" + gsoap, "-I" + gsoap + "/plugin",
		"main.c", "soapC.c", "soapClient.c", "wsrmapi.c"}
	for _, name := range []string{"plugin/wsaapi", "plugin/wsseapi", "plugin/smdevp", "plugin/mecevp", "plugin/threads", "custom/duration", "custom/struct_timeval"} {
		arguments = append(arguments, gsoap+"/"+name+".c")
	}
	run(t, dir, "gcc", append(arguments, "-l:libgsoapssl.a", "-lssl", "-lcrypto", "-lz", "-lpthread", "-o", "client")...)
	return filepath.Join(dir, "client")
}
