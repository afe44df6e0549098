// Package starter writes the files of a gateway to try: configuration, keys, an example register, a simulated bank and bundles.
// Nobody in them exists: citizens are born in 2057, companies' numbers begin with 0000, and accounts are at registration numbers of 999x.
package starter

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"nks/sftp"
)

// ErrTaken: the directory holds something; nothing is ever written over.
var ErrTaken = errors.New("is there and is not empty; name another directory")

// Who is in the example.
const (
	Supplier = "TRYLEV"
	Centre   = "TRYBANK"
	// Start is the business time of the first start: a Thursday, two minutes before the receive-by of the agreement.
	Start   = "2005-08-11T05:58:00+02:00"
	day     = "2005-08-11"
	written = "2005-08-11T05:57:00"
	weekday = "Thursday"
	company = "00000019"
)

//go:embed files
var files embed.FS

// Options say what to write where.
type Options struct {
	Dir string
	// OpenQueue opens the message queue's door, too, OpenSigned the signed endpoint.
	OpenQueue, OpenSigned bool
	// Now is the machine's time, from which certificates are good.
	Now time.Time
	// NKS and Demo are the programs as they are called in the commands that are told.
	NKS, Demo string
}

// site is what the templates are filled from.
type site struct {
	Options
	Supplier, Centre, Start, Weekday, Name, BankGLN, Company string
	// Addresses, host:port each; Queue and Signed are empty where that door is closed, and then Answers, the supplier's own endpoint, is.
	Mailbox, Queue, Signed, Answers, Console, Metrics, Bank string
	SupplierKey                                             string // a line of authorized_keys
	Closed                                                  string // an account to which the bank rejects every order
}

// Write makes the directory with everything in it, and returns what to do next: a text with commands that can be pasted. The
// error is ErrTaken where the directory is not empty; when it fails, nothing of it stays.
func Write(o Options) (next string, err error) {
	made, err := claim(o.Dir)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, clear(o.Dir, made))
		}
	}()
	s := &site{Options: o, Supplier: Supplier, Centre: Centre, Start: Start, Weekday: weekday, Name: "NKSTEST", BankGLN: "5790000000012", Company: company, Closed: closed}
	if err := s.choosePorts(); err != nil {
		return "", err
	}
	if err := s.makeKeys(); err != nil {
		return "", err
	}
	if s.OpenSigned {
		if err := s.makeCertificates(); err != nil {
			return "", err
		}
	}
	if err := s.fillAll(); err != nil {
		return "", err
	}
	return s.tellNext()
}

// claim makes sure of an empty directory, and reports whether it had to make it.
func claim(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, os.MkdirAll(dir, 0o755)
	case err != nil:
		return false, err
	case len(entries) > 0:
		return false, fmt.Errorf("%s %w", dir, ErrTaken)
	}
	return false, nil
}

// clear takes away what was made in a directory that was empty or not there.
func clear(dir string, made bool) error {
	if made {
		return os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

func (s *site) choosePorts() error {
	addresses := []*string{&s.Mailbox, &s.Console, &s.Metrics, &s.Bank}
	if s.OpenQueue {
		addresses = append(addresses, &s.Queue)
	}
	if s.OpenSigned {
		addresses = append(addresses, &s.Signed, &s.Answers)
	}
	ports, err := FreePorts(len(addresses))
	if err != nil {
		return err
	}
	for i, a := range addresses {
		*a = fmt.Sprintf("127.0.0.1:%d", ports[i])
	}
	return nil
}

// SignedPath and AnswersPath are the paths of the two endpoints.
func (s *site) SignedPath() string  { return signedPath }
func (s *site) AnswersPath() string { return answersPath }

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.Dir}, parts...)...)
}

func (s *site) makeKeys() error {
	if err := os.MkdirAll(s.path("keys"), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"mailbox_host", "nks_client", "bank_" + s.Centre + "_host", "supplier_" + s.Supplier} {
		if _, err := sftp.GenerateKey(s.path("keys", name)); err != nil {
			return err
		}
	}
	public, err := os.ReadFile(s.path("keys", "supplier_"+s.Supplier+".pub"))
	if err != nil {
		return err
	}
	s.SupplierKey = strings.TrimSpace(string(public))
	known := ""
	for key, address := range map[string]string{"mailbox_host": s.Mailbox, "bank_" + s.Centre + "_host": s.Bank} {
		host, err := os.ReadFile(s.path("keys", key+".pub"))
		if err != nil {
			return err
		}
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		known += "[127.0.0.1]:" + port + " " + string(host)
	}
	return writeNew(s.path("keys", "known_hosts"), []byte(known), 0o644)
}

// fillAll fills the templates that are files by themselves.
func (s *site) fillAll() error {
	if err := s.fill("nks.toml", s.path("nks.toml"), s); err != nil {
		return err
	}
	if err := s.fill("conformance.toml", s.path("conformance.toml"), s); err != nil {
		return err
	}
	if err := s.fill("profile.json", s.path("sim", "bank", s.Centre, "profile.json"), s); err != nil {
		return err
	}
	tables, err := fs.ReadDir(files, "files/reference")
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := s.fill("reference/"+t.Name(), s.path("reference", t.Name()), s); err != nil {
			return err
		}
	}
	for name, b := range s.bundles() {
		text, err := b.Render()
		if err != nil {
			return err
		}
		if err := writeNew(s.path(name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) fill(name, path string, from any) error {
	text, err := render(name, from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return writeNew(path, text, 0o644)
}

func render(name string, from any) ([]byte, error) {
	t, err := template.ParseFS(files, "files/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Option("missingkey=error").Execute(&b, from)
	return b.Bytes(), err
}
