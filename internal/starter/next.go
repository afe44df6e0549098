package starter

import (
	"net"
	"strings"
)

// nextFile keeps what is told.
const nextFile = "NEXT.txt"

// next is what the text about the next steps is filled from; everything that stands in a command is quoted for a shell.
type next struct {
	*site
	NKS, Demo, DirArg, Config, Reference, Bundle, Rejects, Key, KnownHosts, Send, Next, MailboxPort string
}

// tellNext writes what to do next beside the files, and returns it.
func (s *site) tellNext() (string, error) {
	_, port, err := net.SplitHostPort(s.Mailbox)
	if err != nil {
		return "", err
	}
	at := func(parts ...string) string { return quoted(s.path(parts...)) }
	n := next{site: s, NKS: quoted(s.Options.NKS), Demo: quoted(s.Options.Demo), DirArg: quoted(s.Dir), Config: at("nks.toml"), Reference: at("reference"),
		Bundle: at("bundle.xml"), Rejects: at("rejects.xml"), Key: at("keys", "supplier_"+s.Supplier), KnownHosts: at("keys", "known_hosts"), Next: s.path(nextFile), MailboxPort: port}
	n.Send = strings.Join([]string{n.NKS, "send --mailbox", s.Mailbox, "--supplier", s.Supplier, "--key", n.Key, "--host-key", at("keys", "mailbox_host.pub")}, " ")
	text, err := render("next.txt", n)
	if err != nil {
		return "", err
	}
	return string(text), writeNew(s.path(nextFile), text)
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+=@%,"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
