package client

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// heard keeps what the endpoint's last reply says beside its message: its status, and what time it is there.
type heard struct {
	next   http.RoundTripper
	status int
	apart  time.Duration // of our clock, after that of the gateway; less than a second is not seen
}

// RoundTrip implements http.RoundTripper.
func (h *heard) RoundTrip(r *http.Request) (*http.Response, error) {
	h.status, h.apart = 0, 0
	reply, err := h.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	h.status = reply.StatusCode
	if there, err := http.ParseTime(reply.Header.Get("Date")); err == nil {
		h.apart = time.Since(there).Truncate(time.Second)
	}
	return reply, nil
}

// sendable refuses what no signed message can hold. // docs/doors.md, envelope
func sendable(document []byte) error {
	from := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := from.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("is not whole XML, and cannot be put into a signed message: %w", err)
		}
		what := ""
		switch t := token.(type) {
		case xml.Comment:
			what = "a comment"
		case xml.Directive:
			what = "a document type"
		case xml.ProcInst:
			if t.Target != "xml" {
				what = "a processing instruction"
			}
		}
		if what != "" {
			line, _ := from.InputPos()
			return fmt.Errorf("has %s that ends in line %d, and signed messages hold none: take it out", what, line)
		}
	}
}

// final explains in the sender's words what does not become better by being sent again; nil: it may.
func (s *signed) final(err error) error {
	var fault *soap.Fault
	var shown *tls.CertificateVerificationError
	switch {
	case errors.Is(err, rasp.ErrPeerRefuses) && errors.As(err, &fault):
		return s.refused(fault, err)
	case errors.As(err, &shown):
		return fmt.Errorf("%s: who answers at %s shows a certificate that is another address's, or that %s does not vouch for; ask the operator for address and authorities (%w)",
			s.outcome(), s.config.Endpoint, filepath.Base(s.config.CA), err)
	case s.heard.status == http.StatusNotFound || s.heard.status == http.StatusMethodNotAllowed || s.heard.status == http.StatusUnsupportedMediaType:
		return fmt.Errorf("%s is not the address of a signed endpoint: path and port must be as the operator says (%w)", s.config.Endpoint, err)
	case s.heard.status == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("the document is larger than the endpoint takes: hand it in by the mailbox (%w)", err)
	case strings.Contains(err.Error(), soap.SignatureNotValid):
		return s.disbelieved(err)
	case errors.Is(err, xmldsig.ErrExpired):
		return fmt.Errorf("%s: the gateway's reply is outside its time here: %s (%w)", s.outcome(), s.clocks(), err)
	case errors.Is(err, xmldsig.ErrUntrusted), errors.Is(err, xmldsig.ErrInvalid):
		return fmt.Errorf("%s: the reply is not signed by the certificate in %s; ask the operator with which one the gateway signs (%w)",
			s.outcome(), filepath.Base(s.config.ServerCert), err)
	}
	return nil
}

// outcome is what is certain of the document.
func (s *signed) outcome() string {
	if s.tried {
		return "outcome unknown, and the same again is safe"
	}
	return "nothing was sent"
}

func (s *signed) refused(f *soap.Fault, err error) error {
	if f.Name != soap.NotAuthorized {
		return fmt.Errorf("%w: %s", err, f.Reason)
	}
	return fmt.Errorf("%w: %s; sent as %q to %q with the certificate in %s, whose SHA-256 is %x", err, f.Reason, s.config.Login, s.source.Parties.Receiver,
		filepath.Base(s.config.Certificate), sha256.Sum256(s.source.Signer().Certificate.Raw))
}

// disbelieved tells what the sender can look at: the gateway says of every signature that it does not believe the same.
func (s *signed) disbelieved(err error) error {
	c := s.source.Signer().Certificate
	return fmt.Errorf("the gateway does not believe the message, and says no more than that. The certificate in %s is issued by %q, good until %s; one that is revoked, or of an authority that the gateway does not know, is not believed; %s. The gateway's log says why: ask the operator (%w)",
		filepath.Base(s.config.Certificate), c.Issuer, c.NotAfter.Format(time.DateOnly), s.clocks(), err)
}

func (s *signed) clocks() string {
	switch apart := s.heard.apart; {
	case apart > time.Minute:
		return fmt.Sprintf("this machine's clock is %s ahead of the gateway's", apart)
	case apart < -time.Minute:
		return fmt.Sprintf("this machine's clock is %s behind the gateway's", -apart)
	}
	return "this machine's clock and the gateway's agree"
}
