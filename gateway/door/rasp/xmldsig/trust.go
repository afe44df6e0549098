package xmldsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"time"

	"nks/gateway/door/rasp/xmldsig/revocation"
)

// Anchors say whom to believe.
type Anchors struct {
	Roots         []*x509.Certificate
	Intermediates []*x509.Certificate
	// Known are the certificates that a key identifier, or issuer and number, in a reply may name. They must lead to a root as any other.
	Known []*x509.Certificate
	// Lists are revocation lists, each signed by a root or an intermediate.
	Lists []*x509.RevocationList
	// RevocationRequired refuses a certificate of which no list of its issuer tells that is current by its own word.
	// Without it such a certificate is taken. One that a list names is refused by either.
	RevocationRequired bool
}

// Trust is whom to believe, never changed once made: for other lists a caller makes another one. It may be used by many
// at once.
type Trust struct {
	roots, intermediates *x509.CertPool
	known                []*x509.Certificate
	lists                []*revocation.List
	required             bool
}

// NewTrust makes it. A list that no certificate authority of it has signed is an error.
func NewTrust(a Anchors) (*Trust, error) {
	if len(a.Roots) == 0 {
		return nil, errors.New("trust: no root certificate")
	}
	t := &Trust{roots: x509.NewCertPool(), intermediates: x509.NewCertPool(), known: a.Known, required: a.RevocationRequired}
	for _, c := range a.Roots {
		t.roots.AddCert(c)
	}
	for _, c := range a.Intermediates {
		t.intermediates.AddCert(c)
	}
	authorities := append(append([]*x509.Certificate(nil), a.Roots...), a.Intermediates...)
	for _, l := range a.Lists {
		list, err := revocation.New(l, authorities)
		if err != nil {
			return nil, fmt.Errorf("trust: revocation list of %s: %w", l.Issuer, err)
		}
		t.lists = append(t.lists, list)
	}
	return t, nil
}

// ListsEnd is when the first of the lists stops being current; the zero time when there is none.
func (t *Trust) ListsEnd() time.Time {
	var end time.Time
	for _, l := range t.lists {
		if end.IsZero() || l.Next.Before(end) {
			end = l.Next
		}
	}
	return end
}

// ParseCertificates reads certificates in PEM, one or more.
func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	return parseAll(data, "CERTIFICATE", x509.ParseCertificate)
}

// ParseLists reads revocation lists in PEM, or one in DER, as authorities publish it.
func ParseLists(data []byte) ([]*x509.RevocationList, error) {
	if len(data) > 0 && data[0] == 0x30 {
		list, err := x509.ParseRevocationList(data)
		if err != nil {
			return nil, fmt.Errorf("read revocation list: %w", err)
		}
		return []*x509.RevocationList{list}, nil
	}
	return parseAll(data, "X509 CRL", x509.ParseRevocationList)
}

func parseAll[T any](data []byte, kind string, parse func([]byte) (T, error)) ([]T, error) {
	var all []T
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != kind {
			return nil, fmt.Errorf("read PEM: %s where %s is due", block.Type, kind)
		}
		one, err := parse(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read %s %d: %w", kind, len(all)+1, err)
		}
		all = append(all, one)
	}
	if len(all) == 0 || len(bytes.TrimSpace(data)) > 0 {
		return nil, fmt.Errorf("read PEM: no %s, or something behind it", kind)
	}
	return all, nil
}

// check reports whether a certificate may sign messages now.
func (t *Trust) check(leaf *x509.Certificate, now time.Time) error {
	if leaf.KeyUsage != 0 && leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return refuse(CertificateUsage, "")
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: t.roots, Intermediates: t.intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return refuse(chainReason(err), "")
	}
	for _, chain := range chains {
		if err = t.unrevoked(chain, now); err == nil {
			return nil
		}
	}
	return err
}

// unrevoked looks for each certificate of a chain in the lists of its issuer. A root is nobody's to revoke.
func (t *Trust) unrevoked(chain []*x509.Certificate, now time.Time) error {
	var unknown error
	for i := range len(chain) - 1 {
		missing := ListMissing
		for _, l := range t.lists {
			if !l.IsFrom(chain[i+1]) {
				continue
			}
			if l.Names(chain[i]) {
				return refuse(CertificateRevoked, "")
			}
			if !l.Covers(chain[i]) || missing == "" {
				continue
			}
			missing = ListStale
			if !now.Before(l.This) && now.Before(l.Next) {
				missing = ""
			}
		}
		if missing != "" && t.required && unknown == nil {
			unknown = refuse(missing, "")
		}
	}
	return unknown
}

func chainReason(err error) Reason {
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		return IssuerUnknown
	}
	if invalid := (x509.CertificateInvalidError{}); errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return CertificateTime
	}
	return CertificateChain
}

// describe reads what is asked of a signer's certificate.
func describe(leaf *x509.Certificate) (Certificate, error) {
	cvr, err := companyNumber(leaf)
	return Certificate{Leaf: leaf, Subject: leaf.Subject.String(), CVR: cvr, Fingerprint: sha256.Sum256(leaf.Raw),
		SubjectSerial: subjectSerial(leaf)}, err
}

func subjectSerial(leaf *x509.Certificate) string {
	var found []string
	for _, n := range leaf.Subject.Names {
		if value, ok := n.Value.(string); ok && n.Type.Equal(serialNumber) {
			found = append(found, value)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

var (
	serialNumber           = asn1.ObjectIdentifier{2, 5, 4, 5}
	organizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}
	cvrInSerialNumber      = regexp.MustCompile(`(?:^|[^A-Z])CVR:([0-9]{8})(?:[^0-9]|$)`) // OCES2
	cvrInIdentifier        = regexp.MustCompile(`^NTRDK-([0-9]{8})$`)                     // OCES3, ETSI EN 319 412-1 §5.1.4
)

// companyNumber is the CVR of a certificate's subject, "" for none. Two that differ are refused.
func companyNumber(leaf *x509.Certificate) (string, error) {
	found := ""
	for _, n := range leaf.Subject.Names {
		value, _ := n.Value.(string)
		var m []string
		switch {
		case n.Type.Equal(serialNumber):
			m = cvrInSerialNumber.FindStringSubmatch(value)
		case n.Type.Equal(organizationIdentifier):
			m = cvrInIdentifier.FindStringSubmatch(value)
		}
		if m == nil {
			continue
		}
		if found != "" && found != m[1] {
			return "", refuse(CertificateNames, "")
		}
		found = m[1]
	}
	return found, nil
}
