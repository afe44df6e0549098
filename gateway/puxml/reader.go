package puxml

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"nks/gateway"
	"nks/gateway/nksxml"
)

// Reader reads a document of requests. Faults of the document are *nksxml.Error, and every error stays.
type Reader struct {
	t      *nksxml.Tokenizer
	kind   nksxml.Kind // of the token that is looked at; 0: none is
	path   []string
	n      int
	err    error
	header Header
}

// NewReader reads the document from r.
func NewReader(r io.Reader) *Reader {
	return &Reader{t: nksxml.NewTokenizer(r, nksxml.Limits{Bytes: MostBytes})}
}

// Header reads what stands before the requests; it comes first. After an error it is what could be read.
func (r *Reader) Header() (Header, error) {
	r.begin(namespacePU, Root)
	r.begin(namespacePU, "TransporterHeader")
	if r.is(namespacePU, "VansHeader") {
		r.vans(&r.header)
	}
	r.header.Agreement = r.digits(namespacePU, "TransporterAgreementIdentifier", 7)
	r.header.System = r.text(namespacePU, "TransporterSystemIdentifier", mostReference)
	r.header.Group = r.text(namespacePU, "TransporterGroupIdentifier", mostReference)
	r.end()
	return r.header, r.err
}

// vans reads the header that the VANS sends by.
func (r *Reader) vans(h *Header) {
	r.begin(namespacePU, "VansHeader")
	r.begin(namespacePU, "VansSenderAddress")
	h.SenderEAN = r.digits(namespaceEAN, "EAN13Identifier", 13)
	r.end()
	r.begin(namespacePU, "VansRecipientAddress")
	h.Environment = r.text(namespacePU, "VansNemkontoEnvironmentCode", 10)
	if r.err == nil && h.Environment != environment {
		r.fault("must be " + environment)
	}
	r.end()
	r.end()
}

// Next reads the next request; io.EOF after the last.
func (r *Reader) Next() (q Request, err error) {
	if r.err != nil {
		return q, r.err
	}
	if !r.is(namespacePU, "NemkontoRequest") {
		r.end()
		if r.err == nil {
			_, r.err = r.t.Next()
		}
		return q, r.err
	}
	if r.n++; r.n > MostRequests {
		r.fault(fmt.Sprintf("more than %d requests", MostRequests))
	}
	r.begin(namespacePU, "NemkontoRequest")
	r.begin(namespacePU, "Requester")
	q.Requester = r.requester()
	r.end()
	q.Reference = r.text(namespacePU, "RequesterPaymentReference", mostReference)
	if r.is(namespacePU, "RequesterPrimaryInternalReference") {
		q.Primary = r.text(namespacePU, "RequesterPrimaryInternalReference", mostReference)
	}
	if r.is(namespacePU, "RequesterSecondaryInternalReference") {
		q.Secondary = r.text(namespacePU, "RequesterSecondaryInternalReference", mostReference)
	}
	r.begin(namespacePU, "NemkontoAccountHolder")
	r.holder(&q)
	r.end()
	r.end()
	return q, r.err
}

// requester reads who will pay.
func (r *Reader) requester() gateway.Holder {
	switch {
	case r.is(namespaceCPR, "PersonCivilRegistrationIdentifier"):
		return r.number(gateway.CPR, namespaceCPR, "PersonCivilRegistrationIdentifier")
	case r.is(namespacePU, "SEnumberIdentifier"):
		return r.number(gateway.SE, namespacePU, "SEnumberIdentifier")
	}
	return r.number(gateway.CVR, namespaceCVR, "CVRnumberIdentifier")
}

