package app

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
)

// tlsFiles are a certificate, its key, and authorities, as files that may be replaced while they are used.
type tlsFiles struct {
	certificate, key, authorities string

	mu   sync.Mutex
	text [3][]byte // as last read
	pair *tls.Certificate
	pool *x509.CertPool
}

// client is what a client connects with; without authorities it trusts those of the machine.
func (f *tlsFiles) client() (*tls.Config, error) {
	pair, pool, err := f.load()
	if err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	if pair != nil {
		config.Certificates = []tls.Certificate{*pair}
	}
	return config, nil
}

// server is what a server listens with whose clients must show certificates. Files that cannot be used when they are looked at
// anew, at a client's connection, leave things as they were: failed is told.
func (f *tlsFiles) server(failed func(error)) (*tls.Config, error) {
	if _, _, err := f.load(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			pair, pool, err := f.load()
			if err != nil {
				failed(err)
				pair, pool = f.last()
			}
			return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}, nil
		}}, nil
}

func (f *tlsFiles) last() (*tls.Certificate, *x509.CertPool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pair, f.pool
}

// load reads the files, and parses them when they are others than before.
func (f *tlsFiles) load() (*tls.Certificate, *x509.CertPool, error) {
	var text [3][]byte
	for i, path := range []string{f.certificate, f.key, f.authorities} {
		if path == "" {
			continue
		}
		var err error
		if text[i], err = os.ReadFile(path); err != nil {
			return nil, nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if bytes.Equal(text[0], f.text[0]) && bytes.Equal(text[1], f.text[1]) && bytes.Equal(text[2], f.text[2]) {
		return f.pair, f.pool, nil
	}
	var pair *tls.Certificate
	if f.certificate != "" {
		read, err := tls.X509KeyPair(text[0], text[1])
		if err != nil {
			return nil, nil, fmt.Errorf("%s and %s: %w", f.certificate, f.key, err)
		}
		pair = &read
	}
	var pool *x509.CertPool
	if f.authorities != "" {
		if pool = x509.NewCertPool(); !pool.AppendCertsFromPEM(text[2]) {
			return nil, nil, fmt.Errorf("%s: %w", f.authorities, errors.New("holds no certificate"))
		}
	}
	f.text, f.pair, f.pool = text, pair, pool
	return pair, pool, nil
}
