package conf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Resolve makes every relative path absolute, meant from dir, and fills in the paths that follow from others.
func (c *Config) Resolve(dir string) {
	c.Folder = dir
	for _, path := range []*string{&c.Data, &c.Database.URLFile, &c.Database.PrivateDir, &c.Database.SocketDir,
		&c.Database.BinDir, &c.Mailbox.HostKey, &c.Mailbox.NextHostKey, &c.MQ.Dir, &c.MQ.Credentials,
		&c.MQ.TLSCertificate, &c.MQ.TLSKey, &c.MQ.TLSClientCA, &c.MQ.TLSCA, &c.MQ.Login, &c.MQ.IBMMQ.KeyRepository, &c.MQ.IBMMQ.KeyPassword,
		&c.Audit.Key, &c.Audit.Checkpoints, &c.Retention.Key, &c.Journal.Directory, &c.Journal.Second, &c.Decisions.Persons, &c.Keys.Expires} {
		*path = from(dir, *path)
	}
	if c.Database.PrivateDir == "" && c.Data != "" {
		c.Database.PrivateDir = filepath.Join(c.Data, "pg")
	}
	if c.MQ.Dir == "" && c.Data != "" {
		c.MQ.Dir = filepath.Join(c.Data, "mq")
	}
	if c.MQ.Credentials == "" && c.Data != "" {
		c.MQ.Credentials = filepath.Join(c.Data, "mq-credentials")
	}
	if c.Audit.Key == "" && c.Data != "" {
		c.Audit.Key = filepath.Join(c.Data, "audit", "key")
	}
	if c.Audit.Checkpoints == "" && c.Data != "" {
		c.Audit.Checkpoints = filepath.Join(c.Data, "audit", "checkpoints")
	}
	if c.Journal.Directory == "" && c.Data != "" {
		c.Journal.Directory = filepath.Join(c.Data, "journal")
	}
	if c.Journal.Node == "" {
		if name, err := os.Hostname(); err == nil {
			c.Journal.Node = name
		}
	}
	if c.Retention.Key == "" && c.Data != "" {
		c.Retention.Key = filepath.Join(c.Data, "retention", "key")
	}
	for i, path := range c.ApartFrom {
		c.ApartFrom[i] = from(dir, path)
	}
	for i, key := range c.Audit.FormerKeys {
		c.Audit.FormerKeys[i] = from(dir, key)
	}
	c.MQ.Cluster.resolve(dir)
	c.Rasp.resolve(dir)
	c.resolveLetters(dir)
	for i := range c.Banks {
		b := &c.Banks[i]
		b.Key = from(dir, b.Key)
		b.resolveAutack(dir)
		for k, key := range b.HostKeys {
			if !literalKey(key) {
				b.HostKeys[k] = from(dir, key)
			}
		}
	}
}

func from(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// literalKey tells a public key in OpenSSH's notation from a path: only a key has a blank after its type.
func literalKey(s string) bool {
	kind, rest, found := strings.Cut(strings.TrimSpace(s), " ")
	return found && rest != "" && !strings.Contains(kind, "/") &&
		(strings.HasPrefix(kind, "ssh-") || strings.HasPrefix(kind, "ecdsa-") || strings.HasPrefix(kind, "sk-"))
}

// HostKeyLines returns the bank's pinned keys as authorized_keys lines, files read and comments dropped.
func (b Bank) HostKeyLines() ([]string, error) {
	var lines []string
	for _, key := range b.HostKeys {
		if literalKey(key) {
			lines = append(lines, strings.TrimSpace(key))
			continue
		}
		text, err := readSmall(key)
		if err != nil {
			return nil, fmt.Errorf("bank %s: host_keys: %w", b.ID, err)
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
	}
	return lines, nil
}

// ExternalURL is the URL of somebody else's database, from its file where one is given; "" for the private server.
func (d Database) ExternalURL() (string, error) {
	if d.URLFile == "" {
		return d.URL, nil
	}
	text, err := readSmall(d.URLFile)
	if err != nil {
		return "", fmt.Errorf("database.url_file: %w", err)
	}
	return strings.TrimSpace(text), nil
}

// CheckFiles is what is wrong with files that the configuration names: each that is missing, unreadable or, being a secret,
// open to other users.
func (c Config) CheckFiles() []error {
	var problems []error
	check := func(key, path string, secret bool) {
		if path == "" {
			return
		}
		if err := checkFile(path, secret); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
	}
	check("database.url_file", c.Database.URLFile, true)
	check("mailbox.host_key", c.Mailbox.HostKey, true)
	check("mailbox.next_host_key", c.Mailbox.NextHostKey, true)
	check("mq.tls_certificate", c.MQ.TLSCertificate, false)
	check("mq.tls_key", c.MQ.TLSKey, true)
	check("mq.tls_client_ca", c.MQ.TLSClientCA, false)
	check("mq.tls_ca", c.MQ.TLSCA, false)
	check("mq.login", c.MQ.Login, true)
	check("mq.ibmmq.key_repository", c.MQ.IBMMQ.KeyRepository, true)
	check("mq.ibmmq.key_password", c.MQ.IBMMQ.KeyPassword, true)
	c.MQ.Cluster.files(check)
	for _, path := range c.Audit.FormerKeys {
		check("audit.former_keys", path, false)
	}
	check("decisions.persons", c.Decisions.Persons, false)
	check("keys.expires", c.Keys.Expires, false)
	c.Rasp.files(check)
	c.letterFiles(check)
	for i, b := range c.Banks {
		key := bankKey(i, b)
		check(key+"key", b.Key, true)
		check(key+"autack_sign", b.AutackSign, true)
		for _, entry := range b.AutackVerify {
			check(key+"autack_verify", autackKey(entry).path, false)
		}
		for name, entries := range map[string][]string{"autack_issuers": b.AutackIssuers, "autack_revoked": b.AutackRevoked} {
			for _, entry := range entries {
				if !isPEM(strings.TrimSpace(entry)) {
					check(key+name, entry, false)
				}
			}
		}
		for _, hostKey := range b.HostKeys {
			if !literalKey(hostKey) {
				check(key+"host_keys", hostKey, false)
			}
		}
	}
	return problems
}

func checkFile(path string, secret bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", path)
	}
	if secret && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is a secret that other users may open; chmod 600 %s", path, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// readSmall reads a file that holds a key or a URL.
func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return string(text), errors.Join(err, f.Close())
}
