package rasp_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// plainHouse is a house without TLS. Its supplier is bound to OIORASP, another one is not.
type plainHouse struct {
	*house
	other   rasptest.Identity
	refused chan string // connections
}

func newPlainHouse(t *testing.T, network string) *plainHouse {
	t.Helper()
	ca := rasptest.NewAuthority(t, "authority")
	h := &plainHouse{house: &house{t: t, ca: ca, gateway: ca.IssueRSA(t, "gateway", ""), supplier: ca.IssueRSA(t, "supplier", "12345674"),
		shelf: &shelf{kept: map[string]string{}}, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}, other: ca.Issue(t, "other", ""), refused: make(chan string, 10)}
	inner := &handler{}
	e, err := rasp.Listen(rasp.Listening{Addr: "127.0.0.1:0", Connections: 100, Read: time.Minute, Networks: []netip.Prefix{netip.MustParsePrefix(network)},
		Failed: func(text string) { h.refused <- text }}, inner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	h.address = "http://" + e.Addr() + "/rasp"
	recipient, err := xmldsig.NewRecipient(xmldsig.OwnKey{Key: h.gateway.Key, Certificate: h.gateway.Certificate})
	if err != nil {
		t.Fatal(err)
	}
	v := &xmldsig.Verifier{Policy: xmldsig.RequestPolicy(xmldsig.SHA256), Trust: ca.Trust(t), Skew: time.Minute, Recipient: recipient,
		ProfileOf: func(c xmldsig.Certificate) xmldsig.Profile {
			if c.Leaf.Equal(h.supplier.Certificate) {
				return xmldsig.OIORASP
			}
			return xmldsig.SHA256
		}}
	inner.Handler = rasp.NewServer(rasp.Config{Address: "https://gateway.example/rasp", Path: "/rasp", Plain: h.address, Own: []string{ownGLN}, Types: []soap.DocumentType{soap.Payments()},
		Verifier: func() *xmldsig.Verifier { return v }, Signer: replier(h.gateway), Intake: h.shelf, Sequences: &rasp.Memory{ID: soap.NewID}, Now: time.Now, Log: func(rasp.Event) {},
		Parties: bound{h.supplier: {Name: "LEVA", Identifiers: []string{"5790000123459"}}, h.other: {Name: "LEVB"}}})
	go func() { _ = e.Serve() }() // until it is closed
	return h
}

// signer is an unmodified client's.
func (h *plainHouse) signer() *xmldsig.Signer {
	return &xmldsig.Signer{Key: h.supplier.Key, Certificate: h.supplier.Certificate, Profile: xmldsig.OIORASP, Receiver: h.gateway.Certificate}
}

// replies verifies what comes back to the supplier.
func (h *plainHouse) replies() *xmldsig.Verifier {
	h.t.Helper()
	recipient, err := xmldsig.NewRecipient(xmldsig.OwnKey{Key: h.supplier.Key, Certificate: h.supplier.Certificate})
	if err != nil {
		h.t.Fatal(err)
	}
	return &xmldsig.Verifier{Policy: xmldsig.ReplyPolicy(xmldsig.OIORASP), Trust: h.ca.Trust(h.t, h.gateway.Certificate), Skew: time.Minute, Recipient: recipient}
}

// ask signs and encrypts a message, and gives the reply, which must be signed and encrypted, too.
func (h *plainHouse) ask(m soap.Message) soap.Message {
	h.t.Helper()
	signed, err := h.signer().Sign(m.Outgoing(), time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	status, body := h.send(signed)
	verified, err := h.replies().Verify(body, time.Now())
	if err != nil {
		h.t.Fatalf("status %d: %v: %s", status, err, body)
	}
	reply, err := soap.Read(verified)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply
}

func TestOIORASP(t *testing.T) {
	t.Parallel()
	h := newPlainHouse(t, "127.0.0.0/8")
	m := h.request("urn:uuid:1", "one")
	if got := h.ask(m); got.Action != soap.Payments().Reply || h.shelf.kept["LEVA urn:uuid:1"] != string(payments([]byte("one"))) {
		t.Errorf("reply %+v, kept %v", got, h.shelf.kept)
	}
	m.Parties.Receiver = "5790000000000"
	if got := h.ask(m); got.Content.Fault == nil || got.Content.Fault.Name != soap.NotAuthorized {
		t.Errorf("for another receiver: %+v", got)
	}
	m = h.request("urn:uuid:2", "two")
	m.To = "https://gateway.example/rasp"
	if got := h.ask(m); got.Content.Fault == nil || got.Content.Fault.Reason != "the message is meant for another address" {
		t.Errorf("for the address with TLS: %+v", got)
	}

	// In a reliable sequence, of which control messages are encrypted, too.
	source := &rasp.Source{Endpoint: h.address, HTTP: h.http, Signer: h.signer, Verifier: h.replies, Now: time.Now,
		Peer:    func(c xmldsig.Certificate) bool { return c.Leaf.Equal(h.gateway.Certificate) },
		Parties: soap.Parties{Sender: "5790000123459", Receiver: ownGLN}}
	sequence, err := source.Open(t.Context(), soap.NewID(), soap.NewID())
	if err != nil {
		t.Fatal(err)
	}
	document := rasp.Document{MessageID: "urn:uuid:3", Name: "three", Type: soap.Payments(), Body: payments([]byte("three"))}
	if err := source.Send(t.Context(), sequence, 1, document); err != nil {
		t.Fatal(err)
	}
	if err := source.End(t.Context(), sequence, 2, soap.NewID); err != nil || h.shelf.kept["LEVA urn:uuid:3"] == "" {
		t.Errorf("%v, kept %v", err, h.shelf.kept)
	}
}

// TestOIORASP_OnePartysAlone: nobody else comes without TLS, nor by that profile, and its party by no other.
func TestOIORASP_OnePartysAlone(t *testing.T) {
	t.Parallel()
	h := newPlainHouse(t, "127.0.0.0/8")
	m := h.request("urn:uuid:1", "one")
	m.Parties.Sender = "LEVB"
	others, err := requester(h.other).Sign(m.Outgoing(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	status, body := h.send(others)
	if reply := h.read(m, status, body); reply.Content.Fault == nil || !strings.Contains(reply.Content.Fault.Reason, "come over TLS") {
		t.Errorf("another party's, by SHA-256: %s", outcome(reply))
	}
	rightly, err := requester(h.supplier).Sign(h.request("urn:uuid:2", "two").Outgoing(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, body := h.send(rightly); !strings.Contains(string(body), "profile not supported") {
		t.Errorf("the party's, by SHA-256: %s", body)
	}
	if len(h.shelf.kept) > 0 {
		t.Errorf("kept: %v", h.shelf.kept)
	}
	elsewhere := newPlainHouse(t, "192.0.2.0/24")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, elsewhere.address, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := elsewhere.http.Do(r); err == nil {
		_ = reply.Body.Close()
		t.Errorf("from no network that may connect: status %d", reply.StatusCode)
	}
	if text := <-elsewhere.refused; !strings.Contains(text, "in no network that may connect") {
		t.Errorf("told of the connection: %s", text)
	}
	if _, err := rasp.Listen(rasp.Listening{Addr: "127.0.0.1:0", Connections: 1}, http.NotFoundHandler()); err == nil {
		t.Error("without TLS, and without networks")
	}
}

func TestDialerWithin(t *testing.T) {
	t.Parallel()
	h := newPlainHouse(t, "127.0.0.0/8")
	for network, reached := range map[string]bool{"127.0.0.1/32": true, "10.0.0.0/8": false, "::/1": false} {
		c, err := rasp.DialerWithin([]netip.Prefix{netip.MustParsePrefix(network)}, time.Minute).DialContext(t.Context(), "tcp", strings.TrimSuffix(strings.TrimPrefix(h.address, "http://"), "/rasp"))
		if (err == nil) != reached {
			t.Errorf("%s: %v", network, err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}

// TestOIORASP_OneFault: what comes back of an altered cipher is the same whatever was altered.
func TestOIORASP_OneFault(t *testing.T) {
	t.Parallel()
	h := newPlainHouse(t, "127.0.0.0/8")
	first := ""
	for i, name := range []string{"e:EncryptedKey", "e:EncryptedData", "e:EncryptedData", "e:EncryptedData", "DigestValue", "SignatureValue"} {
		signed, err := h.signer().Sign(h.request("urn:uuid:1", "one").Outgoing(), time.Now().Add(time.Duration(i)*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		message := string(signed)
		at := strings.Index(message, "<"+name)
		if value := strings.Index(message[at:], "CipherValue>"); strings.HasPrefix(name, "e:") {
			at += value
		}
		at += strings.Index(message[at:], ">") + 1 + 24*i // where a group of four begins, and not yet the last one
		swapped := "A"
		if message[at] == 'A' {
			swapped = "B"
		}
		status, body := h.send([]byte(message[:at] + swapped + message[at+1:]))
		if got := fmt.Sprint(status, string(body)); first == "" {
			first = got
		} else if got != first {
			t.Errorf("%s: %s\nwhere it was\n%s", name, got, first)
		}
	}
	if !strings.Contains(first, "SignatureNotValidFault") || len(h.shelf.kept) > 0 {
		t.Errorf("%s, kept %v", first, h.shelf.kept)
	}
}

// encryption is a template for xmlsec1, which makes the key beside the cipher.
const encryption = `<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#" Id="cipher" Type="http://www.w3.org/2001/04/xmlenc#Content"><e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/>` +
	`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">` + encryptionKey + `</KeyInfo><e:CipherData><e:CipherValue/></e:CipherData></e:EncryptedData>`

const encryptionKey = `<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#" Id="key"><e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/><e:CipherData><e:CipherValue/></e:CipherData></e:EncryptedKey>`

// xmlsec runs xmlsec1 on a text.
func xmlsec(t *testing.T, text string, arguments ...string) string {
	t.Helper()
	more := []string{"http://www.w3.org/2005/08/addressing:RelatesTo", xmldsig.OIO + ":SenderPartyIdentifierType", xmldsig.OIO + ":ReceiverPartyIdentifierType"}
	for _, e := range append(more, signedElements...) {
		arguments = append([]string{arguments[0], "--id-attr:Id", e}, arguments[1:]...)
	}
	path := filepath.Join(t.TempDir(), "in.xml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "xmlsec1", append(arguments, path)...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("xmlsec1: %v: %s", err, complaint.String())
	}
	return string(out) + complaint.String()
}

// takeOut is a text without an element, and the element.
func takeOut(message, name string) (rest, element string) {
	start := strings.Index(message, "<"+name)
	end := start + strings.Index(message[start:], "</"+name+">") + len("</"+name+">")
	return message[:start] + message[end:], message[start:end]
}

// TestOIORASP_Stranger: xmlsec1 signs and then encrypts what the door takes, and decrypts and then verifies the reply. Where the key stands is
// changed by hand: xmlsec1 knows it beside the cipher alone.
func TestOIORASP_Stranger(t *testing.T) {
	t.Parallel()
	h := newPlainHouse(t, "127.0.0.0/8")
	dir := t.TempDir()
	ours, _ := h.gateway.Files(t, dir, "gateway")
	_, key := h.supplier.Files(t, dir, "supplier")
	var references strings.Builder
	for i := 1; i <= 9; i++ {
		fmt.Fprintf(&references, reference, i)
	}
	now := time.Now().UTC()
	template := fmt.Sprintf(composed, h.address, now.Format(time.RFC3339), now.Add(5*time.Minute).Format(time.RFC3339), base64.StdEncoding.EncodeToString(h.supplier.Certificate.Raw), references.String())
	template = strings.NewReplacer("2001/04/xmldsig-more#ecdsa-sha256", "2000/09/xmldsig#rsa-sha1", "2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1").Replace(template)
	signed := filepath.Join(dir, "signed.xml")
	if err := os.WriteFile(signed, []byte(xmlsec(t, template, "--sign", "--privkey-pem", key)), 0o600); err != nil {
		t.Fatal(err)
	}
	message := xmlsec(t, encryption, "--encrypt", "--pubkey-cert-pem", ours, "--session-key", "aes-256", "--xml-data", signed, "--node-name", xmldsig.SOAP+":Body")
	message, encrypted := takeOut(message, "e:EncryptedKey")
	body := strings.Index(message, "<e:EncryptedData")
	message = message[:body] + strings.Replace(message[body:], `<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"/>`, "", 1)
	if i := strings.Index(message[body:], "<KeyInfo"); i >= 0 {
		inside, _ := takeOut(message[body:], "KeyInfo")
		message = message[:body] + inside
	}
	encrypted = strings.Replace(encrypted, "<e:CipherData>", `<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><o:SecurityTokenReference><o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier">`+
		base64.StdEncoding.EncodeToString(h.gateway.Certificate.SubjectKeyId)+`</o:KeyIdentifier></o:SecurityTokenReference></KeyInfo><e:CipherData>`, 1)
	encrypted = strings.Replace(encrypted, "</e:EncryptedKey>", `<e:ReferenceList><e:DataReference URI="#cipher"/></e:ReferenceList></e:EncryptedKey>`, 1)
	message = strings.Replace(message, "<Signature ", encrypted+"<Signature ", 1)
	status, reply := h.send([]byte(message))
	if status != http.StatusOK {
		t.Fatalf("status %d: %s\n%s", status, reply, message)
	}
	const document = `<NKSPayment xmlns="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/"><e:MessageHeader xmlns:e="http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/"></e:MessageHeader></NKSPayment>`
	if got := h.shelf.kept["LEVA urn:uuid:3aa5ab95-07fc-4100-9246-84e04870ad24"]; got != document {
		t.Errorf("taken: %s", got)
	}

	// A reply with something in its body, since of an empty text xmlsec1 makes nothing.
	create := h.control(soap.CreateSequence, soap.Content{Create: &soap.Create{AcksTo: soap.Anonymous, Offer: "urn:uuid:offered"}})
	asked, err := h.signer().Sign(create.Outgoing(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, reply = h.send(asked)
	text, encrypted := takeOut(string(reply), "e:EncryptedKey")
	_, info := takeOut(encrypted, "KeyInfo")
	encrypted = strings.Replace(encrypted, info, "", 1)
	at := strings.Index(text, "<e:EncryptedData")
	text = text[:at] + strings.Replace(text[at:], "<e:CipherData>", `<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">`+encrypted+`</KeyInfo><e:CipherData>`, 1)
	clear := xmlsec(t, text, "--decrypt", "--privkey-pem", key)
	if strings.Contains(clear, "EncryptedData") || !strings.Contains(clear, "<r:CreateSequenceResponse") {
		t.Fatalf("decrypted: %s", clear)
	}
	if report := xmlsec(t, clear, "--verify", "--pubkey-cert-pem", ours); !strings.Contains(report, "OK") {
		t.Errorf("verified: %s", report)
	}
}