// holder reads whose account is asked for.
func (r *Reader) holder(q *Request) {
	switch {
	case r.is(namespaceCPR, "PersonCivilRegistrationIdentifier"):
		q.Holder = r.number(gateway.CPR, namespaceCPR, "PersonCivilRegistrationIdentifier")
	case r.is(namespacePU, "SEnumberIdentificationStructure"):
		r.begin(namespacePU, "SEnumberIdentificationStructure")
		q.Company = r.digits(namespaceCVR, "CVRnumberIdentifier", 8)
		q.Holder = r.number(gateway.SE, namespacePU, "SEnumberIdentifier")
		r.end()
	case r.is(namespacePU, "ProductionUnitIdentificationStructure"):
		r.begin(namespacePU, "ProductionUnitIdentificationStructure")
		q.Company = r.digits(namespaceCVR, "CVRnumberIdentifier", 8)
		q.Holder = r.number(gateway.PNR, namespaceCVR, "ProductionUnitIdentifier")
		r.end()
	default:
		q.Holder = r.number(gateway.CVR, namespaceCVR, "CVRnumberIdentifier")
	}
}

func (r *Reader) number(k gateway.HolderKind, space, name string) gateway.Holder {
	return gateway.Holder{Kind: k, ID: r.digits(space, name, k.Digits())}
}

// look looks at the next token that is no white space between elements.
func (r *Reader) look() nksxml.Kind {
	for r.kind == 0 && r.err == nil {
		r.kind, r.err = r.t.Next()
		if errors.Is(r.err, io.EOF) {
			r.fault("the document ends here, within an element")
		}
		if r.err == nil && r.kind == nksxml.Text {
			if strings.TrimSpace(string(r.t.Text())) != "" {
				r.fault("text between elements")
			}
			r.kind = 0
		}
	}
	return r.kind
}

// is reports whether an element begins next.
func (r *Reader) is(space, name string) bool {
	return r.look() == nksxml.StartElement && r.err == nil && string(r.t.Local()) == name && r.t.URI() == space
}

// begin reads the beginning of an element, which must be there.
func (r *Reader) begin(space, name string) {
	if r.err != nil {
		return
	}
	if !r.is(space, name) {
		r.fault("expected element " + name)
		return
	}
	r.kind, r.path = 0, append(r.path, name)
}

// end reads the end of the element that is open.
func (r *Reader) end() {
	if r.err != nil {
		return
	}
	if r.look(); r.err == nil && r.kind != nksxml.EndElement {
		r.fault("element " + string(r.t.Local()) + " is not allowed here")
	}
	if r.err == nil {
		r.kind, r.path = 0, r.path[:len(r.path)-1]
	}
}

// text reads an element with a text.
func (r *Reader) text(space, name string, most int) string {
	r.begin(space, name)
	var text []byte
	for r.err == nil {
		kind, err := r.t.Next()
		if r.err = err; err != nil || kind == nksxml.EndElement {
			break
		}
		if kind != nksxml.Text {
			r.fault("holds an element")
			break
		}
		if text = append(text, r.t.Text()...); len(text) > 8*most {
			r.fault(fmt.Sprintf("more than %d characters", most))
		}
	}
	s := strings.TrimSpace(string(text))
	switch {
	case r.err != nil:
		return ""
	case s == "":
		r.fault("must not be empty")
	case utf8.RuneCountInString(s) > most:
		r.fault(fmt.Sprintf("more than %d characters", most))
	case strings.ContainsFunc(s, unicode.IsControl):
		r.fault("holds control characters")
	}
	if r.err == nil {
		r.path = r.path[:len(r.path)-1]
	}
	return s
}

// digits reads an element of exactly n digits. What stands there else is not told: it may be a person's number.
func (r *Reader) digits(space, name string, n int) string {
	s := r.text(space, name, max(n, 20))
	if r.err == nil && (len(s) != n || strings.Trim(s, "0123456789") != "") {
		r.path = append(r.path, name)
		r.fault(fmt.Sprintf("must be %d digits", n))
	}
	return s
}

// fault ends the reading.
func (r *Reader) fault(rule string) {
	if r.err == nil || errors.Is(r.err, io.EOF) {
		r.err = r.t.Fault(strings.Join(r.path, "/"), "", rule)
	}
}
