package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/banklink"
	"nks/gateway/postgres/activate"
	"nks/paper/papertest"
	"nks/register/letter"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// printer is a print provider: the SFTP server that takes the files of letters.
type printer struct {
	w      *world
	server *sftptest.Memory
	link   *banklink.Link
	files  map[string][]byte
}

// letters makes a world whose letters go to a print provider. refuses is asked at each step of an upload.
func letters(t *testing.T, refuses func(op, party, name string) error) (*world, *printer) {
	t.Helper()
	w := newWorld(t)
	w.Activate.Rules = activate.Rules{Days: 60, Sender: letter.Sender{Name: "NemKonto", Address: "Postboks 1, 2750 Ballerup", Site: "nemkonto.example", Phone: "33 92 00 00"}}
	p := &printer{w: w, server: sftptest.NewMemory()}
	p.server.Hook = refuses
	host, key := sftptest.Key(t), sftptest.Key(t)
	s := sftptest.Start(t, sftp.ServerConfig{HostKeys: []ssh.Signer{host}, Mailbox: p.server, Keys: sftptest.Keyring{"nks": {key.PublicKey()}}})
	var err error
	p.link, err = banklink.Dial(t.Context(), banklink.Config{InDir: "in", OutDir: "out", Client: sftp.ClientConfig{Addr: s.Addr().String(), User: "nks", Key: key, HostKeys: []ssh.PublicKey{host.PublicKey()}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.link.Close() })
	return w, p
}

// post writes all letters that are needed, and hands them over.
func (p *printer) post() {
	p.w.t.Helper()
	p.write()
	for {
		worked, err := p.w.Activate.Post(p.w.t.Context(), p.link)
		if err != nil {
			p.w.t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}

func (p *printer) write() {
	p.w.t.Helper()
	for {
		worked, err := p.w.Activate.Next(p.w.t.Context())
		if err != nil {
			p.w.t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}
