package starter

import (
	"net"
	"strings"
)

// nextFile keeps what is told.
const nextFile = "NEXT.txt"

// Paths of the signed endpoint and of the supplier's own.
const (
	signedPath  = "/rasp"
	answersPath = "/answers"
)

// next is what the text about the next steps is filled from; everything that stands in a command is quoted for a shell.
type next struct {
	*site
	NKS, Demo, DirArg, Config, Reference, Bundle, Rejects, Key, KnownHosts, Send, SendSigned, Taken, Next, MailboxPort string
}

// tellNext writes what to do next beside the files, and returns it.
func (s *site) tellNext() (string, error) {
	_, port, err := net.SplitHostPort(s.Mailbox)
	if err != nil {
		return "", err
	}
	at := func(parts ...string) string { return quoted(s.path(parts...)) }
	n := next{site: s, NKS: quoted(s.Options.NKS), Demo: quoted(s.Options.Demo), DirArg: quoted(s.Dir), Config: at("nks.toml"), Reference: at("reference"),
		Bundle: at("bundle.xml"), Rejects: at("rejects.xml"), Key: at("keys", "supplier_"+s.Supplier), KnownHosts: at("keys", "known_hosts"), Taken: at("taken"), Next: s.path(nextFile), MailboxPort: port}
	n.Send = strings.Join([]string{n.NKS, "send --mailbox", s.Mailbox, "--supplier", s.Supplier, "--key", n.Key, "--host-key", at("keys", "mailbox_host.pub")}, " ")
	if s.OpenSigned {
		n.SendSigned = strings.Join([]string{n.NKS, "send --via rasp --endpoint https://" + s.Signed + signedPath, "--supplier", s.Supplier, "--key", at("keys", "rasp_"+s.Supplier+".key"),
			"--certificate", at("keys", "rasp_"+s.Supplier+".crt"), "--server-cert", at("keys", "rasp.crt"), "--ca", at("keys", "rasp_ca.crt"),
			"--listen https://" + s.Answers + answersPath, "--into", n.Taken, at("signed.xml")}, " ")
	}
	text, err := render("next.txt", n)
	if err != nil {
		return "", err
	}
	return string(text), writeNew(s.path(nextFile), text, 0o644)
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+=@%,"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
