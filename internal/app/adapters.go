package app

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/bankday"
	"nks/conf"
	"nks/edifact/autack"
	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/gateway/door/rasp/xmldsig"
	"nks/register"
	"nks/sftp"
)

// calendar shows the banking days to the flow.
type calendar struct{ bankday.Calendar }

// IsBankingDay implements gateway.Calendar.
func (c calendar) IsBankingDay(d gateway.Date) bool { return c.Calendar.IsBankingDay(bankday.Date(d)) }

// doorKeys asks the register which keys a data supplier may log in with.
type doorKeys struct {
	db  register.Queryer
	now func() time.Time
}

// AuthorizedKeys implements sftp.Keys.
func (k doorKeys) AuthorizedKeys(ctx context.Context, party string) ([]ssh.PublicKey, error) {
	lines, err := register.SupplierKeys(ctx, k.db, party, k.now())
	if err != nil {
		return nil, err
	}
	var keys []ssh.PublicKey
	for _, line := range lines {
		parsed, err := sftp.ParsePublicKeys(line)
		if err != nil {
			return nil, err
		}
		keys = append(keys, parsed...)
	}
	return keys, nil
}

// BankProfile is how a booking centre is written to and understood. Our own key may be missing on this node: then what must be signed
// is refused, and nothing else.
func BankProfile(c conf.Config, b conf.Bank) (bankfile.Profile, error) {
	p := bankfile.Profile{OwnGLN: c.Identity.GLN, BankGLN: b.GLN, Charset: b.Charset, Wrap: string(b.Wrap), UNA: b.UNA, Test: b.Test,
		Cheques: b.Cheque, DebitText: b.DebitText, Rejected: b.GISRejected, Information: b.GISInformation, Accepted: b.GISAccepted, Executed: b.GISExecuted}
	if b.AutackSign != "" {
		p.Sign = &bankfile.Signing{Name: b.AutackKeyName}
		p.Sign.Key, p.Sign.Missing = signingKey(b)
	}
	keys, err := b.AutackKeys()
	if err != nil {
		return p, err
	}
	for _, k := range keys {
		key, err := autack.ParsePublicKey("autack_verify "+k.Name, []byte(k.PEM))
		if err != nil {
			return p, fmt.Errorf("%w: bank %s: %w", conf.ErrInvalid, b.ID, err)
		}
		if p.Verify == nil {
			p.Verify = map[string]*rsa.PublicKey{}
		}
		p.Verify[k.Name] = key
	}
	p.Trust, err = bankTrust(b, keys)
	return p, err
}

// bankTrust is what is asked of a bank's certificates.
func bankTrust(b conf.Bank, keys []conf.AutackKey) (t bankfile.Trust, err error) {
	if t.Issuers, err = autackIssuers(b); err != nil {
		return t, err
	}
	if t.Revoked, err = autackLists(b); err != nil {
		return t, err
	}
	t.Certificates = map[string]*x509.Certificate{}
	for _, k := range keys {
		c, err := certificateOf(b, k)
		switch {
		case err != nil:
			return t, err
		case c != nil:
			t.Certificates[k.Name] = c
		case len(t.Issuers) > 0:
			return t, fmt.Errorf("%w: bank %s: autack_verify %s is no certificate, and autack_issuers wants one", conf.ErrInvalid, b.ID, k.Name)
		}
	}
	return t, nil
}

func autackIssuers(b conf.Bank) (all []*x509.Certificate, err error) {
	texts, err := b.AutackAuthorities()
	for _, text := range texts {
		some, err := xmldsig.ParseCertificates([]byte(text))
		if err != nil {
			return all, fmt.Errorf("%w: bank %s: autack_issuers: %w", conf.ErrInvalid, b.ID, err)
		}
		all = append(all, some...)
	}
	return all, err
}

func autackLists(b conf.Bank) (all []*x509.RevocationList, err error) {
	texts, err := b.AutackLists()
	for _, text := range texts {
		some, err := xmldsig.ParseLists([]byte(text))
		if err != nil {
			return all, fmt.Errorf("%w: bank %s: autack_revoked: %w", conf.ErrInvalid, b.ID, err)
		}
		all = append(all, some...)
	}
	return all, err
}

// certificateOf is the certificate in which a bank's key stands; nil: it stands in none.
func certificateOf(b conf.Bank, k conf.AutackKey) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: bank %s: autack_verify %s: %w", conf.ErrInvalid, b.ID, k.Name, err)
	}
	return c, nil
}

// signingKey is our private key that signs files to a bank.
func signingKey(b conf.Bank) (crypto.Signer, error) {
	key, err := autack.LoadSigner(b.AutackSign)
	if err != nil {
		return nil, fmt.Errorf("bank %s: autack_sign: %w", b.ID, err)
	}
	return key, nil
}

// signingPrint is the fingerprint of our key that signs files to a bank, as the database has it.
func signingPrint(b conf.Bank) (string, error) {
	key, err := signingKey(b)
	if err != nil {
		return "", err
	}
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return "", fmt.Errorf("bank %s: autack_sign: %w", b.ID, autack.ErrKey)
	}
	return publicPrint(public)
}

func publicPrint(key *rsa.PublicKey) (string, error) {
	sum, err := autack.Fingerprint(key)
	return hex.EncodeToString(sum), err
}

// verifyPrint is a key of a bank that proves its files.
type verifyPrint struct {
	name, print string
	notAfter    time.Time // of the certificate that it stands in; zero: it stands in none
}

// verifyPrints are the keys that prove a bank's files.
func verifyPrints(b conf.Bank) (all []verifyPrint, err error) {
	keys, err := b.AutackKeys()
	for _, k := range keys {
		key, err := autack.ParsePublicKey("autack_verify "+k.Name, []byte(k.PEM))
		if err != nil {
			return all, fmt.Errorf("bank %s: %w", b.ID, err)
		}
		v := verifyPrint{name: k.Name}
		if v.print, err = publicPrint(key); err != nil {
			return all, fmt.Errorf("bank %s: %w", b.ID, err)
		}
		certificate, err := certificateOf(b, k)
		if err != nil {
			return all, err
		}
		if certificate != nil {
			v.notAfter = certificate.NotAfter
		}
		all = append(all, v)
	}
	return all, err
}
