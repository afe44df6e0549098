package conf

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// mostAutackKeys is how many keys of a bank may count at once: two during a roll-over, and some to spare.
const mostAutackKeys = 10

// maxKeyName is 0538's length.
const maxKeyName = 35

// AutackKey is a public key of a bank, under its name in the bank's AUTACK.
type AutackKey struct {
	Name string
	PEM  string // the text
	path string // of its file, where the text is not given
}

// autackKey takes an entry of AutackVerify apart.
func autackKey(entry string) AutackKey {
	name, rest, _ := strings.Cut(strings.TrimSpace(entry), " ")
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "-----BEGIN ") {
		return AutackKey{Name: name, PEM: rest}
	}
	return AutackKey{Name: name, path: rest}
}

// AutackKeys returns the keys that prove the bank's files, those in files read.
func (b Bank) AutackKeys() ([]AutackKey, error) {
	var keys []AutackKey
	for _, entry := range b.AutackVerify {
		k := autackKey(entry)
		if k.path != "" {
			text, err := readSmall(k.path)
			if err != nil {
				return nil, fmt.Errorf("bank %s: autack_verify: %w", b.ID, err)
			}
			if k.PEM = strings.TrimSpace(text); !strings.HasPrefix(k.PEM, "-----BEGIN ") {
				return nil, fmt.Errorf("%w: bank %s: autack_verify: %s is no PEM file", ErrInvalid, b.ID, k.path)
			}
		}
		keys = append(keys, AutackKey{Name: k.Name, PEM: k.PEM})
	}
	return keys, nil
}

// mostList is how many bytes a file with a revocation list may have.
const mostList = 1 << 20

// kinds of PEM blocks.
const (
	pemCertificate = "CERTIFICATE"
	pemList        = "X509 CRL"
)

// AutackAuthorities returns the certificates of the authorities that issue a bank's certificates, PEM texts.
func (b Bank) AutackAuthorities() ([]string, error) {
	return b.texts("autack_issuers", pemCertificate, b.AutackIssuers)
}

// AutackLists returns the revocation lists of these authorities, PEM texts.
func (b Bank) AutackLists() ([]string, error) {
	return b.texts("autack_revoked", pemList, b.AutackRevoked)
}

// texts reads those of the entries that are files.
func (b Bank) texts(key, kind string, entries []string) ([]string, error) {
	texts := []string{}
	for _, entry := range entries {
		text := strings.TrimSpace(entry)
		if !isPEM(text) {
			var err error
			if text, err = readPEM(entry, kind); err != nil {
				return nil, fmt.Errorf("bank %s: %s: %w", b.ID, key, err)
			}
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func isPEM(s string) bool { return strings.HasPrefix(s, "-----BEGIN ") }

// readPEM reads a file in PEM, or one thing of a kind in DER.
func readPEM(path, kind string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, mostList+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	switch s := strings.TrimSpace(string(text)); {
	case len(text) > mostList:
		return "", fmt.Errorf("%w: %s has more than %d bytes", ErrInvalid, path, mostList)
	case isPEM(s):
		return s, nil
	case len(text) > 0 && text[0] == 0x30: // a sequence of ASN.1
		return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: text}))), nil
	}
	return "", fmt.Errorf("%w: %s is neither PEM nor DER", ErrInvalid, path)
}

// resolveAutack makes the paths of keys absolute.
func (b *Bank) resolveAutack(dir string) {
	b.AutackSign = from(dir, b.AutackSign)
	for i, entry := range b.AutackVerify {
		if k := autackKey(entry); k.path != "" {
			b.AutackVerify[i] = k.Name + " " + from(dir, k.path)
		}
	}
	for _, entries := range [][]string{b.AutackIssuers, b.AutackRevoked} {
		for i, entry := range entries {
			if !isPEM(strings.TrimSpace(entry)) {
				entries[i] = from(dir, entry)
			}
		}
	}
}

// keepAutack is the bank with keys themselves in the place of their files; our own is a path from the folder.
func (b Bank) keepAutack(folder string) (Bank, error) {
	keys, err := b.AutackKeys()
	if err != nil {
		return b, err
	}
	b.AutackVerify = []string{}
	for _, k := range keys {
		b.AutackVerify = append(b.AutackVerify, k.Name+" "+k.PEM)
	}
	if b.AutackIssuers, err = b.AutackAuthorities(); err != nil {
		return b, err
	}
	if b.AutackRevoked, err = b.AutackLists(); err != nil {
		return b, err
	}
	if path, err := filepath.Rel(folder, b.AutackSign); b.AutackSign != "" && err == nil && filepath.IsLocal(path) {
		b.AutackSign = path
	}
	return b, nil
}

func (b Bank) validateAutack(p *problems, key string) {
	oneOf(p, key+"autack", b.Autack, AutackNone, AutackMessages)
	if b.Autack == AutackNone {
		p.check(b.AutackSign == "" && b.AutackKeyName == "" && len(b.AutackVerify)+len(b.AutackIssuers)+len(b.AutackRevoked) == 0, key+"autack", "is none, and there are keys")
		return
	}
	p.check(b.AutackSign != "" || len(b.AutackVerify) > 0, key+"autack", "is %s, and there is no key in autack_sign or autack_verify", b.Autack)
	p.check((b.AutackSign == "") == (b.AutackKeyName == ""), key+"autack_key_name", "goes with autack_sign")
	p.check(b.AutackKeyName == "" || isKeyName(b.AutackKeyName), key+"autack_key_name", "%q is not 1 to %d characters without a blank", b.AutackKeyName, maxKeyName)
	p.check(len(b.AutackIssuers) == 0 || len(b.AutackVerify) > 0, key+"autack_issuers", "goes with autack_verify")
	p.check(len(b.AutackRevoked) == 0 || len(b.AutackIssuers) > 0, key+"autack_revoked", "goes with autack_issuers, which have signed the lists")
	p.check(max(len(b.AutackIssuers), len(b.AutackRevoked)) <= mostAutackKeys, key+"autack_issuers", "or autack_revoked has more than %d entries", mostAutackKeys)
	p.check(len(b.AutackVerify) <= mostAutackKeys, key+"autack_verify", "has more than %d keys", mostAutackKeys)
	seen := map[string]bool{}
	for _, entry := range b.AutackVerify {
		k := autackKey(entry)
		p.check(isKeyName(k.Name) && (k.PEM != "" || k.path != ""), key+"autack_verify", "%q is not a name of 1 to %d characters, a blank, and a key or its file", k.Name, maxKeyName)
		p.check(!seen[k.Name], key+"autack_verify", "names %q twice", k.Name)
		seen[k.Name] = true
	}
}

// isKeyName reports whether every character repertoire that banks use has the name.
func isKeyName(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return s != "" && utf8.RuneCountInString(s) <= maxKeyName
}
