package jetstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
)

// RouteTLS is what members of a cluster speak with each other: each shows a certificate of one of the authorities, made out to the host of a
// member. load is asked at every connection, so that certificates and authorities can be replaced while the server runs.
func RouteTLS(all []Member, load func() (*tls.Certificate, *x509.CertPool, error)) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			pair, pool, err := load()
			if err != nil {
				return nil, err
			}
			return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
				VerifyConnection: func(s tls.ConnectionState) error { return ofMember(s.PeerCertificates[0], all) }}, nil
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, _, err := load()
			return pair, err
		},
		// Who is called is verified below, by the authorities as they are then.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			_, pool, err := load()
			if err != nil {
				return err
			}
			between := x509.NewCertPool()
			for _, c := range s.PeerCertificates[1:] {
				between.AddCert(c)
			}
			if _, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool, Intermediates: between}); err != nil {
				return err
			}
			return ofMember(s.PeerCertificates[0], all)
		},
	}
}

var errNoMember = errors.New("the certificate is not made out to the host of a member")

func ofMember(c *x509.Certificate, all []Member) error {
	for _, m := range all {
		if host, _, err := net.SplitHostPort(m.Address); err == nil && c.VerifyHostname(host) == nil {
			return nil
		}
	}
	return errNoMember
}
