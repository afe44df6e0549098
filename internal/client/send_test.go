package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/internal/client"
	"nks/sftp"
	"nks/sftp/sftptest"
)

const document = `<NKSPayment xmlns:e="urn:e"><e:MessageId>B-17</e:MessageId><s:PmtTx></s:PmtTx><s:PmtTx></s:PmtTx></NKSPayment>`

func receipt(kind int, refersTo, rest string) []byte {
	if refersTo != "" {
		refersTo = "<e:RefToMessageId>" + refersTo + "</e:RefToMessageId>"
	}
	return fmt.Appendf(nil, `<n:NKSReceipt%d xmlns:n="urn:n" xmlns:e="urn:e"><e:MessageId>1</e:MessageId>%s%s</n:NKSReceipt%d>`, kind, refersTo, rest, kind)
}

func response2(refersTo, rest string) []byte {
	return fmt.Appendf(nil, `<n:NKSResponse2 xmlns:n="urn:n" xmlns:e="urn:e" xmlns:s="urn:s"><e:RefToMessageId>%s</e:RefToMessageId>%s</n:NKSResponse2>`, refersTo, rest)
}

func TestSend(t *testing.T) {
	t.Parallel()
	const refusal = `<e:Action>RJCT</e:Action><e:ErrorList><e:Error e:errorCode="901"><e:Description>Kontrolsum</e:Description></e:Error></e:ErrorList>`
	const accepted = `<e:Action>ACPT</e:Action><e:Description>På konto 2005-08-12</e:Description>`
	for name, c := range map[string]struct {
		answers map[string][]byte
		want    client.Summary
		reasons []string
	}{
		"accepted": {
			map[string][]byte{"r1": receipt(1, "B-17", accepted), "s2": response2("B-17", "<s:GrpSts>ACPT</s:GrpSts><s:StsRsn/>"), "other": receipt(1, "B-16", refusal)},
			client.Summary{Receipt: "1", Accepted: true, Response2: true}, nil,
		},
		"partly rejected": {
			map[string][]byte{"r1": receipt(1, "B-17", accepted), "s2": response2("B-17", "<s:GrpSts>PART</s:GrpSts><s:StsRsn/><s:TxSts>RJCT</s:TxSts><s:StsRsn>0009</s:StsRsn><s:AddtlInf>UKENDT</s:AddtlInf>")},
			client.Summary{Receipt: "1", Accepted: true, Response2: true, Rejected: 1}, []string{"0009 UKENDT"},
		},
		"all rejected by a group reason": {
			map[string][]byte{"r1": receipt(1, "B-17", accepted), "s2": response2("B-17", "<s:GrpSts>RJCT</s:GrpSts><s:StsRsn>0002</s:StsRsn>")},
			client.Summary{Receipt: "1", Accepted: true, Response2: true, Rejected: 2}, []string{"0002"},
		},
		"refused": {
			map[string][]byte{"r1": receipt(1, "B-17", refusal)},
			client.Summary{Receipt: "1"}, []string{"901 Kontrolsum"},
		},
		"unreadable": {
			map[string][]byte{"r0": receipt(0, "", `<e:Action>Bad XML</e:Action>`)},
			client.Summary{Receipt: "0"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			g.onDelivered = func() {
				for name, b := range c.answers {
					g.box.Offer("LEV", name+".xml", b)
				}
			}
			got, err := client.Send(t.Context(), g.config(5*time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			if got.Receipt != c.want.Receipt || got.Accepted != c.want.Accepted || got.Response2 != c.want.Response2 || got.Rejected != c.want.Rejected ||
				got.MessageID != "B-17" || got.Payments != 2 || !got.Complete() || fmt.Sprint(got.Reasons) != fmt.Sprint(c.reasons) {
				t.Errorf("summary %+v", got)
			}
			if n := g.left(t); n != len(c.answers) {
				t.Errorf("%d answers left of %d", n, len(c.answers))
			}
			if sent := g.box.Deliveries("LEV"); len(sent) != 1 || sent[0].Name != "bundle.xml" || string(sent[0].Data) != document {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// gateway is a mailbox in memory for the supplier LEV.
type gateway struct {
	dir, address string
	box          *sftptest.Memory
	onDelivered  func() // directly before a document is taken
	refuse       error  // the answer to the next renames
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{dir: t.TempDir(), box: sftptest.NewMemory(), onDelivered: func() {}}
	host, err := sftp.EnsureKey(filepath.Join(g.dir, "host"))
	must(t, err)
	key, err := sftp.EnsureKey(filepath.Join(g.dir, "key"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(g.dir, "bundle.xml"), []byte(document), 0o644))
	g.box.Hook = func(op, _, _ string) error {
		if op == "rename" && g.refuse == nil {
			g.onDelivered()
		}
		if op == "rename" {
			return g.refuse
		}
		return nil
	}
	server := sftptest.Start(t, sftp.ServerConfig{HostKeys: []ssh.Signer{host}, Keys: sftptest.Keyring{"LEV": {key.PublicKey()}}, Mailbox: g.box})
	g.address = server.Addr().String()
	return g
}

func (g *gateway) config(wait time.Duration) client.Config {
	return client.Config{Mailbox: g.address, Login: "LEV", Key: filepath.Join(g.dir, "key"), HostKey: filepath.Join(g.dir, "host.pub"),
		File: filepath.Join(g.dir, "bundle.xml"), Wait: wait}
}

// left counts the answers that lie in the mailbox.
func (g *gateway) left(t *testing.T) int {
	t.Helper()
	files, err := g.box.List(t.Context(), "LEV", sftp.DirOut)
	must(t, err)
	return len(files)
}

func TestSend_WithoutAnswer(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	got, err := client.Send(t.Context(), g.config(150*time.Millisecond))
	if err != nil || got.Complete() || got.Receipt != "" {
		t.Errorf("%+v, %v", got, err)
	}
	// A document that is known already is sent once more, and gets no new answers: the old ones count.
	g.box.Offer("LEV", "r1.xml", receipt(1, "B-17", "<e:Action>RJCT</e:Action>"))
	got, err = client.Send(t.Context(), g.config(150*time.Millisecond))
	if err != nil || got.Receipt != "1" || got.Accepted {
		t.Errorf("%+v, %v", got, err)
	}
	if n := len(g.box.Deliveries("LEV")); n != 1 {
		t.Errorf("%d deliveries", n)
	}
}

// TestSend_Refused: other bytes under a name that is used, and a server that does not take the document now.
func TestSend_Refused(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	_, err := client.Send(t.Context(), g.config(0))
	must(t, err)
	c := g.config(0)
	must(t, os.WriteFile(c.File, []byte(document+"<!-- -->"), 0o644))
	reported := false
	c.Delivered = func(string, []byte) error { reported = true; return nil }
	if _, err := client.Send(t.Context(), c); !errors.Is(err, sftp.ErrNotSent) || reported {
		t.Errorf("other bytes: %v, told %t", err, reported)
	}
	g.refuse = sftp.ErrTemporary
	c.As = "other.xml"
	if _, err := client.Send(t.Context(), c); !errors.Is(err, sftp.ErrNotSent) || reported {
		t.Errorf("refused: %v, told %t", err, reported)
	}
	g.refuse = nil
	if _, err := client.Send(t.Context(), c); err != nil || !reported {
		t.Errorf("the same again: %v, told %t", err, reported)
	}
}

// TestSend_AnswersTakenAway finds the answers where another process of the supplier keeps them, and tells of the delivery.
func TestSend_AnswersTakenAway(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	c := g.config(5 * time.Minute)
	c.As, c.Collected = "mine.xml", filepath.Join(g.dir, "got")
	must(t, os.Mkdir(c.Collected, 0o755))
	var as []string
	c.Delivered = func(name string, b []byte) error {
		as = append(as, name)
		if !bytes.Equal(b, []byte(document)) {
			t.Errorf("told of %q", b)
		}
		return errors.Join(os.WriteFile(filepath.Join(c.Collected, "r1.xml"), receipt(1, "B-17", `<e:Action>ACPT</e:Action>`), 0o644),
			os.WriteFile(filepath.Join(c.Collected, "s2.xml"), response2("B-17", "<s:GrpSts>ACPT</s:GrpSts>"), 0o644))
	}
	got, err := client.Send(t.Context(), c)
	if err != nil || !got.Complete() || !got.Accepted || !slices.Equal(as, []string{"mine.xml"}) {
		t.Errorf("%+v, %v, told of %q", got, err, as)
	}
}

func TestSend_Unusable(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	for name, change := range map[string]func(*client.Config){
		"no document":    func(c *client.Config) { c.File += "x" },
		"name of a path": func(c *client.Config) { c.As = "a/b.xml" },
		"no key":         func(c *client.Config) { c.Key += "x" },
		"another host":   func(c *client.Config) { c.HostKey = filepath.Join(g.dir, "key.pub") },
		"nobody there":   func(c *client.Config) { c.Mailbox = "127.0.0.1:1" },
		"no password":    func(c *client.Config) { c.Queue, c.Password = "127.0.0.1:1", "x" },
		"no broker":      func(c *client.Config) { c.Queue, c.Password = "127.0.0.1:1", c.File },
	} {
		c := g.config(0)
		change(&c)
		if _, err := client.Send(t.Context(), c); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := g.config(0)
	c.Key = filepath.Join(g.dir, "host")
	if _, err := client.Send(t.Context(), c); !errors.Is(err, sftp.ErrLogin) || !strings.HasPrefix(err.Error(), "the key host (SHA256:") ||
		!strings.Contains(err.Error(), `is not taken for the supplier "LEV": name and key must be as the operator has loaded them`) ||
		!strings.Contains(err.Error(), "no key that was offered so far is loaded for this login") || strings.Contains(err.Error(), "handshake") {
		t.Errorf("a wrong key: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c = g.config(time.Minute)
	c.Delivered = func(string, []byte) error { cancel(); return nil }
	if _, err := client.Send(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
