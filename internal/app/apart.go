package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"

	"nks/conf"
	"nks/edifact/autack"
	"nks/sftp"
)

// errApart says that something of the other environment would be used in this one.
var errApart = errors.New("environments must be apart")

// apart knows what belongs to gateways of the other environment, as far as it can be seen here: what their configurations name, and what stands
// beside a key.
type apart struct {
	environment conf.Environment
	prints      map[string]string // fingerprints of keys: whose they are
	hosts       map[string]string // addresses of banks: whose they are
}

// boundIn is the file beside a key that says which environment it is of.
const boundIn = ".environment"

// CheckApart refuses a configuration that names what is of the other environment.
func CheckApart(c conf.Config) error {
	_, err := keepApart(c)
	return err
}

// keepApart reads what belongs to the other environment, and refuses a configuration that names some of it.
func keepApart(c conf.Config) (*apart, error) {
	a := &apart{environment: c.Environment, prints: map[string]string{}, hosts: map[string]string{}}
	for _, path := range c.ApartFrom {
		if err := a.read(path); err != nil {
			return nil, ConfigError{fmt.Errorf("apart_from: %w", err)}
		}
	}
	var errs []error
	for _, path := range hostKeyFiles(c.Mailbox) {
		errs = append(errs, a.keyFile(path))
	}
	for _, b := range c.Banks {
		lines, err := b.HostKeyLines()
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // told with the other files
		}
		if err == nil {
			err = a.bank(b, lines)
		}
		errs = append(errs, err, a.keyFile(b.Key), a.signing(b))
	}
	return a, errors.Join(errs...)
}

// read notes what another gateway's configuration names.
func (a *apart) read(path string) error {
	other, err := conf.Load(path)
	if err != nil {
		return err
	}
	if other.Environment == a.environment {
		return fmt.Errorf("%s is of this environment, %s", path, a.environment)
	}
	for _, key := range hostKeyFiles(other.Mailbox) {
		if err := a.note(key, path); err != nil {
			return err
		}
	}
	for _, b := range other.Banks {
		whose := fmt.Sprintf("%s of bank %s", path, b.ID)
		a.hosts[host(b.Address)] = whose
		lines, err := b.HostKeyLines()
		if err != nil {
			return err
		}
		for _, line := range lines {
			keys, err := sftp.ParsePublicKeys(line)
			if err != nil {
				return err
			}
			for _, k := range keys {
				a.prints[ssh.FingerprintSHA256(k)] = whose
			}
		}
		if err := errors.Join(a.note(b.Key, whose), a.noteSigning(b, whose)); err != nil {
			return err
		}
	}
	return nil
}

// noteSigning notes the keys that sign another gateway's files.
func (a *apart) noteSigning(b conf.Bank, whose string) error {
	verify, err := verifyPrints(b)
	if err != nil {
		return err
	}
	for _, k := range verify {
		a.prints[k.print] = whose
	}
	if b.AutackSign == "" {
		return nil
	}
	public, err := autack.LoadPublicKey(b.AutackSign + ".pub")
	var print string
	switch {
	case errors.Is(err, fs.ErrNotExist):
		print, err = signingPrint(b)
	case err == nil:
		print, err = publicPrint(public)
	}
	if err != nil {
		return fmt.Errorf("the public half of its signing key: %w", err)
	}
	a.prints[print] = whose
	return nil
}

// note notes another gateway's key by its public half, since its private one is not for us to read.
func (a *apart) note(path, whose string) error {
	keys, err := sftp.LoadPublicKeys(path + ".pub")
	if errors.Is(err, fs.ErrNotExist) {
		var key ssh.Signer
		if key, err = sftp.LoadKey(path); err == nil {
			keys = []ssh.PublicKey{key.PublicKey()}
		}
	}
	if err != nil {
		return fmt.Errorf("the public half of its key: %w", err)
	}
	for _, k := range keys {
		a.prints[ssh.FingerprintSHA256(k)] = whose
	}
	return nil
}

// signing refuses keys of the other environment that sign files to and from a bank: a signature does not cover UNB, and so not whether the file is a
// test.
func (a *apart) signing(b conf.Bank) error {
	refused := func(what, print string) error {
		if whose, is := a.prints[print]; is {
			return ConfigError{fmt.Errorf("bank %s: %s, %s: %w: it stands in %s, too", b.ID, what, print, errApart, whose)}
		}
		return nil
	}
	var errs []error
	verify, err := verifyPrints(b)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // that is told with the other files
		errs = append(errs, ConfigError{err})
	}
	for _, k := range verify {
		errs = append(errs, refused("autack_verify "+k.name, k.print))
	}
	if b.AutackSign != "" {
		if print, err := signingPrint(b); err == nil {
			errs = append(errs, refused("autack_sign "+b.AutackSign, print))
		}
		errs = append(errs, a.bound(b.AutackSign))
	}
	return errors.Join(errs...)
}

// host is an address as it is compared.
func host(address string) string {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return strings.ToLower(address)
	}
	return net.JoinHostPort(strings.ToLower(strings.TrimSuffix(name, ".")), port)
}

// bank refuses a bank's address and host keys that are of the other environment.
func (a *apart) bank(b conf.Bank, hostKeys []string) error {
	if whose, is := a.hosts[host(b.Address)]; is {
		return ConfigError{fmt.Errorf("bank %s: address %s: %w: it stands in %s, too", b.ID, b.Address, errApart, whose)}
	}
	for _, line := range hostKeys {
		keys, err := sftp.ParsePublicKeys(line)
		if err != nil {
			return ConfigError{fmt.Errorf("bank %s: host_keys: %w", b.ID, err)}
		}
		for _, k := range keys {
			if whose, is := a.prints[ssh.FingerprintSHA256(k)]; is {
				return ConfigError{fmt.Errorf("bank %s: host key %s: %w: it stands in %s, too", b.ID, ssh.FingerprintSHA256(k), errApart, whose)}
			}
		}
	}
	return nil
}

// keyFile refuses a private key that is of the other environment; one that is not there yet is told with the other files.
func (a *apart) keyFile(path string) error {
	key, err := sftp.LoadKey(path)
	if err != nil {
		return a.bound(path)
	}
	return a.key(path, key.PublicKey())
}

// key is keyFile of a key that has been read.
func (a *apart) key(path string, public ssh.PublicKey) error {
	if whose, is := a.prints[ssh.FingerprintSHA256(public)]; is {
		return ConfigError{fmt.Errorf("key %s, %s: %w: it stands in %s, too", path, ssh.FingerprintSHA256(public), errApart, whose)}
	}
	return a.bound(path)
}

// bound holds a key against what stands beside it.
func (a *apart) bound(path string) error {
	f, err := os.Open(path + boundIn)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return ConfigError{err}
	}
	text, err := io.ReadAll(io.LimitReader(f, 100))
	if err := errors.Join(err, f.Close()); err != nil {
		return ConfigError{err}
	}
	if says := strings.TrimSpace(string(text)); says != string(a.environment) {
		return ConfigError{fmt.Errorf("key %s: %w: %s says %q, and this gateway is of %s", path, errApart, path+boundIn, says, a.environment)}
	}
	return nil
}
