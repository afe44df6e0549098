package rasp_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// composed is a request as somebody writes it who knows nothing of this program, with room for the places that differ.
const composed = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><s:Header>` +
	`<a:Action s:mustUnderstand="1" u:Id="_3">http://rep.oio.dk/oiosi.ehandel.gov.dk/xml/schemas/2007/09/01/NKSPaymentOrderInterface/SubmitNKSPaymentOrderRequest</a:Action>` +
	`<MessageIdentifier xmlns="http://rep.oio.dk/oiosi.ehandel.gov.dk/xml/schemas/2007/09/01/" u:Id="_4">fca6f8ba</MessageIdentifier>` +
	`<a:MessageID u:Id="_5">urn:uuid:3aa5ab95-07fc-4100-9246-84e04870ad24</a:MessageID>` +
	`<a:ReplyTo u:Id="_6"><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>` +
	`<a:To s:mustUnderstand="1" u:Id="_7">%[1]s</a:To>` +
	`<o:SenderPartyIdentifier xmlns:o="http://rep.oio.dk/oiosi.ehandel.gov.dk/xml/schemas/2007/09/01/" u:Id="_8">5790000123459</o:SenderPartyIdentifier>` +
	`<ReceiverPartyIdentifier xmlns="http://rep.oio.dk/oiosi.ehandel.gov.dk/xml/schemas/2007/09/01/" u:Id="_9">5798000016446</ReceiverPartyIdentifier>` +
	`<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" s:mustUnderstand="1">` +
	`<u:Timestamp u:Id="_2"><u:Created>%[2]s</u:Created><u:Expires>%[3]s</u:Expires></u:Timestamp>` +
	`<o:BinarySecurityToken u:Id="token" EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary" ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3">%[4]s</o:BinarySecurityToken>` +
	`<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>%[5]s</SignedInfo><SignatureValue/>` +
	`<KeyInfo><o:SecurityTokenReference><o:Reference ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3" URI="#token"/></o:SecurityTokenReference></KeyInfo></Signature></o:Security></s:Header>` +
	`<s:Body u:Id="_1"><NKSPayment xmlns="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/" xmlns:unused="urn:unused"><e:MessageHeader xmlns:e="http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/"/></NKSPayment></s:Body></s:Envelope>`

const reference = `<Reference URI="#_%d"><Transforms><Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></Transforms><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference>`

// signedElements are those whose u:Id xmlsec1 must be told of.
var signedElements = []string{"http://www.w3.org/2005/08/addressing:Action", "http://www.w3.org/2005/08/addressing:MessageID", "http://www.w3.org/2005/08/addressing:ReplyTo",
	"http://www.w3.org/2005/08/addressing:To", xmldsig.OIO + ":MessageIdentifier", xmldsig.OIO + ":SenderPartyIdentifier", xmldsig.OIO + ":ReceiverPartyIdentifier",
	xmldsig.Utility + ":Timestamp", xmldsig.SOAP + ":Body"}

// TestStranger: a message that is written by hand and signed by xmlsec1 is taken, as the document that is in it.
func TestStranger(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	dir := t.TempDir()
	_, key := h.supplier.Files(t, dir, "supplier")
	var references strings.Builder
	for i := 1; i <= 9; i++ {
		fmt.Fprintf(&references, reference, i)
	}
	now := time.Now().UTC()
	template := fmt.Sprintf(composed, h.address, now.Format(time.RFC3339), now.Add(5*time.Minute).Format(time.RFC3339),
		base64.StdEncoding.EncodeToString(h.supplier.Certificate.Raw), references.String())
	path := filepath.Join(dir, "request.xml")
	if err := os.WriteFile(path, []byte(template), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"--sign", "--privkey-pem", key}
	for _, e := range signedElements {
		arguments = append(arguments, "--id-attr:Id", e)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "xmlsec1", append(arguments, path)...)
	cmd.Stderr = &complaint
	signed, err := cmd.Output()
	if err != nil {
		t.Fatalf("xmlsec1: %v: %s", err, complaint.String())
	}
	m := h.request("urn:uuid:3aa5ab95-07fc-4100-9246-84e04870ad24", "")
	m.Parties.SenderType, m.Parties.ReceiverType = "", ""
	status, body := h.send(signed)
	if got := h.read(m, status, body); got.Action != soap.Payments().Reply {
		t.Fatalf("reply %+v", got)
	}
	const document = `<NKSPayment xmlns="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/"><e:MessageHeader xmlns:e="http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/"></e:MessageHeader></NKSPayment>`
	if got := h.shelf.kept["LEVA "+m.ID]; got != document {
		t.Errorf("taken: %s", got)
	}
}
